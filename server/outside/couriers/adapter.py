"""What every courier can be asked."""

from datetime import datetime
from typing import Protocol

from server.domain.couriers import Booking, OnTheWay, Report, Shipment


class Courier(Protocol):
    """One courier. Every call has a deadline of its own and raises Unavailable when the courier is away.

    Reports are full lists in any order; the same report comes as often as it likes.
    """

    @property
    def name(self) -> str: ...

    @property
    def tracks(self) -> bool:
        """Whether it can be asked where a parcel is; what our own people carry is scanned by them."""
        ...

    async def book(self, shipment: Shipment) -> Booking:
        """Have it carried. The same parcel booked again is the same booking."""
        ...

    async def cancel(self, waybill: str) -> bool:
        """Never mind a parcel that was not handed over; False where it is too late."""
        ...

    async def track(self, parcel: OnTheWay, now: datetime) -> list[Report]:
        """All that is known of a parcel."""
        ...
