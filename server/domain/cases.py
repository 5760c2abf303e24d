"""Cases: what a reader asks or complains about a loan order, or what the product found out by itself (R-LOAN.8).

Every message of the reader that nobody has answered starts a clock, holidays or not (R-ANS.6). Messages count from 1
as the reader sees them; what only staff see is kept beside, in numbers below 0, so that neither leaves gaps.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from server.domain.errors import Conflict, Invalid, NotAllowed

TEXT_LIMIT = 4000
TITLE_LIMIT = 200
OUTCOME_LIMIT = 300


class CaseKind(StrEnum):
    """What a case is about."""

    QUESTION = "question"
    COMPLAINT = "complaint"
    LATE = "late"  # an order that did not leave, a return that was not confirmed in time
    STUCK = "stuck"  # the machine was told and has not come to an end
    DIFFERENCE = "difference"  # the store's own list and ours do not agree
    UNSURE = "unsure"  # a device can not say whether it did what it was told
    WRONG_ITEM = "wrong_item"


class CaseState(StrEnum):
    """Who has it."""

    OPEN = "open"
    CLAIMED = "claimed"
    CLOSED = "closed"


class Channel(StrEnum):
    """How it came to us."""

    ORDER = "order"
    WIDGET = "widget"
    PHONE = "phone"
    SYSTEM = "system"


class LineKind(StrEnum):
    """What a line of a case is: said to the other side, a note among staff, something that was done."""

    MESSAGE = "message"
    NOTE = "note"
    ACTION = "action"


READERS_KINDS = (CaseKind.QUESTION, CaseKind.COMPLAINT, CaseKind.WRONG_ITEM)


@dataclass(frozen=True, slots=True)
class Case:
    """A case as its row holds it. ``waiting_since_at`` is the reader's oldest unanswered message."""

    id: str
    number: str
    client_id: str
    order_id: str
    line_id: str
    reader_id: str
    library_id: str
    store_id: str
    session_id: str
    channel: Channel
    kind: CaseKind
    state: CaseState
    title: str
    opened_at: datetime
    holder_id: str = ""
    confirmed: bool | None = None
    fault_store_id: str = ""
    messages: int = 0
    waiting_since_at: datetime | None = None
    reply_due_at: datetime | None = None
    missed: int = 0
    closed_at: datetime | None = None
    outcome: str = ""
    rating: str = ""


@dataclass(frozen=True, slots=True)
class CaseLine:
    """One line of a case. ``number`` is below 0 where only staff may see it."""

    id: str
    case_id: str
    number: int
    client_id: str
    author_kind: str  # reader, staff, system
    author_id: str
    author_name: str
    kind: LineKind
    text: str
    at: datetime

    @property
    def public(self) -> bool:
        return self.number > 0


@dataclass(frozen=True, slots=True)
class NewCaseLine:
    """A line to be written; the same ``client_id`` again in a case adds nothing, an empty one is never the same.

    What is not ``public`` only staff see.
    """

    kind: LineKind
    text: str
    client_id: str = ""
    public: bool = True


def done(key: str, data: Mapping[str, Any], *, client_id: str = "", public: bool = True) -> NewCaseLine:
    """The line that says that something was done, kept as the key of its words."""
    return NewCaseLine(LineKind.ACTION, said(key, data), client_id, public)


def asked(case: Case, at: datetime, reply_hours: int) -> Case:
    """The reader wrote: the clock runs from their oldest message that nobody has answered (R-ANS.6)."""
    if case.waiting_since_at is not None:
        return case
    return replace(case, waiting_since_at=at, reply_due_at=at + timedelta(hours=reply_hours))


def answered(case: Case) -> Case:
    """Staff answered: no message of the reader waits any more."""
    return replace(case, waiting_since_at=None, reply_due_at=None)


def demand_open(case: Case) -> None:
    """Raise Conflict for a case that is closed already."""
    if case.state is CaseState.CLOSED:
        raise Conflict("case_closed", "R-LOAN.8")


def demand_holder(case: Case, account_id: str) -> None:
    """Raise unless this agent has the case: two people must not tell a reader two things."""
    demand_open(case)
    if case.state is not CaseState.CLAIMED:
        raise Conflict("case_not_claimed", "R-LOAN.8")
    if case.holder_id != account_id:
        raise NotAllowed("case_held", "R-LOAN.8")


def demand_text(text: str, field: str, limit: int) -> str:
    """The text without its margins. Raises Invalid where nothing is left, or too much."""
    kept = text.strip()
    if not kept:
        raise Invalid("field_required", field)
    if len(kept) > limit:
        raise Invalid("field_too_long", field, limit=limit, length=len(kept))
    return kept


def headline(text: str) -> str:
    """What a case is called in lists: the first line of what was written."""
    return text.split("\n")[0][:TITLE_LIMIT]


def said(key: str, data: Mapping[str, Any]) -> str:
    """A text to be put into words for whoever reads it, as it is kept: its key and what fills it."""
    return json.dumps([key, dict(data)], ensure_ascii=False, separators=(",", ":"))


def short_said(key: str, data: Mapping[str, Any]) -> str:
    """The same within a title's length; what does not fit is left to the first line of the case."""
    kept = said(key, data)
    return kept if len(kept) <= TITLE_LIMIT else said(key, {})


def unsaid(text: str) -> tuple[str, Mapping[str, Any]] | None:
    """The key and values of a kept text; None for what a person wrote."""
    if not text.startswith('["'):
        return None
    try:
        key, data = json.loads(text)
    except ValueError:
        return None
    return (key, data) if isinstance(key, str) and isinstance(data, dict) else None
