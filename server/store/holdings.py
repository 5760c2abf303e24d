"""Counts of a store's items, of what it sent, and of what was wrong with that."""

from datetime import datetime

from server.domain.holdings import Counted, Period, Wanted
from server.domain.loan_rows import Store
from server.store.rows import Reader, Row, from_us, to_us

# An order has left with its parcel: handed over, or put on the hold shelf.
_LEFT = (
    "FROM parcel p WHERE p.store_id = $1 AND p.direction = 'out'"
    " AND p.state NOT IN ('packed', 'labelled', 'cancelled')"
    " AND COALESCE(p.handed_at, p.made_at) >= $2 AND COALESCE(p.handed_at, p.made_at) < $3"
)
_WRONG = (
    " AND (EXISTS (SELECT 1 FROM support_case c WHERE c.order_id = p.order_id AND c.fault_store_id = p.store_id"
    " AND c.confirmed = TRUE)"
    " OR EXISTS (SELECT 1 FROM loan_line l WHERE l.parcel_id = p.id AND NOT EXISTS"
    " (SELECT 1 FROM scan_record s WHERE s.order_id = l.order_id AND s.line_id = l.id AND s.step = 'pick'"
    ' AND s."right" = TRUE)))'
)


async def count_holdings(db: Reader, store: Store, year_ago: datetime, period: Period) -> Counted:
    """Everything that a store's figures are made of."""
    rows = await db.rows("SELECT state, COUNT(*) AS n FROM item WHERE store_id = $1 GROUP BY state", store.id)
    span = (store.id, to_us(period.since), to_us(period.until))
    added = await db.row(
        "SELECT COUNT(*) AS n FROM item WHERE added_at >= $2 AND store_id = $1 AND state NOT IN ('withdrawn', 'lost')",
        store.id,
        to_us(year_ago),
    )
    idle = await db.row(
        "SELECT COUNT(*) AS n FROM item i WHERE i.store_id = $1 AND i.state = 'available' AND i.added_at < $2"
        " AND NOT EXISTS (SELECT 1 FROM loan_line l WHERE l.item_id = i.id AND l.lent_at >= $2)",
        store.id,
        to_us(year_ago),
    )
    fresh = await db.row(
        "SELECT COUNT(*) AS n, SUM(CASE WHEN store_id = $1 THEN 1 ELSE 0 END) AS here FROM item"
        " WHERE added_at >= $3 AND library_id = $2 AND new_until_at IS NOT NULL",
        store.id,
        store.library_id,
        to_us(year_ago),
    )
    sent = await db.row(f"SELECT COUNT(DISTINCT p.order_id) AS n {_LEFT}", *span)
    faulty = await db.row(f"SELECT COUNT(DISTINCT p.order_id) AS n {_LEFT}{_WRONG}", *span)
    scans = await db.row(
        'SELECT COUNT(*) AS n, SUM(CASE WHEN "right" = TRUE THEN 0 ELSE 1 END) AS wrong FROM scan_record'
        " WHERE store_id = $1 AND at >= $2 AND at < $3 AND step = 'pick'",
        *span,
    )
    return Counted(
        states={row["state"]: int(row["n"]) for row in rows},
        idle=_number(idle, "n"),
        added_in_year=_number(added, "n"),
        new_in_year=_number(fresh, "here"),
        library_new_in_year=_number(fresh, "n"),
        sent=_number(sent, "n"),
        faulty=_number(faulty, "n"),
        scans=_number(scans, "n"),
        wrong_scans=_number(scans, "wrong"),
    )


async def wanted_titles(db: Reader, store_id: str, *, limit: int) -> list[Wanted]:
    """The titles for which most readers wait; of equal ones that which was asked for first."""
    copies = (
        "SELECT COUNT(*) FROM item i WHERE i.record_id = w.record_id AND i.state NOT IN ('withdrawn', 'lost')"
    )
    rows = await db.rows(
        f"SELECT w.record_id, r.title, w.readers, w.since, ({copies}) AS copies,"
        f" ({copies} AND i.store_id = $1) AS here FROM (SELECT record_id, COUNT(*) AS readers, MIN(at) AS since"
        " FROM cart_line WHERE list = 'asked' AND told_at IS NULL GROUP BY record_id"
        " ORDER BY readers DESC, since, record_id LIMIT $2) w JOIN bibliographic_record r ON r.id = w.record_id"
        " ORDER BY w.readers DESC, w.since, w.record_id",
        store_id,
        limit,
    )
    return [
        Wanted(
            *(row["record_id"], row["title"], row["readers"], from_us(row["since"])),
            *(row["copies"], row["here"]),
        )
        for row in rows
    ]


async def sent_orders(db: Reader, store_id: str, period: Period) -> list[tuple[datetime, bool]]:
    """When each order left a store, and whether something of that store's was wrong with it; oldest first."""
    span = (store_id, to_us(period.since), to_us(period.until))
    first = "SELECT p.order_id, MIN(COALESCE(p.handed_at, p.made_at)) AS at"
    sent = await db.rows(f"{first} {_LEFT} GROUP BY p.order_id ORDER BY at", *span)
    wrong = await db.rows(f"SELECT DISTINCT p.order_id {_LEFT}{_WRONG}", *span)
    faulty = {row["order_id"] for row in wrong}
    return [(from_us(row["at"]), row["order_id"] in faulty) for row in sent]


def _number(row: Row | None, name: str) -> int:
    return int(row[name] or 0) if row else 0
