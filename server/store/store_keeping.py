"""What managers change of stores and their machines."""

from collections.abc import Sequence

from server.domain.loan_rows import Store
from server.store.rows import Reader, Transaction, placeholders, to_us


async def save_store(tx: Transaction, store: Store) -> None:
    """Add a store, or change what people say of it."""
    await tx.execute(
        "INSERT INTO store (id, library_id, code, name_zh, name_en, kind, tier, address, phone, active, turn,"
        " created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, TRUE, 0, $10) ON CONFLICT (id) DO UPDATE SET"
        " code = $3, name_zh = $4, name_en = $5, kind = $6, tier = $7, address = $8, phone = $9",
        store.id,
        store.library_id,
        store.code,
        store.name_zh,
        store.name_en,
        store.kind,
        store.tier,
        store.address,
        store.phone,
        to_us(store.created_at),
    )


async def code_taken(db: Reader, code: str, store_id: str) -> bool:
    """Whether another store has this code."""
    row = await db.row("SELECT 1 AS found FROM store WHERE code = $1 AND id <> $2", code, store_id)
    return row is not None


async def close_store_row(tx: Transaction, store_id: str, *, active: bool) -> None:
    """Whether books are taken from the store."""
    await tx.execute("UPDATE store SET active = $2 WHERE id = $1", store_id, active)


async def change_device(tx: Transaction, device_id: str, *, name: str, driver: str, address: str) -> None:
    """How a machine is reached; its bridge reads it when it connects next."""
    await tx.execute(
        "UPDATE stack_device SET name = $2, driver = $3, address = $4 WHERE id = $1",
        device_id,
        name,
        driver,
        address,
    )


async def count_items(db: Reader, store_ids: Sequence[str]) -> dict[str, int]:
    """How many volumes each store has."""
    if not store_ids:
        return {}
    rows = await db.rows(
        f"SELECT store_id, COUNT(*) AS n FROM item WHERE store_id IN ({placeholders(len(store_ids))})"
        " AND state <> 'withdrawn' GROUP BY store_id",
        *store_ids,
    )
    return {row["store_id"]: int(row["n"]) for row in rows}
