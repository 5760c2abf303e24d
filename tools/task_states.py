"""Prints docs/task-states.md from the code: `python -m tools.task_states`."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from server.domain.task_policies import TaskPolicy
from server.domain.tasks import TRANSITIONS, Action, Channel, Task, TaskState, Waiting, options

PAGE = Path(__file__).parent.parent / "docs" / "task-states.md"
INTRODUCTION = """# The life of a task

Written by `python -m tools.task_states` from `server/domain/tasks.py`; a test compares. States and transitions are pure
functions of (task, action, actor, now). A cell without an entry is refused with `task_moved_on` and the rule's id.

A *consultation* is what one reader asked: it is `open`, then `answered` or `cancelled`, with a clock of its own. The
*task* is the work on it, shared by all readers who asked for the same. *some* means: not everybody who waits.

Before an action the guards ask: who claims must see the task (first its own desk, R-72.7), must not have asked it
themselves, must not have handed it back in the strict time, and holds at most ten (R-72.5). Who hands back, answers or
proposes must hold it under the present claim number, before the end of the lease (R-72.5). Who releases is a full
librarian other than the author, of the circle that the waiting time has opened (R-ORG.5).
"""
_NOW = datetime(2026, 1, 10, tzinfo=UTC)


def lines() -> Iterator[str]:
    """The page, line by line."""
    yield from INTRODUCTION.splitlines()
    yield from ("", "## States", "")
    yield from _row("action", *TaskState)
    yield from _row("---", *("---" for _ in TaskState))
    for action in Action:
        yield from _row(f"`{action}`", *(_cell(state, action) for state in TaskState))
    yield from ("", "## What may be answered", "")
    yield from _row(
        "consultation", "age", "kind of answer", "allowed", "rule", "must carry", "lawful instead"
    )
    yield from _row(*("---",) * 7)
    for channel, policy, hours in (
        (Channel.DOCUMENT, "strict", 72),
        (Channel.DOCUMENT, "tolerant", 72),
        (Channel.DOCUMENT, "strict", 73),
        (Channel.FORM, "strict", 1),
    ):
        yield from _answers(channel, policy, hours)


def text() -> str:
    return "\n".join((*lines(), ""))


def _answers(channel: Channel, policy: str, hours: int) -> Iterator[str]:
    waiting = Waiting("c", _NOW - timedelta(hours=hours), TaskPolicy(early_answer=policy))
    task = Task("t", TaskState.CLAIMED, channel, (waiting,), opened_at=_NOW)
    asked = f"{channel} ({policy})" if channel is Channel.DOCUMENT else "form, knowledge, phone"
    age = "any" if channel is not Channel.DOCUMENT else "≤ 72 h" if hours <= 72 else "> 72 h"
    for option in options(task, _NOW):
        allowed = (
            "with a reason" if option.needs_reason else "yes" if option.allowed else f"no: `{option.refusal}`"
        )
        yield from _row(
            asked, age, f"`{option.kind}`", allowed, option.rule_id, option.phrase, option.alternative
        )


def _cell(state: TaskState, action: Action) -> str:
    after = TRANSITIONS.get((state, action))
    return f"→ {after}" if after else ""


def _row(*cells: str) -> Iterator[str]:
    yield f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    PAGE.write_text(text(), encoding="utf-8")
