"""Cases with their lines. A case's row is locked before its lines are numbered."""

from collections.abc import Collection, Sequence
from datetime import datetime

from server.domain.cases import Case, CaseLine, CaseState
from server.store.rows import Reader, Transaction, placeholders, to_us
from server.store.values import columns, insert_values, value_from

_CASE, _LINE = columns(Case), columns(CaseLine)


async def insert_case(tx: Transaction, case: Case) -> bool:
    """Keep a new case; False when this press (or this finding) was kept before."""
    return bool(
        await insert_values(tx, "support_case", [case], conflict="ON CONFLICT (client_id) DO NOTHING")
    )


async def case_by_id(db: Reader, case_id: str) -> Case | None:
    row = await db.row(f"SELECT {_CASE} FROM support_case WHERE id = $1", case_id)
    return value_from(Case, row) if row else None


async def case_by_client_id(db: Reader, client_id: str) -> Case | None:
    row = await db.row(f"SELECT {_CASE} FROM support_case WHERE client_id = $1", client_id)
    return value_from(Case, row) if row else None


async def numbers_by_client_ids(db: Reader, client_ids: Collection[str]) -> dict[str, tuple[str, str]]:
    """Id and number of the cases under these names; what is not there is left out."""
    names = sorted(set(client_ids))[:1000]
    if not names:
        return {}
    rows = await db.rows(
        f"SELECT client_id, id, number FROM support_case WHERE client_id IN ({placeholders(len(names))})",
        *names,
    )
    return {row["client_id"]: (row["id"], row["number"]) for row in rows}


async def numbers_of_cases(db: Reader, case_ids: Collection[str]) -> dict[str, str]:
    """The numbers by which people know these cases."""
    ids = sorted(set(case_ids))[:1000]
    if not ids:
        return {}
    rows = await db.rows(f"SELECT id, number FROM support_case WHERE id IN ({placeholders(len(ids))})", *ids)
    return {row["id"]: row["number"] for row in rows}


async def number_taken(db: Reader, number: str) -> bool:
    """Whether a case has this number already."""
    return await db.row("SELECT 1 AS found FROM support_case WHERE number = $1", number) is not None


async def lock_case(tx: Transaction, case_id: str) -> Case | None:
    """The case, held against every other change to the end of the transaction."""
    lock = " FOR UPDATE" if tx.dialect == "postgresql" else ""
    row = await tx.row(f"SELECT {_CASE} FROM support_case WHERE id = $1{lock}", case_id)
    return value_from(Case, row) if row else None


async def save_case(tx: Transaction, case: Case) -> None:
    """Write what has changed of a locked case."""
    names = (
        *("id", "state", "holder_id", "confirmed", "fault_store_id", "messages", "waiting_since_at"),
        *("reply_due_at", "missed", "closed_at", "outcome", "rating", "session_id"),
    )
    await tx.execute(
        "UPDATE support_case SET state = $2, holder_id = $3, confirmed = $4, fault_store_id = $5, messages = $6,"
        " waiting_since_at = $7, reply_due_at = $8, missed = $9, closed_at = $10, outcome = $11, rating = $12,"
        " session_id = $13 WHERE id = $1",
        *(_kept(getattr(case, name)) for name in names),
    )


async def cases_of_order(db: Reader, order_id: str) -> list[Case]:
    """An order's cases, the newest first."""
    rows = await db.rows(
        f"SELECT {_CASE} FROM support_case WHERE order_id = $1 AND order_id <> ''"
        " ORDER BY opened_at DESC, id DESC LIMIT 100",
        order_id,
    )
    return [value_from(Case, row) for row in rows]


async def cases_of_reader(db: Reader, reader_id: str, *, limit: int = 100) -> list[Case]:
    """A reader's cases, the newest first."""
    rows = await db.rows(
        f"SELECT {_CASE} FROM support_case WHERE reader_id = $1 AND reader_id <> ''"
        " ORDER BY opened_at DESC, id DESC LIMIT $2",
        reader_id,
        limit,
    )
    return [value_from(Case, row) for row in rows]


async def case_of_session(db: Reader, session_id: str) -> Case | None:
    """The case that a live conversation has gone into."""
    row = await db.row(
        f"SELECT {_CASE} FROM support_case WHERE session_id = $1 AND session_id <> '' ORDER BY id LIMIT 1",
        session_id,
    )
    return value_from(Case, row) if row else None


async def cases_by_due(
    db: Reader,
    states: Sequence[str],
    *,
    holder_id: str = "",
    kind: str = "",
    libraries: Collection[str] | None = None,
    limit: int = 200,
) -> list[Case]:
    """Cases in these states: who waits for an answer first, longest overdue at the top, then the oldest.

    ``libraries`` None: of the whole alliance.
    """
    values: list[object] = list(states)
    where = f"state IN ({placeholders(len(states))})"
    for column, value in (("holder_id", holder_id), ("kind", kind)):
        if value:
            values.append(value)
            where += f" AND {column} = ${len(values)}"
    if libraries is not None:
        where += f" AND {_of_libraries(libraries, start=len(values) + 1)}"
        values += sorted(libraries)
    closed = list(states) == [CaseState.CLOSED]
    order = "closed_at DESC, id DESC" if closed else "reply_due_at IS NULL, reply_due_at, opened_at, id"
    rows = await db.rows(
        f"SELECT {_CASE} FROM support_case WHERE {where} ORDER BY {order} LIMIT ${len(values) + 1}",
        *values,
        limit,
    )
    return [value_from(Case, row) for row in rows]


async def count_cases(db: Reader, now: datetime, libraries: Collection[str] | None = None) -> dict[str, int]:
    """How many are open, claimed and overdue; of these libraries, or of the whole alliance."""
    where, values = "", sorted(libraries or ())
    if libraries is not None:
        where = f" AND {_of_libraries(values, start=2)}"
    row = await db.row(
        "SELECT SUM(CASE WHEN state = 'open' THEN 1 ELSE 0 END) AS open,"
        " SUM(CASE WHEN state = 'claimed' THEN 1 ELSE 0 END) AS claimed,"
        " SUM(CASE WHEN reply_due_at < $1 THEN 1 ELSE 0 END) AS overdue"
        f" FROM support_case WHERE state IN ('open', 'claimed'){where}",
        to_us(now),
        *values,
    )
    return {name: int((row[name] if row else 0) or 0) for name in ("open", "claimed", "overdue")}


async def add_line(tx: Transaction, line: CaseLine) -> None:
    """Add a line to a locked case."""
    await insert_values(tx, "case_message", [line])


async def line_by_client_id(db: Reader, case_id: str, client_id: str) -> CaseLine | None:
    row = await db.row(
        f"SELECT {_LINE} FROM case_message WHERE case_id = $1 AND client_id = $2", case_id, client_id
    )
    return value_from(CaseLine, row) if row else None


async def next_note_number(tx: Transaction, case_id: str) -> int:
    """The number below 0 of the next line that only staff see; the case is locked."""
    row = await tx.row(
        "SELECT MIN(number) AS least FROM case_message WHERE case_id = $1 AND number < 0", case_id
    )
    return int((row["least"] if row else 0) or 0) - 1


async def case_lines(db: Reader, case_id: str, *, staff: bool, limit: int = 2000) -> list[CaseLine]:
    """What was said and done in a case, in the order of time; readers do not get what only staff see."""
    rows = await db.rows(
        f"SELECT {_LINE} FROM case_message WHERE case_id = $1{'' if staff else ' AND number > 0'}"
        " ORDER BY at, id LIMIT $2",
        case_id,
        limit,
    )
    return [value_from(CaseLine, row) for row in rows]


async def case_lines_after(
    db: Reader, case_id: str, after: int, *, staff: bool, limit: int
) -> list[CaseLine]:
    """A topic's lines after a number: the reader's count up from 0, staff's own count down from it."""
    chosen, order = ("number < $2", "number DESC") if staff else ("number > $2", "number")
    rows = await db.rows(
        f"SELECT {_LINE} FROM case_message WHERE case_id = $1 AND {chosen} ORDER BY {order} LIMIT $3",
        case_id,
        -after if staff else after,
        limit,
    )
    return [value_from(CaseLine, row) for row in rows]


async def case_numbers(db: Reader, case_ids: Collection[str]) -> dict[str, tuple[int, int]]:
    """The last number of each case's topic, and of its staff's."""
    ids = sorted(set(case_ids))[:1000]
    if not ids:
        return {}
    rows = await db.rows(
        "SELECT case_id, MAX(number) AS last, MIN(number) AS least FROM case_message"
        f" WHERE case_id IN ({placeholders(len(ids))}) GROUP BY case_id",
        *ids,
    )
    return {row["case_id"]: (max(0, row["last"]), max(0, -row["least"])) for row in rows}


def _of_libraries(libraries: Collection[str], *, start: int) -> str:
    return f"library_id IN ({placeholders(len(libraries), start=start)})" if libraries else "FALSE"


def _kept(value: object) -> object:
    return to_us(value) if isinstance(value, datetime) else value
