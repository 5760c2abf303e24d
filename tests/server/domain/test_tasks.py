"""The life of a task and what the clock allows, as tables (R-72, R-ANS.4)."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product

import pytest

from server.domain.errors import Conflict, NotAllowed, Refusal
from server.domain.task_policies import TaskPolicy
from server.domain.tasks import (
    TRANSITIONS,
    Action,
    Channel,
    Kind,
    Stage,
    Task,
    TaskState,
    Waiting,
    Worker,
    after,
    demand_answer,
    demand_claim,
    demand_held,
    demand_release,
    is_late,
    release_circle,
    stage_of,
)
from tools.task_states import PAGE, text

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
POLICY = TaskPolicy()
TOLERANT = TaskPolicy(early_answer="tolerant")
INSTANT = timedelta(microseconds=1)
LIN, WU = Worker("lin", frozenset({"home"})), Worker("wu", frozenset({"other"}))


def task(age: timedelta = timedelta(), *, policy: TaskPolicy = POLICY, **more: object) -> Task:
    """An open document request of this age, standing open to the alliance."""
    waiting = Waiting("c", NOON - age, policy, "home", "reader")
    fresh = Task("t", TaskState.OPEN, Channel.DOCUMENT, (waiting,), opened_at=NOON - age)
    return replace(fresh, **more)  # type: ignore[arg-type]


def code(action: object, *args: object, **more: object) -> str:
    """The refusal's code and rule, or ok."""
    try:
        action(*args, **more)  # type: ignore[operator]
    except Refusal as refusal:
        return f"{refusal.code} {refusal.rule_id}"
    return "ok"


@pytest.mark.parametrize(("state", "action"), list(product(TaskState, Action)))
def test_every_cell_of_the_state_table_leads_on_or_is_refused_with_a_rule(
    state: TaskState, action: Action
) -> None:
    if (state, action) in TRANSITIONS:
        assert after(state, action) in TaskState
    else:
        with pytest.raises(Conflict) as refused:
            after(state, action)
        assert refused.value.rule_id


def test_nothing_leads_out_of_done() -> None:
    assert not [action for state, action in TRANSITIONS if state is TaskState.DONE]


def test_only_answers_and_cancellations_end_a_task() -> None:
    """R-72.9: no task leaves the pool otherwise."""
    ending = {action for (_, action), after_it in TRANSITIONS.items() if after_it is TaskState.DONE}
    assert ending == {Action.ANSWER, Action.RELEASE, Action.CANCEL}


def test_at_exactly_72_hours_the_strict_rule_still_holds() -> None:
    waiting = task(timedelta(hours=72)).waiting[0]
    assert not is_late(waiting, NOON)
    assert is_late(waiting, NOON + INSTANT)
    assert (stage_of(waiting, NOON), stage_of(waiting, NOON + INSTANT)) == (Stage.DUE_SOON, Stage.ESCALATED)


@pytest.mark.parametrize(
    ("hours", "kind", "policy", "expected"),
    [
        (1, Kind.EXACT, POLICY, "ok"),
        (73, Kind.EXACT, POLICY, "ok"),
        (1, Kind.SIMILAR, POLICY, "similar_too_early R-72.2"),
        (72, Kind.SIMILAR, POLICY, "similar_too_early R-72.2"),
        (73, Kind.SIMILAR, POLICY, "ok"),
        (1, Kind.SIMILAR, TOLERANT, "early_answer_reason R-QC.2"),
        (73, Kind.SIMILAR, TOLERANT, "ok"),
        (1, Kind.NOT_FOUND, POLICY, "not_found_too_early R-72.2"),
        (1, Kind.NOT_FOUND, TOLERANT, "not_found_too_early R-72.2"),
        (72, Kind.NOT_FOUND, TOLERANT, "not_found_too_early R-72.2"),
        (73, Kind.NOT_FOUND, POLICY, "ok"),
        (1, Kind.TEXT, POLICY, "request_takes_document R-ANS.4"),
        (73, Kind.TEXT, POLICY, "request_takes_document R-ANS.4"),
    ],
)
def test_what_the_clock_allows_for_a_document_request(
    hours: int, kind: Kind, policy: TaskPolicy, expected: str
) -> None:
    asked = task(timedelta(hours=hours), policy=policy, state=TaskState.CLAIMED)
    assert code(demand_answer, asked, kind, NOON) == expected


def test_a_tolerated_early_similar_document_needs_a_reason_only() -> None:
    early = demand_answer(task(timedelta(hours=1), policy=TOLERANT), Kind.SIMILAR, NOON, reason="急用")
    assert (early.phrase, early.rule_id) == ("", "R-QC.2")


def test_the_phrases_about_the_whole_alliance_need_that_it_was_asked() -> None:
    closed = task(timedelta(hours=80), opened_at=None)
    assert code(demand_answer, closed, Kind.SIMILAR, NOON) == "alliance_not_asked R-72.7"
    assert code(demand_answer, closed, Kind.NOT_FOUND, NOON) == "alliance_not_asked R-72.7"
    late = task(timedelta(hours=80))
    assert demand_answer(late, Kind.SIMILAR, NOON).phrase == "P-SIMILAR"
    assert demand_answer(late, Kind.NOT_FOUND, NOON).phrase == "P-NOTFOUND"


@pytest.mark.parametrize("channel", [Channel.FORM, Channel.KNOWLEDGE, Channel.PHONE])
def test_questions_are_answered_with_text_at_any_time(channel: Channel) -> None:
    for hours in (0, 72, 100):
        asked = task(timedelta(hours=hours), channel=channel)
        assert code(demand_answer, asked, Kind.TEXT, NOON) == "ok"
        assert code(demand_answer, asked, Kind.EXACT, NOON) == "question_takes_text R-ANS.4"


def test_readers_who_share_a_task_keep_their_own_clocks() -> None:
    old, young = task(timedelta(hours=80)).waiting[0], task(timedelta(hours=2)).waiting[0]
    shared = task(waiting=(old, replace(young, id="d")))
    assert demand_answer(shared, Kind.EXACT, NOON).allowed == ("c", "d")
    assert demand_answer(shared, Kind.SIMILAR, NOON).allowed == ("c",)
    assert demand_answer(shared, Kind.NOT_FOUND, NOON).allowed == ("c",)


def test_a_claim_is_refused_by_name() -> None:
    assert code(demand_claim, task(), LIN, NOON) == "ok"
    assert code(demand_claim, task(state=TaskState.CLAIMED), LIN, NOON) == "task_taken R-72.1"
    assert code(demand_claim, task(state=TaskState.DONE), LIN, NOON) == "task_done R-72.1"
    assert code(demand_claim, task(opened_at=None), WU, NOON) == "task_not_open_yet R-72.7"
    assert code(demand_claim, task(), Worker("reader"), NOON) == "own_question R-72.1"


def test_what_was_handed_back_comes_to_the_same_person_again_only_past_72_hours() -> None:
    back = frozenset({"lin"})
    assert (
        code(demand_claim, task(timedelta(hours=72), handed_back_by=back), LIN, NOON)
        == "handed_back_before R-72.7"
    )
    assert code(demand_claim, task(timedelta(hours=73), handed_back_by=back), LIN, NOON) == "ok"


def test_the_fencing_token_stops_who_comes_late() -> None:
    held = task(state=TaskState.CLAIMED, holder_id="lin", claim_number=2, lease_ends_at=NOON)
    assert code(demand_held, held, LIN, 2, NOON - INSTANT) == "ok"
    assert code(demand_held, held, LIN, 2, NOON) == "lease_over R-72.5"
    assert code(demand_held, held, LIN, 1, NOON - INSTANT) == "lease_over R-72.5"
    assert code(demand_held, held, WU, 2, NOON - INSTANT) == "lease_over R-72.5"


def test_only_a_full_librarian_other_than_its_author_releases() -> None:
    waiting = task(state=TaskState.IN_RELEASE, holder_id="intern")
    assert code(demand_release, waiting, LIN, "intern") == "ok"
    assert (
        code(demand_release, waiting, Worker("i2", full=False), "intern")
        == "release_needs_full_librarian R-ORG.5"
    )
    assert code(demand_release, waiting, LIN, "lin") == "release_needs_full_librarian R-ORG.5"
    with pytest.raises(Conflict):
        demand_release(task(), LIN, "intern")
    with pytest.raises(NotAllowed):
        demand_release(waiting, Worker("x", full=False), "intern")


@pytest.mark.parametrize(
    ("hours", "named", "circle"),
    [
        (0, True, "named"),
        (3.99, True, "named"),
        (4, True, "desk"),
        (12, True, "alliance"),
        (0, False, "desk"),
        (12, False, "alliance"),
    ],
)
def test_a_release_that_waits_opens_to_more_people(hours: float, named: bool, circle: str) -> None:
    assert release_circle(POLICY, NOON - timedelta(hours=hours), NOON, named=named) == circle


def test_the_page_about_states_is_printed_from_the_code() -> None:
    assert PAGE.read_text(encoding="utf-8") == text(), (
        "run `python -m tools.task_states` and read what has changed"
    )
