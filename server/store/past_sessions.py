"""Stores conversations that were held elsewhere or earlier: whole, with their numbers, in one go."""

from collections.abc import Sequence
from datetime import datetime

from server.domain.chat import ChatSession, WrapUp
from server.domain.events import ChatEventRecorded
from server.store.rows import Transaction, placeholders, to_us, to_us_or_none

_SESSION_COLUMNS = (
    *("id", "desk_id", "target_desk_id", "target_staff_id", "priority", "practice", "offered_to", "offer_id"),
    *("declined", "previous_id", "reader_key", "reader_id", "reader_name", "topic", "language", "state"),
    *("queued_at", "circle_from_at", "staff_id", "supervisor_id", "question"),
    *("page_url", "page_title", "accepted_at", "answered_at", "ended_at", "end_reason", "wrap_up_due_at"),
    *("closed_at", "rating", "rating_comment", "rated_at", "documents", "created_at"),
)
_EVENT_COLUMNS = (
    *("session_id", "audience", "seq", "kind", "author_kind", "author_id", "author_name", "client_id"),
    *("body", "data", "at"),
)
_INSERT_SESSION, _INSERT_EVENT = (
    f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({placeholders(len(columns))})"
    for table, columns in (("chat_session", _SESSION_COLUMNS), ("chat_event", _EVENT_COLUMNS))
)


async def insert_past_session(
    tx: Transaction, session: ChatSession, events: Sequence[ChatEventRecorded], *, rated_at: datetime | None
) -> None:
    """Store an ended session and everything said in it; its last numbers must be those of the events."""
    await tx.execute(
        _INSERT_SESSION,
        session.id,
        session.desk_id,
        session.target_desk_id,
        session.target_staff_id,
        session.priority,
        session.practice,
        session.offered_to,
        session.offer_id,
        ",".join(sorted(session.declined)),
        session.previous_id,
        session.reader_key,
        session.reader_id,
        session.reader_name,
        str(session.topic),
        session.language,
        str(session.state),
        to_us(session.queued_at),
        to_us(session.circle_from),
        session.staff_id,
        session.supervisor_id,
        session.question,
        session.page_url,
        session.page_title,
        to_us_or_none(session.accepted_at),
        to_us_or_none(session.answered_at),
        to_us_or_none(session.ended_at),
        session.end_reason,
        to_us_or_none(session.wrap_up_due_at),
        to_us_or_none(session.closed_at),
        session.rating,
        session.rating_comment,
        to_us_or_none(rated_at),
        session.documents,
        to_us(session.created_at),
    )
    await tx.execute(
        "INSERT INTO chat_log (session_id, crew, open, last_seq, last_staff_seq) VALUES ($1, $2, FALSE, $3, $4)",
        session.id,
        session.crew,
        session.last_seq,
        session.last_staff_seq,
    )
    for event in events:
        await tx.execute(
            _INSERT_EVENT,
            event.session_id,
            event.audience,
            event.seq,
            event.kind,
            event.author_kind,
            event.author_id,
            event.author_name,
            event.client_id or None,
            event.body,
            event.data,
            to_us(event.at),
        )


async def insert_wrap_up(
    tx: Transaction, session: ChatSession, record: WrapUp, *, by: str, at: datetime
) -> None:
    """Store the record of a past session (R-LIVE.5)."""
    await tx.execute(
        "INSERT INTO wrap_up (session_id, question_type, effort, outcome, typical_case, note, recorded_by, recorded_at)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        session.id,
        str(record.question_type),
        record.effort,
        str(record.outcome),
        record.typical_case,
        record.note,
        by,
        to_us(at),
    )
