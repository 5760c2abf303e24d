"""Figures for the managers' live board, each from an index; an empty library id stands for the alliance."""

from datetime import datetime

from server.domain.boards import Figures, HourLine, OverdueLine, Owed, QueueLine, StaffLine
from server.store.presence import present
from server.store.rows import Reader, Row, from_us, placeholders, to_us

_SECOND = 1_000_000
_HOUR = 3600 * _SECOND


def _of_day(library_id: str) -> str:
    """SQL: the sessions begun since $1 at the desks of library $2 (empty: all), each by its own index.

    Practice conversations of interns are no service to readers; they are counted nowhere here.
    """
    theirs = "s.desk_id IN (SELECT id FROM desk WHERE library_id = $2)" if library_id else "$2 = ''"
    return f" FROM chat_session s WHERE s.created_at >= $1 AND s.practice = FALSE AND {theirs}"


async def anyone_on_duty(db: Reader, now: datetime) -> bool:
    """Whether a librarian or support agent is there and not away, anywhere in the alliance (R-LIVE.1)."""
    row = await db.row(
        "SELECT 1 AS found FROM duty WHERE role IN ('librarian', 'support_agent')"
        f" AND availability IN ('available', 'busy') AND {present('staff', 'duty.staff_id', '$1')} LIMIT 1",
        to_us(now),
    )
    return row is not None


async def queue_by_desk(db: Reader, library_id: str) -> list[QueueLine]:
    """The desks at which readers wait, the longest wait first."""
    rows = await db.rows(
        "SELECT q.desk_id, d.name_zh, d.name_en, l.name_zh AS library_zh, l.name_en AS library_en,"
        " q.waiting, q.oldest_at"
        " FROM (SELECT target_desk_id AS desk_id, COUNT(*) AS waiting, MIN(queued_at) AS oldest_at"
        " FROM chat_session WHERE state IN ('queued', 'offered') AND practice = FALSE"
        " GROUP BY target_desk_id) AS q"
        " JOIN desk d ON d.id = q.desk_id JOIN library l ON l.id = d.library_id"
        " WHERE $1 = '' OR d.library_id = $1 ORDER BY q.oldest_at LIMIT 500",
        library_id,
    )
    return [
        QueueLine(
            row["desk_id"],
            row["name_zh"],
            row["name_en"],
            row["library_zh"],
            row["library_en"],
            row["waiting"],
            from_us(row["oldest_at"]),
        )
        for row in rows
    ]


async def staff_on_board(db: Reader, library_id: str, now: datetime) -> list[StaffLine]:
    """Everybody who takes conversations, those who are there first."""
    rows = await db.rows(f"{_STAFF} AND ($2 = '' OR duty.library_id = $2){_BY_NAME}", to_us(now), library_id)
    desks = await _desk_names(db, library_id)
    return _nearest_first([_staff_line(row, desks.get(row["staff_id"], [])) for row in rows])


async def staff_of_desk(db: Reader, desk_id: str, now: datetime) -> list[StaffLine]:
    """Who answers at one desk, those who are there first."""
    rows = await db.rows(
        f"{_STAFF} AND duty.staff_id IN (SELECT staff_id FROM desk_staff WHERE desk_id = $2){_BY_NAME}",
        to_us(now),
        desk_id,
    )
    return _nearest_first([_staff_line(row, []) for row in rows])


async def staff_named(db: Reader, name: str, now: datetime) -> list[StaffLine]:
    """Who takes conversations and is called so, of the whole alliance, those who are there first."""
    words = name.lower().replace("!", "!!").replace("%", "!%").replace("_", "!_")
    rows = await db.rows(
        f"{_STAFF} AND lower(account.name) LIKE $2 ESCAPE '!'{_BY_NAME}", to_us(now), f"%{words}%"
    )
    return _nearest_first([_staff_line(row, []) for row in rows])


_STAFF = (
    "SELECT duty.staff_id, duty.role, duty.availability, duty.away_reason, duty.capacity, duty.load,"
    " account.name, l.name_zh AS library_zh, l.name_en AS library_en,"
    f" {present('staff', 'duty.staff_id', '$1')} AS present FROM duty"
    " JOIN account ON account.id = duty.staff_id LEFT JOIN library l ON l.id = duty.library_id"
    " WHERE account.state = 'active'"
)
_BY_NAME = " ORDER BY account.name, duty.staff_id LIMIT 2000"
_ORDER = {"available": 0, "busy": 1, "away": 2}


async def overdue_wrap_ups(
    db: Reader, scope: frozenset[str] | None, now: datetime, *, after: datetime, limit: int = 50
) -> list[OverdueLine]:
    """Ended sessions whose record is overdue, oldest first, of some libraries or (None) all (R-LIVE.5)."""
    values: list[object] = [to_us(now), to_us(after), limit]
    bound = ""
    if scope is not None:
        bound = f" AND d.library_id IN ({placeholders(len(scope), start=4)})" if scope else " AND 1 = 0"
        values += sorted(scope)
    rows = await db.rows(
        "SELECT s.id, s.question, s.topic, s.ended_at, s.wrap_up_due_at, d.name_zh, d.name_en,"
        " account.name AS staff FROM chat_session s JOIN desk d ON d.id = s.desk_id"
        " LEFT JOIN account ON account.id = s.staff_id"
        f" WHERE s.state = 'wrapping_up' AND s.wrap_up_due_at < $1 AND s.wrap_up_due_at > $2{bound}"
        " ORDER BY s.wrap_up_due_at LIMIT $3",
        *values,
    )
    return [
        OverdueLine(
            row["id"],
            row["name_zh"],
            row["name_en"],
            row["staff"] or "",
            row["topic"],
            row["question"][:200],
            from_us(row["ended_at"]),
            from_us(row["wrap_up_due_at"]),
        )
        for row in rows
    ]


async def owed_by_managers(db: Reader, library_id: str, now: datetime) -> Owed:
    """How much waits for the managers of a library."""
    theirs = "($1 = '' OR d.library_id = $1)"
    row = await db.row(
        "SELECT (SELECT COUNT(*) FROM block b JOIN desk d ON d.id = b.desk_id"
        f" WHERE b.verdict = '' AND {theirs}) AS blocks,"
        " (SELECT COUNT(*) FROM chat_session s JOIN desk d ON d.id = s.desk_id"
        f" WHERE s.state = 'wrapping_up' AND s.wrap_up_due_at < $2 AND {theirs}) AS records",
        library_id,
        to_us(now),
    )
    assert row is not None
    return Owed(row["blocks"], row["records"])


async def figures_since(db: Reader, library_id: str, since: datetime) -> Figures:
    """The counts of sessions begun since then."""
    start = to_us(since)
    counts = await db.row(
        "SELECT COUNT(*) AS sessions, COUNT(s.accepted_at) AS answered,"
        " COALESCE(SUM(s.documents), 0) AS documents, SUM(CASE WHEN s.accepted_at IS NULL"
        " AND s.end_reason IN ('reader', 'reader_gone') THEN 1 ELSE 0 END)"
        f" AS abandoned{_of_day(library_id)}",
        start,
        library_id,
    )
    assert counts is not None
    questions = {
        row["kind"]: row["count"]
        for row in await db.rows(
            "SELECT q.channel AS kind, COUNT(*) AS count FROM consultation q"
            " WHERE q.submitted_at >= $1 AND ($2 = '' OR q.library_id = $2) GROUP BY q.channel",
            start,
            library_id,
        )
    }
    ratings = await db.rows(
        f"SELECT s.rating, COUNT(*) AS count{_of_day(library_id)} AND s.rating <> '' GROUP BY s.rating",
        start,
        library_id,
    )
    return Figures(
        sessions=counts["sessions"],
        answered=counts["answered"],
        abandoned=int(counts["abandoned"] or 0),
        form_questions=questions.get("form", 0),
        phone_questions=questions.get("phone", 0),
        documents=int(counts["documents"]),
        median_wait=await _median(db, "s.accepted_at - s.queued_at", start, library_id),
        median_talk=await _median(db, "s.ended_at - s.accepted_at", start, library_id),
        ratings={row["rating"]: row["count"] for row in ratings},
    )


async def figures_by_hour(db: Reader, library_id: str, since: datetime) -> list[HourLine]:
    """Sessions begun in each hour after ``since``, and how many of them somebody took."""
    rows = await db.rows(
        "SELECT h.hour, COUNT(*) AS sessions, SUM(h.answered) AS answered"
        f" FROM (SELECT (s.created_at - $1) / {_HOUR} AS hour,"
        f" CASE WHEN s.accepted_at IS NULL THEN 0 ELSE 1 END AS answered{_of_day(library_id)}) AS h"
        " GROUP BY h.hour ORDER BY h.hour",
        to_us(since),
        library_id,
    )
    return [HourLine(row["hour"], row["sessions"], int(row["answered"])) for row in rows]


def _nearest_first(lines: list[StaffLine]) -> list[StaffLine]:
    return sorted(lines, key=lambda line: (not line.present, _ORDER.get(line.availability, 3)))


async def _median(db: Reader, length: str, start: int, library_id: str) -> float | None:
    """The middle one of the day's lengths (SQL, in microseconds) in seconds; the lower of two middle ones."""
    some = f"{_of_day(library_id)} AND {length} IS NOT NULL"
    count = await db.row(f"SELECT COUNT(*) AS count{some}", start, library_id)
    if count is None or not count["count"]:
        return None
    row = await db.row(
        f"SELECT {length} AS length{some} ORDER BY 1 LIMIT 1 OFFSET $3",
        start,
        library_id,
        (count["count"] - 1) // 2,
    )
    return row["length"] / _SECOND if row else None


async def _desk_names(db: Reader, library_id: str) -> dict[str, list[Row]]:
    names: dict[str, list[Row]] = {}
    for row in await db.rows(
        "SELECT ds.staff_id, d.name_zh, d.name_en FROM desk_staff ds JOIN desk d ON d.id = ds.desk_id"
        " JOIN duty ON duty.staff_id = ds.staff_id WHERE $1 = '' OR duty.library_id = $1 ORDER BY ds.id",
        library_id,
    ):
        names.setdefault(row["staff_id"], []).append(row)
    return names


def _staff_line(row: Row, desks: list[Row]) -> StaffLine:
    return StaffLine(
        id=row["staff_id"],
        name=row["name"],
        role=row["role"],
        library_zh=row["library_zh"] or "",
        library_en=row["library_en"] or "",
        desks_zh="、".join(desk["name_zh"] for desk in desks),
        desks_en=", ".join(desk["name_en"] for desk in desks),
        availability=row["availability"],
        away_reason=row["away_reason"],
        present=bool(row["present"]),
        load=row["load"],
        capacity=row["capacity"],
    )
