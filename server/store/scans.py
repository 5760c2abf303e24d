"""What store keepers scanned."""

from dataclasses import dataclass
from datetime import datetime

from server.store.rows import Reader
from server.store.values import columns, value_from


@dataclass(frozen=True, slots=True)
class Scan:
    """One scan at a pick place, right or wrong (R-LOAN.5)."""

    id: str
    store_id: str
    order_id: str
    line_id: str
    step: str  # pick, pack, receive, put_back
    expected: str
    scanned: str
    right: bool
    staff_id: str
    at: datetime


_SCAN = ", ".join(f's."{name}"' for name in columns(Scan).split(", "))  # "right" is a word of SQL too


async def scans_of_order(db: Reader, order_id: str) -> list[Scan]:
    """An order's scans, in their order."""
    rows = await db.rows(
        f"SELECT {_SCAN} FROM scan_record s WHERE order_id = $1 ORDER BY at, id LIMIT 500", order_id
    )
    return [value_from(Scan, row) for row in rows]
