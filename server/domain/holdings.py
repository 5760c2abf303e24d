"""What a store should hold and how rightly it should send: figures against the standard (R-LOAN.2, R-LOAN.5)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from server.domain.loan_policies import LoanPolicy

SMART, ORDINARY = "smart", "ordinary"
CENTRE, DISTRICT = "centre", "district"
MUST, SHOULD = "M", "S"  # obligation, recommendation
VOLUMES: Mapping[tuple[str, str], tuple[int, str]] = {
    (SMART, CENTRE): (600_000, MUST),
    (SMART, DISTRICT): (200_000, SHOULD),
    (ORDINARY, CENTRE): (300_000, MUST),
    (ORDINARY, DISTRICT): (50_000, SHOULD),
}
RENEWAL_PERCENT = 10.0  # of a smart stack's holdings a year
NEW_PERCENT: Mapping[str, tuple[float, str]] = {CENTRE: (15.0, MUST), DISTRICT: (10.0, SHOULD)}


@dataclass(frozen=True, slots=True)
class Counted:
    """What was counted of a store; the year ends now, the period is asked for."""

    states: Mapping[str, int]
    idle: int  # on the shelf, here for more than a year, and not lent within it
    added_in_year: int  # to this store
    new_in_year: int  # new books of the store's own library that were put into it
    library_new_in_year: int  # and into any store
    sent: int  # orders that left in the period
    faulty: (
        int  # of them with a mistake of this store's: complaint that proved true, or a book without its scan
    )
    scans: int
    wrong_scans: int

    @property
    def volumes(self) -> int:
        """What the store holds: everything but what is gone for good."""
        return sum(count for state, count in self.states.items() if state not in ("withdrawn", "lost"))


@dataclass(frozen=True, slots=True)
class Wanted:
    """A title for which readers wait: how many, since when, and how many copies the alliance and this store have."""

    record_id: int
    title: str
    readers: int
    since: datetime
    copies: int
    here: int


@dataclass(frozen=True, slots=True)
class Target:
    """A figure, what it should at least be, how binding that is (M or S), and of how many it was made."""

    name: str
    value: float
    target: float
    binding: str
    rule: str
    basis: int

    @property
    def met(self) -> bool | None:
        """None where there is nothing yet to judge by."""
        return None if self.basis == 0 else self.value >= self.target


@dataclass(frozen=True, slots=True)
class Period:
    """From, and just before."""

    since: datetime
    until: datetime


def targets(kind: str, tier: str, counted: Counted, policy: LoanPolicy) -> list[Target]:
    """A store's figures against their targets; shares are of smart stacks only."""
    volumes, binding = VOLUMES[(kind, tier)]
    found = [Target("volumes", counted.volumes, volumes, binding, "R-LOAN.2", max(1, counted.volumes))]
    if kind == SMART:
        renewal = _percent(counted.added_in_year, counted.volumes)
        found.append(Target("renewal", renewal, RENEWAL_PERCENT, SHOULD, "R-LOAN.2", counted.volumes))
        share, share_binding = NEW_PERCENT[tier]
        value = _percent(counted.new_in_year, counted.library_new_in_year)
        found.append(
            Target("new_share", value, share, share_binding, "R-LOAN.2", counted.library_new_in_year)
        )
    wanted = policy.smart_accuracy_percent if kind == SMART else policy.ordinary_accuracy_percent
    accuracy = _percent(counted.sent - counted.faulty, counted.sent)
    found.append(Target("accuracy", accuracy, float(wanted), MUST, "R-LOAN.5", counted.sent))
    return found


def _percent(part: int, whole: int) -> float:
    """In hundredths of a percent, rounded down: 97.999 is not 98."""
    return part * 10_000 // whole / 100 if whole else 0.0
