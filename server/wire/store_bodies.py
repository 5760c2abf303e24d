"""Bodies of the HTTP API of stores: work lists, scans, parcels, shelves, figures; and of couriers."""

from typing import Annotated

from msgspec import Meta, Struct, field

from server.wire.bodies import Names

Id = Annotated[str, Meta(max_length=40)]
Code = Annotated[str, Meta(max_length=200)]
Text = Annotated[str, Meta(max_length=500)]


class PushTaken(Struct):
    """How many reports were of parcels that are known here."""

    known: int


class StoreView(Struct):
    """A store; ``kind`` smart or ordinary, ``tier`` centre or district."""

    id: str
    code: str
    name: Names
    kind: str
    tier: str


class LineView(Struct):
    """A book on a list. ``place`` is where to go: the pick station of a machine, or the location."""

    line: str
    order: str
    number: str
    way: str
    slot: str
    due_at: str
    title: str
    authors: str
    stage: str
    stage_at: str
    barcode: str
    place: str
    location: str
    station: str
    tote: str
    call_number: str


class WalkView(Struct):
    """What one trolley brings."""

    number: int
    urgent: bool
    lines: list[LineView]


class PackView(Struct):
    """An order at the bench; ``coming`` books are still on their way, ``scanned`` lines lie in the box."""

    order: str
    number: str
    way: str
    name: str
    due_at: str
    coming: int
    lines: list[LineView]
    scanned: list[str]
    parcel: str = ""


class ParcelView(Struct):
    """A parcel with its books; ``recalled`` says that one of them must come out first."""

    parcel: str
    order: str
    number: str
    direction: str
    state: str
    courier: str
    waybill: str
    items: int
    way: str
    name: str
    slot: str
    due_at: str
    made_at: str
    confirm_due_at: str | None
    recalled: bool
    lines: list[LineView]


class StrayView(Struct):
    """What the machine brought and nobody waits for."""

    command: str
    barcode: str
    tote: str
    title: str
    state: str
    brought_at: str


class WorkView(Struct):
    """Everything that waits at a store."""

    store: StoreView
    counts: dict[str, int]
    walks: list[WalkView]
    pack: list[PackView]
    label: list[ParcelView]
    hand_over: list[ParcelView]
    hold: list[ParcelView]
    returns: list[ParcelView]
    inspect: list[LineView]
    put_back: list[LineView]
    strays: list[StrayView]
    on_the_way: list[ParcelView]


class Stores(Struct):
    """The stores where one works."""

    stores: list[StoreView]


class PickScan(Struct):
    """A scan at shelf or station for a line of the walk."""

    line: Id
    code: Code


class LineOnly(Struct):
    """Which book."""

    line: Id


class PackScan(Struct):
    """A scan at the bench; ``order`` is the one that lies there."""

    code: Code
    order: Id = ""


class PackOrder(Struct):
    """Close the parcel; ``part``: without the books that are still coming."""

    order: Id
    part: bool = False


class ParcelOnly(Struct):
    """Which parcel."""

    parcel: Id


class HandOverScan(Struct):
    """A waybill or order number, and the batch that is handed over."""

    code: Code
    batch: Annotated[str, Meta(min_length=1, max_length=26)]


class CodeOnly(Struct):
    """What was scanned."""

    code: Code


class RoundScan(Struct):
    """What became of a parcel that our own people carry: delivered, refused, sent_back."""

    code: Code
    outcome: Annotated[str, Meta(max_length=20)]


class Inspection(Struct):
    """How a book has come back: ok, damaged, incomplete."""

    line: Id
    condition: Annotated[str, Meta(max_length=20)]
    note: Text = ""


class PutBack(Struct):
    """Put a book back; without a location the machine is told to."""

    line: Id
    location: Code = ""
    move: bool = False


class StageView(Struct):
    """Where a line stands now."""

    line: str
    order: str
    stage: str
    barcode: str
    title: str
    location: str


class ShelfItem(Struct):
    """Put a book on the shelf; ``number``: control number or ISBN of a book that is not known yet."""

    barcode: Code
    location: Annotated[str, Meta(max_length=100)] = ""
    tote: Annotated[str, Meta(max_length=100)] = ""
    number: Annotated[str, Meta(max_length=100)] = ""
    new: bool = False


class OffShelf(Struct):
    """Take a book off: unshelved, moving (to another store), withdrawn, damaged, missing."""

    code: Code
    reason: Annotated[str, Meta(max_length=20)]
    note: Text = ""


class Relocation(Struct):
    """Give a book another place."""

    code: Code
    location: Annotated[str, Meta(max_length=100)]
    tote: Annotated[str, Meta(max_length=100)] = ""


class ItemView(Struct):
    """A book as it stands."""

    item: str
    barcode: str
    title: str
    state: str
    store: str
    location: str
    tote: str
    note: str
    fresh: bool


class ItemList(Struct):
    """A list as text; see the columns in the manual."""

    text: Annotated[str, Meta(max_length=200_000)]
    good_only: bool = False
    new: bool = False


class ListFault(Struct):
    """What is wrong with one field of one line."""

    line: int
    field: str
    code: str
    message: str


class ItemListDone(Struct):
    """What became of a list; ``imported`` false: nothing was changed."""

    imported: bool
    lines: int
    added: int
    moved: int
    kept: int
    bad: int
    faults: list[ListFault] = field(default_factory=list)


class TargetView(Struct):
    """A figure against its target; ``met`` is null where there is nothing to judge."""

    name: str
    value: float
    target: float
    binding: str
    rule: str
    met: bool | None
    basis: int


class WantedView(Struct):
    """A title for which readers wait, with the copies that the alliance and this store have."""

    record: int
    title: str
    readers: int
    since: str
    copies: int
    here: int


class HoldingsView(Struct):
    """The figures of a store (R-LOAN.2, R-LOAN.5), and what readers wait for (R-LOAN.6)."""

    store: StoreView
    states: dict[str, int]
    idle: int
    figures: list[TargetView]
    sent: int
    faulty: int
    scans: int
    wrong_scans: int
    since: str
    until: str
    wanted: list[WantedView]
