"""An offer's short life: accepted, declined, run out, or taken back; exactly one librarian gets a reader."""

from server.actions.routing import QUEUE_DUES, tell_queue, waiting_of
from server.context import Context
from server.domain import duty as duties
from server.domain.chat import ChatSession, State, demand_another
from server.domain.duty import Duty
from server.domain.errors import Conflict
from server.domain.events import CrewChanged
from server.domain.permissions import Actor, Role, Verb, demand
from server.domain.routing import Roster
from server.store.accounts import account_by_id
from server.store.chat import record_event, session_by_id
from server.store.dues import Due, cancel_due, cancel_dues, set_due_once
from server.store.duty import bump_version, lock_duty, save_duty
from server.store.libraries import library_by_id
from server.store.participants import join
from server.store.policies import policy_at
from server.store.queues import hold_as_read, mark_accepted, mark_unoffered, session_of_offer
from server.store.rosters import on_duty_at
from server.store.rows import Reader, Transaction


async def accept_offer(ctx: Context, actor: Actor, offer_id: str) -> ChatSession:
    """Take the offered reader. A second click gives the same session again.

    An offer stands until it is taken back, so that a click in the last moment counts while nobody else was asked.
    Raises Conflict ``offer_gone``, ``own_question``, or ``no_supervisor`` for an intern whose supervisor has gone
    (R-ORG.5).
    """
    demand(actor, Verb.TAKE_OFFER)
    async with ctx.transaction() as tx:
        supervisor = await _supervisor_for(ctx, tx, actor, offer_id)
        duty = await _lock_both(tx, actor.account_id, supervisor)
        session = await session_of_offer(tx, actor.account_id, offer_id)
        if duty is None or session is None:
            raise Conflict("offer_gone")
        if session.state is State.ACTIVE:
            return session
        demand_another(session, actor.account_id)  # they have logged in as the reader after it was offered
        now = ctx.clock.now()
        await save_duty(tx, duties.offer_accepted(duty, now), "accepted")
        if not await mark_accepted(tx, session, staff_id=actor.account_id, supervisor_id=supervisor, at=now):
            raise Conflict("offer_gone")
        await _seat(ctx, tx, session, actor, supervisor)
        await cancel_due(tx, "offer_expiry", offer_id)
        await cancel_dues(tx, QUEUE_DUES, session.id)
        tell_queue(tx, session)
        accepted = await session_by_id(tx, session.id)
    assert accepted is not None
    return accepted


async def decline_offer(ctx: Context, actor: Actor, offer_id: str) -> None:
    """Say no: the reader is offered to the next person at once. Raises Conflict ``offer_gone``."""
    demand(actor, Verb.TAKE_OFFER)
    async with ctx.transaction() as tx:
        duty = await lock_duty(tx, actor.account_id)
        session = await session_of_offer(tx, actor.account_id, offer_id)
        if duty is None or session is None or session.state is not State.OFFERED:
            raise Conflict("offer_gone")
        await save_duty(tx, duties.offer_declined(duty), "declined")
        await unoffer(ctx, tx, session, declined_by=actor.account_id)
        await cancel_due(tx, "offer_expiry", offer_id)


async def expire_offer(ctx: Context, tx: Transaction, due: Due) -> None:
    """Nobody answered in time: on to the next; who misses two in a row is set away. (Due ``offer_expiry``.)"""
    session = await session_by_id(tx, str(due.data["session"]))
    if session is None or session.state is not State.OFFERED or session.offer_id != due.subject_id:
        return
    duty = await lock_duty(tx, session.offered_to)
    if not await hold_as_read(tx, session):
        return  # accepted, declined or ended while we waited for the duty row
    if duty is not None:
        policy = await policy_at(tx, "", ctx.clock.now())
        await save_duty(tx, duties.offer_missed(duty, policy), "missed")
    await unoffer(ctx, tx, session, declined_by=session.offered_to)


async def unoffer(ctx: Context, tx: Transaction, session: ChatSession, *, declined_by: str = "") -> None:
    """The offer came to nothing: the reader keeps their place; who let them wait is not asked again for a while.

    The person's duty is locked and counted down by the caller already. Raises Conflict ``offer_gone``.
    """
    if not await mark_unoffered(tx, session.id, session.offer_id, declined_by=declined_by):
        raise Conflict("offer_gone")
    if declined_by:
        now = ctx.clock.now()
        policy = await policy_at(tx, "", now)
        await set_due_once(tx, "offer_again", session.id, now + policy.seconds("offer_again_seconds"))
    tell_queue(tx, session)


async def supervisor_at(ctx: Context, db: Reader, session: ChatSession, intern_id: str) -> str:
    """A full librarian of the session's desk who is there to stand behind the intern; empty when there is none."""
    roster = Roster(await on_duty_at(db, session.target_desk_id, ctx.clock.now()))
    waiting = waiting_of(session)
    interns = [someone for someone in roster.everybody if someone.staff_id == intern_id]
    return roster.supervisor_of(waiting, interns[0]) if interns else ""


async def _supervisor_for(ctx: Context, tx: Transaction, actor: Actor, offer_id: str) -> str:
    """Whom the offer named, if still there, or another; interns answer readers only so (R-ORG.5)."""
    if Role.LIBRARIAN in actor.roles or Role.INTERN not in actor.roles:
        return ""
    session = await session_of_offer(tx, actor.account_id, offer_id)
    if session is None or session.practice or session.state is State.ACTIVE:
        return ""
    there = {o.staff_id for o in await on_duty_at(tx, session.target_desk_id, ctx.clock.now()) if o.available}
    if session.supervisor_id in there - {session.reader_id}:
        return session.supervisor_id
    found = await supervisor_at(ctx, tx, session, actor.account_id)
    if not found:
        raise Conflict("no_supervisor", "R-ORG.5")
    return found


async def _lock_both(tx: Transaction, staff_id: str, supervisor_id: str) -> Duty | None:
    duty = None
    for person in sorted(filter(None, {staff_id, supervisor_id})):
        if person == staff_id:
            duty = await lock_duty(tx, person)
        else:
            tx.announce(await bump_version(tx, person, "supervise"))
    return duty


async def _seat(ctx: Context, tx: Transaction, session: ChatSession, actor: Actor, supervisor: str) -> None:
    """The librarian sits down with the reader: taken into the crew, seen to join, both libraries named."""
    now = ctx.clock.now()
    await join(tx, session.id, kind="holder", account_id=actor.account_id, name=actor.name, at=now)
    library = await library_by_id(tx, actor.library_id)
    data = {
        "staff": {"id": actor.account_id, "name": actor.name},
        "library": {"zh": library.name_zh if library else "", "en": library.name_en if library else ""},
        "role": "holder",
    }
    tx.announce(await record_event(tx, session_id=session.id, kind="joined", at=now, data=data))
    if supervisor:
        await seat_supervisor(ctx, tx, session.id, supervisor)
    tx.announce(CrewChanged(session.id))


async def seat_supervisor(ctx: Context, tx: Transaction, session_id: str, supervisor_id: str) -> None:
    """A named full librarian sees every message from now on; only staff are told (R-ORG.5)."""
    now = ctx.clock.now()
    person = await account_by_id(tx, supervisor_id)
    name = person.name if person else ""
    await join(tx, session_id, kind="supervisor", account_id=supervisor_id, name=name, at=now)
    data = {"staff": {"id": supervisor_id, "name": name}}
    tx.announce(
        await record_event(tx, session_id=session_id, kind="supervised", audience="staff", at=now, data=data)
    )
