"""What can be borrowed of a title, as its reader is told: copies by store, comments, lists it stands on."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from server.domain.errors import Invalid

COMMENT_LIMIT = 1000
SUGGESTION_LIMIT = 2000
A_DAY = 20  # comments or suggestions of one reader


@dataclass(frozen=True, slots=True)
class StoreCopies:
    """Copies of a title in one store."""

    store_id: str
    free: int
    out: int


@dataclass(frozen=True, slots=True)
class Copies:
    """All copies of a title that are, or will again be, to be had."""

    stores: tuple[StoreCopies, ...] = ()

    @property
    def free(self) -> int:
        return sum(store.free for store in self.stores)

    @property
    def whole(self) -> int:
        return sum(store.free + store.out for store in self.stores)

    @property
    def word(self) -> str:
        """Its word: ``loans.copies.<word>``; free, all out, or none to lend at all."""
        return "free" if self.free else "out" if self.whole else "none"


class List(StrEnum):
    """Where a reader keeps titles: in the cart, put by for later, asked for while all copies are out."""

    CART = "cart"
    SAVED = "saved"
    ASKED = "asked"


@dataclass(frozen=True, slots=True)
class Kept:
    """A title on one of a reader's lists."""

    list: List
    reader_id: str
    record_id: int
    at: datetime

    @property
    def id(self) -> str:
        return f"{self.list}/{self.reader_id}/{self.record_id}"


@dataclass(frozen=True, slots=True)
class TitleComment:
    """What a reader wrote about a title (R-COM.4)."""

    id: str
    record_id: int
    reader_id: str
    text: str
    at: datetime
    hidden_by: str = ""


def checked_words(text: str, limit: int, field: str = "text") -> str:
    """What a reader says in their own words. Raises Invalid for nothing and for too much."""
    text = text.replace("\r\n", "\n").strip()
    if not text:
        raise Invalid("field_required", field)
    if len(text) > limit:
        raise Invalid("field_too_long", field, limit=limit, length=len(text))
    return text


def checked_list(name: str) -> List:
    """One of a reader's lists. Raises Invalid."""
    try:
        return List(name)
    except ValueError:
        raise Invalid("choice_wrong", "list", choices=", ".join(List), text=name[:40]) from None
