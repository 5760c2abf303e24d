"""Policy values that contradict each other, from whichever side, level and moment they are set."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.domain.policies import PolicyEntry, checked_policy_value, policy_lines, value_at
from server.domain.policy_bounds import bounds_of
from server.domain.policy_pairs import PAIRS, Contradiction, Pair, contradiction, partners
from server.words.catalogue import words

NOW = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)
DEFAULTS = {line.name: line for line in policy_lines([], "", NOW)}


def entry(name: str, value: Any, library: str = "", days: int = 0, number: int = 0) -> PolicyEntry:
    return PolicyEntry(f"{number}{name}{library}{days}", library, name, value, NOW + timedelta(days=days), "")


def judged(known: list[PolicyEntry], new: PolicyEntry) -> Contradiction | None:
    return contradiction(new.name, known, [*known, new], new.valid_from_at)


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: f"{pair.less}-{pair.more}")
def test_each_pair_is_refused_from_both_sides_and_fits_by_default(pair: Pair) -> None:
    less, more = DEFAULTS[pair.less].value, DEFAULTS[pair.more].value
    assert pair.holds(less, more)
    assert DEFAULTS[pair.less].unit == DEFAULTS[pair.more].unit, "numbers of one unit are compared"
    above, below = judged([], entry(pair.less, more + 1)), judged([], entry(pair.more, less - 1))
    assert above and above.too_much and below and not below.too_much
    for refused in (above, below):  # what is told to fit does, and one step further does not
        step = 1 if refused.too_much else -1
        assert judged([], entry(refused.name, refused.limit)) is None
        assert judged([], entry(refused.name, refused.limit + step))
    assert all(f"refusal.policy_why.{pair.why}" in words().texts[language] for language in ("zh", "en"))


def test_what_stands_alone_is_never_looked_at() -> None:
    assert partners("queue_limit") == set()
    assert partners("strict_hours") == {"open_hours", "due_soon_hours", "strict_hours", "duty_manager_hours"}


def test_a_library_may_not_contradict_what_the_alliance_sets_for_all() -> None:
    known = [entry("max_capacity", 4, days=-1)]
    refused = judged(known, entry("default_capacity", 5, "a"))
    assert refused and (refused.limit, refused.stands("a", NOW)) == (4, "alliance")
    assert judged(known, entry("default_capacity", 4, "a")) is None


def test_the_alliance_may_not_contradict_what_a_library_has_set() -> None:
    known = [entry("default_capacity", 6, "b", days=-1), entry("default_capacity", 2, days=-1)]
    refused = judged(known, entry("max_capacity", 5))
    assert refused and (refused.library_id, refused.other_value) == ("b", 6)
    assert refused.stands("", NOW) == "library"
    assert judged(known, entry("max_capacity", 6)) is None


def test_what_is_to_come_counts_from_its_day() -> None:
    known = [entry("widen_to_alliance_seconds", 10, days=7)]
    refused = judged(known, entry("widen_to_group_seconds", 15))
    assert refused is None, "what holds already is not held against who sets it once more"
    refused = judged(known, entry("widen_to_group_seconds", 20))
    assert refused and (refused.other_value, refused.at) == (10, NOW + timedelta(days=7))
    assert refused.stands("", NOW) == "here_then"
    later = judged(known, entry("widen_to_group_seconds", 20, days=8))
    assert later and later.at == NOW + timedelta(days=8)


def test_giving_back_the_default_may_contradict_too() -> None:
    known = [entry("lease_hours", 200, days=-2), entry("lease_reminder_hours", 48, days=-1)]
    refused = judged(known, entry("lease_hours", None))
    assert refused and (refused.other, refused.limit) == ("lease_reminder_hours", 49)


def test_taking_back_what_another_value_needs_is_refused() -> None:
    needed, other = (
        entry("widen_to_alliance_seconds", 90, days=1),
        entry("widen_to_group_seconds", 60, days=2),
    )
    refused = contradiction(needed.name, [needed, other], [other], needed.valid_from_at)
    assert refused and (refused.other, refused.at) == ("widen_to_group_seconds", other.valid_from_at)
    assert contradiction(other.name, [needed, other], [needed], other.valid_from_at) is None


def test_an_old_contradiction_is_mended_from_either_side_and_by_another_library() -> None:
    """What was set before the pair was looked at must not stand in the way of its own mending."""
    known = [entry("default_capacity", 9, "b", days=-1)]
    assert judged(known, entry("default_capacity", 3, "b")) is None
    assert judged(known, entry("max_capacity", 9)) is None
    assert judged(known, entry("default_capacity", 3, "a")) is None


@st.composite
def histories(draw: st.DrawFn) -> list[PolicyEntry]:
    """Values of one family set one after another, at any level and for any day."""
    names = sorted(partners(draw(st.sampled_from([pair.less for pair in PAIRS]))))
    made = draw(
        st.lists(
            st.tuples(
                st.sampled_from(names),
                st.sampled_from([None, *range(1, 9)]),
                st.sampled_from(["", "a", "b"]),
                st.integers(0, 3),
            ),
            max_size=12,
        )
    )
    return [
        entry(name, value, library, days, number)
        for number, (name, value, library, days) in enumerate(made, start=10)
    ]


@given(histories())
def test_whatever_is_let_in_one_by_one_never_contradicts_anywhere(history: list[PolicyEntry]) -> None:
    kept: list[PolicyEntry] = []
    for new in history:
        if judged(kept, new) is None:
            kept.append(new)
    for days in range(-1, 5):
        at = NOW + timedelta(days=days)
        for library in ("", "a", "b"):
            for pair in PAIRS:
                values = [value_at(kept, name, library, at) for name in (pair.less, pair.more)]
                assert pair.holds(*values), (pair, library, days, kept)


def test_a_block_is_never_longer_by_default_than_a_librarian_may_set() -> None:
    low, high = bounds_of("block_hours")
    assert (low, high) == (1, 720)
    assert checked_policy_value("block_hours", high) == high
