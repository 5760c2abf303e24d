"""A store's items taken over from a list: checked first, then kept, a few hundred at a time (R-LOAN.2, R-LOAN.7)."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from server.actions.access import access_store, audit
from server.actions.carts import tell_askers
from server.context import Context
from server.domain.errors import Invalid, NotFound
from server.domain.events import StoreWorkChanged
from server.domain.item_lists import PROBLEMS, ListedItem, MarcItem, read_items
from server.domain.loan_rows import Item, Store
from server.domain.permissions import Actor, Thing, Verb, may
from server.domain.reader_lists import LineProblem
from server.domain.search_words import number_words
from server.store.catalogue import record_ids
from server.store.libraries import library_by_slug
from server.store.policies import loan_policy_at
from server.store.rows import Reader, Transaction
from server.store.shelves import (
    asked_among,
    barcodes_known,
    insert_items,
    records_by_control_numbers,
    records_owned,
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
    here = await _store_for(ctx.db.read, actor, store_id) if store_id else None
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


async def new_until(ctx: Context, library_id: str) -> datetime:
    """How long a book put up now is shown among the new ones."""
    now = ctx.clock.now()
    return now + timedelta(days=(await loan_policy_at(ctx.db.read, library_id, now)).new_book_days)


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
            *(ctx.ids.new(), record, each.barcode, library_id, store.id, each.location, "", "available"),
            *("", "", None, now, None, ""),
        )
        for number, volumes in wanted.items()
        if (record := records.get((library_id, number)))
        for each in volumes
    ]
    return await insert_items(tx, items)


async def shelving_store(ctx: Context, actor: Actor, store_id: str) -> Store:
    """The store for who puts books on its shelves: its keepers, and the managers who keep it. Raises NotFound."""
    return await _store_for(ctx.db.read, actor, store_id)


async def _store_for(db: Reader, actor: Actor, store_id: str) -> Store:
    try:
        return await access_store(db, actor, store_id, Verb.WORK_STORE)
    except NotFound:
        return await access_store(db, actor, store_id, Verb.KEEP_STORE)


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
    places: dict[int, tuple[Store, str]] = {}
    problems: list[LineProblem] = []
    for each in listed:
        try:
            store = await _store_of(work, each)
            places[each.line] = (store, await _owner_of(work, each, store))
        except Invalid as problem:
            problems.append(LineProblem(each.line, problem))
    by_number = await records_by_control_numbers(
        work.ctx.db.read,
        {owner for _, owner in places.values()},
        {each.control_number for each in listed if each.control_number and each.line in places},
    )
    now = work.ctx.clock.now()
    items = []
    for each in listed:
        if each.line not in places:
            continue
        store, owner = places[each.line]
        record = by_number.get((owner, each.control_number)) or await _by_isbn(work, owner, each.isbn)
        if record is None:
            number = each.control_number or each.isbn
            unknown = Invalid("item_record_unknown", "control_number", number=number)
            problems.append(LineProblem(each.line, unknown))
            continue
        items.append(
            _item(work, each, record, store, owner, now, work.until if each.new or work.new else None)
        )
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
            moved += await shelve(tx, before, item.location, item.tote, item.store_id, item.added_at)
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


async def _by_isbn(work: _Import, owner: str, isbn: str) -> int | None:
    """The owner's record with this number, the newest of several; another library's where it has none."""
    if not isbn:
        return None
    db = work.ctx.db.read
    found = await record_ids(db, number_words(isbn)[:1], limit=50)
    own: Mapping[int, bool] = await records_owned(db, owner, found)
    return next((each for each in found if own.get(each)), next(iter(found), None))


def _item(
    work: _Import,
    each: ListedItem,
    record: int,
    store: Store,
    owner: str,
    now: datetime,
    new_until_at: datetime | None,
) -> Item:
    return Item(
        id=work.ctx.ids.new(),
        record_id=record,
        barcode=each.barcode,
        library_id=owner,
        store_id=store.id,
        location=each.location,
        tote=each.tote,
        state="available",
        order_id="",
        line_id="",
        new_until_at=new_until_at,
        added_at=now,
        checked_at=None,
        note="",
    )
