"""Requesting a document: choose its type, fill in what is known, send it. Works without any script."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from starlette.responses import Response

from server.actions.catalogue import citation_of_record_id, parse_citation
from server.actions.consultations import own_request
from server.actions.desks import DeskInfo, desk_to_ask, task_policy
from server.actions.request_drafts import keep_request_draft, request_draft
from server.actions.requests import Request, submit_request
from server.actions.talk_links import carried_by_link
from server.domain.catalogue import Holding
from server.domain.citations import LIMITS, texts_of
from server.domain.errors import NotAllowed, Refusal
from server.domain.forms import FormRefused, is_number
from server.domain.permissions import Verb
from server.wire.outcomes import way_of
from server.words.catalogue import say
from web.attached_files import WITH_A_FILE, file_ids_of, file_values, take_file
from web.citation_forms import fields_of_address, form_values, is_openurl
from web.log_ins import address_of, filled
from web.pages.base import Page, PageRequest
from web.pages.desk import desk_values, turned_away

DRAFT_COOKIE = "draft"
_DRAFT_SECONDS = 86_400
_KEPT = ("material", "client_id", "mail", "show_title", "record_id", "talk")


@dataclass(frozen=True, slots=True)
class Begun:
    """What is said above the form: from where it was filled, what was pasted, who holds it."""

    told: str = ""
    pasted: str = ""
    held: Sequence[Holding] = ()


NOTHING_YET = Begun()


async def show(page: PageRequest) -> Response:
    """The form, filled from what the address says, from an earlier request, or from before the log-in."""
    slug = page.path["slug"]
    values, notice = await _beginning(page)
    info = await desk_to_ask(
        page.ctx, page.actor, slug, talk=values.get("talk", "") or page.query.get("talk", "")
    )
    fresh = {"client_id": page.ctx.ids.new(), "mail": page.actor.mail}
    return await _form(page, info, fresh | values, Begun(notice))


async def submit(page: PageRequest) -> Response:
    """Another type, a pasted citation, or the request itself; what is wrong is said beside the fields."""
    posted = await page.form()
    slug = page.path["slug"]
    values = {name: filled(posted, name)[:4000] for name in (*LIMITS, *_KEPT)}
    try:
        info = await desk_to_ask(page.ctx, page.actor, slug, talk=values["talk"])
    except Refusal as refusal:
        return turned_away(page, refusal, values, way="document")
    values["client_id"] = values["client_id"] or page.ctx.ids.new()
    pasted = filled(posted, "paste")
    try:
        if page.actor.account_id:  # before the log-in they would be a stranger's
            await take_file(page, posted, values["client_id"])
        if "switch" in posted:
            return await _form(page, info, values | {"material": filled(posted, "switch")})
        # Enter in the line for pasting sends the form, where no script keeps it from that.
        if "parse" in posted or (pasted and not any(values[name] for name in LIMITS)):
            return await _parsed(page, info, values, pasted)
        return await _send(page, info, values)
    except Refusal as refusal:
        return await _form(page, info, values, Begun(pasted=pasted), refusal)


def unfinished_request(page: PageRequest) -> str:
    """Where a request goes on that was filled in before logging in or registering; empty where there is none."""
    slug, dot, secret = page.request.cookies.get(DRAFT_COOKIE, "").partition(".")
    return f"/d/{quote(slug)}/request?draft={quote(secret)}" if dot else ""


async def _send(page: PageRequest, info: DeskInfo, values: Mapping[str, str]) -> Response:
    slug = info.desk.slug
    request = Request(
        channel="document",
        client_id=values["client_id"],
        citation={name: values[name] for name in (*LIMITS, "material")},
        language=page.language,
        mail=values["mail"],
        show_title=bool(values["show_title"]),
        record_id=values["record_id"],
        talk=values["talk"],
        file_ids=await file_ids_of(page, values["client_id"]) if page.actor.account_id else (),
    )
    try:
        submitted = await submit_request(page.ctx, page.actor, slug, request)
    except NotAllowed as refusal:
        if refusal.code != "log_in_to_request":
            raise
        return await _after_log_in(page, slug, values)
    done = "again" if submitted.again else "new"
    response = page.redirect(f"/my/consultations/{submitted.consultation.id}", done=done)
    response.delete_cookie(DRAFT_COOKIE, path="/")
    return response


async def _after_log_in(page: PageRequest, slug: str, values: Mapping[str, str]) -> Response:
    """Log in first; the form is there again afterwards, also for who has to register."""
    secret = await keep_request_draft(page.ctx, values, address=address_of(page))
    response = page.redirect("/login", next=f"/d/{slug}/request?draft={secret}")
    response.set_cookie(
        DRAFT_COOKIE,
        f"{slug}.{secret}",
        max_age=_DRAFT_SECONDS,
        path="/",
        httponly=True,
        samesite="lax",
        secure=page.ctx.settings.secure,
    )
    return response


async def _beginning(page: PageRequest) -> tuple[dict[str, str], str]:
    """What the form begins with, and what is said about it."""
    query = page.query
    if secret := query.get("draft", ""):
        draft = await request_draft(page.ctx, secret)
        return (draft, "request.draft_filled") if draft else ({}, "request.draft_gone")
    if again := query.get("again", ""):
        return await own_request(page.ctx, page.actor, again), "request.again_filled"
    if talk := query.get("talk", ""):
        carried = await carried_by_link(page.ctx, talk)
        return (carried, "request.from_talk") if carried else ({}, "request.talk_gone")
    if is_number(record := query.get("record", "")):
        citation = await citation_of_record_id(page.ctx, page.actor, int(record))
        return texts_of(citation) | {"record_id": record}, "request.from_record"
    values = fields_of_address(page.request.url.query, frozenset(query))
    if material := query.get("material", ""):
        values["material"] = material
    return values, ""


async def _parsed(page: PageRequest, info: DeskInfo, values: Mapping[str, str], text: str) -> Response:
    """The form filled from what was pasted, what is wrong with it, and whether the alliance holds it."""
    source = {"openurl": text} if is_openurl(text) else {"text": text}
    found = await parse_citation(page.ctx, page.actor, **source)
    if not found.fields.keys() - {"material"}:
        return await _form(page, info, values, Begun("request.parsed_nothing", text))
    kept = dict.fromkeys(LIMITS, "") | {name: values[name] for name in _KEPT} | dict(found.fields)
    refusal = FormRefused(list(found.problems)) if found.problems else None
    begun = Begun("request.parsed", text, found.held)
    return await _form(page, info, kept | {"material": str(found.material)}, begun, refusal)


async def _form(
    page: PageRequest,
    info: DeskInfo,
    values: Mapping[str, str],
    begun: Begun = NOTHING_YET,
    refusal: Refusal | None = None,
) -> Response:
    problems = refusal.problems if isinstance(refusal, FormRefused) else [refusal] if refusal else []
    said = [(problem.field, say(problem, page.language)) for problem in problems]
    policy = await task_policy(page.ctx, info.desk.library_id)
    return page.render(
        "request.html",
        status=way_of(refusal).status if refusal and not begun.told else 200,
        values={name: values.get(name, "") for name in _KEPT},
        problems=said,
        errors=dict(said),
        told=begun.told,
        pasted=begun.pasted,
        held=begun.held,
        limit=policy.requests_per_day,
        **await file_values(page, values["client_id"]),
        **form_values(values.get("material", ""), values),
        **desk_values(page, info),
    )


PAGES = [
    Page("GET", "/d/{slug}/request", Verb.ENTER, show),
    Page("POST", "/d/{slug}/request", Verb.ENTER, submit, body_limit=WITH_A_FILE),
]
