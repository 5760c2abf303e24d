"""Notices that are shown now, and what readers suggest."""

from datetime import datetime

from server.domain.told import Told
from server.store.rows import Reader, Row, Transaction, from_us, from_us_or_none, to_us


async def shown_now(db: Reader, now: datetime, *, library_id: str = "", limit: int = 20) -> list[Told]:
    """What is shown to a library's readers, the alliance's too: suspensions first, then the newest."""
    rows = await db.rows(
        "SELECT * FROM notice WHERE shown_from_at <= $1 AND (shown_until_at IS NULL OR shown_until_at > $1)"
        " AND library_id IN ('', $2)"
        " ORDER BY CASE WHEN kind = 'suspension' THEN 0 ELSE 1 END, shown_from_at DESC, id DESC LIMIT $3",
        to_us(now),
        library_id,
        limit,
    )
    return [_told(row) for row in rows]


async def keep_suggestion(
    tx: Transaction,
    suggestion_id: str,
    client_id: str,
    *,
    reader_id: str,
    library_id: str,
    text: str,
    at: datetime,
) -> bool:
    """Keep a reader's suggestion; False when this press was kept before (R-COM.5)."""
    return bool(
        await tx.execute(
            "INSERT INTO suggestion (id, client_id, library_id, reader_id, text, state, answer, at)"
            " VALUES ($1, $2, $3, $4, $5, 'new', '', $6) ON CONFLICT (client_id) DO NOTHING",
            suggestion_id,
            client_id,
            library_id,
            reader_id,
            text,
            to_us(at),
        )
    )


async def count_suggestions_since(db: Reader, reader_id: str, since: datetime) -> int:
    row = await db.row(
        "SELECT COUNT(*) AS n FROM suggestion WHERE at >= $2 AND reader_id = $1", reader_id, to_us(since)
    )
    return int(row["n"]) if row else 0


def _told(row: Row) -> Told:
    return Told(
        id=row["id"],
        kind=row["kind"],
        title_zh=row["title_zh"],
        title_en=row["title_en"],
        text_zh=row["text_zh"],
        text_en=row["text_en"],
        shown_from=from_us(row["shown_from_at"]),
        shown_until=from_us_or_none(row["shown_until_at"]),
        stops=bool(row["stops_orders"]),
    )
