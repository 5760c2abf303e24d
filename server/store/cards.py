"""Readers' cards with the counter of what they hold, and their address books."""

from datetime import datetime

from server.domain.loan_orders import Address, Card, Standing
from server.store.rows import Reader, Row, Transaction, to_us

_ADDRESS = "id, reader_id, name, phone, region, line, is_default"


async def card_of(db: Reader, reader_id: str) -> Card:
    """A reader's card; a plain one where none was made yet (R-COM.1)."""
    row = await db.row(
        "SELECT kind, reader_group, held, barred FROM reader_card WHERE reader_id = $1", reader_id
    )
    return _card(reader_id, row) if row else Card(reader_id)


async def lock_card(tx: Transaction, reader_id: str, at: datetime) -> Card:
    """The reader's card, made where there was none, held to the end: people are locked before orders."""
    await tx.execute(
        "INSERT INTO reader_card (reader_id, kind, reader_group, held, barred, changed_at)"
        " VALUES ($1, 'neighbourhood', '', 0, '', $2) ON CONFLICT (reader_id) DO NOTHING",
        reader_id,
        to_us(at),
    )
    row = await tx.row(
        "UPDATE reader_card SET held = held WHERE reader_id = $1 RETURNING kind, reader_group, held, barred",
        reader_id,
    )
    assert row is not None
    return _card(reader_id, row)


async def take_places(tx: Transaction, reader_id: str, count: int, *, limit: int) -> bool:
    """So many more items on the card unless it would hold more than the limit (R-COM.9)."""
    return bool(
        await tx.execute(
            "UPDATE reader_card SET held = held + $2 WHERE reader_id = $1 AND held + $2 <= $3",
            reader_id,
            count,
            limit,
        )
    )


async def free_item(tx: Transaction, reader_id: str) -> None:
    """One item fewer on the card: a line of an order has ended."""
    await tx.execute("UPDATE reader_card SET held = held - 1 WHERE reader_id = $1 AND held > 0", reader_id)


async def save_card(tx: Transaction, card: Card, at: datetime) -> None:
    """Set kind, group and bar; what the card holds stays."""
    await tx.execute(
        "INSERT INTO reader_card (reader_id, kind, reader_group, held, barred, changed_at)"
        " VALUES ($1, $2, $3, 0, $4, $5) ON CONFLICT (reader_id) DO UPDATE"
        " SET kind = $2, reader_group = $3, barred = $4, changed_at = $5",
        card.reader_id,
        card.kind,
        card.group,
        card.barred,
        to_us(at),
    )


async def standing_of(db: Reader, reader_id: str, now: datetime, lost_since: datetime) -> Standing:
    """What else of the reader counts when they order."""
    rows = await db.rows(
        "SELECT l.record_id, l.state, l.due_at FROM loan_line l JOIN loan_order o ON o.id = l.order_id"
        " WHERE o.reader_id = $1 AND l.ended_at IS NULL LIMIT 500",
        reader_id,
    )
    lost = await db.row(
        "SELECT COUNT(*) AS n FROM loan_line l JOIN loan_order o ON o.id = l.order_id"
        " WHERE o.reader_id = $1 AND o.placed_at >= $2 AND l.state IN ('lost', 'damaged')",
        reader_id,
        to_us(lost_since),
    )
    home = ("on_loan", "return_booked")
    return Standing(
        sum(
            row["state"] in home and row["due_at"] is not None and row["due_at"] < to_us(now) for row in rows
        ),
        frozenset(row["record_id"] for row in rows),
        int(lost["n"]) if lost else 0,
    )


async def addresses_of(db: Reader, reader_id: str) -> list[Address]:
    """A reader's address book, the usual one first, then those used last."""
    rows = await db.rows(
        f"SELECT {_ADDRESS} FROM reader_address WHERE reader_id = $1"
        " ORDER BY is_default DESC, used_at DESC, id DESC LIMIT 100",
        reader_id,
    )
    return [_address(row) for row in rows]


async def address_of(db: Reader, reader_id: str, address_id: str) -> Address | None:
    row = await db.row(
        f"SELECT {_ADDRESS} FROM reader_address WHERE id = $1 AND reader_id = $2", address_id, reader_id
    )
    return _address(row) if row else None


async def save_address(tx: Transaction, address: Address, at: datetime) -> None:
    """Add or change an address; the usual one is the usual one alone."""
    if address.is_default:
        await tx.execute(
            "UPDATE reader_address SET is_default = FALSE WHERE reader_id = $1 AND id <> $2",
            address.reader_id,
            address.id,
        )
    await tx.execute(
        "INSERT INTO reader_address (id, reader_id, name, phone, region, line, is_default, used_at)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (id) DO UPDATE"
        " SET name = $3, phone = $4, region = $5, line = $6, is_default = $7",
        address.id,
        address.reader_id,
        address.name,
        address.phone,
        address.region,
        address.line,
        address.is_default,
        to_us(at),
    )


async def use_address(tx: Transaction, address_id: str, at: datetime) -> None:
    """Note that it was used, so that it stands first among its like."""
    await tx.execute("UPDATE reader_address SET used_at = $2 WHERE id = $1", address_id, to_us(at))


async def remove_address(tx: Transaction, reader_id: str, address_id: str) -> bool:
    return bool(
        await tx.execute("DELETE FROM reader_address WHERE id = $1 AND reader_id = $2", address_id, reader_id)
    )


def _card(reader_id: str, row: Row) -> Card:
    return Card(reader_id, row["kind"], row["reader_group"], int(row["held"]), row["barred"])


def _address(row: Row) -> Address:
    return Address(
        row["id"],
        row["reader_id"],
        row["name"],
        row["phone"],
        row["region"],
        row["line"],
        bool(row["is_default"]),
    )
