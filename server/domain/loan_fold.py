"""An order's state: a fold over all its events, sorted by their sources' own order (docs/stack.md, line 4).

Each source is folded by itself (the house into milestones, a device into what became of each command, a courier into
where each parcel is) and only then are they put together. So whatever order events arrive in, and however often,
the same events give the same state.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from server.domain.loan_house import Attempt, Draft, apply
from server.domain.loans import ENDED, HOUSE, OrderEvent, Stage, Tracked
from server.domain.stack import SETTLING, EventKind

DEVICE, COURIER = "device:", "courier:"
_Key = tuple[str, str, int, int, str]


class OrderState(StrEnum):
    """Where the order as a whole stands: with the least advanced of its books."""

    AWAITING_REVIEW = "awaiting_review"
    APPROVED = "approved"
    FETCHING = "fetching"
    PICKED = "picked"
    PACKED = "packed"
    WITH_COURIER = "with_courier"
    ON_HOLD_SHELF = "on_hold_shelf"
    ON_LOAN = "on_loan"
    RETURNING = "returning"
    CLOSED = "closed"
    REFUSED = "refused"
    CANCELLED = "cancelled"
    UNFILLED = "unfilled"


@dataclass(frozen=True, slots=True)
class Line:
    """One book of the order, as the events tell it."""

    id: str
    stage: Stage = Stage.ASKED
    attempt: Attempt | None = None  # in force
    earlier: tuple[Attempt, ...] = ()
    parcel_id: str = ""
    waybill: str = ""
    place: str = ""  # where the machine, or the courier, last said it was
    code: str = ""  # what the machine said went wrong
    picked: bool = False  # a scan proved the book
    lent: bool = False
    lent_at: datetime | None = None  # our time of the first word that the reader has it
    arrived_at: datetime | None = None  # our time of the first word that the return was signed for
    renewals: int = 0
    parcels: tuple[str, ...] = ()
    cancelled: bool = False  # or not collected: it is no longer the reader's, wherever the book is
    # What the machine brought for an attempt that nobody waits for any more.
    stray_commands: tuple[str, ...] = ()

    @property
    def ended(self) -> bool:
        return self.stage in ENDED

    @property
    def counts(self) -> bool:
        """Whether it takes a place on the reader's card (R-COM.9)."""
        return self.stage not in ENDED and not self.cancelled


@dataclass(frozen=True, slots=True)
class Order:
    """The whole order, folded."""

    state: OrderState
    lines: Mapping[str, Line]
    events: int


@dataclass(slots=True)
class _Heard:
    """What one outer source has told so far of one command or parcel."""

    kind: str = ""
    place: str = ""
    code: str = ""
    since: datetime | None = None  # our time of the first copy of what holds now
    settled: bool = False


class Fold:
    """An order's events, gone through as their sources count: ``order`` is what those taken so far come to.

    What sorts behind all that its own story has told is simply the next of it; what comes late has everything gone
    through anew. So the state is always that of all events in their order, however they were taken.
    """

    def __init__(self, line_ids: Iterable[str], events: Iterable[OrderEvent] = ()) -> None:
        self._line_ids = tuple(line_ids)
        self._known: dict[_Key, OrderEvent] = {}
        self._begin()
        self.take(events)

    def take(self, events: Iterable[OrderEvent]) -> None:
        """Go on with these, however they are sorted; what is known already changes nothing."""
        fresh: dict[_Key, OrderEvent] = {}
        for event in events:
            key = _key(event)
            if key not in self._known:
                fresh.setdefault(key, event)
        self._known |= fresh
        if any(key < self._last.get(_story(event), key) for key, event in fresh.items()):
            self._begin()
            fresh = self._known
        for key in sorted(fresh):
            self._tell(key, fresh[key])

    def order(self) -> Order:
        """The order as it stands now."""
        lines = {draft.id: _put_together(draft, self._heard) for draft in self._drafts.values()}
        return Order(order_state(lines), lines, len(self._known))

    def _begin(self) -> None:
        self._drafts = {line_id: Draft(line_id) for line_id in self._line_ids}
        self._heard: dict[str, _Heard] = {}
        self._last: dict[str, _Key] = {}  # of each story, where it has come to

    def _tell(self, key: _Key, event: OrderEvent) -> None:
        story = _story(event)
        self._last[story] = key
        if event.source != HOUSE:
            _hear(self._heard.setdefault(story, _Heard()), event)
        elif event.line_id in self._drafts:
            apply(self._drafts[event.line_id], event)
        else:
            for draft in self._drafts.values():
                apply(draft, event)


def fold(line_ids: Iterable[str], events: Iterable[OrderEvent]) -> Order:
    """The state that these events give, in whatever order they came and however often."""
    return Fold(line_ids, events).order()


def order_state(lines: Mapping[str, Line]) -> OrderState:
    """The order's state: that of its least advanced living line; of ended ones, what came of the best."""
    living = [_STATES[line.stage] for line in lines.values() if line.counts]
    if living:
        return min(living, key=_PROGRESS.__getitem__)
    stages = {Stage.CANCELLED if line.cancelled else line.stage for line in lines.values()}
    if any(line.lent for line in lines.values()) or Stage.CLOSED in stages:
        return OrderState.CLOSED
    return next((state for stage, state in _ENDS.items() if stage in stages), OrderState.CLOSED)


def _key(event: OrderEvent) -> _Key:
    """By this events are sorted and known again: as their source counts; couriers do not, so by time and content."""
    if event.source.startswith(COURIER):
        return (event.source, "", 0, event.at, event.body_hash)
    return (event.source, event.epoch, event.sequence, 0, event.body_hash if event.source != HOUSE else "")


def _story(event: OrderEvent) -> str:
    """What an event goes on with: the house's story, that of a command to a machine, or that of a parcel."""
    return event.command_id if event.source.startswith(DEVICE) else event.source


def _hear(heard: _Heard, event: OrderEvent) -> None:
    """What was settled is unsettled only by what settles it anew."""
    settles = event.kind in _SETTLING
    if heard.settled and not settles:
        return
    if heard.kind != event.kind or (
        event.received_at is not None and (heard.since is None or event.received_at < heard.since)
    ):
        heard.since = event.received_at
    heard.kind, heard.settled = event.kind, settles
    heard.place = str(event.data.get("place", "")) or heard.place
    heard.code = str(event.data.get("code", ""))


def _put_together(draft: Draft, heard: Mapping[str, _Heard]) -> Line:
    """The house's milestone, moved on by what machine and courier say of the attempt and parcel in force."""
    stage, attempt = draft.stage, draft.attempt
    machine = heard.get(attempt.command_id, _NOTHING) if attempt and attempt.command_id else _NOTHING
    if stage is Stage.REQUESTED:
        stage = _FETCHED.get(machine.kind, stage)
    elif stage is Stage.CANCELLED and machine.kind == EventKind.RETRIEVED and not draft.home:
        stage = Stage.RECALLED  # it was brought before the machine heard of the cancellation
    elif stage is Stage.PUTTING_BACK:
        stage = _taken_in(draft, heard.get(draft.put_back, _NOTHING).kind)
    out = heard.get(COURIER + draft.out, _NOTHING) if draft.out else _NOTHING
    back = heard.get(COURIER + draft.back, _NOTHING) if draft.back else _NOTHING
    place = machine.place
    if stage in _ON_ITS_WAY:
        stage, place = _SENT.get(out.kind, stage), out.place or place
    elif stage is Stage.RETURN_BOOKED:
        stage, place = _COMING.get(back.kind, stage), back.place
    delivered = out.kind == Tracked.DELIVERED
    return Line(
        draft.id,
        stage,
        attempt,
        draft.earlier,
        draft.parcel_id,
        waybill=draft.back or draft.out,
        place=place,
        code=machine.code,
        picked=draft.picked,
        lent=draft.lent or delivered,
        lent_at=out.since if delivered else draft.lent_at,
        arrived_at=_arrived(out, back),
        renewals=draft.renewals,
        parcels=draft.parcels,
        cancelled=draft.cancelled,
        stray_commands=_strays(draft, heard) if draft.earlier else (),
    )


def _taken_in(draft: Draft, said: str) -> Stage:
    """What became of the order to the machine to take the book in again."""
    if said == EventKind.PUT_AWAY:
        return Stage.CANCELLED if draft.cancelled else Stage.CLOSED
    if said in (EventKind.REJECTED, EventKind.FAILED):
        return Stage.RECALLED if draft.cancelled else Stage.INSPECTED
    return Stage.PUTTING_BACK


def _arrived(out: _Heard, back: _Heard) -> datetime | None:
    """When the return was signed for: the parcel back, or the one that was sent and came back."""
    if out.kind == Tracked.SENT_BACK:
        return out.since
    return back.since if back.kind == Tracked.DELIVERED else None


def _strays(draft: Draft, heard: Mapping[str, _Heard]) -> tuple[str, ...]:
    commands = (each.command_id for each in draft.earlier if each.command_id)
    return tuple(each for each in commands if heard.get(each, _NOTHING).kind == EventKind.RETRIEVED)


_NOTHING = _Heard()
_SETTLING = frozenset({*SETTLING, Tracked.DELIVERED, Tracked.REFUSED, Tracked.SENT_BACK, Tracked.ASTRAY})
_ON_ITS_WAY = frozenset({Stage.LABELLED, Stage.WITH_COURIER})
_FETCHED: Mapping[str, Stage] = {
    EventKind.ACCEPTED: Stage.REQUESTED,  # an acknowledgement is not a completion
    EventKind.MOVING: Stage.FETCHING,
    EventKind.RETRIEVED: Stage.RETRIEVED,
    EventKind.NOT_FOUND: Stage.TROUBLED,
    EventKind.FAILED: Stage.TROUBLED,
    EventKind.REJECTED: Stage.TROUBLED,
    EventKind.CANCELLED: Stage.TROUBLED,
}
_SENT: Mapping[str, Stage] = {
    Tracked.PICKED_UP: Stage.WITH_COURIER,
    Tracked.IN_TRANSIT: Stage.WITH_COURIER,
    Tracked.DELIVERING: Stage.WITH_COURIER,
    Tracked.DELIVERED: Stage.ON_LOAN,
    Tracked.REFUSED: Stage.PARCEL_REFUSED,
    Tracked.SENT_BACK: Stage.RETURN_ARRIVED,
    Tracked.ASTRAY: Stage.ASTRAY,
}
_COMING: Mapping[str, Stage] = {
    Tracked.PICKED_UP: Stage.RETURNING,
    Tracked.IN_TRANSIT: Stage.RETURNING,
    Tracked.DELIVERING: Stage.RETURNING,
    Tracked.DELIVERED: Stage.RETURN_ARRIVED,
    Tracked.SENT_BACK: Stage.RETURN_BOOKED,
    Tracked.ASTRAY: Stage.ASTRAY,
}
_O, _S = OrderState, Stage
_STATES: Mapping[Stage, OrderState] = {
    _S.ASKED: _O.AWAITING_REVIEW,
    _S.APPROVED: _O.APPROVED,
    **dict.fromkeys((_S.REQUESTED, _S.FETCHING, _S.RETRIEVED, _S.TO_PICK, _S.TROUBLED), _O.FETCHING),
    _S.PICKED: _O.PICKED,
    **dict.fromkeys((_S.PACKED, _S.LABELLED), _O.PACKED),
    **dict.fromkeys((_S.WITH_COURIER, _S.PARCEL_REFUSED, _S.ASTRAY), _O.WITH_COURIER),
    _S.ON_HOLD_SHELF: _O.ON_HOLD_SHELF,
    _S.ON_LOAN: _O.ON_LOAN,
    **dict.fromkeys(
        (
            _S.RETURN_BOOKED,
            _S.RETURNING,
            _S.RETURN_ARRIVED,
            _S.RECEIVED,
            _S.INSPECTED,
            _S.PUTTING_BACK,
            _S.RECALLED,
        ),
        _O.RETURNING,
    ),
}
_PROGRESS = {state: number for number, state in enumerate(OrderState)}
_ENDS: Mapping[Stage, OrderState] = {
    _S.LOST: _O.CLOSED,
    _S.DAMAGED: _O.CLOSED,
    _S.DENIED: _O.REFUSED,
    _S.CANCELLED: _O.CANCELLED,
    _S.UNFILLED: _O.UNFILLED,
}
