"""Bodies of the HTTP API, as msgspec structs: the OpenAPI document is made from them."""

from typing import Annotated

from msgspec import Meta, Struct, field

from server.domain.chat import RATINGS, EndReason, Outcome, QuestionType, State
from server.domain.duty import AwayReason
from server.wire.choices import Availabilities, Language, Rating, TopicName, one_of
from server.wire.frames import Ev
from server.wire.server_frames import Away

Text = Annotated[str, Meta(max_length=20_000)]
Short = Annotated[str, Meta(max_length=300)]
Tag = Annotated[str, Meta(max_length=60)]
ClientId = Annotated[str, Meta(min_length=1, max_length=40, pattern=r"^[0-9A-Za-z_\-]+$")]


class Names(Struct):
    """A name in both languages."""

    zh: str
    en: str


# ── what clients send ──


class OpenSession(Struct):
    """Open a conversation; ``visitor``: an earlier secret, or one newly made; ``client_id`` names the first message."""

    topic: Annotated[TopicName, Meta(max_length=60)]
    question: Text
    client_id: ClientId
    language: Annotated[Language, Meta(max_length=60)] = "zh"
    page_url: Annotated[str, Meta(max_length=4000)] = ""
    page_title: Annotated[str, Meta(max_length=1000)] = ""
    visitor: Annotated[str, Meta(max_length=100, pattern=r"^(.{20,})?$")] = ""
    name: Short = ""
    previous_id: Tag = ""
    practice: Annotated[str, Meta(max_length=100)] = ""


class Rate(Struct):
    """The reader's rating: satisfied, fair or unsatisfied."""

    rating: Rating
    comment: Text = ""


class MailTo(Struct):
    """Where to send the transcript."""

    mail: Short
    language: Tag = ""


class AskQuestion(Struct):
    """A form question or phone call-back; from a conversation, what was said is the question unless given."""

    client_id: ClientId
    kind: Annotated[str, Meta(max_length=60), one_of("form", "knowledge", "phone")] = "form"
    topic: Annotated[TopicName, Meta(max_length=60)] = "reference"
    question: Text = ""
    language: Annotated[Language, Meta(max_length=60)] = "zh"
    name: Short = ""
    mail: Short = ""
    phone: Tag = ""


class ReferDocument(Struct):
    """A document request in the reader's name (R-LIVE.4); ``citation`` holds the fields, ``material`` among them."""

    client_id: ClientId
    citation: Annotated[dict[str, Annotated[str, Meta(max_length=4000)]], Meta(max_length=40)] = field(
        default_factory=dict
    )
    question: Text = ""
    mail: Short = ""
    language: Tag = "zh"


class KnownDocument(Struct):
    """The document that the reader named in the conversation, and a link for the reader to ask for it."""

    citation: dict[str, str]
    request_url: str


class Invite(Struct):
    """Bring in a colleague."""

    staff_id: Tag


class TransferTo(Struct):
    """Pass the conversation on: to a person, a desk or support; ``id`` is the person's or the desk's."""

    to: Annotated[str, Meta(max_length=60), one_of("person", "desk", "support")]
    reason: Text
    id: Tag = ""


class EndForAbuse(Struct):
    """End the conversation and bar the reader for some hours."""

    reason: Text
    hours: int = 24


class PassDocument(Struct):
    """Pass on a document by link or by an uploaded file."""

    title: Short
    url: Annotated[str, Meta(max_length=1000)] = ""
    file_id: Tag = ""


class CountedFile(Struct):
    """A file that staff sent like any message, and that counts as a document passed on (R-LIVE.5)."""

    file_id: Tag
    title: Short


class WrapUpRecord(Struct):
    """The record that archives a session (R-LIVE.5); ``documents`` come from the desk view's ``uncounted_files``."""

    question_type: Annotated[str, Meta(max_length=60), one_of(*QuestionType)]
    effort: Annotated[int, Meta(extra_json_schema={"minimum": 1, "maximum": 6})]
    outcome: Annotated[str, Meta(max_length=60), one_of(*Outcome)]
    typical_case: bool = False
    note: Text = ""
    documents: Annotated[list[CountedFile], Meta(max_length=100)] = field(default_factory=list)


# ── what we answer ──


class HolderView(Struct):
    """Who answers."""

    name: str
    library: Names


class SessionView(Struct):
    """A conversation as its reader sees it; ``wait_seconds`` is null where there is no ground for a figure."""

    id: str
    desk: str
    topic: TopicName
    state: Annotated[str, one_of(*State)]
    language: Language
    created_at: str
    position: int
    wait_seconds: int | None
    on_duty: int
    holder: HolderView | None
    last_seq: int
    rating: Annotated[str, one_of("", *RATINGS)]
    previous_id: str
    end_reason: Annotated[str, one_of("", *EndReason)]
    request_url: str  # a page to ask for a document on, which takes the conversation along (R-LIVE.4)


class OpenedSession(Struct):
    """A conversation, and what proves its reader: ``token`` until ``expires_at``, ``visitor`` as long as it is kept."""

    session: SessionView
    visitor: str
    token: str
    expires_at: str


class FreshToken(Struct):
    """A renewed conversation token."""

    token: str
    expires_at: str


class Events(Struct):
    """A stretch of a conversation, in order; its events are those of the socket protocol."""

    events: list[Ev]
    last_seq: int


class FileView(Struct):
    """A file in a conversation."""

    id: str
    name: str
    kind: str
    size: int
    url: str


class UploadView(Struct):
    """A file on its way: ``offset`` bytes have arrived; ``url`` is told with the last piece, once."""

    id: str
    name: str
    kind: str
    size: int
    offset: int
    whole: bool
    url: str


class Kept(Struct):
    """Something was stored under this id."""

    id: str


class ParticipantView(Struct):
    """Somebody in a conversation and how far they have read."""

    id: str
    name: str
    kind: str
    delivered: int
    read: int
    left: bool


class DeskLine(Struct):
    """A desk with its library."""

    id: str
    slug: str
    name: Names
    library: Names


class SessionCard(Struct):
    """A conversation in the console's lists."""

    id: str
    state: Annotated[str, one_of(*State)]
    topic: TopicName
    language: Language
    reader_name: str
    reader_kind: str
    reader_away: Away | None
    desk: DeskLine
    question: str
    page_url: str
    page_title: str
    queued_at: str
    accepted_at: str | None
    ended_at: str | None
    end_reason: str
    last_seq: int
    last_staff_seq: int
    unread: int
    documents: int
    wrap_up_due_at: str | None
    practice: bool
    previous_id: str
    role: str
    rating: str
    participants: list[ParticipantView]


class OfferView(Struct):
    """A conversation offered to this librarian."""

    offer_id: str
    session: SessionCard
    expires_at: str
    seconds: float


class DutyView(Struct):
    """What the librarian offers, and why they are away."""

    availability: Availabilities
    away_reason: Annotated[str, one_of(*AwayReason)]
    capacity: int
    load: int
    topics: list[TopicName]
    languages: list[Language]
    version: int


class Me(Struct):
    """The librarian at this console."""

    id: str
    name: str
    roles: list[str]
    library: Names
    language: str


class ColleagueView(Struct):
    """A colleague who may be invited."""

    id: str
    name: str
    library: Names
    availability: str
    present: bool


class ConsoleView(Struct):
    """Everything the console draws from; refetched when ``duty.version`` moves."""

    me: Me
    duty: DutyView
    offers: list[OfferView]
    sessions: list[SessionCard]
    overdue_wrap_ups: list[SessionCard]
    colleagues: list[ColleagueView]
    csrf: str
    now: str


class EarlierView(Struct):
    """An earlier session of the same reader."""

    id: str
    at: str
    topic: str
    question: str
    outcome: str


class LibraryCard(Struct):
    """The home-library card of the reader's desk."""

    library: Names
    city: str
    address: str
    phone: str
    website: str
    hours: Names
    policy: Names
    checked_at: str | None
    open_now: bool


class DocumentView(Struct):
    """A document passed on."""

    id: str
    title: str
    url: str
    at: str


class SentFileView(Struct):
    """A file that staff sent like any message."""

    id: str
    name: str
    url: str
    at: str


class DeskViewBody(Struct):
    """The page behind a conversation."""

    card: SessionCard
    earlier: list[EarlierView]
    library_card: LibraryCard
    documents: list[DocumentView]
    documents_limit: int
    uncounted_files: list[SentFileView]  # may count as documents with the record


class ArchivedTalk(Events):
    """A stretch of a past conversation, and the documents passed on in all of it."""

    documents: list[DocumentView]


class ArchiveLine(Struct):
    """A past conversation."""

    id: str
    at: str
    created_at: str
    topic: str
    question: str
    desk: Names
    state: str
    outcome: str
    rating: str
    documents: int


class Archive(Struct):
    """Past conversations, newest first; ask again with ``before`` = the last ``created_at``."""

    sessions: list[ArchiveLine]
    more: bool
