"""What passes between us and an automated store: stack commands out, stack events in (R-LOAN.2, docs/stack.md).

The rest of the product knows only these values. A driver turns a device's own dialect into them and back, and imports
nothing else of ours.
"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from hashlib import sha256

DRIVERS = ("simulator", "simulator-forgetful")  # the makes that the bridge speaks with (stack_io.drivers)


class CommandKind(StrEnum):
    """What a device can be told to do."""

    RETRIEVE = "retrieve"  # bring the tote with this item to a pick station
    CANCEL = "cancel"  # never mind a retrieval that has not been brought yet
    PUT_BACK = "put_back"  # take this item in again


class CommandState(StrEnum):
    """Where a command stands. An acknowledgement (``accepted``) is not a completion (``done``)."""

    PENDING = "pending"
    SENT = "sent"
    ACCEPTED = "accepted"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"
    UNSURE = "unsure"  # the device can not say whether it was done: people look (a visible case)


OPEN_COMMANDS = frozenset({CommandState.PENDING, CommandState.SENT, CommandState.ACCEPTED})


class EventKind(StrEnum):
    """What a device can report."""

    ACCEPTED = "accepted"  # it has the command
    REJECTED = "rejected"  # it will not do it; ``code`` says why
    MOVING = "moving"  # the tote is on its way; ``place`` says where
    RETRIEVED = "retrieved"  # the item stands at a pick station: completion of a retrieval
    NOT_FOUND = "not_found"  # the item is not where the device thought
    FAILED = "failed"  # begun and broken off; ``code`` says why
    CANCELLED = "cancelled"  # withdrawn as we asked
    PUT_AWAY = "put_away"  # the item is in the store again: completion of a put-back
    FAULT = "fault"  # a part of the machine stands still; ``place`` says which
    CLEARED = "cleared"  # it works again
    UNKNOWN = "unknown"  # well-formed, but nothing that we know: kept and shown


SETTLING = {
    EventKind.REJECTED: CommandState.FAILED,
    EventKind.RETRIEVED: CommandState.DONE,
    EventKind.NOT_FOUND: CommandState.FAILED,
    EventKind.FAILED: CommandState.FAILED,
    EventKind.CANCELLED: CommandState.CANCELLED,
    EventKind.PUT_AWAY: CommandState.DONE,
}


class Liveness(StrEnum):
    """Whether a device is heard: *stale* is late, *offline* is gone; neither says anything of its books."""

    ONLINE = "online"
    STALE = "stale"
    OFFLINE = "offline"


@dataclass(frozen=True, slots=True)
class StackCommand:
    """One thing to do, under a stable id that every resend carries."""

    id: str
    kind: CommandKind
    barcode: str
    tote: str = ""
    target_id: str = ""  # of a cancellation: the command that is withdrawn
    priority: int = 5  # 1 goes first
    order_number: str = ""


@dataclass(frozen=True, slots=True)
class StackEvent:
    """One thing that a device reported, with what it came as.

    ``epoch`` names the run of the device's counter, ``sequence`` its number therein (None where it does not count:
    then the body's hash is what it is known by). ``at`` is the device's own time, which is kept and never trusted.
    """

    kind: EventKind
    epoch: str = ""
    sequence: int | None = None
    command_id: str = ""
    barcode: str = ""
    tote: str = ""
    place: str = ""
    code: str = ""
    at: datetime | None = None
    body: bytes = b""

    @property
    def body_hash(self) -> str:
        """By which one id that came with two bodies is noticed."""
        return sha256(self.body).hexdigest()[:40]


@dataclass(frozen=True, slots=True)
class Garbage:
    """Bytes that a driver could not read, cut out so that what follows can be: kept, acknowledged, shown."""

    body: bytes
    problem: str
    epoch: str = ""
    sequence: int | None = None

    @property
    def body_hash(self) -> str:
        return sha256(self.body).hexdigest()[:40]


@dataclass(frozen=True, slots=True)
class Sign:
    """A sign of life, with the device's clock and the last number that it gave out; nothing is kept of it."""

    epoch: str = ""
    last_sequence: int | None = None
    at: datetime | None = None
    picture: str = ""  # JSON for the drawing: totes, shuttles, stations, faults (docs/stack.md)
    answer: bytes = b""  # what the device wants to hear in return at once


@dataclass(frozen=True, slots=True)
class Answered:
    """A device's answer to a question about one command; ``state`` is None where it has never heard of it."""

    command_id: str
    state: CommandState | None
    code: str = ""


@dataclass(frozen=True, slots=True)
class Listed:
    """A page of the store's own list: barcode → tote (or place) as the device has it; ``last`` ends the list."""

    items: dict[str, str] = field(default_factory=dict)
    last: bool = False


Heard = StackEvent | Garbage | Sign | Answered | Listed


def liveness(
    heard_at: datetime | None, now: datetime, *, stale_seconds: float, offline_seconds: float, linked: bool
) -> Liveness:
    """How a device counts, by the age of its last sign of life and whether a connection stands."""
    if heard_at is None or not linked:
        age = float("inf") if heard_at is None else (now - heard_at).total_seconds()
        return Liveness.OFFLINE if age >= stale_seconds else Liveness.STALE
    age = (now - heard_at).total_seconds()
    if age >= offline_seconds:
        return Liveness.OFFLINE
    return Liveness.STALE if age >= stale_seconds else Liveness.ONLINE
