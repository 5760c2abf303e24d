"""A reader's consultation as it is kept: what they asked, and what became of it."""

from dataclasses import dataclass
from datetime import datetime

from server.domain.tasks import Channel, Standing

RATINGS = ("satisfied", "fair", "unsatisfied")
TITLE = 300


@dataclass(frozen=True, slots=True)
class Consultation:
    """What one reader asked: their own clock, quota, answer, rating and grade.

    ``citation`` is the JSON object of a document request's fields. ``policy_id`` names the policy values in force at
    submission, which are kept for ever.
    """

    id: str
    task_id: str
    state: Standing
    channel: Channel
    material: str
    desk_id: str
    library_id: str
    reader_id: str
    session_id: str
    name: str
    mail: str
    phone: str
    language: str
    topic: str
    title: str
    citation: str
    question: str
    transcript: str
    record_id: str
    foreign_document: bool
    show_title: bool
    client_id: str
    policy_id: str
    stage: int
    submitted_at: datetime
    submitted_by: str = ""
    escalated_at: datetime | None = None
    answer_id: str = ""
    answer_kind: str = ""
    answered_at: datetime | None = None
    answered_by: str = ""
    answered_library_id: str = ""
    cancelled_at: datetime | None = None
    rating: str = ""
    rating_comment: str = ""
    rated_at: datetime | None = None
    grade: str = ""
    grade_row: str = ""
    anonymised_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """Something that happened to a consultation; ``public`` ones are shown to the reader (R-72.8)."""

    id: str
    consultation_id: str
    kind: str
    at: datetime
    actor_id: str = ""
    public: bool = True
    data: str = ""


def title_of(question: str) -> str:
    """What stands in a list for a question: its first line, cut at 120 characters."""
    line = next((line.strip() for line in question.splitlines() if line.strip()), "")
    return line if len(line) <= 120 else line[:119] + "…"
