"""The managers' screens of notices, suspensions and news, and of readers' suggestions (R-LOAN.10, R-COM.5)."""

from datetime import datetime

from starlette.responses import Response

from server.actions.desks import zone_of
from server.actions.notices import (
    KINDS,
    change_notice,
    kept_notice,
    kept_notices,
    put_up_notice,
    take_down_notice,
)
from server.actions.suggestions import (
    answer_suggestion,
    forward_suggestion,
    kept_suggestions,
    who_suggested,
)
from server.domain.permissions import Verb
from server.words.catalogue import text
from web.pages.base import Page, PageRequest
from web.pages.managing import CORRECTABLE, Fill, filled, refill
from web.pages.managing_loans import choices, show_loans

_HERE, _SUGGESTIONS = "/manage/notices", "/manage/suggestions"
_STATES = ("new", "forwarded", "answered", "all")


async def notices(page: PageRequest, *, fill: Fill | None = None, status: int = 200) -> Response:
    """All notices, and the form for a new one."""
    libraries = await choices(page, Verb.KEEP_NOTICES, text("notices.alliance", page.language))
    return show_loans(
        page,
        "manage_notices.html",
        _HERE,
        status=status,
        kept=await kept_notices(page.ctx, page.actor),
        fill=fill or Fill({"kind": "notice"}),
        kinds=_kinds(page),
        libraries=libraries,
        named=dict(libraries),
    )


async def put_up(page: PageRequest) -> Response:
    form = await filled(page)
    try:
        await put_up_notice(page.ctx, page.actor, form.raw("library"), form)
    except CORRECTABLE as refusal:
        return await notices(page, fill=await refill(page, refusal, fallback="title_zh"), status=422)
    return page.redirect(_HERE, done="added")


async def edit(page: PageRequest, *, fill: Fill | None = None, status: int = 200) -> Response:
    """One notice to change."""
    notice = await kept_notice(page.ctx, page.actor, page.path["id"])
    names = ("kind", "title_zh", "title_en", "text_zh", "text_en")
    values = {name: str(getattr(notice, name)) for name in names}
    values |= {
        "from": _local(page, notice.shown_from_at),
        "until": _local(page, notice.shown_until_at) if notice.shown_until_at else "",
        "stops_orders": "1" if notice.stops_orders else "",
    }
    return show_loans(
        page,
        "manage_notice.html",
        _HERE,
        status=status,
        notice=notice,
        fill=fill or Fill(values),
        kinds=_kinds(page),
    )


async def change(page: PageRequest) -> Response:
    try:
        await change_notice(page.ctx, page.actor, page.path["id"], await filled(page))
    except CORRECTABLE as refusal:
        return await edit(page, fill=await refill(page, refusal, fallback="title_zh"), status=422)
    return page.redirect(_HERE, done="saved")


async def take_down(page: PageRequest) -> Response:
    await take_down_notice(page.ctx, page.actor, page.path["id"])
    return page.redirect(_HERE, done="saved")


async def suggestions(page: PageRequest, *, fill: Fill | None = None, status: int = 200) -> Response:
    """What readers suggest, by state."""
    state = page.query.get("state", "")
    state = state if state in _STATES else "new"
    found = await kept_suggestions(page.ctx, page.actor, "" if state == "all" else state)
    return show_loans(
        page,
        "manage_suggestions.html",
        _SUGGESTIONS,
        status=status,
        found=found,
        names=await who_suggested(page.ctx, found),
        tabs=[
            (f"{_SUGGESTIONS}?state={each}", text(f"suggestions.{each}", page.language)) for each in _STATES
        ],
        state=state,
        fill=fill or Fill(),
        wrong=page.path.get("id", ""),
    )


async def answer(page: PageRequest) -> Response:
    try:
        await answer_suggestion(page.ctx, page.actor, page.path["id"], (await filled(page)).raw("answer"))
    except CORRECTABLE as refusal:
        return await suggestions(page, fill=await refill(page, refusal, fallback="answer"), status=422)
    return page.redirect(_SUGGESTIONS, done="saved")


async def forward(page: PageRequest) -> Response:
    form = await filled(page)
    try:
        await forward_suggestion(
            page.ctx, page.actor, page.path["id"], to=form.raw("to"), note=form.raw("note")
        )
    except CORRECTABLE as refusal:
        return await suggestions(page, fill=await refill(page, refusal, fallback="to"), status=422)
    return page.redirect(_SUGGESTIONS, done="saved")


def _local(page: PageRequest, at: datetime) -> str:
    return at.astimezone(zone_of(page.ctx)).strftime("%Y-%m-%dT%H:%M")


def _kinds(page: PageRequest) -> list[tuple[str, str]]:
    return [(kind, text(f"notices.{kind}", page.language)) for kind in KINDS]


PAGES = [
    Page("GET", _HERE, Verb.KEEP_NOTICES, notices),
    Page("POST", _HERE, Verb.KEEP_NOTICES, put_up),
    Page("GET", f"{_HERE}/{{id}}", Verb.KEEP_NOTICES, edit),
    Page("POST", f"{_HERE}/{{id}}", Verb.KEEP_NOTICES, change),
    Page("POST", f"{_HERE}/{{id}}/down", Verb.KEEP_NOTICES, take_down),
    Page("GET", _SUGGESTIONS, Verb.KEEP_NOTICES, suggestions),
    Page("POST", f"{_SUGGESTIONS}/{{id}}/answer", Verb.KEEP_NOTICES, answer),
    Page("POST", f"{_SUGGESTIONS}/{{id}}/forward", Verb.KEEP_NOTICES, forward),
]
