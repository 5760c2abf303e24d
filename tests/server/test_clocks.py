"""The doors of time and names."""

import os
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from server.clocks import FileClock, TimedIds, drift_of
from tests.servers import clocks


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


@pytest.mark.parametrize(
    ("theirs", "drift"),
    [(0, 0), (3, 0), (6, 0), (9, 3), (-2, -2)],
    ids=["at once", "on the way", "late", "ahead", "behind"],
)
def test_an_answer_that_takes_its_time_is_no_wrong_clock(theirs: int, drift: float) -> None:
    """A database that took a second to answer was reported as a second ahead."""
    asked = datetime(2026, 1, 1, tzinfo=UTC)
    second = timedelta(seconds=1)
    assert drift_of(asked + theirs * second, asked, asked + 6 * second) == drift


def test_moves_within_one_tick_of_the_disk_are_each_seen(tmp_path: Path) -> None:
    """The product's clock under test told a move by the file's moment alone, which stands still for milliseconds."""
    moved = clocks.FileClock(tmp_path / "clock")
    seen = FileClock(moved.path)
    for _ in range(3):
        moved.advance(timedelta(hours=1))
        os.utime(moved.path, ns=(0, 1_000_000))
        assert abs(seen.now() - moved.now()) < timedelta(minutes=1)
