"""The queue: who waits, who is being offered, and the conditional updates that settle every race for a session."""

from datetime import datetime

from server.domain.chat import ChatSession, Topic
from server.domain.routing import Waiting
from server.store.chat import session_by_id
from server.store.chat_log import move_crew
from server.store.rows import Reader, Row, Transaction, from_us, to_us

_WAITING = (
    "SELECT id, target_desk_id, topic, language, queued_at, circle_from_at, priority, practice, target_staff_id,"
    " declined, state, reader_id FROM chat_session WHERE state "
)
MOST = 5_000  # who waits behind so many is told no place, and offered nothing yet


async def anybody_waiting(db: Reader) -> bool:
    """Whether any session is in the queue without an offer."""
    return await db.row("SELECT 1 AS found FROM chat_session WHERE state = 'queued' LIMIT 1") is not None


async def waiting_sessions(db: Reader) -> list[Waiting]:
    """The sessions in the queue to whom nobody has been offered yet, first come first."""
    rows = await db.rows(f"{_WAITING} = 'queued' ORDER BY priority DESC, queued_at, id LIMIT {MOST}")
    return [_waiting(row) for row in rows]


async def line(db: Reader) -> list[Waiting]:
    """Everybody who still waits for an answer, also those being offered right now."""
    rows = await db.rows(
        f"{_WAITING} IN ('queued', 'offered') ORDER BY priority DESC, queued_at, id LIMIT {MOST}"
    )
    return [_waiting(row) for row in rows]


async def waiting_at(db: Reader, desk_id: str) -> int:
    """How many wait at this desk, those being offered included."""
    row = await db.row(
        "SELECT COUNT(*) AS waiting FROM chat_session WHERE state IN ('queued', 'offered') AND target_desk_id = $1",
        desk_id,
    )
    return int(row["waiting"]) if row else 0


async def neighbours(db: Reader) -> dict[str, frozenset[str]]:
    """The desks that help each desk; a desk may be in several groups."""
    groups: dict[str, set[str]] = {}
    for row in await db.rows("SELECT group_id, desk_id FROM desk_group_member"):
        groups.setdefault(row["group_id"], set()).add(row["desk_id"])
    helping: dict[str, set[str]] = {}
    for members in groups.values():
        for desk_id in members:
            helping.setdefault(desk_id, set()).update(members - {desk_id})
    return {desk_id: frozenset(others) for desk_id, others in helping.items()}


async def mean_talk_seconds(db: Reader, now: datetime) -> float | None:
    """How long the latest conversations took, mean of up to 200 of the last day; None for fewer than five."""
    row = await db.row(
        "SELECT COUNT(*) AS talks, SUM(length) AS total FROM (SELECT ended_at - accepted_at AS length"
        " FROM chat_session WHERE ended_at > $1 AND accepted_at IS NOT NULL AND practice = FALSE"
        " ORDER BY ended_at DESC LIMIT 200) AS latest",
        to_us(now) - 86_400_000_000,
    )
    if row is None or row["talks"] < 5:
        return None
    return float(row["total"]) / int(row["talks"]) / 1_000_000


async def offers_to(db: Reader, staff_id: str) -> list[ChatSession]:
    """The session that is being offered to somebody; at most one."""
    rows = await db.rows("SELECT id FROM chat_session WHERE offered_to = $1 AND state = 'offered'", staff_id)
    return [session for row in rows if (session := await session_by_id(db, row["id"])) is not None]


async def session_of_offer(db: Reader, staff_id: str, offer_id: str) -> ChatSession | None:
    """The session that this offer is or was about, for the person to whom it was made."""
    row = await db.row(
        "SELECT id FROM chat_session WHERE offered_to = $1 AND state = 'offered' AND offer_id = $2"
        " UNION SELECT id FROM chat_session WHERE staff_id = $1 AND state = 'active' AND offer_id = $2",
        staff_id,
        offer_id,
    )
    return await session_by_id(db, row["id"]) if row else None


async def held_by(db: Reader, staff_id: str) -> list[ChatSession]:
    """The conversations somebody holds, in the order in which they are to be locked."""
    rows = await db.rows(
        "SELECT id FROM chat_session WHERE staff_id = $1 AND state = 'active' ORDER BY id", staff_id
    )
    return [session for row in rows if (session := await session_by_id(db, row["id"])) is not None]


async def supervised_by(db: Reader, staff_id: str) -> list[ChatSession]:
    """The interns' conversations that somebody stands behind, in the order in which they are to be locked."""
    rows = await db.rows(
        "SELECT p.session_id FROM chat_participant p JOIN chat_session s ON s.id = p.session_id WHERE p.account_id = $1"
        " AND p.kind = 'supervisor' AND p.left_at IS NULL AND s.supervisor_id = $1 AND s.state = 'active' ORDER BY 1",
        staff_id,
    )
    return [session for row in rows if (session := await session_by_id(db, row["session_id"])) is not None]


async def hold_as_read(tx: Transaction, session: ChatSession) -> bool:
    """Hold the session's row if it still stands as it was read; False when somebody else has moved it."""
    return bool(
        await tx.execute(
            "UPDATE chat_session SET state = state WHERE id = $1 AND state = $2 AND staff_id = $3 AND offer_id = $4",
            session.id,
            str(session.state),
            session.staff_id,
            session.offer_id,
        )
    )


async def mark_offered(
    tx: Transaction, session_id: str, *, offer_id: str, staff_id: str, supervisor_id: str, at: datetime
) -> bool:
    """Offer the queued session to one person; False when it is queued no more."""
    return bool(
        await tx.execute(
            "UPDATE chat_session SET state = 'offered', offer_id = $2, offered_to = $3, supervisor_id = $4,"
            " offered_at = $5 WHERE id = $1 AND state = 'queued'",
            session_id,
            offer_id,
            staff_id,
            supervisor_id,
            to_us(at),
        )
    )


async def mark_accepted(
    tx: Transaction, session: ChatSession, *, staff_id: str, supervisor_id: str, at: datetime
) -> bool:
    """The offer is taken: exactly one person gets past this; False for everybody else.

    The offer's id stays, so that a second click finds what the first one did. Who declined or missed the session is
    forgotten: should it come back into the queue, they may be asked like everybody.
    """
    accepted = bool(
        await tx.execute(
            "UPDATE chat_session SET state = 'active', staff_id = $3, supervisor_id = $4, offered_to = '',"
            " target_staff_id = '', declined = '', accepted_at = COALESCE(accepted_at, $5)"
            " WHERE id = $1 AND offer_id = $2 AND state = 'offered' AND offered_to = $3",
            session.id,
            session.offer_id,
            staff_id,
            supervisor_id,
            to_us(at),
        )
    )
    if accepted:
        await move_crew(tx, session.id)
    return accepted


async def mark_unoffered(tx: Transaction, session_id: str, offer_id: str, *, declined_by: str = "") -> bool:
    """The offer came to nothing: back in the queue, at its place; False when it is settled already."""
    return bool(
        await tx.execute(
            "UPDATE chat_session SET state = 'queued', offer_id = '', offered_to = '', offered_at = NULL,"
            " supervisor_id = '',"
            " declined = CASE WHEN $3 = '' OR length(declined) > 2000 THEN declined"
            " WHEN declined = '' THEN $3 ELSE declined || ',' || $3 END,"
            " target_staff_id = CASE WHEN target_staff_id = $3 THEN '' ELSE target_staff_id END"
            " WHERE id = $1 AND offer_id = $2 AND state = 'offered'",
            session_id,
            offer_id,
            declined_by,
        )
    )


async def mark_requeued(tx: Transaction, session: ChatSession, *, circle_from: datetime) -> bool:
    """Take the session from who holds it, back to its original place; False when they hold it no more."""
    requeued = bool(
        await tx.execute(
            "UPDATE chat_session SET state = 'queued', staff_id = '', supervisor_id = '', offer_id = '',"
            " offered_to = '', offered_at = NULL, circle_from_at = $3"
            " WHERE id = $1 AND state = 'active' AND staff_id = $2",
            session.id,
            session.staff_id,
            to_us(circle_from),
        )
    )
    if requeued:
        await move_crew(tx, session.id)
    return requeued


async def forget_declined(tx: Transaction, session_id: str) -> None:
    """A new round: who declined or missed the session may be asked again."""
    await tx.execute("UPDATE chat_session SET declined = '' WHERE id = $1 AND declined <> ''", session_id)


async def forget_declined_by(tx: Transaction, staff_id: str) -> None:
    """They are back: who still waits and whom they declined or missed may be offered to them again."""
    waiting = await tx.rows(
        "SELECT id FROM chat_session WHERE state = 'queued' AND declined LIKE $1", f"%{staff_id}%"
    )
    if not waiting:
        return
    session_ids = [row["id"] for row in waiting]
    await tx.lock_rows("chat_session", "id", session_ids)
    await tx.execute(
        "UPDATE chat_session SET declined = trim(replace(',' || declined || ',', $2, ','), ',') WHERE id = ANY($1)",
        session_ids,
        f",{staff_id},",
    )


async def mark_supervisor(tx: Transaction, session_id: str, *, before: str, after: str) -> bool:
    """Another full librarian stands behind the intern from now on."""
    changed = bool(
        await tx.execute(
            "UPDATE chat_session SET supervisor_id = $3"
            " WHERE id = $1 AND state = 'active' AND supervisor_id = $2",
            session_id,
            before,
            after,
        )
    )
    if changed:
        await move_crew(tx, session_id)
    return changed


def _waiting(row: Row) -> Waiting:
    return Waiting(
        row["id"],
        row["target_desk_id"],
        Topic(row["topic"]),
        row["language"],
        from_us(row["queued_at"]),
        from_us(row["circle_from_at"]),
        row["priority"],
        bool(row["practice"]),
        row["target_staff_id"],
        frozenset(filter(None, row["declined"].split(","))),
        offered=row["state"] == "offered",
        reader_id=row["reader_id"],
    )
