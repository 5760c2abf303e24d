"""Readers find librarians: who waits, who is offered to whom, who comes back into the queue.

Rows are locked in one order everywhere, so that no two transactions wait for each other in a ring: people by id, then
sessions by id, then promises (due rows).
"""

from dataclasses import dataclass, replace
from datetime import datetime
from itertools import takewhile

from server.context import Context
from server.domain import duty as duties
from server.domain.chat import ChatSession, State
from server.domain.errors import Conflict
from server.domain.events import BoardChanged, CrewChanged, DutyChanged, QueueChanged
from server.domain.permissions import Role
from server.domain.policies import ChatPolicy
from server.domain.routing import Offer, OnDuty, Roster, Waiting, match, next_widening
from server.store.chat import record_event, session_by_id
from server.store.dues import Due, cancel_due, cancel_dues, set_due, set_due_once
from server.store.duty import (
    give_slot_back,
    lock_duty,
    names_of,
    save_duty,
    take_hold,
    take_slot,
)
from server.store.participants import leave
from server.store.policies import policy_at
from server.store.queues import (
    anybody_waiting,
    forget_declined,
    hold_as_read,
    mark_offered,
    mark_requeued,
    neighbours,
    waiting_sessions,
)
from server.store.rosters import anybody_free, free_anywhere, on_duty_near
from server.store.rows import Reader, Transaction

QUEUE_DUES = ("widen", "offer_again")  # promises about a session that hold only while it is in the queue
_ATTEMPTS = 3


class _Overtaken(Exception):
    """Somebody's room was gone between looking and reserving: look again, lest a later reader go first."""


@dataclass(frozen=True, slots=True)
class _Made:
    """An offer whose person and session were both still there; ``version`` is of the person's duty."""

    staff_id: str
    session_id: str
    offer_id: str
    version: int


async def enqueue(ctx: Context, tx: Transaction, session: ChatSession) -> None:
    """A new session waits from now on; called in the transaction that stores it."""
    now = ctx.clock.now()
    policy = await policy_at(tx, "", now)
    await _promise_widening(tx, session, now, policy)
    # A reader who never connects is as gone as one who left.
    await set_due(tx, "reader_gone", session.id, now + policy.seconds("reader_grace_seconds"))
    tell_queue(tx, session)


async def dispatch(ctx: Context) -> int:
    """Make every offer that can be made now, strictly first come first served; returns how many.

    Runs in a transaction of its own, one at a time over all processes: called by the workers as soon as the queue or
    somebody's freedom changes (``QueueChanged``), and twice a second while anybody waits, so that a lost hint costs
    half a second and no more.
    """
    if not await anybody_waiting(ctx.db.read):
        return 0
    for attempt in range(_ATTEMPTS):
        try:
            return await _dispatch_once(ctx, strict=attempt < _ATTEMPTS - 1)
        except _Overtaken:
            continue
    return 0


async def widen(ctx: Context, tx: Transaction, due: Due) -> datetime | None:
    """The session's circle widens now; says when it widens next. (Due ``widen``.)"""
    session = await session_by_id(tx, due.subject_id)
    if session is None or session.state not in (State.QUEUED, State.OFFERED):
        return None
    now = ctx.clock.now()
    tx.announce(QueueChanged())
    return next_widening(waiting_of(session), now, await policy_at(tx, "", now))


async def begin_round(ctx: Context, tx: Transaction, due: Due) -> None:
    """Who declined or missed the session may be asked once more, rather than nobody. (Due ``offer_again``.)"""
    await forget_declined(tx, due.subject_id)
    tx.announce(QueueChanged())


async def release_slot(ctx: Context, tx: Transaction, session: ChatSession) -> ChatSession | None:
    """The session stops counting against anybody's capacity, at once; called before it is ended.

    Returns the session as it stands by now, its row held to the end of the transaction; None when it has ended.
    Raises Conflict ``session_moving`` when it changes hands faster than it can be held.
    """
    for _ in range(_ATTEMPTS):
        if not session.open:
            return None
        active = session.state is State.ACTIVE
        person = session.staff_id if active else session.offered_to
        duty = await lock_duty(tx, person) if person else None
        if await hold_as_read(tx, session):
            if duty is not None:
                after = (
                    duties.session_released(duty, ctx.clock.now()) if active else duties.offer_withdrawn(duty)
                )
                await save_duty(tx, after, "released")
            if not active and person:
                await cancel_due(tx, "offer_expiry", session.offer_id)
            await cancel_dues(tx, QUEUE_DUES, session.id)
            tell_queue(tx, session)
            return session
        fresh = await session_by_id(tx, session.id)  # offered, accepted or ended in this very moment
        if fresh is None:
            return None
        session = fresh
    raise Conflict("session_moving")


async def requeue_session(ctx: Context, tx: Transaction, session: ChatSession, why: str) -> None:
    """Give an active session back to the queue at its original place, both sides told; ``why``: lost, transfer.

    After a transfer the circles begin anew at the desk it is aimed at, and who passed it on is asked again only after
    a while, rather than nobody; a lost librarian's reader keeps the circle they had reached. Raises Conflict
    ``session_moving`` when its holder has changed.
    """
    duty = await lock_duty(tx, session.staff_id)
    if duty is not None:
        await save_duty(tx, duties.session_released(duty, ctx.clock.now()), why)
    await requeue_released(ctx, tx, session, why)


async def requeue_released(ctx: Context, tx: Transaction, session: ChatSession, why: str) -> None:
    """As ``requeue_session``, for a holder whose duty the transaction has locked and counted down already."""
    now = ctx.clock.now()
    back = replace(session, circle_from=now if why == "transfer" else session.circle_from)
    if not await mark_requeued(tx, session, circle_from=back.circle_from):
        raise Conflict("session_moving")
    for person in filter(None, (session.staff_id, session.supervisor_id)):
        await leave(tx, session.id, person, now)
    names = await names_of(tx, [session.staff_id])
    data = {"why": why, "staff": {"id": session.staff_id, "name": names.get(session.staff_id, "")}}
    tx.announce(await record_event(tx, session_id=session.id, kind="requeued", at=now, data=data))
    policy = await policy_at(tx, "", now)
    await _promise_widening(tx, back, now, policy)
    if back.declined:
        await set_due_once(tx, "offer_again", session.id, now + policy.seconds("offer_again_seconds"))
    tx.announce(CrewChanged(session.id))
    tell_queue(tx, session)


async def move_hold(ctx: Context, tx: Transaction, session: ChatSession, to: str) -> None:
    """Hand an active session's place in the load from its holder to another person, beyond their capacity if need be.

    Capacity limits what the system brings somebody, not what a supervisor takes on to protect a reader (R-ORG.5).
    Holds the session's row; changing it is the caller's. Raises Conflict ``session_moving``.
    """
    for person in sorted({session.staff_id, to}):
        if person == to:
            version = await take_hold(tx, to)
            if version is None:
                raise Conflict("session_moving")
            tx.announce(DutyChanged(to, version, "session"))
        elif (duty := await lock_duty(tx, person)) is not None:
            await save_duty(tx, duties.session_released(duty, ctx.clock.now()), "released")
    if not await hold_as_read(tx, session):
        raise Conflict("session_moving")
    tx.announce(QueueChanged())


def tell_queue(tx: Transaction, session: ChatSession) -> None:
    """The queue has changed: dispatch looks again, and so do the managers' boards."""
    tx.announce(QueueChanged())
    tx.announce(BoardChanged(session.desk_id))


def waiting_of(session: ChatSession) -> Waiting:
    """What routing must know of the session."""
    return Waiting(
        session.id,
        session.target_desk_id,
        session.topic,
        session.language,
        session.queued_at,
        session.circle_from,
        session.priority,
        session.practice,
        session.target_staff_id,
        session.declined,
        offered=session.state is State.OFFERED,
        reader_id=session.reader_id,
    )


async def with_supervision(db: Reader, staff: list[OnDuty], now: datetime) -> list[OnDuty]:
    """The staff, with the interns marked whose library lets them answer readers under supervision (R-ORG.5)."""
    libraries = {someone.library_id for someone in staff if someone.role is Role.INTERN}
    live = {
        library for library in libraries if (await policy_at(db, library, now)).intern_live == "supervised"
    }
    return [
        replace(o, supervised=True) if o.role is Role.INTERN and o.library_id in live else o for o in staff
    ]


async def _dispatch_once(ctx: Context, *, strict: bool) -> int:
    now = ctx.clock.now()
    async with ctx.transaction() as tx:
        await tx.lock("routing")
        if not await anybody_free(tx, now):
            return 0
        policy = await policy_at(tx, "", now)
        waiting = await waiting_sessions(tx)
        offers = match(waiting, await _roster(tx, waiting, now), now, policy)
        made = await _make(ctx, tx, offers, now, strict=strict)
        for one in made:
            expires = now + policy.seconds("offer_seconds")
            await set_due(tx, "offer_expiry", one.offer_id, expires, {"session": one.session_id})
            tx.announce(DutyChanged(one.staff_id, one.version, "offer"))
    return len(made)


async def _make(
    ctx: Context, tx: Transaction, offers: list[Offer], now: datetime, *, strict: bool
) -> list[_Made]:
    """Reserve the people in the order of their ids, then the sessions in theirs; ``offers`` come first come first.

    Whose person has no room any more ends the round when it is not ``strict``: those ahead are offered, and nobody
    behind them, who might be offered somebody that is theirs in the next round.
    """
    versions: dict[str, int] = {}
    for offer in sorted(offers, key=lambda each: each.staff_id):
        version = await take_slot(tx, offer.staff_id)
        if version is not None:
            versions[offer.staff_id] = version
        elif strict:
            raise _Overtaken
    ahead = list(takewhile(lambda each: each.staff_id in versions, offers))
    for offer in offers[len(ahead) :]:
        if offer.staff_id in versions:
            await give_slot_back(tx, offer.staff_id)
    made: list[_Made] = []
    for offer in sorted(ahead, key=lambda each: each.session_id):
        one = _Made(offer.staff_id, offer.session_id, ctx.ids.new(), versions[offer.staff_id])
        if await mark_offered(
            tx,
            one.session_id,
            offer_id=one.offer_id,
            staff_id=one.staff_id,
            supervisor_id=offer.supervisor_id,
            at=now,
        ):
            made.append(one)
        else:
            await give_slot_back(
                tx, offer.staff_id
            )  # the reader has left meanwhile; the duty row is still ours
    return made


async def _roster(db: Reader, waiting: list[Waiting], now: datetime) -> Roster:
    """Who could be offered something: all near the waiting desks, and from afar as many as may be needed.

    Among the first n + d + 1 of a need there is somebody left for each of n sessions of which each was declined by at
    most d people and asked by one, if there is anybody at all: the bound never hides the last suitable person.
    """
    found = {someone.staff_id: someone for someone in await on_duty_near(db, now)}
    limit = 1 + len(waiting) + max((len(session.declined) for session in waiting), default=0)
    for need in {session.need for session in waiting}:
        for someone in await free_anywhere(db, need, now, limit=limit):
            found.setdefault(someone.staff_id, someone)
    return Roster(await with_supervision(db, list(found.values()), now), await neighbours(db))


async def _promise_widening(tx: Transaction, session: ChatSession, now: datetime, policy: ChatPolicy) -> None:
    at = next_widening(waiting_of(session), now, policy)
    if at is not None:
        await set_due(tx, "widen", session.id, at)
