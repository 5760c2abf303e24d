"""Policy values: every duration, count and switch of the rulebook, with its default."""

from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta
from typing import Any

from server.domain.calendar import CalendarPolicy
from server.domain.errors import Invalid
from server.domain.loan_policies import LOAN_CHOICES, LOAN_RULES, LoanPolicy
from server.domain.policy_bounds import bounds_of
from server.domain.task_policies import TASK_CHOICES, TASK_RULES, TASK_TEXTS, TaskPolicy


@dataclass(frozen=True, slots=True)
class ChatPolicy:
    """The live desk's policy in force at a moment. Durations in seconds; set per alliance, some per library."""

    offer_seconds: int = 12
    offer_again_seconds: int = (
        30  # after declining or missing a session, it may come again to the same person
    )
    widen_to_group_seconds: int = 15
    widen_to_alliance_seconds: int = 25
    widen_when_nobody_on_duty: bool = (
        True  # a circle without anybody on duty is passed over at once (R-LIVE.1)
    )
    account_home_seconds: int = 120  # account questions stay home that long while somebody there is on duty
    missed_offers_to_away: int = 2
    librarian_grace_seconds: int = 30
    reader_grace_seconds: int = 300
    auto_away_seconds: int = 900
    wrap_up_seconds: int = 900
    wrap_up_manager_hours: int = 24  # overdue so long, the record is the manager's to ask for
    queue_limit: int = 500  # who may wait at one desk; further readers leave a form question (R-LIVE.1)
    documents_per_session: int = 3  # R-LIVE.4
    default_capacity: int = 3
    max_capacity: int = 8
    message_characters: int = 4000
    transcript_days: int = 180  # R-LIVE.6
    intern_live: str = "practice"  # or supervised (R-ORG.5)
    block_hours: int = 24

    def seconds(self, name: str) -> timedelta:
        return timedelta(seconds=getattr(self, name))


@dataclass(frozen=True, slots=True)
class PolicyEntry:
    """A value from a moment on, for the alliance (no library) or a library; None gives back what is below."""

    id: str
    library_id: str
    name: str
    value: Any
    valid_from_at: datetime
    set_by: str


PER_LIBRARY = frozenset(
    {
        "queue_limit",
        "documents_per_session",
        "wrap_up_seconds",
        "wrap_up_manager_hours",
        "auto_away_seconds",
        "default_capacity",
        "intern_live",
        "block_hours",
        "open_hours",
        "release_desk_hours",
        "release_alliance_hours",
        "portal_names_librarians",
        "hold_days",
        "review",
        "review_items",
    }
)
_CHOICES = {"intern_live": ("practice", "supervised"), **TASK_CHOICES, **LOAN_CHOICES}
# Notices that the alliance, or a library for its readers, words itself (R-LIVE.2, R-LIVE.6).
TEXTS = frozenset({"scope_zh", "scope_en", "privacy_zh", "privacy_en"}) | TASK_TEXTS
TEXT_CHARACTERS = 2000
# The rule behind each value; the others are decisions of the live desk's routing (R-LIVE.1).
RULES = {
    "documents_per_session": "R-LIVE.4",
    "wrap_up_seconds": "R-LIVE.5",
    "wrap_up_manager_hours": "R-LIVE.5",
    "transcript_days": "R-LIVE.6",
    "intern_live": "R-ORG.5",
    "block_hours": "R-LIVE.3",
    "scope_zh": "R-LIVE.2",
    "scope_en": "R-LIVE.2",
    "privacy_zh": "R-LIVE.6",
    "privacy_en": "R-LIVE.6",
    "weekends_count": "R-LOAN.4",
    **TASK_RULES,
    **LOAN_RULES,
}
# The live desk's values, the pool's, the calendar's.
_ALL = (ChatPolicy(), TaskPolicy(), CalendarPolicy(), LoanPolicy())


def policy_from(values: dict[str, Any]) -> ChatPolicy:
    """The policy with the given values laid over the defaults; unknown names are left out."""
    known = {field.name for field in fields(ChatPolicy)}
    return replace(ChatPolicy(), **{name: value for name, value in values.items() if name in known})


def checked_policy_value(name: str, value: Any) -> Any:
    """A value that may be stored under this name. Raises Invalid with what would be right."""
    kinds = {name: type(value) for name, value in _defaults().items()}
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
    low, high = bounds_of(name)
    if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
        raise Invalid("policy_number", name, low=low, high=high)
    return value


def parse_policy_value(name: str, text: str) -> Any:
    """What somebody filled in under this name, as it is stored; nothing is None. Raises Invalid."""
    if not text:
        return None
    if name in TEXTS:
        if len(text) > TEXT_CHARACTERS:
            raise Invalid("field_too_long", name, limit=TEXT_CHARACTERS, length=len(text))
        return text
    value: Any = text
    if text in ("true", "false"):
        value = text == "true"
    elif text.isascii() and text.isdigit():
        value = int(text)
    return checked_policy_value(name, value)


@dataclass(frozen=True, slots=True)
class PolicyLine:
    """One value as a manager sees it: what holds now and why, and what is to come."""

    name: str
    default: Any
    value: Any
    source: str  # default, alliance, library
    since: datetime | None
    coming: tuple[PolicyEntry, ...]

    @property
    def rule(self) -> str:
        return RULES.get(self.name, "R-LIVE.1")

    @property
    def unit(self) -> str:
        """What the number counts: seconds, hours, days, cents, or simply how many; or switch, choice, text."""
        if self.name in TEXTS:
            return "text"
        if self.name in _CHOICES:
            return "choice"
        if isinstance(self.default, bool):
            return "switch"
        return next(
            (unit for unit in ("seconds", "hours", "days", "cents") if self.name.endswith(f"_{unit}")),
            "count",
        )

    @property
    def choices(self) -> tuple[str, ...]:
        return _CHOICES.get(self.name, ())


def policy_lines(entries: list[PolicyEntry], library_id: str, now: datetime) -> list[PolicyLine]:
    """Every value that may be set at this level (a library, or the alliance where it is empty), as it stands.

    ``entries`` are those of the alliance and of the library, in any order.
    """
    defaults = dict.fromkeys(sorted(TEXTS), "") | _defaults()
    names = [name for name in defaults if not library_id or name in PER_LIBRARY | TEXTS]
    return [_line(name, defaults[name], entries, library_id, now) for name in names]


def value_at(entries: Iterable[PolicyEntry], name: str, library_id: str, at: datetime) -> Any:
    """What holds under a name at a moment for a library (empty: the alliance), by everything that was ever set."""
    mine = [entry for entry in entries if entry.name == name]
    for level in dict.fromkeys((library_id, "") if name in PER_LIBRARY else ("",)):
        latest = _latest(mine, level, at)
        if latest is not None and latest.value is not None:
            return latest.value
    return _defaults()[name]


def _defaults() -> dict[str, Any]:
    return {field.name: getattr(policy, field.name) for policy in _ALL for field in fields(policy)}


def _line(name: str, default: Any, entries: list[PolicyEntry], library_id: str, now: datetime) -> PolicyLine:
    mine = [entry for entry in entries if entry.name == name]
    coming = tuple(
        sorted(
            (e for e in mine if e.library_id == library_id and e.valid_from_at > now),
            key=lambda entry: (entry.valid_from_at, entry.id),
        )
    )
    for level in dict.fromkeys((library_id, "")):
        latest = _latest(mine, level, now)
        if latest is not None and latest.value is not None:
            source = "library" if level else "alliance"
            return PolicyLine(name, default, latest.value, source, latest.valid_from_at, coming)
    return PolicyLine(name, default, default, "default", None, coming)


def _latest(entries: Iterable[PolicyEntry], level: str, at: datetime) -> PolicyEntry | None:
    started = [entry for entry in entries if entry.library_id == level and entry.valid_from_at <= at]
    return max(started, key=lambda entry: (entry.valid_from_at, entry.id), default=None)
