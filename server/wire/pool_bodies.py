"""Bodies of the HTTP API about the task pool."""

from typing import Annotated, Any

from msgspec import Meta, Struct, field

from server.wire.bodies import Names

Place = Annotated[str, Meta(max_length=2000)]
Long = Annotated[str, Meta(max_length=20_000)]


class Nothing(Struct):
    """No fields."""


class SearchedPlace(Struct):
    """A place where one looked, and why the document was not to be had there."""

    place: Place = ""
    outcome: Annotated[str, Meta(max_length=40)] = ""
    note: Place = ""


class HandBack(Struct):
    """Give a task back, with where one has looked (R-72.2)."""

    claim_number: int
    entries: Annotated[list[SearchedPlace], Meta(max_length=30)] = field(default_factory=list)


class GivenDocument(Struct):
    """What the document is that is given; compared with the request field by field (R-72.2)."""

    title: Place = ""
    author: Place = ""
    source: Place = ""
    date: Place = ""


class Content(Struct):
    """An answer as it is being written: kind exact, similar, not_found, text; delivery attachment, link, mail_body.

    ``same_anyway``: it is the very document although a field differs, for the ``reason`` given. ``link_opened``: you
    have opened a link of which no machine can tell. ``reviewer_id``: whom an intern wants to release it, nobody
    needs to be named.
    """

    kind: Annotated[str, Meta(max_length=20)] = "exact"
    delivery: Annotated[str, Meta(max_length=20)] = ""
    body: Annotated[str, Meta(max_length=60_000)] = ""
    link_url: Place = ""
    document: GivenDocument = field(default_factory=GivenDocument)
    file_ids: Annotated[list[Annotated[str, Meta(max_length=60)]], Meta(max_length=50)] = field(
        default_factory=list
    )
    reason: Long = ""
    citation_only: bool = False
    abstract_only: bool = False
    name_changed: bool = False
    same_anyway: bool = False
    link_opened: bool = False
    reviewer_id: Annotated[str, Meta(max_length=26)] = ""


class DraftBody(Struct):
    """An answer as it is being written, under the number of one's claim."""

    claim_number: int
    content: Content


class Decision(Struct):
    """What a full librarian says to an intern's answer."""

    comment: Long = ""


class Correction(Struct):
    """A better version of an answer that was sent."""

    content: Content


class Person(Struct):
    """A member of staff by name."""

    id: str
    name: str


class DeskNames(Struct):
    """A desk and its library by their names."""

    id: str
    name: Names
    library: Names


class PoolRowView(Struct):
    """A task in a list; ``strict_until_at`` is when the clock of the longest wait passes 72 h."""

    id: str
    state: str
    channel: str
    material: str
    title: str
    language: str
    foreign: bool
    desk: DeskNames
    stage: str
    clock_from_at: str
    strict_until_at: str
    readers: int
    opened_at: str | None
    holder: Person | None
    lease_ends_at: str | None
    trail: int
    in_catalogue: bool
    handed_back: bool
    reviewer: Person | None  # named by an intern to release the answer (R-ORG.5)


class PoolCounts(Struct):
    """How many tasks stand at each stage, are held by the actor, or wait for a release."""

    new: int = 0
    due_soon: int = 0
    escalated: int = 0
    overdue: int = 0
    mine: int = 0
    release: int = 0
    claims_held: int = 10  # how many one person may hold


class PoolPageView(Struct):
    """A page of the pool; ``next`` goes into ``after`` of the next request."""

    rows: list[PoolRowView]
    next: str
    counts: PoolCounts


class RefusalView(Struct):
    """Why something may not be done, in the actor's language."""

    code: str
    rule: str
    message: str
    field: str


class OptionView(Struct):
    """One kind of answer at this moment: for how many readers it is lawful, and else why not and until when."""

    kind: str
    allowed: int
    of: int
    refusal: RefusalView | None
    until: str | None
    alternative: str
    phrase: str
    phrase_text: str
    needs_reason: bool
    rule: str


class WaitingView(Struct):
    """One reader's clock; never who they are."""

    id: str
    state: str
    stage: str
    submitted_at: str
    strict_until_at: str
    late: bool


class TrailView(Struct):
    """Where somebody has looked already."""

    place: str
    outcome: str
    note: str
    by: str
    claim_number: int
    at: str


class ClaimView(Struct):
    """Who held the task, and how that ended."""

    by: str
    number: int
    claimed_at: str
    ended_at: str | None
    outcome: str


class FileView(Struct):
    """A file of a request or an answer."""

    id: str
    name: str
    kind: str
    size: int
    url: str


class AnswerView(Struct):
    """One version of an answer."""

    id: str
    version: int
    state: str
    kind: str
    delivery: str
    body: str
    link_url: str
    document: dict[str, Any]
    files: list[FileView]
    by: str
    reviewer: str
    comment: str
    reason: str
    sent_at: str | None
    created_at: str


class DraftView(Struct):
    """What somebody has typed; of others only when their lease had ended."""

    by: str
    content: dict[str, Any]
    late: bool
    updated_at: str


class Contact(Struct):
    """How to reach the reader; shown to who holds the task, where it has to be answered by phone."""

    name: str
    phone: str


class TaskRequest(Struct):
    """What the readers ask for."""

    citation: dict[str, Any]
    question: str
    transcript: str
    topic: str
    files: list[FileView]
    contact: Contact | None
    consultations: list[WaitingView]


class TaskView(Struct):
    """A task with all that a librarian needs to work on it."""

    row: PoolRowView
    claim_number: int
    held: bool
    intern: bool
    request: TaskRequest
    trail: list[TrailView]
    claims: list[ClaimView]
    options: list[OptionView]
    draft: DraftView | None
    late_drafts: list[DraftView]
    answers: list[AnswerView]
    mails_failed: int  # to readers of this task
    mails_late: int  # tried, and tried again
    phrases: dict[str, str]
    may_release: bool
    reviewers: list[Person]  # whom an intern may name


class Claimed(Struct):
    """A claim: its number goes with everything that is done under it."""

    claim_number: int


class DraftKept(Struct):
    """Whether the task is still held under this claim."""

    held: bool


class ComparedField(Struct):
    """A field of the document beside the same field of the request: agree, differ, missing, unasked."""

    field: str
    asked: str
    given: str
    verdict: str


class GradedView(Struct):
    """The grade that the answer would get with so many of its readers, with the row and the facts behind it."""

    grade: str
    row: str
    if_rated_satisfied: str
    findings: list[dict[str, str]]
    readers: int


class PreviewView(Struct):
    """An answer before it is sent."""

    allowed: int
    of: int
    problems: list[RefusalView]
    body_as_sent: str
    comparison: list[ComparedField]
    grades: list[GradedView]


class AnswerKept(Struct):
    """What became of an answer: sent, or proposed for its release."""

    id: str
    state: str
    version: int
