"""The doors of time and names."""

import time

import pytest

from server.clocks import TimedIds


@pytest.mark.parametrize("clock", [[5], [5, 5, 4, 1, 5, 6]], ids=["one millisecond", "a clock put back"])
def test_names_sort_in_the_order_in_which_they_were_made(
    monkeypatch: pytest.MonkeyPatch, clock: list[int]
) -> None:
    """What one process does within a millisecond was listed in any order, where moments are equal."""
    ids, made = TimedIds(), []
    for moment in clock * 500:
        monkeypatch.setattr(time, "time_ns", lambda moment=moment: moment * 1_000_000)
        made.append(ids.new())
    assert made == sorted(set(made))
    assert {len(name) for name in made} == {26}
