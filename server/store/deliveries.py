"""Deliveries to readers, and the log of their fetches (R-ANS.5)."""

from collections.abc import Sequence
from datetime import datetime

from server.domain.attachments import Delivery
from server.store.rows import Reader, Row, Transaction, from_us, from_us_or_none, placeholders, to_us


async def insert_delivery(tx: Transaction, d: Delivery) -> None:
    """Keep a delivery."""
    await tx.later(
        "INSERT INTO delivery (id, consultation_id, answer_id, file_id, expires_at, fetched, created_at)"
        " VALUES ($1, $2, $3, $4, $5, 0, $6)",
        d.id,
        d.consultation_id,
        d.answer_id,
        d.file_id,
        to_us(d.expires),
        to_us(d.created_at),
    )


async def delivery_by_id(db: Reader, delivery_id: str) -> Delivery | None:
    row = await db.row("SELECT * FROM delivery WHERE id = $1", delivery_id)
    return _delivery(row) if row else None


async def deliveries_of(db: Reader, consultation_id: str) -> list[Delivery]:
    """Everything that was delivered for a consultation, oldest first."""
    rows = await db.rows(
        "SELECT * FROM delivery WHERE consultation_id = $1 ORDER BY created_at, id LIMIT 200", consultation_id
    )
    return [_delivery(row) for row in rows]


async def count_fetch(
    tx: Transaction, delivery_id: str, *, fetch_id: str, network: str, now: datetime
) -> None:
    """One more fetch, counted on the delivery and logged apart."""
    await tx.execute(
        "UPDATE delivery SET fetched = fetched + 1, first_fetched_at = COALESCE(first_fetched_at, $2),"
        " last_fetched_at = $2 WHERE id = $1",
        delivery_id,
        to_us(now),
    )
    await tx.execute(
        "INSERT INTO delivery_fetch (id, delivery_id, network, at) VALUES ($1, $2, $3, $4)",
        fetch_id,
        delivery_id,
        network,
        to_us(now),
    )


async def void_deliveries(tx: Transaction, consultation_ids: Sequence[str], now: datetime) -> int:
    """Nothing more is fetched for these consultations: their reader is forgotten."""
    if not consultation_ids:
        return 0
    return await tx.execute(
        "UPDATE delivery SET expires_at = $1 WHERE expires_at > $1"
        f" AND consultation_id IN ({placeholders(len(consultation_ids), start=2)})",
        to_us(now),
        *consultation_ids,
    )


def _delivery(row: Row) -> Delivery:
    return Delivery(
        id=row["id"],
        consultation_id=row["consultation_id"],
        answer_id=row["answer_id"],
        file_id=row["file_id"],
        expires=from_us(row["expires_at"]),
        fetched=row["fetched"],
        first_fetched_at=from_us_or_none(row["first_fetched_at"]),
        last_fetched_at=from_us_or_none(row["last_fetched_at"]),
        created_at=from_us(row["created_at"]),
    )
