"""Changes in who holds a conversation and where it is aimed."""

from server.store.chat_log import move_crew
from server.store.rows import Transaction


async def hand_over(tx: Transaction, session_id: str, *, to: str, held_by: str) -> bool:
    """Give the active conversation to somebody, from a known holder; False when that one holds it no more."""
    given = bool(
        await tx.execute(
            "UPDATE chat_session SET staff_id = $2, supervisor_id = ''"
            " WHERE id = $1 AND state = 'active' AND staff_id = $3",
            session_id,
            to,
            held_by,
        )
    )
    if given:
        await move_crew(tx, session_id)
    return given


async def set_target(
    tx: Transaction, session_id: str, *, desk_id: str, staff_id: str, topic: str, declined: str
) -> None:
    """Aim a conversation at a desk or a person; who passed it on is not offered it again for a while."""
    await tx.execute(
        "UPDATE chat_session SET target_desk_id = $2, target_staff_id = $3, topic = $4, declined = $5 WHERE id = $1",
        session_id,
        desk_id,
        staff_id,
        topic,
        declined,
    )
