"""What is made of an event from a device, given the command that it names (docs/stack.md, lines 2, 3 and 7)."""

from dataclasses import dataclass
from enum import StrEnum

from server.domain.stack import SETTLING, CommandKind, CommandState, EventKind, StackEvent

_ABOUT_COMMANDS = frozenset({*SETTLING, EventKind.ACCEPTED, EventKind.MOVING})
_BRINGS = frozenset({EventKind.RETRIEVED, EventKind.PUT_AWAY})
WRONG_ITEM = "wrong_item"


class Problem(StrEnum):
    """Why something of a device's is a dead letter, for people to look at."""

    UNREADABLE = "unreadable"
    UNKNOWN_KIND = "unknown_kind"
    UNKNOWN_COMMAND = "unknown_command"
    NO_COMMAND = "no_command"
    WRONG_ITEM = WRONG_ITEM
    TWO_BODIES = "two_bodies"
    LOST = "lost"  # numbers that never came, however often they were asked for
    NOT_APPLIED = "not_applied"  # understood, but its order could not take it


@dataclass(frozen=True, slots=True)
class Told:
    """What an event says of its command, as far as it is believed."""

    kind: EventKind
    code: str
    problem: Problem | None = None


def judge_event(event: StackEvent, *, ours: bool, barcode: str) -> Told:
    """Believe it, or make it a dead letter; ``ours``: its command is one that we gave to this very device.

    A wrong book is not the one that was asked for: of the command it says that it failed. A blank barcode says
    nothing, and the command's id counts.
    """
    if event.kind is EventKind.UNKNOWN:
        return Told(event.kind, event.code, Problem.UNKNOWN_KIND)
    if event.command_id and not ours:
        return Told(event.kind, event.code, Problem.UNKNOWN_COMMAND)
    if not event.command_id:
        return Told(event.kind, event.code, Problem.NO_COMMAND if event.kind in _ABOUT_COMMANDS else None)
    if event.kind in _BRINGS and event.barcode and barcode and event.barcode != barcode:
        return Told(EventKind.FAILED, WRONG_ITEM, Problem.WRONG_ITEM)
    return Told(event.kind, event.code)


def end_of(command: CommandKind, told: Told) -> tuple[CommandState, str] | None:
    """To what end, and with which word, this brings the command; None while it goes on."""
    if told.problem not in (None, Problem.WRONG_ITEM):
        return None
    state = SETTLING.get(told.kind)
    if state is None:
        return None
    if command is CommandKind.CANCEL and told.kind is EventKind.CANCELLED:
        state = CommandState.DONE  # that is what it was for
    return state, told.code or str(told.kind)


def event_from_answer(command: CommandKind, state: CommandState) -> EventKind | None:
    """What a device's answer about a command stands for, where the event itself may have been lost."""
    match state:
        case CommandState.ACCEPTED:
            return EventKind.ACCEPTED
        case CommandState.FAILED:
            return EventKind.FAILED
        case CommandState.CANCELLED:
            return EventKind.CANCELLED
        case CommandState.DONE if command is CommandKind.RETRIEVE:
            return EventKind.RETRIEVED
        case CommandState.DONE if command is CommandKind.PUT_BACK:
            return EventKind.PUT_AWAY
        case CommandState.DONE:
            return EventKind.CANCELLED
        case _:
            return None
