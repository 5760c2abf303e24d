"""Parcels, out to readers and back."""

from datetime import datetime

from server.domain.loan_rows import Parcel
from server.store.rows import Reader, Transaction, to_us
from server.store.values import columns, insert_values, value_from

_PARCEL = columns(Parcel)


async def insert_parcel(tx: Transaction, parcel: Parcel) -> None:
    await insert_values(tx, "parcel", [parcel])


async def parcel_by_id(db: Reader, parcel_id: str) -> Parcel | None:
    row = await db.row(f"SELECT {_PARCEL} FROM parcel WHERE id = $1", parcel_id)
    return value_from(Parcel, row) if row else None


async def parcel_by_waybill(db: Reader, waybill: str) -> Parcel | None:
    row = await db.row(f"SELECT {_PARCEL} FROM parcel WHERE waybill = $1 AND waybill <> ''", waybill)
    return value_from(Parcel, row) if row else None


async def parcel_signed(tx: Transaction, parcel_id: str, at: datetime, confirm_by: datetime) -> bool:
    """A return was signed for: its confirmation is due by then (R-LOAN.4); the first word counts."""
    return bool(
        await tx.execute(
            "UPDATE parcel SET signed_at = $2, confirm_due_at = $3, state = 'arrived'"
            " WHERE id = $1 AND signed_at IS NULL",
            parcel_id,
            to_us(at),
            to_us(confirm_by),
        )
    )


async def parcel_confirmed(tx: Transaction, parcel_id: str, at: datetime) -> bool:
    """All that came back in it has been scanned."""
    return bool(
        await tx.execute(
            "UPDATE parcel SET confirmed_at = $2, state = 'received' WHERE id = $1 AND confirmed_at IS NULL",
            parcel_id,
            to_us(at),
        )
    )
