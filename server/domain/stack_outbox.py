"""What is done next about a command that has not come to its end (docs/stack.md, lines 5 and 6)."""

from enum import StrEnum

from server.domain.stack import CommandState

ASKS = 3  # unanswered questions after which people look
_LONGEST = 120.0


class Step(StrEnum):
    """One thing to do about a command."""

    SEND = "send"
    ASK = "ask"
    GIVE_UP = "give_up"  # nobody can say: people look
    WAIT = "wait"


def next_step(
    state: CommandState, *, honours_ids: bool, answers: bool, not_done: bool = False, asked: int = 0
) -> Step:
    """What to do about an open command whose moment has come.

    ``not_done``: the device has just said that it does not know the command. Where it honours ids a resend is
    harmless; where not, only that proves that a resend does nothing twice.
    """
    if state is CommandState.PENDING or not_done:
        return Step.SEND
    if state is CommandState.ACCEPTED:
        return Step.ASK if answers else Step.WAIT
    if honours_ids:
        return Step.SEND
    return Step.ASK if answers and asked < ASKS else Step.GIVE_UP


def pause_before(again: int, first: float) -> float:
    """Seconds until a command that was sent ``again`` times before is looked at once more: longer each time."""
    return min(_LONGEST, first * 2.0 ** min(again, 10))
