"""Freight coupons and their uses, slots and what is left of each day: bounded by conditional updates."""

from collections.abc import Sequence
from datetime import datetime

from server.domain.coupons import Coupon
from server.domain.slots import Slot
from server.store.rows import Reader, Row, Transaction, from_us, placeholders, to_us


async def coupon_by_code(db: Reader, code: str) -> Coupon | None:
    """The coupon with this code, typed in capitals or not."""
    row = await db.row("SELECT * FROM coupon WHERE code IN ($1, $2) LIMIT 1", code, code.upper())
    return coupon_of(row) if row else None


async def coupons_for(
    db: Reader, reader_id: str, *, group: str, library_id: str, now: datetime
) -> list[Coupon]:
    """What is on offer for a reader now and not used by them yet: everybody's, their group's, their own."""
    rows = await db.rows(
        "SELECT * FROM coupon c WHERE c.valid_from_at <= $1 AND c.valid_until_at > $1"
        " AND (c.quota = 0 OR c.used < c.quota) AND c.reader_group IN ('', $3) AND c.reader_id IN ('', $2)"
        " AND c.library_id IN ('', $4) AND NOT EXISTS (SELECT 1 FROM coupon_use u"
        " WHERE u.coupon_id = c.id AND u.reader_id = $2) ORDER BY c.valid_until_at, c.id LIMIT 50",
        to_us(now),
        reader_id,
        group,
        library_id,
    )
    return [coupon_of(row) for row in rows]


async def use_coupon(tx: Transaction, coupon: Coupon, reader_id: str, order_id: str, at: datetime) -> str:
    """Use it for an order; returns what was in the way: ``gone``, ``used`` by this reader before, or nothing."""
    fresh = await tx.execute(
        "INSERT INTO coupon_use (id, coupon_id, reader_id, order_id, at) VALUES ($1, $2, $3, $4, $5)"
        " ON CONFLICT (id) DO NOTHING",
        f"{coupon.id}/{reader_id}",
        coupon.id,
        reader_id,
        order_id,
        to_us(at),
    )
    if not fresh:
        return "used"
    taken = await tx.execute(
        "UPDATE coupon SET used = used + 1 WHERE id = $1 AND (quota = 0 OR used < quota)", coupon.id
    )
    return "" if taken else "gone"


async def give_coupon_back(tx: Transaction, order_id: str) -> None:
    """An order that is not carried out has not used its coupon."""
    for row in await tx.rows("SELECT id, coupon_id FROM coupon_use WHERE order_id = $1", order_id):
        if await tx.execute("DELETE FROM coupon_use WHERE id = $1", row["id"]):
            await tx.execute("UPDATE coupon SET used = used - 1 WHERE id = $1 AND used > 0", row["coupon_id"])


async def slots_for(db: Reader, way: str, library_id: str) -> list[Slot]:
    """The weekly times of a library; where it has none of its own, those of all."""
    sql = "SELECT * FROM slot WHERE active = TRUE AND way = $1"
    own = await db.rows(f"{sql} AND library_id = $2 LIMIT 200", way, library_id) if library_id else []
    return [_slot(row) for row in own or await db.rows(f"{sql} ORDER BY id LIMIT 200", way)]


async def taken_on(db: Reader, slot_ids: Sequence[str], first_day: str) -> dict[str, int]:
    """How many orders each slot has from a day on, by slot and day."""
    if not slot_ids:
        return {}
    rows = await db.rows(
        "SELECT id, taken FROM slot_day WHERE day >= $1"
        f" AND slot_id IN ({placeholders(len(slot_ids), start=2)}) LIMIT 5000",
        first_day,
        *slot_ids,
    )
    return {row["id"]: int(row["taken"]) for row in rows}


async def take_slot(tx: Transaction, slot: Slot, slot_day_id: str, day: str) -> bool:
    """One more order in this slot unless it is full."""
    await tx.execute(
        "INSERT INTO slot_day (id, slot_id, day, taken) VALUES ($1, $2, $3, 0) ON CONFLICT (id) DO NOTHING",
        slot_day_id,
        slot.id,
        day,
    )
    return bool(
        await tx.execute(
            "UPDATE slot_day SET taken = taken + 1 WHERE id = $1 AND taken < $2", slot_day_id, slot.capacity
        )
    )


async def free_slot(tx: Transaction, slot_day_id: str) -> None:
    """An order that is not carried out gives its place back."""
    await tx.execute("UPDATE slot_day SET taken = taken - 1 WHERE id = $1 AND taken > 0", slot_day_id)


def coupon_of(row: Row) -> Coupon:
    """The coupon that a row holds."""
    return Coupon(
        id=row["id"],
        library_id=row["library_id"],
        code=row["code"],
        name_zh=row["name_zh"],
        name_en=row["name_en"],
        cents=row["cents"],
        group=row["reader_group"],
        reader_id=row["reader_id"],
        quota=row["quota"],
        used=row["used"],
        valid_from=from_us(row["valid_from_at"]),
        valid_until=from_us(row["valid_until_at"]),
    )


def _slot(row: Row) -> Slot:
    return Slot(
        row["id"],
        row["library_id"],
        row["way"],
        row["place"],
        row["weekday"],
        row["opens"],
        row["closes"],
        row["capacity"],
    )
