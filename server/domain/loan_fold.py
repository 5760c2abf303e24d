"""An order's state: a fold over all its events, sorted by their sources' own order (docs/stack.md, line 4).

Each source is folded by itself (the house into milestones, a device into what became of each command, a courier into
where each parcel is) and only then are they put together. So whatever order events arrive in, and however often,
the same events give the same state.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from server.domain.loans import ENDED, HOUSE, House, OrderEvent, Stage, Tracked
from server.domain.stack import SETTLING, EventKind

DEVICE, COURIER = "device:", "courier:"


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
class Attempt:
    """One copy promised to a line, and what the machine has made of it so far."""

    item_id: str
    store_id: str
    barcode: str
    command_id: str = ""  # none where people fetch it
    location: str = ""


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


@dataclass(slots=True)
class _Draft:
    """A line while the house's events are gone through."""

    line: Line
    house: Stage = Stage.ASKED
    cancelled: bool = False
    out: str = ""  # the waybill by which it was sent
    back: str = ""  # and that by which it returns
    put_back: str = ""  # the command to take it in again
    home: bool = False  # somebody put it back


def sorted_events(events: Iterable[OrderEvent]) -> list[OrderEvent]:
    """The fold's order: by source, then as that source counts; couriers do not count, so by time and content."""
    return sorted(events, key=_key)


def fold(line_ids: Iterable[str], events: Iterable[OrderEvent]) -> Order:
    """The state that these events give, in whatever order they came and however often."""
    house: dict[int, OrderEvent] = {}
    machines: dict[str, _Heard] = {}
    parcels: dict[str, _Heard] = {}
    seen: set[tuple[str, str, int, int, str]] = set()
    count = 0
    for event in sorted_events(events):
        key = _key(event)
        if key in seen:
            continue
        seen.add(key)
        count += 1
        if event.source == HOUSE:
            house[event.sequence] = event
        elif event.source.startswith(DEVICE):
            _hear(machines.setdefault(event.command_id, _Heard()), event, SETTLING)
        else:
            _hear(parcels.setdefault(event.source.removeprefix(COURIER), _Heard()), event, _FINAL)
    drafts = {line_id: _Draft(Line(line_id)) for line_id in line_ids}
    for event in house.values():
        for draft in [drafts[event.line_id]] if event.line_id in drafts else list(drafts.values()):
            _apply(draft, event)
    lines = {line_id: _put_together(draft, machines, parcels) for line_id, draft in drafts.items()}
    return Order(order_state(lines), lines, count)


def order_state(lines: Mapping[str, Line]) -> OrderState:
    """The order's state: that of its least advanced living line; of ended ones, what came of the best."""
    living = [_STATES[line.stage] for line in lines.values() if line.counts]
    if living:
        return min(living, key=_PROGRESS.index)
    stages = {Stage.CANCELLED if line.cancelled else line.stage for line in lines.values()}
    if any(line.lent for line in lines.values()) or Stage.CLOSED in stages:
        return OrderState.CLOSED
    return next((state for stage, state in _ENDS.items() if stage in stages), OrderState.CLOSED)


def _key(event: OrderEvent) -> tuple[str, str, int, int, str]:
    if event.source.startswith(COURIER):
        return (event.source, "", 0, event.at, event.body_hash)
    return (event.source, event.epoch, event.sequence, 0, event.body_hash if event.source != HOUSE else "")


def _hear(heard: _Heard, event: OrderEvent, final: Iterable[str]) -> None:
    """What was settled is unsettled only by what settles it anew."""
    settles = event.kind in final
    if heard.settled and not settles:
        return
    if heard.kind != event.kind or (
        event.received_at is not None and (heard.since is None or event.received_at < heard.since)
    ):
        heard.since = event.received_at
    heard.kind, heard.settled = event.kind, settles
    heard.place = str(event.data.get("place", "")) or heard.place
    heard.code = str(event.data.get("code", ""))


def _apply(draft: _Draft, event: OrderEvent) -> None:
    """One step of the house's own story. Guards were passed when it was written; here it is taken as it stands."""
    kind, data, line = House(event.kind), event.data, draft.line
    if (
        draft.house in ENDED
        and kind is not House.SENT_AGAIN
        and not (draft.cancelled and kind in _AFTER_CANCELLING)
    ):
        return
    match kind:
        case House.SUBMITTED | House.MISPICKED:
            pass
        case House.RENEWED:
            draft.line = replace(line, renewals=line.renewals + 1)
        case House.ALLOCATED:
            attempt = Attempt(
                data["item_id"], data["store_id"], data["barcode"], event.command_id, data.get("location", "")
            )
            draft.line = replace(line, attempt=attempt, earlier=_with_attempt(line), picked=False)
            draft.house = Stage.REQUESTED if event.command_id else Stage.TO_PICK
        case House.TAKEN_OVER:
            draft.house = Stage.RETRIEVED if data.get("outcome") == "retrieved" else Stage.TROUBLED
        case House.CANCELLED:
            draft.cancelled = True
            draft.house = Stage.RECALLED if draft.house in _OUT_OF_PLACE else Stage.CANCELLED
        case House.PUT_BACK:
            draft.house = Stage.CANCELLED if draft.cancelled else Stage.CLOSED
            draft.home = True
        case House.NOT_COLLECTED:
            draft.house, draft.cancelled = Stage.RECALLED, True
        case House.SENT_AGAIN:
            draft.line = Line(line.id, earlier=_with_attempt(line), parcels=line.parcels)
            draft.house, draft.cancelled, draft.home = Stage.APPROVED, False, False
            draft.out = draft.back = draft.put_back = ""
        case _:
            draft.house = _MILESTONES[kind]
            _note(draft, kind, event)


def _note(draft: _Draft, kind: House, event: OrderEvent) -> None:
    """What a milestone says beside the stage itself."""
    line, data = draft.line, event.data
    match kind:
        case House.PICKED:
            draft.line = replace(line, picked=True)
        case House.PACKED:
            parcel = str(data.get("parcel_id", ""))
            draft.line = replace(line, parcel_id=parcel, parcels=(*line.parcels, parcel))
        case House.LABELLED:
            draft.out = str(data.get("waybill", ""))
        case House.RETURN_BOOKED:
            draft.back = str(data.get("waybill", ""))
            draft.line = replace(line, parcel_id=str(data.get("parcel_id", "")))
        case House.RETURN_CANCELLED:
            draft.back = ""
        case House.COLLECTED:
            draft.line = replace(line, lent=True, lent_at=event.received_at)
        case House.PUTTING_BACK:
            draft.put_back = event.command_id
        case _:
            pass


def _with_attempt(line: Line) -> tuple[Attempt, ...]:
    return (*line.earlier, line.attempt) if line.attempt else line.earlier


def _put_together(draft: _Draft, machines: Mapping[str, _Heard], parcels: Mapping[str, _Heard]) -> Line:
    """The house's milestone, moved on by what machine and courier say of the attempt and parcel in force."""
    line, stage = draft.line, draft.house
    stray = tuple(
        each.command_id
        for each in line.earlier
        if each.command_id and machines.get(each.command_id, _NOTHING).kind == EventKind.RETRIEVED
    )
    line = replace(line, stray_commands=stray, cancelled=draft.cancelled)
    machine = machines.get(line.attempt.command_id, _NOTHING) if line.attempt else _NOTHING
    if line.attempt and line.attempt.command_id:
        line = replace(line, place=machine.place, code=machine.code)
    if stage is Stage.REQUESTED:
        stage = _FETCHED.get(machine.kind, stage)
    elif stage is Stage.CANCELLED and machine.kind == EventKind.RETRIEVED and not draft.home:
        stage = Stage.RECALLED  # it was brought before the machine heard of the cancellation
    elif stage is Stage.PUTTING_BACK:
        stage = _taken_in(draft, machines)
    return _carried(line, stage, draft, parcels)


def _taken_in(draft: _Draft, machines: Mapping[str, _Heard]) -> Stage:
    """What became of the order to the machine to take the book in again."""
    heard = machines.get(draft.put_back, _NOTHING).kind
    if heard == EventKind.PUT_AWAY:
        return Stage.CANCELLED if draft.cancelled else Stage.CLOSED
    if heard in (EventKind.REJECTED, EventKind.FAILED):
        return Stage.RECALLED if draft.cancelled else Stage.INSPECTED
    return Stage.PUTTING_BACK


def _carried(line: Line, stage: Stage, draft: _Draft, parcels: Mapping[str, _Heard]) -> Line:
    out, back = parcels.get(draft.out, _NOTHING), parcels.get(draft.back, _NOTHING)
    if draft.out and out.kind == Tracked.DELIVERED:
        line = replace(line, lent=True, lent_at=out.since)
    if draft.back and back.kind == Tracked.DELIVERED:
        line = replace(line, arrived_at=back.since)
    if draft.out and out.kind == Tracked.SENT_BACK:
        line = replace(line, arrived_at=out.since)
    if stage in (Stage.LABELLED, Stage.WITH_COURIER):
        stage = _SENT.get(out.kind, stage)
        line = replace(line, place=out.place or line.place)
    elif stage is Stage.RETURN_BOOKED:
        stage = _COMING.get(back.kind, stage)
        line = replace(line, place=back.place)
    waybill = draft.back or draft.out
    return replace(line, stage=stage, waybill=waybill)


_NOTHING = _Heard()
_FINAL = frozenset({Tracked.DELIVERED, Tracked.REFUSED, Tracked.SENT_BACK, Tracked.ASTRAY})
_OUT_OF_PLACE = frozenset({Stage.RETRIEVED, Stage.PICKED, Stage.PACKED, Stage.LABELLED, Stage.ON_HOLD_SHELF})
_AFTER_CANCELLING = frozenset({House.PUTTING_BACK, House.PUT_BACK, House.LOST, House.DAMAGED})
_MILESTONES: Mapping[House, Stage] = {
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
    House.RETURN_BOOKED: Stage.RETURN_BOOKED,
    House.RETURN_CANCELLED: Stage.ON_LOAN,
    House.RECEIVED: Stage.RECEIVED,
    House.INSPECTED: Stage.INSPECTED,
    House.PUTTING_BACK: Stage.PUTTING_BACK,
    House.LOST: Stage.LOST,
    House.DAMAGED: Stage.DAMAGED,
}
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
_PROGRESS = list(OrderState)
_ENDS: Mapping[Stage, OrderState] = {
    _S.LOST: _O.CLOSED,
    _S.DAMAGED: _O.CLOSED,
    _S.DENIED: _O.REFUSED,
    _S.CANCELLED: _O.CANCELLED,
    _S.UNFILLED: _O.UNFILLED,
}
