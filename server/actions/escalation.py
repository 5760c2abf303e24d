"""What the clock does to tasks: each step once, however many workers run and whatever kills them (R-72.5 to R-72.7).

Workers only announce. What may be answered is judged at the moment of the answer, from the submission alone. Thousands
may come to a deadline in one second: every step is a statement over all of them.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from server.actions.kept_policies import kept_policies
from server.actions.links import address_of
from server.actions.mails import new_mail, write_mails
from server.actions.pool_entry import reader_mail
from server.context import Context
from server.domain.accounts import Account
from server.domain.consultations import Consultation, Step
from server.domain.errors import Invalid
from server.domain.events import PoolChanged
from server.domain.pool import TaskRow
from server.domain.task_policies import TaskPolicy
from server.domain.tasks import TaskState
from server.store.accounts import accounts_by_ids, managers_by_library
from server.store.clocks import (
    add_steps,
    expire_claims,
    lock_claimants,
    lock_tasks,
    open_many,
    raise_stages,
    settle_clocks,
    tasks_by_ids,
    waiting_by_ids,
    waiting_on,
)
from server.store.dues import Due
from server.store.mails import Mail
from server.store.rows import Reader, Transaction
from server.words.times import dated_moment, duration

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


async def turn_clocks(ctx: Context, tx: Transaction, dues: Sequence[Due]) -> dict[str, datetime]:
    """Take every step that waiting consultations have come to; says when each one's next is. (Due ``task_clock``.)

    A worker that slept for a day takes them all at once, each once.
    """
    waiting = await waiting_by_ids(tx, [due.subject_id for due in dues])
    policies = await kept_policies(ctx, tx, {c.policy_id for c in waiting})
    now, next_at = ctx.clock.now(), dict[str, datetime]()
    reached: dict[str, list[Consultation]] = {milestone.kind: [] for milestone in MILESTONES}
    for c in waiting:
        for milestone in MILESTONES:
            at = c.submitted_at + milestone.at(policies[c.policy_id])
            if at <= now:
                reached[milestone.kind].append(c)
            else:
                next_at[c.id] = min(at, next_at.get(c.id, at))
    await lock_tasks(tx, {c.task_id for c in waiting})
    moved: set[str] = set()
    for milestone in MILESTONES:
        moved |= await _take(ctx, tx, milestone, reached[milestone.kind])
    if moved:
        await settle_clocks(tx, moved)
    return next_at


async def turn_clock(ctx: Context, tx: Transaction, due: Due) -> datetime | None:
    """The same for one."""
    return (await turn_clocks(ctx, tx, [due])).get(due.subject_id)


async def watch_leases(ctx: Context, tx: Transaction, dues: Sequence[Due]) -> dict[str, datetime]:
    """Remind claimants before their leases end; at the end the tasks return to the pool (R-72.5). (Due ``lease``.)"""
    claims = {due.subject_id: due.data.get("number") for due in dues}
    now, held = ctx.clock.now(), await _held(tx, claims)
    over = {task.holder_id for task in held.values() if task.lease_ends_at and task.lease_ends_at <= now}
    if over:
        await lock_claimants(tx, over)
        await lock_tasks(tx, held)
        held = await _held(tx, claims)  # answered or handed back meanwhile, a claim is over
    ends_at = {task.id: task.lease_ends_at for task in held.values() if task.lease_ends_at}
    await _expire(ctx, tx, [held[task_id] for task_id, at in ends_at.items() if at <= now])
    later = {task_id: at for task_id, at in ends_at.items() if at > now}
    await _remind(ctx, tx, [(held[due.subject_id], due) for due in dues if due.subject_id in later])
    return later


async def watch_lease(ctx: Context, tx: Transaction, due: Due) -> datetime | None:
    """The same for one."""
    return (await watch_leases(ctx, tx, [due])).get(due.subject_id)


async def _take(
    ctx: Context, tx: Transaction, milestone: Milestone, reached: Sequence[Consultation]
) -> set[str]:
    """Take one step for all who have come to it; returns the tasks whose stage must be counted anew."""
    if not reached:
        return set()
    now, escalated = ctx.clock.now(), milestone.kind == "escalated"
    if milestone.kind == "opened":
        opened = await open_many(tx, {c.task_id for c in reached}, now)
        first = {c.task_id: c for c in reversed(reached) if c.task_id in opened}
        await _note(ctx, tx, list(first.values()), milestone.kind, public=False)
        return set()
    behind = [c.id for c in reached if c.stage < milestone.stage]
    raised = await raise_stages(tx, behind, milestone.stage, escalated_at=now if escalated else None)
    taken = [c for c in reached if c.id in raised]
    await _note(ctx, tx, taken, milestone.kind, public=escalated)
    if escalated:
        await _tell_readers(ctx, tx, taken)
    if escalated or milestone.kind == "overdue":
        await _tell_managers(ctx, tx, taken, milestone.kind)
    return {c.task_id for c in taken}


async def _note(
    ctx: Context, tx: Transaction, taken: Sequence[Consultation], kind: str, *, public: bool
) -> None:
    steps = [Step(ctx.ids.new(), c.id, kind, ctx.clock.now(), public=public) for c in taken]
    await add_steps(tx, steps)
    for task_id in {c.task_id: None for c in taken}:
        tx.announce(PoolChanged(task_id, kind))


async def _tell_readers(ctx: Context, tx: Transaction, escalated: Sequence[Consultation]) -> None:
    """An address that no mail can go to holds nothing up: it is noted with the consultation."""
    mails: list[Mail] = []
    failed: list[Step] = []
    template = "request_escalated"
    for c in escalated:
        if not c.mail:
            continue
        try:
            mails.append(reader_mail(ctx, c, template, event="escalated"))
        except Invalid:
            data = f'{{"template": "{template}"}}'
            failed.append(Step(ctx.ids.new(), c.id, "mail_failed", ctx.clock.now(), public=False, data=data))
    await write_mails(ctx, tx, mails)
    await add_steps(tx, failed)


async def _tell_managers(ctx: Context, tx: Transaction, taken: Sequence[Consultation], kind: str) -> None:
    """Escalated: the library's managers; overdue, or where it has none: the alliance's duty managers (R-72.6)."""
    if not taken:
        return
    managers = await managers_by_library(tx)
    everywhere = managers.get("", [])
    mails: list[Mail] = []
    for c in taken:
        people = everywhere if kind == "overdue" else managers.get(c.library_id, everywhere)
        mails += [_manager_mail(ctx, c, person, f"task_{kind}_manager") for person in people]
    await write_mails(ctx, tx, mails)


def _manager_mail(ctx: Context, c: Consultation, person: Account, template: str) -> Mail:
    return new_mail(
        ctx,
        template=template,
        recipient=person.mail,
        language=person.language,
        data={
            "title": c.title,
            "number": c.id,
            "waited": duration(ctx.clock.now() - c.submitted_at, person.language),
            "link": address_of(ctx, f"/console/pool/{c.task_id}"),
        },
        event_key=f"consultation:{c.id}:{template}:{person.id}",
    )


async def _expire(ctx: Context, tx: Transaction, tasks: Sequence[TaskRow]) -> None:
    """The claims have run out: the locked tasks lie in the pool again (R-72.5)."""
    if not tasks:
        return
    await expire_claims(tx, tasks, ctx.clock.now())
    holders = {task.id: task.holder_id for task in tasks}
    await add_steps(
        tx,
        [
            Step(ctx.ids.new(), consultation_id, "expired", ctx.clock.now(), holders[task_id], public=False)
            for consultation_id, task_id in (await waiting_on(tx, holders)).items()
        ],
    )
    for task_id in holders:
        tx.announce(PoolChanged(task_id, "expired"))


async def _remind(ctx: Context, tx: Transaction, ending: Sequence[tuple[TaskRow, Due]]) -> None:
    if not ending:
        return
    holders = await accounts_by_ids(tx, {task.holder_id for task, _ in ending})
    mails = [
        _reminder(ctx, task, due, holders[task.holder_id])
        for task, due in ending
        if task.holder_id in holders
    ]
    await write_mails(ctx, tx, mails)


def _reminder(ctx: Context, task: TaskRow, due: Due, holder: Account) -> Mail:
    assert task.lease_ends_at is not None, "only what ends is reminded of"
    return new_mail(
        ctx,
        template="lease_reminder",
        recipient=holder.mail,
        language=holder.language,
        data={
            "title": task.title,
            "left": duration(task.lease_ends_at - ctx.clock.now(), holder.language),
            "until": dated_moment(task.lease_ends_at, ZoneInfo(ctx.settings.zone), holder.language),
            "link": address_of(ctx, f"/console/pool/{task.id}"),
        },
        event_key=f"lease:{task.id}:{task.claim_number}:{due.at.isoformat()}"[:120],
    )


async def _held(db: Reader, claims: Mapping[str, object]) -> dict[str, TaskRow]:
    """Those of the tasks that are still held under the claim's number."""
    tasks = await tasks_by_ids(db, claims)
    claimed = (task for task in tasks if task.state is TaskState.CLAIMED)
    return {task.id: task for task in claimed if task.claim_number == claims[task.id]}
