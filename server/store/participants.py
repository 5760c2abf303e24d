"""Who takes part in a conversation, how far each has read, and what was passed on in it."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from server.domain.chat import Passed, SentFile
from server.store.rows import Reader, Row, Transaction, from_us, from_us_or_none, placeholders, to_us


@dataclass(frozen=True, slots=True)
class Participant:
    """Somebody in a conversation; ``account_id`` is empty for the reader."""

    session_id: str
    kind: str  # reader, holder, colleague, supervisor
    account_id: str
    name: str
    delivered: int
    read: int
    joined_at: datetime
    left_at: datetime | None

    @property
    def key(self) -> str:
        """How frames name them: ``reader`` or the staff account."""
        return self.account_id or "reader"


async def participants_of(db: Reader, session_id: str) -> list[Participant]:
    """Everybody who takes or took part, in the order they came."""
    rows = await db.rows(
        "SELECT * FROM chat_participant WHERE session_id = $1 ORDER BY joined_at", session_id
    )
    return [_participant(row) for row in rows]


async def participants_by_session(db: Reader, session_ids: Sequence[str]) -> dict[str, list[Participant]]:
    """The same for many conversations, in one query."""
    found: dict[str, list[Participant]] = {session_id: [] for session_id in session_ids}
    if found:
        rows = await db.rows(
            "SELECT * FROM chat_participant WHERE session_id = ANY($1) ORDER BY joined_at", list(found)
        )
        for row in rows:
            found[row["session_id"]].append(_participant(row))
    return found


def _participant(row: Row) -> Participant:
    return Participant(
        row["session_id"],
        row["kind"],
        "" if row["kind"] == "reader" else row["account_id"],
        row["name"],
        row["delivered_seq"],
        row["read_seq"],
        from_us(row["joined_at"]),
        from_us_or_none(row["left_at"]),
    )


async def join(
    tx: Transaction, session_id: str, *, kind: str, account_id: str, name: str, at: datetime
) -> None:
    """Take part (again); the watermarks of an earlier stay are kept."""
    await tx.execute(
        "INSERT INTO chat_participant (id, session_id, kind, account_id, name, delivered_seq, read_seq, joined_at)"
        " VALUES ($1, $2, $3, $4, $5, 0, 0, $6)"
        " ON CONFLICT (id) DO UPDATE SET kind = $3, left_at = NULL, name = $5",
        participant_id(session_id, "" if kind == "reader" else account_id),
        session_id,
        kind,
        account_id,
        name,
        to_us(at),
    )


async def leave(tx: Transaction, session_id: str, account_id: str, at: datetime) -> bool:
    """Stop taking part; False when they were not in it."""
    return bool(
        await tx.execute(
            "UPDATE chat_participant SET left_at = $2 WHERE id = $1 AND left_at IS NULL",
            participant_id(session_id, account_id),
            to_us(at),
        )
    )


async def leave_all(tx: Transaction, session_id: str, at: datetime) -> None:
    """The conversation has ended for everybody."""
    await tx.execute(
        "UPDATE chat_participant SET left_at = $2 WHERE session_id = $1 AND left_at IS NULL",
        session_id,
        to_us(at),
    )


async def move_watermarks(tx: Transaction, moves: Sequence[tuple[str, str, int, int]]) -> None:
    """Write many receipts (session, participant key, delivered, read); watermarks only grow."""
    for session_id, key, delivered, read in moves:
        await tx.execute(
            "UPDATE chat_participant SET"
            " delivered_seq = CASE WHEN delivered_seq < $2 THEN $2 ELSE delivered_seq END,"
            " read_seq = CASE WHEN read_seq < $3 THEN $3 ELSE read_seq END WHERE id = $1",
            participant_id(session_id, "" if key == "reader" else key),
            delivered,
            read,
        )


async def pass_document(tx: Transaction, session_id: str, document: Passed, *, limit: int) -> bool:
    """Count the document and keep its title; False when the session's limit is reached (R-LIVE.4)."""
    taken = await tx.execute(
        "UPDATE chat_session SET documents = documents + 1 WHERE id = $1 AND documents < $2",
        session_id,
        limit,
    )
    if not taken:
        return False
    await tx.execute(
        "INSERT INTO passed_document (id, session_id, title, url, file_id, passed_by, passed_at)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7)",
        document.id,
        session_id,
        document.title,
        document.url,
        document.file_id,
        document.passed_by,
        to_us(document.passed_at),
    )
    return True


async def documents_of(db: Reader, session_id: str) -> list[Passed]:
    """What was passed on in the session."""
    rows = await db.rows("SELECT * FROM passed_document WHERE session_id = $1 ORDER BY passed_at", session_id)
    return [
        Passed(
            row["id"], row["title"], row["url"], row["file_id"], row["passed_by"], from_us(row["passed_at"])
        )
        for row in rows
    ]


async def files_of_staff(db: Reader, session_ids: Sequence[str]) -> dict[str, list[SentFile]]:
    """The files that staff sent, by session; those passed on as documents at once are none of these."""
    found: dict[str, list[SentFile]] = {session_id: [] for session_id in session_ids}
    these = f"session_id IN ({placeholders(len(found))})"
    rows = await db.rows(
        f"SELECT session_id, author_id, data, at FROM chat_event WHERE {these} AND audience = 'all'"
        " AND kind = 'file' AND author_kind = 'staff' AND data <> '' ORDER BY session_id, seq",
        *found,
    )
    if not rows:
        return found
    passed = await db.rows(f"SELECT file_id FROM passed_document WHERE {these}", *found)
    counted = {row["file_id"] for row in passed}
    for row in rows:
        file = json.loads(row["data"])["file"]
        sent = row["author_id"], from_us(row["at"])
        found[row["session_id"]].append(
            SentFile(file["id"], file["name"], file["url"], *sent, file["id"] in counted)
        )
    return found


async def file_ids_of_reader(db: Reader, session_id: str) -> list[str]:
    """The files that the reader sent, in order."""
    rows = await db.rows(
        "SELECT data FROM chat_event WHERE session_id = $1 AND audience = 'all' AND kind = 'file'"
        " AND author_kind = 'reader' AND data <> '' ORDER BY seq",
        session_id,
    )
    return [json.loads(row["data"])["file"]["id"] for row in rows]


def participant_id(session_id: str, account_id: str) -> str:
    return f"{session_id}:{account_id or 'reader'}"
