"""What stands on labels, lists and slips of a store (R-LOAN.6): values to be printed, free of tables and orders."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from server.domain.errors import Invalid

CODE_LIMIT = 30  # what a code 128 of a label's width still holds when printed at 203 dots an inch
_CODE = re.compile(r"[\x21-\x7e]+(?: [\x21-\x7e]+)*")
_NUMBERS = re.compile(r"(\d+)")


class Mark(StrEnum):
    """What must be seen from afar on a parcel."""

    NONE = ""
    FRAGILE = "fragile"
    COLLECTION = "collection"  # it goes to the hold shelf, not to a courier


@dataclass(frozen=True, slots=True)
class Label:
    """A parcel's label: to whom, from where, under which numbers. An empty waybill leaves room to write."""

    order_number: str
    to_name: str
    to_address: str
    from_store: str
    to_phone: str = ""
    from_address: str = ""
    from_phone: str = ""
    waybill: str = ""
    slot: str = ""  # when it is to be brought, in words
    items: int = 0
    mark: Mark = Mark.NONE


@dataclass(frozen=True, slots=True)
class PackedItem:
    """A line of a packing list or a hold slip."""

    title: str
    barcode: str
    author: str = ""
    due_on: date | None = None


@dataclass(frozen=True, slots=True)
class PackingList:
    """What lies in a parcel."""

    order_number: str
    reader: str
    store: str
    packed_on: date
    items: tuple[PackedItem, ...]
    waybill: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class PickRow:
    """One walk to a shelf: where, what, for which order."""

    location: str
    barcode: str
    title: str
    order_number: str
    call_number: str = ""


@dataclass(frozen=True, slots=True)
class PickList:
    """A store keeper's walk; the rows are printed in the order given (``walking_order``)."""

    number: str
    store: str
    made_on: date
    rows: tuple[PickRow, ...]
    keeper: str = ""


@dataclass(frozen=True, slots=True)
class ItemLabel:
    """What is stuck on a book."""

    barcode: str
    library: str
    call_number: str = ""
    title: str = ""


@dataclass(frozen=True, slots=True)
class HoldSlip:
    """What waits on the hold shelf, for whom and how long. ``shelf_name`` is what everybody may read there."""

    order_number: str
    shelf_name: str
    place: str
    collect_by: date
    items: tuple[PackedItem, ...]
    shelf: str = ""


def checked_code(text: str, *, field: str = "barcode") -> str:
    """A number that a bar code can carry: up to 30 visible ASCII characters. Raises Invalid.

    Item barcodes are free text: libraries use many schemes, with check digits and without.
    """
    code = text.strip()
    if len(code) > CODE_LIMIT or not _CODE.fullmatch(code):
        raise Invalid("barcode_wrong", field, limit=CODE_LIMIT, text=code[:40])
    return code


def walking_order(rows: Iterable[PickRow]) -> list[PickRow]:
    """Rows along the shelves: numbers within locations count as numbers, A-2 before A-10."""
    return sorted(rows, key=lambda row: (along_shelves(row.location), row.call_number, row.barcode))


def along_shelves(location: str) -> tuple[tuple[int, int, str], ...]:
    """Sorts locations as one walks by them."""
    parts = _NUMBERS.split(location.strip().casefold())
    return tuple((0, int(part), "") if part.isdecimal() else (1, 0, part) for part in parts if part)
