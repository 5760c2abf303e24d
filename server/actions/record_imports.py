"""A library's catalogue taken over from a MARC file, a batch at a time; what is wrong with one record stays with it."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from server.actions.access import audit
from server.actions.item_imports import add_marc_items
from server.actions.shelving import shelving_store
from server.context import Context
from server.domain.catalogue import BibliographicRecord
from server.domain.errors import Invalid
from server.domain.permissions import Actor, Thing, Verb, demand
from server.store.catalogue import save_records, settle_words
from server.store.libraries import library_by_slug
from server.wire.marc import Entry, read_marc

BATCH = 200  # records of one transaction: a second or so of the writer at most


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an import is."""

    read: int = 0
    added: int = 0
    renewed: int = 0
    broken: int = 0
    items: int = 0  # volumes that are new in the store
    offset: int = 0  # bytes of the file that are behind us


async def import_records(
    ctx: Context,
    actor: Actor,
    chunks: Iterable[bytes],
    *,
    library: str,
    source: str = "",
    store_id: str = "",
    told: Callable[[Entry], None] = lambda entry: None,
    progress: Callable[[Progress], None] = lambda progress: None,
) -> Progress:
    """Add the records of a MARC file to a library's, or renew those that it has already (same control number).

    ``told`` hears of every record that cannot be read, ``progress`` after each batch. What was stored stays when it
    is broken off; importing again does no harm. With ``store_id`` the volumes that the records name (852, 905) are
    put into that store. Raises Invalid for an unknown library, NotFound for an unknown store, NotAllowed.
    """
    known = await library_by_slug(ctx.db.read, library)
    if known is None:
        raise Invalid("library_unknown", "library")
    demand(actor, Verb.KEEP_LIBRARIES, Thing(library_id=known.id))
    store = await shelving_store(ctx, actor, store_id) if store_id else None
    done = Progress()
    for batch in _batches(read_marc(chunks)):
        records: dict[str, BibliographicRecord] = {}
        for entry in batch:
            if entry.record is None:
                told(entry)
            else:
                records[_control_number(entry.record)] = entry.record
        added = items = 0
        if records:
            async with ctx.transaction() as tx:
                added = await save_records(tx, known.id, source, records, at=ctx.clock.now())
                if store is not None:
                    named = {_control_number(e.record): e.items for e in batch if e.record is not None}
                    items = await add_marc_items(ctx, tx, store, known.id, named)
        broken = sum(1 for entry in batch if entry.record is None)
        done = Progress(
            read=done.read + len(batch),
            added=done.added + added,
            renewed=done.renewed + len(batch) - broken - added,
            broken=done.broken + broken,
            items=done.items + items,
            offset=batch[-1].offset,
        )
        progress(done)
    async with ctx.transaction() as tx:
        await settle_words(tx)
        detail = f"{source} +{done.added} ~{done.renewed} !{done.broken}".strip()
        await audit(ctx, tx, actor, "record.import", f"library/{known.id}", detail=detail)
    return done


def _batches(entries: Iterator[Entry]) -> Iterator[list[Entry]]:
    while batch := list(islice(entries, BATCH)):
        yield batch


def _control_number(record: BibliographicRecord) -> str:
    """The record's own, or one made of what it describes: the same record is then known again all the same."""
    return record.control_number[:100] or f"~{record.match_key}"
