"""Notices as managers keep them, and what readers suggest (R-LOAN.10, R-COM.5)."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from server.store.rows import Reader, Transaction, placeholders, to_us
from server.store.values import columns, value_from


@dataclass(frozen=True, slots=True)
class Notice:
    """What all readers of a library (empty: of the alliance) are told, from one moment to another."""

    id: str
    library_id: str
    kind: str  # notice, suspension, news
    title_zh: str
    title_en: str
    text_zh: str
    text_en: str
    shown_from_at: datetime
    shown_until_at: datetime | None
    stops_orders: bool
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Suggestion:
    """What a reader wishes of us."""

    id: str
    library_id: str
    reader_id: str
    text: str
    state: str  # new, forwarded, answered
    answer: str
    at: datetime
    answered_at: datetime | None


_NOTICE = ", ".join(f'n."{name}"' for name in columns(Notice).split(", "))  # "by" is a word of SQL too
_SUGGESTION = columns(Suggestion)


async def insert_notice(tx: Transaction, notice: Notice) -> None:
    await tx.execute(
        "INSERT INTO notice (id, library_id, kind, title_zh, title_en, text_zh, text_en, shown_from_at,"
        ' shown_until_at, stops_orders, "by", at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)',
        notice.id,
        notice.library_id,
        notice.kind,
        notice.title_zh,
        notice.title_en,
        notice.text_zh,
        notice.text_en,
        to_us(notice.shown_from_at),
        to_us(notice.shown_until_at) if notice.shown_until_at else None,
        notice.stops_orders,
        notice.by,
        to_us(notice.at),
    )


async def change_notice_row(tx: Transaction, notice: Notice) -> None:
    """Change what a notice says and when it is shown."""
    await tx.execute(
        "UPDATE notice SET kind = $2, title_zh = $3, title_en = $4, text_zh = $5, text_en = $6, shown_from_at = $7,"
        " shown_until_at = $8, stops_orders = $9 WHERE id = $1",
        notice.id,
        notice.kind,
        notice.title_zh,
        notice.title_en,
        notice.text_zh,
        notice.text_en,
        to_us(notice.shown_from_at),
        to_us(notice.shown_until_at) if notice.shown_until_at else None,
        notice.stops_orders,
    )


async def notice_by_id(db: Reader, notice_id: str) -> Notice | None:
    row = await db.row(f"SELECT {_NOTICE} FROM notice n WHERE id = $1", notice_id)
    return value_from(Notice, row) if row else None


async def notices_of(db: Reader, library_ids: Collection[str] | None, *, limit: int = 200) -> list[Notice]:
    """The notices of these libraries (None: all), the newest first."""
    where, values = "", list[object]()
    if library_ids is not None:
        ids = sorted(library_ids)[:500] or ["-"]
        where, values = f"WHERE library_id IN ({placeholders(len(ids))})", list(ids)
    rows = await db.rows(
        f"SELECT {_NOTICE} FROM notice n {where} ORDER BY shown_from_at DESC, id DESC LIMIT ${len(values) + 1}",
        *values,
        limit,
    )
    return [value_from(Notice, row) for row in rows]


async def suggestion_by_id(db: Reader, suggestion_id: str) -> Suggestion | None:
    row = await db.row(f"SELECT {_SUGGESTION} FROM suggestion WHERE id = $1", suggestion_id)
    return value_from(Suggestion, row) if row else None


async def suggestions_of(
    db: Reader, library_ids: Collection[str] | None, state: str, *, limit: int = 200
) -> list[Suggestion]:
    """Readers' suggestions to these libraries (None: all), in a state (empty: any), the newest first."""
    where, values = ["TRUE"], list[object]()
    if library_ids is not None:
        ids = sorted(library_ids)[:500] or ["-"]
        where.append(f"library_id IN ({placeholders(len(ids))})")
        values += ids
    if state:
        values.append(state)
        where.append(f"state = ${len(values)}")
    rows = await db.rows(
        f"SELECT {_SUGGESTION} FROM suggestion WHERE {' AND '.join(where)}"
        f" ORDER BY at DESC, id DESC LIMIT ${len(values) + 1}",
        *values,
        limit,
    )
    return [value_from(Suggestion, row) for row in rows]


async def mark_suggestion(
    tx: Transaction, suggestion_id: str, *, state: str, answer: str, at: datetime | None
) -> bool:
    """Note that it was answered or forwarded; False where it was answered before."""
    return bool(
        await tx.execute(
            "UPDATE suggestion SET state = $2, answer = $3, answered_at = $4 WHERE id = $1 AND state <> 'answered'",
            suggestion_id,
            state,
            answer,
            to_us(at) if at else None,
        )
    )
