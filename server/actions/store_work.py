"""Picking and packing: every book is proved by its own barcode before it leaves (R-LOAN.5, R-LOAN.6)."""

from collections.abc import Sequence
from dataclasses import dataclass

from server.actions.access import access_store
from server.actions.orders import Fact, tell
from server.context import Context
from server.domain.couriers import OUT
from server.domain.errors import Conflict, NotFound
from server.domain.loan_rows import LoanLine, LoanOrder, Parcel, Store
from server.domain.loans import House, Stage
from server.domain.permissions import Actor, Verb
from server.domain.store_work import COMING, CodeScan, Step, read_code, same_code
from server.store.orders import line_by_id, lines_of, lock_orders
from server.store.parcels import insert_parcel
from server.store.rows import Reader, Transaction
from server.store.shelves import find_item, see_item, title_of
from server.store.store_work import add_scan, order_of, rightly_scanned

RULE = "R-LOAN.6"


@dataclass(frozen=True, slots=True)
class Bench:
    """An order at the packing bench: its picked books, those scanned again, and the parcel once it is closed."""

    order: LoanOrder
    lines: tuple[LoanLine, ...]
    scanned: frozenset[str]
    parcel: Parcel | None = None


async def pick(ctx: Context, actor: Actor, store_id: str, line_id: str, code: str) -> LoanLine:
    """Take the book of a line from shelf or station, proved by its barcode.

    A wrong one is refused, and that it was tried is kept. Raises Conflict ``wrong_item`` with what was expected and
    what was scanned, Conflict ``loan_stage``, NotFound.
    """
    store = await access_store(ctx.db.read, actor, store_id, Verb.WORK_STORE)
    line = await line_at(ctx.db.read, store, line_id)
    scanned = read_code(code)
    right = same_code(scanned, line.barcode)
    async with ctx.transaction() as tx:
        data = {"barcode": line.barcode} if right else {"expected": line.barcode, "scanned": scanned}
        fact = Fact(House.PICKED if right else House.MISPICKED, (line.id,), data, public=right)
        opened = await tell(ctx, tx, line.order_id, [fact], actor=actor)
        await keep_scan(ctx, tx, actor, line, CodeScan(store.id, Step.PICK, scanned, right))
    if not right:
        raise await wrong_item(ctx.db.read, line.barcode, line.title, scanned)
    return opened.lines[line.id]


async def not_found(ctx: Context, actor: Actor, store_id: str, line_id: str) -> LoanLine:
    """The book is not where it should be: another copy is looked for at once. Raises Conflict ``loan_stage``."""
    store = await access_store(ctx.db.read, actor, store_id, Verb.WORK_STORE)
    line = await line_at(ctx.db.read, store, line_id)
    async with ctx.transaction() as tx:
        fact = Fact(House.MISSING, (line.id,), {"barcode": line.barcode, "location": line.location})
        opened = await tell(ctx, tx, line.order_id, [fact], actor=actor)
    return opened.lines[line.id]


async def scan_to_pack(ctx: Context, actor: Actor, store_id: str, code: str, order_id: str = "") -> Bench:
    """Put a book into its order's parcel, proved once more; with the last one the parcel is closed.

    ``order_id`` is the order on the bench: a book of another one is refused. Raises Conflict ``wrong_item``,
    NotFound ``not_to_pack`` for a book that nobody packs here.
    """
    store = await access_store(ctx.db.read, actor, store_id, Verb.WORK_STORE)
    scanned = read_code(code)
    line = await _picked_line(ctx.db.read, store, scanned)
    if order_id and (line is None or line.order_id != order_id):
        await _wrong_at_bench(ctx, actor, store, order_id, scanned)
    if line is None:
        raise NotFound("not_to_pack", RULE, scanned=scanned)
    async with ctx.transaction() as tx:
        await lock_orders(tx, [line.order_id])
        await keep_scan(ctx, tx, actor, line, CodeScan(store.id, Step.PACK, scanned, right=True))
        bench = await _bench(tx, store, line.order_id)
        if {line.id for line in bench.lines} <= bench.scanned and not await _coming(tx, store, line.order_id):
            parcel = await _close_parcel(ctx, tx, actor, store, bench)
            bench = Bench(bench.order, bench.lines, bench.scanned, parcel)
    return bench


async def pack(ctx: Context, actor: Actor, store_id: str, order_id: str, *, part: bool = False) -> Parcel:
    """Close an order's parcel at this store with all that was picked.

    Books that are still on their way to the bench hold it up, unless it is to leave in part: the rest follows in
    another parcel. Raises Conflict ``pack_incomplete``, ``nothing_to_pack``, ``not_scanned``; NotFound.
    """
    store = await access_store(ctx.db.read, actor, store_id, Verb.WORK_STORE)
    async with ctx.transaction() as tx:
        await lock_orders(tx, [order_id])
        coming = await _coming(tx, store, order_id)
        bench = await _bench(tx, store, order_id)
        if coming and not part:
            raise Conflict("pack_incomplete", RULE, coming=coming)
        return await _close_parcel(ctx, tx, actor, store, bench)


async def line_at(db: Reader, store: Store, line_id: str) -> LoanLine:
    """A line that this store works on. Raises NotFound."""
    line = await line_by_id(db, line_id)
    if line is None or line.store_id != store.id:
        raise NotFound("order_line_not_found")
    return line


async def keep_scan(ctx: Context, tx: Transaction, actor: Actor, line: LoanLine, scan: CodeScan) -> None:
    """Keep a scan; a right one of a book also tells that it was seen."""
    now = ctx.clock.now()
    await add_scan(tx, line, scan, scan_id=ctx.ids.new(), staff_id=actor.account_id, at=now)
    if scan.right and line.item_id:
        await see_item(tx, line.item_id, now)


async def wrong_item(db: Reader, expected: str, title: str, scanned: str) -> Conflict:
    """The refusal of a wrong book: what it should have been, and what it is."""
    known = await find_item(db, scanned)
    return Conflict(
        "wrong_item",
        RULE,
        expected=expected,
        expected_title=title,
        scanned=scanned,
        scanned_title=await title_of(db, known.record_id) if known else "",
        location=known.location if known else "",
    )


async def _picked_line(db: Reader, store: Store, scanned: str) -> LoanLine | None:
    item = await find_item(db, scanned)
    line = await line_by_id(db, item.line_id) if item and item.line_id else None
    return line if line and line.store_id == store.id and line.state is Stage.PICKED else None


async def _wrong_at_bench(ctx: Context, actor: Actor, store: Store, order_id: str, scanned: str) -> None:
    """Keep the wrong scan with the book that should come next, and refuse it."""
    bench = await _bench(ctx.db.read, store, order_id)
    waiting = [line for line in bench.lines if line.id not in bench.scanned] or list(bench.lines)
    if not waiting:
        raise NotFound("not_to_pack", RULE, scanned=scanned)
    async with ctx.transaction() as tx:
        scan = CodeScan(store.id, Step.PACK, scanned, right=False)
        await keep_scan(ctx, tx, actor, waiting[0], scan)
    raise await wrong_item(ctx.db.read, waiting[0].barcode, waiting[0].title, scanned)


async def _bench(db: Reader, store: Store, order_id: str) -> Bench:
    lines = [
        line
        for line in (await lines_of(db, [order_id]))[order_id]
        if line.store_id == store.id and line.state is Stage.PICKED
    ]
    if not lines:
        raise Conflict("nothing_to_pack", RULE)
    scans = await rightly_scanned(db, [order_id], Step.PACK)
    scanned = frozenset(line.id for line in lines if _is_in(line, scans))
    return Bench(await order_of(db, order_id), tuple(lines), scanned)


async def _coming(db: Reader, store: Store, order_id: str) -> int:
    lines: Sequence[LoanLine] = (await lines_of(db, [order_id]))[order_id]
    return sum(line.store_id == store.id and line.state in COMING for line in lines)


async def _close_parcel(ctx: Context, tx: Transaction, actor: Actor, store: Store, bench: Bench) -> Parcel:
    scans = await rightly_scanned(tx, [bench.order.id], Step.PICK)
    if any(not _is_in(line, scans) for line in bench.lines):
        raise Conflict("not_scanned", RULE)
    parcel = Parcel(
        id=ctx.ids.new(),
        order_id=bench.order.id,
        store_id=store.id,
        direction=OUT,
        state="packed",
        courier="",
        waybill="",
        batch_id="",
        items=len(bench.lines),
        pickup="",
        made_at=ctx.clock.now(),
    )
    await insert_parcel(tx, parcel)
    fact = Fact(House.PACKED, tuple(line.id for line in bench.lines), {"parcel_id": parcel.id})
    await tell(ctx, tx, bench.order.id, [fact], actor=actor)
    return parcel


def _is_in(line: LoanLine, scans: dict[str, frozenset[str]]) -> bool:
    return line.barcode.casefold() in scans.get(line.id, frozenset())
