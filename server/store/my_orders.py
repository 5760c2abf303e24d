"""A reader's own orders: open ones, and those that are over, page by page."""

from collections.abc import Sequence
from datetime import datetime

from server.domain.loan_rows import LoanOrder
from server.store.rows import Reader, placeholders, to_us
from server.store.values import columns, value_from

_ORDER = columns(LoanOrder)


async def orders_under_way(db: Reader, reader_id: str, *, limit: int = 100) -> list[LoanOrder]:
    """Orders of which something is still to come, or to come back, newest first."""
    rows = await db.rows(
        f"SELECT {_ORDER} FROM loan_order WHERE reader_id = $1 AND closed_at IS NULL"
        " ORDER BY placed_at DESC, id DESC LIMIT $2",
        reader_id,
        limit,
    )
    return [value_from(LoanOrder, row) for row in rows]


async def orders_over(
    db: Reader, reader_id: str, *, before: datetime, before_id: str, limit: int
) -> list[LoanOrder]:
    """Orders that have ended, newest first, after a place."""
    rows = await db.rows(
        f"SELECT {_ORDER} FROM loan_order WHERE reader_id = $1 AND closed_at IS NOT NULL"
        " AND (placed_at < $2 OR (placed_at = $2 AND id < $3)) ORDER BY placed_at DESC, id DESC LIMIT $4",
        reader_id,
        to_us(before),
        before_id,
        limit,
    )
    return [value_from(LoanOrder, row) for row in rows]


async def asked_among(db: Reader, record_ids: Sequence[int], reader_id: str) -> set[int]:
    """Which of these titles another reader waits for: nobody renews them (R-COM.9)."""
    if not record_ids:
        return set()
    rows = await db.rows(
        "SELECT DISTINCT record_id FROM cart_line WHERE list = 'asked' AND told_at IS NULL AND reader_id <> $1"
        f" AND record_id IN ({placeholders(len(record_ids), start=2)})",
        reader_id,
        *record_ids,
    )
    return {row["record_id"] for row in rows}


async def oldest_desk(db: Reader, library_id: str) -> str:
    """The short name of a library's oldest open desk; of any library's where it has none. Empty without any."""
    row = await db.row(
        "SELECT slug FROM desk WHERE open = TRUE ORDER BY CASE WHEN library_id = $1 THEN 0 ELSE 1 END, created_at"
        " LIMIT 1",
        library_id,
    )
    return str(row["slug"]) if row else ""
