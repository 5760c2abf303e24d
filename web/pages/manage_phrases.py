"""The screen for canned phrases of one level: one's own, a library's, the alliance's."""

from starlette.responses import Response

from server.actions.phrases import (
    access_phrase,
    add_phrase,
    change_phrase,
    drop_phrase,
    level_from,
    list_phrases_of,
)
from server.domain.permissions import Verb, may
from server.domain.phrases import PLACEHOLDERS, Level, Phrase, thing_for, verb_for
from web.pages.base import Page, PageRequest
from web.pages.managing import CORRECTABLE, Fill, filled, refill, show

_HERE = "/manage/phrases"


async def phrases(page: PageRequest) -> Response:
    """All phrases of a level; ``edit`` names one to change."""
    editing = (
        await access_phrase(page.ctx, page.actor, page.query["edit"]) if page.query.get("edit") else None
    )
    level = editing.level if editing else level_from(page.query.get("level", "personal"))
    values = (
        {"shortcut": editing.shortcut, "text_zh": editing.text_zh, "text_en": editing.text_en}
        if editing
        else {}
    )
    return await _screen(page, level, Fill(values), editing=editing)


async def add(page: PageRequest) -> Response:
    """Store a phrase."""
    form = await filled(page)
    level = level_from(form.raw("level"))
    try:
        await add_phrase(page.ctx, page.actor, level, "", form=form)
    except CORRECTABLE as refusal:
        return await _screen(page, level, await refill(page, refusal, fallback="shortcut"), status=422)
    return page.redirect(_HERE, level=level, done="added")


async def change(page: PageRequest) -> Response:
    """Change a phrase."""
    phrase = await access_phrase(page.ctx, page.actor, page.path["id"])
    try:
        await change_phrase(page.ctx, page.actor, phrase.id, form=await filled(page))
    except CORRECTABLE as refusal:
        fill = await refill(page, refusal, fallback="shortcut")
        return await _screen(page, phrase.level, fill, editing=phrase, status=422)
    return page.redirect(_HERE, level=phrase.level, done="saved")


async def remove(page: PageRequest) -> Response:
    """Remove a phrase."""
    phrase = await access_phrase(page.ctx, page.actor, page.path["id"])
    await drop_phrase(page.ctx, page.actor, phrase.id)
    return page.redirect(_HERE, level=phrase.level, done="removed")


async def _screen(
    page: PageRequest, level: Level, fill: Fill, *, editing: Phrase | None = None, status: int = 200
) -> Response:
    owner = editing.owner_id if editing else _owner(page, level)
    return show(
        page,
        "manage_phrases.html",
        status=status,
        level=str(level),
        levels=[str(each) for each in Level if _may_keep(page, each)],
        phrases=await list_phrases_of(page.ctx, page.actor, level, owner),
        editing=editing,
        fill=fill,
        placeholders=PLACEHOLDERS,
    )


def _may_keep(page: PageRequest, level: Level) -> bool:
    if level is Level.LIBRARY and not page.actor.library_id:
        return False
    return may(page.actor, verb_for(level), thing_for(level, _owner(page, level)))


def _owner(page: PageRequest, level: Level) -> str:
    return {Level.PERSONAL: page.actor.account_id, Level.LIBRARY: page.actor.library_id}.get(level, "")


PAGES = [
    Page("GET", _HERE, Verb.KEEP_OWN_PHRASES, phrases),
    Page("POST", _HERE, Verb.KEEP_OWN_PHRASES, add),
    Page("POST", f"{_HERE}/{{id}}", Verb.KEEP_OWN_PHRASES, change),
    Page("POST", f"{_HERE}/{{id}}/remove", Verb.KEEP_OWN_PHRASES, remove),
]
