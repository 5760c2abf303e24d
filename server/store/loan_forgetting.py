"""What is kept of a reader's loans: told in full to them, and forgotten, while orders and figures stay (R-LIVE.6)."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from server.store.rows import Reader, Row, Transaction, from_us, placeholders, to_us

_OPEN = (
    "SELECT COUNT(*) AS n FROM loan_line l JOIN loan_order o ON o.id = l.order_id"
    " WHERE o.reader_id = $1 AND l.ended_at IS NULL"
    " AND l.state NOT IN ('recalled', 'received', 'inspected', 'putting_back')"
)
# What is told of each kind: name, table, columns, whose it is.
_KEPT = (
    ("addresses", "reader_address", "name, phone, region, line, is_default", "reader_id = $1"),
    ("lists", "cart_line", "list, record_id, at", "reader_id = $1"),
    ("comments", "title_comment", "record_id, text, at", "reader_id = $1"),
    ("suggestions", "suggestion", "text, state, answer, at", "reader_id = $1"),
    ("card", "reader_card", "kind, reader_group, held, barred", "reader_id = $1"),
)


async def open_loans(db: Reader, reader_id: str) -> int:
    """How many books are on their way to the reader, with them, or coming back."""
    row = await db.row(_OPEN, reader_id)
    return int(row["n"]) if row else 0


async def loan_data_of(db: Reader, reader_id: str) -> dict[str, Any]:
    """Everything kept about a reader's loans, as plain values."""
    orders = await db.rows(
        "SELECT id, number, state, way, name, phone, mail, address, slot_text, postage_cents, note, reason, placed_at,"
        " closed_at FROM loan_order WHERE reader_id = $1 ORDER BY placed_at LIMIT 10000",
        reader_id,
    )
    told: dict[str, Any] = {"orders": [await _order(db, row) for row in orders]}
    for name, table, columns, mine in _KEPT:
        told[name] = [
            _plain(row)
            for row in await db.rows(f"SELECT {columns} FROM {table} WHERE {mine} LIMIT 10000", reader_id)
        ]
    cases = await db.rows(
        "SELECT id, number, kind, state, title, outcome, rating, opened_at, closed_at FROM support_case"
        " WHERE reader_id = $1 ORDER BY opened_at LIMIT 10000",
        reader_id,
    )
    told["cases"] = [await _case(db, row) for row in cases]
    return told


async def forget_loans_of(tx: Transaction, reader_id: str, at: datetime) -> int:
    """Take the reader out of everything about their loans; how many orders that were."""
    rows = await tx.rows("SELECT id FROM loan_order WHERE reader_id = $1", reader_id)
    await _forget_orders(tx, [row["id"] for row in rows], at)
    await tx.execute(
        "UPDATE case_message SET text = '', author_id = '', author_name = '' WHERE author_kind = 'reader'"
        " AND case_id IN (SELECT id FROM support_case WHERE reader_id = $1)",
        reader_id,
    )
    await tx.execute(
        "UPDATE support_case SET reader_id = '', title = '', outcome = '', session_id = '' WHERE reader_id = $1",
        reader_id,
    )
    await tx.execute(
        "UPDATE suggestion SET reader_id = '', text = '', answer = '' WHERE reader_id = $1", reader_id
    )
    await tx.execute("UPDATE coupon SET reader_id = 'erased' WHERE reader_id = $1", reader_id)
    for table in ("reader_address", "cart_line", "title_comment", "reader_card", "coupon_use"):
        await tx.execute(f"DELETE FROM {table} WHERE reader_id = $1", reader_id)
    return len(rows)


async def forget_old_orders(tx: Transaction, before: datetime, at: datetime, *, limit: int) -> int:
    """Take readers out of orders that were closed before a moment, oldest first; how many."""
    rows = await tx.rows(
        "SELECT id FROM loan_order WHERE closed_at < $1 AND anonymised_at IS NULL ORDER BY closed_at LIMIT $2",
        to_us(before),
        limit,
    )
    await _forget_orders(tx, [row["id"] for row in rows], at)
    return len(rows)


async def _forget_orders(tx: Transaction, order_ids: Sequence[str], at: datetime) -> None:
    for start in range(0, len(order_ids), 200):
        some = order_ids[start : start + 200]
        within = f"({placeholders(len(some), start=2)})"
        await tx.execute(
            "UPDATE loan_order SET reader_id = '', name = '', phone = '', mail = '', address = '', note = '',"
            f" reason = '', anonymised_at = $1 WHERE id IN {within}",
            to_us(at),
            *some,
        )
        within = f"({placeholders(len(some))})"
        await tx.execute(f"UPDATE parcel SET pickup = '' WHERE order_id IN {within}", *some)
        await tx.execute(
            f"UPDATE order_event SET actor_id = '' WHERE source = 'house' AND order_id IN {within}"
            " AND kind IN ('submitted', 'renewed', 'return_booked', 'return_cancelled', 'cancelled')",
            *some,
        )


async def _order(db: Reader, row: Row) -> dict[str, Any]:
    lines = await db.rows(
        "SELECT title, authors, state, barcode, lent_at, due_at, renewals FROM loan_line WHERE order_id = $1"
        " ORDER BY position",
        row["id"],
    )
    events = await db.rows(
        "SELECT kind, received_at, data FROM order_event WHERE order_id = $1 AND public = TRUE ORDER BY number",
        row["id"],
    )
    told = [_plain(event) | {"data": json.loads(event["data"]) if event["data"] else {}} for event in events]
    return {**_plain(row), "books": [_plain(line) for line in lines], "events": told}


async def _case(db: Reader, row: Row) -> dict[str, Any]:
    lines = await db.rows(
        "SELECT author_kind, author_name, text, at FROM case_message WHERE case_id = $1 AND kind <> 'note'"
        " ORDER BY number",
        row["id"],
    )
    return {**_plain(row), "messages": [_plain(line) for line in lines]}


def _plain(row: Row) -> dict[str, Any]:
    """A row without our own keys, instants as instants."""
    return {
        name: from_us(value) if value is not None and (name == "at" or name.endswith("_at")) else value
        for name, value in dict(row).items()
        if name != "id"
    }
