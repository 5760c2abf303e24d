"""The life of an inspection: queued → graded or returned → corrected, appealed → decided → published.

Every step is a line of `TRANSITIONS`; who may take it is judged by the guards below it.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from server.domain.answer_facts import AnswerFacts, with_corrections
from server.domain.errors import Conflict, Invalid, NotAllowed
from server.domain.grades import ROWS, Grade, Suggestion
from server.domain.samples import Reason

REASON_CHARACTERS = 2000


class State(StrEnum):
    """Where an inspection stands."""

    QUEUED = "queued"
    GRADED = "graded"
    RETURNED = "returned"  # with its librarian, for correction by a deadline (R-QC.4)
    CORRECTED = "corrected"
    APPEALED = "appealed"
    DECIDED = "decided"
    PUBLISHED = "published"


class Step(StrEnum):
    """What can be done in an inspection."""

    GRADE = "grade"
    RETURN = "return"
    CORRECT = "correct"
    APPEAL = "appeal"
    DECIDE = "decide"
    REOPEN = "reopen"  # its link has died meanwhile
    PUBLISH = "publish"


class Part(StrEnum):
    """Who takes a step."""

    INSPECTOR = "inspector"
    LIBRARIAN = "librarian"  # whose answer it is
    OTHER_INSPECTOR = "other_inspector"
    PUBLISHER = "publisher"
    SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class Transition:
    """A step: from which states to which, by whom, under which rule."""

    step: Step
    before: frozenset[State]
    after: State
    by: Part
    rule_id: str


def _line(step: Step, before: Collection[State], after: State, by: Part, rule_id: str) -> Transition:
    return Transition(step, frozenset(before), after, by, rule_id)


TRANSITIONS: tuple[Transition, ...] = (
    _line(Step.GRADE, {State.QUEUED, State.CORRECTED}, State.GRADED, Part.INSPECTOR, "R-QC.3"),
    _line(
        Step.RETURN,
        {State.QUEUED, State.GRADED, State.CORRECTED, State.DECIDED},
        State.RETURNED,
        Part.INSPECTOR,
        "R-QC.4",
    ),
    _line(Step.CORRECT, {State.RETURNED}, State.CORRECTED, Part.LIBRARIAN, "R-QC.4"),
    _line(
        Step.APPEAL,
        {State.GRADED, State.RETURNED, State.CORRECTED},
        State.APPEALED,
        Part.LIBRARIAN,
        "R-QC.3",
    ),
    _line(Step.DECIDE, {State.APPEALED}, State.DECIDED, Part.OTHER_INSPECTOR, "R-QC.3"),
    _line(Step.REOPEN, {State.GRADED, State.DECIDED, State.PUBLISHED}, State.QUEUED, Part.SYSTEM, "R-ANS.2"),
    _line(Step.PUBLISH, {State.GRADED, State.DECIDED}, State.PUBLISHED, Part.PUBLISHER, "R-QC.5"),
)
WAITING = frozenset({State.QUEUED, State.CORRECTED, State.APPEALED})  # for an inspector
STANDING = frozenset({State.GRADED, State.DECIDED, State.PUBLISHED})  # the grade counts in figures


@dataclass(frozen=True, slots=True)
class Inspection:
    """One answer before the inspectors, as stored.

    ``facts`` are those recorded, ``corrections`` what an inspector put right in them. ``inspector_id`` gave the first
    grade and ``decider_id`` decided the appeal. ``sample_grade`` is the grade of the answer as it was sent: a
    correction mends the answer, not the sample. ``version`` grows with every step.
    """

    consultation_id: str
    state: State
    staff_id: str
    library_id: str
    answer_id: str = ""
    version: int = 1
    reason: Reason = Reason.RANDOM
    at_random: bool = False
    released_by: str = ""
    channel: str = "document"
    title: str = ""
    facts: AnswerFacts = field(default_factory=AnswerFacts)
    corrections: Mapping[str, Any] = field(default_factory=dict)
    suggested_grade: Grade | None = None
    suggested_row: str = ""
    grade: Grade | None = None
    grade_row: str = ""
    sample_grade: Grade | None = None
    inspector_id: str = ""
    graded_at: datetime | None = None
    decider_id: str = ""
    correct_by: datetime | None = None
    overdue: bool = False
    appealed_once: bool = False
    answered_at: datetime = datetime(1970, 1, 1, tzinfo=UTC)
    queued_at: datetime = datetime(1970, 1, 1, tzinfo=UTC)
    waiting_from: datetime = datetime(1970, 1, 1, tzinfo=UTC)
    publication_id: str = ""

    @property
    def authors(self) -> frozenset[str]:
        """Who wrote the answer, and who released an intern's."""
        return frozenset(filter(None, (self.staff_id, self.released_by)))

    @property
    def facts_now(self) -> AnswerFacts:
        """The facts as inspectors have put them right."""
        return with_corrections(self.facts, self.corrections)


@dataclass(frozen=True, slots=True)
class Listed:
    """An inspection as a list shows it: with the names of whose answer it is."""

    inspection: Inspection
    author: str
    library_zh: str
    library_en: str

    def library(self, language: str) -> str:
        return self.library_en if language == "en" else self.library_zh


def next_state(inspection: Inspection, step: Step) -> State:
    """Where a step leads. Raises Conflict ``inspection_moved`` when the inspection stands elsewhere by now."""
    line = next(each for each in TRANSITIONS if each.step is step)
    if inspection.state not in line.before:
        raise Conflict("inspection_moved", line.rule_id, state=str(inspection.state))
    if step is Step.APPEAL and inspection.appealed_once:
        raise Conflict("appeal_decided", line.rule_id)
    return line.after


def demand_inspector(
    inspection: Inspection, inspector_id: str, inspector_library_id: str, *, another_there: bool
) -> None:
    """Nobody grades an answer of their own, nor of their own library while another library's inspector is there.

    ``another_there``: whether the alliance has an inspector of another library than the answer's who could do it.
    Raises NotAllowed (R-QC.3).
    """
    if inspector_id in inspection.authors:
        raise NotAllowed("inspects_own", "R-QC.3")
    if inspector_library_id == inspection.library_id and another_there:
        raise NotAllowed("inspects_own_library", "R-QC.3")


def demand_decider(inspection: Inspection, inspector_id: str) -> None:
    """An appeal is decided by an inspector other than who gave the grade. Raises NotAllowed (R-QC.3)."""
    if inspector_id == inspection.inspector_id:
        raise NotAllowed("decides_own_grade", "R-QC.3")


def demand_author(inspection: Inspection, staff_id: str) -> None:
    """Only who answered corrects or appeals. Raises NotAllowed (R-QC.4)."""
    if staff_id not in inspection.authors:
        raise NotAllowed("not_your_answer", "R-QC.4")


def judged(suggestion: Suggestion, grade: str, row: str, reason: str) -> tuple[Grade, str]:
    """The grade that the inspector gives, with its row: the suggested one, or another with a reason.

    Another grade, or a grade where none is suggested, is an override; its row, if one is named, is one of that
    grade. Raises Invalid at ``grade``, ``row`` or ``reason``.
    """
    if grade not in tuple(Grade):
        raise Invalid("grade_unknown", "grade", "R-QC.3")
    given = Grade(grade)
    if len(reason) > REASON_CHARACTERS:
        raise Invalid("field_too_long", "reason", limit=REASON_CHARACTERS, length=len(reason))
    if given is suggestion.grade:
        return given, suggestion.row
    if not reason.strip():
        raise Invalid("override_needs_reason", "reason", "R-QC.3")
    if row and row not in {each.id for each in ROWS if each.grade is given}:
        raise Invalid("row_unknown", "row", "R-QC.3")
    return given, row


def demand_reason(reason: str, code: str, field: str = "reason") -> str:
    """What was said for a step, which may not be nothing. Raises Invalid at the field."""
    reason = reason.strip()
    if not reason:
        raise Invalid(code, field, "R-QC.3")
    if len(reason) > REASON_CHARACTERS:
        raise Invalid("field_too_long", field, limit=REASON_CHARACTERS, length=len(reason))
    return reason
