"""Canned phrases: texts for live talk by short-cut, personal, the library's, the alliance's (R-LIVE.3)."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from server.domain.errors import Invalid
from server.domain.forms import Form
from server.domain.permissions import Actor, Thing, Verb, may


class Level(StrEnum):
    """For whom a phrase is; the nearer one hides the farther one of the same short-cut."""

    PERSONAL = "personal"
    LIBRARY = "library"
    ALLIANCE = "alliance"


# What may stand in braces; the console fills it in from the conversation.
PLACEHOLDERS = ("reader", "librarian", "library", "home_library", "hours", "wait")
_NEARNESS = {Level.PERSONAL: 0, Level.LIBRARY: 1, Level.ALLIANCE: 2}
_SHORTCUT = re.compile(r"[^\W_][\w.-]*")
_BRACES = re.compile(r"\{([^{}\n]*)\}")


@dataclass(frozen=True, slots=True)
class Wording:
    """What somebody wrote for a phrase."""

    shortcut: str
    text_zh: str
    text_en: str


@dataclass(frozen=True, slots=True)
class Phrase:
    """A stored text; ``owner_id`` is the staff member, the library, or empty for the alliance."""

    id: str
    level: Level
    owner_id: str
    shortcut: str
    text_zh: str
    text_en: str
    updated_at: datetime

    def text(self, language: str) -> str:
        return (self.text_en or self.text_zh) if language == "en" else (self.text_zh or self.text_en)

    @property
    def wording(self) -> Wording:
        return Wording(self.shortcut, self.text_zh, self.text_en)


def wording(form: Form) -> Wording:
    """Short-cut and texts as filled in; one of the two languages is enough. Problems stay in the form."""
    shortcut = form.text("shortcut", limit=30, required=True).lstrip("/")
    if shortcut and not _SHORTCUT.fullmatch(shortcut):
        form.refuse(Invalid("shortcut_wrong", "shortcut", text=shortcut))
    text_zh, text_en = form.text("text_zh", limit=2000), form.text("text_en", limit=2000)
    if not text_zh and not text_en:
        form.refuse(Invalid("field_required", "text_zh"))
    for name, text in (("text_zh", text_zh), ("text_en", text_en)):
        for unknown in sorted(set(_BRACES.findall(text)) - set(PLACEHOLDERS)):
            form.refuse(Invalid("placeholder_unknown", name, text=unknown, known=", ".join(PLACEHOLDERS)))
    return Wording(shortcut, text_zh, text_en)


def verb_for(level: Level) -> Verb:
    """What one must be allowed in order to change phrases of this level."""
    return {
        Level.PERSONAL: Verb.KEEP_OWN_PHRASES,
        Level.LIBRARY: Verb.KEEP_LIBRARY_PHRASES,
        Level.ALLIANCE: Verb.KEEP_ALLIANCE_PHRASES,
    }[level]


def thing_for(level: Level, owner_id: str) -> Thing:
    """The phrases of an owner, as far as permission depends on it."""
    return Thing(
        library_id=owner_id if level is Level.LIBRARY else "",
        owner_keys=frozenset({owner_id}) if level is Level.PERSONAL else frozenset(),
    )


def kept_levels(actor: Actor) -> dict[Level, str]:
    """The levels whose phrases the actor may change, each with its owner: themselves, their library, nobody."""
    owners = {Level.PERSONAL: actor.account_id, Level.LIBRARY: actor.library_id, Level.ALLIANCE: ""}
    return {
        level: owner
        for level, owner in owners.items()
        if (owner or level is Level.ALLIANCE) and may(actor, verb_for(level), thing_for(level, owner))
    }


def usable(phrases: Iterable[Phrase]) -> list[Phrase]:
    """What the short-cuts mean for one person: the nearest phrase of each, by short-cut."""
    nearest: dict[str, Phrase] = {}
    for phrase in sorted(phrases, key=lambda phrase: _NEARNESS[phrase.level]):
        nearest.setdefault(phrase.shortcut.lower(), phrase)
    return [nearest[key] for key in sorted(nearest)]
