"""Spot checks (抽查): which answers an inspector looks at, and what a clean sample proves (R-QC.3)."""

from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from math import exp, fsum, lgamma, log, log1p

from server.domain.grades import Grade, Suggestion


class Reason(StrEnum):
    """Why an answer came before an inspector."""

    SUGGESTED_FAIL = "suggested_fail"
    FLAGGED = "flagged"  # an early similar document (R-QC.2), or no row is met
    INTERN = "intern"
    PROBE = "probe"  # the link prober found something
    RANDOM = "random"


@dataclass(frozen=True, slots=True)
class Sampling:
    """Why an answer is inspected, if it is, and whether chance alone would have chosen it.

    Only what chance chose says anything about the answers that nobody looked at: those sought out because they
    looked bad would make every library look worse than it is.
    """

    reason: Reason | None
    at_random: bool


def sampling_of(
    draw: float, suggestion: Suggestion, *, intern: bool, probe_finding: bool, share: float = 0.05
) -> Sampling:
    """Whether the answer is inspected: every suggested fail, every intern's, what was flagged or found, and a share.

    ``draw`` is drawn once for each answer, evenly from 0 up to 1, so that the share holds for each librarian and
    period alike.
    """
    at_random = draw < share
    flagged = suggestion.grade is None or any(
        each.code.startswith("early_similar") for each in suggestion.findings
    )
    reasons = (
        (Reason.SUGGESTED_FAIL, suggestion.grade is Grade.FAIL),
        (Reason.PROBE, probe_finding),
        (Reason.FLAGGED, flagged),
        (Reason.INTERN, intern),
        (Reason.RANDOM, at_random),
    )
    return Sampling(next((reason for reason, holds in reasons if holds), None), at_random)


def clean_samples_lacking(
    inspected: int, failed: int, *, rate: float = 0.01, confidence: float = 0.95
) -> int:
    """How many more answers must be inspected without a fail before the failure rate is shown to be at most ``rate``.

    Exact one-sided binomial bound: with ``failed`` among n inspected it is shown when at most ``failed`` fails among
    n answers would have a probability of 1 - ``confidence`` or less, were the rate just above the bound. Without
    any fail that is 299 for 1 % at 95 %.
    """
    return max(0, samples_needed(failed, rate=rate, confidence=confidence) - inspected)


@lru_cache(maxsize=1024)
def samples_needed(failed: int, *, rate: float = 0.01, confidence: float = 0.95) -> int:
    """The smallest sample that shows it with this many fails in it."""
    low, high = failed, max(1, failed)
    while _at_most(failed, high, rate) > 1 - confidence:
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        if _at_most(failed, middle, rate) > 1 - confidence:
            low = middle
        else:
            high = middle
    return high


def _at_most(failed: int, count: int, rate: float) -> float:
    """The probability of at most so many fails among so many answers."""
    return fsum(exp(_log_chance(k, count, rate)) for k in range(min(failed, count) + 1))


def _log_chance(k: int, count: int, rate: float) -> float:
    choices = lgamma(count + 1) - lgamma(k + 1) - lgamma(count - k + 1)
    return choices + k * log(rate) + (count - k) * log1p(-rate)
