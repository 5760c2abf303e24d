"""What a reader may still wish of an order: cancel, renew, have a courier fetch the books (R-COM.4, R-COM.9)."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from server.actions.access import access_order
from server.actions.addresses import own_address
from server.actions.couriers import book, cancel_booking, watch_parcel
from server.actions.desks import zone_of
from server.actions.orders import Fact, tell
from server.context import Context
from server.domain.couriers import BACK, Party, Shipment
from server.domain.errors import Invalid, NotFound, Unavailable
from server.domain.loan_orders import NOTE_LIMIT, Address, demand_renewable
from server.domain.loan_rows import LoanLine, LoanOrder, Parcel
from server.domain.loans import House, Stage, demand_stage
from server.domain.permissions import Actor, Verb
from server.domain.slots import Pickup, demand_pickup, pickups
from server.store.items import asked_by_others
from server.store.loan_catalogue import stores_of_alliance
from server.store.loan_policies import loan_policy
from server.store.orders import lines_of, lock_orders, parcels_of
from server.store.parcel_steps import parcel_moved
from server.store.parcels import insert_parcel
from server.store.rows import Transaction
from server.words.catalogue import text
from server.words.times import day_text

_COMING = (Stage.RETURN_BOOKED, Stage.RETURNING, Stage.RETURN_ARRIVED)


@dataclass(frozen=True, slots=True)
class Return:
    """Which books a courier shall fetch, where and when; no lines: all that the reader has of the order."""

    line_ids: tuple[str, ...]
    address_id: str
    pickup: str


async def cancel_lines(
    ctx: Context, actor: Actor, order_id: str, line_ids: Sequence[str] = (), *, reason: str = ""
) -> None:
    """The reader no longer wants these books; none named: the whole order. Raises NotFound, Conflict ``loan_stage``."""
    await access_order(ctx.db.read, actor, order_id, Verb.CHANGE_ORDER)
    if len(reason) > NOTE_LIMIT:
        raise Invalid("field_too_long", "reason", limit=NOTE_LIMIT, length=len(reason))
    data = {"by": "reader", **({"reason": reason.strip()} if reason.strip() else {})}
    async with ctx.transaction() as tx:
        await tell(ctx, tx, order_id, [Fact(House.CANCELLED, tuple(line_ids), data)], actor=actor)


async def renew_line(ctx: Context, actor: Actor, order_id: str, line_id: str) -> None:
    """Keep a book longer, once (R-COM.9).

    Raises NotFound, Conflict ``renewed_already``, ``renew_too_late``, ``renew_asked_for``, ``loan_stage``.
    """
    await access_order(ctx.db.read, actor, order_id, Verb.CHANGE_ORDER)
    async with ctx.transaction() as tx:
        order, (line,) = await _lines(tx, order_id, (line_id,))
        demand_stage(line.state, House.RENEWED)
        demand_renewable(
            renewals=line.renewals,
            due_at=line.due_at,
            asked=await asked_by_others(tx, line.record_id, order.reader_id),
            policy=await loan_policy(ctx.shelf, tx, order.policy_id),
            now=ctx.clock.now(),
        )
        await tell(ctx, tx, order_id, [Fact(House.RENEWED, (line_id,), {"by": "reader"})], actor=actor)


async def book_return(ctx: Context, actor: Actor, order_id: str, wanted: Return) -> list[Parcel]:
    """Have a courier fetch books at the reader's: a parcel for each store that they go back to (R-LOAN.1).

    The courier is asked before anything is written, and let off when it cannot be.
    Raises NotFound, Invalid ``pickup_needed``, Conflict ``loan_stage``, Unavailable.
    """
    order = await access_order(ctx.db.read, actor, order_id, Verb.CHANGE_ORDER)
    address = await own_address(ctx, actor, wanted.address_id)
    pickup = demand_pickup(wanted.pickup, pickups(ctx.clock.now(), zone_of(ctx)))
    lines = await _to_return(ctx, order_id, wanted.line_ids)
    parcels = [
        await _booked(ctx, order, store_id, address=address, pickup=pickup, items=count)
        for store_id, count in _by_store(lines).items()
    ]
    try:
        async with ctx.transaction() as tx:
            for parcel in parcels:
                await insert_parcel(tx, parcel)
                await watch_parcel(ctx, tx, parcel.id, parcel.courier)
            await tell(ctx, tx, order_id, [_return_fact(lines, parcel) for parcel in parcels], actor=actor)
    except BaseException:
        for parcel in parcels:
            with suppress(Unavailable):  # they come for a parcel that is not there: no harm but a way
                await cancel_booking(ctx, parcel)
        raise
    return parcels


async def cancel_return(ctx: Context, actor: Actor, order_id: str, line_ids: Sequence[str] = ()) -> None:
    """The reader keeps the books for now; the courier need not come where none of a parcel is left."""
    await access_order(ctx.db.read, actor, order_id, Verb.CHANGE_ORDER)
    async with ctx.transaction() as tx:
        kept = Fact(House.RETURN_CANCELLED, tuple(line_ids), {"by": "reader"})
        opened = await tell(ctx, tx, order_id, [kept], actor=actor)
        awaited = {line.parcel_id for line in opened.folded.lines.values() if line.stage in _COMING}
        empty = [
            parcel
            for parcel in await parcels_of(tx, order_id)
            if parcel.direction == BACK
            and parcel.id not in awaited
            and await parcel_moved(tx, parcel.id, before="booked", after="cancelled")
        ]
    for parcel in empty:
        with suppress(Unavailable):  # they come for a parcel that is not there: no harm but a way
            await cancel_booking(ctx, parcel)


async def _lines(
    tx: Transaction, order_id: str, line_ids: Sequence[str]
) -> tuple[LoanOrder, Sequence[LoanLine]]:
    """The order, locked, with the named lines. Raises NotFound."""
    order = (await lock_orders(tx, [order_id])).get(order_id)
    lines = {line.id: line for line in (await lines_of(tx, [order_id]))[order_id]}
    if order is None or any(line_id not in lines for line_id in line_ids):
        raise NotFound("order_line_not_found")
    return order, [lines[line_id] for line_id in line_ids]


async def _to_return(ctx: Context, order_id: str, line_ids: Sequence[str]) -> list[LoanLine]:
    lines = (await lines_of(ctx.db.read, [order_id]))[order_id]
    chosen = [line for line in lines if line.id in line_ids] if line_ids else lines
    if len(chosen) < len(set(line_ids)):
        raise NotFound("order_line_not_found")
    if line_ids:
        for line in chosen:
            demand_stage(line.state, House.RETURN_BOOKED)
    home = [line for line in chosen if line.state is Stage.ON_LOAN]
    if not home:
        demand_stage(chosen[0].state, House.RETURN_BOOKED)
    return home


def _by_store(lines: Sequence[LoanLine]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for line in lines:
        counts[line.store_id] = counts.get(line.store_id, 0) + 1
    return counts


async def _booked(
    ctx: Context, order: LoanOrder, store_id: str, *, address: Address, pickup: Pickup, items: int
) -> Parcel:
    store = (await stores_of_alliance(ctx.db.read)).get(store_id)
    when = pickup_text(pickup, order.language)
    receiver = Party(store.name_zh, store.phone, store.address) if store else Party("", "", "")
    shipment = Shipment(
        ctx.ids.new(),
        BACK,
        order.number,
        Party(address.name, address.phone, address.text),
        receiver,
        items=items,
        slot=when,
    )
    booking = await book(ctx, shipment)
    return Parcel(
        id=shipment.parcel_id,
        order_id=order.id,
        store_id=store_id,
        direction=BACK,
        state="booked",
        courier=booking.courier,
        waybill=booking.waybill,
        batch_id="",
        items=items,
        pickup=f"{when} · {address.name} {address.phone} · {address.text}"[:400],
        made_at=ctx.clock.now(),
    )


def pickup_text(pickup: Pickup, language: str) -> str:
    """When the courier comes, in words."""
    weekday = text(f"time.weekday.{pickup.day.weekday()}", language)
    return f"{day_text(pickup.day, language)} {weekday} {pickup.clock}"


def _return_fact(lines: Sequence[LoanLine], parcel: Parcel) -> Fact:
    line_ids = tuple(line.id for line in lines if line.store_id == parcel.store_id)
    return Fact(House.RETURN_BOOKED, line_ids, {"parcel_id": parcel.id, "waybill": parcel.waybill})
