"""Books put on the shelf, taken off it and moved, one by one with a hand scanner (R-LOAN.6)."""

from dataclasses import dataclass

from server.actions.access import audit
from server.actions.carts import tell_askers
from server.actions.item_imports import new_until, shelving_store
from server.context import Context
from server.domain.errors import Conflict, Invalid, NotFound
from server.domain.events import StoreWorkChanged
from server.domain.identifiers import checked_isbn, is_isbn
from server.domain.labels import checked_code
from server.domain.loan_rows import Item, Store
from server.domain.permissions import Actor
from server.domain.search_words import number_words
from server.domain.store_work import NOTE_LIMIT, read_code
from server.store.catalogue import record_ids
from server.store.rows import Reader, Transaction
from server.store.shelves import (
    find_item,
    insert_items,
    records_by_control_numbers,
    records_owned,
    shelve,
    take_off,
    title_of,
)

RULE = "R-LOAN.6"
PLACE_LIMIT, TOTE_LIMIT = 40, 30
OFF = ("unshelved", "withdrawn", "damaged", "missing")  # why a book is taken off
_SHELVABLE = frozenset({"unshelved", "missing", "damaged", "withdrawn", "available"})


@dataclass(frozen=True, slots=True)
class Shelved:
    """An item with its title, as a store keeper sees it."""

    item: Item
    title: str
    fresh: bool = False  # it was not known before


@dataclass(frozen=True, slots=True)
class NewItem:
    """A book to be put on the shelf; ``number`` is its record's control number or an ISBN where it is not known yet."""

    barcode: str
    location: str = ""
    tote: str = ""
    number: str = ""
    new: bool = False


async def look_up(ctx: Context, actor: Actor, store_id: str, code: str) -> Shelved:
    """The item of a scanned barcode, wherever it stands. Raises NotFound ``item_not_found``."""
    await shelving_store(ctx, actor, store_id)
    scanned = read_code(code)
    item = await find_item(ctx.db.read, scanned)
    if item is None:
        raise NotFound("item_not_found", RULE, scanned=scanned)
    return Shelved(item, await title_of(ctx.db.read, item.record_id))


async def put_on_shelf(ctx: Context, actor: Actor, store_id: str, wanted: NewItem) -> Shelved:
    """Put a book on a shelf of this store, so that it can be lent: a new one, or one that was taken off or missing.

    Raises Conflict ``item_busy`` when an order has it, Invalid ``item_record_unknown`` for a new one of which no
    record is known.
    """
    store = await shelving_store(ctx, actor, store_id)
    barcode, location, tote = _checked(wanted)
    known = await find_item(ctx.db.read, barcode)
    if known is None:
        item, fresh = await _new_item(ctx, store, wanted, barcode, location, tote), True
    else:
        item, fresh = known, False
    async with ctx.transaction() as tx:
        if fresh:
            done = bool(await insert_items(tx, [item]))
        else:
            done = item.state in _SHELVABLE and await shelve(
                tx, item, location or _kept(item, store), tote, store.id, ctx.clock.now()
            )
        if not done:
            raise Conflict("item_busy", RULE, state=item.state)
        await _noted(ctx, tx, actor, store, "item.shelve", item, location)
        await tell_askers(ctx, tx, item.record_id)
    return await _now(ctx.db.read, barcode, fresh=fresh)


async def take_off_shelf(
    ctx: Context, actor: Actor, store_id: str, code: str, reason: str, note: str = ""
) -> Shelved:
    """Take a book off the shelf: nobody is promised it any more. Raises Conflict ``item_busy`` when an order has it."""
    store = await shelving_store(ctx, actor, store_id)
    if reason not in OFF:
        raise Invalid("choice_wrong", "reason", choices=", ".join(OFF), text=reason[:40])
    item = await _here(ctx.db.read, store, code)
    async with ctx.transaction() as tx:
        if not await take_off(tx, item, reason, note.strip()[:NOTE_LIMIT], ctx.clock.now()):
            raise Conflict("item_busy", RULE, state=item.state)
        await _noted(ctx, tx, actor, store, "item.take_off", item, reason)
    return await _now(ctx.db.read, item.barcode)


async def relocate(
    ctx: Context, actor: Actor, store_id: str, code: str, location: str, tote: str = ""
) -> Shelved:
    """Give a book another place. Raises Conflict ``item_busy`` when an order has it, or it is not on the shelf."""
    store = await shelving_store(ctx, actor, store_id)
    item = await _here(ctx.db.read, store, code)
    _, location, tote = _checked(NewItem(item.barcode, location, tote))
    if not location and not tote:
        raise Conflict("location_needed", RULE)
    async with ctx.transaction() as tx:
        free = item.state == "available"
        if not free or not await shelve(
            tx, item, location or item.location, tote or item.tote, store.id, ctx.clock.now()
        ):
            raise Conflict("item_busy", RULE, state=item.state)
        await _noted(ctx, tx, actor, store, "item.relocate", item, f"{item.location} → {location}")
    return await _now(ctx.db.read, item.barcode)


def _checked(wanted: NewItem) -> tuple[str, str, str]:
    barcode = checked_code(read_code(wanted.barcode, "barcode"))
    location, tote = wanted.location.strip(), wanted.tote.strip()
    for name, text, limit in (("location", location, PLACE_LIMIT), ("tote", tote, TOTE_LIMIT)):
        if len(text) > limit:
            raise Invalid("field_too_long", name, limit=limit, length=len(text))
    return barcode, location, tote


def _kept(item: Item, store: Store) -> str:
    """Put back without a place said, it stands where it stood in this store."""
    return item.location if item.store_id == store.id else ""


async def _here(db: Reader, store: Store, code: str) -> Item:
    scanned = read_code(code)
    item = await find_item(db, scanned)
    if item is None or item.store_id != store.id:
        raise NotFound("item_not_found", RULE, scanned=scanned)
    return item


async def _new_item(
    ctx: Context, store: Store, wanted: NewItem, barcode: str, location: str, tote: str
) -> Item:
    record = await _record(ctx.db.read, store, wanted.number.strip())
    if record is None:
        raise Invalid("item_record_unknown", "number", RULE, number=wanted.number.strip()[:40] or "—")
    now = ctx.clock.now()
    until = await new_until(ctx, store.library_id) if wanted.new else None
    place = (barcode, store.library_id, store.id, location, tote)
    return Item(ctx.ids.new(), record, *place, "available", "", "", until, now, now, "")


async def _record(db: Reader, store: Store, number: str) -> int | None:
    """The record of a control number of the store's library, or of an ISBN."""
    if not number:
        return None
    by_number = await records_by_control_numbers(db, [store.library_id], [number])
    if by_number:
        return next(iter(by_number.values()))
    if not is_isbn(number):
        return None
    found = await record_ids(db, number_words(checked_isbn(number))[:1], limit=50)
    own = await records_owned(db, store.library_id, found)
    return next((each for each in found if own.get(each)), next(iter(found), None))


async def _now(db: Reader, barcode: str, *, fresh: bool = False) -> Shelved:
    item = await find_item(db, barcode)
    assert item is not None
    return Shelved(item, await title_of(db, item.record_id), fresh)


async def _noted(
    ctx: Context, tx: Transaction, actor: Actor, store: Store, verb: str, item: Item, detail: str
) -> None:
    await audit(ctx, tx, actor, verb, f"item/{item.id}", detail=f"{item.barcode} {detail}".strip())
    tx.announce(StoreWorkChanged(store.id, "", verb))
