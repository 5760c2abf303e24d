"""Loan orders and their events. An order is locked before its lines; several are locked in the order of their ids."""

from collections.abc import Collection, Iterable, Sequence

import msgspec

from server.domain.loan_rows import LoanLine, LoanOrder, Parcel
from server.domain.loans import OrderEvent
from server.store.rows import Reader, Row, Transaction, from_us_or_none, to_us
from server.store.values import columns, insert_values, rows_as_table, update_rows, value_from

_ORDER, _LINE, _PARCEL = columns(LoanOrder), columns(LoanLine), columns(Parcel)


async def insert_order(tx: Transaction, order: LoanOrder, lines: Sequence[LoanLine]) -> bool:
    """Keep a new order with its lines; False when this press was kept before."""
    fresh = await insert_values(tx, "loan_order", [order], conflict="ON CONFLICT (client_id) DO NOTHING")
    if fresh:
        await insert_values(tx, "loan_line", lines)
    return bool(fresh)


async def order_by_id(db: Reader, order_id: str) -> LoanOrder | None:
    row = await db.row(f"SELECT {_ORDER} FROM loan_order WHERE id = $1", order_id)
    return value_from(LoanOrder, row) if row else None


async def order_by_number(db: Reader, number: str) -> LoanOrder | None:
    row = await db.row(f"SELECT {_ORDER} FROM loan_order WHERE number = $1", number)
    return value_from(LoanOrder, row) if row else None


async def order_by_client_id(db: Reader, client_id: str) -> LoanOrder | None:
    row = await db.row(f"SELECT {_ORDER} FROM loan_order WHERE client_id = $1", client_id)
    return value_from(LoanOrder, row) if row else None


async def lock_orders(tx: Transaction, order_ids: Collection[str]) -> dict[str, LoanOrder]:
    """The orders, held against every other change to the end of the transaction."""
    sql = f"SELECT {_ORDER} FROM loan_order WHERE id = ANY($1) ORDER BY id FOR UPDATE"
    return {row["id"]: value_from(LoanOrder, row) for row in await tx.rows(sql, sorted(order_ids))}


async def hold_orders(tx: Transaction, order_ids: Collection[str]) -> None:
    """Hold orders as `lock_orders` does, to read them later."""
    await tx.lock_rows("loan_order", "id", sorted(order_ids))


async def lines_of(db: Reader, order_ids: Collection[str]) -> dict[str, list[LoanLine]]:
    """The lines of orders, in their order."""
    found: dict[str, list[LoanLine]] = {order_id: [] for order_id in order_ids}
    sql = f"SELECT {_LINE} FROM loan_line WHERE order_id = ANY($1) ORDER BY order_id, position"
    for row in await db.rows(sql, sorted(found)):
        found[row["order_id"]].append(value_from(LoanLine, row))
    return found


async def line_by_id(db: Reader, line_id: str) -> LoanLine | None:
    row = await db.row(f"SELECT {_LINE} FROM loan_line WHERE id = $1", line_id)
    return value_from(LoanLine, row) if row else None


async def events_of(db: Reader, order_ids: Collection[str]) -> dict[str, list[OrderEvent]]:
    """All events of orders, as they arrived."""
    found: dict[str, list[OrderEvent]] = {order_id: [] for order_id in order_ids}
    sql = "SELECT * FROM order_event WHERE order_id = ANY($1) ORDER BY order_id, number"
    for row in await db.rows(sql, sorted(found)):
        found[row["order_id"]].append(_event(row))
    return found


async def events_after(db: Reader, order_id: str, number: int, limit: int) -> list[OrderEvent]:
    """An order's events after a number, as they arrived: what a page that was away lacks."""
    rows = await db.rows(
        "SELECT * FROM order_event WHERE order_id = $1 AND number > $2 ORDER BY number LIMIT $3",
        order_id,
        number,
        limit,
    )
    return [_event(row) for row in rows]


async def event_numbers(db: Reader, order_ids: Collection[str]) -> dict[str, int]:
    """The number of the last event of each order."""
    rows = await db.rows("SELECT id, events FROM loan_order WHERE id = ANY($1)", sorted(order_ids))
    return {row["id"]: row["events"] for row in rows}


async def add_events(tx: Transaction, events: Iterable[tuple[str, OrderEvent]]) -> None:
    """Add events, each with its order's id; their orders are locked, so numbers are free."""
    rows = [
        (
            *(event.id, order_id, event.number, event.source, event.epoch, event.sequence, event.body_hash),
            *(event.kind, event.line_id, event.command_id),
            msgspec.json.encode(dict(event.data)).decode() if event.data else "",
            *(event.at, to_us(event.received_at) if event.received_at else 0, event.actor_id, event.public),
        )
        for order_id, event in events
    ]
    if rows:
        source, given = rows_as_table(tx, rows)
        await tx.execute(
            "INSERT INTO order_event (id, order_id, number, source, epoch, sequence, body_hash, kind, line_id,"
            f" command_id, data, at, received_at, actor_id, public) SELECT * FROM {source}",
            *given,
        )


async def save_orders(tx: Transaction, orders: Sequence[LoanOrder]) -> None:
    """Write what the fold says of the orders."""
    names = ("id", "state", "reason", "slot_id", "events", "house_events", "dispatched_at", "closed_at")
    await update_rows(tx, "loan_order", names, ([getattr(order, name) for name in names] for order in orders))


async def save_lines(tx: Transaction, lines: Sequence[LoanLine]) -> None:
    """Write what the fold says of lines."""
    names = (
        *("id", "state", "stage_at", "store_id", "item_id", "barcode", "location", "command_id", "parcel_id"),
        *("attempts", "lent_at", "due_at", "renewals", "ended_at"),
    )
    await update_rows(tx, "loan_line", names, ([getattr(line, name) for name in names] for line in lines))


async def parcels_of(db: Reader, order_id: str) -> list[Parcel]:
    """An order's parcels, out and back, oldest first."""
    rows = await db.rows(f"SELECT {_PARCEL} FROM parcel WHERE order_id = $1 ORDER BY made_at, id", order_id)
    return [value_from(Parcel, row) for row in rows]


def _event(row: Row) -> OrderEvent:
    return OrderEvent(
        source=row["source"],
        kind=row["kind"],
        epoch=row["epoch"],
        sequence=row["sequence"],
        line_id=row["line_id"],
        command_id=row["command_id"],
        data=msgspec.json.decode(row["data"]) if row["data"] else {},
        at=row["at"],
        body_hash=row["body_hash"],
        received_at=from_us_or_none(row["received_at"]),
        number=row["number"],
        id=row["id"],
        actor_id=row["actor_id"],
        public=bool(row["public"]),
    )
