"""What passes between us and couriers: shipments out, reports of where parcels are in (R-LOAN.1, .7).

A courier is told what it needs to bring a parcel and no more: names, numbers and an address, never what is read.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from server.domain.loan_fold import COURIER
from server.domain.loans import OrderEvent, Tracked

OUT, BACK = "out", "back"
ENDS = frozenset({Tracked.DELIVERED, Tracked.SENT_BACK})  # after which a courier has nothing more to tell
PLACE_LIMIT = 60


@dataclass(frozen=True, slots=True)
class Party:
    """Who sends or gets a parcel."""

    name: str
    phone: str
    address: str


@dataclass(frozen=True, slots=True)
class Shipment:
    """A parcel to be carried. ``parcel_id`` names it for ever: booked twice, it is the same booking."""

    parcel_id: str
    direction: str  # out: to the reader, back: to the store
    order_number: str
    sender: Party
    receiver: Party
    items: int = 1
    slot: str = ""  # when it is to be brought or fetched, in words


@dataclass(frozen=True, slots=True)
class Booking:
    """What a courier has made of a shipment."""

    courier: str
    waybill: str


@dataclass(frozen=True, slots=True)
class OnTheWay:
    """A parcel that a courier is asked about; ``begun_at`` is when it was handed over, or booked to be fetched."""

    waybill: str
    direction: str
    begun_at: datetime


@dataclass(frozen=True, slots=True)
class Report:
    """One thing that a courier says of a parcel, at its own time. Couriers give no numbers: content is identity."""

    waybill: str
    status: Tracked
    at: datetime
    place: str = ""

    @property
    def body_hash(self) -> str:
        """The same for the same report, however often and in whatever list it comes."""
        said = [self.waybill, str(self.status), self.at.isoformat(), self.place]
        return sha256(json.dumps(said, ensure_ascii=False).encode()).hexdigest()[:40]


def event_of(report: Report, at: int) -> OrderEvent:
    """The report as an event of its order; ``at`` is its time in microseconds."""
    data = {"place": report.place} if report.place else {}
    return OrderEvent(
        f"{COURIER}{report.waybill}", str(report.status), at=at, body_hash=report.body_hash, data=data
    )


def last_word(reports: Iterable[Report]) -> Report | None:
    """The report that holds, whatever order they came in: the latest by the courier's own time."""
    return max(reports, key=lambda report: (report.at, report.body_hash), default=None)
