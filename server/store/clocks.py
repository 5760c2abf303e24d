"""What the clock does to many consultations and tasks at once: a statement over all rows for each step.

Rows are locked people first, then tasks, then consultations, each in the order of their keys.
"""

from collections import Counter
from collections.abc import Collection, Sequence
from datetime import datetime

from server.domain.consultations import Consultation, Step
from server.domain.pool import TaskRow
from server.store.consultations import consultation_of
from server.store.rows import Reader, Transaction, to_us
from server.store.tasks import task_of


async def waiting_by_ids(db: Reader, consultation_ids: Collection[str]) -> list[Consultation]:
    """Those of the consultations that still wait for their answer."""
    rows = await db.rows(
        "SELECT * FROM consultation WHERE id = ANY($1) AND state = 'open'", list(consultation_ids)
    )
    return [consultation_of(row) for row in rows]


async def waiting_on(db: Reader, task_ids: Collection[str]) -> dict[str, str]:
    """Who waits on these tasks: the task of each consultation."""
    rows = await db.rows(
        "SELECT id, task_id FROM consultation WHERE task_id = ANY($1) AND state = 'open'", list(task_ids)
    )
    return {row["id"]: row["task_id"] for row in rows}


async def tasks_by_ids(db: Reader, task_ids: Collection[str]) -> list[TaskRow]:
    """These tasks, in the order of their ids."""
    rows = await db.rows("SELECT * FROM task WHERE id = ANY($1) ORDER BY id", list(task_ids))
    return [task_of(row) for row in rows]


async def lock_tasks(tx: Transaction, task_ids: Collection[str]) -> None:
    """Hold these tasks against every other change to the end of the transaction."""
    await tx.lock_rows("task", "id", task_ids)


async def lock_claimants(tx: Transaction, staff_ids: Collection[str]) -> None:
    """Hold these people's counters of claims: people are locked before tasks."""
    await tx.lock_rows("claim_count", "staff_id", staff_ids)


async def open_many(tx: Transaction, task_ids: Collection[str], now: datetime) -> set[str]:
    """From now on every librarian of the alliance may take them (R-72.7); returns those for which this is new."""
    rows = await tx.rows(
        "UPDATE task SET opened_at = $2 WHERE id = ANY($1) AND opened_at IS NULL AND state <> 'done' RETURNING id",
        list(task_ids),
        to_us(now),
    )
    return {row["id"] for row in rows}


async def raise_stages(
    tx: Transaction, consultation_ids: Collection[str], stage: int, *, escalated_at: datetime | None
) -> set[str]:
    """They have come to a deadline (R-72.6); returns those that were neither further nor answered."""
    rows = await tx.rows(
        "UPDATE consultation SET stage = $2, escalated_at = COALESCE($3, escalated_at)"
        " WHERE id = ANY($1) AND stage < $2 AND state = 'open' RETURNING id",
        list(consultation_ids),
        stage,
        None if escalated_at is None else to_us(escalated_at),
    )
    return {row["id"] for row in rows}


async def settle_clocks(tx: Transaction, task_ids: Collection[str]) -> None:
    """Count anew who waits on each, from when and how far the furthest has come."""
    await tx.execute(
        "UPDATE task SET consultations = waiting.count, clock_from_at = waiting.oldest_at, stage = waiting.stage FROM"
        " (SELECT task_id, COUNT(*) AS count, MIN(submitted_at) AS oldest_at, MAX(stage) AS stage FROM consultation"
        " WHERE task_id = ANY($1) AND state = 'open' GROUP BY task_id) AS waiting WHERE task.id = waiting.task_id",
        list(task_ids),
    )


async def expire_claims(tx: Transaction, tasks: Sequence[TaskRow], now: datetime) -> None:
    """The leases have run out: these locked tasks lie in the pool again, and their claimants have room (R-72.5)."""
    ids = [task.id for task in tasks]
    await tx.execute(
        "UPDATE task SET state = 'open', holder_id = '', holder_library_id = '', claimed_at = NULL,"
        " lease_ends_at = NULL WHERE id = ANY($1)",
        ids,
    )
    await tx.execute(
        "UPDATE claim SET ended_at = $2, outcome = 'expired' WHERE task_id = ANY($1) AND ended_at IS NULL",
        ids,
        to_us(now),
    )
    freed = Counter(task.holder_id for task in tasks)
    await tx.execute_many(
        "UPDATE claim_count SET open_claims = CASE WHEN open_claims > $2 THEN open_claims - $2 ELSE 0 END"
        " WHERE staff_id = $1",
        sorted(freed.items()),
    )


async def add_steps(tx: Transaction, steps: Sequence[Step]) -> None:
    """Add to the consultations' histories."""
    await tx.execute_many(
        "INSERT INTO consultation_step (id, consultation_id, kind, at, actor_id, public, data)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7)",
        [
            (step.id, step.consultation_id, step.kind, to_us(step.at), step.actor_id, step.public, step.data)
            for step in steps
        ],
    )
