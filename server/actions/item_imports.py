"""A store's items taken over from a list: checked first, then kept, a few hundred at a time (R-LOAN.2, R-LOAN.7)."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from server.actions.access import audit
from server.actions.carts import tell_askers
from server.actions.shelving import new_until, record_with_isbn, shelving_store
from server.context import Context
from server.domain.errors import Invalid
from server.domain.events import StoreWorkChanged
from server.domain.item_lists import PROBLEMS, ListedItem, MarcItem, read_items
from server.domain.loan_rows import Item, ItemPlace, Store
from server.domain.permissions import Actor, Thing, Verb, may
from server.domain.reader_lists import LineProblem
from server.store.libraries import library_by_slug
from server.store.rows import Transaction
from server.store.shelves import (
    asked_among,
    barcodes_known,
    insert_items,
    records_by_control_numbers,
    shelve,
)
from server.store.stores import store_by_code

Lines = Callable[[], Iterable[str]]  # the list from its beginning, as often as it is asked for


@dataclass(frozen=True, slots=True)
class ItemImport:
    """What became of a list."""

    lines: int = 0
    added: int = 0
    moved: int = 0  # barcodes known already, which stand at the given place now
    kept: int = 0  # known ones that an order has: left alone
    bad: int = 0
    problems: tuple[LineProblem, ...] = ()
    imported: bool = False  # False: nothing was changed, because of the problems


@dataclass(slots=True)
class _Import:
    """An import at work; what is looked up for a line is remembered for the next."""

    ctx: Context
    actor: Actor
    here: Store | None
    new: bool
    until: datetime  # so long what is added now counts as new
    stores: dict[str, Store | None] = field(default_factory=dict)
    libraries: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Owned:
    """A line of the list whose store and owning library are known."""

    listed: ListedItem
    store: Store
    library_id: str


async def import_items(
    ctx: Context,
    actor: Actor,
    lines: Lines,
    *,
    store_id: str = "",
    good_only: bool = False,
    new: bool = False,
    progress: Callable[[ItemImport], None] = lambda done: None,
) -> ItemImport:
    """Take items into stores from a list with the columns barcode, control_number or isbn, store, location, tote.

    The whole list is checked before anything is written; one with problems changes nothing, unless the good lines are
    asked for. Known barcodes stand where the list says now, so that it may be imported again. ``store_id`` is where
    items of lines without a store stand, ``new`` shows all that is added among the new books.
    Raises NotFound, Invalid for a list that cannot be read at all.
    """
    here = await shelving_store(ctx, actor, store_id) if store_id else None
    work = _Import(ctx, actor, here, new, await new_until(ctx, here.library_id if here else ""))
    checked = await _go_through(work, lines, write=False, progress=progress)
    if checked.bad and not good_only:
        return checked
    done = await _go_through(work, lines, write=True, progress=progress)
    async with ctx.transaction() as tx:
        detail = f"+{done.added} ~{done.moved} !{done.bad}"
        await audit(ctx, tx, actor, "item.import", f"store/{store_id or '*'}", detail=detail)
        for store in filter(None, [here, *work.stores.values()]):
            tx.announce(StoreWorkChanged(store.id, "", "items"))
    return replace(done, imported=True)


async def add_marc_items(
    ctx: Context, tx: Transaction, store: Store, library_id: str, named: Mapping[str, Sequence[MarcItem]]
) -> int:
    """Put the volumes that a library's records name, by control number, into a store; returns how many were new."""
    wanted = {number: items for number, items in named.items() if items}
    if not wanted:
        return 0
    records = await records_by_control_numbers(tx, [library_id], list(wanted))
    now = ctx.clock.now()
    items = [
        Item(
            id=ctx.ids.new(),
            record_id=record,
            barcode=each.barcode,
            library_id=library_id,
            store_id=store.id,
            location=each.location,
            tote="",
            added_at=now,
        )
        for number, volumes in wanted.items()
        if (record := records.get((library_id, number)))
        for each in volumes
    ]
    return await insert_items(tx, items)


async def _go_through(
    work: _Import, lines: Lines, *, write: bool, progress: Callable[[ItemImport], None]
) -> ItemImport:
    done = ItemImport()
    for part in read_items(lines()):
        items, more = await _resolved(work, part.items)
        problems = (*done.problems, *part.problems, *more)[:PROBLEMS]
        bad = part.bad_lines + len(more)
        done = replace(
            done, lines=done.lines + len(part.items) + part.bad_lines, bad=done.bad + bad, problems=problems
        )
        if write and items:
            async with work.ctx.transaction() as tx:
                added, moved = await _keep(work, tx, items)
            kept = len(items) - added - moved
            done = replace(done, added=done.added + added, moved=done.moved + moved, kept=done.kept + kept)
        progress(done)
    return done


async def _resolved(work: _Import, listed: Sequence[ListedItem]) -> tuple[list[Item], list[LineProblem]]:
    """The items that lines stand for; lines that name what is not there are problems."""
    owned: list[_Owned] = []
    problems: list[LineProblem] = []
    for line in listed:
        try:
            store = await _store_of(work, line)
            owned.append(_Owned(line, store, await _owner_of(work, line, store)))
        except Invalid as problem:
            problems.append(LineProblem(line.line, problem))
    by_number = await records_by_control_numbers(
        work.ctx.db.read,
        {each.library_id for each in owned},
        {each.listed.control_number for each in owned if each.listed.control_number},
    )
    items = []
    for each in owned:
        number, isbn = each.listed.control_number, each.listed.isbn
        record = by_number.get((each.library_id, number)) or (
            await record_with_isbn(work.ctx.db.read, each.library_id, isbn) if isbn else None
        )
        if record is None:
            unknown = Invalid("item_record_unknown", "control_number", number=number or isbn)
            problems.append(LineProblem(each.listed.line, unknown))
        else:
            items.append(_item(work, each, record))
    return items, problems


async def _keep(work: _Import, tx: Transaction, items: Sequence[Item]) -> tuple[int, int]:
    """How many were added, and how many known ones stand elsewhere now."""
    known = await barcodes_known(tx, [item.barcode for item in items])
    fresh = [item for item in items if item.barcode not in known]
    added = await insert_items(tx, fresh)
    moved = 0
    for item in items:
        before = known.get(item.barcode)
        if before is not None and before.library_id == item.library_id and not before.order_id:
            place = ItemPlace(item.location, item.tote)
            moved += await shelve(tx, before, item.store_id, place, item.added_at)
    for record_id in await asked_among(tx, [item.record_id for item in fresh]):
        await tell_askers(work.ctx, tx, record_id)
    return added, moved


async def _store_of(work: _Import, each: ListedItem) -> Store:
    if not each.store:
        if work.here is None:
            raise Invalid("field_required", "store")
        return work.here
    if each.store not in work.stores:
        found = await store_by_code(work.ctx.db.read, each.store)
        mine = found and any(
            may(work.actor, verb, Thing(found.library_id, store_id=found.id))
            for verb in (Verb.WORK_STORE, Verb.KEEP_STORE)
        )
        work.stores[each.store] = found if mine else None
    store = work.stores[each.store]
    if store is None:
        raise Invalid("item_store_unknown", "store", store=each.store)
    return store


async def _owner_of(work: _Import, each: ListedItem, store: Store) -> str:
    if not each.library:
        return store.library_id
    if each.library not in work.libraries:
        library = await library_by_slug(work.ctx.db.read, each.library)
        work.libraries[each.library] = library.id if library else ""
    if not work.libraries[each.library]:
        raise Invalid("item_library_unknown", "library", slug=each.library)
    return work.libraries[each.library]


def _item(work: _Import, each: _Owned, record_id: int) -> Item:
    return Item(
        id=work.ctx.ids.new(),
        record_id=record_id,
        barcode=each.listed.barcode,
        library_id=each.library_id,
        store_id=each.store.id,
        location=each.listed.location,
        tote=each.listed.tote,
        added_at=work.ctx.clock.now(),
        new_until_at=work.until if each.listed.new or work.new else None,
    )
