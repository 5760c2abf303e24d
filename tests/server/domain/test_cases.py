"""The clock of a case, who may answer in it, and texts that are kept to be said in the reader's language."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.domain.cases import (
    TITLE_LIMIT,
    Case,
    CaseKind,
    CaseState,
    Channel,
    answered,
    asked,
    demand_holder,
    demand_text,
    said,
    short_said,
    unsaid,
)
from server.domain.errors import Conflict, Invalid, NotAllowed

NOW = datetime(2026, 10, 1, 9, tzinfo=UTC)  # a holiday: it gives no relief (R-ANS.6)
CASE = Case(
    *("1", "C1", "c", "", "", "r", "", "", ""), Channel.ORDER, CaseKind.QUESTION, CaseState.OPEN, "?", NOW
)


def test_the_oldest_unanswered_message_starts_the_clock() -> None:
    first = asked(CASE, NOW, 24)
    assert first.reply_due_at == NOW + timedelta(hours=24)
    assert asked(first, NOW + timedelta(hours=5), 24) == first
    again = asked(answered(first), NOW + timedelta(hours=6), 24)
    assert again.reply_due_at == NOW + timedelta(hours=30)


@pytest.mark.parametrize(
    ("state", "holder", "refusal"),
    [
        (CaseState.OPEN, "", Conflict),
        (CaseState.CLAIMED, "another", NotAllowed),
        (CaseState.CLOSED, "me", Conflict),
    ],
)
def test_only_who_has_the_case_answers(state: CaseState, holder: str, refusal: type[Exception]) -> None:
    with pytest.raises(refusal):
        demand_holder(replace(CASE, state=state, holder_id=holder), "me")
    demand_holder(replace(CASE, state=CaseState.CLAIMED, holder_id="me"), "me")


def test_a_text_has_something_in_it_and_an_end() -> None:
    assert demand_text(" 好 \n", "text", 5) == "好"
    for wrong in ("", " \n", "六个字符太长"):
        with pytest.raises(Invalid):
            demand_text(wrong, "text", 5)


@given(st.text(), st.dictionaries(st.text(max_size=20), st.text(max_size=300), max_size=5))
def test_what_is_kept_to_be_said_comes_back_as_it_was(key: str, data: dict[str, str]) -> None:
    assert unsaid(said(key, data)) == (key, data)
    assert key != key[: TITLE_LIMIT - 10] or len(short_said(key[:50], data)) <= max(
        TITLE_LIMIT, len(said(key[:50], {}))
    )


@pytest.mark.parametrize(
    "written", ["", "书没到", "[", '["', '["a"]', '["a",1]', "[1,{}]", '["a",{}] ', "null"]
)
def test_what_a_person_wrote_is_never_taken_for_such_a_text(written: str) -> None:
    assert unsaid(written) is None or written.strip() != written
