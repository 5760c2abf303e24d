"""Policy values: every duration, count and switch of the rulebook, with its default."""

from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta
from typing import Any

from server.domain.errors import Invalid


@dataclass(frozen=True, slots=True)
class ChatPolicy:
    """The live desk's policy in force at a moment. Durations in seconds; changeable per alliance, some per library."""

    offer_seconds: int = 12
    widen_to_group_seconds: int = 15
    widen_to_alliance_seconds: int = 25
    widen_when_nobody_on_duty: bool = True  # a circle without anybody on duty is passed over at once (R-LIVE.1)
    account_home_seconds: int = 120  # account questions stay home that long while somebody there is on duty
    missed_offers_to_away: int = 2
    librarian_grace_seconds: int = 30
    reader_grace_seconds: int = 300
    auto_away_seconds: int = 900
    wrap_up_seconds: int = 900
    documents_per_session: int = 3  # R-LIVE.4
    default_capacity: int = 3
    max_capacity: int = 8
    message_characters: int = 4000
    messages_per_minute: int = 60
    transcript_days: int = 180  # R-LIVE.6
    intern_live: str = "practice"  # or supervised (R-ORG.5)
    block_hours: int = 24

    def seconds(self, name: str) -> timedelta:
        return timedelta(seconds=getattr(self, name))


@dataclass(frozen=True, slots=True)
class PolicyEntry:
    """A value from a moment on, for the alliance (no library) or a library; None gives back what lies below."""

    id: str
    library_id: str
    name: str
    value: Any
    valid_from_at: datetime
    set_by: str


PER_LIBRARY = frozenset(
    {"documents_per_session", "wrap_up_seconds", "auto_away_seconds", "default_capacity", "intern_live", "block_hours"}
)
_CHOICES = {"intern_live": ("practice", "supervised")}
# Notices that the alliance, or a library for its readers, words itself (R-LIVE.2, R-LIVE.6).
TEXTS = frozenset({"scope_zh", "scope_en", "privacy_zh", "privacy_en"})


def policy_from(values: dict[str, Any]) -> ChatPolicy:
    """The policy with the given values laid over the defaults; unknown names are left out."""
    known = {field.name for field in fields(ChatPolicy)}
    return replace(ChatPolicy(), **{name: value for name, value in values.items() if name in known})


def checked_policy_value(name: str, value: Any) -> Any:
    """A value that may be stored under this name. Raises Invalid with what would be right."""
    kinds = {field.name: type(getattr(ChatPolicy(), field.name)) for field in fields(ChatPolicy)}
    if name not in kinds:
        raise Invalid("policy_unknown", "name", name=name)
    if name in _CHOICES:
        if value not in _CHOICES[name]:
            raise Invalid("policy_choice", name, choices=", ".join(_CHOICES[name]))
        return value
    if kinds[name] is bool:
        if not isinstance(value, bool):
            raise Invalid("policy_bool", name)
        return value
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= 10_000_000:
        raise Invalid("policy_number", name)
    return value
