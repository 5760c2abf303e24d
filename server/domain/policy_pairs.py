"""Policy values that only make sense together: whichever of two is set, the other is looked at, wherever it was set."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from server.domain.policies import PER_LIBRARY, PolicyEntry, value_at


@dataclass(frozen=True, slots=True)
class Pair:
    """``less`` is never more than ``more``; where they stand ``apart``, never as much either. ``why`` is told."""

    less: str
    more: str
    why: str
    apart: bool = False

    def holds(self, less: int, more: int) -> bool:
        """Whether two numbers fit together; both have the same unit."""
        return less < more or (less == more and not self.apart)


PAIRS = (
    Pair("widen_to_group_seconds", "widen_to_alliance_seconds", "policy_widening"),
    Pair("offer_seconds", "auto_away_seconds", "policy_idle", apart=True),
    Pair("default_capacity", "max_capacity", "policy_capacity"),
    Pair("open_hours", "strict_hours", "policy_open"),
    Pair("due_soon_hours", "strict_hours", "policy_due_soon", apart=True),
    Pair("strict_hours", "duty_manager_hours", "policy_overdue", apart=True),
    Pair("lease_reminder_hours", "lease_hours", "policy_lease", apart=True),
    Pair("release_desk_hours", "release_alliance_hours", "policy_release"),
    Pair("loan_days", "group_loan_days", "policy_groups"),
    Pair("due_soon_days", "loan_days", "policy_due_day", apart=True),
    Pair("due_soon_days", "renewal_days", "policy_due_day", apart=True),
    Pair("dispatch_hours", "dispatch_holiday_hours", "policy_holidays"),
    Pair("confirm_hours", "confirm_holiday_hours", "policy_holidays"),
    Pair("store_try_hours", "dispatch_hours", "policy_try"),
)


@dataclass(frozen=True, slots=True)
class Contradiction:
    """Two values that would not fit: the changed one against the ``other``, at a library (or none) from a moment on."""

    pair: Pair
    name: str
    other: str
    other_value: int
    library_id: str
    at: datetime

    @property
    def too_much(self) -> bool:
        """Whether the changed value is too great; else it is too small."""
        return self.name == self.pair.less

    @property
    def limit(self) -> int:
        """The greatest number that would fit, or the least."""
        step = -1 if self.too_much else 1
        return self.other_value + (step if self.pair.apart else 0)

    def stands(self, changed_at: str, now: datetime) -> str:
        """How the other value comes to hold there, seen from the level that was changed (a library, or none)."""
        if self.library_id != changed_at:
            place = "library"  # it goes before what the alliance sets
        else:
            place = "alliance" if changed_at and self.other not in PER_LIBRARY else "here"
        return f"{place}_then" if self.at > now else place


def partners(name: str) -> set[str]:
    """The names that have to be looked at together with this one, itself included; none where it stands alone."""
    return {each for pair, _ in _pairs_of(name) for each in (pair.less, pair.more)}


def contradiction(
    name: str, before: Sequence[PolicyEntry], after: Sequence[PolicyEntry], since: datetime
) -> Contradiction | None:
    """The first place and moment, from ``since`` on, at which a changed value would not fit another.

    ``before`` and ``after`` are the values of all `partners` ever set, at every level, without the change and with it.
    What the change leaves as it is, is not held against it: else nobody could mend what contradicts already.
    """
    if not _pairs_of(name):  # words, for one, fit whatever they are
        return None
    moments = sorted({since, *(each.valid_from_at for each in after if each.valid_from_at > since)})
    libraries = sorted({"", *(each.library_id for each in (*before, *after))})
    for at in moments:
        for library_id in libraries:
            mine = value_at(after, name, library_id, at)
            if mine == value_at(before, name, library_id, at):
                continue
            others = {other: value_at(after, other, library_id, at) for other in partners(name) - {name}}
            clashes = [
                Contradiction(pair, name, other, others[other], library_id, at)
                for pair, other in _pairs_of(name)
                if not (
                    pair.holds(mine, others[other]) if name == pair.less else pair.holds(others[other], mine)
                )
            ]
            if clashes:  # the narrowest: who heeds it has heeded all
                return min(clashes, key=lambda clash: clash.limit if clash.too_much else -clash.limit)
    return None


def _pairs_of(name: str) -> list[tuple[Pair, str]]:
    """The pairs that a name belongs to, each with the other name."""
    return [
        (pair, pair.more if name == pair.less else pair.less)
        for pair in PAIRS
        if name in (pair.less, pair.more)
    ]
