"""What happens to parcels on their way: each step is one conditional UPDATE, so that it is taken once."""

from collections.abc import Collection
from datetime import datetime

from server.domain.loan_rows import Parcel
from server.store.rows import Reader, Transaction, placeholders, to_us
from server.store.values import columns, value_from

_PARCEL = columns(Parcel)
_MOST = 1000
# A courier's word no longer counts once the parcel has come to us.
_OURS = "('arrived', 'received', 'collected', 'cancelled')"


async def parcels_by_waybills(db: Reader, waybills: Collection[str]) -> list[Parcel]:
    """The parcels of these waybills, at most a thousand."""
    numbers = sorted(set(waybills) - {""})[:_MOST]
    if not numbers:
        return []
    rows = await db.rows(
        f"SELECT {_PARCEL} FROM parcel WHERE waybill IN ({placeholders(len(numbers))}) ORDER BY order_id, id",
        *numbers,
    )
    return [value_from(Parcel, row) for row in rows]


async def parcel_labelled(tx: Transaction, parcel_id: str, courier: str, waybill: str) -> bool:
    """A courier will carry it under this number; False when it was labelled before."""
    return bool(
        await tx.execute(
            "UPDATE parcel SET state = 'labelled', courier = $2, waybill = $3 WHERE id = $1 AND state = 'packed'",
            parcel_id,
            courier,
            waybill,
        )
    )


async def parcel_handed_over(tx: Transaction, parcel_id: str, batch_id: str, at: datetime) -> bool:
    """The courier has taken it, with a batch; False when that was noted before."""
    return bool(
        await tx.execute(
            "UPDATE parcel SET state = 'handed_over', batch_id = $2, handed_at = $3"
            " WHERE id = $1 AND handed_at IS NULL",
            parcel_id,
            batch_id,
            to_us(at),
        )
    )


async def parcel_moved(tx: Transaction, parcel_id: str, *, before: str, after: str) -> bool:
    """It goes on from one state to the next; False when it is in another."""
    return bool(
        await tx.execute(
            "UPDATE parcel SET state = $3 WHERE id = $1 AND state = $2", parcel_id, before, after
        )
    )


async def cancel_empty_parcel(tx: Transaction, parcel_id: str) -> bool:
    """Nothing is left in a parcel that has not gone yet: it never goes. False where something is."""
    return bool(
        await tx.execute(
            "UPDATE parcel SET state = 'cancelled' WHERE id = $1 AND state IN ('packed', 'labelled', 'shelved')"
            " AND NOT EXISTS (SELECT 1 FROM loan_line l WHERE l.parcel_id = $1"
            " AND l.state IN ('packed', 'labelled', 'on_hold_shelf', 'recalled'))",
            parcel_id,
        )
    )


async def return_received(tx: Transaction, parcel_id: str, at: datetime) -> bool:
    """All books of a return are here, also where its courier never told that it has arrived."""
    return bool(
        await tx.execute(
            "UPDATE parcel SET confirmed_at = $2, state = 'received'"
            " WHERE id = $1 AND direction = 'back' AND confirmed_at IS NULL",
            parcel_id,
            to_us(at),
        )
    )


async def parcel_tracked(tx: Transaction, parcel_id: str, status: str, at: datetime) -> bool:
    """The courier's last word, at its own time; False where an earlier one is newer, or the parcel is ours again."""
    return bool(
        await tx.execute(
            "UPDATE parcel SET state = $2, track_at = $3 WHERE id = $1 AND state <> $2"
            f" AND (track_at IS NULL OR track_at <= $3) AND state NOT IN {_OURS}",
            parcel_id,
            status,
            to_us(at),
        )
    )


async def parcels_in(
    db: Reader, store_id: str, direction: str, states: Collection[str], *, limit: int
) -> list[Parcel]:
    """A store's parcels in these states, oldest first."""
    names = sorted(states)
    rows = await db.rows(
        f"SELECT {_PARCEL} FROM parcel WHERE store_id = $1 AND direction = $2"
        f" AND state IN ({placeholders(len(names), start=4)}) ORDER BY made_at, id LIMIT $3",
        store_id,
        direction,
        limit,
        *names,
    )
    return [value_from(Parcel, row) for row in rows]
