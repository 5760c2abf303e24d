"""Who is looked at, and what a clean sample proves."""

from math import comb
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.domain.grades import Finding, Grade, Suggestion
from server.domain.samples import Reason, clean_samples_lacking, samples_needed, sampling_of

GOOD = Suggestion(Grade.EXCELLENT, "G-E1")
FAIL = Suggestion(Grade.FAIL, "G-F4")
OPEN = Suggestion(None, findings=(Finding("phrase_similar_missing", "R-72.3"),))
EARLY = Suggestion(Grade.PASS, "G-P3", (Finding("early_similar", "R-72.2"),))


@pytest.mark.parametrize(
    ("suggestion", "intern", "probe", "draw", "reason"),
    [
        (GOOD, False, False, 0.9, None),
        (GOOD, False, False, 0.049, Reason.RANDOM),
        (GOOD, False, False, 0.05, None),
        (FAIL, False, False, 0.9, Reason.SUGGESTED_FAIL),
        (OPEN, False, False, 0.9, Reason.FLAGGED),
        (EARLY, False, False, 0.9, Reason.FLAGGED),
        (GOOD, True, False, 0.9, Reason.INTERN),
        (GOOD, False, True, 0.9, Reason.PROBE),
    ],
)
def test_why_an_answer_comes_before_an_inspector(
    suggestion: Suggestion, intern: bool, probe: bool, draw: float, reason: Reason | None
) -> None:
    sampling = sampling_of(draw, suggestion, intern=intern, probe_finding=probe)
    assert sampling.reason is reason


def test_chance_is_remembered_beside_another_reason() -> None:
    """A fail that chance would have chosen as well counts for the rate; one sought out does not."""
    assert sampling_of(0.01, FAIL, intern=False, probe_finding=False).at_random
    assert not sampling_of(0.5, FAIL, intern=False, probe_finding=False).at_random


def test_chance_takes_its_share_of_each_librarians_answers() -> None:
    rng = Random(7)
    for _ in range(5):
        taken = sum(
            sampling_of(rng.random(), GOOD, intern=False, probe_finding=False).at_random for _ in range(4000)
        )
        assert 150 < taken < 250  # 200, five standard deviations either way


@pytest.mark.parametrize(("failed", "needed"), [(0, 299), (1, 473), (2, 628), (3, 773), (10, 1693)])
def test_so_many_answers_show_a_failure_rate_of_one_percent(failed: int, needed: int) -> None:
    assert samples_needed(failed) == needed


@pytest.mark.parametrize(
    ("inspected", "failed", "lacking"),
    [(0, 0, 299), (298, 0, 1), (299, 0, 0), (5000, 0, 0), (299, 1, 174), (473, 1, 0), (100, 100, 11_699)],
)
def test_how_many_clean_answers_are_lacking(inspected: int, failed: int, lacking: int) -> None:
    assert clean_samples_lacking(inspected, failed) == lacking


@settings(max_examples=60)
@given(st.integers(0, 12), st.sampled_from([0.01, 0.02, 0.05]), st.sampled_from([0.9, 0.95, 0.99]))
def test_it_is_the_smallest_sample_that_shows_it(failed: int, rate: float, confidence: float) -> None:
    def doubt(count: int) -> float:
        return sum(comb(count, k) * rate**k * (1 - rate) ** (count - k) for k in range(failed + 1))

    needed = samples_needed(failed, rate=rate, confidence=confidence)
    assert doubt(needed) <= 1 - confidence < doubt(needed - 1)
