"""Domain values as the HTTP API shows them."""

from datetime import datetime

from server.actions.consoles import Card, Console, DeskView
from server.actions.desks import HomeCard
from server.actions.sessions import SessionView
from server.domain.chat import Absence, Passed, State
from server.domain.desks import Desk, Library
from server.domain.events import ChatEventRecorded
from server.domain.permissions import Actor
from server.wire import bodies
from server.wire.frames import ev, iso
from server.wire.server_frames import Away
from server.words.times import hours_text


def names(zh: str, en: str) -> bodies.Names:
    return bodies.Names(zh, en)


def maybe(moment: datetime | None) -> str | None:
    return None if moment is None else iso(moment)


def session_view(view: SessionView) -> bodies.SessionView:
    """A conversation as its reader sees it."""
    s = view.session
    holder = view.holder
    return bodies.SessionView(
        id=s.id,
        desk=view.desk_slug,
        topic=str(s.topic),
        state=str(s.state),
        language=s.language,
        created_at=iso(s.created_at),
        position=view.position,
        wait_seconds=view.wait_seconds,
        on_duty=view.on_duty,
        holder=bodies.HolderView(holder.name, names(holder.library_zh, holder.library_en))
        if holder
        else None,
        last_seq=s.last_seq,
        rating=s.rating,
        previous_id=s.previous_id,
        end_reason=s.end_reason,
        request_url=view.request_url,
    )


def events_view(events: list[ChatEventRecorded], last: int) -> bodies.Events:
    return bodies.Events([ev(event) for event in events], last)


def card_view(card: Card, actor: Actor) -> bodies.SessionCard:
    """A conversation in the console's lists; unread counts from the actor's own watermark."""
    s = card.session
    read = max((p.read for p in card.participants if p.account_id == actor.account_id), default=0)
    return bodies.SessionCard(
        id=s.id,
        state=str(s.state),
        topic=str(s.topic),
        language=s.language,
        reader_name=s.reader_name,
        reader_kind="reader" if s.reader_id else "visitor",
        reader_away=away(card.absence),
        desk=desk_line(card.desk, card.library),
        question=s.question,
        page_url=s.page_url,
        page_title=s.page_title,
        queued_at=iso(s.queued_at),
        accepted_at=maybe(s.accepted_at),
        ended_at=maybe(s.ended_at),
        end_reason=s.end_reason,
        last_seq=s.last_seq,
        last_staff_seq=s.last_staff_seq,
        unread=max(0, s.last_seq - read),
        documents=s.documents,
        wrap_up_due_at=maybe(s.wrap_up_due_at),
        practice=s.practice,
        previous_id=s.previous_id,
        role=card.role,
        rating=s.rating,
        participants=[
            bodies.ParticipantView(p.key, p.name, p.kind, p.delivered, p.read, p.left_at is not None)
            for p in card.participants
        ],
    )


def away(absence: Absence | None) -> Away | None:
    return Away(iso(absence.since), iso(absence.until)) if absence else None


def desk_line(desk: Desk, library: Library) -> bodies.DeskLine:
    return bodies.DeskLine(
        desk.id, desk.slug, names(desk.name_zh, desk.name_en), names(library.name_zh, library.name_en)
    )


def console_view(console: Console, actor: Actor, *, csrf: str, language: str) -> bodies.ConsoleView:
    """Everything a librarian's console draws from."""
    duty, library = console.duty, console.library
    cards = [card_view(card, actor) for card in console.cards]
    overdue = [
        view
        for view, card in zip(cards, console.cards, strict=True)
        if card.session.state is State.WRAPPING_UP
        and card.session.wrap_up_due_at is not None
        and card.session.wrap_up_due_at <= console.now
    ]
    return bodies.ConsoleView(
        me=bodies.Me(
            actor.account_id,
            actor.name,
            sorted(map(str, actor.roles)),
            names(library.name_zh if library else "", library.name_en if library else ""),
            language,
        ),
        duty=bodies.DutyView(
            str(duty.availability),
            duty.away_reason,
            duty.capacity,
            duty.load,
            sorted(map(str, duty.topics)),
            sorted(duty.languages),
            duty.version,
        ),
        offers=[
            bodies.OfferView(
                offer.offer_id,
                card_view(offer.card, actor),
                iso(offer.expires_at),
                max(0.0, (offer.expires_at - console.now).total_seconds()),
            )
            for offer in console.offers
        ],
        sessions=cards,
        overdue_wrap_ups=overdue,
        colleagues=[
            bodies.ColleagueView(
                c.id, c.name, names(c.library_zh, c.library_en), str(c.availability), c.present
            )
            for c in console.colleagues
        ],
        csrf=csrf,
        now=iso(console.now),
    )


def library_card(home: HomeCard) -> bodies.LibraryCard:
    """The home-library card of the reader's desk."""
    library, week = home.library, home.hours.week
    return bodies.LibraryCard(
        library=names(library.name_zh, library.name_en),
        city=library.city,
        address=library.address,
        phone=library.phone,
        website=library.website,
        hours=names(hours_text(week, "zh"), hours_text(week, "en")),
        policy=names(library.card("zh"), library.card("en")),
        checked_at=maybe(library.card_checked_at),
        open_now=home.open_now,
    )


def desk_view(view: DeskView, actor: Actor, card: bodies.LibraryCard) -> bodies.DeskViewBody:
    """The page behind a conversation."""
    return bodies.DeskViewBody(
        card=card_view(view.card, actor),
        earlier=[
            bodies.EarlierView(
                e.session.id,
                iso(e.session.created_at),
                str(e.session.topic),
                e.session.question[:200],
                e.outcome,
            )
            for e in view.earlier
        ],
        library_card=card,
        documents=documents_view(view.documents),
        documents_limit=view.documents_limit,
        uncounted_files=[
            bodies.SentFileView(f.id, f.name, f.url, iso(f.sent_at)) for f in view.uncounted_files
        ],
    )


def documents_view(documents: list[Passed]) -> list[bodies.DocumentView]:
    """What was passed on, in order."""
    return [bodies.DocumentView(d.id, d.title, d.url, iso(d.passed_at)) for d in documents]
