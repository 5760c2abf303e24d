"""A reader's lists of titles: loan cart, saved list, titles asked for while all copies are out."""

from collections.abc import Collection, Sequence
from datetime import datetime

from server.domain.lending import Kept, List
from server.store.rows import Reader, Row, Transaction, from_us, placeholders, to_us


async def put_on_list(tx: Transaction, kept: Kept, *, limit: int) -> bool:
    """Put a title on a list; False when the list is full. Already there, it stays where it is."""
    if await tx.row("SELECT 1 AS found FROM cart_line WHERE id = $1", kept.id):
        return True
    row = await tx.row(
        "SELECT COUNT(*) AS n FROM cart_line WHERE reader_id = $1 AND list = $2",
        kept.reader_id,
        str(kept.list),
    )
    if row and row["n"] >= limit:
        return False
    await tx.execute(
        "INSERT INTO cart_line (id, list, reader_id, record_id, at) VALUES ($1, $2, $3, $4, $5)"
        " ON CONFLICT (id) DO NOTHING",
        kept.id,
        str(kept.list),
        kept.reader_id,
        kept.record_id,
        to_us(kept.at),
    )
    return True


async def take_off_list(tx: Transaction, reader_id: str, name: List, record_ids: Collection[int]) -> int:
    """Take titles off a list; harmless where they are not on it."""
    ids = [f"{name}/{reader_id}/{record_id}" for record_id in sorted(set(record_ids))]
    if not ids:
        return 0
    return await tx.execute(f"DELETE FROM cart_line WHERE id IN ({placeholders(len(ids))})", *ids)


async def list_of(db: Reader, reader_id: str, name: List) -> list[Kept]:
    """The titles on a reader's list, the last put on first."""
    rows = await db.rows(
        "SELECT list, reader_id, record_id, at FROM cart_line WHERE reader_id = $1 AND list = $2"
        " ORDER BY at DESC, id DESC LIMIT 500",
        reader_id,
        str(name),
    )
    return [_kept(row) for row in rows]


async def lists_with(db: Reader, reader_id: str, record_ids: Sequence[int]) -> dict[int, frozenset[List]]:
    """On which of the reader's lists each of these titles stands."""
    if not reader_id or not record_ids:
        return {}
    ids = [f"{name}/{reader_id}/{record_id}" for record_id in record_ids for name in List]
    rows = await db.rows(
        f"SELECT list, record_id FROM cart_line WHERE id IN ({placeholders(len(ids))})", *ids
    )
    found: dict[int, set[List]] = {}
    for row in rows:
        found.setdefault(row["record_id"], set()).add(List(row["list"]))
    return {record_id: frozenset(names) for record_id, names in found.items()}


async def count_cart(db: Reader, reader_id: str) -> int:
    row = await db.row(
        "SELECT COUNT(*) AS n FROM cart_line WHERE reader_id = $1 AND list = 'cart'", reader_id
    )
    return int(row["n"]) if row else 0


async def untold_askers(db: Reader, record_id: int, *, limit: int) -> list[str]:
    """Who asked for the title and has not been told yet that a copy is back, longest waiting first."""
    rows = await db.rows(
        "SELECT reader_id FROM cart_line WHERE record_id = $1 AND list = 'asked' AND told_at IS NULL"
        " ORDER BY at, id LIMIT $2",
        record_id,
        limit,
    )
    return [row["reader_id"] for row in rows]


async def mark_told(tx: Transaction, record_id: int, reader_id: str, at: datetime) -> bool:
    return bool(
        await tx.execute(
            "UPDATE cart_line SET told_at = $2 WHERE id = $1 AND told_at IS NULL",
            f"{List.ASKED}/{reader_id}/{record_id}",
            to_us(at),
        )
    )


def _kept(row: Row) -> Kept:
    return Kept(List(row["list"]), row["reader_id"], row["record_id"], from_us(row["at"]))
