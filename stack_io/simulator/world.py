"""The store itself: what happens to a tote from its shelf to a pick station and home again, in simulated time."""

from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from random import Random
from typing import NamedTuple

from server.domain.stack import CommandKind, EventKind, StackCommand
from stack_io.simulator.clockwork import Clockwork, Story, Turn
from stack_io.simulator.plans import Plan, Slot


class Happening(NamedTuple):
    """Something that the store reports."""

    kind: EventKind
    command_id: str = ""
    barcode: str = ""
    tote: str = ""
    place: str = ""
    code: str = ""


@dataclass(eq=False)
class Mover:
    """A shuttle on its level, or an aisle's lift: goes back and forth between two ends, one tote at a time."""

    name: str
    aisle: int
    level: int  # 0: a lift
    turn: Turn = field(default_factory=Turn)
    load: str = ""
    faulty: bool = False
    here: float = 0.0  # bay, or level; 0 is the front, or the floor of the conveyor
    there: float = 0.0
    left: float = 0.0
    arrives: float = 0.0

    def at(self, now: float) -> float:
        """Where it is at a moment, between where it left and where it goes."""
        if now >= self.arrives:
            return self.there
        return self.here + (self.there - self.here) * (now - self.left) / (self.arrives - self.left)


@dataclass(eq=False)
class Station:
    """Where totes stand while a person takes out, or puts in, a book."""

    number: int
    turn: Turn = field(default_factory=Turn)
    tote: str = ""
    coming: int = 0  # totes on their way or waiting

    @property
    def name(self) -> str:
        return f"station {self.number}"


@dataclass(eq=False)
class Trip:
    """One tote on its way for one command."""

    command: StackCommand
    tote: str
    slot: Slot
    where: str = "shelf"  # shelf, shuttle, lift, conveyor, station, home
    station: int = 0
    left: float = 0.0
    arrives: float = 0.0
    stuck: bool = False
    withdrawn: bool = False
    settled: bool = False


@dataclass(frozen=True)
class Fault:
    """A part that stands still."""

    place: str
    code: str
    since: float


class World:
    """Shelves, movers, stations and what moves. ``tell`` hears what happens while ``advance`` lets time pass."""

    def __init__(self, plan: Plan, stock: dict[str, str], tell: Callable[[Happening], None]) -> None:
        self.plan = plan
        self.stock = stock  # barcode → tote, of what is inside
        self.clock = Clockwork()
        self.trips: dict[str, Trip] = {}
        self.faults: list[Fault] = []
        self.missing: set[str] = set()  # these will not be found in their totes
        self.done = 0
        self._tell = tell
        self._random = Random(plan.seed)
        aisles, levels = range(1, plan.aisles + 1), range(1, plan.levels + 1)
        self.shuttles = {(a, n): Mover(f"shuttle {a}-{n}", a, n) for a in aisles for n in levels}
        self.lifts = {a: Mover(f"lift {a}", a, 0) for a in aisles}
        self.stations = [Station(number) for number in range(1, plan.stations + 1)]
        self._totes: dict[str, Turn] = {}

    def begin(self, command: StackCommand) -> None:
        """Set about a retrieval or a putting-back; what comes of it is told."""
        tote = self._tote_for(command)
        if tote is None:
            self._tell(Happening(EventKind.NOT_FOUND, command.id, command.barcode, code="not_in_stock"))
            return
        slot = self.plan.slot_of(tote) or self.plan.home_of(tote)
        trip = self.trips[command.id] = Trip(command, tote, slot)
        self.clock.begin(self._trip(trip), urgency=command.priority)

    def withdraw(self, command_id: str) -> bool:
        """Never mind a command whose tote has not left its shelf; False where that is too late."""
        trip = self.trips.get(command_id)
        if trip is None or trip.where != "shelf" or trip.settled:
            return False
        trip.withdrawn = True
        self._settle(trip, EventKind.CANCELLED)
        return True

    def advance(self, seconds: float) -> None:
        """Let simulated time pass."""
        self.clock.advance(seconds)

    def _tote_for(self, command: StackCommand) -> str | None:
        inside = self.stock.get(command.barcode)
        if command.kind is CommandKind.PUT_BACK:
            return inside or command.tote or str(self.plan.home_of(command.barcode))
        if inside is None and self.plan.open_stock:
            return str(self.plan.home_of(command.barcode))
        return inside

    def _trip(self, trip: Trip) -> Story:
        """A tote's way for one command, from its shelf and back to it."""
        turn = self._totes.setdefault(trip.tote, Turn())
        yield turn  # two books of one tote: one after the other
        if not trip.withdrawn:
            station = yield from self._out(trip)
            if station is not None:
                yield from self._stay(trip, station)
                yield from self._home(trip, station)
        self.clock.give(turn)
        if not turn.taken:
            self._totes.pop(trip.tote, None)
        self.trips.pop(trip.command.id, None)

    def _out(self, trip: Trip) -> Generator[float | Turn, None, Station | None]:
        """From the shelf to a pick station; None where it was withdrawn before it left."""
        shuttle = self.shuttles[trip.slot.aisle, trip.slot.level]
        yield shuttle.turn
        if trip.withdrawn:
            self.clock.give(shuttle.turn)
            return None
        trip.where = "shuttle"
        self._move(trip, shuttle.name)
        yield from self._ride(shuttle, trip.slot.bay, self.plan.per_bay)
        yield self.plan.handle
        shuttle.load = trip.tote
        yield from self._ride(shuttle, 0, self.plan.per_bay)
        lift = self.lifts[trip.slot.aisle]
        yield lift.turn
        yield from self._ride(lift, trip.slot.level, self.plan.per_level)
        yield self.plan.board
        shuttle.load, lift.load, trip.where = "", trip.tote, "lift"
        self.clock.give(shuttle.turn)
        self._move(trip, lift.name)
        yield from self._ride(lift, 0, self.plan.per_level)
        lift.load = ""
        self.clock.give(lift.turn)
        station = min(self.stations, key=lambda s: (s.coming, abs(s.number - trip.slot.aisle)))
        station.coming += 1
        trip.station = station.number
        yield from self._convey(trip, f"conveyor to {station.name}", station)
        yield station.turn
        return station

    def _stay(self, trip: Trip, station: Station) -> Story:
        """At the station: the book is taken out or put in, if all is well."""
        station.tote, trip.where = trip.tote, "station"
        if not trip.settled:
            self._open(trip, station)
        yield self._random.uniform(*self.plan.pick)
        station.tote = ""
        station.coming -= 1
        self.clock.give(station.turn)

    def _open(self, trip: Trip, station: Station) -> None:
        barcode = trip.command.barcode
        if trip.command.kind is CommandKind.PUT_BACK:
            self._move(trip, station.name)
        elif barcode in self.missing or self._random.random() < self.plan.missing_rate:
            self.stock.pop(barcode, None)
            self.missing.discard(barcode)
            self._settle(trip, EventKind.NOT_FOUND, station.name, "item_missing")
        else:
            self.stock.pop(barcode, None)
            self._settle(trip, EventKind.RETRIEVED, station.name)

    def _home(self, trip: Trip, station: Station) -> Story:
        """From the station back to the shelf."""
        yield from self._convey(trip, f"conveyor from {station.name}", station)
        lift, shuttle = self.lifts[trip.slot.aisle], self.shuttles[trip.slot.aisle, trip.slot.level]
        yield lift.turn
        yield from self._ride(lift, 0, self.plan.per_level)
        yield self.plan.board
        lift.load, trip.where = trip.tote, "lift"
        yield from self._ride(lift, trip.slot.level, self.plan.per_level)
        # The lift puts the tote down at its level and is free, or a shuttle that waits for it would wait for ever.
        lift.load, trip.where = "", "home"
        self.clock.give(lift.turn)
        yield shuttle.turn
        yield from self._ride(shuttle, 0, self.plan.per_bay)
        shuttle.load, trip.where = trip.tote, "shuttle"
        yield self.plan.handle
        yield from self._ride(shuttle, trip.slot.bay, self.plan.per_bay)
        yield self.plan.handle
        shuttle.load = ""
        self.clock.give(shuttle.turn)
        if trip.command.kind is CommandKind.PUT_BACK and not trip.settled:
            self.stock[trip.command.barcode] = trip.tote
            self._settle(trip, EventKind.PUT_AWAY, str(trip.slot))

    def _ride(self, mover: Mover, to: float, pace: float) -> Story:
        """To another bay or level; now and then something breaks, and is repaired."""
        if self._random.random() < self.plan.fault_rate:
            mover.faulty = True
            yield from self._repair(mover.name, "drive_fault")
            mover.faulty = False
        seconds = abs(mover.there - to) * pace
        now = self.clock.now
        mover.here, mover.there, mover.left, mover.arrives = mover.there, to, now, now + seconds
        yield seconds

    def _convey(self, trip: Trip, place: str, station: Station) -> Story:
        seconds = self.plan.convey + self.plan.per_station * abs(station.number - trip.slot.aisle)
        trip.where, trip.left, trip.arrives = "conveyor", self.clock.now, self.clock.now + seconds
        if not trip.settled:
            self._move(trip, place)
        yield seconds
        if self._random.random() < self.plan.stuck_rate:
            trip.stuck = True
            if not trip.settled and self._random.random() < 0.5:  # it will have to go home without the book
                self._settle(trip, EventKind.FAILED, place, "tote_stuck")
            yield from self._repair(place, "tote_stuck", trip.tote)
            trip.stuck = False

    def _repair(self, place: str, code: str, tote: str = "") -> Story:
        fault = Fault(place, code, self.clock.now)
        self.faults.append(fault)
        self._tell(Happening(EventKind.FAULT, tote=tote, place=place, code=code))
        yield self._random.uniform(*self.plan.repair)
        self.faults.remove(fault)
        self._tell(Happening(EventKind.CLEARED, tote=tote, place=place, code=code))

    def _move(self, trip: Trip, place: str) -> None:
        command = trip.command
        self._tell(Happening(EventKind.MOVING, command.id, command.barcode, trip.tote, place))

    def _settle(self, trip: Trip, kind: EventKind, place: str = "", code: str = "") -> None:
        trip.settled = True
        self.done += 1
        self._tell(Happening(kind, trip.command.id, trip.command.barcode, trip.tote, place, code))
