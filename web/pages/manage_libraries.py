"""Screens for member libraries and for the groups in which desks help each other."""

from dataclasses import fields

from starlette.responses import Response

from server.actions.desks import list_desks
from server.actions.libraries import (
    PAGE,
    access_library,
    admit_library,
    change_library,
    drop_group,
    keep_group,
    list_groups,
    list_libraries,
)
from server.domain.desks import LIBRARY_KINDS, DeskGroup, Library, LibrarySettings
from server.domain.errors import NotFound
from server.domain.forms import edition_of
from server.domain.permissions import Verb
from web.pages.base import Page, PageRequest
from web.pages.managing import (
    CORRECTABLE,
    Fill,
    alliance_wide,
    chosen,
    every_desk,
    filled,
    overtaken,
    refill,
    show,
    with_ticks,
)


async def libraries(page: PageRequest) -> Response:
    """The libraries one keeps, found by name or city."""
    search, after = page.query.get("q", "")[:100], page.query.get("after", "")
    found = await list_libraries(page.ctx, page.actor, search, after=after)
    return show(
        page,
        "manage_libraries.html",
        libraries=found[:PAGE],
        more=found[PAGE - 1].slug if len(found) > PAGE else "",
        search=search,
        after=after,
        may_admit=alliance_wide(page, Verb.KEEP_LIBRARIES),
    )


async def new_library(page: PageRequest) -> Response:
    """An empty form for a new member."""
    return _form(page, None, Fill({"kind": "public"}))


async def admit(page: PageRequest) -> Response:
    """Take a new member in."""
    try:
        library = await admit_library(page.ctx, page.actor, form=await filled(page))
    except CORRECTABLE as refusal:
        return _form(page, None, await refill(page, refusal, fallback="slug"), status=422)
    return page.redirect(f"/manage/libraries/{library.id}", done="added")


async def library(page: PageRequest) -> Response:
    """A library's data, its card, and its desks."""
    found = await access_library(page.ctx, page.actor, page.path["id"])
    return await _library_page(page, found, Fill(_values(found)))


async def save_library(page: PageRequest) -> Response:
    """Change a library's data and card."""
    found = await access_library(page.ctx, page.actor, page.path["id"])
    try:
        await change_library(page.ctx, page.actor, found.id, form=await filled(page))
    except CORRECTABLE as refusal:
        found = await access_library(page.ctx, page.actor, found.id)
        fill = await overtaken(page, refusal, Fill(_values(found)), fallback="slug")
        return await _library_page(page, found, fill, status=422)
    return page.redirect(f"/manage/libraries/{found.id}", done="saved")


async def _library_page(page: PageRequest, library: Library, fill: Fill, *, status: int = 200) -> Response:
    desks = [d for d in await list_desks(page.ctx, page.actor, library.slug) if d.library_id == library.id]
    return _form(page, library, fill, status=status, desks=desks)


def _form(
    page: PageRequest, library: Library | None, fill: Fill, *, status: int = 200, desks: object = ()
) -> Response:
    return show(
        page,
        "manage_library.html",
        status=status,
        library=library,
        fill=fill,
        desks=desks,
        kinds=LIBRARY_KINDS,
    )


def _values(library: Library) -> dict[str, str]:
    settings = {field.name: getattr(library, field.name) for field in fields(LibrarySettings)}
    return {**settings, "edition": edition_of(library)}


async def groups(page: PageRequest) -> Response:
    """Every group of desks."""
    found = await list_groups(page.ctx, page.actor)
    return show(page, "manage_groups.html", groups=found, may_keep=alliance_wide(page, Verb.KEEP_DESK))


async def group(page: PageRequest) -> Response:
    """A group's names and members; ``new`` for one that is not yet."""
    group_id = page.path["id"]
    found = await _group(page, group_id)
    return await _group_page(page, group_id, _group_fill(found), members=found.desk_ids if found else ())


async def _group(page: PageRequest, group_id: str) -> DeskGroup | None:
    known = {found.id: found for found in await list_groups(page.ctx, page.actor)}
    if group_id != "new" and group_id not in known:
        raise NotFound("group_not_found")
    return known.get(group_id)


def _group_fill(group: DeskGroup | None) -> Fill:
    if group is None:
        return Fill()
    return Fill({"name_zh": group.name_zh, "name_en": group.name_en, "edition": edition_of(group)})


async def save_group(page: PageRequest) -> Response:
    """Keep a group."""
    group_id, members = page.path["id"], await chosen(page, "desk")
    known = "" if group_id == "new" else group_id
    try:
        await keep_group(page.ctx, page.actor, known, form=await filled(page), desk_ids=members)
    except CORRECTABLE as refusal:
        found = await _group(page, group_id)
        fill = await overtaken(page, refusal, _group_fill(found), fallback="name_zh")
        if found and refusal.code == "changed_meanwhile":
            fill = with_ticks(page, fill, now=found.desk_ids, mine=members)
        return await _group_page(page, group_id, fill, members=tuple(members), status=422)
    return page.redirect("/manage/groups", done="saved")


async def remove_group(page: PageRequest) -> Response:
    """Dissolve a group."""
    await drop_group(page.ctx, page.actor, page.path["id"])
    return page.redirect("/manage/groups", done="removed")


async def _group_page(
    page: PageRequest, group_id: str, fill: Fill, *, members: tuple[str, ...], status: int = 200
) -> Response:
    return show(
        page,
        "manage_group.html",
        status=status,
        group_id=group_id,
        fill=fill,
        desks=await every_desk(page),
        members=set(members),
        may_keep=alliance_wide(page, Verb.KEEP_DESK),
    )


_L, _G = "/manage/libraries", "/manage/groups"
PAGES = [
    Page("GET", _L, Verb.KEEP_LIBRARIES, libraries),
    Page("GET", f"{_L}/new", Verb.KEEP_LIBRARIES, new_library),
    Page("POST", f"{_L}/new", Verb.KEEP_LIBRARIES, admit),
    Page("GET", f"{_L}/{{id}}", Verb.KEEP_LIBRARIES, library),
    Page("POST", f"{_L}/{{id}}", Verb.KEEP_LIBRARIES, save_library),
    Page("GET", _G, Verb.KEEP_DESK, groups),
    Page("GET", f"{_G}/{{id}}", Verb.KEEP_DESK, group),
    Page("POST", f"{_G}/{{id}}", Verb.KEEP_DESK, save_group),
    Page("POST", f"{_G}/{{id}}/remove", Verb.KEEP_DESK, remove_group),
]
