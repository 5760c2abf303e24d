"""Prints docs/loan-stages.md from the code: `python -m tools.loan_stages`."""

from collections.abc import Iterator
from pathlib import Path

from server.domain.loan_fold import Line, order_state
from server.domain.loans import ALLOWED, ENDED, RULES, House, Stage
from server.domain.stack import SETTLING, EventKind
from server.words.catalogue import text as words

PAGE = Path(__file__).parent.parent / "docs" / "loan-stages.md"
INTRODUCTION = """# The life of a loan order

Written by `python -m tools.loan_stages` from `server/domain/loans.py` and `loan_fold.py`; a test compares.

An order's state is a fold over its events. Three kinds of sources tell them: the *house* (readers, staff, rules), whose
events are guarded by the table below and numbered gaplessly; *devices* of smart stacks, sorted by (device, epoch,
sequence); *couriers*, sorted by (waybill, their time, content). When we heard of them plays no part, so any order of
arrival, with duplicates, ends in the same state. An order's state is that of its least advanced living book; books that
have ended no longer count. A machine's acknowledgement (`accepted`) completes nothing.
"""


def lines() -> Iterator[str]:
    """The page, line by line."""
    yield from INTRODUCTION.splitlines()
    yield from ("", "## Stages of a book", "")
    yield from _row("stage", "as readers see it", "in English", "the order is then", "ends it")
    yield from _row(*("---",) * 5)
    for stage in Stage:
        state = order_state({"l": Line("l", stage, cancelled=stage is Stage.RECALLED)})
        shown = [words(f"loans.stage.{stage}", language) for language in ("zh", "en")]
        yield from _row(f"`{stage}`", *shown, f"`{state}`", "yes" if stage in ENDED else "")
    yield from ("", "## What the house may do, and when", "")
    yield from _row("event", "at the stages", "rule")
    yield from _row(*("---",) * 3)
    for kind in House:
        stages = ", ".join(f"`{stage}`" for stage in Stage if stage in ALLOWED.get(kind, frozenset()))
        yield from _row(f"`{kind}`", stages or "once, first of all", RULES.get(kind, "R-LOAN.6"))
    yield from ("", "What is not in the table is refused with `loan_stage` and the rule's id.", "")
    yield from ("## What a machine reports", "")
    yield from _row("event", "settles its command as")
    yield from _row(*("---",) * 2)
    for heard in EventKind:
        yield from _row(f"`{heard}`", f"`{SETTLING[heard]}`" if heard in SETTLING else "")


def text() -> str:
    """The whole page."""
    return "\n".join((*lines(), ""))


def _row(*cells: str) -> Iterator[str]:
    yield f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    PAGE.write_text(text(), encoding="utf-8")
