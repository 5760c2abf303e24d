"""Times at which parcels are brought or books can be collected, and what is left of each (R-COM.3)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo

from server.domain.calendar import Calendar, begins
from server.domain.errors import Conflict, Invalid

AHEAD = timedelta(
    hours=24
)  # a slot begins so long after the order at the earliest: R-LOAN.3 leaves the store a day
DAYS = 8  # are offered


@dataclass(frozen=True, slots=True)
class Slot:
    """A weekly time. ``opens`` and ``closes`` are minutes since midnight in the installation's zone."""

    id: str
    library_id: str
    way: str
    place: str
    weekday: int
    opens: int
    closes: int
    capacity: int

    @property
    def clock(self) -> str:
        """From when to when: 9:00–12:00."""
        return "–".join(f"{at // 60}:{at % 60:02d}" for at in (self.opens, self.closes))


@dataclass(frozen=True, slots=True)
class Opening:
    """A slot on a day, and how many orders it still takes."""

    slot: Slot
    day: date
    left: int

    @property
    def id(self) -> str:
        """As a form names it."""
        return f"{self.slot.id}/{self.day.isoformat()}"


def slot_day_id(slot_id: str, day: date) -> str:
    return f"{slot_id}/{day.isoformat()}"


def openings(
    slots: Sequence[Slot],
    taken: Mapping[str, int],
    *,
    now: datetime,
    zone: tzinfo,
    calendar: Calendar,
    days: int = DAYS,
) -> list[Opening]:
    """What can be chosen from, full ones too, in the order of time; holidays are left out."""
    today = now.astimezone(zone).date()
    found = [
        Opening(slot, day, max(0, slot.capacity - taken.get(slot_day_id(slot.id, day), 0)))
        for offset in range(days + 1)
        for day in [today + timedelta(days=offset)]
        if not calendar.is_holiday(day)
        for slot in slots
        if slot.weekday == day.weekday() and _starts(slot, day, zone) >= now + AHEAD
    ]
    return sorted(found, key=lambda each: (each.day, each.slot.opens, each.slot.place, each.slot.id))


def demand_opening(chosen: str, offered: Sequence[Opening]) -> Opening | None:
    """The opening that somebody chose; None where none are offered at all, and any time will do.

    Raises Invalid at ``slot`` for none or an unknown one, Conflict ``slot_full``.
    """
    if not offered:
        return None
    opening = next((each for each in offered if each.id == chosen), None)
    if opening is None:
        raise Invalid("slot_needed" if not chosen else "slot_unknown", "slot", "R-COM.3")
    if not opening.left:
        raise Conflict("slot_full", "R-COM.3")
    return opening


def _starts(slot: Slot, day: date, zone: tzinfo) -> datetime:
    return begins(day, zone) + timedelta(minutes=slot.opens)


PERIODS = ((9 * 60, 12 * 60), (12 * 60, 18 * 60), (18 * 60, 21 * 60))  # in which a courier comes for a return
PICKUP_DAYS = 5


@dataclass(frozen=True, slots=True)
class Pickup:
    """A time at which a courier can fetch a return."""

    day: date
    opens: int
    closes: int

    @property
    def id(self) -> str:
        return f"{self.day.isoformat()}/{self.opens}"

    @property
    def clock(self) -> str:
        return f"{self.opens // 60}:{self.opens % 60:02d}–{self.closes // 60}:{self.closes % 60:02d}"


def pickups(now: datetime, zone: tzinfo) -> list[Pickup]:
    """From when on a courier can come: what ends more than two hours from now, today and on the next days."""
    today = now.astimezone(zone).date()
    days = [today + timedelta(days=offset) for offset in range(PICKUP_DAYS)]
    return [
        Pickup(day, opens, closes)
        for day in days
        for opens, closes in PERIODS
        if begins(day, zone) + timedelta(minutes=closes) >= now + timedelta(hours=2)
    ]


def demand_pickup(chosen: str, offered: Sequence[Pickup]) -> Pickup:
    """The time that somebody chose. Raises Invalid at ``pickup``."""
    pickup = next((each for each in offered if each.id == chosen), None)
    if pickup is None:
        raise Invalid("pickup_needed", "pickup", "R-LOAN.1")
    return pickup
