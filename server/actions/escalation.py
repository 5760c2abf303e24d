"""What the clock does to tasks: each step once, however many workers run and whatever kills them (R-72.5 to R-72.7).

Workers only announce. What may be answered is judged at the moment of the answer, from the submission alone.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from server.actions.links import address_of
from server.actions.mails import write_mail
from server.actions.pool import end_lease
from server.actions.pool_entry import note_step, tell_reader
from server.context import Context
from server.domain.accounts import Account
from server.domain.consultations import Consultation
from server.domain.events import PoolChanged
from server.domain.pool import TaskRow
from server.domain.task_policies import TaskPolicy
from server.domain.tasks import Standing, TaskState
from server.store.accounts import account_by_id, duty_managers, managers_of
from server.store.consultations import consultation_by_id, policies_by_ids, raise_stage
from server.store.dues import Due
from server.store.rows import Transaction
from server.store.tasks import (
    lock_task,
    open_to_alliance,
    settle_clock,
    task_by_id,
)
from server.words.times import duration

_INSTANT = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Milestone:
    """A moment in the life of a waiting consultation; ``at`` is counted from its submission."""

    kind: str
    stage: int
    at: Callable[[TaskPolicy], timedelta]


MILESTONES = (
    Milestone("opened", 0, lambda policy: timedelta(hours=policy.open_hours)),
    Milestone("due_soon", 1, lambda policy: timedelta(hours=policy.due_soon_hours)),
    # At exactly 72:00:00 the strict rule still holds.
    Milestone("escalated", 2, lambda policy: timedelta(hours=policy.strict_hours) + _INSTANT),
    Milestone("overdue", 3, lambda policy: timedelta(hours=policy.duty_manager_hours)),
)


async def turn_clock(ctx: Context, tx: Transaction, due: Due) -> datetime | None:
    """Take every step that a waiting consultation has come to; says when the next one is. (Due ``task_clock``.)

    A worker that slept for a day takes them all at once, each once.
    """
    consultation = await consultation_by_id(tx, due.subject_id)
    if consultation is None or consultation.state is not Standing.OPEN:
        return None
    policy = (await policies_by_ids(tx, [consultation.policy_id]))[consultation.policy_id]
    now = ctx.clock.now()
    await lock_task(tx, consultation.task_id)
    for milestone in MILESTONES:
        at = consultation.submitted_at + milestone.at(policy)
        if at > now:
            return at
        await _take(ctx, tx, consultation, milestone)
    return None


async def watch_lease(ctx: Context, tx: Transaction, due: Due) -> datetime | None:
    """Remind the claimant before the lease ends; at its end the task returns to the pool (R-72.5). (Due ``lease``.)"""
    task = await task_by_id(tx, due.subject_id)
    if task is None or not _same_claim(task, due) or task.lease_ends_at is None:
        return None
    if ctx.clock.now() < task.lease_ends_at:
        await _remind(ctx, tx, task, due)
        return task.lease_ends_at
    await end_lease(ctx, tx, task)
    return None


async def _take(ctx: Context, tx: Transaction, consultation: Consultation, milestone: Milestone) -> None:
    if milestone.kind == "opened":
        if await open_to_alliance(tx, consultation.task_id, ctx.clock.now()):
            await note_step(ctx, tx, consultation.id, "opened", public=False)
            tx.announce(PoolChanged(consultation.task_id, "opened"))
        return
    now, escalated = ctx.clock.now(), milestone.kind == "escalated"
    if not await raise_stage(tx, consultation.id, milestone.stage, escalated_at=now if escalated else None):
        return
    await settle_clock(tx, consultation.task_id)
    await note_step(ctx, tx, consultation.id, milestone.kind, public=escalated)
    tx.announce(PoolChanged(consultation.task_id, milestone.kind))
    if escalated:
        await tell_reader(ctx, tx, consultation, "request_escalated", event="escalated")
        await _tell(
            ctx, tx, consultation, await managers_of(tx, consultation.library_id), "task_escalated_manager"
        )
    elif milestone.kind == "overdue":
        await _tell(ctx, tx, consultation, await duty_managers(tx), "task_overdue_manager")


async def _tell(
    ctx: Context, tx: Transaction, consultation: Consultation, people: list[Account], template: str
) -> None:
    for person in people:
        waited = ctx.clock.now() - consultation.submitted_at
        await write_mail(
            ctx,
            tx,
            template=template,
            recipient=person.mail,
            language=person.language,
            data={
                "title": consultation.title,
                "number": consultation.id,
                "waited": duration(waited, person.language),
                "link": address_of(ctx, f"/console/pool/{consultation.task_id}"),
            },
            event_key=f"consultation:{consultation.id}:{template}:{person.id}",
        )


async def _remind(ctx: Context, tx: Transaction, task: TaskRow, due: Due) -> None:
    holder = await account_by_id(tx, task.holder_id)
    if holder is None or task.lease_ends_at is None:
        return
    left = task.lease_ends_at - ctx.clock.now()
    await write_mail(
        ctx,
        tx,
        template="lease_reminder",
        recipient=holder.mail,
        language=holder.language,
        data={
            "title": task.title,
            "left": duration(left, holder.language),
            "link": address_of(ctx, f"/console/pool/{task.id}"),
        },
        event_key=f"lease:{task.id}:{task.claim_number}:{due.at.isoformat()}"[:120],
    )


def _same_claim(task: TaskRow, due: Due) -> bool:
    return task.state is TaskState.CLAIMED and task.claim_number == due.data.get("number")
