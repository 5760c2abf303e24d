"""Chat sessions and their numbered events."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from server.domain.chat import ChatSession, State, Topic, WrapUp
from server.domain.events import ChatEventRecorded
from server.store.chat_log import begin_log, close_log, move_crew, take_number
from server.store.rows import Reader, Row, Transaction, from_us, from_us_or_none, to_us, to_us_or_none

SESSION = (
    "s.*, l.crew, l.last_seq, l.last_staff_seq, d.library_id"  # what `session_of` reads, and from where:
)
SESSIONS = "chat_session s JOIN chat_log l ON l.session_id = s.id JOIN desk d ON d.id = s.desk_id"
_SESSION = f"SELECT {SESSION} FROM {SESSIONS} WHERE "


async def session_by_id(db: Reader, session_id: str) -> ChatSession | None:
    """The session, or None."""
    row = await db.row(_SESSION + "s.id = $1", session_id)
    return session_of(row) if row else None


async def sessions_by_ids(db: Reader, session_ids: Sequence[str]) -> list[ChatSession]:
    """Those of the sessions that there are."""
    return [session_of(row) for row in await db.rows(_SESSION + "s.id = ANY($1)", list(session_ids))]


async def open_session_of(db: Reader, desk_id: str, reader_key: str) -> ChatSession | None:
    """The reader's open session at this desk; there is at most one."""
    row = await db.row(
        _SESSION + "s.desk_id = $1 AND s.reader_key = $2 AND s.state IN ('queued', 'offered', 'active')",
        desk_id,
        reader_key,
    )
    return session_of(row) if row else None


async def sessions_of_reader(
    db: Reader, reader_keys: Sequence[str], *, desk_id: str = "", limit: int = 50
) -> list[ChatSession]:
    """What a reader asked earlier, newest first."""
    found: list[ChatSession] = []
    for key in reader_keys:
        rows = await db.rows(
            _SESSION
            + "s.reader_key = $1 AND ($2 = '' OR s.desk_id = $2) ORDER BY s.created_at DESC LIMIT $3",
            key,
            desk_id,
            limit,
        )
        found += [session_of(row) for row in rows]
    return sorted(found, key=lambda session: session.created_at, reverse=True)[:limit]


async def was_asked_at(db: Reader, desk_id: str) -> bool:
    """Whether a conversation of any reader's is kept at this desk."""
    found = await db.row(
        "SELECT 1 AS found FROM chat_session WHERE desk_id = $1 AND reader_key <> '' LIMIT 1", desk_id
    )
    return found is not None


async def sessions_of_staff(db: Reader, staff_id: str) -> list[ChatSession]:
    """The conversations a staff member holds or has joined, and those they still have to wrap up."""
    rows = await db.rows(
        _SESSION + "s.staff_id = $1 AND s.state IN ('active', 'wrapping_up') ORDER BY s.accepted_at",
        staff_id,
    )
    joined = await db.rows(
        f"SELECT {SESSION} FROM {SESSIONS} JOIN chat_participant p ON p.session_id = s.id"
        " WHERE p.account_id = $1 AND p.left_at IS NULL AND s.staff_id <> $1"
        " AND p.kind IN ('colleague', 'supervisor') AND s.state = 'active' ORDER BY p.joined_at",
        staff_id,
    )
    return [session_of(row) for row in [*rows, *joined]]


async def serves_reader(db: Reader, staff_id: str, reader_key: str) -> bool:
    """Whether this staff member holds or has joined an open session of the reader, or still writes its record."""
    row = await db.row(
        "SELECT 1 AS found FROM chat_session s WHERE s.reader_key = $1 AND s.reader_key <> ''"
        " AND s.state IN ('active', 'wrapping_up') AND (s.staff_id = $2"
        " OR EXISTS (SELECT 1 FROM chat_participant p WHERE p.session_id = s.id AND p.account_id = $2"
        " AND p.left_at IS NULL)) LIMIT 1",
        reader_key,
        staff_id,
    )
    return row is not None


async def insert_session(tx: Transaction, session: ChatSession) -> bool:
    """Store a new session; False when the reader already has an open one at this desk (somebody else was faster)."""
    inserted = bool(
        await tx.execute(
            "INSERT INTO chat_session (id, desk_id, target_desk_id, target_staff_id, reader_key, reader_id,"
            " reader_name, topic, language, state, priority, practice, queued_at, circle_from_at, offered_to,"
            " offer_id, declined, staff_id, supervisor_id, question, page_url,"
            " page_title, previous_id, end_reason, rating, rating_comment, documents, created_at)"
            " VALUES ($1, $2, $3, '', $4, $5, $6, $7, $8, $9, $10, $11, $12, $12, '', '', '', '', '',"
            " $13, $14, $15, $16, '', '', '', 0, $12)"
            " ON CONFLICT DO NOTHING",
            session.id,
            session.desk_id,
            session.target_desk_id,
            session.reader_key,
            session.reader_id,
            session.reader_name,
            str(session.topic),
            session.language,
            str(session.state),
            session.priority,
            session.practice,
            to_us(session.created_at),
            session.question,
            session.page_url,
            session.page_title,
            session.previous_id,
        )
    )
    if inserted:
        await begin_log(tx, session.id)
    return inserted


async def record_event(
    tx: Transaction,
    *,
    session_id: str,
    kind: str,
    at: datetime,
    audience: str = "all",
    author_kind: str = "system",
    author_id: str = "",
    author_name: str = "",
    body: str = "",
    data: dict[str, Any] | None = None,
    client_id: str | None = None,
) -> ChatEventRecorded:
    """Take the conversation's next number and store the event under it; announcing it is the caller's."""
    seq = await take_number(tx, session_id, audience)
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":")) if data else ""
    await tx.later(
        "INSERT INTO chat_event (session_id, audience, seq, kind, author_kind, author_id, author_name, client_id, body,"
        " data, at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        session_id,
        audience,
        seq,
        kind,
        author_kind,
        author_id,
        author_name,
        client_id,
        body,
        text,
        to_us(at),
    )
    return ChatEventRecorded(
        session_id,
        audience,
        seq,
        kind,
        author_kind,
        author_id,
        author_name,
        client_id or "",
        body,
        text,
        at,
    )


async def event_by_client_id(db: Reader, session_id: str, client_id: str) -> ChatEventRecorded | None:
    """The first copy of what a client sent under this id."""
    row = await db.row(
        "SELECT * FROM chat_event WHERE session_id = $1 AND client_id = $2", session_id, client_id
    )
    return event_of(row) if row else None


async def events_after(
    db: Reader, session_id: str, audience: str, after: int, limit: int
) -> list[ChatEventRecorded]:
    """The conversation from a number on, in order."""
    rows = await db.rows(
        "SELECT * FROM chat_event WHERE session_id = $1 AND audience = $2 AND seq > $3 ORDER BY seq LIMIT $4",
        session_id,
        audience,
        after,
        limit,
    )
    return [event_of(row) for row in rows]


async def mark_ended(
    tx: Transaction,
    session: ChatSession,
    *,
    state: State,
    reason: str,
    at: datetime,
    wrap_up_due: datetime | None,
) -> bool:
    """End an open session; False when somebody else ended it first."""
    ended = bool(
        await tx.execute(
            "UPDATE chat_session SET state = $2, end_reason = $3, ended_at = $4, wrap_up_due_at = $5, closed_at = $6,"
            " offered_to = '', offer_id = '' WHERE id = $1"
            " AND state IN ('queued', 'offered', 'active')",
            session.id,
            str(state),
            reason,
            to_us(at),
            to_us_or_none(wrap_up_due),
            to_us(at) if state is State.CLOSED else None,
        )
    )
    if ended:
        await close_log(tx, session.id)
    return ended


async def mark_answered(db: Transaction, session_id: str, at: datetime) -> None:
    """Keep the moment of the first response by a person (R-LIVE.1)."""
    await db.execute(
        "UPDATE chat_session SET answered_at = $2 WHERE id = $1 AND answered_at IS NULL",
        session_id,
        to_us(at),
    )


async def mark_wrapped_up(tx: Transaction, session_id: str, record: WrapUp, *, by: str, at: datetime) -> bool:
    """Archive the session with its record (R-LIVE.5); False when it was archived before."""
    closed = await tx.execute(
        "UPDATE chat_session SET state = 'closed', closed_at = $2 WHERE id = $1 AND state = 'wrapping_up'",
        session_id,
        to_us(at),
    )
    if not closed:
        return False
    await tx.execute(
        "INSERT INTO wrap_up (session_id, question_type, effort, outcome, typical_case, note, recorded_by, recorded_at)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        session_id,
        str(record.question_type),
        record.effort,
        str(record.outcome),
        record.typical_case,
        record.note,
        by,
        to_us(at),
    )
    return True


async def mark_rated(tx: Transaction, session_id: str, rating: str, comment: str, at: datetime) -> bool:
    """Keep the reader's latest rating of an ended session."""
    return bool(
        await tx.execute(
            "UPDATE chat_session SET rating = $2, rating_comment = $3, rated_at = $4"
            " WHERE id = $1 AND ended_at IS NOT NULL",
            session_id,
            rating,
            comment,
            to_us(at),
        )
    )


async def bind_reader(
    tx: Transaction, session_id: str, *, reader_key: str, reader_id: str, name: str
) -> None:
    """A visitor has logged in: their open session is theirs as a reader from now on."""
    await tx.execute(
        "UPDATE chat_session SET reader_key = $2, reader_id = $3, reader_name = $4 WHERE id = $1",
        session_id,
        reader_key,
        reader_id,
        name,
    )
    await move_crew(tx, session_id)


def event_of(row: Row) -> ChatEventRecorded:
    return ChatEventRecorded(
        session_id=row["session_id"],
        audience=row["audience"],
        seq=row["seq"],
        kind=row["kind"],
        author_kind=row["author_kind"],
        author_id=row["author_id"],
        author_name=row["author_name"],
        client_id=row["client_id"] or "",
        body=row["body"],
        data=row["data"],
        at=from_us(row["at"]),
    )


def session_of(row: Row) -> ChatSession:
    """The session that a row of ``SESSION`` tells of."""
    return ChatSession(
        id=row["id"],
        desk_id=row["desk_id"],
        target_desk_id=row["target_desk_id"],
        target_staff_id=row["target_staff_id"],
        library_id=row["library_id"],
        reader_key=row["reader_key"],
        reader_id=row["reader_id"],
        reader_name=row["reader_name"],
        topic=Topic(row["topic"]),
        language=row["language"],
        state=State(row["state"]),
        priority=row["priority"],
        practice=bool(row["practice"]),
        queued_at=from_us(row["queued_at"]),
        circle_from=from_us(row["circle_from_at"]),
        offered_to=row["offered_to"],
        offer_id=row["offer_id"],
        offered_at=from_us_or_none(row["offered_at"]),
        declined=frozenset(filter(None, row["declined"].split(","))),
        staff_id=row["staff_id"],
        supervisor_id=row["supervisor_id"],
        crew=row["crew"],
        last_seq=row["last_seq"],
        last_staff_seq=row["last_staff_seq"],
        question=row["question"],
        page_url=row["page_url"],
        page_title=row["page_title"],
        previous_id=row["previous_id"],
        accepted_at=from_us_or_none(row["accepted_at"]),
        answered_at=from_us_or_none(row["answered_at"]),
        ended_at=from_us_or_none(row["ended_at"]),
        end_reason=row["end_reason"],
        wrap_up_due_at=from_us_or_none(row["wrap_up_due_at"]),
        closed_at=from_us_or_none(row["closed_at"]),
        rating=row["rating"],
        rating_comment=row["rating_comment"],
        documents=row["documents"],
        created_at=from_us(row["created_at"]),
    )
