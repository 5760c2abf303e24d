"""Screens for desks: settings with the snippet to embed, the week, and the days that differ."""

from starlette.responses import Response

from server.actions.desks import PAGE, access_desk, change_desk, list_desks, open_desk
from server.actions.hours import drop_closure, list_closures, set_closure, set_week, show_hours
from server.actions.libraries import access_library
from server.domain.desks import (
    DEFAULT_COLOUR,
    LANGUAGES,
    POSITIONS,
    Desk,
    Library,
    embed_policy,
    embed_snippet,
    origin_of,
)
from server.domain.forms import edition_of
from server.domain.hours import Hours, format_shifts
from server.domain.permissions import Verb
from web.pages.base import Page, PageRequest
from web.pages.managing import CORRECTABLE, Fill, alliance_wide, filled, overtaken, refill, show

_TEXTS = (
    "name_zh",
    "name_en",
    "slug",
    "mail",
    "greeting_zh",
    "greeting_en",
    "colour",
    "language",
    "position",
)


async def desks(page: PageRequest) -> Response:
    """The desks one keeps, found by name, library or city."""
    search, after = page.query.get("q", "")[:100], page.query.get("after", "")
    found = await list_desks(page.ctx, page.actor, search, after=after)
    return show(
        page,
        "manage_desks.html",
        desks=found[:PAGE],
        more=found[PAGE - 1].slug if len(found) > PAGE else "",
        search=search,
        after=after,
        all_desks=alliance_wide(page, Verb.KEEP_DESK),
    )


async def new_desk(page: PageRequest) -> Response:
    """An empty form for another desk of a library."""
    library = await access_library(page.ctx, page.actor, page.path["id"], Verb.KEEP_DESK)
    blank = {
        "position": "right",
        "language": "zh",
        "colour": DEFAULT_COLOUR,
        "origins": origin_of(library.website),
    }
    return _settings(page, None, library, Fill(blank))


async def add_desk(page: PageRequest) -> Response:
    """Set the desk up; it stays private until its box is ticked."""
    library = await access_library(page.ctx, page.actor, page.path["id"], Verb.KEEP_DESK)
    try:
        desk = await open_desk(page.ctx, page.actor, library.id, form=await filled(page))
    except CORRECTABLE as refusal:
        return _settings(page, None, library, await refill(page, refusal, fallback="slug"), status=422)
    return page.redirect(f"/manage/desks/{desk.id}", done="added")


async def desk(page: PageRequest) -> Response:
    """A desk's settings."""
    found = await access_desk(page.ctx, page.actor, page.path["id"])
    return _settings(page, found, None, _fill(found))


async def save_desk(page: PageRequest) -> Response:
    """Change a desk's settings."""
    found = await access_desk(page.ctx, page.actor, page.path["id"])
    try:
        await change_desk(page.ctx, page.actor, found.id, form=await filled(page))
    except CORRECTABLE as refusal:
        found = await access_desk(page.ctx, page.actor, found.id)
        fill = await overtaken(page, refusal, _fill(found), fallback="slug")
        return _settings(page, found, None, fill, status=422)
    return page.redirect(f"/manage/desks/{found.id}", done="saved")


def _fill(desk: Desk) -> Fill:
    values = {name: getattr(desk, name) for name in _TEXTS}
    values |= {"origins": "\n".join(desk.origins), "open": "1" if desk.open else ""}
    return Fill({**values, "edition": edition_of(desk)})


def _settings(
    page: PageRequest, desk: Desk | None, library: Library | None, fill: Fill, *, status: int = 200
) -> Response:
    settings = page.ctx.settings
    return show(
        page,
        "manage_desk.html",
        status=status,
        desk=desk,
        library=library,
        fill=fill,
        positions=POSITIONS,
        languages=LANGUAGES,
        snippet=embed_snippet(settings.public_url, desk.slug) if desk else "",
        policy=embed_policy(settings.origin),
        address=f"{settings.public_url.rstrip('/')}/d/{desk.slug}" if desk else "",
    )


async def hours(page: PageRequest) -> Response:
    """A desk's week and the coming days that differ."""
    found = await access_desk(page.ctx, page.actor, page.path["id"])
    return await _hours(page, found)


async def save_week(page: PageRequest) -> Response:
    """Set the week."""
    found = await access_desk(page.ctx, page.actor, page.path["id"])
    try:
        await set_week(page.ctx, page.actor, found.id, form=await filled(page))
    except CORRECTABLE as refusal:
        now = _week(await show_hours(page.ctx, page.actor, found.id))
        return await _hours(page, found, week=await overtaken(page, refusal, now), status=422)
    return page.redirect(f"/manage/desks/{found.id}/hours", done="saved")


async def add_closure(page: PageRequest) -> Response:
    """Give a day its own hours, or none."""
    found = await access_desk(page.ctx, page.actor, page.path["id"])
    try:
        await set_closure(page.ctx, page.actor, found.id, form=await filled(page))
    except CORRECTABLE as refusal:
        return await _hours(page, found, day=await refill(page, refusal, fallback="day"), status=422)
    return page.redirect(f"/manage/desks/{found.id}/hours", done="saved")


async def _hours(
    page: PageRequest, desk: Desk, *, week: Fill | None = None, day: Fill | None = None, status: int = 200
) -> Response:
    return show(
        page,
        "manage_hours.html",
        status=status,
        desk=desk,
        week=week or _week(await show_hours(page.ctx, page.actor, desk.id)),
        day=day or Fill(),
        closures=await list_closures(page.ctx, page.actor, desk.id),
        format_shifts=format_shifts,
    )


def _week(hours: Hours) -> Fill:
    shifts = {f"day{weekday}": format_shifts(shifts) for weekday, shifts in enumerate(hours.week)}
    return Fill({**shifts, "edition": edition_of(hours.week)})


async def closures(page: PageRequest) -> Response:
    """Days that differ at every desk: statutory holidays, maintenance."""
    return await _closures(page, Fill())


async def add_alliance_closure(page: PageRequest) -> Response:
    """Give a day its own hours at every desk that has none of its own for it."""
    try:
        await set_closure(page.ctx, page.actor, "", form=await filled(page))
    except CORRECTABLE as refusal:
        return await _closures(page, await refill(page, refusal, fallback="day"), status=422)
    return page.redirect("/manage/closures", done="saved")


async def remove_closure(page: PageRequest) -> Response:
    """Give a day its weekday's hours again."""
    closure = await drop_closure(page.ctx, page.actor, page.path["id"])
    back = f"/manage/desks/{closure.desk_id}/hours" if closure.desk_id else "/manage/closures"
    return page.redirect(back, done="removed")


async def _closures(page: PageRequest, day: Fill, *, status: int = 200) -> Response:
    return show(
        page,
        "manage_closures.html",
        status=status,
        day=day,
        closures=await list_closures(page.ctx, page.actor, ""),
        format_shifts=format_shifts,
    )


_D, _C = "/manage/desks", "/manage/closures"
PAGES = [
    Page("GET", _D, Verb.KEEP_DESK, desks),
    Page("GET", "/manage/libraries/{id}/desks/new", Verb.KEEP_DESK, new_desk),
    Page("POST", "/manage/libraries/{id}/desks/new", Verb.KEEP_DESK, add_desk),
    Page("GET", f"{_D}/{{id}}", Verb.KEEP_DESK, desk),
    Page("POST", f"{_D}/{{id}}", Verb.KEEP_DESK, save_desk),
    Page("GET", f"{_D}/{{id}}/hours", Verb.KEEP_DESK, hours),
    Page("POST", f"{_D}/{{id}}/hours", Verb.KEEP_DESK, save_week),
    Page("POST", f"{_D}/{{id}}/closures", Verb.KEEP_DESK, add_closure),
    Page("GET", _C, Verb.KEEP_DESK, closures),
    Page("POST", _C, Verb.KEEP_DESK, add_alliance_closure),
    Page("POST", f"{_C}/{{id}}/remove", Verb.KEEP_DESK, remove_closure),
]
