"""Policy values as managers see and set them."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from server.domain.errors import Invalid
from server.domain.policies import PER_LIBRARY, TEXTS, PolicyEntry, parse_policy_value, policy_lines

NOW = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)


def entry(library: str, value: Any, days: int, name: str = "documents_per_session") -> PolicyEntry:
    return PolicyEntry(f"{library}{value}{days}", library, name, value, NOW + timedelta(days=days), "")


@pytest.mark.parametrize(
    ("entries", "library", "value", "source"),
    [
        ([], "a", 3, "default"),
        ([entry("", 5, -1)], "a", 5, "alliance"),
        ([entry("", 5, -1), entry("a", 7, 0)], "a", 7, "library"),
        ([entry("", 5, -1), entry("b", 7, 0)], "a", 5, "alliance"),
        ([entry("a", 7, -2), entry("a", 8, -1)], "a", 8, "library"),
        ([entry("a", 7, 1)], "a", 3, "default"),  # not yet
        ([entry("", 5, -3), entry("a", 7, -2), entry("a", None, -1)], "a", 5, "alliance"),  # given back
        ([entry("", 5, -1)], "", 5, "alliance"),
    ],
)
def test_the_library_goes_before_the_alliance_and_that_before_the_default(
    entries: list[PolicyEntry], library: str, value: int, source: str
) -> None:
    line = next(one for one in policy_lines(entries, library, NOW) if one.name == "documents_per_session")
    assert (line.value, line.source) == (value, source)


def test_what_is_to_come_is_told_with_its_day() -> None:
    lines = policy_lines([entry("", 9, 2), entry("", 8, 1), entry("a", 7, 1)], "", NOW)
    line = next(one for one in lines if one.name == "documents_per_session")
    assert [each.value for each in line.coming] == [8, 9]


def test_a_library_sees_only_what_it_may_set() -> None:
    assert {line.name for line in policy_lines([], "a", NOW)} == PER_LIBRARY | TEXTS


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("documents_per_session", "5", 5),
        ("documents_per_session", "", None),
        ("widen_when_nobody_on_duty", "false", False),
        ("intern_live", "supervised", "supervised"),
        ("scope_zh", "只答事实性问题。", "只答事实性问题。"),
    ],
)
def test_what_is_filled_in_becomes_the_value(name: str, text: str, value: Any) -> None:
    assert parse_policy_value(name, text) == value


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("documents_per_session", "viele"),
        ("documents_per_session", "-1"),
        ("documents_per_session", "true"),
        ("widen_when_nobody_on_duty", "1"),
        ("intern_live", "sometimes"),
        ("no_such_value", "1"),
        ("scope_zh", "长" * 2001),
    ],
)
def test_what_cannot_be_a_value_is_refused(name: str, text: str) -> None:
    with pytest.raises(Invalid):
        parse_policy_value(name, text)


@pytest.mark.parametrize(
    ("name", "wrong", "low", "high"),
    [
        ("offer_seconds", 0, 5, 600),  # nobody could have accepted an offer
        ("max_capacity", 0, 1, 50),
        ("message_characters", 0, 100, 10_000),
        ("transcript_days", 1, 30, 3_650),  # a slip that would have emptied the archive for good
        ("sample_percent", 101, 0, 100),
        ("strict_hours", 0, 1, 8_760),
        ("widen_to_group_seconds", 10_000_000, 0, 604_800),
    ],
)
def test_a_number_that_would_stop_the_service_is_refused_with_what_may_be_set(
    name: str, wrong: int, low: int, high: int
) -> None:
    with pytest.raises(Invalid) as refused:
        parse_policy_value(name, str(wrong))
    assert refused.value.data == {"low": low, "high": high}
    assert [parse_policy_value(name, str(bound)) for bound in (low, high)] == [low, high]


def test_every_default_lies_within_its_bounds() -> None:
    for line in policy_lines([], "", NOW):
        if line.unit not in ("switch", "choice", "text"):
            assert parse_policy_value(line.name, str(line.default)) == line.default
