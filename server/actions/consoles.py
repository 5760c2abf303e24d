"""What a librarian's console shows: duty, offers, conversations, colleagues, and the page behind a conversation."""

from dataclasses import dataclass
from datetime import datetime

from server.actions.access import access_session
from server.actions.presence import absent_from
from server.actions.sent_files import uncounted_files
from server.context import Context
from server.domain.chat import Absence, ChatSession, Passed, SentFile, State
from server.domain.desks import Desk, Library
from server.domain.duty import Duty
from server.domain.permissions import Actor, Verb, demand, library_scopes
from server.store.archives import Found, archived_sessions, wrap_up_outcomes
from server.store.chat import session_by_id, sessions_of_reader, sessions_of_staff
from server.store.duty import Colleague, colleagues_of, duty_of
from server.store.libraries import desks_by_ids, libraries_by_ids, library_by_id
from server.store.participants import Participant, documents_of, participants_by_session
from server.store.policies import policy_at
from server.store.queues import offers_to


@dataclass(frozen=True, slots=True)
class Card:
    """A conversation in the console's lists."""

    session: ChatSession
    desk: Desk
    library: Library
    role: str  # holder, colleague, supervisor, offer, none
    participants: list[Participant]
    absence: Absence | None  # of the reader, while somebody talks with them


@dataclass(frozen=True, slots=True)
class Offer:
    """A conversation offered to this librarian, until when."""

    offer_id: str
    card: Card
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Console:
    """Everything the console draws from, read in one go; ``duty.version`` says how current it is."""

    library: Library | None
    duty: Duty
    offers: list[Offer]
    cards: list[Card]
    colleagues: list[Colleague]
    now: datetime


@dataclass(frozen=True, slots=True)
class Earlier:
    """An earlier session of the same reader."""

    session: ChatSession
    outcome: str


@dataclass(frozen=True, slots=True)
class DeskView:
    """The page behind a conversation: who asks, what was asked before, what was passed on, and what may count."""

    card: Card
    earlier: list[Earlier]
    documents: list[Passed]
    documents_limit: int
    uncounted_files: list[SentFile]


async def view_console(ctx: Context, actor: Actor) -> Console:
    """The actor's own console."""
    demand(actor, Verb.STAND_DUTY)
    db = ctx.db.read
    now = ctx.clock.now()
    duty = await duty_of(db, actor.account_id)
    policy = await policy_at(db, actor.library_id, now)
    offered = await offers_to(db, actor.account_id)
    held = await sessions_of_staff(db, actor.account_id)
    cards = {card.session.id: card for card in await cards_of(ctx, [*offered, *held], actor)}
    offers = [
        Offer(s.offer_id, cards[s.id], s.offered_at + policy.seconds("offer_seconds"))
        for s in offered
        if s.offered_at
    ]
    return Console(
        library=await library_by_id(db, actor.library_id),
        duty=duty,
        offers=offers,
        cards=[cards[s.id] for s in held],
        colleagues=await colleagues_of(db, actor.account_id, now),
        now=now,
    )


async def view_desk(ctx: Context, actor: Actor, session_id: str) -> DeskView:
    """The page behind a conversation, for staff: it tells of the reader's other conversations too.

    A reader's own token is bound to one of them, and what staff note of it is not for its reader.
    """
    session = await access_session(ctx.db.read, actor, session_id, Verb.READ_ARCHIVE)
    card = (await cards_of(ctx, [session], actor))[0]
    policy = await policy_at(ctx.db.read, session.library_id, ctx.clock.now())
    before = [
        s for s in await sessions_of_reader(ctx.db.read, [session.reader_key], limit=11) if s.id != session.id
    ]
    outcomes = await wrap_up_outcomes(ctx.db.read, [s.id for s in before])
    return DeskView(
        card,
        [Earlier(s, outcomes.get(s.id, "")) for s in before[:10]],
        await documents_of(ctx.db.read, session.id),
        policy.documents_per_session,
        (await uncounted_files(ctx, [session.id]))[session.id],
    )


async def read_archived(ctx: Context, actor: Actor, session_id: str) -> list[Passed]:
    """What was passed on in an archived conversation, for somebody who may look (R-LIVE.5).

    Reading its events is what is noted (R-LIVE.6).
    """
    session = await access_session(ctx.db.read, actor, session_id, Verb.READ_ARCHIVE)
    return await documents_of(ctx.db.read, session.id)


async def search_archive(
    ctx: Context,
    actor: Actor,
    *,
    words: str,
    before: datetime | None,
    typical: bool = False,
    limit: int = 50,
) -> list[Found]:
    """Past conversations that the actor may read, newest first; found by two characters of what was said."""
    demand(actor, Verb.READ_ARCHIVE)
    managed = library_scopes(actor, Verb.KEEP_DESK)
    return await archived_sessions(
        ctx.db.read,
        staff_id=actor.account_id,
        libraries=None
        if managed is None and actor.roles & {"manager", "administrator"}
        else managed or frozenset(),
        words=words.strip()[:100],
        typical=typical,
        before=before or ctx.clock.now(),
        limit=limit,
    )


async def cards_of(ctx: Context, sessions: list[ChatSession], actor: Actor) -> list[Card]:
    """The sessions as cards, with desks and libraries read once."""
    desks = await desks_by_ids(ctx.db.read, list({s.desk_id for s in sessions}))
    libraries = await libraries_by_ids(ctx.db.read, list({d.library_id for d in desks.values()}))
    people = await participants_by_session(ctx.db.read, [s.id for s in sessions])
    absences = await absent_from(ctx, [s.id for s in sessions if s.state is State.ACTIVE])
    cards = []
    for s in sessions:
        desk = desks[s.desk_id]
        role = _role(s, people[s.id], actor)
        cards.append(Card(s, desk, libraries[desk.library_id], role, people[s.id], absences.get(s.id)))
    return cards


async def card_of(ctx: Context, actor: Actor, session_id: str) -> Card:
    """One conversation as a card, after something was done with it."""
    session = await session_by_id(ctx.db.read, session_id)
    assert session is not None
    return (await cards_of(ctx, [session], actor))[0]


def _role(session: ChatSession, people: list[Participant], actor: Actor) -> str:
    if session.staff_id == actor.account_id:
        return "holder"
    if session.supervisor_id == actor.account_id:
        return "supervisor"
    if session.state is State.OFFERED and session.offered_to == actor.account_id:
        return "offer"
    if any(p.account_id == actor.account_id and p.left_at is None for p in people):
        return "colleague"
    return "none"
