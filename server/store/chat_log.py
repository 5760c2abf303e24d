"""How far each conversation's numbers have come, and under which crew number one may write in it.

Every message changes this row and no other of its conversation: so it is a narrow one, of its own.
"""

from collections.abc import Sequence

from server.store.rows import Reader, Transaction, placeholders


async def begin_log(tx: Transaction, session_id: str) -> None:
    """The conversation takes messages from now on, numbered from 1."""
    await tx.later(
        "INSERT INTO chat_log (session_id, crew, open, last_seq, last_staff_seq) VALUES ($1, 0, TRUE, 0, 0)",
        session_id,
    )


async def move_crew(tx: Transaction, session_id: str) -> None:
    """Who takes part has changed: whoever was admitted before is looked up again before they write."""
    await tx.later("UPDATE chat_log SET crew = crew + 1 WHERE session_id = $1", session_id)


async def close_log(tx: Transaction, session_id: str) -> None:
    """People write no more; what the system has to say about it still gets its numbers."""
    await tx.later("UPDATE chat_log SET open = FALSE, crew = crew + 1 WHERE session_id = $1", session_id)


async def hold_log(tx: Transaction, session_id: str) -> None:
    """Nobody else records anything in the conversation until the transaction ends."""
    await tx.execute("UPDATE chat_log SET crew = crew WHERE session_id = $1", session_id)


async def take_number(tx: Transaction, session_id: str, audience: str) -> int:
    """The conversation's next number, held with its log to the end of the transaction.

    Rows of sessions are locked before those of logs.
    """
    column = "last_seq" if audience == "all" else "last_staff_seq"
    taken = await tx.row(
        f"UPDATE chat_log SET {column} = {column} + 1 WHERE session_id = $1 RETURNING {column} AS seq",
        session_id,
    )
    assert taken is not None, "the session was loaded in this transaction"
    return int(taken["seq"])


async def last_numbers(db: Reader, session_ids: Sequence[str]) -> dict[str, tuple[int, int]]:
    """The last numbers (for all, for staff) of many conversations, for keep-alives."""
    found: dict[str, tuple[int, int]] = {}
    for start in range(0, len(session_ids), 500):
        some = session_ids[start : start + 500]
        rows = await db.rows(
            "SELECT session_id, last_seq, last_staff_seq FROM chat_log"
            f" WHERE session_id IN ({placeholders(len(some))})",
            *some,
        )
        found.update({row["session_id"]: (row["last_seq"], row["last_staff_seq"]) for row in rows})
    return found
