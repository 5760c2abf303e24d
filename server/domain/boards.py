"""The managers' live board: who waits, who is there, how today goes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from server.domain.chat import SentFile


@dataclass(frozen=True, slots=True)
class QueueLine:
    """Readers who wait for a desk now; ``oldest_at`` is since when the first of them does."""

    desk_id: str
    name_zh: str
    name_en: str
    library_zh: str
    library_en: str
    waiting: int
    oldest_at: datetime

    def name(self, language: str) -> str:
        return self.name_en if language == "en" else self.name_zh


@dataclass(frozen=True, slots=True)
class StaffLine:
    """Who takes conversations; ``present`` is what live connections prove, never a stored flag."""

    id: str
    name: str
    role: str
    library_zh: str
    library_en: str
    desks_zh: str
    desks_en: str
    availability: str
    away_reason: str
    present: bool
    load: int
    capacity: int

    def library(self, language: str) -> str:
        return self.library_en if language == "en" else self.library_zh

    def desks(self, language: str) -> str:
        return self.desks_en if language == "en" else self.desks_zh


@dataclass(frozen=True, slots=True)
class OverdueLine:
    """An ended session whose record was due at ``due_at`` and is still lacking (R-LIVE.5)."""

    session_id: str
    desk_zh: str
    desk_en: str
    staff: str
    topic: str
    question: str
    ended_at: datetime
    due_at: datetime
    files: tuple[SentFile, ...] = ()  # what may still count as a document passed on

    def desk(self, language: str) -> str:
        return self.desk_en if language == "en" else self.desk_zh


@dataclass(frozen=True, slots=True)
class Figures:
    """A day so far. Medians in seconds, None while there is nothing to take one of."""

    sessions: int = 0
    answered: int = 0  # a librarian took the conversation
    abandoned: int = 0  # the reader left before anybody did
    form_questions: int = 0
    phone_questions: int = 0
    documents: int = 0
    median_wait: float | None = None  # from queueing to acceptance
    median_talk: float | None = None  # from acceptance to the end
    ratings: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class HourLine:
    """One hour of the day in the installation's zone."""

    hour: int
    sessions: int
    answered: int


@dataclass(frozen=True, slots=True)
class Owed:
    """What waits for a manager: blocks that nobody has looked at (R-LIVE.3), records that nobody wrote (R-LIVE.5)."""

    blocks: int = 0
    records: int = 0


@dataclass(frozen=True, slots=True)
class Board:
    """Everything on the board at one moment."""

    at: datetime
    queue: tuple[QueueLine, ...]
    staff: tuple[StaffLine, ...]
    figures_at: datetime
    today: Figures
    hours: tuple[HourLine, ...]
    owed: Owed

    @property
    def waiting(self) -> int:
        return sum(line.waiting for line in self.queue)

    @property
    def present(self) -> int:
        return sum(line.present for line in self.staff)

    @property
    def available(self) -> int:
        return sum(line.present and line.availability == "available" for line in self.staff)
