"""Single volumes: which are free, who has them. A book is promised by one conditional UPDATE, so never twice."""

from collections.abc import Collection, Sequence
from datetime import datetime

from server.domain.allocation import Candidate
from server.domain.loan_rows import Item
from server.store.rows import Reader, Row, Transaction, placeholders, to_us
from server.store.stack_commands import UNENDED
from server.store.values import columns, rows_as_table, value_from

_ITEM = columns(Item)
_PER_TITLE = 20  # copies looked at for one line
# What a machine was told of and has not come to an end with may be on its way, though its order has given it up.
# Counted for each book, by the index: a join PostgreSQL may plan, while commands are few, by reading all of them.
_FREE = (
    "i.state = 'available' AND"
    f" (SELECT COUNT(*) FROM stack_command c WHERE c.item_id = i.id AND c.state IN {UNENDED}) = 0"
)


async def item_by_id(db: Reader, item_id: str) -> Item | None:
    row = await db.row(f"SELECT {_ITEM} FROM item WHERE id = $1", item_id)
    return value_from(Item, row) if row else None


async def item_by_barcode(db: Reader, barcode: str) -> Item | None:
    row = await db.row(f"SELECT {_ITEM} FROM item WHERE barcode = $1", barcode)
    return value_from(Item, row) if row else None


async def free_copies(db: Reader, record_id: int) -> list[Candidate]:
    """Copies of a title that nobody has and no machine moves, in stores that are open."""
    rows = await db.rows(
        "SELECT i.id, i.record_id, i.store_id, i.barcode, i.tote, i.location, s.kind, s.turn,"
        " d.id AS device_id, d.state AS device_state, d.paused_at"
        " FROM item i JOIN store s ON s.id = i.store_id AND s.active"
        " LEFT JOIN stack_device d ON d.store_id = i.store_id AND d.active"
        f" WHERE i.record_id = $1 AND {_FREE} LIMIT {_PER_TITLE}",
        record_id,
    )
    return [_candidate(row) for row in rows]


async def reserve(tx: Transaction, item_id: str, order_id: str, line_id: str) -> bool:
    """Promise a free copy to a line; False when somebody was faster."""
    return bool(
        await tx.execute(
            f"UPDATE item AS i SET state = 'reserved', order_id = $2, line_id = $3 WHERE i.id = $1 AND {_FREE}",
            item_id,
            order_id,
            line_id,
        )
    )


async def move_item(tx: Transaction, item_id: str, line_id: str, state: str) -> bool:
    """Say where a line's copy is now; False when another line has it."""
    return bool(
        await tx.execute("UPDATE item SET state = $3 WHERE id = $1 AND line_id = $2", item_id, line_id, state)
    )


async def release_item(tx: Transaction, item_id: str, line_id: str, state: str = "available") -> bool:
    """A line has done with its copy, which stands (or does not: lost, missing …) as told."""
    return bool(
        await tx.execute(
            "UPDATE item SET state = $3, order_id = '', line_id = '' WHERE id = $1 AND line_id = $2",
            item_id,
            line_id,
            state,
        )
    )


async def reclaim_item(tx: Transaction, item_id: str, order_id: str, line_id: str) -> bool:
    """A copy that was given free had left its place already: it is out of reach until it is put back."""
    return bool(
        await tx.execute(
            "UPDATE item SET state = 'received', order_id = $2, line_id = $3 WHERE id = $1 AND state = 'available'",
            item_id,
            order_id,
            line_id,
        )
    )


async def set_aside(tx: Transaction, item_ids: Collection[str]) -> set[str]:
    """Brought by a machine for nobody any more: they stand at a station until put back. Returns their stores."""
    rows = await tx.rows(
        "UPDATE item SET state = 'stray' WHERE id = ANY($1) AND state IN ('available', 'missing') RETURNING store_id",
        sorted(item_ids),
    )
    return {row["store_id"] for row in rows}


async def set_missing(tx: Transaction, asked: Sequence[tuple[str, str, datetime]]) -> set[str]:
    """A machine looked and these are not there (item, the tote it was sent to, when it was told): nobody is promised
    them. What stands elsewhere by now, or was seen since and has no tote to tell by, stays free. Returns their stores.
    """
    if not asked:
        return set()
    source, given = rows_as_table(tx, [(item_id, tote, to_us(at)) for item_id, tote, at in sorted(asked)])
    rows = await tx.rows(
        f"UPDATE item SET state = 'missing' FROM {source} WHERE id = v.column1 AND state = 'available'"
        " AND tote = v.column2 AND (tote <> '' OR COALESCE(checked_at, 0) < v.column3) RETURNING store_id",
        *given,
    )
    return {row["store_id"] for row in rows}


async def free_in_place(tx: Transaction, item_ids: Collection[str]) -> set[int]:
    """What stood aside, or was missing, is in its place; returns the titles of which a copy is free by this."""
    rows = await tx.rows(
        "UPDATE item SET state = 'available' WHERE id = ANY($1) AND state IN ('stray', 'missing') RETURNING record_id",
        sorted(item_ids),
    )
    return {row["record_id"] for row in rows}


async def take_turn(tx: Transaction, store_ids: Collection[str], now: datetime) -> None:
    """Stores that were given a leg go to the end of the row."""
    if store_ids:
        ids = sorted(store_ids)
        # Later, with the last writes: until the commit everybody else who takes from these stores waits.
        await tx.later(
            f"UPDATE store SET turn = $1 WHERE id IN ({placeholders(len(ids), start=2)}) AND turn < $1",
            to_us(now),
            *ids,
        )


async def asked_by_others(db: Reader, record_id: int, reader_id: str) -> bool:
    """Whether another reader waits for the title: then nobody renews it (R-COM.9)."""
    row = await db.row(
        "SELECT 1 AS found FROM cart_line WHERE record_id = $1 AND list = 'asked' AND told_at IS NULL"
        " AND reader_id <> $2 LIMIT 1",
        record_id,
        reader_id,
    )
    return row is not None


def _candidate(row: Row) -> Candidate:
    return Candidate(
        row["id"],
        row["record_id"],
        row["store_id"],
        row["barcode"],
        row["tote"],
        row["location"],
        row["kind"] == "smart",
        row["turn"],
        row["device_id"] or "",
        row["device_state"] or "",
        row["paused_at"] is not None,
    )
