"""What the clock does to many conversations at once: circles, offers, librarians and readers who are gone.

Each does to many what the action of the same promise does to one (`routing`, `offers`, `duty`, `presence`), by
statements over all of them. People, sessions, their logs and promises are held in this order and looked at again once
they are: a conversation that has changed hands meanwhile is left as it is, or looked at anew.
"""

import json
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime

from server.actions.presence import gone_readers, gone_staff
from server.actions.routing import QUEUE_DUES, waiting_of
from server.context import Context
from server.domain import duty as duties
from server.domain.chat import ChatSession, EndReason, State, state_after_end
from server.domain.duty import AwayReason, Duty
from server.domain.errors import Conflict
from server.domain.events import BoardChanged, ChatEventRecorded, CrewChanged, QueueChanged
from server.domain.routing import next_widening
from server.store.chat import sessions_by_ids
from server.store.desk_clocks import (
    everybody_in,
    forget_all_declined,
    insert_events,
    leave_together,
    lock_sessions,
    mark_all_ended,
    mark_all_requeued,
    mark_all_unoffered,
    strike_out_together,
    supervised_by_any,
    turn_logs,
    with_people,
)
from server.store.dues import Due, set_dues, set_dues_once
from server.store.duty import lock_duties, names_of, save_duties
from server.store.participants import participant_id
from server.store.policies import policy_at
from server.store.rows import Transaction


async def widen_all(ctx: Context, tx: Transaction, dues: Sequence[Due]) -> dict[str, datetime]:
    """The sessions' circles widen now; says when each widens next. (Due ``widen``.)"""
    found = await sessions_by_ids(tx, [due.subject_id for due in dues])
    waiting = [session for session in found if session.state in (State.QUEUED, State.OFFERED)]
    if waiting:
        tx.announce(QueueChanged())
    return await _next_widenings(ctx, tx, waiting)


async def begin_rounds(ctx: Context, tx: Transaction, dues: Sequence[Due]) -> dict[str, datetime]:
    """Who declined or missed the sessions may be asked once more, rather than nobody. (Due ``offer_again``.)"""
    await forget_all_declined(tx, [due.subject_id for due in dues])
    tx.announce(QueueChanged())
    return {}


async def expire_offers(ctx: Context, tx: Transaction, dues: Sequence[Due]) -> dict[str, datetime]:
    """Nobody answered in time: on to the next; who misses two in a row is set away. (Due ``offer_expiry``.)"""
    offers = {due.subject_id for due in dues}
    found = await sessions_by_ids(tx, [str(due.data["session"]) for due in dues])
    offered = [session for session in found if session.state is State.OFFERED and session.offer_id in offers]
    people, fresh = await _hold(tx, offered)
    missed = _unmoved(offered, fresh)  # the others were answered while we waited for them
    now = ctx.clock.now()
    policy = await policy_at(tx, "", now)
    after = [duties.offer_missed(people[s.offered_to], policy) for s in missed if s.offered_to in people]
    await save_duties(tx, after, "missed")
    await _unoffer(tx, missed, missed=True)
    again_at = now + policy.seconds("offer_again_seconds")
    await set_dues_once(tx, "offer_again", {session.id: again_at for session in missed})
    return {}


async def lose_librarians(ctx: Context, tx: Transaction, dues: Sequence[Due]) -> dict[str, datetime]:
    """No connection for longer than the grace time: their readers go back to the queue. (Due ``librarian_lost``.)

    Interns whom they supervised get another full librarian (R-ORG.5).
    """
    people = await lock_duties(tx, await gone_staff(ctx, tx, [due.subject_id for due in dues]))
    theirs = await lock_sessions(tx, await with_people(tx, people))
    held = [s for s in theirs if s.state is State.ACTIVE and s.staff_id in people]
    offered = [s for s in theirs if s.state is State.OFFERED and s.offered_to in people]
    now = ctx.clock.now()
    readers, asked = Counter(session.staff_id for session in held), {s.offered_to for s in offered}
    after = [
        duties.session_released(duties.away(duty, AwayReason.LOST), now, readers[duty.staff_id])
        for duty in people.values()
    ]
    await save_duties(tx, [duties.offer_withdrawn(d) if d.staff_id in asked else d for d in after], "lost")
    await _requeue(ctx, tx, held)
    await _unoffer(tx, offered, missed=False)
    await set_dues(tx, "supervisor_lost", await supervised_by_any(tx, people), now)
    await strike_out_together(tx, ["offer_expiry"], [session.offer_id for session in offered])
    await strike_out_together(tx, ["auto_away"], people)
    if people:
        tx.announce(BoardChanged(""))
    return {}


async def end_all_gone(ctx: Context, tx: Transaction, dues: Sequence[Due]) -> dict[str, datetime]:
    """The readers have been away longer than the grace time: the sessions end. (Due ``reader_gone``.)

    What changed hands in this very moment is looked at again at once.
    """
    gone = await gone_readers(ctx, tx, [due.subject_id for due in dues])
    found = await sessions_by_ids(tx, sorted(gone))
    people, fresh = await _hold(tx, found)
    ending, now = _unmoved(found, fresh), ctx.clock.now()
    released: dict[str, Duty] = {}
    for session in ending:
        person = session.staff_id if session.state is State.ACTIVE else session.offered_to
        if duty := released.get(person) or people.get(person):
            talked = session.state is State.ACTIVE
            released[person] = duties.session_released(duty, now) if talked else duties.offer_withdrawn(duty)
    await save_duties(tx, released.values(), "released")
    await _end(ctx, tx, ending)
    ended = {session.id for session in ending}
    return {session.id: now for session in fresh if session.open and session.id not in ended}


async def _hold(
    tx: Transaction, sessions: Sequence[ChatSession]
) -> tuple[dict[str, Duty], list[ChatSession]]:
    """Hold everybody who has one of the sessions or is offered it, then the sessions; returns both as they stand."""
    people = await lock_duties(tx, {s.staff_id or s.offered_to for s in sessions} - {""})
    return people, await lock_sessions(tx, [session.id for session in sessions])


def _unmoved(before: Iterable[ChatSession], fresh: Iterable[ChatSession]) -> list[ChatSession]:
    """Those that nobody has moved between being read and being held."""
    known = {(s.id, s.state, s.staff_id, s.offer_id) for s in before}
    return [
        session
        for session in fresh
        if (session.id, session.state, session.staff_id, session.offer_id) in known
    ]


async def _unoffer(tx: Transaction, offered: Sequence[ChatSession], *, missed: bool) -> None:
    """The offers came to nothing: the readers keep their places."""
    if not offered:
        return
    _demand_all(offered, await mark_all_unoffered(tx, [session.id for session in offered], missed=missed))
    _tell_queue(tx, offered)


async def _requeue(ctx: Context, tx: Transaction, held: Sequence[ChatSession]) -> None:
    """Their holders are lost: back to their original places and the circles they had reached, both sides told."""
    if not held:
        return
    ids, now = [session.id for session in held], ctx.clock.now()
    _demand_all(held, await mark_all_requeued(tx, ids))
    numbers = await turn_logs(tx, ids, close=False)
    await leave_together(
        tx, [participant_id(s.id, who) for s in held for who in (s.staff_id, s.supervisor_id) if who], now
    )
    names = await names_of(tx, {session.staff_id for session in held})
    told = {
        s.id: {"why": "lost", "staff": {"id": s.staff_id, "name": names.get(s.staff_id, "")}} for s in held
    }
    await insert_events(tx, [_event(s, "requeued", numbers, told[s.id], now) for s in held])
    await set_dues_once(tx, "widen", await _next_widenings(ctx, tx, held))
    _tell_crews(tx, held)
    _tell_queue(tx, held)


async def _end(ctx: Context, tx: Transaction, ending: Sequence[ChatSession]) -> None:
    """They are over: the logs take no more messages, and records fall due where somebody answered (R-LIVE.5)."""
    if not ending:
        return
    ids, now = [session.id for session in ending], ctx.clock.now()
    groups = await _by_outcome(tx, ending, now)
    for (state, due), some in groups.items():
        changed = await mark_all_ended(
            tx, some, state=state, reason=str(EndReason.READER_GONE), at=now, wrap_up_due=due
        )
        _demand_all(some, changed)
    numbers = await turn_logs(tx, ids, close=True)
    told = {"by": "system", "reason": str(EndReason.READER_GONE)}
    await leave_together(tx, await everybody_in(tx, ids), now)
    await insert_events(tx, [_event(session, "ended", numbers, told, now) for session in ending])
    await strike_out_together(tx, QUEUE_DUES, ids)
    await strike_out_together(tx, ["offer_expiry"], [s.offer_id for s in ending if s.state is State.OFFERED])
    for (_, due), some in groups.items():
        if due is not None:
            await set_dues(tx, "wrap_up", some, due)
    _tell_crews(tx, ending)
    _tell_queue(tx, ending)


async def _by_outcome(
    tx: Transaction, ending: Iterable[ChatSession], now: datetime
) -> dict[tuple[State, datetime | None], list[str]]:
    """Those alike after their end: in which state, and until when their record is due."""
    groups: dict[tuple[State, datetime | None], list[str]] = {}
    libraries = sorted({session.library_id for session in ending})
    policies = {library_id: await policy_at(tx, library_id, now) for library_id in libraries}
    for session in ending:
        state = state_after_end(session, EndReason.READER_GONE)
        owed = state is State.WRAPPING_UP
        due = now + policies[session.library_id].seconds("wrap_up_seconds") if owed else None
        groups.setdefault((state, due), []).append(session.id)
    return groups


async def _next_widenings(
    ctx: Context, tx: Transaction, sessions: Iterable[ChatSession]
) -> dict[str, datetime]:
    now = ctx.clock.now()
    policy = await policy_at(tx, "", now)
    moments = {session.id: next_widening(waiting_of(session), now, policy) for session in sessions}
    return {session_id: at for session_id, at in moments.items() if at is not None}


def _event(
    session: ChatSession, kind: str, numbers: Mapping[str, int], data: Mapping[str, object], at: datetime
) -> ChatEventRecorded:
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return ChatEventRecorded(session.id, "all", numbers[session.id], kind, "system", "", "", "", "", text, at)


def _demand_all(wanted: Collection[object], changed: int) -> None:
    if changed != len(wanted):
        raise Conflict("session_moving")


def _tell_crews(tx: Transaction, sessions: Iterable[ChatSession]) -> None:
    for session in sessions:
        tx.announce(CrewChanged(session.id))


def _tell_queue(tx: Transaction, sessions: Iterable[ChatSession]) -> None:
    tx.announce(QueueChanged())
    for desk_id in sorted({session.desk_id for session in sessions}):
        tx.announce(BoardChanged(desk_id))
