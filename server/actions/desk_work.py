"""What a librarian does in a conversation beside talking: bring in others, pass it on, pass on documents, end it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from server.actions.access import access_session, audit
from server.actions.files import copy_for_reader
from server.actions.places import demand_anybody_for
from server.actions.routing import move_hold, requeue_session, waiting_of
from server.actions.sent_files import count_files
from server.actions.sessions import end_in
from server.context import Context
from server.domain.accounts import Account
from server.domain.chat import (
    ChatSession,
    EndReason,
    Passed,
    Topic,
    WrapUp,
    admit_link,
    admit_title,
    demand_active,
    demand_another,
    demand_document_room,
    demand_open,
)
from server.domain.errors import Conflict, Invalid, NotAllowed, NotFound
from server.domain.events import CrewChanged
from server.domain.permissions import ANSWERING, Actor, Role, Verb
from server.domain.routing import demand_room, demand_there, supports, topic_given_to
from server.store.accounts import account_by_id, grants_of
from server.store.blocks import Block, insert_block
from server.store.chat import mark_wrapped_up, record_event, session_by_id
from server.store.chat_log import move_crew
from server.store.crews import hand_over, set_target
from server.store.dues import cancel_due
from server.store.duty import bump_version
from server.store.libraries import desk_by_id, library_by_id
from server.store.participants import join, leave, pass_document
from server.store.policies import policy_at
from server.store.queues import hold_as_read
from server.store.rosters import on_duty_as
from server.store.rows import Transaction


@dataclass(frozen=True, slots=True)
class Transfer:
    """Where a conversation goes and why; the reader is told."""

    to: str  # person, desk, support
    id: str
    reason: str


async def invite_colleague(ctx: Context, actor: Actor, session_id: str, staff_id: str) -> ChatSession:
    """Bring a colleague into the conversation; the reader sees them join, so they must be there.

    An intern comes only into practice: answering readers begins with the certificate (R-ORG.5). Raises Conflict
    ``colleague_absent``.
    """
    session = await _serving(ctx, actor, session_id)
    demand_active(session)
    guest = await _colleague(ctx, session, staff_id)
    async with ctx.transaction() as tx:
        await _changed(tx, session, staff_id)
        demand_there(await on_duty_as(tx, staff_id, ctx.clock.now()), guest.name)
        await _hold_open(tx, session)
        await join(tx, session.id, kind="colleague", account_id=staff_id, name=guest.name, at=ctx.clock.now())
        await move_crew(tx, session.id)
        await _tell_joined(ctx, tx, session, staff_id, role="colleague")
    return await _fresh(ctx, session)


async def leave_session(ctx: Context, actor: Actor, session_id: str) -> None:
    """A colleague goes; the holder transfers or ends instead. Raises Conflict ``holder_cannot_leave``."""
    session = await _serving(ctx, actor, session_id)
    if session.staff_id == actor.account_id:
        raise Conflict("holder_cannot_leave")
    async with ctx.transaction() as tx:
        await _changed(tx, session, actor.account_id)
        if await leave(tx, session.id, actor.account_id, ctx.clock.now()):
            await move_crew(tx, session.id)
            data = {"staff": {"id": actor.account_id, "name": actor.name}, "why": "left"}
            tx.announce(
                await record_event(tx, session_id=session.id, kind="left", at=ctx.clock.now(), data=data)
            )


async def transfer_session(ctx: Context, actor: Actor, session_id: str, transfer: Transfer) -> ChatSession:
    """Give the conversation to a person, a desk or support: it goes back into the queue at its place, aimed there.

    Somebody must be there for it, else it is refused and stays where it is: Conflict ``desk_unattended``,
    ``support_unattended``, ``desk_takes_nothing``; a person able to take it now: ``colleague_absent``,
    ``colleague_busy``, ``colleague_full``, ``own_question``.
    """
    session = await _serving(ctx, actor, session_id)
    demand_active(session)
    if not transfer.reason.strip():
        raise Invalid("transfer_reason", "reason")
    names, desk_id, staff_id, topic = await _target(ctx, actor, session, transfer)
    name = _name(names, actor)
    if not staff_id:
        aimed = replace(
            waiting_of(session), desk_id=desk_id, topic=topic, declined=frozenset({actor.account_id})
        )
        await demand_anybody_for(ctx, aimed, name, support=transfer.to == "support")
    async with ctx.transaction() as tx:
        await _changed(tx, session, actor.account_id, staff_id)
        now = ctx.clock.now()
        if staff_id:
            person = demand_room(await on_duty_as(tx, staff_id, now), name)
            topic = topic_given_to(topic, support=supports(person))
        await set_target(
            tx, session.id, desk_id=desk_id, staff_id=staff_id, topic=str(topic), declined=actor.account_id
        )
        data = {"to": {"kind": transfer.to, "name": names}, "reason": transfer.reason.strip()[:500]}
        tx.announce(
            await record_event(
                tx,
                session_id=session.id,
                kind="transferred",
                at=now,
                author_kind="staff",
                author_id=actor.account_id,
                author_name=actor.name,
                data=data,
            )
        )
        current = await session_by_id(tx, session.id)
        if current is None or current.staff_id != session.staff_id:
            raise Conflict("session_moving")
        await requeue_session(ctx, tx, current, "transfer")
    return await _fresh(ctx, session)


async def take_over(ctx: Context, actor: Actor, session_id: str) -> ChatSession:
    """A supervising full librarian takes an intern's conversation into their own hands (R-ORG.5).

    However many they have already: the reader must not wait for a better answer until somebody else is done.
    """
    session = await _serving(ctx, actor, session_id)
    demand_active(session)
    if session.supervisor_id != actor.account_id:
        raise NotAllowed("not_supervisor", "R-ORG.5")
    async with ctx.transaction() as tx:
        await _changed(tx, session, actor.account_id)
        await move_hold(ctx, tx, session, actor.account_id)
        await leave(tx, session.id, session.staff_id, ctx.clock.now())
        if not await hand_over(tx, session.id, to=actor.account_id, held_by=session.staff_id):
            raise Conflict("session_moving")
        await join(
            tx, session.id, kind="holder", account_id=actor.account_id, name=actor.name, at=ctx.clock.now()
        )
        await _tell_joined(ctx, tx, session, actor.account_id, role="holder")
    return await _fresh(ctx, session)


async def pass_on_document(
    ctx: Context, actor: Actor, session_id: str, *, title: str, url: str = "", file_id: str = ""
) -> Passed:
    """Pass on a document with its title; it is counted, and limited by policy (R-LIVE.4, R-LIVE.5)."""
    session = await _serving(ctx, actor, session_id)
    demand_open(session)
    title = admit_title(title)
    if not file_id:
        url = admit_link(url)
    policy = await policy_at(ctx.db.read, session.library_id, ctx.clock.now())
    demand_document_room(session, limit=policy.documents_per_session)
    now = ctx.clock.now()
    async with ctx.transaction() as tx:
        await _changed(tx, session, actor.account_id)
        await _hold_open(tx, session)
        file: dict[str, Any] = {}
        if file_id:
            file = await copy_for_reader(ctx, tx, session.id, file_id)
            url = file["url"]
        passed = Passed(ctx.ids.new(), title, url[:1000], file_id, actor.account_id, now)
        if not await pass_document(tx, session.id, passed, limit=policy.documents_per_session):
            raise Conflict("documents_limit", "R-LIVE.4", limit=policy.documents_per_session)
        tx.announce(
            await record_event(
                tx,
                session_id=session.id,
                kind="document",
                at=now,
                author_kind="staff",
                author_id=actor.account_id,
                author_name=actor.name,
                body=passed.title,
                data={
                    "title": passed.title,
                    "url": passed.url,
                    "file_id": passed.file_id,
                    "file": file or None,
                },
            )
        )
    return passed


async def end_for_abuse(ctx: Context, actor: Actor, session_id: str, *, reason: str, hours: int) -> None:
    """End the conversation and bar the reader for a time; a manager reviews it."""
    session = await access_session(ctx.db.read, actor, session_id, Verb.BLOCK_READER)
    if not reason.strip():
        raise Invalid("block_reason", "reason")
    if not 1 <= hours <= 24 * 30:
        raise Invalid("block_hours", "hours", low=1, high=24 * 30)
    now = ctx.clock.now()
    block = Block(
        ctx.ids.new(),
        session.reader_key,
        session.id,
        session.desk_id,
        reason.strip()[:2000],
        actor.account_id,
        now,
        now + timedelta(hours=hours),
        "",
        None,
        "",
    )
    async with ctx.transaction() as tx:
        await end_in(ctx, tx, session, EndReason.ABUSE, by="staff")
        await insert_block(tx, block)
        await audit(ctx, tx, actor, "block.set", session.id, detail=block.reason)


async def record_wrap_up(
    ctx: Context, actor: Actor, session_id: str, record: WrapUp, *, documents: Mapping[str, str] | None = None
) -> None:
    """Archive the session with its record; without one it cannot be archived (R-LIVE.5).

    ``documents`` are files that staff sent like any message, and that count as documents passed on: id to title.
    """
    session = await access_session(ctx.db.read, actor, session_id, Verb.WRAP_UP)
    if session.open:
        raise Conflict("session_not_ended", "R-LIVE.5")
    async with ctx.transaction() as tx:
        await _changed(tx, session, actor.account_id)
        if not await mark_wrapped_up(tx, session.id, record, by=actor.account_id, at=ctx.clock.now()):
            raise Conflict("already_wrapped_up")
        await count_files(ctx, tx, session, documents or {})
        await cancel_due(tx, "wrap_up", session.id)


async def _target(
    ctx: Context, actor: Actor, session: ChatSession, transfer: Transfer
) -> tuple[dict[str, str], str, str, Topic]:
    if transfer.to == "person":
        policy = await policy_at(ctx.db.read, session.library_id, ctx.clock.now())
        interns = policy.intern_live == "supervised"
        person = await _colleague(ctx, session, transfer.id, interns=interns)
        return {"zh": person.name, "en": person.name}, session.target_desk_id, person.id, session.topic
    if transfer.to == "desk":
        desk = await desk_by_id(ctx.db.read, transfer.id)
        if desk is None:
            raise NotFound("desk_not_found")
        names = {"zh": desk.name_zh, "en": desk.name_en}
        if not desk.open and desk.id != session.desk_id:  # who talks there already finishes there
            raise Conflict("desk_takes_nothing", "R-ORG.3", name=_name(names, actor))
        return names, desk.id, "", topic_given_to(session.topic, support=False)
    if transfer.to == "support":
        return {"zh": "服务咨询人员", "en": "support"}, session.target_desk_id, "", Topic.ORDER
    raise Invalid("transfer_to", "to")


def _name(names: dict[str, str], actor: Actor) -> str:
    return names["en" if actor.language == "en" else "zh"]


async def _colleague(ctx: Context, session: ChatSession, staff_id: str, *, interns: bool = False) -> Account:
    """Somebody who may join or be given the conversation; ``interns`` also where they answer readers (R-ORG.5)."""
    person = await account_by_id(ctx.db.read, staff_id)
    roles = {grant.role for grant in await grants_of(ctx.db.read, staff_id)} & ANSWERING
    if person is None or not roles:
        raise NotFound("colleague_not_found")
    if staff_id == session.staff_id:
        raise Conflict("already_in_session")
    demand_another(session, staff_id)
    if roles == {Role.INTERN} and not session.practice and not interns:
        raise NotAllowed("intern_not_certified", "R-ORG.5")
    return person


async def _serving(ctx: Context, actor: Actor, session_id: str) -> ChatSession:
    return await access_session(ctx.db.read, actor, session_id, Verb.SERVE_SESSION)


async def _fresh(ctx: Context, session: ChatSession) -> ChatSession:
    found = await session_by_id(ctx.db.read, session.id)
    assert found is not None
    return found


async def _tell_joined(
    ctx: Context, tx: Transaction, session: ChatSession, staff_id: str, *, role: str
) -> None:
    account = await account_by_id(tx, staff_id)
    assert account is not None
    library = await library_by_id(tx, account.library_id)
    data = {
        "staff": {"id": staff_id, "name": account.name},
        "library": {"zh": library.name_zh if library else "", "en": library.name_en if library else ""},
        "role": role,
    }
    tx.announce(await record_event(tx, session_id=session.id, kind="joined", at=ctx.clock.now(), data=data))


async def _hold_open(tx: Transaction, session: ChatSession) -> None:
    """Hold the session as it was read: nobody joins and nothing is passed on after the end.

    Raises Conflict ``session_ended``, or ``session_moving`` where it has changed hands.
    """
    if await hold_as_read(tx, session):
        return
    fresh = await session_by_id(tx, session.id)
    if fresh is not None:
        demand_open(fresh)
    raise Conflict("session_moving")


async def _changed(tx: Transaction, session: ChatSession, *staff_ids: str) -> None:
    """Tell the connections of the conversation and the consoles concerned to look again, once this is committed.

    Comes first in a transaction: people are locked in the order of their ids, and before sessions.
    """
    tx.announce(CrewChanged(session.id))
    for staff_id in sorted({*staff_ids, session.staff_id} - {""}):
        tx.announce(await bump_version(tx, staff_id, "session"))
