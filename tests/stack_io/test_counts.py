"""Runs and numbers of a device: where the mark stands and what has to be asked for (docs/stack.md, promise 8)."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stack_io.counts import Counts


def test_numbers_in_their_order_leave_no_gap() -> None:
    counts = Counts()
    for number in range(1, 6):
        counts.kept("1", number)
    assert (counts.epoch, counts.mark, counts.gap) == ("1", 5, None)


def test_a_missing_number_is_a_gap_until_it_comes() -> None:
    counts = Counts("1", 3)
    counts.kept("1", 5)
    assert counts.gap == ("1", 3)
    counts.kept("1", 4)
    assert (counts.mark, counts.gap) == (5, None)


def test_a_last_number_that_the_device_names_shows_what_never_came() -> None:
    counts = Counts("1", 3)
    counts.told("1", 4)
    assert counts.gap == ("1", 3)


def test_a_new_run_begins_only_when_the_old_one_is_known_to_be_complete() -> None:
    counts = Counts("1", 3)
    counts.kept("2", 1)
    assert counts.gap == ("1", 3)
    counts.told("1", 4)  # asked for the rest of run 1, the device said where it ended
    assert counts.gap == ("1", 3)
    counts.kept("1", 4)
    assert (counts.epoch, counts.mark, counts.gap) == ("2", 1, None)


def test_what_a_run_had_reached_while_it_went_on_is_not_its_end() -> None:
    counts = Counts("1", 3)
    counts.told("1", 3)
    counts.kept("2", 1)  # run 1 may have gone on before the power was cut
    assert counts.gap == ("1", 3)


def test_an_old_run_s_event_that_comes_late_changes_nothing() -> None:
    counts = Counts("2", 1)
    counts.kept("1", 9)
    counts.told("1", 9)
    assert (counts.epoch, counts.mark, counts.gap) == ("2", 1, None)


def test_what_never_comes_is_given_up_and_named() -> None:
    counts = Counts("1", 3)
    counts.kept("1", 7)
    counts.kept("1", 9)
    assert counts.give_up() == ("1", 4, 6)
    assert (counts.mark, counts.gap) == (7, ("1", 7))
    assert counts.give_up() == ("1", 8, 8)
    assert (counts.mark, counts.gap) == (9, None)


def test_a_run_whose_end_nobody_tells_is_left_without_a_loss() -> None:
    counts = Counts("1", 3)
    counts.kept("2", 1)
    assert counts.give_up() is None
    assert (counts.epoch, counts.mark, counts.gap) == ("2", 1, None)


def test_the_first_word_of_a_device_begins_its_run_from_one() -> None:
    counts = Counts()
    counts.told("7", 12)
    assert counts.gap == ("7", 0)


@given(st.lists(st.integers(1, 4), min_size=1, max_size=3), st.integers(0, 2**32), st.booleans())
def test_in_whatever_order_they_come_the_mark_ends_at_the_end(
    runs: list[int], seed: int, doubled: bool
) -> None:
    numbers = [(f"{run}", number) for run, last in enumerate(runs, start=1) for number in range(1, last + 1)]
    arriving = numbers * (2 if doubled else 1)
    Random(seed).shuffle(arriving)
    counts = Counts("1", 0)
    for epoch, number in arriving:
        counts.kept(epoch, number)
        for run, last in enumerate(runs, start=1):  # every question is answered
            if counts.gap and counts.gap[0] == f"{run}":
                counts.told(f"{run}", last)
    for run, last in enumerate(runs, start=1):
        counts.told(f"{run}", last)
    assert (counts.epoch, counts.mark, counts.gap) == (f"{len(runs)}", runs[-1], None)


@pytest.mark.parametrize("number", [1, 2, 3])
def test_what_is_known_to_be_kept_is_not_counted_again(number: int) -> None:
    counts = Counts("1", 3)
    counts.kept("1", number)
    assert (counts.mark, counts.gap) == (3, None)
