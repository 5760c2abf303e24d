"""A consultation leaves its task: cancelled, or going on as another kind of work. The others go on waiting."""

from server.context import Context
from server.domain.errors import Conflict, NotFound
from server.domain.pool import TaskRow
from server.store.rows import Transaction
from server.store.tasks import (
    end_claim,
    finish_task,
    free_claim_slot,
    lock_claim_slots,
    lock_task,
    settle_clock,
    task_by_id,
)

TRIES = 4  # the task may change hands between two looks


class ChangedHands(Conflict):
    """Somebody claimed or gave back the task while it was being locked: look again."""

    def __init__(self) -> None:
        super().__init__("task_moved_on", "R-72.1")


async def lock_with_holder(tx: Transaction, task_id: str) -> TaskRow:
    """The task and its holder's counter, locked in that order which everybody keeps: people before tasks.

    Raises ChangedHands: the transaction must be begun anew.
    """
    seen = await task_by_id(tx, task_id)
    if seen is None:
        raise NotFound("task_not_found")
    if seen.holder_id:
        await lock_claim_slots(tx, seen.holder_id)
    row = await lock_task(tx, task_id)
    if row is None or row.holder_id != seen.holder_id:
        raise ChangedHands()
    return row


async def leave_task(ctx: Context, tx: Transaction, task: TaskRow) -> None:
    """Count anew who waits; a task for which nobody waits is done, and its holder free for another."""
    if await settle_clock(tx, task.id):
        return
    now = ctx.clock.now()
    await finish_task(tx, task.id, now)
    if task.holder_id:
        await end_claim(tx, task.id, task.claim_number, now, "cancelled")
        await free_claim_slot(tx, task.holder_id)
