"""A line of an order as the house's own events tell it, before machine and courier are heard (``loan_fold``).

Guards were passed when an event was written (``loans.ALLOWED``); here it is taken as it stands.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from server.domain.loans import ENDED, House, OrderEvent, Stage


@dataclass(frozen=True, slots=True)
class Attempt:
    """One copy promised to a line, and the command by which a machine fetches it."""

    item_id: str
    store_id: str
    barcode: str
    command_id: str = ""  # none where people fetch it
    location: str = ""


@dataclass(slots=True)
class Draft:
    """A line while the house's events are gone through; fields that ``loan_fold.Line`` has too mean the same."""

    id: str
    stage: Stage = Stage.ASKED
    attempt: Attempt | None = None
    earlier: tuple[Attempt, ...] = ()
    parcel_id: str = ""
    parcels: tuple[str, ...] = ()
    picked: bool = False
    lent: bool = False
    lent_at: datetime | None = None
    renewals: int = 0
    cancelled: bool = False
    out: str = ""  # the waybill by which it was sent
    back: str = ""  # and that by which it returns
    put_back: str = ""  # the command to take it in again
    home: bool = False  # somebody put it back


def apply(draft: Draft, event: OrderEvent) -> None:
    """One step of the house's story. A line that has ended takes no more but what is done with its book."""
    kind = event.kind
    if draft.stage in ENDED and kind not in (_AFTER_CANCELLING if draft.cancelled else _AFTER_THE_END):
        return
    draft.stage = _MILESTONES[kind] or draft.stage
    if (step := _STEPS.get(kind)) is not None:
        step(draft, event)


def _renewed(draft: Draft, event: OrderEvent) -> None:
    draft.renewals += 1


def _allocated(draft: Draft, event: OrderEvent) -> None:
    data = event.data
    draft.earlier, draft.picked = _all_attempts(draft), False
    draft.attempt = Attempt(
        data["item_id"], data["store_id"], data["barcode"], event.command_id, data.get("location", "")
    )
    draft.stage = Stage.REQUESTED if event.command_id else Stage.TO_PICK


def _taken_over(draft: Draft, event: OrderEvent) -> None:
    draft.stage = Stage.RETRIEVED if event.data.get("outcome") == "retrieved" else Stage.TROUBLED


def _cancelled(draft: Draft, event: OrderEvent) -> None:
    draft.cancelled = True
    draft.stage = Stage.RECALLED if draft.stage in _OUT_OF_PLACE else Stage.CANCELLED


def _not_collected(draft: Draft, event: OrderEvent) -> None:
    draft.cancelled = True


def _picked(draft: Draft, event: OrderEvent) -> None:
    draft.picked = True


def _packed(draft: Draft, event: OrderEvent) -> None:
    draft.parcel_id = str(event.data.get("parcel_id", ""))
    draft.parcels = (*draft.parcels, draft.parcel_id)


def _labelled(draft: Draft, event: OrderEvent) -> None:
    draft.out = str(event.data.get("waybill", ""))


def _collected(draft: Draft, event: OrderEvent) -> None:
    draft.lent, draft.lent_at = True, event.received_at


def _return_booked(draft: Draft, event: OrderEvent) -> None:
    draft.back = str(event.data.get("waybill", ""))
    draft.parcel_id = str(event.data.get("parcel_id", ""))


def _return_cancelled(draft: Draft, event: OrderEvent) -> None:
    draft.back = ""


def _putting_back(draft: Draft, event: OrderEvent) -> None:
    draft.put_back = event.command_id


def _put_back(draft: Draft, event: OrderEvent) -> None:
    draft.stage = Stage.CANCELLED if draft.cancelled else Stage.CLOSED
    draft.home = True


def _sent_again(draft: Draft, event: OrderEvent) -> None:
    """It begins anew; only what was tried and sent before is remembered."""
    draft.earlier, draft.attempt = _all_attempts(draft), None
    draft.parcel_id, draft.picked, draft.renewals = "", False, 0
    draft.lent, draft.lent_at = False, None
    draft.cancelled, draft.home = False, False
    draft.out = draft.back = draft.put_back = ""


def _all_attempts(draft: Draft) -> tuple[Attempt, ...]:
    return (*draft.earlier, draft.attempt) if draft.attempt else draft.earlier


_OUT_OF_PLACE = frozenset({Stage.RETRIEVED, Stage.PICKED, Stage.PACKED, Stage.LABELLED, Stage.ON_HOLD_SHELF})
_AFTER_THE_END = frozenset({House.SENT_AGAIN})
_AFTER_CANCELLING = frozenset(
    {House.SENT_AGAIN, House.PUTTING_BACK, House.PUT_BACK, House.LOST, House.DAMAGED}
)
# The stage to which an event brings its line whatever went before; None leaves that to its step.
_MILESTONES: Mapping[str, Stage | None] = {
    **dict.fromkeys(House),
    House.APPROVED: Stage.APPROVED,
    House.REFUSED: Stage.DENIED,
    House.SHORTAGE: Stage.APPROVED,
    House.UNFILLED: Stage.UNFILLED,
    House.MISSING: Stage.TROUBLED,
    House.PICKED: Stage.PICKED,
    House.PACKED: Stage.PACKED,
    House.LABELLED: Stage.LABELLED,
    House.HANDED_OVER: Stage.WITH_COURIER,
    House.SHELVED: Stage.ON_HOLD_SHELF,
    House.COLLECTED: Stage.ON_LOAN,
    House.NOT_COLLECTED: Stage.RECALLED,
    House.RETURN_BOOKED: Stage.RETURN_BOOKED,
    House.RETURN_CANCELLED: Stage.ON_LOAN,
    House.RECEIVED: Stage.RECEIVED,
    House.INSPECTED: Stage.INSPECTED,
    House.PUTTING_BACK: Stage.PUTTING_BACK,
    House.LOST: Stage.LOST,
    House.DAMAGED: Stage.DAMAGED,
    House.SENT_AGAIN: Stage.APPROVED,
}
# What an event says beside that, or instead of it.
_STEPS: Mapping[str, Callable[[Draft, OrderEvent], None]] = {
    House.RENEWED: _renewed,
    House.ALLOCATED: _allocated,
    House.TAKEN_OVER: _taken_over,
    House.CANCELLED: _cancelled,
    House.NOT_COLLECTED: _not_collected,
    House.PICKED: _picked,
    House.PACKED: _packed,
    House.LABELLED: _labelled,
    House.COLLECTED: _collected,
    House.RETURN_BOOKED: _return_booked,
    House.RETURN_CANCELLED: _return_cancelled,
    House.PUTTING_BACK: _putting_back,
    House.PUT_BACK: _put_back,
    House.SENT_AGAIN: _sent_again,
}
