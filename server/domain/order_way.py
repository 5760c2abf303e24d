"""The way of an order as a picture shows it: the steps to the reader, and those back, with how far its books are."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from server.domain.loan_orders import COLLECTION
from server.domain.loans import Stage

_S = Stage
OUT = ("approved", "fetched", "picked", "packed", "courier", "delivered")
COLLECTED = ("approved", "fetched", "picked", "packed", "shelf", "collected")
BACK = ("booked", "returning", "received", "put_back")
# How many steps of the way out a book at this stage has behind it.
_BEHIND = {
    _S.ASKED: 0,
    **dict.fromkeys((_S.APPROVED, _S.REQUESTED, _S.FETCHING, _S.TO_PICK, _S.TROUBLED), 1),
    _S.RETRIEVED: 2,
    _S.PICKED: 3,
    **dict.fromkeys((_S.PACKED, _S.LABELLED), 4),
    **dict.fromkeys((_S.WITH_COURIER, _S.ON_HOLD_SHELF, _S.PARCEL_REFUSED, _S.ASTRAY), 5),
}
_BACK_BEHIND = {
    _S.RETURN_BOOKED: 1,
    _S.RETURNING: 1,
    _S.RETURN_ARRIVED: 2,
    _S.RECEIVED: 3,
    _S.INSPECTED: 3,
    _S.PUTTING_BACK: 3,
    _S.CLOSED: 4,
}
_NOT_COUNTED = frozenset(
    {_S.CANCELLED, _S.DENIED, _S.UNFILLED, _S.RECALLED, _S.LOST, _S.DAMAGED}
)  # no longer on any way that the picture shows


@dataclass(frozen=True, slots=True)
class WayStep:
    """A step: how many of the books have it behind them; ``now`` where something is under way to it."""

    name: str
    done: int
    of: int
    now: bool

    @property
    def whole(self) -> bool:
        return self.of > 0 and self.done == self.of


def way_out(way: str, stages: Iterable[Stage]) -> list[WayStep]:
    """The steps to the reader; none where nothing of the order is on its way any more."""
    names = COLLECTED if way == COLLECTION else OUT
    return _steps(names, [_BEHIND.get(stage, len(names)) for stage in stages if stage not in _NOT_COUNTED])


def way_back(stages: Iterable[Stage]) -> list[WayStep]:
    """The steps back, of the books whose return has begun; none before."""
    return _steps(BACK, [_BACK_BEHIND[stage] for stage in stages if stage in _BACK_BEHIND])


def _steps(names: Sequence[str], behind: Sequence[int]) -> list[WayStep]:
    if not behind:
        return []
    least = min(behind)
    return [
        WayStep(name, sum(count > at for count in behind), len(behind), now=at == least)
        for at, name in enumerate(names)
    ]
