"""The task pool at work: look at it, claim a task, hand it back with what was searched (R-72.1, .2, .5, .7)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from server.actions.kept_policies import kept_policies
from server.actions.pool_entry import note_step
from server.context import Context
from server.domain.consultations import Consultation
from server.domain.desks import Desk, Library
from server.domain.errors import Conflict, Invalid, NotFound
from server.domain.events import PoolChanged
from server.domain.permissions import Actor, Role, ScopeKind, Verb, demand, may
from server.domain.pool import ClaimLine, Onlooker, PoolFilter, PoolRow, TaskRow, TrailLine
from server.domain.task_policies import TaskPolicy
from server.domain.tasks import (
    SEARCH_OUTCOMES,
    Action,
    Channel,
    Task,
    TaskState,
    Worker,
    after,
    demand_claim,
    demand_held,
    demand_visible,
)
from server.store.consultations import consultations_of_task
from server.store.dues import cancel_due, set_due
from server.store.libraries import desks_by_ids, desks_of, libraries_by_ids
from server.store.policies import task_policy_read
from server.store.pool_lists import (
    add_trail,
    claims_of,
    desk_ids_of,
    desk_ids_read,
    pool_row,
    pool_rows,
    stages_read,
    trail_of,
)
from server.store.reads import read_together
from server.store.rows import Reader, Transaction
from server.store.tasks import (
    Claim,
    claim,
    concerned_read,
    free_claim_slot,
    lock_claim_slots,
    lock_task_of,
    put_back,
    rules_of,
    rules_view,
    take_claim_slot,
    task_read,
)

PAGE = 50
PLACE, NOTE, ENTRIES = 200, 1000, 30


@dataclass(frozen=True, slots=True)
class PoolPage:
    """A page of the list, where it goes on, and how many tasks stand at each stage."""

    rows: list[PoolRow]
    desks: dict[str, Desk]
    libraries: dict[str, Library]
    policies: dict[str, TaskPolicy]
    goes_on_after: tuple[datetime, str] | None
    stages: dict[int, int]
    mine: int
    to_release: int
    claims_held: int  # how many one person may hold


@dataclass(frozen=True, slots=True)
class Searched:
    """One place where the claimant looked, and why the document was not to be had there."""

    place: str
    outcome: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Opened:
    """A task as one librarian sees it when they open it."""

    row: PoolRow
    rules: Task
    consultations: list[Consultation]
    trail: list[TrailLine]
    claims: list[ClaimLine]


async def worker_of(db: Reader, actor: Actor) -> Worker:
    """The actor as the rules of the pool see them."""
    return await _worker(db, actor, await desk_ids_of(db, actor.account_id))


async def _worker(db: Reader, actor: Actor, desks: frozenset[str]) -> Worker:
    if Role.MANAGER in actor.roles:
        desks |= {desk.id for desk in await desks_of(db, actor.library_id)}
    return Worker(actor.account_id, desks, Role.LIBRARIAN in actor.roles)


async def pool_page(
    ctx: Context, actor: Actor, chosen: PoolFilter, after_place: tuple[datetime, str] | None = None
) -> PoolPage:
    """A page of the pool: what the actor may take, holds, or may release, longest wait first."""
    demand(actor, Verb.WATCH_POOL)
    who = await _onlooker(ctx, actor)
    rows = await pool_rows(ctx.db.read, who, chosen, after=after_place, limit=PAGE + 1)
    last = rows[PAGE - 1].task if len(rows) > PAGE else None
    place = (last.clock_from_at, last.id) if last else None
    counted = replace(chosen, view="pool", stage=None)
    stages, mine, waits = await read_together(
        ctx.db.read,
        stages_read(who, counted),
        stages_read(who, PoolFilter("mine")),
        stages_read(who, PoolFilter("release")),
    )
    to_release = sum(waits.values()) if may(actor, Verb.RELEASE_ANSWER) else 0
    desks = await desks_by_ids(ctx.db.read, sorted({row.task.desk_id for row in rows}))
    libraries = await libraries_by_ids(ctx.db.read, sorted({row.task.library_id for row in rows}))
    return PoolPage(
        rows=rows[:PAGE],
        desks=desks,
        libraries=libraries,
        policies=await kept_policies(ctx, ctx.db.read, {row.policy_id for row in rows if row.policy_id}),
        goes_on_after=place,
        stages=stages,
        mine=sum(mine.values()),
        to_release=to_release,
        claims_held=who.policy.claims_held,
    )


async def open_task(ctx: Context, actor: Actor, task_id: str) -> Opened:
    """The task with all that a librarian needs to work on it. Raises NotFound for what is not open to them."""
    demand(actor, Verb.WATCH_POOL)
    db = ctx.db.read
    found = await pool_row(db, await _onlooker(ctx, actor), task_id)
    if found is None:
        raise NotFound("task_not_found")
    rules = await rules_view(db, found.task)
    claims = await claims_of(db, task_id)
    worked = actor.account_id in {each.staff_id for each in claims}
    if not worked and not _oversees(actor):
        demand_visible(rules, await worker_of(db, actor))
    consultations = await consultations_of_task(db, task_id)
    return Opened(found, rules, consultations, await trail_of(db, task_id), claims)


async def claim_task(ctx: Context, actor: Actor, task_id: str) -> int:
    """Take a task: of many who press, one has it, and nobody holds more than the cap (R-72.5). Returns its number.

    Claiming what one holds already is the same claim. Raises Conflict ``task_taken``, ``task_done``, ``claims_full``,
    NotAllowed ``task_not_open_yet``, ``handed_back_before``, ``own_question``.
    """
    demand(actor, Verb.WORK_TASK)
    db, now = ctx.db.read, ctx.clock.now()
    row, concerned, desks, in_force = await read_together(
        db,
        task_read(task_id),
        concerned_read(task_id),
        desk_ids_read(actor.account_id),
        task_policy_read("", now),
    )
    if row is None:
        raise NotFound("task_not_found")
    if row.state is TaskState.CLAIMED:
        if row.lease_ends_at is not None and row.lease_ends_at <= now:
            async with ctx.transaction() as tx:
                await end_lease(ctx, tx, row)
            return await claim_task(ctx, actor, task_id)
        if row.holder_id == actor.account_id:
            return row.claim_number
    if row.state is not TaskState.OPEN:  # of many who press, most are told so at once
        raise Conflict("task_done" if row.state is TaskState.DONE else "task_taken", "R-72.1")
    rules = rules_of(row, concerned)
    demand_claim(rules, await _worker(db, actor, desks), now)
    policy, limit = rules.waiting[0].policy, in_force.claims_held
    until = now + timedelta(hours=policy.lease_hours)
    number = row.claim_number + 1
    taken = Claim(ctx.ids.new(), task_id, number, actor.account_id, actor.library_id, now)
    async with ctx.transaction() as tx:
        full = Conflict("claims_full", "R-72.5", limit=limit)
        await take_claim_slot(tx, actor.account_id, limit=limit, refusal=full)
        await claim(tx, taken, until, refusal=Conflict("task_taken", "R-72.1"))
        await promise_lease(tx, task_id, number, until, policy)
        for waiting in rules.waiting:
            await note_step(
                ctx, tx, waiting.id, "claimed", actor_id=actor.account_id, public=False, number=number
            )
        tx.announce(PoolChanged(task_id, "claimed"))
    return number


async def hand_back(
    ctx: Context, actor: Actor, task_id: str, claim_number: int, entries: Sequence[Searched]
) -> None:
    """Give the task back so that others go on searching, with where one has looked (R-72.2, R-72.7).

    Raises Conflict ``lease_over``, Invalid by field. A document request needs at least one place searched.
    """
    demand(actor, Verb.WORK_TASK)
    checked = [_checked(entry, number) for number, entry in enumerate(entries[:ENTRIES])]
    now = ctx.clock.now()
    async with ctx.transaction() as tx:
        _, rules = await hold(ctx, tx, actor, task_id, claim_number)
        after(rules.state, Action.HAND_BACK)
        if not checked and rules.channel is Channel.DOCUMENT:
            raise Invalid("trail_missing", "entries", "R-72.2")
        await _add_entries(ctx, tx, actor.account_id, (task_id, claim_number), checked)
        await put_back(tx, task_id, claim_number, now, "handed_back")
        await free_claim_slot(tx, actor.account_id)
        await cancel_due(tx, "lease", task_id)
        for waiting in rules.waiting:
            await note_step(ctx, tx, waiting.id, "handed_back", actor_id=actor.account_id, public=False)
        tx.announce(PoolChanged(task_id, "handed_back"))


async def hold(
    ctx: Context, tx: Transaction, actor: Actor, task_id: str, claim_number: int
) -> tuple[TaskRow, Task]:
    """The task, locked, for who holds it under this claim number. Raises NotFound, Conflict ``lease_over``."""
    row = await lock_held(tx, actor, task_id)
    rules = await rules_view(tx, row)
    demand_held(rules, Worker(actor.account_id), claim_number, ctx.clock.now())
    return row, rules


async def lock_held(tx: Transaction, actor: Actor, task_id: str) -> TaskRow:
    """The task, locked for whoever says that they hold it. Raises NotFound."""
    row = await lock_task_of(tx, actor.account_id, task_id)
    if row is None:
        raise NotFound("task_not_found")
    return row


async def end_lease(ctx: Context, tx: Transaction, task: TaskRow) -> None:
    """The claim has run out: the task lies in the pool again, once, whoever notices first (R-72.5)."""
    await lock_claim_slots(tx, task.holder_id)
    if not await put_back(tx, task.id, task.claim_number, ctx.clock.now(), "expired"):
        return
    await free_claim_slot(tx, task.holder_id)
    await cancel_due(tx, "lease", task.id)
    for waiting in await consultations_of_task(tx, task.id, waiting=True):
        await note_step(ctx, tx, waiting.id, "expired", actor_id=task.holder_id, public=False)
    tx.announce(PoolChanged(task.id, "expired"))


async def promise_lease(
    tx: Transaction, task_id: str, number: int, until: datetime, policy: TaskPolicy
) -> None:
    """One row reminds the claimant and then ends the lease (R-72.5)."""
    remind_at = until - timedelta(hours=policy.lease_reminder_hours)
    await set_due(tx, "lease", task_id, remind_at, {"number": number})


async def _add_entries(
    ctx: Context, tx: Transaction, staff_id: str, claimed: tuple[str, int], entries: Sequence[Searched]
) -> None:
    """Add to the search trail of a task, under the number of a claim."""
    task_id, number = claimed
    for entry in entries:
        await add_trail(
            tx,
            entry_id=ctx.ids.new(),
            task_id=task_id,
            claim_number=number,
            staff_id=staff_id,
            place=entry.place,
            outcome=entry.outcome,
            note=entry.note,
            at=ctx.clock.now(),
        )


def _checked(entry: Searched, number: int) -> Searched:
    place, note = " ".join(entry.place.split()), entry.note.strip()
    if not place:
        raise Invalid("field_required", f"entries[{number}].place", "R-72.2")
    if len(place) > PLACE:
        raise Invalid("field_too_long", f"entries[{number}].place", limit=PLACE, length=len(place))
    if len(note) > NOTE:
        raise Invalid("field_too_long", f"entries[{number}].note", limit=NOTE, length=len(note))
    if entry.outcome not in SEARCH_OUTCOMES:
        choices = ", ".join(SEARCH_OUTCOMES)
        raise Invalid("choice_wrong", f"entries[{number}].outcome", choices=choices, text=entry.outcome)
    return Searched(place, entry.outcome, note)


def _oversees(actor: Actor) -> bool:
    """Whether the whole pool is theirs to see: the alliance's duty managers and the administrators."""
    overseeing = {Role.MANAGER, Role.ADMINISTRATOR}
    return any(grant.role in overseeing and grant.scope is ScopeKind.ALLIANCE for grant in actor.grants)


async def _onlooker(ctx: Context, actor: Actor) -> Onlooker:
    db, now = ctx.db.read, ctx.clock.now()
    desks, policy = await read_together(db, desk_ids_read(actor.account_id), task_policy_read("", now))
    desks = (await _worker(db, actor, desks)).desk_ids
    return Onlooker(actor.account_id, desks, actor.library_id, now, policy, everything=_oversees(actor))
