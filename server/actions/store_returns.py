"""Books that come back: received by scan, inspected, and put where they belong (R-LOAN.1, R-LOAN.4)."""

from dataclasses import dataclass
from datetime import timedelta

from server.actions.access import access_store, audit
from server.actions.couriers import cancel_booking
from server.actions.orders import Fact, tell
from server.actions.stack_commands import NewCommand, device_of_store, insert_commands
from server.actions.store_work import RULE, keep_scan
from server.context import Context
from server.domain.errors import Conflict, NotFound
from server.domain.labels import CODE_LIMIT
from server.domain.loan_rows import Item, ItemPlace, LoanLine, Store
from server.domain.loans import House, Stage, allowed
from server.domain.permissions import Actor, Verb
from server.domain.stack import CommandKind
from server.domain.store_work import NOTE_LIMIT, CodeScan, Condition, Finding, Step, read_code, same_code
from server.store.dues import set_due
from server.store.items import item_by_id
from server.store.loan_policies import loan_policy
from server.store.orders import line_by_id
from server.store.parcel_steps import cancel_empty_parcel, return_received
from server.store.parcels import parcel_by_id
from server.store.rows import Reader, Transaction
from server.store.shelves import arrive_in, find_item, stand_at
from server.store.store_work import order_of, strays_in

_COMING_BACK = frozenset({Stage.RETURN_BOOKED, Stage.RETURNING, Stage.RETURN_ARRIVED})
_BY_MACHINE = 5  # priority of a put-back: readers' books go first


@dataclass(frozen=True, slots=True)
class _Standing:
    """A book that has come back, as it stands in a store."""

    store: Store
    line: LoanLine
    item: Item


async def receive(ctx: Context, actor: Actor, store_id: str, code: str) -> LoanLine:
    """Confirm that a book is back, by its barcode, also one whose return nobody booked or that is another store's.

    Raises NotFound ``item_not_found``, Conflict ``not_on_loan`` for a book that is not out.
    """
    store = await access_store(ctx.db.read, actor, store_id, Verb.WORK_STORE)
    scanned = read_code(code)
    item, line = await _lent(ctx.db.read, scanned)
    async with ctx.transaction() as tx:
        fact = Fact(House.RECEIVED, (line.id,), {"barcode": item.barcode, "store_id": store.id})
        opened = await tell(ctx, tx, line.order_id, [fact], actor=actor)
        await keep_scan(ctx, tx, actor, line, CodeScan(store.id, Step.RECEIVE, scanned, right=True))
        await arrive_in(tx, item.id, store.id)
        if not any(
            other.parcel_id == line.parcel_id and other.stage in _COMING_BACK
            for other in opened.folded.lines.values()
        ):
            await return_received(tx, line.parcel_id, ctx.clock.now())
    return opened.lines[line.id]


async def inspect(ctx: Context, actor: Actor, store_id: str, line_id: str, found: Finding) -> LoanLine:
    """Say how a book has come back. Damaged or incomplete ones are not lent again until somebody has seen to them."""
    store = await access_store(ctx.db.read, actor, store_id, Verb.WORK_STORE)
    line = (await _standing(ctx.db.read, store, line_id)).line
    sound = found.condition is Condition.OK
    kind, words = (
        (House.INSPECTED, "note") if sound else (House.DAMAGED, "reason")
    )  # a reason the reader reads
    data = {"condition": str(found.condition), words: found.note.strip()[:NOTE_LIMIT]}
    async with ctx.transaction() as tx:
        opened = await tell(ctx, tx, line.order_id, [Fact(kind, (line.id,), data)], actor=actor)
    return opened.lines[line.id]


async def put_back(
    ctx: Context, actor: Actor, store_id: str, line_id: str, location: str = "", *, move: bool = False
) -> LoanLine:
    """Put an inspected or recalled book where it belongs.

    In a smart stack the machine takes it and says when it has; without ``location`` it is told to. Elsewhere, and
    where the machine stands still, people scan the place: another than the book's own is refused, unless the book is
    to ``move`` there. Raises Conflict ``wrong_location``, ``location_needed``, ``loan_stage``; NotFound.
    """
    store = await access_store(ctx.db.read, actor, store_id, Verb.WORK_STORE)
    book = await _standing(ctx.db.read, store, line_id)
    device = await device_of_store(ctx.db.read, store.id) if store.smart else None
    if not location.strip() and device is not None:
        done = await _by_machine(ctx, actor, book, device.id)
    else:
        done = await _by_hand(ctx, actor, book, location, move=move)
    await _unbook(ctx, book.line)
    return done


async def put_stray_back(ctx: Context, actor: Actor, store_id: str, command_id: str) -> None:
    """Have the machine take in again what it brought and nobody waits for. Raises NotFound when somebody was faster."""
    store = await access_store(ctx.db.read, actor, store_id, Verb.WORK_STORE)
    device = await device_of_store(ctx.db.read, store.id)
    async with ctx.transaction() as tx:
        await tx.lock(f"stray/{command_id}")
        found = await strays_in(tx, store.id, ctx.clock.now(), command_id)
        item = await item_by_id(tx, found[0].item_id) if found else None
        if device is None or item is None:
            raise NotFound("stray_not_found", RULE)
        await insert_commands(tx, [_command(ctx, device.id, item, ctx.ids.new())])
        await audit(ctx, tx, actor, "store.stray", f"item/{item.id}", detail=item.barcode)


async def line_of_code(ctx: Context, actor: Actor, store_id: str, code: str) -> LoanLine:
    """The returned book of a scanned barcode, to be inspected or put back here. Raises NotFound ``not_standing``."""
    store = await access_store(ctx.db.read, actor, store_id, Verb.WORK_STORE)
    item = await find_item(ctx.db.read, read_code(code))
    line = await line_by_id(ctx.db.read, item.line_id) if item and item.line_id else None
    if item is None or line is None or item.store_id != store.id or not _is_back(line):
        raise NotFound("not_standing", RULE, scanned=read_code(code))
    return line


async def _lent(db: Reader, scanned: str) -> tuple[Item, LoanLine]:
    item = await find_item(db, scanned)
    if item is None:
        raise NotFound("item_not_found", RULE, scanned=scanned)
    line = await line_by_id(db, item.line_id) if item.line_id else None
    if line is None or not allowed(line.state, House.RECEIVED):
        raise Conflict("not_on_loan", RULE, scanned=scanned, state=str(line.state) if line else item.state)
    return item, line


async def _standing(db: Reader, store: Store, line_id: str) -> _Standing:
    """The book of a line, which stands in this store. Raises NotFound."""
    line = await line_by_id(db, line_id)
    item = await item_by_id(db, line.item_id) if line and line.item_id else None
    if line is None or item is None or item.store_id != store.id:
        raise NotFound("order_line_not_found")
    return _Standing(store, line, item)


async def _by_machine(ctx: Context, actor: Actor, book: _Standing, device_id: str) -> LoanLine:
    line, item, command_id = book.line, book.item, ctx.ids.new()
    async with ctx.transaction() as tx:
        fact = Fact(House.PUTTING_BACK, (line.id,), {"barcode": item.barcode}, command_id)
        opened = await tell(ctx, tx, line.order_id, [fact], actor=actor)
        await insert_commands(tx, [_command(ctx, device_id, item, command_id, line)])
        order = await order_of(tx, line.order_id)
        policy = await loan_policy(ctx.shelf, tx, order.policy_id)
        by = ctx.clock.now() + timedelta(minutes=policy.stuck_minutes)
        await set_due(tx, "stack_stuck", command_id, by)
    return opened.lines[line.id]


async def _by_hand(ctx: Context, actor: Actor, book: _Standing, location: str, *, move: bool) -> LoanLine:
    if not location.strip():
        raise Conflict("location_needed", RULE)
    line, item = book.line, book.item
    scanned = read_code(location, "location")[:CODE_LIMIT]
    right = same_code(scanned, item.location) or move or not item.location
    async with ctx.transaction() as tx:
        scan = CodeScan(book.store.id, Step.PUT_BACK, scanned, right, expected=item.location or scanned)
        await keep_scan(ctx, tx, actor, line, scan)
        if right:
            await _stand(tx, book, scanned)
            fact = Fact(House.PUT_BACK, (line.id,), {"barcode": item.barcode, "location": scanned})
            opened = await tell(ctx, tx, line.order_id, [fact], actor=actor)
    if not right:
        raise Conflict("wrong_location", RULE, expected=item.location, scanned=scanned)
    return opened.lines[line.id]


async def _stand(tx: Transaction, book: _Standing, scanned: str) -> None:
    """A book that was given another place stands there from now on; the tote is the machine's to say."""
    if not same_code(scanned, book.item.location):
        await stand_at(tx, book.item.id, book.store.id, ItemPlace(scanned[:40], book.item.tote))


async def _unbook(ctx: Context, line: LoanLine) -> None:
    """A book that was called back after its parcel had a waybill: the courier need not come for an empty one."""
    parcel = await parcel_by_id(ctx.db.read, line.parcel_id) if line.parcel_id else None
    if line.state is not Stage.RECALLED or parcel is None or parcel.handed_at is not None:
        return
    async with ctx.transaction() as tx:
        cancelled = await cancel_empty_parcel(tx, parcel.id)
    if cancelled and parcel.waybill:
        await cancel_booking(ctx, parcel)


def _is_back(line: LoanLine) -> bool:
    return line.state in (Stage.RECEIVED, Stage.INSPECTED, Stage.RECALLED, Stage.PUTTING_BACK)


def _command(
    ctx: Context, device_id: str, item: Item, command_id: str, line: LoanLine | None = None
) -> NewCommand:
    return NewCommand(
        id=command_id,
        device_id=device_id,
        kind=CommandKind.PUT_BACK,
        order_id=line.order_id if line else "",
        line_id=line.id if line else "",
        item_id=item.id,
        barcode=item.barcode,
        tote=item.tote,
        priority=_BY_MACHINE,
        created_at=ctx.clock.now(),
    )
