"""Canned phrases: using them, and keeping them at the level one may."""

from dataclasses import replace

from server.actions.access import audit
from server.context import Context
from server.domain.errors import Conflict, Invalid, NotFound
from server.domain.forms import Form
from server.domain.permissions import Actor, Verb, demand, may
from server.domain.phrases import Level, Phrase, thing_for, usable, verb_for, wording
from server.store.libraries import library_by_id
from server.store.phrases import (
    phrase_by_id,
    phrase_by_shortcut,
    phrases_for,
    phrases_of,
    remove_phrase,
    save_phrase,
)


async def list_phrases(ctx: Context, actor: Actor) -> list[Phrase]:
    """What the actor's short-cuts mean: a personal phrase hides the library's, that one the alliance's."""
    demand(actor, Verb.USE_PHRASES)
    return usable(await phrases_for(ctx.db.read, staff_id=actor.account_id, library_id=actor.library_id))


async def list_phrases_of(ctx: Context, actor: Actor, level: Level, owner_id: str) -> list[Phrase]:
    """All phrases of one level and owner (empty: the actor's own), for whoever may change them."""
    owner_id = _owner(actor, level, owner_id)
    demand(actor, verb_for(level), thing_for(level, owner_id))
    return await phrases_of(ctx.db.read, level, owner_id)


async def add_phrase(ctx: Context, actor: Actor, level: Level, owner_id: str, *, form: Form) -> Phrase:
    """Store a new phrase. Raises NotAllowed, FormRefused, Conflict ``shortcut_taken``."""
    owner_id = _owner(actor, level, owner_id)
    if level is Level.LIBRARY and await library_by_id(ctx.db.read, owner_id) is None:
        raise NotFound("library_not_found")
    demand(actor, verb_for(level), thing_for(level, owner_id))
    words = wording(form)
    form.demand()
    phrase = Phrase(
        ctx.ids.new(), level, owner_id, words.shortcut, words.text_zh, words.text_en, ctx.clock.now()
    )
    return await _keep(ctx, actor, phrase, "phrase.add")


async def change_phrase(ctx: Context, actor: Actor, phrase_id: str, *, form: Form) -> Phrase:
    """Change short-cut and texts of a phrase. Raises as adding one does, NotFound, Conflict ``changed_meanwhile``."""
    phrase = await access_phrase(ctx, actor, phrase_id)
    words = wording(form)
    form.demand()
    changed = replace(
        phrase,
        shortcut=words.shortcut,
        text_zh=words.text_zh,
        text_en=words.text_en,
        updated_at=ctx.clock.now(),
    )
    return await _keep(ctx, actor, changed, "phrase.change", form=form)


async def drop_phrase(ctx: Context, actor: Actor, phrase_id: str) -> None:
    """Remove a phrase for good."""
    phrase = await access_phrase(ctx, actor, phrase_id)
    async with ctx.transaction() as tx:
        if await remove_phrase(tx, phrase.id) and phrase.level is not Level.PERSONAL:
            await audit(ctx, tx, actor, "phrase.drop", phrase.id, detail=phrase.shortcut)


async def access_phrase(ctx: Context, actor: Actor, phrase_id: str) -> Phrase:
    """The phrase, for someone who may change it; others learn nothing of it. Raises NotFound."""
    phrase = await phrase_by_id(ctx.db.read, phrase_id)
    if phrase is None or not may(actor, verb_for(phrase.level), thing_for(phrase.level, phrase.owner_id)):
        raise NotFound("phrase_not_found")
    return phrase


async def _keep(ctx: Context, actor: Actor, phrase: Phrase, what: str, *, form: Form | None = None) -> Phrase:
    async with ctx.transaction() as tx:
        await tx.lock(f"phrase:{phrase.level}:{phrase.owner_id}")  # two windows, one short-cut
        now = await phrase_by_id(tx, phrase.id) if form is not None else None
        if form is not None and now is not None:
            form.demand_edition(now.wording, phrase.wording)
        other = await phrase_by_shortcut(tx, phrase.level, phrase.owner_id, phrase.shortcut)
        if other is not None and other.id != phrase.id:
            raise Conflict("shortcut_taken", shortcut=phrase.shortcut)
        await save_phrase(tx, phrase)
        if phrase.level is not Level.PERSONAL:
            await audit(ctx, tx, actor, what, phrase.id, detail=phrase.shortcut)
    return phrase


def level_from(text: str) -> Level:
    """The level of that name. Raises Invalid."""
    if text not in set(Level):
        raise Invalid("choice_wrong", "level", choices=", ".join(Level), text=text)
    return Level(text)


def _owner(actor: Actor, level: Level, owner_id: str) -> str:
    if level is Level.PERSONAL:
        return actor.account_id
    return "" if level is Level.ALLIANCE else (owner_id or actor.library_id)
