"""Items as they stand in stores: put on and off the shelf, moved, counted. Items that an order has are left alone."""

from collections.abc import Collection, Sequence
from datetime import datetime

from server.domain.loan_rows import Item, ItemPlace
from server.store.items import item_by_barcode
from server.store.rows import Reader, Transaction, placeholders, to_us
from server.store.values import columns, insert_values, value_from

_ITEM = columns(Item)
_CHUNK = 500


async def find_item(db: Reader, code: str) -> Item | None:
    """The item of a scanned barcode; some scanners and keyboards change the case."""
    return await item_by_barcode(db, code) or await item_by_barcode(db, code.upper())


async def title_of(db: Reader, record_id: int) -> str:
    """A record's title; empty where it is gone."""
    row = await db.row("SELECT title FROM bibliographic_record WHERE id = $1", record_id)
    return str(row["title"]) if row else ""


async def see_item(tx: Transaction, item_id: str, at: datetime) -> None:
    """Somebody has held it in their hands."""
    await tx.execute("UPDATE item SET checked_at = $2 WHERE id = $1", item_id, to_us(at))


async def insert_items(tx: Transaction, items: Sequence[Item]) -> int:
    """Add new items; those whose barcode is there already are left out. Returns how many were new."""
    return await insert_values(tx, "item", items, conflict="ON CONFLICT (barcode) DO NOTHING")


async def shelve(tx: Transaction, item: Item, store_id: str, place: ItemPlace, at: datetime) -> bool:
    """It stands here and can be lent; False when an order has it, or it has been moved in this very moment."""
    return bool(
        await tx.execute(
            "UPDATE item SET state = 'available', store_id = $3, location = $4, tote = $5, checked_at = $6,"
            " added_at = $7 WHERE id = $1 AND state = $2 AND order_id = ''",
            item.id,
            item.state,
            store_id,
            place.location,
            place.tote,
            to_us(at),
            to_us(item.added_at if item.store_id == store_id else at),
        )
    )


async def take_off(tx: Transaction, item: Item, state: str, note: str, at: datetime) -> bool:
    """It is not lent any more: unshelved, withdrawn, damaged; False when an order has it."""
    return bool(
        await tx.execute(
            "UPDATE item SET state = $3, note = $4, checked_at = $5 WHERE id = $1 AND state = $2 AND order_id = ''",
            item.id,
            item.state,
            state,
            note,
            to_us(at),
        )
    )


async def stand_at(tx: Transaction, item_id: str, store_id: str, place: ItemPlace) -> None:
    """Where it stands now; what it is promised to does not change."""
    await tx.execute(
        "UPDATE item SET store_id = $2, location = $3, tote = $4 WHERE id = $1",
        item_id,
        store_id,
        place.location,
        place.tote,
    )


async def arrive_in(tx: Transaction, item_id: str, store_id: str) -> bool:
    """It was received in a store that is not its own: there it is now, without a place yet."""
    return bool(
        await tx.execute(
            "UPDATE item SET store_id = $2, location = '', tote = '' WHERE id = $1 AND store_id <> $2",
            item_id,
            store_id,
        )
    )


async def barcodes_known(db: Reader, barcodes: Collection[str]) -> dict[str, Item]:
    """Items by their barcodes, those that are there."""
    found: dict[str, Item] = {}
    codes = sorted(set(barcodes))
    for start in range(0, len(codes), _CHUNK):
        some = codes[start : start + _CHUNK]
        rows = await db.rows(f"SELECT {_ITEM} FROM item WHERE barcode IN ({placeholders(len(some))})", *some)
        found |= {row["barcode"]: value_from(Item, row) for row in rows}
    return found


async def records_by_control_numbers(
    db: Reader, library_ids: Collection[str], numbers: Collection[str]
) -> dict[tuple[str, str], int]:
    """Record ids by library and control number; of several catalogues of a library the last by name."""
    found: dict[tuple[str, str], int] = {}
    wanted = sorted(set(numbers))
    for library_id in sorted(set(library_ids)):
        sources = await _sources_of(db, library_id)
        for start in range(0, len(wanted) if sources else 0, _CHUNK):
            some = wanted[start : start + _CHUNK]
            rows = await db.rows(
                "SELECT id, control_number FROM bibliographic_record WHERE library_id = $1"
                f" AND source IN ({placeholders(len(sources), start=2)})"
                f" AND control_number IN ({placeholders(len(some), start=2 + len(sources))}) ORDER BY source",
                library_id,
                *sources,
                *some,
            )
            found |= {(library_id, row["control_number"]): row["id"] for row in rows}
    return found


async def asked_among(db: Reader, record_ids: Collection[int]) -> list[int]:
    """Those of these titles for which somebody waits."""
    ids = sorted(set(record_ids))[:_CHUNK]
    if not ids:
        return []
    rows = await db.rows(
        "SELECT DISTINCT record_id FROM cart_line WHERE list = 'asked' AND told_at IS NULL"
        f" AND record_id IN ({placeholders(len(ids))}) ORDER BY record_id",
        *ids,
    )
    return [row["record_id"] for row in rows]


async def records_owned(db: Reader, library_id: str, record_ids: Sequence[int]) -> dict[int, bool]:
    """Whether records are of this library's catalogue."""
    ids = list(record_ids)[:_CHUNK]
    if not ids:
        return {}
    rows = await db.rows(
        f"SELECT id, library_id FROM bibliographic_record WHERE id IN ({placeholders(len(ids))})", *ids
    )
    return {row["id"]: row["library_id"] == library_id for row in rows}


async def _sources_of(db: Reader, library_id: str) -> list[str]:
    """A library's catalogues by name, found by leaping through the index that begins with library and source."""
    rows = await db.rows(
        "WITH RECURSIVE leap (source) AS ("
        "SELECT min(source) FROM bibliographic_record WHERE library_id = $1"
        " UNION ALL SELECT (SELECT min(r.source) FROM bibliographic_record r WHERE r.library_id = $1"
        " AND r.source > leap.source) FROM leap WHERE leap.source IS NOT NULL)"
        " SELECT source FROM leap WHERE source IS NOT NULL LIMIT 50",
        library_id,
    )
    return [row["source"] for row in rows]
