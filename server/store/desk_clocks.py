"""What the clock does to many conversations at once: a statement over all rows for each step.

Rows are locked people first, then sessions, their logs and participants, and promises last, each in the order of their
keys. The sessions are held by `lock_sessions` before anything here changes them.
"""

from collections.abc import Collection, Sequence
from datetime import datetime

from server.domain.chat import ChatSession, State
from server.domain.events import ChatEventRecorded
from server.store.chat import sessions_by_ids
from server.store.rows import Reader, Transaction, to_us, to_us_or_none


async def lock_sessions(tx: Transaction, session_ids: Collection[str]) -> list[ChatSession]:
    """Hold these sessions against every other change to the end of the transaction; returns them as they stand."""
    await tx.lock_rows("chat_session", "id", session_ids)
    return await sessions_by_ids(tx, sorted(session_ids))


async def with_people(db: Reader, staff_ids: Collection[str]) -> list[str]:
    """The conversations that these people hold or are being offered."""
    rows = await db.rows(
        "SELECT id FROM chat_session WHERE staff_id = ANY($1) AND state = 'active'"
        " UNION SELECT id FROM chat_session WHERE offered_to = ANY($1) AND state = 'offered'",
        list(staff_ids),
    )
    return [row["id"] for row in rows]


async def supervised_by_any(db: Reader, staff_ids: Collection[str]) -> list[str]:
    """The interns' conversations that these people stand behind."""
    rows = await db.rows(
        "SELECT s.id FROM chat_participant p JOIN chat_session s ON s.id = p.session_id WHERE p.account_id = ANY($1)"
        " AND p.kind = 'supervisor' AND p.left_at IS NULL AND s.supervisor_id = p.account_id AND s.state = 'active'",
        list(staff_ids),
    )
    return [row["id"] for row in rows]


async def forget_all_declined(tx: Transaction, session_ids: Collection[str]) -> None:
    """A new round for each: who declined or missed it may be asked again."""
    await tx.lock_rows("chat_session", "id", session_ids)
    await tx.execute(
        "UPDATE chat_session SET declined = '' WHERE id = ANY($1) AND declined <> ''", list(session_ids)
    )


async def mark_all_unoffered(tx: Transaction, session_ids: Collection[str], *, missed: bool) -> int:
    """The offers came to nothing: back in the queue; returns how many. Who ``missed`` one is not asked again soon."""
    return await tx.execute(
        "UPDATE chat_session SET state = 'queued', offer_id = '', offered_to = '', offered_at = NULL,"
        " supervisor_id = '',"
        " declined = CASE WHEN NOT $2 OR length(declined) > 2000 THEN declined"
        " WHEN declined = '' THEN offered_to ELSE declined || ',' || offered_to END,"
        " target_staff_id = CASE WHEN $2 AND target_staff_id = offered_to THEN '' ELSE target_staff_id END"
        " WHERE id = ANY($1) AND state = 'offered'",
        list(session_ids),
        missed,
    )


async def mark_all_requeued(tx: Transaction, session_ids: Collection[str]) -> int:
    """Their holders are gone: back to their original places; returns how many."""
    return await tx.execute(
        "UPDATE chat_session SET state = 'queued', staff_id = '', supervisor_id = '', offer_id = '',"
        " offered_to = '', offered_at = NULL WHERE id = ANY($1) AND state = 'active'",
        list(session_ids),
    )


async def mark_all_ended(
    tx: Transaction,
    session_ids: Collection[str],
    *,
    state: State,
    reason: str,
    at: datetime,
    wrap_up_due: datetime | None,
) -> int:
    """End the open ones among these sessions; returns how many."""
    return await tx.execute(
        "UPDATE chat_session SET state = $2, end_reason = $3, ended_at = $4, wrap_up_due_at = $5, closed_at = $6,"
        " offered_to = '', offer_id = '' WHERE id = ANY($1) AND state IN ('queued', 'offered', 'active')",
        list(session_ids),
        str(state),
        reason,
        to_us(at),
        to_us_or_none(wrap_up_due),
        to_us(at) if state is State.CLOSED else None,
    )


async def turn_logs(tx: Transaction, session_ids: Collection[str], *, close: bool) -> dict[str, int]:
    """Who takes part has changed in all of them: a new crew number each, and the number under which that is told."""
    await tx.lock_rows("chat_log", "session_id", session_ids)
    rows = await tx.rows(
        "UPDATE chat_log SET crew = crew + 1, last_seq = last_seq + 1, open = (open AND NOT $2)"
        " WHERE session_id = ANY($1) RETURNING session_id, last_seq",
        list(session_ids),
        close,
    )
    return {row["session_id"]: row["last_seq"] for row in rows}


async def insert_events(tx: Transaction, events: Sequence[ChatEventRecorded]) -> None:
    """Store what the system has to say, under numbers that `turn_logs` gave, and announce it."""
    await tx.execute_many(
        "INSERT INTO chat_event (session_id, audience, seq, kind, author_kind, author_id, author_name, client_id, body,"
        " data, at) VALUES ($1, $2, $3, $4, $5, '', '', NULL, '', $6, $7)",
        [(e.session_id, e.audience, e.seq, e.kind, e.author_kind, e.data, to_us(e.at)) for e in events],
    )
    for event in events:
        tx.announce(event)


async def leave_together(tx: Transaction, participant_ids: Collection[str], at: datetime) -> None:
    """These take part in their conversations no more."""
    await tx.lock_rows("chat_participant", "id", participant_ids)
    await tx.execute(
        "UPDATE chat_participant SET left_at = $2 WHERE id = ANY($1) AND left_at IS NULL",
        list(participant_ids),
        to_us(at),
    )


async def everybody_in(db: Reader, session_ids: Collection[str]) -> list[str]:
    """Who still takes part in these conversations, by the ids of their rows."""
    rows = await db.rows(
        "SELECT id FROM chat_participant WHERE session_id = ANY($1) AND left_at IS NULL", list(session_ids)
    )
    return [row["id"] for row in rows]


async def strike_out_together(tx: Transaction, kinds: Sequence[str], subject_ids: Collection[str]) -> None:
    """Take back promises of several kinds about many subjects."""
    ids = sorted(f"{kind}/{subject_id}" for kind in kinds for subject_id in subject_ids)
    await tx.lock_rows("due", "id", ids)
    await tx.execute("DELETE FROM due WHERE id = ANY($1)", ids)
