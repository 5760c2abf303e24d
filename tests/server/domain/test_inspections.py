"""The life of an inspection: every state and step, and who may take it."""

from dataclasses import replace
from itertools import product

import pytest

from server.domain.errors import Conflict, Invalid, NotAllowed, Refusal
from server.domain.grades import Grade, Suggestion
from server.domain.inspections import (
    TRANSITIONS,
    Inspection,
    State,
    Step,
    demand_author,
    demand_decider,
    demand_inspector,
    demand_reason,
    judged,
    next_state,
)
from tools.inspection_rules import PAGE, text

QUEUED = Inspection("c1", State.QUEUED, "lin", "home", released_by="releaser")
LIFE = {
    (State.QUEUED, Step.GRADE): State.GRADED,
    (State.QUEUED, Step.RETURN): State.RETURNED,
    (State.GRADED, Step.RETURN): State.RETURNED,
    (State.GRADED, Step.APPEAL): State.APPEALED,
    (State.GRADED, Step.PUBLISH): State.PUBLISHED,
    (State.RETURNED, Step.CORRECT): State.CORRECTED,
    (State.RETURNED, Step.APPEAL): State.APPEALED,
    (State.CORRECTED, Step.GRADE): State.GRADED,
    (State.CORRECTED, Step.RETURN): State.RETURNED,
    (State.CORRECTED, Step.APPEAL): State.APPEALED,
    (State.APPEALED, Step.DECIDE): State.DECIDED,
    (State.DECIDED, Step.RETURN): State.RETURNED,
    (State.DECIDED, Step.PUBLISH): State.PUBLISHED,
    (State.GRADED, Step.REOPEN): State.QUEUED,
    (State.DECIDED, Step.REOPEN): State.QUEUED,
    (State.PUBLISHED, Step.REOPEN): State.QUEUED,
}


@pytest.mark.parametrize(("state", "step"), list(product(State, Step)))
def test_each_step_in_each_state_leads_on_or_is_refused_with_its_rule(state: State, step: Step) -> None:
    inspection = replace(QUEUED, state=state)
    if (state, step) in LIFE:
        assert next_state(inspection, step) is LIFE[state, step]
    else:
        with pytest.raises(Conflict) as refused:
            next_state(inspection, step)
        assert refused.value.code == "inspection_moved"
        assert refused.value.rule_id.startswith("R-")


def test_every_state_can_be_reached_and_left() -> None:
    reached = {State.QUEUED} | {line.after for line in TRANSITIONS}
    assert reached == {state for line in TRANSITIONS for state in line.before} == set(State)


def test_an_appeal_is_heard_once() -> None:
    returned_after_appeal = replace(QUEUED, state=State.RETURNED, appealed_once=True)
    with pytest.raises(Conflict, match="appeal_decided"):
        next_state(returned_after_appeal, Step.APPEAL)
    assert next_state(returned_after_appeal, Step.CORRECT) is State.CORRECTED


@pytest.mark.parametrize(
    ("inspector", "library", "another_there", "code"),
    [
        ("wu", "other", True, ""),
        ("wu", "other", False, ""),
        ("mei", "home", False, ""),
        ("mei", "home", True, "inspects_own_library"),
        ("lin", "home", False, "inspects_own"),
        ("lin", "other", True, "inspects_own"),
        ("releaser", "other", True, "inspects_own"),
    ],
)
def test_who_may_grade_an_answer_of_home(
    inspector: str, library: str, another_there: bool, code: str
) -> None:
    assert refusal_of(demand_inspector, QUEUED, inspector, library, another_there=another_there) == code


def test_an_appeal_is_decided_by_somebody_else_than_the_first_inspector() -> None:
    graded = replace(QUEUED, state=State.APPEALED, inspector_id="wu")
    assert refusal_of(demand_decider, graded, "wu") == "decides_own_grade"
    assert refusal_of(demand_decider, graded, "zhao") == ""


def test_only_who_answered_corrects_and_appeals() -> None:
    assert refusal_of(demand_author, QUEUED, "lin") == ""
    assert refusal_of(demand_author, QUEUED, "mei") == "not_your_answer"


def test_the_page_of_inspection_is_that_of_the_code() -> None:
    assert PAGE.read_text(encoding="utf-8") == text(), (
        "run `python -m tools.inspection_rules` and read what has changed"
    )


PASSES = Suggestion(Grade.PASS, "G-P1")
NONE = Suggestion(None)


@pytest.mark.parametrize(
    ("suggestion", "grade", "reason", "given"),
    [
        (PASSES, "pass", "", (Grade.PASS, "G-P1")),
        (PASSES, "fail", "文不对题", (Grade.FAIL, "G-F2")),
        (NONE, "pass", "常用语缺一字", (Grade.PASS, "G-P1")),
        (NONE, "pass", "各行都不合", (Grade.PASS, "")),
    ],
)
def test_a_grade_is_confirmed_or_overridden(
    suggestion: Suggestion, grade: str, reason: str, given: tuple[Grade, str]
) -> None:
    assert judged(suggestion, grade, given[1], reason) == given


@pytest.mark.parametrize(
    ("suggestion", "grade", "reason", "code"),
    [
        (PASSES, "fail", "", "override_needs_reason"),
        (PASSES, "excellent", "  ", "override_needs_reason"),
        (NONE, "pass", "", "override_needs_reason"),
        (PASSES, "good", "because", "grade_unknown"),
        (PASSES, "", "because", "grade_unknown"),
        (PASSES, "excellent", "because", "row_unknown"),
    ],
)
def test_an_override_without_a_reason_is_refused(
    suggestion: Suggestion, grade: str, reason: str, code: str
) -> None:
    assert refusal_of(judged, suggestion, grade, "G-F2", reason) == code


def test_a_reason_is_words_and_not_too_many() -> None:
    assert demand_reason(" 不公 ", "appeal_needs_reason") == "不公"
    for wrong in (" ", "字" * 2001):
        with pytest.raises(Invalid):
            demand_reason(wrong, "appeal_needs_reason")


def refusal_of(guard: object, *given: object, **more: object) -> str:
    try:
        guard(*given, **more)  # type: ignore[operator]
    except (NotAllowed, Refusal) as refusal:
        return refusal.code
    return ""
