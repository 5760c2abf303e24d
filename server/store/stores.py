"""Stores: where items for online loan stand."""

from collections.abc import Collection

from server.domain.loan_rows import Store
from server.store.rows import Reader, placeholders
from server.store.values import columns, value_from

_STORE = columns(Store)


async def store_by_id(db: Reader, store_id: str) -> Store | None:
    row = await db.row(f"SELECT {_STORE} FROM store WHERE id = $1", store_id)
    return value_from(Store, row) if row else None


async def stores_by_ids(db: Reader, store_ids: Collection[str]) -> dict[str, Store]:
    """Some stores by their ids; what is not there is left out. At most 500."""
    ids = sorted(set(store_ids) - {""})[:500]
    if not ids:
        return {}
    rows = await db.rows(f"SELECT {_STORE} FROM store WHERE id IN ({placeholders(len(ids))})", *ids)
    return {row["id"]: value_from(Store, row) for row in rows}


async def stores_of_order(db: Reader, order_id: str) -> dict[str, Store]:
    """The stores that a loan order's lines and parcels have to do with, of every attempt."""
    rows = await db.rows(
        "SELECT store_id FROM loan_line WHERE order_id = $1 AND store_id <> ''"
        " UNION SELECT store_id FROM parcel WHERE order_id = $1 AND store_id <> ''"
        " UNION SELECT store_id FROM scan_record WHERE order_id = $1",
        order_id,
    )
    return await stores_by_ids(db, [row["store_id"] for row in rows])
