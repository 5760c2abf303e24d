"""Books put on the shelf, taken off it and moved, one by one with a hand scanner (R-LOAN.6)."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from server.actions.access import access_store, audit
from server.actions.carts import tell_askers
from server.context import Context
from server.domain.errors import Conflict, Invalid, NotFound
from server.domain.events import StoreWorkChanged
from server.domain.identifiers import checked_isbn, is_isbn
from server.domain.labels import checked_code
from server.domain.loan_rows import Item, ItemPlace, Store
from server.domain.permissions import Actor, Verb
from server.domain.search_words import number_words
from server.domain.store_work import NOTE_LIMIT, read_code
from server.store.catalogue import record_ids
from server.store.policies import loan_policy_at
from server.store.rows import Reader
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
# Why a book is taken off; one that is moving is on its way to another store (R-LOAN.7).
OFF = ("unshelved", "moving", "withdrawn", "damaged", "missing")
NOWHERE = ItemPlace()  # none is said
_SHELVABLE = frozenset({"unshelved", "moving", "missing", "stray", "damaged", "withdrawn", "available"})


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
    place: ItemPlace = NOWHERE
    number: str = ""
    new: bool = False


@dataclass(frozen=True, slots=True)
class TakenOff:
    """A book to be taken off the shelf, by its barcode, and why: one of ``OFF``."""

    code: str
    reason: str
    note: str = ""


async def shelving_store(ctx: Context, actor: Actor, store_id: str) -> Store:
    """The store for who puts books on its shelves: its keepers, and the managers who keep it. Raises NotFound."""
    try:
        return await access_store(ctx.db.read, actor, store_id, Verb.WORK_STORE)
    except NotFound:
        return await access_store(ctx.db.read, actor, store_id, Verb.KEEP_STORE)


async def new_until(ctx: Context, library_id: str) -> datetime:
    """How long a book put up now is shown among the new ones."""
    now = ctx.clock.now()
    return now + timedelta(days=(await loan_policy_at(ctx.db.read, library_id, now)).new_book_days)


async def record_with_isbn(db: Reader, library_id: str, isbn: str) -> int | None:
    """The library's record with this number, the newest of several; another library's where it has none."""
    found = await record_ids(db, number_words(isbn)[:1], limit=50)
    own = await records_owned(db, library_id, found)
    return next((each for each in found if own.get(each)), next(iter(found), None))


async def look_up(ctx: Context, actor: Actor, store_id: str, code: str) -> Shelved:
    """The item of a scanned barcode, wherever it stands. Raises NotFound ``item_not_found``."""
    await shelving_store(ctx, actor, store_id)
    scanned = read_code(code)
    item = await find_item(ctx.db.read, scanned)
    if item is None:
        raise NotFound("item_not_found", RULE, scanned=scanned)
    return Shelved(item, await title_of(ctx.db.read, item.record_id))


async def put_on_shelf(ctx: Context, actor: Actor, store_id: str, wanted: NewItem) -> Shelved:
    """Put a book on a shelf of this store, so that it can be lent: a new one, or one taken off or missing, here or in
    another store (R-LOAN.7).

    Raises Conflict ``item_busy`` when an order has it, Invalid ``item_record_unknown`` for a new one of which no
    record is known.
    """
    store = await shelving_store(ctx, actor, store_id)
    barcode, place = checked_code(read_code(wanted.barcode, "barcode")), _checked(wanted.place)
    known = await find_item(ctx.db.read, barcode)
    item = known or await _new_item(ctx, store, replace(wanted, barcode=barcode, place=place))
    async with ctx.transaction() as tx:
        if known is None:
            done = bool(await insert_items(tx, [item]))
        else:
            kept = (
                item.location if item.store_id == store.id else ""
            )  # without a place said, where it stood here
            stands = replace(place, location=place.location or kept)
            done = item.state in _SHELVABLE and await shelve(tx, item, store.id, stands, ctx.clock.now())
        if not done:
            raise Conflict("item_busy", RULE, state=item.state)
        detail = f"{item.barcode} {place.location}".strip()
        await audit(ctx, tx, actor, "item.shelve", f"item/{item.id}", detail=detail)
        tx.announce(StoreWorkChanged(store.id, "", "item.shelve"))
        await tell_askers(ctx, tx, item.record_id)
    return await _now(ctx.db.read, barcode, fresh=known is None)


async def take_off_shelf(ctx: Context, actor: Actor, store_id: str, wanted: TakenOff) -> Shelved:
    """Take a book off the shelf: nobody is promised it any more. Raises Conflict ``item_busy`` when an order has it."""
    store = await shelving_store(ctx, actor, store_id)
    if wanted.reason not in OFF:
        raise Invalid("choice_wrong", "reason", choices=", ".join(OFF), text=wanted.reason[:40])
    item = await _here(ctx.db.read, store, wanted.code)
    async with ctx.transaction() as tx:
        if not await take_off(tx, item, wanted.reason, wanted.note.strip()[:NOTE_LIMIT], ctx.clock.now()):
            raise Conflict("item_busy", RULE, state=item.state)
        detail = f"{item.barcode} {wanted.reason}"
        await audit(ctx, tx, actor, "item.take_off", f"item/{item.id}", detail=detail)
        tx.announce(StoreWorkChanged(store.id, "", "item.take_off"))
    return await _now(ctx.db.read, item.barcode)


async def relocate(ctx: Context, actor: Actor, store_id: str, code: str, to: ItemPlace) -> Shelved:
    """Give a book another place. Raises Conflict ``item_busy`` when an order has it, or it is not on the shelf."""
    store = await shelving_store(ctx, actor, store_id)
    item = await _here(ctx.db.read, store, code)
    said = _checked(to)
    if said == NOWHERE:
        raise Conflict("location_needed", RULE)
    place = ItemPlace(said.location or item.location, said.tote or item.tote)
    async with ctx.transaction() as tx:
        free = item.state == "available"
        if not free or not await shelve(tx, item, store.id, place, ctx.clock.now()):
            raise Conflict("item_busy", RULE, state=item.state)
        detail = f"{item.barcode} {item.location} → {said.location}".strip()
        await audit(ctx, tx, actor, "item.relocate", f"item/{item.id}", detail=detail)
        tx.announce(StoreWorkChanged(store.id, "", "item.relocate"))
    return await _now(ctx.db.read, item.barcode)


def _checked(place: ItemPlace) -> ItemPlace:
    location, tote = place.location.strip(), place.tote.strip()
    for name, text, limit in (("location", location, PLACE_LIMIT), ("tote", tote, TOTE_LIMIT)):
        if len(text) > limit:
            raise Invalid("field_too_long", name, limit=limit, length=len(text))
    return ItemPlace(location, tote)


async def _here(db: Reader, store: Store, code: str) -> Item:
    scanned = read_code(code)
    item = await find_item(db, scanned)
    if item is None or item.store_id != store.id:
        raise NotFound("item_not_found", RULE, scanned=scanned)
    return item


async def _new_item(ctx: Context, store: Store, wanted: NewItem) -> Item:
    record = await _record(ctx.db.read, store, wanted.number.strip())
    if record is None:
        raise Invalid("item_record_unknown", "number", RULE, number=wanted.number.strip()[:40] or "—")
    now = ctx.clock.now()
    return Item(
        id=ctx.ids.new(),
        record_id=record,
        barcode=wanted.barcode,
        library_id=store.library_id,
        store_id=store.id,
        location=wanted.place.location,
        tote=wanted.place.tote,
        added_at=now,
        new_until_at=await new_until(ctx, store.library_id) if wanted.new else None,
        checked_at=now,
    )


async def _record(db: Reader, store: Store, number: str) -> int | None:
    """The record of a control number of the store's library, or of an ISBN."""
    if not number:
        return None
    by_number = await records_by_control_numbers(db, [store.library_id], [number])
    if by_number:
        return next(iter(by_number.values()))
    return await record_with_isbn(db, store.library_id, checked_isbn(number)) if is_isbn(number) else None


async def _now(db: Reader, barcode: str, *, fresh: bool = False) -> Shelved:
    item = await find_item(db, barcode)
    assert item is not None
    return Shelved(item, await title_of(db, item.record_id), fresh)
