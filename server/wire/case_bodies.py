"""Bodies of the HTTP API about cases, the review of orders, and notices."""

from typing import Annotated

from msgspec import Meta, Struct, field

from server.wire.bodies import Names

Id = Annotated[str, Meta(max_length=60)]
ClientId = Annotated[str, Meta(min_length=1, max_length=40, pattern=r"^[0-9A-Za-z_\-]+$")]
Long = Annotated[str, Meta(max_length=20_000)]
Short = Annotated[str, Meta(max_length=300)]


class Complain(Struct):
    """What a reader asks or complains about: ``kind`` question, complaint or wrong_item, an order or none."""

    client_id: ClientId
    text: Long
    kind: Id = "question"
    order_id: Id = ""
    line_id: Id = ""


class TakeDown(Struct):
    """What an agent took down on the phone, or out of the live conversation ``session_id``."""

    client_id: ClientId
    text: Long
    kind: Id = "question"
    order_number: Short = ""
    session_id: Id = ""


class Write(Struct):
    """What a manager or agent writes to the reader of an order, or to a reader of theirs."""

    client_id: ClientId
    text: Long
    order_id: Id = ""
    reader_id: Id = ""


class Say(Struct):
    """A message or note; ``client_id`` is the sender's own name for it, kept over resends."""

    client_id: ClientId
    text: Long


class Reason(Struct):
    """Why."""

    reason: Long = ""


class Close(Struct):
    """What came of the case; the reader reads it."""

    outcome: Long


class CaseRating(Struct):
    """The reader's rating: satisfied, fair or unsatisfied."""

    rating: Id


class DoDeed(Struct):
    """What is done about books of the case's order, and why; the reader reads the reason."""

    reason: Long
    line_ids: Annotated[list[Id], Meta(max_length=50)] = field(default_factory=list)


class GiveCoupon(Struct):
    """A freight coupon for the reader; 0 cents waive all postage."""

    reason: Long
    cents: int = 0


class Judge(Struct):
    """Whether a complaint proved true, and the store whose mistake it was."""

    confirmed: bool
    fault_store_id: Id = ""


class CaseView(Struct):
    """A case; ``title`` is in the asker's language."""

    id: str
    number: str
    order_id: str
    line_id: str
    store_id: str
    channel: str
    kind: str
    state: str
    title: str
    opened_at: str
    holder_id: str
    reply_due_at: str | None
    missed: int
    confirmed: bool | None
    closed_at: str | None
    outcome: str
    rating: str
    messages: int


class CaseLineView(Struct):
    """A line of a case; ``number`` is below 0 where only staff see it."""

    number: int
    client_id: str
    author_kind: str
    author_name: str
    kind: str
    text: str
    at: str


class CasePageView(Struct):
    """A case with what was said, and who has it open at this moment."""

    case: CaseView
    lines: list[CaseLineView]
    holder: str
    reader_here: bool
    staff_here: bool


class CouponGiven(Struct):
    """The code that the reader uses it with."""

    code: str


class StoryEventView(Struct):
    """One event of an order's time line, in words; ``mouth`` house, machine or courier."""

    number: int
    mouth: str
    kind: str
    text: str
    line_id: str
    by: str
    at: str
    source_at: str | None
    public: bool


class ReviewLineView(Struct):
    """One book of an order under review."""

    id: str
    record_id: int
    title: str
    state: str


class ReviewOrderView(Struct):
    """An order as managers see it; ``why_review``: what people have to look at, by its word."""

    id: str
    number: str
    reader_id: str
    name: str
    way: str
    state: str
    why_review: list[str]
    reason: str
    placed_at: str
    dispatch_due_at: str
    lines: list[ReviewLineView]


class ReviewPageView(Struct):
    """A stretch of orders; ``counts`` by tab; ``next`` goes on after it."""

    orders: list[ReviewOrderView]
    counts: dict[str, int]
    next: str


class OrderStoryView(Struct):
    """Everything that has happened to an order, as it arrived."""

    order: ReviewOrderView
    events: list[StoryEventView]
    cases: list[CaseView]


class ShownNotice(Struct):
    """What all readers are told now; ``stops`` while no orders are taken."""

    id: str
    kind: str
    title: Names
    text: Names
    stops: bool


class PutUpNotice(Struct):
    """A notice: ``kind`` notice, suspension or news; moments as ISO 8601, empty from: now, empty until: open end."""

    title_zh: Short
    kind: Id = "notice"
    library_id: Id = ""
    title_en: Short = ""
    text_zh: Long = ""
    text_en: Long = ""
    shown_from: Short = ""
    shown_until: Short = ""
    stops_orders: bool = False


class NoticeKept(Struct):
    """A notice was put up or changed."""

    id: str
