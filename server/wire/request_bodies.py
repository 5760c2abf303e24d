"""Bodies of the HTTP API about what readers ask and what becomes of it."""

from typing import Annotated, Any

from msgspec import Meta, Struct, field

from server.wire.bodies import ClientId, Names, Short, Tag, Text

Value = Annotated[str, Meta(max_length=4000)]
Citation = Annotated[dict[str, Value], Meta(max_length=40)]
FileIds = Annotated[list[Tag], Meta(max_length=30)]


class AskConsultation(Struct):
    """A document request (``citation`` with its ``material``), a form question or a knowledge question."""

    client_id: ClientId
    channel: Tag = "document"
    citation: Citation = field(default_factory=dict)
    material: Tag = ""
    question: Text = ""
    topic: Tag = "reference"
    name: Short = ""
    mail: Short = ""
    phone: Tag = ""
    language: Tag = "zh"
    show_title: bool = False
    record_id: Tag = ""
    session_id: Tag = ""
    file_ids: FileIds = field(default_factory=list)


class AskAgain(Struct):
    """The same once more."""

    client_id: ClientId


class RateAnswer(Struct):
    """The reader's rating of an answer: satisfied, fair or unsatisfied."""

    rating: Tag
    comment: Text = ""


class Convert(Struct):
    """Into a document, form or knowledge question (R-ANS.4); what is left out is carried over."""

    to: Tag
    citation: Citation = field(default_factory=dict)
    material: Tag = ""
    question: Text = ""


class ConvertTask(Convert):
    """The same by the librarian who holds the task, under the number of their claim."""

    claim_number: int = 0


class EnterPhone(Struct):
    """A phone consultation; with ``answer`` where it was given at once."""

    client_id: ClientId
    desk: Tag
    question: Text
    answer: Text = ""
    name: Short = ""
    phone: Tag = ""
    mail: Short = ""
    topic: Tag = "reference"
    language: Tag = "zh"


class DeskOf(Struct):
    """The desk where it was asked."""

    slug: str
    name: Names


class ConsultationClock(Struct):
    """``due_at``: the end of the strict time, which conversion and hand-back never move (R-72.1)."""

    due_at: str
    escalated: bool


class NextStep(Struct):
    """What happens next, in words, and by when at the latest."""

    key: str
    text: str
    at: str | None


class ConsultationView(Struct):
    """One consultation as its reader sees it."""

    id: str
    state: str
    channel: str
    material: str
    title: str
    citation: dict[str, Any]
    question: str
    desk: DeskOf
    library: Names
    submitted_at: str
    stage: int
    answer_kind: str
    answered_at: str | None
    rating: str
    rating_comment: str
    show_title: bool
    clock: ConsultationClock
    next: NextStep


class AskedConsultation(Struct):
    """``again``: the same waited already, and this is it."""

    consultation: ConsultationView
    again: bool


class Place(Struct):
    """Where a list goes on."""

    before: str
    before_id: str


class Consultations(Struct):
    """A page of the reader's consultations, newest first."""

    consultations: list[ConsultationView]
    next: Place | None


class StepView(Struct):
    """Something that happened to it, in words; it names nobody."""

    kind: str
    text: str
    at: str


class DeliveredFile(Struct):
    """A delivered file; its address needs no log-in and is good until ``until`` (R-ANS.5)."""

    name: str
    size: int
    url: str
    until: str
    over: bool


class VersionView(Struct):
    """One version of the answer; the first of a list is in force."""

    id: str
    version: int
    kind: str
    delivery: str
    body: str
    link_url: str
    document: dict[str, Any]
    files: list[DeliveredFile]
    sent_at: str | None


class OwnFile(Struct):
    """A file that the reader attached."""

    id: str
    name: str
    size: int


class StoryView(Struct):
    """A consultation from its submission to what happens next."""

    consultation: ConsultationView
    steps: list[StepView]
    answers: list[VersionView]
    files: list[OwnFile]
    mails_failed: list[str]
    mails_late: list[str]  # not delivered yet, and tried again


class PhoneKept(Struct):
    """A phone consultation that was written down."""

    id: str
    state: str
