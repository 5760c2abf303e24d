"""Prints docs/inspection.md from the code: `python -m tools.inspection_rules`."""

from collections.abc import Iterator
from pathlib import Path

from server.domain.grades import ROWS
from server.domain.inspections import TRANSITIONS, State
from server.domain.samples import samples_needed
from server.words.catalogue import text as word

PAGE = Path(__file__).parent.parent / "docs" / "inspection.md"
INTRODUCTION = """# Quality inspection

Written by `python -m tools.inspection_rules` from `server/domain/grades.py`, `inspections.py` and `samples.py`; a
test compares.

Every answer has a *suggested grade*, worked out from recorded facts: the composer shows it before sending, the
inspector with every fact behind it. An inspector confirms it, gives another grade with a reason, or puts a fact
right, which works the suggestion out anew. A rating that comes later counts until the grade is given. The policy in
force at submission decides.

## Which answers are inspected (R-QC.3)

Every suggested fail, every answer of an intern, every one whose link the prober found wanting, every early similar
document that the tolerant policy let through (R-QC.2) and every one that meets no row; of the others a random share
(policy `sample_percent`). The draw is made once, when the answer is sent, also where another reason brings it in:
only what chance chose says anything about the answers that nobody looked at. So the sample of a library holds these
alone, each with the grade of the answer as it was sent; a correction mends the answer, not the sample.

Nobody inspects an answer they wrote or released, nor, while another library's inspector is there, one of their own
library.

## Its life (R-QC.4)

Each step is one conditional update on the version that its actor had seen: of two who act at once, one is told. Both
versions of a corrected answer stay. The deadline of a correction is a due row; when it has passed, the library's
managers are mailed once. An appeal can be made once, is decided by another inspector, and stops the deadline.
Published results are lines of their own that nothing changes any more; readers' comments on them can be hidden, never
changed.
"""


def lines() -> Iterator[str]:
    """The page, line by line."""
    yield from INTRODUCTION.splitlines()
    yield ""
    yield from _row("step", "by", "rule", *State)
    yield from _row(*("---",) * (3 + len(State)))
    for line in TRANSITIONS:
        cells = (f"→ {line.after}" if state in line.before else "" for state in State)
        yield from _row(f"`{line.step}`", line.by.replace("_", " "), line.rule_id, *cells)
    yield from (
        "",
        "## The rows of the quality standard",
        "",
        "Tried in this order; the first that is met counts.",
        "",
    )
    yield from _row("row", "grade", "met by", "facts that decide")
    yield from _row(*("---",) * 4)
    for row in ROWS:
        facts = ", ".join(f"`{name}`" for name in row.facts)
        yield from _row(row.id, row.grade, word(f"grade_row.{row.id}", "en"), facts)
    yield from ("", "## What a clean sample shows (R-QC.3)", "")
    yield "Answers that have to be inspected to show a failure rate of at most 1 % at 95 %, by the fails among them"
    yield "(exact one-sided binomial bound):"
    yield ""
    yield from _row("fails", *(str(failed) for failed in range(6)))
    yield from _row(*("---",) * 7)
    yield from _row("answers", *(str(samples_needed(failed)) for failed in range(6)))


def text() -> str:
    return "\n".join((*lines(), ""))


def _row(*cells: str) -> Iterator[str]:
    yield f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    PAGE.write_text(text(), encoding="utf-8")
