"""Bodies of the HTTP API about a reader's loans."""

from typing import Annotated

from msgspec import Meta, Struct

from server.wire.bodies import ClientId, Names, Short, Tag

Lines = Annotated[list[Tag], Meta(max_length=50)]
Code = Annotated[str, Meta(max_length=30)]
Note = Annotated[str, Meta(max_length=1000)]


# ── what clients send ──


class KeepTitle(Struct):
    """A title for one of the reader's lists: cart, saved or asked."""

    record: int


class KeepAddress(Struct):
    """Where parcels shall go; ``default``: the usual one."""

    name: Short
    phone: Tag
    line: Short
    region: Short = ""
    default: bool = False


class PlaceOrder(Struct):
    """An order of titles. ``client_id`` names one press of the button; ``slot`` is the id of a time on offer."""

    client_id: ClientId
    records: Annotated[list[int], Meta(max_length=50)]
    way: Tag
    address: Tag = ""
    slot: Tag = ""
    coupon: Code = ""
    note: Note = ""


class CancelLines(Struct):
    """Which books are no longer wanted; none named: the whole order."""

    lines: Lines = []
    reason: Note = ""


class RenewLine(Struct):
    """Which book to keep longer."""

    line: Tag


class BookReturn(Struct):
    """Books that a courier shall fetch; none named: all that are on loan. ``pickup`` is the id of a time on offer."""

    address: Tag
    pickup: Tag
    lines: Lines = []


class KeepLines(Struct):
    """Books whose return is taken back; none named: all."""

    lines: Lines = []


class CommentTitle(Struct):
    """What a reader says about a title."""

    text: Annotated[str, Meta(max_length=4000)]


class Suggest(Struct):
    """A wish or suggestion for the library."""

    client_id: ClientId
    text: Annotated[str, Meta(max_length=8000)]


class SetCard(Struct):
    """A reader's card: kind city or neighbourhood; group elder, child, disabled, remote or none; why barred."""

    kind: Tag
    group: Tag = ""
    barred: Short = ""


# ── what we answer ──


class StoreCopiesView(Struct):
    """Copies in one store."""

    store: str
    name: Names
    free: int
    out: int


class TitleView(Struct):
    """A title: ``free`` of ``copies`` can be had now; ``lists`` of the reader on which it stands."""

    record: int
    title: str
    authors: str
    publisher: str
    date: str
    isbns: list[str]
    class_number: str
    cover: str
    free: int
    copies: int
    stores: list[StoreCopiesView]
    lists: list[str]


class TitlesView(Struct):
    """A page of titles; ``next`` is a cursor, 0 at the end."""

    titles: list[TitleView]
    total: int
    more: bool
    next: int


class ClassView(Struct):
    """A class of the Chinese Library Classification with its number of titles."""

    code: str
    name: Names
    titles: int


class CommentView(Struct):
    """What a reader said about a title."""

    id: str
    record: int
    by: str
    text: str
    at: str


class TitlePageView(Struct):
    """One title with comments, and other records of it that have copies."""

    title: TitleView
    comments: list[CommentView]
    others: list[TitleView]


class NoticeView(Struct):
    """What all readers are told; ``stops`` while no orders are taken."""

    id: str
    kind: str
    title: Names
    text: Names
    since: str
    until: str | None
    stops: bool


class CardView(Struct):
    """What a reader may borrow; ``held`` counts items ordered and not yet back."""

    kind: str
    group: str
    limit: int
    held: int
    free: int
    barred: str
    loan_days: int


class CartView(Struct):
    """The reader's lists and card."""

    cart: list[TitleView]
    saved: list[TitleView]
    asked: list[TitleView]
    card: CardView


class AddressView(Struct):
    """An address of the reader's."""

    id: str
    name: str
    phone: str
    region: str
    line: str
    default: bool


class OpeningView(Struct):
    """A time on offer: ``left`` orders fit in."""

    id: str
    day: str
    clock: str
    place: str
    left: int


class CouponView(Struct):
    """A coupon on offer; ``cents`` are taken off the postage, 0 waives it."""

    code: str
    name: Names
    cents: int
    until: str


class OrderStepView(Struct):
    """What can be chosen from when ordering; ``suggested`` is the coupon that saves most."""

    card: CardView
    addresses: list[AddressView]
    delivery: list[OpeningView]
    collection: list[OpeningView]
    coupons: list[CouponView]
    suggested: str
    postage_cents: int
    stopped: NoticeView | None


class OwnLineView(Struct):
    """A book of an order: ``stage`` as docs/loans.md has it, in words as ``said``; what its reader may do."""

    id: str
    record: int
    title: str
    authors: str
    stage: str
    said: str
    lent_at: str | None
    due_at: str | None
    overdue: bool
    renewals: int
    can_renew: bool
    can_return: bool
    can_cancel: bool


class OrderView(Struct):
    """An order as its reader sees it; ``last`` is the number of its last event (topic ``order/<id>``)."""

    id: str
    number: str
    state: str
    said: str
    way: str
    address: str
    slot: str
    postage_cents: int
    note: str
    reason: str
    placed_at: str
    dispatch_due_at: str
    last: int
    lines: list[OwnLineView]


class EventView(Struct):
    """One thing that happened to an order, in words."""

    number: int
    kind: str
    by: str
    line: str
    text: str
    at: str


class OrderStoryView(Struct):
    """An order and what happened to it, as its reader is told."""

    order: OrderView
    events: list[EventView]


class Place(Struct):
    """Where a list goes on."""

    before: str
    before_id: str


class MyOrdersView(Struct):
    """A reader's books at home, orders under way, and past ones page by page."""

    at_home: list[OwnLineView]
    under_way: list[OrderView]
    over: list[OrderView]
    more: Place | None
    card: CardView


class PickupView(Struct):
    """A time at which a courier can come."""

    id: str
    day: str
    clock: str


class BookedReturn(Struct):
    """A parcel that a courier will fetch."""

    parcel: str
    courier: str
    waybill: str
    pickup: str
