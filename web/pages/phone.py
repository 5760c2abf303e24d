"""Writing down a phone call: answered at once, or left to the pool."""

from collections.abc import Mapping

from starlette.responses import Response

from server.actions.phone_calls import Call, enter_phone
from server.actions.staff import own_desks
from server.domain.chat import Topic
from server.domain.errors import NotFound, Refusal
from server.domain.forms import FormRefused
from server.domain.permissions import Role, Verb
from server.domain.tasks import Standing
from server.wire.outcomes import way_of
from server.words.catalogue import say
from web.log_ins import filled
from web.pages.base import Page, PageRequest
from web.pages.console import menu

_FIELDS = ("desk", "question", "answer", "name", "phone", "mail", "topic", "language", "client_id")
_KEPT = {"pool": "call.kept_pool", "answered": "call.kept_answered"}


async def show(page: PageRequest) -> Response:
    """An empty form, with what became of the call before."""
    fresh = {"client_id": page.ctx.ids.new(), "topic": str(Topic.REFERENCE), "language": "zh"}
    return await _form(page, fresh)


async def submit(page: PageRequest) -> Response:
    """Keep the call, ready for the next one."""
    posted = await page.form()
    values = {name: filled(posted, name) for name in _FIELDS}
    values["client_id"] = values["client_id"][:30] or page.ctx.ids.new()
    try:
        kept = await enter_phone(page.ctx, page.actor, Call(**values))
    except NotFound:
        raise
    except Refusal as refusal:
        return await _form(page, values, refusal)
    became = "answered" if kept.state is Standing.ANSWERED else "pool"
    return page.redirect("/console/phone", kept=became, number=kept.id)


async def _form(page: PageRequest, values: Mapping[str, str], refusal: Refusal | None = None) -> Response:
    problems = refusal.problems if isinstance(refusal, FormRefused) else [refusal] if refusal else []
    said = [(problem.field, say(problem, page.language)) for problem in problems]
    desks = [desk for desk in await own_desks(page.ctx, page.actor) if desk.open]
    return page.render(
        "phone.html",
        status=way_of(refusal).status if refusal else 200,
        values={name: values.get(name, "") for name in _FIELDS},
        desks=[(desk.slug, desk.name(page.language)) for desk in desks],
        topics=[str(topic) for topic in Topic],
        full=Role.LIBRARIAN in page.actor.roles,
        kept=_KEPT.get(page.query.get("kept", ""), ""),
        number=page.query.get("number", "")[:40],
        problems=said,
        errors=dict(said),
        nav_items=menu(page),
    )


PAGES = [
    Page("GET", "/console/phone", Verb.ENTER_PHONE, show),
    Page("POST", "/console/phone", Verb.ENTER_PHONE, submit),
]
