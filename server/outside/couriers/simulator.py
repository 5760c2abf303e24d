"""A courier that is not there: its parcels move by the clock; some are refused, few go astray, always the same ones."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from hashlib import sha256

from server.domain.couriers import BACK, Booking, OnTheWay, Report, Shipment
from server.domain.loans import Tracked
from server.outside.couriers.own import number_of

REFUSED, ASTRAY = 0.03, 0.01  # shares of all parcels
_WAY: Sequence[tuple[float, Tracked, str]] = (
    (0.05, Tracked.PICKED_UP, "揽收点"),
    (0.25, Tracked.IN_TRANSIT, "始发分拨中心"),
    (0.55, Tracked.IN_TRANSIT, "目的地分拨中心"),
    (0.80, Tracked.DELIVERING, "派送站"),
    (1.00, Tracked.DELIVERED, ""),
)
_NOT_TAKEN: Sequence[tuple[float, Tracked, str]] = (
    *_WAY[:4],
    (1.00, Tracked.REFUSED, "派送站"),
    (2.00, Tracked.SENT_BACK, ""),
)
_LOST: Sequence[tuple[float, Tracked, str]] = (*_WAY[:3], (3.00, Tracked.ASTRAY, "目的地分拨中心"))


class SimulatedCourier:
    """Its memory is the number of the parcel: no state, so any number of processes may ask."""

    name = "simulator"
    tracks = True

    def __init__(self, seed: str = "", minutes: int = 30) -> None:
        """``minutes``: how long an ordinary parcel is on its way."""
        self._seed = seed
        self._length = timedelta(minutes=minutes)

    async def book(self, shipment: Shipment) -> Booking:
        return Booking(self.name, number_of("SQ", shipment.parcel_id))

    async def cancel(self, waybill: str) -> bool:
        return True

    async def track(self, parcel: OnTheWay, now: datetime) -> list[Report]:
        """What has happened until now, mixed up as couriers' lists are."""
        told = [
            Report(parcel.waybill, status, at, place)
            for part, status, place in self._fate(parcel)
            if (at := parcel.begun_at + part * self._length) <= now
        ]
        return sorted(told, key=lambda report: report.body_hash)

    def _fate(self, parcel: OnTheWay) -> Sequence[tuple[float, Tracked, str]]:
        digest = sha256(f"{self._seed}/{parcel.waybill}".encode()).digest()
        chance = int.from_bytes(digest[:4], "big") / 2**32
        if chance < ASTRAY:
            return _LOST
        if chance < ASTRAY + REFUSED and parcel.direction != BACK:
            return _NOT_TAKEN
        return _WAY
