"""May this reader order these books now, and must somebody look at the order first (R-COM.1, .3, .9, R-LOAN.9)?"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from server.domain.errors import Conflict, Invalid, NotAllowed, TooMany
from server.domain.loan_policies import CARDS, GROUPS, NEIGHBOURHOOD, LoanPolicy

DELIVERY, COLLECTION = "delivery", "collection"
WAYS = (DELIVERY, COLLECTION)
NOTE_LIMIT = 500
CART_LIMIT = 50  # titles on each of a reader's lists
PER_ORDER = 20  # whatever the card: one parcel that one person can carry


@dataclass(frozen=True, slots=True)
class Card:
    """What a reader may borrow. ``held`` counts items ordered and not yet back."""

    reader_id: str
    kind: str = NEIGHBOURHOOD
    group: str = ""
    held: int = 0
    barred: str = ""  # by a manager, with the reason

    def free(self, policy: LoanPolicy) -> int:
        """How many more items fit on it."""
        return max(0, policy.items(self.kind) - self.held)


@dataclass(frozen=True, slots=True)
class Standing:
    """What else of the reader counts: overdue items, titles they have at home or on their way, items lost of late."""

    overdue: int = 0
    held_records: frozenset[int] = frozenset()
    lost: int = 0


@dataclass(frozen=True, slots=True)
class Address:
    """Where a reader wants parcels to go."""

    id: str
    reader_id: str
    name: str
    phone: str
    region: str
    line: str
    is_default: bool = False

    @property
    def text(self) -> str:
        """On one line, as a courier reads it."""
        return " ".join(part for part in (self.region, self.line) if part)


def demand_open(stopped: str) -> None:
    """Raise Conflict while a notice has suspended the service; ``stopped`` is its title (R-LOAN.10)."""
    if stopped:
        raise Conflict("loans_suspended", "R-LOAN.10", notice=stopped)


def demand_titles(record_ids: Sequence[int]) -> None:
    """Raise Invalid unless there is something to order, and no more than one parcel holds."""
    if not record_ids:
        raise Invalid("cart_empty", "titles", "R-COM.2")
    if len(record_ids) > PER_ORDER:
        raise Invalid("order_too_large", "titles", "R-COM.9", limit=PER_ORDER)


def demand_card(card: Card, policy: LoanPolicy, count: int) -> None:
    """Raise NotAllowed for a barred card, TooMany where the card does not hold so many more (R-COM.9)."""
    if card.barred:
        raise NotAllowed("card_barred", "R-COM.9", reason=card.barred)
    if count > card.free(policy):
        limit = policy.items(card.kind)
        raise TooMany("card_full", "R-COM.9", limit=limit, held=card.held, free=card.free(policy))


def demand_nothing_overdue(standing: Standing) -> None:
    """Raise Conflict while the reader keeps a book too long (R-COM.9)."""
    if standing.overdue:
        raise Conflict("loans_overdue", "R-COM.9", n=standing.overdue)


def why_review(policy: LoanPolicy, standing: Standing, record_ids: Sequence[int]) -> tuple[str, ...]:
    """What people have to look at before the order is approved; nothing where the rules decide (R-COM.3).

    Each is the end of a key: ``loans.review.<why>``.
    """
    reasons = []
    if policy.review == "people":
        reasons.append("people")
    if len(record_ids) > policy.review_items:
        reasons.append("many")
    if standing.held_records & frozenset(record_ids):
        reasons.append("twice")
    if standing.lost:
        reasons.append("lost")
    return tuple(reasons)


def demand_renewable(
    *, renewals: int, due_at: datetime | None, asked: bool, policy: LoanPolicy, now: datetime
) -> None:
    """Raise Conflict unless a loan can be renewed: once, in time, and nobody else waits for the title (R-COM.9)."""
    if renewals >= policy.renewals:
        raise Conflict("renewed_already", "R-COM.9", n=policy.renewals)
    if due_at is None or now > due_at:
        raise Conflict("renew_too_late", "R-COM.9")
    if asked:
        raise Conflict("renew_asked_for", "R-COM.9")


def checked_phone(text: str, field: str = "phone") -> str:
    """A number under which a courier reaches the reader. Raises Invalid."""
    digits = sum(char.isdigit() for char in text)
    if len(text) > 30 or not 5 <= digits <= 20 or any(not (c.isdigit() or c in "+-() ,#转") for c in text):
        raise Invalid("phone_wrong", field)
    return text


def checked_card(kind: str, group: str) -> tuple[str, str]:
    """A card kind and a reader group as a manager sets them. Raises Invalid."""
    if kind not in CARDS:
        raise Invalid("choice_wrong", "kind", "R-COM.1", choices=", ".join(CARDS), text=kind[:40])
    if group not in ("", *GROUPS):
        raise Invalid("choice_wrong", "group", "R-LOAN.9", choices=", ".join(GROUPS), text=group[:40])
    return kind, group
