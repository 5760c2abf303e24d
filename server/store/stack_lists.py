"""A device's own list against ours: what differs of one item, until somebody has settled it."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from server.store.rows import Reader, Transaction, to_us
from server.store.values import columns, update_rows, value_from


@dataclass(frozen=True, slots=True)
class Difference:
    """What the device's list and ours say of one item; empty: nothing."""

    device_id: str
    barcode: str
    ours: str
    theirs: str
    found_at: datetime
    case_id: str = ""

    @property
    def id(self) -> str:
        return f"{self.device_id}/{self.barcode}"[:60]


@dataclass(frozen=True, slots=True)
class Shelved:
    """An item as we have it, and the order's line that has it."""

    barcode: str
    store_id: str
    state: str
    tote: str
    order_id: str
    line_id: str


_COLUMNS = columns(Difference)


async def shelved(db: Reader, barcodes: Collection[str]) -> dict[str, Shelved]:
    """Our items with these barcodes, wherever they should be."""
    rows = await db.rows(f"SELECT {columns(Shelved)} FROM item WHERE barcode = ANY($1)", sorted(barcodes))
    return {row["barcode"]: value_from(Shelved, row) for row in rows}


async def busy_barcodes(db: Reader, device_id: str, since: datetime) -> set[str]:
    """What the device is at, or was a moment ago: of these the lists may differ rightly."""
    rows = await db.rows(
        "SELECT barcode FROM stack_command WHERE device_id = $1 AND state IN ('pending', 'sent', 'accepted', 'unsure')"
        " UNION SELECT barcode FROM stack_command WHERE device_id = $1 AND settled_at >= $2",
        device_id,
        to_us(since),
    )
    return {row["barcode"] for row in rows}


async def mark_seen(
    tx: Transaction, store_id: str, barcodes: Collection[str], totes: Mapping[str, str], now: datetime
) -> None:
    """The device has these; ``totes`` are those that it has put elsewhere."""
    await tx.execute(
        "UPDATE item SET checked_at = $3 WHERE store_id = $1 AND barcode = ANY($2)",
        store_id,
        sorted(barcodes),
        to_us(now),
    )
    await update_rows(
        tx, "item", ("barcode", "tote"), sorted((code, tote[:30]) for code, tote in totes.items())
    )


async def unseen(db: Reader, store_id: str, since: datetime, *, limit: int) -> list[Shelved]:
    """Items that should stand in the store and were not on its list, which was asked for then."""
    rows = await db.rows(
        f"SELECT {columns(Shelved)} FROM item WHERE store_id = $1 AND state = 'available'"
        " AND (checked_at IS NULL OR checked_at < $2) AND added_at < $2 ORDER BY barcode LIMIT $3",
        store_id,
        to_us(since),
        limit,
    )
    return [value_from(Shelved, row) for row in rows]


async def keep_differences(tx: Transaction, differences: Sequence[Difference]) -> int:
    """Write them down; what stood there already stays with its case. Returns how many are new."""
    if not differences:
        return 0
    ids = sorted(difference.id for difference in differences)
    known = await tx.rows("SELECT id FROM stack_difference WHERE id = ANY($1)", ids)
    marks = ", ".join(f"(${n}, ${n + 1}, ${n + 2}, ${n + 3}, ${n + 4}, $1, '')" for n in _starts(differences))
    await tx.execute(
        "INSERT INTO stack_difference (id, device_id, barcode, ours, theirs, found_at, case_id)"
        f" VALUES {marks} ON CONFLICT (id) DO UPDATE SET ours = excluded.ours, theirs = excluded.theirs,"
        " found_at = excluded.found_at",
        to_us(differences[0].found_at),
        *(
            part
            for d in differences
            for part in (d.id, d.device_id, d.barcode[:60], d.ours[:40], d.theirs[:40])
        ),
    )
    return len(differences) - len(known)


async def forget_differences(tx: Transaction, device_id: str, before: datetime) -> int:
    """What a whole comparison did not find again is no difference any more."""
    return await tx.execute(
        "DELETE FROM stack_difference WHERE device_id = $1 AND found_at < $2", device_id, to_us(before)
    )


async def give_case(tx: Transaction, device_id: str, case_id: str) -> None:
    """The differences that had no case yet are this one's."""
    await tx.execute(
        "UPDATE stack_difference SET case_id = $2 WHERE device_id = $1 AND case_id = ''", device_id, case_id
    )


async def differences_of(db: Reader, device_id: str, *, limit: int) -> list[Difference]:
    """What differs, the latest first."""
    rows = await db.rows(
        f"SELECT {_COLUMNS} FROM stack_difference WHERE device_id = $1 ORDER BY found_at DESC, barcode LIMIT $2",
        device_id,
        limit,
    )
    return [value_from(Difference, row) for row in rows]


async def count_differences(db: Reader, device_ids: Collection[str]) -> dict[str, int]:
    """How many differences each device has."""
    rows = await db.rows(
        "SELECT device_id, COUNT(*) AS n FROM stack_difference WHERE device_id = ANY($1) GROUP BY device_id",
        sorted(device_ids),
    )
    return {row["device_id"]: row["n"] for row in rows}


async def stock_of(db: Reader, store_id: str, *, limit: int) -> dict[str, str]:
    """What stands in a store by our books: barcode → tote. A simulated store is filled with it."""
    rows = await db.rows(
        "SELECT barcode, tote FROM item WHERE store_id = $1 AND state IN ('available', 'reserved')"
        " ORDER BY barcode LIMIT $2",
        store_id,
        limit,
    )
    return {row["barcode"]: row["tote"] for row in rows}


def _starts(differences: Iterable[Difference]) -> list[int]:
    return [2 + 5 * number for number, _ in enumerate(differences)]
