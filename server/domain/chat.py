"""The life of a chat session: queued → offered → active → wrapping up → closed, and who may say what in it."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from ipaddress import ip_address

from server.domain.errors import Conflict, Invalid


class State(StrEnum):
    """Where a chat session stands."""

    QUEUED = "queued"
    OFFERED = "offered"
    ACTIVE = "active"
    WRAPPING_UP = "wrapping_up"
    CLOSED = "closed"


OPEN = frozenset({State.QUEUED, State.OFFERED, State.ACTIVE})


class Topic(StrEnum):
    """What the reader's question is about; it decides who may be offered it."""

    REFERENCE = "reference"
    PLATFORM = "platform"
    ACCOUNT = "account"  # home library first
    ORDER = "order"  # order or complaint: support agents


class EndReason(StrEnum):
    """Why a session ended."""

    READER = "reader"  # the reader said good-bye
    LIBRARIAN = "librarian"
    READER_GONE = "reader_gone"  # longer than the reader's grace
    FORM_QUESTION = "form_question"
    PHONE = "phone"
    DOCUMENT_REQUEST = "document_request"
    ABUSE = "abuse"
    ERASED = "erased"


class Kind(StrEnum):
    """Kinds of numbered events. The first three are written by people, the others tell of changes."""

    MESSAGE = "message"
    FILE = "file"
    DOCUMENT = "document"
    QUEUED = "queued"
    JOINED = "joined"
    LEFT = "left"
    TRANSFERRED = "transferred"
    REQUEUED = "requeued"
    ENDED = "ended"
    RATED = "rated"
    NOTE = "note"  # staff audience only
    SUPERVISED = "supervised"


class Outcome(StrEnum):
    """How a consultation ended, in the wrap-up record."""

    ANSWERED = "answered"
    PARTLY = "partly"
    REFERRED = "referred"
    NOT_ANSWERED = "not_answered"
    NO_QUESTION = "no_question"


class QuestionType(StrEnum):
    """What kind of question it was, in the wrap-up record."""

    FACT = "fact"
    DOCUMENT = "document"
    PLATFORM = "platform"
    ACCOUNT = "account"
    ORDER = "order"
    OTHER = "other"


_LINK = re.compile(
    r"https?://(?:\[(?P<six>[0-9a-f:.]+)\]|(?P<host>[^\s/?#@:\[\]]+))(?::\d{1,5})?(?:[/?#]\S*)?",
    re.IGNORECASE,
)
_PRIVATE_ENDINGS = (".local", ".localhost", ".internal", ".lan", ".intranet", ".home.arpa")
RATINGS = ("satisfied", "fair", "unsatisfied")


@dataclass(frozen=True, slots=True)
class Absence:
    """A reader has no connection: since when, and until when they are waited for."""

    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class ChatSession:
    """One live consultation, as stored."""

    id: str
    desk_id: str
    target_desk_id: str
    target_staff_id: str
    library_id: str  # of the reader's desk
    reader_key: str
    reader_id: str
    reader_name: str
    topic: Topic
    language: str
    state: State
    priority: int
    practice: bool
    queued_at: datetime
    circle_from: datetime
    offered_to: str
    offer_id: str
    offered_at: datetime | None
    declined: frozenset[str]
    staff_id: str
    supervisor_id: str
    crew: int
    last_seq: int
    last_staff_seq: int
    question: str
    page_url: str
    page_title: str
    previous_id: str
    accepted_at: datetime | None
    answered_at: datetime | None
    ended_at: datetime | None
    end_reason: str
    wrap_up_due_at: datetime | None
    closed_at: datetime | None
    rating: str
    rating_comment: str
    documents: int
    created_at: datetime

    @property
    def open(self) -> bool:
        return self.state in OPEN


@dataclass(frozen=True, slots=True)
class WrapUp:
    """The record without which a session cannot be archived (R-LIVE.5). ``effort`` on the READ scale, 1 to 6."""

    question_type: QuestionType
    effort: int
    outcome: Outcome
    typical_case: bool
    note: str


@dataclass(frozen=True, slots=True)
class Passed:
    """A document passed on in a session."""

    id: str
    title: str
    url: str
    file_id: str
    passed_by: str
    passed_at: datetime


@dataclass(frozen=True, slots=True)
class SentFile:
    """A file that staff sent like any message; ``counted`` among the documents passed on, or not."""

    id: str
    name: str
    url: str
    sent_by: str
    sent_at: datetime
    counted: bool


def admit_text(text: str, *, limit: int, field: str = "text") -> str:
    """The text as it will be stored: line ends unified, surrounding blanks dropped. Raises Invalid for the field."""
    cleaned = text.replace("\r\n", "\n").replace("\x00", "").strip()
    if not cleaned:
        raise Invalid("message_empty", field)
    if len(cleaned) > limit:
        raise Invalid("message_too_long", field, limit=limit, length=len(cleaned))
    return cleaned


def wrap_up_from(question_type: str, effort: int, outcome: str, *, typical_case: bool, note: str) -> WrapUp:
    """A checked wrap-up record. Raises Invalid naming the field (R-LIVE.5)."""
    if question_type not in set(QuestionType):
        raise Invalid("wrap_up_question_type", "question_type", "R-LIVE.5")
    if not 1 <= effort <= 6:
        raise Invalid("wrap_up_effort", "effort", "R-LIVE.5")
    if outcome not in set(Outcome):
        raise Invalid("wrap_up_outcome", "outcome", "R-LIVE.5")
    return WrapUp(QuestionType(question_type), effort, Outcome(outcome), typical_case, note[:4000])


def demand_open(session: ChatSession) -> None:
    """Raise Conflict when the session has ended: nothing more may be said in it."""
    if not session.open:
        raise Conflict("session_ended", session_id=session.id)


def demand_active(session: ChatSession) -> None:
    """Raise Conflict unless a librarian holds the session: it has ended meanwhile, or waits for one again."""
    if not session.open:
        raise Conflict("session_over", session_id=session.id)
    if session.state is not State.ACTIVE:
        raise Conflict("session_not_active", session_id=session.id)


def demand_another(session: ChatSession, staff_id: str) -> None:
    """Raise Conflict when this person asked the question: nobody answers themselves."""
    if staff_id == session.reader_id:
        raise Conflict("own_question")


def demand_document_room(session: ChatSession, *, limit: int) -> None:
    """At most so many documents are passed on in one session (R-LIVE.4)."""
    if session.documents >= limit:
        raise Conflict("documents_limit", "R-LIVE.4", limit=limit)


def admit_title(title: str, *, field: str = "title") -> str:
    """A document's title as it is counted and archived by (R-LIVE.5). Raises Invalid."""
    if not title.strip():
        raise Invalid("document_title", field, "R-LIVE.5")
    return title.strip()[:300]


def admit_link(url: str) -> str:
    """A link that may be passed on: a full web address on the public Internet, never a library's intranet (R-ANS.2).

    Judged by its looks alone. Raises Invalid.
    """
    url = url.strip()
    parts = _LINK.fullmatch(url)
    if parts is None:
        raise Invalid("document_link", "url")
    host = (parts["six"] or parts["host"]).rstrip(".").lower()
    if not _is_public(host):
        raise Invalid("document_link_private", "url", "R-ANS.2", host=host)
    return url


def _is_public(host: str) -> bool:
    try:
        return ip_address(host).is_global
    except ValueError:
        return "." in host and not host.endswith(_PRIVATE_ENDINGS)


def checked_rating(rating: str) -> str:
    """Raise Invalid unless it is one of the three ratings (R-QC.1)."""
    if rating not in RATINGS:
        raise Invalid("rating_unknown", "rating", "R-QC.1")
    return rating


def state_after_end(session: ChatSession, reason: EndReason) -> State:
    """Ended sessions wait for their record, if anybody answered in them; others close at once (R-LIVE.5)."""
    demand_open(session)
    return State.WRAPPING_UP if session.staff_id and reason is not EndReason.ERASED else State.CLOSED


def is_continuation(previous: ChatSession, now: datetime, within: timedelta = timedelta(days=7)) -> bool:
    """Whether a new session of the same reader at the same desk continues the previous one."""
    ended = previous.ended_at
    return ended is not None and now - ended <= within
