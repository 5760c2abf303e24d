"""Couriers: parcels booked, where they are heard by signed push, and asked for where a push stays away (R-LOAN.7)."""

import logging
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from server.actions.case_opening import open_case
from server.actions.orders import absorb
from server.context import Context
from server.domain.couriers import (
    BACK,
    ENDS,
    OUT,
    Booking,
    OnTheWay,
    Party,
    Report,
    Shipment,
    event_of,
    last_word,
)
from server.domain.errors import NotFound
from server.domain.events import StoreWorkChanged
from server.domain.loan_rows import LoanOrder, Parcel, Store
from server.domain.loans import OrderEvent, Tracked
from server.outside.couriers import courier_named
from server.store.dues import Due, cancel_due, set_due
from server.store.parcel_steps import parcel_tracked, parcels_by_waybills
from server.store.parcels import parcel_by_id
from server.store.rows import Transaction, to_us
from server.wire.courier_reports import demand_signature, read_push

log = logging.getLogger(__name__)
POLL = "courier_poll"
_AGAIN = timedelta(minutes=30)  # how long a courier may say nothing by itself
_GIVE_UP = timedelta(days=30)
_TOGETHER = 50  # orders of one transaction


async def book(ctx: Context, shipment: Shipment) -> Booking:
    """Have the usual courier carry a parcel; never within a transaction. Booked again, it is the same booking.

    Raises Unavailable when the courier is away: nothing was done.
    """
    return await courier_named(ctx.settings, ctx.settings.courier).book(shipment)


async def cancel_booking(ctx: Context, parcel: Parcel) -> bool:
    """Never mind a parcel that was not handed over; never within a transaction."""
    if not parcel.waybill:
        return False
    return await courier_named(ctx.settings, parcel.courier).cancel(parcel.waybill)


def shipment_of(
    parcel: Parcel, order: LoanOrder, store: Store, *, pickup: str = "", slot: str = ""
) -> Shipment:
    """What the courier has to know of a parcel, out or back; ``pickup`` is the reader's address for a return."""
    reader = Party(order.name, order.phone, pickup or order.address)
    ours = Party(store.name_zh or store.name_en, store.phone, store.address)
    sender, receiver = (ours, reader) if parcel.direction == OUT else (reader, ours)
    return Shipment(
        parcel.id, parcel.direction, order.number, sender, receiver, parcel.items, slot or order.slot_text
    )


async def watch_parcel(ctx: Context, tx: Transaction, parcel_id: str, courier: str) -> None:
    """Ask the courier about the parcel from time to time, in case a push is lost."""
    if courier_named(ctx.settings, courier).tracks:
        await set_due(tx, POLL, parcel_id, ctx.clock.now() + _pause(ctx))


async def receive_push(ctx: Context, name: str, signature: str, body: bytes) -> int:
    """Take in what a courier pushes; durable when this returns. How many reports were of parcels that we know.

    Raises NotFound for a courier that is not set up, NotAllowed ``courier_signature``, Invalid.
    """
    if name != ctx.settings.courier:
        raise NotFound("courier_unknown", name=name[:30])
    demand_signature(ctx.settings.courier_secret, signature, body)
    return await take_reports(ctx, name, read_push(body))


async def take_reports(ctx: Context, courier: str, reports: Iterable[Report]) -> int:
    """Take reports into the life of their orders, whatever order they come in; known ones change nothing."""
    by_waybill: dict[str, list[Report]] = {}
    for report in reports:
        by_waybill.setdefault(report.waybill, []).append(report)
    parcels = {
        parcel.waybill: parcel
        for parcel in await parcels_by_waybills(ctx.db.read, list(by_waybill))
        if parcel.courier == courier
    }
    unknown = by_waybill.keys() - parcels.keys()
    if unknown:
        log.warning("a courier reports parcels that are not ours", extra={"count": len(unknown)})
    known = list(parcels.values())
    for start in range(0, len(known), _TOGETHER):
        some = known[start : start + _TOGETHER]
        async with ctx.transaction() as tx:
            await _take(ctx, tx, some, by_waybill)
    return sum(len(by_waybill[waybill]) for waybill in parcels)


async def look_at_parcel(ctx: Context, due: Due) -> Sequence[Report]:
    """Ask the courier about a parcel (due ``courier_poll``); never within a transaction."""
    parcel = await parcel_by_id(ctx.db.read, due.subject_id)
    if parcel is None or not parcel.waybill:
        return []
    courier = courier_named(ctx.settings, parcel.courier)
    return await courier.track(_on_the_way(parcel), ctx.clock.now())


async def keep_watching(ctx: Context, tx: Transaction, due: Due) -> datetime | None:
    """When the courier is asked next; None once there is nothing more to hear of the parcel."""
    parcel = await parcel_by_id(tx, due.subject_id)
    if parcel is None or parcel.state in {*map(str, ENDS), "arrived", "received", "cancelled"}:
        return None
    begun = parcel.handed_at or parcel.made_at
    return None if ctx.clock.now() - begun > _GIVE_UP else ctx.clock.now() + _pause(ctx)


async def _take(
    ctx: Context, tx: Transaction, parcels: Sequence[Parcel], reports: dict[str, list[Report]]
) -> None:
    events: dict[str, list[OrderEvent]] = {}
    for parcel in parcels:
        told = [event_of(report, to_us(report.at)) for report in reports[parcel.waybill]]
        events.setdefault(parcel.order_id, []).extend(told)
    await absorb(ctx, tx, events)
    for parcel in parcels:
        last = last_word(reports[parcel.waybill])
        if last is None or not await parcel_tracked(tx, parcel.id, str(last.status), last.at):
            continue
        tx.announce(StoreWorkChanged(parcel.store_id, parcel.order_id, str(last.status)))
        if last.status in ENDS:
            await cancel_due(tx, POLL, parcel.id)
        elif last.status is Tracked.ASTRAY:
            await open_case(
                ctx,
                tx,
                kind="late",
                client_id=f"astray:{parcel.id}",
                order_id=parcel.order_id,
                store_id=parcel.store_id,
                title_key="cases.found.astray",
                data={"waybill": parcel.waybill},
            )


def _on_the_way(parcel: Parcel) -> OnTheWay:
    begun = parcel.made_at if parcel.direction == BACK else parcel.handed_at
    return OnTheWay(parcel.waybill, parcel.direction, begun or parcel.made_at)


def _pause(ctx: Context) -> timedelta:
    """The simulated courier is asked as often as its parcels move."""
    if ctx.settings.courier == "simulator":
        return min(_AGAIN, timedelta(minutes=ctx.settings.courier_minutes) / 10)
    return _AGAIN
