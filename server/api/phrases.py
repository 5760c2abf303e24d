"""Endpoints about canned phrases."""

from server.actions.phrases import (
    add_phrase,
    change_phrase,
    drop_phrase,
    level_from,
    list_phrases,
    list_phrases_of,
)
from server.api.routes import ApiRequest, Endpoint
from server.domain.forms import Form, edition_of
from server.domain.permissions import Actor, Verb, may
from server.domain.phrases import PLACEHOLDERS, Phrase, thing_for, verb_for
from server.wire import desk_bodies


async def usable(r: ApiRequest) -> desk_bodies.Phrases:
    """What the asker's short-cuts mean; with ``level`` (and ``owner``) all phrases of a level they keep."""
    if r.query.get("level"):
        level = level_from(r.query["level"])
        found = await list_phrases_of(r.ctx, r.actor, level, r.query.get("owner", ""))
    else:
        found = await list_phrases(r.ctx, r.actor)
    return desk_bodies.Phrases([phrase_view(phrase, r.actor) for phrase in found], list(PLACEHOLDERS))


async def add(r: ApiRequest) -> desk_bodies.PhraseView:
    """Store a phrase."""
    body: desk_bodies.KeepPhrase = r.body
    phrase = await add_phrase(r.ctx, r.actor, level_from(body.level), body.owner_id, form=_form(body))
    return phrase_view(phrase, r.actor)


async def change(r: ApiRequest) -> desk_bodies.PhraseView:
    """Change a phrase's short-cut and texts; level and owner stay."""
    return phrase_view(await change_phrase(r.ctx, r.actor, r.path["id"], form=_form(r.body)), r.actor)


async def drop(r: ApiRequest) -> dict[str, str]:
    """Remove a phrase."""
    await drop_phrase(r.ctx, r.actor, r.path["id"])
    return {}


def phrase_view(phrase: Phrase, actor: Actor) -> desk_bodies.PhraseView:
    """A phrase, and whether this asker may change it."""
    return desk_bodies.PhraseView(
        phrase.id,
        str(phrase.level),
        phrase.owner_id,
        phrase.shortcut,
        phrase.text_zh,
        phrase.text_en,
        may(actor, verb_for(phrase.level), thing_for(phrase.level, phrase.owner_id)),
        edition_of(phrase.wording),
    )


def _form(body: desk_bodies.KeepPhrase) -> Form:
    texts = {"shortcut": body.shortcut, "text_zh": body.text_zh, "text_en": body.text_en}
    return Form({**texts, "edition": body.edition})


_ONE = "/api/phrases/{id}"
_KEEP = Verb.KEEP_OWN_PHRASES
ENDPOINTS = [
    Endpoint(
        "GET",
        "/api/phrases",
        Verb.USE_PHRASES,
        usable,
        "Canned phrases (R-LIVE.3)",
        answer=desk_bodies.Phrases,
    ),
    Endpoint(
        "POST",
        "/api/phrases",
        _KEEP,
        add,
        "Store a canned phrase",
        body=desk_bodies.KeepPhrase,
        answer=desk_bodies.PhraseView,
        status=201,
    ),
    Endpoint(
        "PUT",
        _ONE,
        _KEEP,
        change,
        "Change a canned phrase",
        body=desk_bodies.KeepPhrase,
        answer=desk_bodies.PhraseView,
    ),
    Endpoint("DELETE", _ONE, _KEEP, drop, "Remove a canned phrase", answer=dict[str, str]),
]
