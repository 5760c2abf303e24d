"""Labels, the courier's round, and the hold shelf: how parcels leave a store (R-LOAN.6, R-LOAN.7, R-COM.3)."""

from collections.abc import Sequence

from server.actions.access import access_store
from server.actions.couriers import book, shipment_of, take_reports, watch_parcel
from server.actions.orders import Fact, tell
from server.context import Context
from server.domain.couriers import OUT, Report
from server.domain.errors import Conflict, NotFound
from server.domain.loan_rows import LoanLine, LoanOrder, Parcel, Store
from server.domain.loans import House, Stage, Tracked
from server.domain.order_numbers import read_number
from server.domain.permissions import Actor, Verb
from server.domain.store_work import Bundle, read_code
from server.store.orders import lines_of, lock_orders, order_by_number, parcels_of
from server.store.parcel_steps import parcel_handed_over, parcel_labelled, parcel_moved
from server.store.parcels import parcel_by_id, parcel_by_waybill
from server.store.rows import Reader, Transaction
from server.store.store_work import bundles_of, order_of

RULE = "R-LOAN.6"
_OWN_WORDS = frozenset({Tracked.DELIVERED, Tracked.REFUSED, Tracked.SENT_BACK})


async def label(ctx: Context, actor: Actor, store_id: str, parcel_id: str) -> Parcel:
    """Give a packed parcel its waybill, or its place on the hold shelf where the reader comes for it.

    Pressed again it is the same parcel with the same number. Raises Conflict ``parcel_recalled`` when nothing in it
    is wanted any more, Unavailable when the courier is away, NotFound.
    """
    store = await access_store(ctx.db.read, actor, store_id, Verb.WORK_STORE)
    parcel = await parcel_at(ctx.db.read, store, parcel_id)
    if parcel.state != "packed":
        return parcel
    order = await order_of(ctx.db.read, parcel.order_id)
    if order.way == "collection":
        return await _put_on_hold_shelf(ctx, actor, parcel)
    _demand_wanted(await _lines_in(ctx.db.read, parcel))  # before anybody is sent for it
    booking = await book(ctx, shipment_of(parcel, order, store))
    async with ctx.transaction() as tx:
        ready = await _lines_to_leave(tx, parcel, Stage.PACKED)
        if await parcel_labelled(tx, parcel.id, booking.courier, booking.waybill):
            if not ready:
                raise Conflict("parcel_recalled", RULE)
            fact = Fact(House.LABELLED, ready, {"waybill": booking.waybill, "parcel_id": parcel.id})
            await tell(ctx, tx, parcel.order_id, [fact], actor=actor)
    return await parcel_at(ctx.db.read, store, parcel_id)


async def hand_over(ctx: Context, actor: Actor, store_id: str, batch_id: str, code: str) -> Bundle:
    """Hand a parcel to the courier, by its waybill or its order's number, as one of a batch.

    Scanned again within the batch nothing changes. Raises Conflict ``parcel_not_ready``, ``parcel_recalled`` when a
    book in it is not wanted any more, NotFound ``parcel_not_found``.
    """
    store = await access_store(ctx.db.read, actor, store_id, Verb.WORK_STORE)
    parcel = await _scanned_parcel(ctx.db.read, store, read_code(code), "labelled")
    if parcel.state != "labelled" and not (batch_id and parcel.batch_id == batch_id):
        raise Conflict("parcel_not_ready", RULE, state=parcel.state)
    if parcel.state == "labelled":
        async with ctx.transaction() as tx:
            ready = await _lines_to_leave(tx, parcel, Stage.LABELLED)
            if await parcel_handed_over(tx, parcel.id, batch_id, ctx.clock.now()):
                if ready:
                    facts = [
                        Fact(House.HANDED_OVER, ready, {"parcel_id": parcel.id, "waybill": parcel.waybill})
                    ]
                    await tell(ctx, tx, parcel.order_id, facts, actor=actor)
                await watch_parcel(ctx, tx, parcel.id, parcel.courier)
        parcel = await parcel_at(ctx.db.read, store, parcel.id)
        if parcel.batch_id != batch_id:
            raise Conflict("parcel_not_ready", RULE, state=parcel.state)  # another batch was faster
    return (await bundles_of(ctx.db.read, [parcel]))[0]


async def collect(ctx: Context, actor: Actor, store_id: str, code: str) -> Bundle:
    """The reader has come: the books of an order leave the hold shelf, by the bar code of the order.

    Raises Conflict ``nothing_on_hold``, NotFound ``parcel_not_found``.
    """
    store = await access_store(ctx.db.read, actor, store_id, Verb.WORK_STORE)
    parcel = await _scanned_parcel(ctx.db.read, store, read_code(code), "shelved")
    if parcel.state != "shelved":
        raise Conflict("nothing_on_hold", "R-COM.3", state=parcel.state)
    async with ctx.transaction() as tx:
        await lock_orders(tx, [parcel.order_id])
        ready = [line.id for line in await _lines_in(tx, parcel) if line.state is Stage.ON_HOLD_SHELF]
        if not ready or not await parcel_moved(tx, parcel.id, before="shelved", after="collected"):
            raise Conflict("nothing_on_hold", "R-COM.3", state=parcel.state)
        await tell(ctx, tx, parcel.order_id, [Fact(House.COLLECTED, tuple(ready))], actor=actor)
    return (await bundles_of(ctx.db.read, [await parcel_at(ctx.db.read, store, parcel.id)]))[0]


async def report_round(ctx: Context, actor: Actor, store_id: str, code: str, outcome: Tracked) -> Bundle:
    """What became of a parcel that our own people carry: delivered, refused, or back at the store.

    Raises Conflict ``parcel_not_ours`` for a parcel that a courier tells of by itself, NotFound.
    """
    store = await access_store(ctx.db.read, actor, store_id, Verb.WORK_STORE)
    parcel = await _scanned_parcel(ctx.db.read, store, read_code(code), "handed_over")
    if parcel.courier != "own" or parcel.handed_at is None or outcome not in _OWN_WORDS:
        raise Conflict("parcel_not_ours", RULE, state=parcel.state)
    await take_reports(ctx, "own", [Report(parcel.waybill, outcome, ctx.clock.now())])
    return (await bundles_of(ctx.db.read, [await parcel_at(ctx.db.read, store, parcel.id)]))[0]


async def parcel_at(db: Reader, store: Store, parcel_id: str) -> Parcel:
    """A parcel of this store. Raises NotFound."""
    parcel = await parcel_by_id(db, parcel_id)
    if parcel is None or parcel.store_id != store.id:
        raise NotFound("parcel_not_found")
    return parcel


async def _put_on_hold_shelf(ctx: Context, actor: Actor, parcel: Parcel) -> Parcel:
    async with ctx.transaction() as tx:
        ready = await _lines_to_leave(tx, parcel, Stage.PACKED)
        if await parcel_moved(tx, parcel.id, before="packed", after="shelved"):
            if not ready:
                raise Conflict("parcel_recalled", RULE)
            fact = Fact(House.SHELVED, ready, {"parcel_id": parcel.id})
            await tell(ctx, tx, parcel.order_id, [fact], actor=actor)
    kept = await parcel_by_id(ctx.db.read, parcel.id)
    assert kept is not None
    return kept


async def _lines_to_leave(tx: Transaction, parcel: Parcel, stage: Stage) -> tuple[str, ...]:
    """The lines of a parcel that go on, with their order locked. Raises where one was called back."""
    await lock_orders(tx, [parcel.order_id])
    lines = await _lines_in(tx, parcel)
    _demand_wanted(lines)
    return tuple(line.id for line in lines if line.state is stage)


def _demand_wanted(lines: Sequence[LoanLine]) -> None:
    if any(line.state is Stage.RECALLED for line in lines):
        raise Conflict("parcel_recalled", RULE)


async def _lines_in(db: Reader, parcel: Parcel) -> Sequence[LoanLine]:
    return [
        line
        for line in (await lines_of(db, [parcel.order_id]))[parcel.order_id]
        if line.parcel_id == parcel.id
    ]


async def _scanned_parcel(db: Reader, store: Store, code: str, wanted: str) -> Parcel:
    """The parcel of a scanned waybill or order number; of an order's parcels the one in the wanted state first."""
    parcel = await parcel_by_waybill(db, code) or await parcel_by_waybill(db, code.upper())
    if parcel is None and (order := await _order_scanned(db, code)):
        ours = [p for p in await parcels_of(db, order.id) if p.store_id == store.id and p.direction == OUT]
        parcel = next(iter(sorted(ours, key=lambda each: each.state != wanted)), None)
    if parcel is None or parcel.store_id != store.id:
        raise NotFound("parcel_not_found", RULE, scanned=code)
    return parcel


async def _order_scanned(db: Reader, code: str) -> LoanOrder | None:
    return await order_by_number(db, read_number(code) or code)
