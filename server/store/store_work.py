"""What waits at a store: lines by their stage, parcels with what is in them, books that nobody waits for."""

import json
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from server.domain.loan_rows import LoanLine, LoanOrder, Parcel
from server.domain.loans import Stage
from server.domain.store_work import Bundle, CodeScan, Step, Stray, WorkLine
from server.store.orders import order_by_id
from server.store.parcel_steps import parcels_in
from server.store.rows import Reader, Row, Transaction, from_us, placeholders, to_us
from server.store.values import columns, value_from

LISTED = 500  # of one list: more than anybody does before they look again
_STRAYS_SINCE = timedelta(days=14)
_ORDER = columns(LoanOrder)
_LINE = (
    "SELECT l.id, l.order_id, l.title, l.authors, l.state, l.stage_at, l.item_id, l.barcode, l.location, l.parcel_id,"
    " l.record_id, l.command_id, o.number, o.way, o.slot_text, o.dispatch_due_at,"
    " COALESCE(i.tote, '') AS tote, COALESCE(i.location, '') AS item_location,"
    " COALESCE(r.class_number, '') AS call_number"
    " FROM loan_line l JOIN loan_order o ON o.id = l.order_id LEFT JOIN item i ON i.id = l.item_id"
    " LEFT JOIN bibliographic_record r ON r.id = l.record_id"
)


async def lines_in(db: Reader, store_id: str, stages: Collection[Stage]) -> list[WorkLine]:
    """A store's lines at these stages, longest there first."""
    rows = await db.rows(
        f"{_LINE} WHERE l.store_id = $1 AND l.state IN ({placeholders(len(stages), start=2)})"
        f" ORDER BY o.dispatch_due_at, l.id LIMIT {LISTED}",
        store_id,
        *sorted(stages),
    )
    return [_line(row) for row in rows]


async def lines_back_in(db: Reader, store_id: str, stages: Collection[Stage]) -> list[WorkLine]:
    """Books that are back and stand in this store, wherever they came from."""
    rows = await db.rows(
        f"{_LINE} WHERE l.state IN ({placeholders(len(stages), start=2)})"
        f" AND COALESCE(i.store_id, l.store_id) = $1 ORDER BY l.stage_at, l.id LIMIT {LISTED}",
        store_id,
        *sorted(stages),
    )
    return [_line(row) for row in rows]


async def lines_of_parcels(db: Reader, parcel_ids: Collection[str]) -> dict[str, list[WorkLine]]:
    """What is in parcels."""
    found: dict[str, list[WorkLine]] = {parcel_id: [] for parcel_id in parcel_ids}
    order_ids = await _orders_of_parcels(db, list(found))
    if order_ids:
        rows = await db.rows(
            f"{_LINE} WHERE l.order_id IN ({placeholders(len(order_ids))}) ORDER BY l.order_id, l.position",
            *order_ids,
        )
        for row in rows:
            if row["parcel_id"] in found:
                found[row["parcel_id"]].append(_line(row))
    return found


async def bundles_in(
    db: Reader, store_id: str, direction: str, states: Collection[str], *, limit: int = LISTED
) -> list[Bundle]:
    """A store's parcels in these states, with their orders and books, oldest first."""
    return await bundles_of(db, await parcels_in(db, store_id, direction, states, limit=limit))


async def bundles_of(db: Reader, parcels: Sequence[Parcel]) -> list[Bundle]:
    """These parcels, with their orders and books."""
    orders = await orders_by_ids(db, [parcel.order_id for parcel in parcels])
    lines = await lines_of_parcels(db, [parcel.id for parcel in parcels])
    return [
        Bundle(parcel, orders[parcel.order_id], tuple(lines[parcel.id]))
        for parcel in parcels
        if parcel.order_id in orders
    ]


async def orders_by_ids(db: Reader, order_ids: Collection[str]) -> dict[str, LoanOrder]:
    """These orders, by id; at most a list's."""
    ids = sorted(set(order_ids))[:LISTED]
    if not ids:
        return {}
    rows = await db.rows(f"SELECT {_ORDER} FROM loan_order WHERE id IN ({placeholders(len(ids))})", *ids)
    return {row["id"]: value_from(LoanOrder, row) for row in rows}


async def coming_to(
    db: Reader, store_id: str, order_ids: Collection[str], stages: Collection[Stage]
) -> dict[str, int]:
    """How many books of orders are still on their way to the bench of a store."""
    ids = sorted(set(order_ids))[:LISTED]
    if not ids:
        return {}
    rows = await db.rows(
        f"SELECT order_id, COUNT(*) AS n FROM loan_line WHERE store_id = $1"
        f" AND order_id IN ({placeholders(len(ids), start=2)})"
        f" AND state IN ({placeholders(len(stages), start=2 + len(ids))}) GROUP BY order_id",
        store_id,
        *ids,
        *sorted(stages),
    )
    return {row["order_id"]: int(row["n"]) for row in rows}


async def stations_of(db: Reader, store_id: str) -> dict[str, str]:
    """Where the machine has set down what it brought and nobody has picked yet, by line."""
    rows = await db.rows(
        "SELECT l.id, e.data FROM loan_line l JOIN order_event e ON e.order_id = l.order_id"
        " AND e.command_id = l.command_id AND e.kind = 'retrieved'"
        f" WHERE l.store_id = $1 AND l.state = 'retrieved' AND l.command_id <> '' LIMIT {LISTED}",
        store_id,
    )
    told = {row["id"]: json.loads(row["data"]) if row["data"] else {} for row in rows}
    return {line_id: str(data.get("place", "")) for line_id, data in told.items()}


async def strays_in(db: Reader, store_id: str, now: datetime, command_id: str = "") -> list[Stray]:
    """What machines brought for attempts that are over, and what nobody has had taken in again since.

    One that is promised to another order by now, or was missed there, counts until somebody has seen it.
    """
    one = " AND c.id = $3" if command_id else ""
    rows = await db.rows(
        "SELECT c.id, c.item_id, c.barcode, c.tote, c.settled_at, COALESCE(l.title, '') AS title, i.state AS item_state"
        " FROM item i JOIN stack_command c ON c.item_id = i.id AND c.kind = 'retrieve' AND c.state = 'done'"
        " JOIN stack_device d ON d.id = c.device_id AND d.store_id = i.store_id"
        " LEFT JOIN loan_line l ON l.id = c.line_id"
        " WHERE i.store_id = $1 AND i.state IN ('stray', 'reserved', 'missing')"
        " AND (i.state = 'stray' AND COALESCE(l.state, '') NOT IN ('recalled', 'putting_back')"
        " OR c.settled_at >= $2 AND COALESCE(i.checked_at, 0) <= c.settled_at"
        f" AND COALESCE(l.command_id, '') <> c.id){one}"
        " AND NOT EXISTS (SELECT 1 FROM stack_command o WHERE o.item_id = c.item_id"
        " AND (o.kind = 'put_back' AND o.state NOT IN ('failed', 'cancelled') AND o.created_at >= c.settled_at"
        " OR o.kind = 'retrieve' AND o.state = 'done' AND o.settled_at > c.settled_at))"
        f" ORDER BY c.settled_at, c.id LIMIT {LISTED}",
        store_id,
        to_us(now - _STRAYS_SINCE),
        *([command_id] if command_id else []),
    )
    return [
        Stray(
            row["id"],
            row["item_id"],
            row["barcode"],
            row["tote"],
            row["title"],
            row["item_state"],
            from_us(row["settled_at"]),
        )
        for row in rows
    ]


async def add_scan(
    tx: Transaction, line: LoanLine, scan: CodeScan, *, scan_id: str, staff_id: str, at: datetime
) -> None:
    """Keep a scan, right or wrong: accuracy is computed from these (R-LOAN.5)."""
    await tx.execute(
        "INSERT INTO scan_record"
        ' (id, store_id, order_id, line_id, step, expected, scanned, "right", staff_id, at)'
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        *(scan_id, scan.store_id, line.order_id, line.id, str(scan.step)),
        *((scan.expected or line.barcode)[:30], scan.scanned[:60], scan.right, staff_id),
        to_us(at),
    )


async def rightly_scanned(db: Reader, order_ids: Collection[str], step: Step) -> dict[str, frozenset[str]]:
    """Which barcodes were scanned and right at a step, by line of these orders."""
    ids = sorted(set(order_ids))[:LISTED]
    if not ids:
        return {}
    rows = await db.rows(
        "SELECT line_id, scanned FROM scan_record"
        f' WHERE order_id IN ({placeholders(len(ids), start=2)}) AND step = $1 AND "right" = TRUE',
        str(step),
        *ids,
    )
    found: dict[str, set[str]] = {}
    for row in rows:
        found.setdefault(row["line_id"], set()).add(row["scanned"].casefold())
    return {line_id: frozenset(codes) for line_id, codes in found.items()}


async def order_of(db: Reader, order_id: str) -> LoanOrder:
    """The order of a line or parcel, which is there."""
    order = await order_by_id(db, order_id)
    assert order is not None
    return order


async def _orders_of_parcels(db: Reader, parcel_ids: Sequence[str]) -> list[str]:
    if not parcel_ids:
        return []
    rows = await db.rows(
        f"SELECT DISTINCT order_id FROM parcel WHERE id IN ({placeholders(len(parcel_ids))})", *parcel_ids
    )
    return [row["order_id"] for row in rows]


def _line(row: Row) -> WorkLine:
    return WorkLine(
        line_id=row["id"],
        order_id=row["order_id"],
        number=row["number"],
        way=row["way"],
        slot_text=row["slot_text"],
        due_at=from_us(row["dispatch_due_at"]),
        title=row["title"],
        authors=row["authors"],
        stage=Stage(row["state"]),
        stage_at=from_us(row["stage_at"]),
        item_id=row["item_id"],
        barcode=row["barcode"],
        location=row["item_location"] or row["location"],
        tote=row["tote"],
        call_number=row["call_number"],
        parcel_id=row["parcel_id"],
        record_id=row["record_id"],
    )
