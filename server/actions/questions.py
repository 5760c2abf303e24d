"""Form questions and phone call-backs, asked directly or left from a conversation (R-LIVE.4)."""

from dataclasses import dataclass, replace

from server.actions.access import access_open_desk, access_session
from server.actions.attachments import hand_in_files
from server.actions.links import address_of
from server.actions.logins import count
from server.actions.mails import write_mail
from server.actions.pool_entry import Entered, enter, tell_received, terms_at
from server.actions.sessions import end_in
from server.actions.talk_files import files_of_reader, send_along
from server.actions.transcripts import written_out
from server.context import Context
from server.domain.accounts import actor_of
from server.domain.chat import ChatSession, EndReason, Topic, admit_text
from server.domain.consultations import Consultation, title_of
from server.domain.desks import Desk
from server.domain.errors import Invalid, TooMany
from server.domain.forms import checked_mail
from server.domain.logins import WORDS_TO
from server.domain.permissions import NOBODY, Actor, Verb, demand
from server.domain.requests import QUESTION_LIMIT
from server.domain.tasks import Channel, Standing
from server.store.accounts import account_by_id
from server.store.chat import events_after
from server.store.libraries import desk_by_id
from server.store.rows import Transaction
from server.wire.tokens import hashed

KINDS = ("form", "knowledge", "phone")


@dataclass(frozen=True, slots=True)
class Asking:
    """What a reader fills in; ``client_id`` names one press of the button, so that a double click asks once."""

    kind: str  # form, knowledge, phone
    topic: str
    question: str
    language: str
    client_id: str
    name: str = ""
    mail: str = ""
    phone: str = ""
    show_title: bool = False
    file_ids: tuple[str, ...] = ()


async def ask_question(ctx: Context, actor: Actor, slug: str, asking: Asking) -> Consultation:
    """Leave a question with the desk: stored and mailed to it, with a receipt to the reader.

    Raises NotFound for a desk that is not open, Invalid by field.
    """
    return (await leave_question(ctx, actor, slug, asking)).consultation


async def leave_question(ctx: Context, actor: Actor, slug: str, asking: Asking) -> Entered:
    """As ``ask_question``; says besides whether this reader's same question waited already."""
    demand(actor, Verb.ASK_QUESTION)
    desk = await access_open_desk(ctx.db.read, actor, slug)
    question = _question(ctx, actor, desk, asking)
    receipt = await _receipt_allowed(ctx, question.mail)
    async with ctx.transaction() as tx:
        entered = await _keep(ctx, tx, desk, question, receipt=receipt, attached=len(asking.file_ids))
        if not entered.again:
            await hand_in_files(tx, actor, asking.client_id, question.id, asking.file_ids)
    return entered


async def refer_session(ctx: Context, actor: Actor, session_id: str, asking: Asking) -> Consultation:
    """Turn the conversation into a form question or phone call-back, transcript and files along, nothing asked twice.

    The reader may at any moment; the librarian with the reader's consent (R-LIVE.4). What the reader wrote so far is
    the question unless they gave another text. It is the reader's whoever presses the button: the answer goes to the
    address of their account unless they gave another one, never to the librarian's.
    """
    session = await access_session(ctx.db.read, actor, session_id, Verb.END_SESSION)
    desk = await desk_by_id(ctx.db.read, session.desk_id)
    assert desk is not None, "a session's desk is never deleted"
    reason = EndReason.PHONE if asking.kind == "phone" else EndReason.FORM_QUESTION
    by = "reader" if session.reader_key in (actor.reader_key, actor.account_id) else "staff"
    reader = await _reader_of(ctx, session)
    receipt = await _receipt_allowed(ctx, asking.mail.strip() or reader.mail)
    async with ctx.transaction() as tx:
        question = _question(ctx, reader, desk, await _filled(tx, session, asking), session=session)
        question = await _with_transcript(ctx, tx, session, question)
        files = await files_of_reader(tx, session)
        entered = await _keep(ctx, tx, desk, question, receipt=receipt, attached=len(files))
        kept = entered.consultation
        if not entered.again:
            await send_along(ctx, tx, session, files, kept.id)
        await end_in(ctx, tx, session, reason, by=by, data={"question_id": kept.id})
    return kept


async def _reader_of(ctx: Context, session: ChatSession) -> Actor:
    account = await account_by_id(ctx.db.read, session.reader_id) if session.reader_id else None
    return actor_of(account, ()) if account else NOBODY


async def _filled(tx: Transaction, session: ChatSession, asking: Asking) -> Asking:
    asking = replace(asking, name=asking.name or session.reader_name)
    if asking.question.strip():
        return asking
    said = [
        e.body
        for e in await events_after(tx, session.id, "all", 0, 500)
        if e.author_kind == "reader" and e.body
    ]
    return replace(
        asking,
        topic=str(session.topic),
        question="\n".join(said)[:QUESTION_LIMIT] or session.question,
        language=session.language,
    )


async def _with_transcript(
    ctx: Context, tx: Transaction, session: ChatSession, question: Consultation
) -> Consultation:
    return replace(question, transcript=await written_out(ctx, tx, session, question.language))


def _question(
    ctx: Context, actor: Actor, desk: Desk, asking: Asking, session: ChatSession | None = None
) -> Consultation:
    if asking.kind not in KINDS:
        raise Invalid("question_kind", "kind")
    if asking.topic not in set(Topic):
        raise Invalid("topic_unknown", "topic", topics=", ".join(Topic))
    phone = asking.phone.strip()[:60]
    if asking.kind == "phone" and sum(letter.isdigit() for letter in phone) < 5:
        raise Invalid("phone_needed", "phone")
    mail = checked_mail(asking.mail) if asking.mail.strip() else actor.mail
    if asking.kind != "phone" and not mail:
        raise Invalid("mail_needed", "mail")
    number = ctx.ids.new()
    text = admit_text(asking.question, limit=QUESTION_LIMIT, field="question")
    return Consultation(
        id=number,
        task_id=number,
        state=Standing.OPEN,
        channel=Channel(asking.kind),
        material="",
        desk_id=desk.id,
        library_id=desk.library_id,
        reader_id=session.reader_id if session else actor.account_id,
        session_id=session.id if session else "",
        name=(asking.name or actor.name).strip()[:120],
        mail=mail,
        phone=phone,
        language=asking.language if asking.language in ("zh", "en") else "zh",
        topic=asking.topic,
        title=title_of(text),
        citation="",
        question=text,
        transcript="",
        record_id="",
        foreign_document=False,
        show_title=asking.show_title,
        client_id=f"{session.id if session else _asker(actor, desk, asking)}:{asking.client_id}"[:60],
        policy_id="",
        stage=0,
        submitted_at=ctx.clock.now(),
    )


def _asker(actor: Actor, desk: Desk, asking: Asking) -> str:
    """Whose press it is: a stranger who sends another's client id with other words has asked something else."""
    if actor.account_id:
        return actor.account_id
    return hashed("\x1f".join((desk.id, asking.mail, asking.phone, asking.question)))[:26]


async def _receipt_allowed(ctx: Context, mail: str) -> bool:
    """Whether this address may be sent one more receipt: the question is kept either way."""
    if not mail:
        return False
    try:
        await count(ctx, (WORDS_TO, mail.lower()))
    except TooMany:
        return False
    return True


async def _keep(
    ctx: Context, tx: Transaction, desk: Desk, question: Consultation, *, receipt: bool, attached: int = 0
) -> Entered:
    policy, deserted = await terms_at(ctx, tx, desk, question.submitted_at)
    entered = await enter(ctx, tx, question, policy=policy, open_now=deserted)
    if entered.again:
        return entered
    data = {
        "desk_zh": desk.name_zh,
        "desk_en": desk.name_en,
        "name": question.name,
        "mail": question.mail,
        "phone": question.phone,
        "topic": question.topic,
        "question": question.question,
        "transcript": question.transcript,
        "id": question.id,
        "attached": attached,
        "link": address_of(ctx, f"/console/pool/{entered.consultation.task_id}"),
    }
    if desk.mail:
        template = "phone_desk" if question.channel == "phone" else "form_question_desk"
        await write_mail(
            ctx,
            tx,
            template=template,
            recipient=desk.mail,
            language=desk.language,
            data=data,
            event_key=f"question:{question.id}:desk",
        )
    if not receipt:
        return entered
    if question.session_id or question.channel == "phone":
        await write_mail(
            ctx,
            tx,
            template="form_question_reader",
            recipient=question.mail,
            language=question.language,
            data=data,
            event_key=f"consultation:{question.id}:received",
        )
    else:
        await tell_received(ctx, tx, entered.consultation, desk, policy)
    return entered
