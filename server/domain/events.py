"""Facts that leave a transaction: complete, past tense, never a query away from being understood."""

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from server.domain.cases import CaseLine
from server.domain.chat import Absence
from server.domain.loans import OrderEvent


class ChatEventRecorded(NamedTuple):
    """Something numbered happened in a conversation: a message, a join, a change of state.

    Topic ``chat/<session>`` for audience ``all``, ``chat/<session>/staff`` for ``staff``; ``seq`` is gapless in each.
    ``data`` is a JSON object as text, or empty. A tuple, because one is made for every message: a frozen dataclass
    sets its fields one by one, five times as slowly.
    """

    session_id: str
    audience: str
    seq: int
    kind: str
    author_kind: str
    author_id: str
    author_name: str
    client_id: str
    body: str
    data: str
    at: datetime


@dataclass(frozen=True, slots=True)
class ReceiptMoved:
    """A participant's watermarks moved: everything up to ``delivered`` arrived, up to ``read`` was seen."""

    session_id: str
    participant: str  # "reader" or a staff account id
    delivered: int
    read: int


@dataclass(frozen=True, slots=True)
class TypingSeen:
    """Somebody is writing; worth nothing after a few seconds."""

    session_id: str
    participant: str
    name: str
    audience: str = "all"


@dataclass(frozen=True, slots=True)
class QueueMoved:
    """A waiting reader's place and honest expected wait (seconds; None where there is no ground for a figure)."""

    session_id: str
    position: int
    wait_seconds: int | None
    on_duty: int


@dataclass(frozen=True, slots=True)
class DutyChanged:
    """What a staff member's console shows has changed: offers, load, availability, sessions. ``version`` grows."""

    staff_id: str
    version: int
    why: str = ""


@dataclass(frozen=True, slots=True)
class BoardChanged:
    """Figures on the managers' live board have moved."""

    desk_id: str


@dataclass(frozen=True, slots=True)
class DueSet:
    """A due row was written: workers may have to wake earlier."""

    due_at: datetime


@dataclass(frozen=True, slots=True)
class QueueChanged:
    """Somebody waits, or somebody has become free: whoever dispatches looks again."""


@dataclass(frozen=True, slots=True)
class MailWritten:
    """A mail waits in the outbox."""


@dataclass(frozen=True, slots=True)
class CrewChanged:
    """Who takes part in a conversation has changed: connections look again whether they may listen and write."""

    session_id: str


@dataclass(frozen=True, slots=True)
class ReaderMoved:
    """A conversation's reader has lost their last connection, or (no absence) is back: who serves them is told."""

    session_id: str
    absence: Absence | None


@dataclass(frozen=True, slots=True)
class AccountChanged:
    """Log-ins of an account have ended, or roles were taken from it: its open lines look again who is on them."""

    account_id: str


@dataclass(frozen=True, slots=True)
class PoolChanged:
    """A task of the pool has changed: lists that show it look again."""

    task_id: str
    why: str


@dataclass(frozen=True, slots=True)
class StackWoken:
    """A device's outbox, or what an operator wants of it, has changed: its bridge looks at once."""

    device_id: str


@dataclass(frozen=True, slots=True)
class StackPictured:
    """What a live drawing of a store shows has changed. ``picture`` is JSON (docs/stack.md), or empty."""

    device_id: str
    picture: str


@dataclass(frozen=True, slots=True)
class OrderChanged:
    """Something happened to a loan order; topic ``order/<id>``, numbered by the event. ``stage`` is its line's now."""

    order_id: str
    event: OrderEvent
    state: str
    stage: str = ""


@dataclass(frozen=True, slots=True)
class ReviewMoved:
    """An order came in, was decided on, or was cancelled: managers' lists look again (R-COM.3)."""

    order_id: str


@dataclass(frozen=True, slots=True)
class StoreWorkChanged:
    """The work lists of a store have changed: store keepers' pages look again."""

    store_id: str
    order_id: str
    why: str


@dataclass(frozen=True, slots=True)
class NoticesChanged:
    """Something is announced to all readers, or no longer: open pages and widgets look again (R-LOAN.10)."""


@dataclass(frozen=True, slots=True)
class CaseSaid:
    """A line was added to a case; topic ``case/<id>``, or ``case/<id>/staff`` for what only staff see."""

    line: CaseLine


@dataclass(frozen=True, slots=True)
class CaseChanged:
    """What pages of a case show beside its lines has changed: who has it, how it stands, who is there."""

    case_id: str
    why: str


@dataclass(frozen=True, slots=True)
class CasesChanged:
    """The list of cases has changed: whoever shows it looks again."""

    case_id: str


Event = (
    ChatEventRecorded
    | ReceiptMoved
    | TypingSeen
    | QueueMoved
    | DutyChanged
    | BoardChanged
    | DueSet
    | QueueChanged
    | MailWritten
    | CrewChanged
    | ReaderMoved
    | AccountChanged
    | PoolChanged
    | StackWoken
    | StackPictured
    | OrderChanged
    | ReviewMoved
    | StoreWorkChanged
    | NoticesChanged
    | CaseSaid
    | CaseChanged
    | CasesChanged
)
