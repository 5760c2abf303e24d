"""Standing duty: what one offers, and what becomes of one's readers when one is lost."""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta

from server.actions.offers import seat_supervisor, supervisor_at, unoffer
from server.actions.presence import staff_is_back
from server.actions.routing import requeue_released, requeue_session
from server.context import Context
from server.domain import duty as duties
from server.domain.accounts import answering_role
from server.domain.chat import ChatSession, State
from server.domain.duty import Availability, AwayReason, Duty, DutyWish
from server.domain.errors import Conflict, NotFound
from server.domain.events import BoardChanged, CrewChanged, QueueChanged
from server.domain.permissions import Actor, Role, Verb, demand
from server.store.chat import session_by_id
from server.store.dues import Due, cancel_due, due_moment, set_due, set_due_once
from server.store.duty import (
    bump_version,
    drifting,
    duty_of,
    insert_duty,
    lock_duty,
    recount,
    save_duty,
    set_away,
    versions_of,
)
from server.store.participants import leave
from server.store.policies import policy_at
from server.store.queues import forget_declined_by, held_by, mark_supervisor, offers_to, supervised_by
from server.store.rows import Transaction
from server.store.tasks import count_claims_with_rows, lock_claim_slots, recount_claims

log = logging.getLogger(__name__)
_ACTIVE_EVERY = timedelta(seconds=30)  # signs of life that come closer together are not written


async def set_duty(ctx: Context, actor: Actor, wish: DutyWish) -> Duty:
    """Change one's own availability, capacity, topics or languages. Raises Invalid naming the field.

    Who is available no more is offered nothing more: a pending offer goes on to the next person at once. Who comes
    back from away is offered at once whom they missed: nobody waits for the next round beside a free librarian.
    """
    demand(actor, Verb.STAND_DUTY)
    async with ctx.transaction() as tx:
        duty = await lock_duty(tx, actor.account_id) or await _first_duty(ctx, tx, actor)
        now = ctx.clock.now()
        policy = await policy_at(tx, duty.library_id, now)
        supports = Role.SUPPORT_AGENT in actor.roles
        after = duties.changed(duty, wish, policy, now, supports=supports)
        offered = []
        if duty.offers and after.availability is not Availability.AVAILABLE:
            offered = await offers_to(tx, duty.staff_id)
            after = duties.offer_withdrawn(after) if offered else after
        await save_duty(tx, after, "self")
        await _take_back(ctx, tx, offered, declined_by=duty.staff_id)
        if (duty.availability, after.availability) == (Availability.AWAY, Availability.AVAILABLE):
            await forget_declined_by(tx, duty.staff_id)
        if after.availability is Availability.AWAY:
            await cancel_due(tx, "auto_away", duty.staff_id)
        else:
            await set_due(tx, "auto_away", duty.staff_id, now + policy.seconds("auto_away_seconds"))
        tx.announce(QueueChanged())
        tx.announce(BoardChanged(""))
    return after


async def keep_active(ctx: Context, actor: Actor) -> None:
    """A sign of life from the console: automatic away counts anew. Costs a write at most every half minute."""
    demand(actor, Verb.STAND_DUTY)
    now = ctx.clock.now()
    duty = await duty_of(ctx.db.read, actor.account_id)
    if duty.availability is Availability.AWAY:
        return
    policy = await policy_at(ctx.db.read, duty.library_id, now)
    at = now + policy.seconds("auto_away_seconds")
    promised = await due_moment(ctx.db.read, "auto_away", actor.account_id)
    if promised is not None and promised > at - _ACTIVE_EVERY:
        return
    async with ctx.transaction() as tx:
        await set_due(tx, "auto_away", actor.account_id, at)


async def console_version(ctx: Context, staff_id: str) -> int:
    """The number of the last change that somebody's console shows; 0 for who stands no duty."""
    return (await console_versions(ctx, [staff_id])).get(staff_id, 0)


async def console_versions(ctx: Context, staff_ids: Sequence[str]) -> dict[str, int]:
    """The same for many, in one query: keep-alives carry it, so that a lost hint is noticed."""
    return await versions_of(ctx.db.read, staff_ids)


async def go_all_idle(ctx: Context, tx: Transaction, dues: Sequence[Due]) -> dict[str, datetime]:
    """No sign of life for long: away until they say otherwise. (Due ``auto_away``.)"""
    gone = await set_away(tx, [due.subject_id for due in dues], AwayReason.IDLE)
    for changed in gone:
        tx.announce(changed)
    if gone:
        tx.announce(BoardChanged(""))
    return {}


async def go_idle(ctx: Context, tx: Transaction, due: Due) -> None:
    """The same for one."""
    await go_all_idle(ctx, tx, [due])


async def lose_librarian(ctx: Context, tx: Transaction, due: Due) -> None:
    """No connection for longer than the grace time: their readers go back to the queue. (Due ``librarian_lost``.)"""
    if not await staff_is_back(ctx, tx, due.subject_id):
        await stand_down(ctx, tx, due.subject_id, AwayReason.LOST)


async def stand_down(ctx: Context, tx: Transaction, staff_id: str, reason: AwayReason) -> int:
    """Set somebody away and give back every reader they hold or are offered; returns how many they held.

    Readers return to their original places, both sides are told. The interns whom they supervise get another full
    librarian, or give their readers back too (R-ORG.5).
    """
    duty = await lock_duty(tx, staff_id)
    if duty is None:
        return 0
    held, offered = await held_by(tx, staff_id), await offers_to(tx, staff_id)
    now = ctx.clock.now()
    after = duties.session_released(duties.away(duty, reason), now, len(held))
    await save_duty(tx, duties.offer_withdrawn(after) if offered else after, str(reason))
    for session in held:  # in the order of their ids
        await requeue_released(ctx, tx, session, "lost")
    await _take_back(ctx, tx, offered, declined_by="")
    for session in await supervised_by(tx, staff_id):
        await set_due(tx, "supervisor_lost", session.id, now)
    await cancel_due(tx, "auto_away", staff_id)
    tx.announce(BoardChanged(""))
    return len(held)


async def replace_supervisor(ctx: Context, tx: Transaction, due: Due) -> None:
    """An intern's supervisor is gone: name another, or give the reader back. (Due ``supervisor_lost``.)"""
    session = await session_by_id(tx, due.subject_id)
    if session is None or session.state is not State.ACTIVE or not session.supervisor_id:
        return
    found = await supervisor_at(ctx, tx, session, session.staff_id)
    if not found:
        await requeue_session(ctx, tx, session, "lost")
        return
    if found == session.supervisor_id:
        return  # back again
    for person in sorted({found, session.staff_id}):
        tx.announce(await bump_version(tx, person, "supervise"))
    if not await mark_supervisor(tx, session.id, before=session.supervisor_id, after=found):
        raise Conflict("session_moving")
    await leave(tx, session.id, session.supervisor_id, ctx.clock.now())
    await seat_supervisor(ctx, tx, session.id, found)
    tx.announce(CrewChanged(session.id))


async def check_counters(ctx: Context, tx: Transaction, due: Due) -> datetime:
    """Compare every load and every count of claims with its rows, put wrong ones right and say so in the log.

    (Due ``check_counters``, nightly.) A counter that is wrong is a fault of ours: nobody should find the cap of claims
    reached (R-72.5) by tasks that they no longer hold.
    """
    for drift in sorted(await drifting(tx), key=lambda each: each.staff_id):
        if await lock_duty(tx, drift.staff_id) is not None:
            await recount(tx, drift.staff_id)
            log.warning(
                "the load of %s was %d, the rows say %d",
                drift.staff_id,
                drift.load,
                drift.held + drift.offered,
            )
    for staff_id, counted, held in sorted(await count_claims_with_rows(tx)):
        await lock_claim_slots(tx, staff_id)
        await recount_claims(tx, staff_id)
        log.warning("the claims of %s were counted as %d, the rows say %d", staff_id, counted, held)
    return ctx.clock.now() + timedelta(days=1)


async def promise_checks(ctx: Context) -> None:
    """See to it that the nightly check of the counters and the hourly sweep of old log-ins are promised."""
    async with ctx.transaction() as tx:
        await set_due_once(tx, "sweep_logins", "all", ctx.clock.now() + timedelta(hours=1))
        await set_due_once(tx, "check_counters", "all", ctx.clock.now() + timedelta(days=1))


async def _first_duty(ctx: Context, tx: Transaction, actor: Actor) -> Duty:
    now = ctx.clock.now()
    answering = answering_role(actor.grants)
    role = answering.role if answering else Role.LIBRARIAN
    policy = await policy_at(tx, actor.library_id, now)
    supports = Role.SUPPORT_AGENT in actor.roles
    first = duties.new_duty(
        actor.account_id, role, actor.library_id, supports=supports, policy=policy, now=now
    )
    await insert_duty(tx, first)
    duty = await lock_duty(tx, actor.account_id)
    if duty is None:
        raise NotFound("duty_not_found")
    return duty


async def _take_back(ctx: Context, tx: Transaction, offered: list[ChatSession], *, declined_by: str) -> None:
    for session in offered:
        await unoffer(ctx, tx, session, declined_by=declined_by)
        await cancel_due(tx, "offer_expiry", session.offer_id)
