"""Chat messages into SQLite: numbered and inserted, all that arrived together at once."""

import json
import sqlite3
from typing import Any

from server.store.database import Appended, Messages, NewMessage, Outcome

FEW_SESSIONS = 5  # up to here it is cheaper to ask for each than for the list

_TAKE_NUMBER = (
    "UPDATE chat_log SET last_seq = last_seq + 1 WHERE session_id = ? AND crew = ? AND open"
    " RETURNING last_seq"
)
_FIRST_COPY = "SELECT seq, at FROM chat_event WHERE session_id = ? AND client_id = ?"
_LOG = "SELECT session_id, crew, last_seq FROM chat_log WHERE session_id = ? AND open"
_LOGS = _LOG.replace("session_id = ?", "session_id IN (SELECT value FROM json_each(?))")
_SET_NUMBER = "UPDATE chat_log SET last_seq = ? WHERE session_id = ?"
_INSERT = (
    "INSERT INTO chat_event (session_id, audience, seq, kind, author_kind, author_id, author_name, client_id, body,"
    " data, at) VALUES (?, 'all', ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)


def begin_and_append(connection: sqlite3.Connection, messages: Messages) -> list[Appended]:
    """Begin a transaction, number and insert the messages in the order they came; runs in the writer's thread.

    Resends are rare: the whole lot is tried as if there were none, and taken one by one only if that fails.
    """
    connection.execute("BEGIN IMMEDIATE")
    answers = _append_all(connection, messages) if messages else []
    if answers is None:
        connection.execute("ROLLBACK")
        connection.execute("BEGIN IMMEDIATE")
        answers = [_append_one(connection, message) for message in messages]
    return answers


def _append_all(connection: sqlite3.Connection, messages: Messages) -> list[Appended] | None:
    """All of them, or None if one is a resend or its author may (perhaps) not write.

    Nobody else writes meanwhile, so the numbers are read once, counted on here and written back once.
    """
    logs = _logs(connection, list({m.session_id for m in messages}))
    rows = []
    for m in messages:
        log = logs.get(m.session_id)
        if log is None or log[0] != m.crew:
            return None
        log[1] += 1
        rows.append(_row(m, log[1]))
    try:
        connection.executemany(_INSERT, rows)
    except sqlite3.IntegrityError:
        return None
    connection.executemany(_SET_NUMBER, [(log[1], session_id) for session_id, log in logs.items()])
    return [Appended(Outcome.STORED, row[1], row[9]) for row in rows]


def _logs(connection: sqlite3.Connection, session_ids: list[str]) -> dict[str, list[int]]:
    """Crew and last number of those sessions that are open."""
    if len(session_ids) < FEW_SESSIONS:
        rows = [row for each in session_ids if (row := connection.execute(_LOG, (each,)).fetchone())]
    else:
        rows = connection.execute(_LOGS, (json.dumps(session_ids),)).fetchall()
    return {session_id: [crew, last] for session_id, crew, last in rows}


def _append_one(connection: sqlite3.Connection, m: NewMessage) -> Appended:
    execute = connection.execute
    first = execute(_FIRST_COPY, (m.session_id, m.client_id)).fetchone()
    if first is not None:
        return Appended(Outcome.AGAIN, first[0], first[1])
    taken = execute(_TAKE_NUMBER, (m.session_id, m.crew)).fetchone()
    if taken is None:
        still_open = execute(_LOG, (m.session_id,)).fetchone()
        return Appended(Outcome.STALE if still_open else Outcome.CLOSED)
    execute(_INSERT, _row(m, taken[0]))
    return Appended(Outcome.STORED, taken[0], m.at)


def _row(m: NewMessage, seq: int) -> tuple[Any, ...]:
    return (
        m.session_id,
        seq,
        m.kind,
        m.author_kind,
        m.author_id,
        m.author_name,
        m.client_id,
        m.body,
        m.data,
        m.at,
    )
