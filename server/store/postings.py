"""Who works at which desk, and the duty row without which nobody is offered a conversation."""

from collections.abc import Iterable
from datetime import datetime

from server.store.rows import Reader, Transaction, to_us


async def post_to_desk(tx: Transaction, desk_id: str, staff_id: str) -> bool:
    """Let a staff member answer at the desk; False when they do already."""
    return bool(
        await tx.execute(
            "INSERT INTO desk_staff (desk_id, staff_id) VALUES ($1, $2) ON CONFLICT (desk_id, staff_id) DO NOTHING",
            desk_id,
            staff_id,
        )
    )


async def leave_desk(tx: Transaction, desk_id: str, staff_id: str) -> bool:
    """They no longer answer at the desk; False when they did not."""
    return bool(
        await tx.execute("DELETE FROM desk_staff WHERE desk_id = $1 AND staff_id = $2", desk_id, staff_id)
    )


async def desk_ids_of_staff(db: Reader, staff_id: str) -> tuple[str, ...]:
    """The desks where a staff member answers."""
    rows = await db.rows("SELECT desk_id FROM desk_staff WHERE staff_id = $1 ORDER BY desk_id", staff_id)
    return tuple(row["desk_id"] for row in rows)


async def open_duty(
    tx: Transaction,
    staff_id: str,
    *,
    role: str,
    library_id: str,
    capacity: int,
    topics: Iterable[str],
    languages: str,
    at: datetime,
) -> None:
    """Make somebody able to stand duty in this role, for these topics; what else they have set themselves is kept."""
    await tx.execute(
        "INSERT INTO duty (staff_id, role, library_id, availability, away_reason, capacity, load, offers, missed,"
        " topics, languages, idle_since_at, version)"
        " VALUES ($1, $2, $3, 'away', '', $7, 0, 0, 0, $6, $4, $5, 0)"
        " ON CONFLICT (staff_id) DO UPDATE SET role = $2, library_id = $3, topics = $6,"
        " version = duty.version + 1",
        staff_id,
        role,
        library_id,
        languages,
        to_us(at),
        ",".join(sorted(topics)),
        capacity,
    )


async def close_duty(tx: Transaction, staff_id: str) -> None:
    """They take no more conversations; the row stays while they still hold one, so that it can be handed over."""
    await tx.execute(
        "UPDATE duty SET availability = 'away', away_reason = '', version = version + 1 WHERE staff_id = $1",
        staff_id,
    )
    await tx.execute("DELETE FROM duty WHERE staff_id = $1 AND load = 0 AND offers = 0", staff_id)
