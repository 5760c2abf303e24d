"""A reader's chat session from the first question to the rating."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from server.actions.access import Admission, access_session, access_talking_desk, audit
from server.actions.arrivals import count_arrival, demand_place
from server.actions.continuations import adopt, earlier_of
from server.actions.places import place_of
from server.actions.routing import enqueue, release_slot
from server.actions.talk_links import request_address
from server.context import Context
from server.domain.chat import (
    ChatSession,
    EndReason,
    State,
    Topic,
    admit_text,
    checked_rating,
    state_after_end,
)
from server.domain.errors import Conflict, Invalid, NotAllowed
from server.domain.events import CrewChanged, QueueChanged
from server.domain.permissions import Actor, Verb, demand
from server.store.accounts import account_by_id
from server.store.blocks import block_of
from server.store.chat import (
    bind_reader,
    event_by_client_id,
    insert_session,
    mark_ended,
    mark_rated,
    open_session_of,
    record_event,
    session_by_id,
    sessions_of_reader,
)
from server.store.chat_log import hold_log
from server.store.dues import cancel_due, set_due
from server.store.libraries import desk_by_id, desk_by_slug, library_by_id
from server.store.participants import join, leave_all, participants_of
from server.store.policies import policy_at
from server.store.rows import Transaction
from server.wire.tokens import TOKEN_SECONDS, Claim, is_practice_code, practice_code, sign_token
from server.words.times import moment


@dataclass(frozen=True, slots=True)
class Opening:
    """What a reader brings when they open a conversation."""

    slug: str
    topic: str
    question: str
    language: str
    client_id: str
    page_url: str = ""
    page_title: str = ""
    name: str = ""
    previous_id: str = ""
    visitor: Actor | None = None  # who they were before they logged in, proven; the earlier one may be theirs
    practice: str = ""  # a practice code: interns answer, nobody is kept waiting (R-ORG.5)
    address: str = ""  # the network address it comes from


@dataclass(frozen=True, slots=True)
class Holder:
    """Who answers: their name and both names of their library."""

    name: str
    library_zh: str
    library_en: str


@dataclass(frozen=True, slots=True)
class SessionView:
    """A session as its reader sees it."""

    session: ChatSession
    desk_slug: str
    position: int
    wait_seconds: int | None
    on_duty: int
    holder: Holder | None
    request_url: str  # where a document request takes the conversation along; none from practice


async def open_session(ctx: Context, actor: Actor, opening: Opening) -> tuple[ChatSession, bool]:
    """Queue the reader's question at the desk; returns the session and whether it is new.

    A reader has one open session per desk: opening again (a double click, a second tab) gives the same one, and the
    question is said in it once, also where the desk has closed meanwhile. Raises NotFound for a desk that is not
    open, NotAllowed ``desk_closed`` to who has asked there before, Invalid by field, Conflict ``blocked``,
    TooMany ``too_many_sessions`` or ``queue_full``.
    """
    desk = await access_talking_desk(ctx.db.read, actor, opening.slug)
    demand(actor, Verb.OPEN_SESSION)
    now = ctx.clock.now()
    if opening.topic not in set(Topic):
        raise Invalid("topic_unknown", "topic", topics=", ".join(Topic))
    _demand_practice_code(ctx, opening)
    policy = await policy_at(ctx.db.read, desk.library_id, now)
    question = admit_text(opening.question, limit=policy.message_characters, field="question")
    await _demand_not_blocked(ctx, actor, now)
    named, visitor = opening.previous_id, opening.visitor
    earlier = await earlier_of(ctx.db.read, actor, desk.id, now, named=named, visitor=visitor)
    previous = earlier.id if earlier else ""
    session = _new_session(
        ctx, actor, opening, desk.id, desk.library_id, question=question, previous=previous
    )
    if await open_session_of(ctx.db.read, desk.id, actor.reader_key) is None:
        await demand_place(ctx.db.read, desk.id, policy)
        await count_arrival(ctx, actor, opening.address)
    async with ctx.transaction() as tx:
        existing = await open_session_of(tx, desk.id, actor.reader_key)
        if existing is None and not desk.open:  # it has ended while they wrote
            raise NotAllowed("desk_closed", "R-ORG.3")
        fresh = existing is None and await insert_session(tx, session)
        if not fresh:
            session = existing or await _winner(tx, desk.id, actor.reader_key)
            await hold_log(tx, session.id)  # two clicks at once must not both find their message missing
        else:
            await join(
                tx, session.id, kind="reader", account_id=actor.account_id, name=session.reader_name, at=now
            )
            data = {"topic": str(session.topic), "previous_id": session.previous_id}
            tx.announce(await record_event(tx, session_id=session.id, kind="queued", at=now, data=data))
        if await event_by_client_id(tx, session.id, opening.client_id) is None:
            tx.announce(
                await record_event(
                    tx,
                    session_id=session.id,
                    kind="message",
                    at=now,
                    author_kind="reader",
                    author_id=session.reader_id,
                    author_name=session.reader_name,
                    body=question,
                    client_id=opening.client_id,
                )
            )
        if fresh:
            await adopt(tx, earlier, actor)
            await enqueue(ctx, tx, session)
    stored = await session_by_id(ctx.db.read, session.id)
    assert stored is not None
    return stored, fresh


async def view_session(ctx: Context, actor: Actor, session_id: str) -> SessionView:
    """The session, with the reader's place in the queue or who answers."""
    session = await access_session(ctx.db.read, actor, session_id, Verb.READ_SESSION)
    return await view_of(ctx, session)


async def view_of(ctx: Context, session: ChatSession) -> SessionView:
    """What the session's reader sees of it now."""
    place = await place_of(ctx, session) if session.state in (State.QUEUED, State.OFFERED) else None
    holder = None
    if session.staff_id:
        for participant in await participants_of(ctx.db.read, session.id):
            if participant.account_id == session.staff_id:
                holder = await _holder(ctx, participant.name, session.staff_id)
    desk = await desk_by_id(ctx.db.read, session.desk_id)
    return SessionView(
        session,
        desk.slug if desk else "",
        place.position if place else 0,
        place.wait_seconds if place else None,
        place.on_duty if place else 0,
        holder,
        request_address(ctx, session, desk),
    )


def conversation_token(ctx: Context, actor: Actor, session: ChatSession) -> tuple[str, datetime]:
    """A fresh short-lived token for this session's reader, and when it runs out; it ends with their log-in."""
    expires = ctx.clock.now() + timedelta(seconds=TOKEN_SECONDS)
    claim = Claim(session.id, session.reader_key, expires, actor.login)
    return sign_token(ctx.settings.secret_key, claim), expires


def is_reader(actor: Actor, session: ChatSession) -> bool:
    """Whether the actor is the one who asked, logged in or not."""
    return session.reader_key in (actor.reader_key, actor.account_id)


async def end_session(ctx: Context, actor: Actor, session_id: str) -> ChatSession:
    """End the conversation for everybody; the librarian's record is still due (R-LIVE.5).

    Ending an ended session is no error: two people may say good-bye at once.
    """
    session = await access_session(ctx.db.read, actor, session_id, Verb.END_SESSION)
    by = _side(actor, session)
    reason = EndReason.READER if by == "reader" else EndReason.LIBRARIAN
    async with ctx.transaction() as tx:
        await end_in(ctx, tx, session, reason, by=by)
    return await access_session(ctx.db.read, actor, session_id, Verb.READ_SESSION)


async def end_in(
    ctx: Context,
    tx: Transaction,
    session: ChatSession,
    reason: EndReason,
    *,
    by: str,
    data: dict[str, str] | None = None,
) -> bool:
    """End the session inside a transaction: capacity is free at once, the record falls due. False if it had ended."""
    fresh = await release_slot(ctx, tx, session)
    if fresh is None:
        return False
    now = ctx.clock.now()
    state = state_after_end(fresh, reason)
    policy = await policy_at(tx, fresh.library_id, now)
    due = now + policy.seconds("wrap_up_seconds") if state is State.WRAPPING_UP else None
    if not await mark_ended(tx, fresh, state=state, reason=str(reason), at=now, wrap_up_due=due):
        raise Conflict("session_moving")
    tx.announce(
        await record_event(
            tx,
            session_id=fresh.id,
            kind="ended",
            at=now,
            data={"by": by, "reason": str(reason), **(data or {})},
        )
    )
    await leave_all(tx, fresh.id, now)
    for kind in ("reader_gone", "widen", "offer_again"):
        await cancel_due(tx, kind, fresh.id)
    if due is not None:
        await set_due(tx, "wrap_up", fresh.id, due)
    tx.announce(CrewChanged(fresh.id))
    tx.announce(QueueChanged())
    return True


async def rate_session(ctx: Context, actor: Actor, session_id: str, *, rating: str, comment: str) -> None:
    """Keep the reader's rating of an ended session; a later one replaces it."""
    session = await access_session(ctx.db.read, actor, session_id, Verb.RATE_SESSION)
    checked_rating(rating)
    if len(comment) > 2000:
        raise Invalid("comment_too_long", "comment", limit=2000)
    now = ctx.clock.now()
    async with ctx.transaction() as tx:
        if not await mark_rated(tx, session.id, rating, comment.strip(), now):
            raise Conflict("session_not_ended")
        tx.announce(
            await record_event(
                tx, session_id=session.id, kind="rated", at=now, author_kind="reader", data={"rating": rating}
            )
        )


async def bind_sessions(ctx: Context, tx: Transaction, *, visitor_key: str, reader: Actor) -> None:
    """A visitor has logged in: what they have open becomes theirs as a reader (R-ORG.2)."""
    for session in await sessions_of_reader(tx, [visitor_key], limit=5):
        if session.staff_id == reader.account_id:
            continue  # who answers it does not become who asked
        if session.open and await open_session_of(tx, session.desk_id, reader.account_id) is None:
            await bind_reader(
                tx, session.id, reader_key=reader.account_id, reader_id=reader.account_id, name=reader.name
            )
            tx.announce(CrewChanged(session.id))


async def list_sessions(ctx: Context, actor: Actor, *, desk_slug: str = "") -> list[ChatSession]:
    """The reader's own sessions, newest first."""
    desk = await desk_by_slug(ctx.db.read, desk_slug) if desk_slug else None
    keys = [key for key in {actor.reader_key, actor.account_id} if key]
    return await sessions_of_reader(ctx.db.read, keys, desk_id=desk.id if desk else "")


async def log_transcript_access(ctx: Context, actor: Actor, admission: Admission) -> None:
    """Reading somebody's conversation leaves a line in the audit trail, unless one takes part (R-LIVE.6)."""
    if admission.staff and admission.crew < 0:
        async with ctx.transaction() as tx:
            await audit(ctx, tx, actor, "transcript.read", admission.session_id)


async def _holder(ctx: Context, name: str, staff_id: str) -> Holder:
    account = await account_by_id(ctx.db.read, staff_id)
    library = await library_by_id(ctx.db.read, account.library_id) if account else None
    return Holder(name, library.name_zh if library else "", library.name_en if library else "")


def practice_link(ctx: Context, slug: str) -> str:
    """Where a staff member plays the reader for an intern at this desk; good for a day."""
    code = practice_code(ctx.settings.secret_key, slug, ctx.clock.now() + timedelta(days=1))
    return f"/d/{slug}?practice={code}"


def _demand_practice_code(ctx: Context, opening: Opening) -> None:
    settings = ctx.settings
    secrets = tuple(filter(None, (settings.secret_key, settings.secret_key_previous)))
    if opening.practice and not is_practice_code(secrets, opening.slug, opening.practice, ctx.clock.now()):
        raise NotAllowed("practice_code", "R-ORG.5")


async def _demand_not_blocked(ctx: Context, actor: Actor, now: datetime) -> None:
    block = await block_of(ctx.db.read, actor.reader_key, now)
    if block is not None:
        zone = ZoneInfo(ctx.settings.zone)
        raise Conflict("blocked", until=moment(block.until, zone, actor.language, now))


async def _winner(tx: Transaction, desk_id: str, reader_key: str) -> ChatSession:
    session = await open_session_of(tx, desk_id, reader_key)
    if session is None:
        raise Conflict("session_moving")
    return session


def _new_session(
    ctx: Context,
    actor: Actor,
    opening: Opening,
    desk_id: str,
    library_id: str,
    *,
    question: str,
    previous: str,
) -> ChatSession:
    now = ctx.clock.now()
    return ChatSession(
        id=ctx.ids.new(),
        desk_id=desk_id,
        target_desk_id=desk_id,
        target_staff_id="",
        library_id=library_id,
        reader_key=actor.reader_key,
        reader_id=actor.account_id,
        reader_name=(actor.name or opening.name).strip()[:120],
        topic=Topic(opening.topic),
        language=opening.language if opening.language in ("zh", "en") else "zh",
        state=State.QUEUED,
        priority=0,
        practice=bool(opening.practice),
        queued_at=now,
        circle_from=now,
        offered_to="",
        offer_id="",
        offered_at=None,
        declined=frozenset(),
        staff_id="",
        supervisor_id="",
        crew=0,
        last_seq=0,
        last_staff_seq=0,
        question=question[:2000],
        page_url=opening.page_url[:1000],
        page_title=opening.page_title[:300],
        previous_id=previous,
        accepted_at=None,
        answered_at=None,
        ended_at=None,
        end_reason="",
        wrap_up_due_at=None,
        closed_at=None,
        rating="",
        rating_comment="",
        documents=0,
        created_at=now,
    )


def _side(actor: Actor, session: ChatSession) -> str:
    return "reader" if session.reader_key in (actor.reader_key, actor.account_id) else "staff"
