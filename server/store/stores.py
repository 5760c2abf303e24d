"""Stores: where items for online loan stand."""

from collections.abc import Collection

from server.domain.loan_rows import Store
from server.store.rows import Reader, placeholders
from server.store.values import columns, value_from

_STORE = columns(Store)


async def store_by_id(db: Reader, store_id: str) -> Store | None:
    row = await db.row(f"SELECT {_STORE} FROM store WHERE id = $1", store_id)
    return value_from(Store, row) if row else None


async def store_by_code(db: Reader, code: str) -> Store | None:
    row = await db.row(f"SELECT {_STORE} FROM store WHERE code = $1", code)
    return value_from(Store, row) if row else None


async def stores_by_ids(db: Reader, store_ids: Collection[str]) -> dict[str, Store]:
    """Some stores by their ids; what is not there is left out. At most 500."""
    ids = sorted(set(store_ids) - {""})[:500]
    if not ids:
        return {}
    rows = await db.rows(f"SELECT {_STORE} FROM store WHERE id IN ({placeholders(len(ids))})", *ids)
    return {row["id"]: value_from(Store, row) for row in rows}


async def stores_within(
    db: Reader, scope: tuple[frozenset[str], frozenset[str]] | None, *, limit: int = 500, closed: bool = False
) -> list[Store]:
    """The stores of a scope (``permissions.store_scopes``: stores, libraries; None is all), by their codes.

    Closed ones only where they are asked for.
    """
    if scope is None:
        where, values = "", []
    else:
        stores, libraries = (sorted(ids)[:500] for ids in scope)
        values = [*stores, *libraries]
        parts = [f"id IN ({placeholders(len(stores))})"] if stores else []
        parts += (
            [f"library_id IN ({placeholders(len(libraries), start=1 + len(stores))})"] if libraries else []
        )
        if not parts:
            return []
        where = f" AND ({' OR '.join(parts)})"
    rows = await db.rows(
        f"SELECT {_STORE} FROM store WHERE {'TRUE' if closed else 'active = TRUE'}{where}"
        f" ORDER BY code LIMIT {limit}",
        *values,
    )
    return [value_from(Store, row) for row in rows]


async def stores_of_order(db: Reader, order_id: str) -> dict[str, Store]:
    """The stores that a loan order's lines and parcels have to do with, of every attempt."""
    rows = await db.rows(
        "SELECT store_id FROM loan_line WHERE order_id = $1 AND store_id <> ''"
        " UNION SELECT store_id FROM parcel WHERE order_id = $1 AND store_id <> ''"
        " UNION SELECT store_id FROM scan_record WHERE order_id = $1",
        order_id,
    )
    return await stores_by_ids(db, [row["store_id"] for row in rows])
