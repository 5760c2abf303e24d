"""What a simulated store is like: its size, its pace, what goes wrong in it, and how it lies."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from hashlib import sha256
from typing import Any, NamedTuple


class Slot(NamedTuple):
    """A tote's home. All numbers count from 1."""

    aisle: int
    level: int
    bay: int

    def __str__(self) -> str:
        return f"A{self.aisle:02}-L{self.level:02}-B{self.bay:03}"


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A store's build and pace. Seconds are simulated ones; ``speed`` is how many of them pass in a real one."""

    seed: int = 1
    speed: float = 1.0
    aisles: int = 4
    levels: int = 6
    bays: int = 40
    stations: int = 3
    per_bay: float = 0.35  # a shuttle past one bay
    handle: float = 4.0  # a shuttle takes a tote, or puts it down
    per_level: float = 1.2  # a lift past one level
    board: float = 3.0  # a lift takes a tote over
    convey: float = 12.0  # to the nearest station
    per_station: float = 3.0  # and past each further one
    pick: tuple[float, float] = (12.0, 30.0)  # a tote's stay at a station
    stuck_rate: float = 0.004  # of trips on the conveyor
    fault_rate: float = 0.002  # of shuttle rides
    missing_rate: float = 0.002  # of totes that turn out not to hold the book
    repair: tuple[float, float] = (60.0, 240.0)
    open_stock: bool = False  # any barcode that it is asked for lies somewhere

    def home_of(self, barcode: str) -> Slot:
        """Where a book lies of which nothing else is known: always the same place."""
        number = int.from_bytes(sha256(f"{self.seed}/{barcode}".encode()).digest()[:8])
        number, aisle = divmod(number, self.aisles)
        number, level = divmod(number, self.levels)
        return Slot(aisle + 1, level + 1, number % self.bays + 1)

    def slot_of(self, tote: str) -> Slot | None:
        """The home that a tote's name means here; None for a name of another store."""
        try:
            aisle, level, bay = (int(part[1:]) for part in tote.split("-"))
        except ValueError:
            return None
        inside = 0 < aisle <= self.aisles and 0 < level <= self.levels and 0 < bay <= self.bays
        return Slot(aisle, level, bay) if inside else None


@dataclass(frozen=True, kw_only=True)
class Habits:
    """How the device keeps to its protocol, and how it lies when a test tells it to."""

    sign_seconds: float = 1.0
    resend_seconds: float = 3.0  # real ones: what is not acknowledged is said again
    window: int = 200  # events that may wait for their acknowledgement at once
    clock_offset: float = 0.0  # its clock against the true time
    forgetful: bool = False  # does a command again that comes again
    deaf: bool = False  # never takes an acknowledgement
    wrong_item_every: int = 0  # every so many retrievals brings another book
    unknown_every: int = 0  # every so many events is of a kind that nobody knows
    second_body_every: int = 0  # every so many events comes once more under its number, with another body


def plan_of(options: Mapping[str, Any]) -> Plan:
    """The plan that a device's options describe; what they do not name is as usual."""
    known = {field.name for field in fields(Plan)}
    return Plan(**{key: _as_in(Plan(), key, value) for key, value in options.items() if key in known})


def _as_in(usual: Plan, key: str, value: Any) -> Any:
    """A value of JSON or of the command line, as the plan has it."""
    kind = type(getattr(usual, key))
    return tuple(float(part) for part in value) if kind is tuple else kind(value)
