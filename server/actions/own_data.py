"""What a reader may do with everything kept about them: take it along, or have it forgotten (R-LIVE.6)."""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from server.actions.access import audit
from server.actions.accounts import own_account, prove_password
from server.actions.mails import write_mail
from server.actions.sessions import end_in
from server.context import Context
from server.domain.accounts import Account
from server.domain.chat import ChatSession, EndReason
from server.domain.consultations import Consultation
from server.domain.errors import Conflict
from server.domain.events import AccountChanged, ChatEventRecorded
from server.domain.permissions import Actor
from server.store.accounts import anonymise_account, grants_of
from server.store.anonymising import (
    anonymise_questions_of,
    anonymise_sessions,
    forget_mails_to,
    session_ids_of_reader,
    unreferenced,
)
from server.store.chat import events_after, session_by_id, sessions_of_reader
from server.store.consultations import consultations_of_reader
from server.store.libraries import desk_by_id, library_by_id
from server.store.loan_forgetting import forget_loans_of, loan_data_of, open_loans
from server.store.logins import delete_links, delete_logins, logins_of
from server.store.participants import documents_of
from server.store.rows import Transaction
from server.words.times import exact_moment

PAGE = 500
SESSIONS = 10_000  # more than anybody asks in a lifetime


@dataclass(frozen=True, slots=True)
class Receipt:
    """Proof that an account was erased; it names nobody."""

    number: str
    at: datetime
    sessions: int
    messages: int
    questions: int
    files: int


async def export_own_data(ctx: Context, actor: Actor) -> str:
    """Everything kept about the actor, as a JSON text: account, log-ins, conversations, questions."""
    account = await own_account(ctx, actor)
    now = ctx.clock.now()
    sessions = await sessions_of_reader(ctx.db.read, [account.id], limit=SESSIONS)
    questions = await consultations_of_reader(
        ctx.db.read, account.id, before=now + timedelta(seconds=1), limit=10_000
    )
    logins = await logins_of(ctx.db.read, account.id, now)
    library = await library_by_id(ctx.db.read, account.library_id)
    value = {
        "exported_at": now,
        "account": _account(account) | {"library": library.name(account.language) if library else ""},
        "roles": [
            {"role": str(grant.role), "scope": str(grant.scope)}
            for grant in await grants_of(ctx.db.read, account.id)
        ],
        "log_ins": [
            {"kind": str(login.kind), "since": login.created_at, "last_used": login.seen_at}
            for login in logins
        ],
        "conversations": [await _conversation(ctx, session) for session in sessions],
        "questions": [_question(question) for question in questions],
        "loans": await loan_data_of(ctx.db.read, account.id),
    }
    async with ctx.transaction() as tx:
        await audit(ctx, tx, actor, "account.export", f"account:{account.id}")
    return json.dumps(value, ensure_ascii=False, indent=1, default=_plain)


async def erase_own_account(ctx: Context, actor: Actor, *, current: str) -> Receipt:
    """Forget the reader for good, after their password: names, texts and files go, figures stay.

    Open conversations end. The receipt is returned, and mailed to the address that is then forgotten. Staff hand in
    their roles first (Conflict ``erase_staff``): what they answered belongs to the archive; who has books of ours, or
    an order under way, returns or cancels first (Conflict ``erase_loans``). Raises Invalid, TooMany.
    """
    account = await own_account(ctx, actor)
    if actor.is_staff:
        raise Conflict("erase_staff")
    await prove_password(ctx, account, current)
    zone = ZoneInfo(ctx.settings.zone)
    async with ctx.transaction() as tx:
        if books := await open_loans(tx, account.id):
            raise Conflict("erase_loans", "R-LIVE.6", n=books)
        receipt, content_hashes = await _forget(ctx, tx, account)
        await audit(
            ctx, tx, actor, "account.erase", f"account:{account.id}", detail=json.dumps(_counts(receipt))
        )
        await write_mail(
            ctx,
            tx,
            template="erased",
            recipient=account.mail,
            language=account.language,
            data={**_counts(receipt), "at": exact_moment(receipt.at, zone, account.language)},
            event_key=f"erased:{account.id}",
        )
    # Contents go last: should the process die here, they are unreachable already.
    for content_hash in await unreferenced(ctx.db.read, content_hashes):
        await ctx.files.remove(content_hash)
    return receipt


async def _forget(ctx: Context, tx: Transaction, account: Account) -> tuple[Receipt, tuple[str, ...]]:
    now = ctx.clock.now()
    session_ids = await session_ids_of_reader(tx, account.id)
    for session_id in session_ids:
        session = await session_by_id(tx, session_id)
        if session is not None and session.open:
            await end_in(ctx, tx, session, EndReason.ERASED, by="reader")
    if not await anonymise_account(tx, account.id, account.password_hash):
        raise Conflict("account_moved")
    forgotten = await anonymise_sessions(tx, session_ids, now)
    questions = await anonymise_questions_of(tx, reader_id=account.id, mail=account.mail, at=now)
    await forget_loans_of(tx, account.id, now)
    await delete_logins(tx, account.id)
    tx.announce(AccountChanged(account.id))
    await delete_links(tx, account.id)
    await forget_mails_to(tx, account.mail)
    receipt = Receipt(
        number=ctx.ids.new().upper(),
        at=now,
        sessions=forgotten.sessions,
        messages=forgotten.messages,
        questions=forgotten.questions + questions,
        files=len(forgotten.content_hashes),
    )
    return receipt, forgotten.content_hashes


def _counts(receipt: Receipt) -> dict[str, Any]:
    return {
        "receipt": receipt.number,
        "at": receipt.at.isoformat(timespec="seconds"),
        "sessions": receipt.sessions,
        "messages": receipt.messages,
        "questions": receipt.questions,
        "files": receipt.files,
    }


def _account(account: Account) -> dict[str, Any]:
    return {
        "id": account.id,
        "mail": account.mail,
        "name": account.name,
        "language": account.language,
        "card_number": account.card_number,
        "large_type": account.large_type,
        "verified_at": account.verified_at,
        "created_at": account.created_at,
    }


async def _conversation(ctx: Context, session: ChatSession) -> dict[str, Any]:
    desk = await desk_by_id(ctx.db.read, session.desk_id)
    events: list[ChatEventRecorded] = []
    while page := await events_after(ctx.db.read, session.id, "all", events[-1].seq if events else 0, PAGE):
        events += page
    return {
        "id": session.id,
        "desk": desk.name(session.language) if desk else "",
        "topic": str(session.topic),
        "language": session.language,
        "question": session.question,
        "page": session.page_url,
        "began_at": session.created_at,
        "ended_at": session.ended_at,
        "rating": session.rating,
        "rating_comment": session.rating_comment,
        "documents": [
            {"title": document.title, "url": document.url}
            for document in await documents_of(ctx.db.read, session.id)
        ],
        "events": [_event(event) for event in events],
    }


def _event(event: ChatEventRecorded) -> dict[str, Any]:
    return {
        "seq": event.seq,
        "at": event.at,
        "kind": event.kind,
        "by": event.author_kind,
        "name": event.author_name,
        "text": event.body,
        "data": json.loads(event.data) if event.data else {},
    }


def _question(question: Consultation) -> dict[str, Any]:
    return {
        "number": question.id,
        "kind": str(question.channel),
        "state": str(question.state),
        "document": json.loads(question.citation) if question.citation else {},
        "name": question.name,
        "mail": question.mail,
        "phone": question.phone,
        "topic": question.topic,
        "question": question.question,
        "submitted_at": question.submitted_at,
        "answered_at": question.answered_at,
        "rating": question.rating,
        "comment": question.rating_comment,
    }


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"cannot write {value!r}")
