"""The form question as a plain page: asks, answers and shows what is wrong without any script."""

from collections.abc import Mapping
from dataclasses import replace

from starlette.datastructures import FormData
from starlette.responses import Response

from server.actions.consultations import own_question
from server.actions.desks import DeskInfo, desk_to_ask, show_desk
from server.actions.questions import Asking, leave_question
from server.domain.chat import Topic
from server.domain.errors import Invalid, NotAllowed, Refusal
from server.domain.forms import Form, FormRefused
from server.domain.permissions import Verb
from server.domain.requests import QUESTION_LIMIT
from server.wire.outcomes import way_of
from server.words.catalogue import say
from web.attached_files import WITH_A_FILE, file_ids_of, file_values, take_file
from web.log_ins import filled
from web.pages.base import Page, PageRequest
from web.pages.desk import desk_values, turned_away

_CHOSEN = {("channel", "knowledge"), ("kind", "phone")}  # in the address, by who comes from the portal
_FIELDS = ("channel", "topic", "question", "kind", "mail", "phone", "name", "client_id")


async def show(page: PageRequest) -> Response:
    """The empty form. Its number makes a question sent twice one question."""
    info = await desk_to_ask(page.ctx, page.actor, page.path["slug"])
    fresh = {"channel": "form", "topic": Topic.REFERENCE, "kind": "form", "client_id": page.ctx.ids.new()}
    fresh |= {name: value for name, value in page.query.items() if (name, value) in _CHOSEN}
    if again := page.query.get("again", ""):
        fresh |= await own_question(page.ctx, page.actor, again)
    return await _form(page, info, fresh)


async def submit(page: PageRequest) -> Response:
    """Keep the question and show its receipt, or the form again with everything that was wrong."""
    posted = await page.form()
    values = _values(page, posted)
    try:
        info = await desk_to_ask(page.ctx, page.actor, page.path["slug"])
    except Refusal as refusal:
        return turned_away(page, refusal, values, way="form")
    try:
        await take_file(page, posted, values["client_id"])
        asking = replace(_asking(page, Form(values)), file_ids=await file_ids_of(page, values["client_id"]))
        entered = await leave_question(page.ctx, page.actor, info.desk.slug, asking)
    except Refusal as refusal:
        return await _form(page, info, values, refusal)
    kept = entered.consultation
    if page.actor.account_id:
        return page.redirect(f"/my/consultations/{kept.id}", done="again" if entered.again else "new")
    return page.redirect(f"/d/{info.desk.slug}/asked", number=kept.id, kind=str(kept.channel))


async def again(page: PageRequest) -> Response:
    """The form as it was filled in, not sent: it had been open for long, or somebody has logged in meanwhile."""
    info = await desk_to_ask(page.ctx, page.actor, page.path["slug"])
    posted = await page.form()
    return await _form(page, info, _values(page, posted), NotAllowed("form_stale"))


async def receipt(page: PageRequest) -> Response:
    """What happens next with a question that was sent."""
    info = await show_desk(page.ctx, page.path["slug"])
    number, kind = page.query.get("number", "")[:40], page.query.get("kind", "form")
    return page.render("asked.html", number=number, kind=kind, **desk_values(page, info))


def _values(page: PageRequest, posted: FormData) -> dict[str, str]:
    values = {name: filled(posted, name) for name in _FIELDS}
    return values | {"client_id": values["client_id"][:40] or page.ctx.ids.new()}


def _asking(page: PageRequest, form: Form) -> Asking:
    """The fields, all problems of which are said at once. Raises FormRefused."""
    kind = form.choice("kind", ("form", "phone"), default="form")
    channel = form.choice("channel", ("form", "knowledge"), default="form")
    topic = form.choice("topic", tuple(Topic), default=Topic.REFERENCE)
    question = form.text("question", limit=QUESTION_LIMIT)
    if not question:
        form.refuse(Invalid("question_missing", "question"))
    mail = form.mail("mail")
    if kind == "form" and not form.has("mail") and not page.actor.mail:
        form.refuse(Invalid("mail_needed", "mail"))
    phone = form.text("phone", limit=60)
    if kind == "phone" and not phone:
        form.refuse(Invalid("phone_needed", "phone"))
    name = form.text("name", limit=120)
    form.demand()
    client_id = form.text("client_id", limit=40) or page.ctx.ids.new()
    asked_by = "phone" if kind == "phone" else channel
    return Asking(asked_by, topic, question, page.language, client_id, name, mail, phone)


async def _form(
    page: PageRequest, info: DeskInfo, values: Mapping[str, str], refusal: Refusal | None = None
) -> Response:
    problems = refusal.problems if isinstance(refusal, FormRefused) else [refusal] if refusal else []
    said = [(problem.field, say(problem, page.language)) for problem in problems]
    return page.render(
        "ask.html",
        status=way_of(refusal).status if refusal else 200,
        values={name: values.get(name, "") for name in _FIELDS},
        problems=said,
        errors=dict(said),
        topics=list(Topic),
        **await file_values(page, values["client_id"]),
        **desk_values(page, info),
    )


PAGES = [
    Page("GET", "/d/{slug}/ask", Verb.ENTER, show),
    Page("POST", "/d/{slug}/ask", Verb.ENTER, submit, body_limit=WITH_A_FILE, stale=again),
    Page("GET", "/d/{slug}/asked", Verb.ENTER, receipt),
]
