"""What managers keep of loans: coupons and weekly times."""

from collections.abc import Collection
from dataclasses import dataclass

from server.domain.coupons import Coupon
from server.domain.slots import Slot
from server.store.coupons import coupon_of
from server.store.rows import Reader, Row, Transaction, placeholders, to_us


@dataclass(frozen=True, slots=True)
class KeptSlot:
    """A weekly time, offered or not."""

    slot: Slot
    active: bool


async def insert_coupon(tx: Transaction, coupon: Coupon) -> bool:
    """Keep a new coupon; False where its code is taken."""
    return bool(
        await tx.execute(
            "INSERT INTO coupon (id, library_id, code, name_zh, name_en, cents, reader_group, reader_id, quota, used,"
            " valid_from_at, valid_until_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0, $10, $11)"
            " ON CONFLICT (code) DO NOTHING",
            coupon.id,
            coupon.library_id,
            coupon.code,
            coupon.name_zh,
            coupon.name_en,
            coupon.cents,
            coupon.group,
            coupon.reader_id,
            coupon.quota,
            to_us(coupon.valid_from),
            to_us(coupon.valid_until),
        )
    )


async def change_coupon(tx: Transaction, coupon: Coupon) -> None:
    """Change a coupon; its code and what was used of it stay."""
    await tx.execute(
        "UPDATE coupon SET name_zh = $2, name_en = $3, cents = $4, reader_group = $5, quota = $6, valid_from_at = $7,"
        " valid_until_at = $8 WHERE id = $1",
        coupon.id,
        coupon.name_zh,
        coupon.name_en,
        coupon.cents,
        coupon.group,
        coupon.quota,
        to_us(coupon.valid_from),
        to_us(coupon.valid_until),
    )


async def coupon_by_id(db: Reader, coupon_id: str) -> Coupon | None:
    row = await db.row("SELECT * FROM coupon WHERE id = $1", coupon_id)
    return coupon_of(row) if row else None


async def coupons_of(db: Reader, library_ids: Collection[str] | None, *, limit: int = 300) -> list[Coupon]:
    """The coupons of these libraries (None: all), campaigns before what agents gave, the newest first."""
    where, values = "", list[object]()
    if library_ids is not None:
        ids = sorted(library_ids)[:500] or ["-"]
        where, values = f"WHERE library_id IN ({placeholders(len(ids))})", list(ids)
    rows = await db.rows(
        f"SELECT * FROM coupon {where} ORDER BY CASE WHEN reader_id = '' THEN 0 ELSE 1 END,"
        f" valid_until_at DESC, id DESC LIMIT ${len(values) + 1}",
        *values,
        limit,
    )
    return [coupon_of(row) for row in rows]


async def insert_slot(tx: Transaction, slot: Slot) -> None:
    await tx.execute(
        "INSERT INTO slot (id, library_id, way, place, weekday, opens, closes, capacity, active)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, TRUE)",
        slot.id,
        slot.library_id,
        slot.way,
        slot.place,
        slot.weekday,
        slot.opens,
        slot.closes,
        slot.capacity,
    )


async def change_slot(tx: Transaction, slot_id: str, *, capacity: int, active: bool) -> None:
    """How many orders it takes, and whether it is offered; orders that chose it keep it."""
    await tx.execute("UPDATE slot SET capacity = $2, active = $3 WHERE id = $1", slot_id, capacity, active)


async def kept_slot(db: Reader, slot_id: str) -> KeptSlot | None:
    row = await db.row("SELECT * FROM slot WHERE id = $1", slot_id)
    return _slot(row) if row else None


async def kept_slots(db: Reader, library_ids: Collection[str] | None, *, limit: int = 500) -> list[KeptSlot]:
    """The weekly times of these libraries (None: all), Monday first."""
    where, values = "", list[object]()
    if library_ids is not None:
        ids = sorted(library_ids)[:500] or ["-"]
        where, values = f"WHERE library_id IN ({placeholders(len(ids))})", list(ids)
    rows = await db.rows(
        f"SELECT * FROM slot {where} ORDER BY library_id, way, weekday, opens, id LIMIT ${len(values) + 1}",
        *values,
        limit,
    )
    return [_slot(row) for row in rows]


def _slot(row: Row) -> KeptSlot:
    names = ("id", "library_id", "way", "place", "weekday", "opens", "closes", "capacity")
    return KeptSlot(Slot(*(row[name] for name in names)), bool(row["active"]))
