"""Loads a thing and judges whether the actor may do this with it: the only place where access is decided."""

from dataclasses import dataclass, replace
from datetime import datetime

from server.context import Context
from server.domain.cases import Case
from server.domain.chat import ChatSession
from server.domain.consultations import Consultation
from server.domain.desks import Desk
from server.domain.errors import NotAllowed, NotFound
from server.domain.loan_rows import LoanOrder, Store
from server.domain.permissions import Actor, Thing, Verb, demand, may
from server.store.audits import record_audit
from server.store.cases import case_by_id
from server.store.chat import open_session_of, serves_reader, session_by_id, sessions_of_reader
from server.store.consultations import consultation_by_id
from server.store.libraries import desk_by_slug
from server.store.logins import login_stands
from server.store.orders import order_by_id
from server.store.participants import Participant, participants_of
from server.store.rows import Reader, Transaction
from server.store.stores import store_by_id, stores_of_order
from server.wire.tokens import Claim, read_token

__all__ = [
    "Admission",
    "access_case",
    "access_consultation",
    "access_earlier",
    "access_open_desk",
    "access_order",
    "access_session",
    "access_store",
    "access_talking_desk",
    "actor_of_claim",
    "actor_of_visitor",
    "admit",
    "audit",
    "claim_of",
    "demand",
    "has_asked_at",
    "judge_consultation",
    "may",
    "still_stands",
]

ACCOUNT_ID = 26  # characters, a ULID; a visitor's key is longer

DESK_VERBS = frozenset({Verb.SERVE_SESSION, Verb.WRAP_UP, Verb.READ_ARCHIVE, Verb.BLOCK_READER})
_AT_STORES = frozenset({Verb.READ_ORDER, Verb.WORK_STORE})
_LOOKING = frozenset({Verb.READ_SESSION, Verb.READ_ARCHIVE})


@dataclass(slots=True)
class Admission:
    """A connection's right to listen and write in one conversation, as of crew number ``crew``.

    It is checked again by the statement that numbers each message; when the crew has changed since, the right is
    looked up anew.
    """

    session_id: str
    crew: int
    key: str  # "reader" or the staff account
    kind: str  # reader, staff
    author_id: str
    name: str
    answered: bool  # a person's first response is already on record
    staff: bool  # may read and write internal notes

    @property
    def settled(self) -> bool:
        """Whether they may write, and a message of theirs changes nothing but the log."""
        return self.crew >= 0 and (self.answered or self.kind != "staff")


async def access_session(db: Reader, actor: Actor, session_id: str, verb: Verb) -> ChatSession:
    """The session for someone who may do this with it. Raises NotFound for what is not and what is not theirs alike."""
    session = await session_by_id(db, session_id)
    if session is None or actor.only_session not in ("", session_id):
        raise NotFound("session_not_found")
    thing = asked = await thing_of(db, session)
    if verb in DESK_VERBS:
        # Who asked stays on their side of the desk, whatever roles they hold: no notes, no record about oneself.
        asked = replace(thing, owner_keys=frozenset(), crew=thing.crew - thing.owner_keys)
    if may(actor, verb, asked):
        return session
    if verb in _LOOKING and actor.is_staff and await serves_reader(db, actor.account_id, session.reader_key):
        return session  # the reader's earlier sessions lie open to who serves them now
    if may(actor, Verb.READ_SESSION, thing):
        raise NotAllowed(verb=str(verb))
    raise NotFound("session_not_found")


async def access_open_desk(db: Reader, actor: Actor, slug: str) -> Desk:
    """The desk for somebody who wants to ask something new there.

    Raises NotFound for one that is not open (R-ORG.3), and NotAllowed ``desk_closed`` to who has asked there before.
    """
    desk = await desk_by_slug(db, slug)
    if desk is not None and desk.open:
        return desk
    if desk is not None and await has_asked_at(db, actor, desk):
        raise NotAllowed("desk_closed", "R-ORG.3")
    raise NotFound("desk_not_found", slug=slug)


async def access_talking_desk(db: Reader, actor: Actor, slug: str) -> Desk:
    """The desk for somebody who opens a conversation there. Raises as ``access_open_desk``.

    Who talks at a desk that has closed meanwhile talks on, from wherever they are logged in: it is nothing new.
    """
    try:
        return await access_open_desk(db, actor, slug)
    except NotAllowed:  # closed, and they have asked there
        desk = await desk_by_slug(db, slug)
        if desk is None or await open_session_of(db, desk.id, actor.reader_key) is None:
            raise
        return desk


async def has_asked_at(db: Reader, actor: Actor, desk: Desk) -> bool:
    """Whether a conversation of the actor's is kept there: they finish and read it also when the desk has closed."""
    keys = sorted({actor.reader_key, actor.account_id} - {""})
    return bool(await sessions_of_reader(db, keys, desk_id=desk.id, limit=1))


async def access_earlier(db: Reader, reader: Actor, visitor: Actor, session_id: str) -> ChatSession:
    """A visitor's ended conversation, for the reader who is to have it from now on. Raises NotFound.

    Whoever asks for it has proven to be both. Who took part in answering does not become who asked.
    """
    session = await access_session(db, visitor, session_id, Verb.READ_SESSION)
    took_part = {person.account_id for person in await participants_of(db, session_id)}
    if session.open or session.reader_id or reader.account_id in took_part:
        raise NotFound("session_not_found")
    return session


async def access_consultation(db: Reader, actor: Actor, consultation_id: str, verb: Verb) -> Consultation:
    """The consultation for its reader. Raises NotFound for what is not and what is somebody else's alike.

    Librarians reach what they work on as a task of the pool: a reader's consultations are nobody else's list.
    """
    return judge_consultation(await consultation_by_id(db, consultation_id), actor, verb)


def judge_consultation(found: Consultation | None, actor: Actor, verb: Verb) -> Consultation:
    """The same for one that is loaded, with other things that its reader is about to change."""
    if found is None or actor.only_session or not found.reader_id:
        raise NotFound("consultation_not_found")
    if not may(actor, verb, Thing(found.library_id, frozenset({found.reader_id}))):
        raise NotFound("consultation_not_found")
    return found


async def access_order(db: Reader, actor: Actor, order_id: str, verb: Verb) -> LoanOrder:
    """The loan order for someone who may do this with it. Raises NotFound for what is not and what is not theirs alike.

    It is its reader's; support agents reach every order, managers those of their libraries' readers, and who works
    for a store those that it has to do with. Nobody reviews what they ordered themselves.
    """
    order = await order_by_id(db, order_id)
    if order is None or actor.only_session:
        raise NotFound("order_not_found")
    own = Thing(order.library_id, frozenset({order.reader_id}))
    if verb is Verb.REVIEW_ORDER:
        if may(actor, verb, own) and order.reader_id != actor.account_id:
            return order
    elif may(actor, verb, own):
        return order
    elif verb in _AT_STORES:
        stores = (await stores_of_order(db, order_id)).values()
        if any(may(actor, verb, Thing(store.library_id, store_id=store.id)) for store in stores):
            return order
    if verb is not Verb.READ_ORDER and may(actor, Verb.READ_ORDER, own):
        raise NotAllowed(verb=str(verb))
    raise NotFound("order_not_found")


async def access_store(db: Reader, actor: Actor, store_id: str, verb: Verb) -> Store:
    """The store for someone whose grants reach it. Raises NotFound for what is not and what is not theirs alike."""
    store = await store_by_id(db, store_id)
    if store is None or not may(actor, verb, Thing(store.library_id, store_id=store.id)):
        raise NotFound("store_not_found")
    return store


async def access_case(db: Reader, actor: Actor, case_id: str, verb: Verb) -> Case:
    """The case for someone who may do this with it. Raises NotFound for what is not and what is not theirs alike.

    It is its reader's to read; support agents work on all but their own, managers see those of their library.
    """
    case = await case_by_id(db, case_id)
    if case is None or actor.only_session:
        raise NotFound("case_not_found")
    own = bool(actor.account_id) and case.reader_id == actor.account_id
    thing = Thing(case.library_id, frozenset(filter(None, (case.reader_id,))))
    if may(actor, verb, thing) and not (own and verb is not Verb.READ_CASE):
        return case
    if may(actor, Verb.READ_CASE, thing):
        raise NotAllowed(verb=str(verb))
    raise NotFound("case_not_found")


async def thing_of(db: Reader, session: ChatSession) -> Thing:
    """The session as far as permission depends on it."""
    crew = {session.staff_id, session.supervisor_id}
    for participant in await participants_of(db, session.id):
        if participant.account_id and participant.left_at is None:
            crew.add(participant.account_id)
    owners = frozenset(filter(None, (session.reader_key, session.reader_id)))
    return Thing(session.library_id, owners, frozenset(filter(None, crew)))


async def admit(db: Reader, actor: Actor, session_id: str) -> Admission:
    """The actor's right to listen to and write in a conversation. Raises NotFound."""
    session = await access_session(db, actor, session_id, Verb.READ_SESSION)
    if _is_reader(actor, session):
        return Admission(
            session.id,
            session.crew,
            "reader",
            "reader",
            session.reader_id,
            session.reader_name,
            True,
            staff=False,
        )
    present = {p.account_id: p for p in await participants_of(db, session.id) if p.left_at is None}
    return Admission(
        session.id,
        session.crew if _writes(actor, session, present) else -1,
        actor.account_id,
        "staff",
        actor.account_id,
        actor.name,
        session.answered_at is not None,
        staff=True,
    )


def actor_of_visitor(reader_key: str, session_id: str = "", login: str = "") -> Actor:
    """A reader who proves who they are with a visitor's secret, or with the token of one conversation."""
    return Actor(reader_key=reader_key, only_session=session_id, login=login)


def claim_of(ctx: Context, token: str) -> Claim:
    """What a conversation token says, whether or not its log-in still stands. Raises NotAllowed."""
    settings = ctx.settings
    secrets = tuple(filter(None, (settings.secret_key, settings.secret_key_previous)))
    return read_token(secrets, token, ctx.clock.now())


async def actor_of_claim(ctx: Context, claim: Claim) -> Actor:
    """The reader of one conversation, as its token names them.

    Raises NotAllowed: ``not_logged_in`` when the log-in behind it has ended, ``token_invalid`` for one of before that
    names an account and no log-in.
    """
    actor = actor_of_visitor(claim.reader_key, claim.session_id, claim.login)
    if not claim.login and len(claim.reader_key) == ACCOUNT_ID:
        raise NotAllowed("token_invalid")
    if not await still_stands(ctx, actor):
        raise NotAllowed("not_logged_in")
    return actor


async def still_stands(ctx: Context, actor: Actor) -> bool:
    """Whether the log-in behind a conversation's reader has not ended; a visitor has none that could."""
    now = ctx.clock.now()
    return not actor.login or await login_stands(ctx.db.read, actor.login, actor.reader_key, now)


async def audit(
    ctx: Context, tx: Transaction, actor: Actor, verb: str, subject: str, *, detail: str = ""
) -> None:
    """Note in the audit trail that the actor did this."""
    now: datetime = ctx.clock.now()
    await record_audit(
        tx,
        entry_id=ctx.ids.new(),
        at=now,
        actor_id=actor.account_id,
        verb=verb,
        subject=subject,
        detail=detail,
    )


def _is_reader(actor: Actor, session: ChatSession) -> bool:
    keys = {key for key in (actor.reader_key, actor.account_id) if key}
    return bool(keys & {session.reader_key, session.reader_id})


def _writes(actor: Actor, session: ChatSession, present: dict[str, Participant]) -> bool:
    return actor.account_id in present or actor.account_id in (session.staff_id, session.supervisor_id)
