"""Bodies of the HTTP API of stacks: devices, open commands, dead letters, differences, figures."""

from typing import Annotated

from msgspec import Meta, Raw, Struct

from server.wire.bodies import Names

Reason = Annotated[str, Meta(max_length=300)]


class Why(Struct):
    """Why something is done; kept in the audit trail."""

    reason: Reason


class Note(Struct):
    """What was done about something; kept in the audit trail."""

    note: Reason = ""


class TakeOver(Struct):
    """What people did in the machine's place: ``retrieved``, ``put_away``, ``cancelled``, or ``failed``."""

    outcome: Annotated[str, Meta(max_length=20)]
    reason: Reason


class CaseLink(Struct):
    """The case that a trouble has opened."""

    id: str
    number: str


class SumsView(Struct):
    """Since midnight; waits in seconds, from the command to its completion."""

    retrieved: int
    put_back: int
    failed: int
    mean_seconds: int
    longest_seconds: int


class StackView(Struct):
    """A device; ``state`` online, stale or offline, ``age`` in seconds since it was heard, ``open`` and the others
    how many of them there are."""

    id: str
    name: str
    store: Names
    code: str
    state: str
    state_at: str
    heard_at: str | None
    age: float | None
    served: bool
    skew_ms: int
    paused_at: str | None
    pause_reason: str
    reconciled_at: str | None
    open: int
    unsure: int
    dead: int
    differences: int
    today: SumsView


class PicturedStack(Struct):
    """A device with the last picture that it sent (docs/stack.md), or null."""

    stack: StackView
    picture: Raw
    picture_at: str | None


class Stacks(Struct):
    """The devices that the asker may watch."""

    stacks: list[PicturedStack]


class CommandView(Struct):
    """A command that is not settled; ``outcomes`` are those that people may report of it."""

    id: str
    kind: str
    state: str
    barcode: str
    tote: str
    order: str
    priority: int
    sends: int
    result: str
    created_at: str
    sent_at: str | None
    accepted_at: str | None
    outcomes: list[str]
    case: CaseLink | None = None


class LetterView(Struct):
    """Something that the device said and nobody could use. ``first``: the other body under the same number."""

    id: str
    kind: str
    problem: str
    alarm: bool
    epoch: str
    sequence: int | None
    barcode: str
    body: str
    first: str
    device_at: str | None
    received_at: str
    case: CaseLink | None = None


class DifferenceView(Struct):
    """What our books and the device's list say of one item; empty: nothing."""

    barcode: str
    ours: str
    theirs: str
    found_at: str
    case: CaseLink | None = None


class StackDetail(Struct):
    """Everything about one device; ``operates``: the asker may act on it."""

    stack: StackView
    operates: bool
    paused_by: str
    picture: Raw
    picture_at: str | None
    commands: list[CommandView]
    letters: list[LetterView]
    differences: list[DifferenceView]


class HourView(Struct):
    """One hour of a device."""

    at: str
    retrieved: int
    put_back: int
    failed: int
    mean_seconds: int
    longest_seconds: int


class AccuracyView(Struct):
    """One day of a store; ``percent`` null where nothing was sent."""

    day: str
    sent: int
    faulty: int
    percent: float | None


class FiguresView(Struct):
    """A device by the hour, its store's accuracy by the day against ``target_percent`` (R-LOAN.5)."""

    hours: list[HourView]
    days: list[AccuracyView]
    target_percent: int


Done = dict[str, str]
