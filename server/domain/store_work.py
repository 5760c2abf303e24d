"""The store keeper's work as lists: what is to be picked on which walk, packed, labelled, put back (R-LOAN.6)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from server.domain.errors import Invalid
from server.domain.labels import along_shelves
from server.domain.loan_rows import LoanOrder, Parcel
from server.domain.loans import Stage

TROLLEY = 20  # books that one walk brings
SOON = timedelta(hours=4)  # an order due by then is walked for first
CODE_LIMIT = 60
NOTE_LIMIT = 200
COMING = frozenset({Stage.REQUESTED, Stage.FETCHING, Stage.RETRIEVED, Stage.TO_PICK})
TO_PICK = frozenset({Stage.RETRIEVED, Stage.TO_PICK})
BACK = frozenset({Stage.RECEIVED, Stage.INSPECTED, Stage.PUTTING_BACK, Stage.RECALLED})


class Step(StrEnum):
    """At which step a scan was made."""

    PICK = "pick"
    PACK = "pack"
    RECEIVE = "receive"
    PUT_BACK = "put_back"


class Condition(StrEnum):
    """How a book came back."""

    OK = "ok"
    DAMAGED = "damaged"
    INCOMPLETE = "incomplete"


@dataclass(frozen=True, slots=True)
class Finding:
    """How a returned book was found."""

    condition: Condition
    note: str = ""


@dataclass(frozen=True, slots=True)
class CodeScan:
    """A code scanned at a step of a store's work; ``expected`` empty where the book's own barcode is to prove it."""

    store_id: str
    step: Step
    scanned: str
    right: bool
    expected: str = ""


@dataclass(frozen=True, slots=True)
class WorkLine:
    """One book on a work list, with what a store keeper needs of its order."""

    line_id: str
    order_id: str
    number: str
    way: str
    slot_text: str
    due_at: datetime
    title: str
    authors: str
    stage: Stage
    stage_at: datetime
    item_id: str
    barcode: str
    location: str
    tote: str
    call_number: str
    parcel_id: str
    record_id: int
    station: str = ""  # where the machine has brought it

    @property
    def place(self) -> str:
        """Where to go for it."""
        return self.station or self.location


@dataclass(frozen=True, slots=True)
class Walk:
    """What one trolley brings: books along the shelves, those of urgent orders before the others."""

    number: int
    urgent: bool
    lines: tuple[WorkLine, ...]


@dataclass(frozen=True, slots=True)
class ToPack:
    """An order at a store: its picked books, and how many more are on their way to the bench."""

    order: LoanOrder
    lines: tuple[WorkLine, ...]
    coming: int
    packed_scans: frozenset[str] = frozenset()  # lines scanned once more at the bench


@dataclass(frozen=True, slots=True)
class Bundle:
    """A parcel with its order and the books in it."""

    parcel: Parcel
    order: LoanOrder
    lines: tuple[WorkLine, ...]


@dataclass(frozen=True, slots=True)
class Stray:
    """A book that the machine brought and nobody waits for any more."""

    command_id: str
    item_id: str
    barcode: str
    tote: str
    title: str
    state: str
    brought_at: datetime


@dataclass(frozen=True, slots=True)
class Work:
    """Everything that waits at a store."""

    walks: tuple[Walk, ...] = ()
    pack: tuple[ToPack, ...] = ()
    label: tuple[Bundle, ...] = ()
    hand_over: tuple[Bundle, ...] = ()
    hold: tuple[Bundle, ...] = ()
    returns: tuple[Bundle, ...] = ()
    inspect: tuple[WorkLine, ...] = ()
    put_back: tuple[WorkLine, ...] = ()
    strays: tuple[Stray, ...] = ()
    on_the_way: tuple[Bundle, ...] = ()  # with the library's own courier
    counts: dict[str, int] = field(default_factory=dict)


def walks(lines: Iterable[WorkLine], now: datetime, *, trolley: int = TROLLEY) -> tuple[Walk, ...]:
    """Trolleys of books: urgent orders first, each walk along the shelves, what stands at a pick station together."""
    urgent: list[WorkLine] = []
    calm: list[WorkLine] = []
    for line in lines:
        (urgent if line.due_at - now <= SOON else calm).append(line)
    trolleys: list[tuple[bool, Sequence[WorkLine]]] = []
    for some, is_urgent in ((urgent, True), (calm, False)):
        some.sort(
            key=lambda line: (not line.station, along_shelves(line.place), line.call_number, line.barcode)
        )
        trolleys += [(is_urgent, some[start : start + trolley]) for start in range(0, len(some), trolley)]
    return tuple(
        Walk(number, is_urgent, tuple(some)) for number, (is_urgent, some) in enumerate(trolleys, start=1)
    )


def read_code(text: str, field: str = "code") -> str:
    """What a hand scanner typed, without blanks and the characters that some put around it. Raises Invalid."""
    code = "".join(char for char in text if char.isprintable()).strip().strip("*").strip()
    if not code:
        raise Invalid("scan_empty", field)
    if len(code) > CODE_LIMIT:
        raise Invalid("scan_too_long", field, limit=CODE_LIMIT)
    return code


def same_code(scanned: str, expected: str) -> bool:
    """Whether a scan is the expected code; scanners and labels differ in case only."""
    return bool(expected) and scanned.casefold() == expected.casefold()
