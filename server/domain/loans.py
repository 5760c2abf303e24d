"""The life of a loan order: what can happen to a line, and when it may (R-LOAN.6, .8, R-COM.3, .4).

What happened is told by three kinds of sources: the *house* (readers, staff and rules, in one gapless order per loan
order), *devices* of smart stacks, and *couriers*. The state is a fold over their events (``loan_fold``). Here stand
the stages, and the guards that a house event passes before it is written.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from server.domain.errors import Conflict

HOUSE = "house"


class Stage(StrEnum):
    """Where one line, that is one book, of an order stands."""

    ASKED = "asked"  # the order is not approved yet
    APPROVED = "approved"  # a copy is being looked for
    REQUESTED = "requested"  # the smart stack has been told
    FETCHING = "fetching"  # the machine is at it
    RETRIEVED = "retrieved"  # stands at a pick station
    TO_PICK = "to_pick"  # on a store keeper's list
    TROUBLED = "troubled"  # not found, or the machine broke off: another way is looked for
    PICKED = "picked"
    PACKED = "packed"
    LABELLED = "labelled"
    WITH_COURIER = "with_courier"
    ON_HOLD_SHELF = "on_hold_shelf"
    ON_LOAN = "on_loan"
    PARCEL_REFUSED = "parcel_refused"  # the reader did not take it: it comes back
    ASTRAY = "astray"  # the courier does not know where it is
    RETURN_BOOKED = "return_booked"
    RETURNING = "returning"
    RETURN_ARRIVED = "return_arrived"  # signed for: R-LOAN.4 runs
    RECEIVED = "received"
    INSPECTED = "inspected"
    PUTTING_BACK = "putting_back"  # the smart stack has been told to take it
    RECALLED = "recalled"  # cancelled, but the book is out of its place
    CLOSED = "closed"
    CANCELLED = "cancelled"
    DENIED = "denied"  # the review refused the order
    UNFILLED = "unfilled"  # no store has a copy: the rest of the order goes without
    LOST = "lost"
    DAMAGED = "damaged"


ENDED = frozenset({Stage.CLOSED, Stage.CANCELLED, Stage.DENIED, Stage.UNFILLED, Stage.LOST, Stage.DAMAGED})


class House(StrEnum):
    """What readers, staff and rules do to an order."""

    SUBMITTED = "submitted"
    APPROVED = "approved"
    REFUSED = "refused"  # by the review, with the reason
    CANCELLED = "cancelled"  # the order or a line, by reader or library
    ALLOCATED = "allocated"  # a copy is promised: item, store, and the command where a machine fetches it
    SHORTAGE = "shortage"  # no copy is free for the moment
    UNFILLED = "unfilled"  # and none will be
    MISSING = "missing"  # the store keeper does not find it
    TAKEN_OVER = "taken_over"  # people fetched what the machine did not, or gave this copy up
    PICKED = "picked"  # scanned and right
    MISPICKED = "mispicked"  # scanned and wrong: refused, kept for the figures
    PACKED = "packed"
    LABELLED = "labelled"
    HANDED_OVER = "handed_over"
    SHELVED = "shelved"  # on the hold shelf
    COLLECTED = "collected"
    NOT_COLLECTED = "not_collected"
    RENEWED = "renewed"
    RETURN_BOOKED = "return_booked"
    RETURN_CANCELLED = "return_cancelled"
    RECEIVED = "received"
    INSPECTED = "inspected"
    PUTTING_BACK = "putting_back"
    PUT_BACK = "put_back"
    LOST = "lost"
    DAMAGED = "damaged"
    SENT_AGAIN = "sent_again"  # the same title once more, after loss or a wrong book


class Tracked(StrEnum):
    """What a courier tells of a parcel."""

    PICKED_UP = "picked_up"
    IN_TRANSIT = "in_transit"
    DELIVERING = "delivering"
    DELIVERED = "delivered"
    REFUSED = "refused"
    SENT_BACK = "sent_back"  # arrived at the sender again
    ASTRAY = "astray"


@dataclass(frozen=True, slots=True)
class OrderEvent:
    """One fact about an order.

    House events count in ``sequence``. A device's are sorted by (source, epoch, sequence), a courier's by (waybill,
    ``at``, ``body_hash``), never by when we heard of them: ``number`` and ``received_at`` tell that, for the topic
    and for clocks. ``command_id`` ties a device's event to the attempt it belongs to.
    """

    source: str
    kind: str
    epoch: str = ""
    sequence: int = 0
    line_id: str = ""
    command_id: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)
    at: int = 0  # microseconds, the source's own time
    body_hash: str = ""
    received_at: datetime | None = None
    number: int = 0
    id: str = ""
    actor_id: str = ""
    public: bool = True


_S, _H = Stage, House
_BEFORE_PICK = {_S.APPROVED, _S.REQUESTED, _S.FETCHING, _S.RETRIEVED, _S.TO_PICK, _S.TROUBLED}
_IN_HOUSE = {_S.PICKED, _S.PACKED, _S.LABELLED, _S.ON_HOLD_SHELF}
_AWAY = {
    _S.WITH_COURIER,
    _S.ON_LOAN,
    _S.PARCEL_REFUSED,
    _S.ASTRAY,
    _S.RETURN_BOOKED,
    _S.RETURNING,
    _S.RETURN_ARRIVED,
}
_BACK = {_S.RECEIVED, _S.INSPECTED, _S.PUTTING_BACK, _S.RECALLED}

# At which stages of a line a house event may be written. What is not here is refused, with the stage in words.
ALLOWED: Mapping[House, frozenset[Stage]] = {
    _H.APPROVED: frozenset({_S.ASKED}),
    _H.REFUSED: frozenset({_S.ASKED}),
    _H.CANCELLED: frozenset({_S.ASKED, *_BEFORE_PICK, *_IN_HOUSE}),
    _H.ALLOCATED: frozenset({_S.APPROVED, _S.REQUESTED, _S.FETCHING, _S.TO_PICK, _S.TROUBLED}),
    _H.SHORTAGE: frozenset({_S.APPROVED, _S.TROUBLED}),
    _H.UNFILLED: frozenset({_S.APPROVED, _S.TROUBLED}),
    _H.MISSING: frozenset({_S.RETRIEVED, _S.TO_PICK}),
    _H.TAKEN_OVER: frozenset({_S.REQUESTED, _S.FETCHING, _S.TO_PICK, _S.TROUBLED}),
    _H.PICKED: frozenset({_S.RETRIEVED, _S.TO_PICK}),
    _H.MISPICKED: frozenset({_S.RETRIEVED, _S.TO_PICK, _S.PICKED, _S.RETURN_ARRIVED}),
    _H.PACKED: frozenset({_S.PICKED}),
    _H.LABELLED: frozenset({_S.PACKED}),
    _H.HANDED_OVER: frozenset({_S.LABELLED}),
    _H.SHELVED: frozenset({_S.PACKED, _S.PICKED}),
    _H.COLLECTED: frozenset({_S.ON_HOLD_SHELF}),
    _H.NOT_COLLECTED: frozenset({_S.ON_HOLD_SHELF}),
    _H.RENEWED: frozenset({_S.ON_LOAN}),
    _H.RETURN_BOOKED: frozenset({_S.ON_LOAN}),
    _H.RETURN_CANCELLED: frozenset({_S.RETURN_BOOKED}),
    _H.RECEIVED: frozenset(_AWAY),
    _H.INSPECTED: frozenset({_S.RECEIVED}),
    _H.PUTTING_BACK: frozenset({_S.INSPECTED, _S.RECALLED}),
    _H.PUT_BACK: frozenset({_S.INSPECTED, _S.PUTTING_BACK, _S.RECALLED}),
    _H.LOST: frozenset({*_AWAY, *_IN_HOUSE, _S.TROUBLED}),
    _H.DAMAGED: frozenset({*_BACK, *_IN_HOUSE}),
    _H.SENT_AGAIN: frozenset({*ENDED - {_S.DENIED}, *_AWAY}),
}
RULES: Mapping[House, str] = {
    _H.APPROVED: "R-COM.3",
    _H.REFUSED: "R-COM.3",
    _H.PICKED: "R-LOAN.6",
    _H.PACKED: "R-LOAN.6",
    _H.LABELLED: "R-LOAN.6",
    _H.HANDED_OVER: "R-LOAN.6",
    _H.RENEWED: "R-COM.9",
    _H.RECEIVED: "R-LOAN.4",
    _H.SENT_AGAIN: "R-LOAN.8",
}


def allowed(stage: Stage, kind: House) -> bool:
    """Whether this may be written for a line at this stage."""
    return stage in ALLOWED.get(kind, frozenset())


def demand_stage(stage: Stage, kind: House) -> None:
    """Raise Conflict ``loan_stage`` where a line is not at a stage for this."""
    if not allowed(stage, kind):
        raise Conflict("loan_stage", RULES.get(kind, "R-LOAN.6"), stage=str(stage), action=str(kind))
