"""Figures: counting for everybody concerned, periods, and times read off buckets."""

from collections import Counter
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.domain.figures import (
    SPANS,
    Figures,
    Key,
    after_end,
    answered,
    asked,
    changes,
    count,
    pieces,
    quantile,
    returned,
    start_of,
    talked,
    time_bucket,
)

HOURS_72 = timedelta(hours=72)
HERE = Key("lib", "lin", "document", "book")
DAYS = st.dates(date(2020, 1, 1), date(2030, 12, 31))
times = st.lists(st.timedeltas(timedelta(seconds=1), timedelta(days=60)), min_size=1, max_size=60)


def test_an_answer_counts_for_the_alliance_its_library_and_its_librarian() -> None:
    fact = answered(
        HERE, kind="exact", took=timedelta(hours=2), strict=HOURS_72, rating="satisfied", grade="pass"
    )
    counts = count([fact])
    assert set(counts) == {
        Key(),
        Key("", "", "document"),
        Key("", "", "document", "book"),
        Key("lib"),
        Key("lib", "", "document"),
        Key("lib", "", "document", "book"),
        Key("lib", "lin"),
        Key("lib", "lin", "document"),
    }
    for counter in counts.values():
        figures = Figures(counter)
        assert figures["answered"] == figures["documents"] == figures["in_time"] == 1
        assert (figures.in_time_share, figures.satisfied_share, figures.rated, figures.graded) == (1, 1, 1, 1)


@pytest.mark.parametrize(("took", "share"), [(HOURS_72, 1), (HOURS_72 + timedelta(microseconds=1), 0)])
def test_at_exactly_72_hours_an_answer_is_still_in_time(took: timedelta, share: float) -> None:
    counts = count([answered(HERE, kind="not_found", took=took, strict=HOURS_72)])
    assert Figures(counts[Key()]).in_time_share == share
    assert Figures(counts[Key()])["documents"] == 0


def test_questions_count_for_the_desk_and_hand_backs_for_who_handed_back() -> None:
    counts = count([asked("lib", "form", "", 3), returned("far", "wu", "document", "thesis")])
    assert counts[Key("lib", "", "form")]["submitted"] == counts[Key()]["submitted"] == 3
    assert counts[Key("far", "wu")]["returns"] == 1 and "submitted" not in counts[Key("far")]


def test_conversations_have_no_72_hours() -> None:
    figures = Figures(count([talked(Key("lib", "lin"), documents=2, rating="fair")])[Key()])
    assert (figures["answered"], figures["documents"], figures["fair"]) == (1, 2, 1)
    assert figures.in_time_share is None and figures.median is None


@given(st.lists(st.sampled_from([HERE, Key("lib", "mei", "form"), Key("far", "wu", "phone")]), max_size=30))
def test_what_has_changed_leads_from_the_one_to_the_other(keys: list[Key]) -> None:
    facts = [answered(key, kind="text", took=timedelta(hours=1), strict=HOURS_72) for key in keys]
    half, whole = count(facts[: len(facts) // 2]), count(facts)
    for key, delta in changes(half, whole).items():
        half.setdefault(key, Counter()).update(delta)
    assert half == whole
    assert changes(whole, whole) == {}


@given(times, st.sampled_from([0.5, 0.9]))
def test_a_time_read_off_the_buckets_is_right_within_a_fifth(taken: list[timedelta], share: float) -> None:
    found = quantile(Counter(time_bucket(took) for took in taken), share)
    exact = sorted(taken)[-(-len(taken) * int(share * 10) // 10) - 1]
    assert found is not None
    if exact > timedelta(minutes=1):
        assert exact / 1.21 <= found <= exact * 1.21
    else:
        assert found <= timedelta(minutes=1)


@given(DAYS, st.sampled_from(SPANS))
def test_every_day_lies_in_one_period_of_each_span(day: date, span: str) -> None:
    start = start_of(span, day)
    end = after_end(span, start)
    assert start <= day < end
    assert start_of(span, end) == end and start_of(span, end - timedelta(days=1)) == start


@given(DAYS, st.integers(0, 1500))
def test_pieces_cover_the_days_once(first: date, length: int) -> None:
    last = first + timedelta(days=length)
    day = first
    for span, start in pieces(first, last):
        assert start == day
        day = after_end(span, start)
    assert day == last + timedelta(days=1)
