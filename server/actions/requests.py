"""A reader asks: for one document of eight types, or a question that takes its time (R-72, R-ANS.4, R-ANS.5)."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from server.actions.access import access_open_desk, access_session
from server.actions.attachments import hand_in_files
from server.actions.desks import zone_of
from server.actions.pool_entry import Entered, enter, tell_received
from server.actions.questions import Asking, leave_question
from server.actions.sessions import is_reader
from server.actions.talk_files import files_of_reader, send_along
from server.actions.talk_links import session_of_link, takes_request
from server.actions.transcripts import written_out
from server.context import Context
from server.domain.chat import ChatSession
from server.domain.citations import read_citation, texts_of
from server.domain.consultations import TITLE, Consultation
from server.domain.desks import Desk, Library
from server.domain.errors import Invalid, NotAllowed, NotFound
from server.domain.forms import Form
from server.domain.permissions import Actor, Verb, demand
from server.domain.requests import QUESTION_LIMIT, day_begins, demand_quota
from server.domain.task_policies import TaskPolicy
from server.domain.tasks import Channel, Standing
from server.store.consultations import count_requests_since
from server.store.libraries import desk_read, library_at_read
from server.store.policies import task_policy_at_read
from server.store.reads import read_together
from server.store.rosters import on_duty_at_read
from server.store.rows import Transaction

CHANNELS = (Channel.DOCUMENT, Channel.FORM, Channel.KNOWLEDGE)


@dataclass(frozen=True, slots=True)
class Request:
    """What a reader fills in; ``client_id`` names one press of the button, so that a double click asks once.

    ``citation`` holds the fields of a document request as typed, its ``material`` among them.
    """

    channel: str
    client_id: str
    citation: Mapping[str, str] = field(default_factory=dict)
    question: str = ""
    topic: str = "reference"
    language: str = "zh"
    name: str = ""
    mail: str = ""
    phone: str = ""
    show_title: bool = False  # in the feed of recent services (R-ANS.7)
    record_id: str = ""
    session_id: str = ""
    talk: str = ""  # what a conversation's own link says of it: its reader may have been a stranger then
    file_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Submitted:
    """What became of it: ``again`` where the same press, or the same wish of this reader, waits already."""

    consultation: Consultation
    again: bool
    place: tuple[Desk, Library] | None = None  # where it was asked just now


async def submit_request(ctx: Context, actor: Actor, slug: str, request: Request) -> Submitted:
    """Ask at a desk. What the reader has asked already, and what still waits, is shown instead of asked twice.

    Raises NotAllowed ``log_in_to_request`` (R-ORG.2), FormRefused by field, TooMany ``requests_today`` (R-ANS.5),
    NotFound for a desk that is not open, NotAllowed ``desk_closed`` to who has asked there before; what came up in a
    conversation there lately is taken all the same.
    """
    if request.channel not in CHANNELS:
        raise Invalid("channel_unknown", "channel", "R-ANS.4", channels=", ".join(CHANNELS))
    if request.channel != Channel.DOCUMENT:
        return await _ask(ctx, actor, slug, request)
    if not actor.account_id:
        raise NotAllowed("log_in_to_request", "R-ORG.2")
    demand(actor, Verb.REQUEST_DOCUMENT)
    now = ctx.clock.now()
    desk, library, policy, attended = await read_together(
        ctx.db.read,
        desk_read(slug),
        library_at_read(slug),
        task_policy_at_read(slug, now),
        on_duty_at_read(slug, now),
    )
    if desk is None or library is None:
        raise NotFound("desk_not_found", slug=slug)
    session = await _conversation(ctx, actor, request)
    if not takes_request(desk, session, now):
        await access_open_desk(ctx.db.read, actor, slug)  # raises what whoever asks may know of it
    wanted = read_document(ctx, actor, desk, request)
    if session is not None:  # it goes along, so that nothing is asked twice (R-LIVE.4)
        transcript = await written_out(ctx, ctx.db.read, session, request.language)
        wanted = replace(wanted, session_id=session.id, transcript=transcript)
    async with ctx.transaction() as tx:
        entered = await keep_document(ctx, tx, desk, wanted, policy, deserted=not attended)
        if not entered.again:
            await hand_in_files(tx, actor, request.client_id, wanted.id, request.file_ids)
            if session is not None:
                await send_along(ctx, tx, session, await files_of_reader(tx, session), wanted.id)
    return Submitted(entered.consultation, entered.again, (desk, library))


async def keep_document(
    ctx: Context, tx: Transaction, desk: Desk, wanted: Consultation, policy: TaskPolicy, *, deserted: bool
) -> Entered:
    """Put a reader's document request into the pool, within the day's quota, and tell them. Raises TooMany."""
    entered = await enter(ctx, tx, wanted, policy=policy, open_now=deserted)
    if not entered.again:
        demand_quota(entered.documents_before + 1, policy.requests_per_day, ctx.clock.now(), zone_of(ctx))
        await tell_received(ctx, tx, entered.consultation, desk, policy)
    return entered


async def demand_slot(ctx: Context, tx: Transaction, actor: Actor, policy: TaskPolicy) -> None:
    """Raise TooMany where the request just stored is one more than today's quota (R-ANS.5)."""
    now, zone = ctx.clock.now(), zone_of(ctx)
    asked = await count_requests_since(tx, actor.account_id, day_begins(now, zone))
    demand_quota(asked, policy.requests_per_day, now, zone)


def request_of(c: Consultation, client_id: str) -> Request:
    """The same wish once more, as it was filled in."""
    citation = {name: str(value) for name, value in json.loads(c.citation or "{}").items()}
    return Request(
        channel=Channel.FORM if c.channel is Channel.PHONE else c.channel,
        client_id=client_id,
        citation=citation if c.channel is Channel.DOCUMENT else {},
        question=c.question,
        topic=c.topic or "reference",
        language=c.language,
        name=c.name,
        mail=c.mail,
        phone=c.phone,
        show_title=c.show_title,
        record_id=c.record_id,
    )


async def _ask(ctx: Context, actor: Actor, slug: str, request: Request) -> Submitted:
    asking = Asking(
        request.channel,
        request.topic,
        request.question,
        request.language,
        request.client_id,
        request.name,
        request.mail,
        request.phone,
        request.show_title,
        request.file_ids,
    )
    entered = await leave_question(ctx, actor, slug, asking)
    return Submitted(entered.consultation, entered.again)


def read_document(ctx: Context, actor: Actor, desk: Desk, request: Request) -> Consultation:
    """A reader's request as it is kept. Raises FormRefused: all problems are said at once."""
    form = Form({**request.citation, "question": request.question, "mail": request.mail})
    citation = read_citation(form)
    remark = form.text("question", limit=QUESTION_LIMIT)
    mail = form.mail("mail").lower() or actor.mail
    form.demand()
    number = ctx.ids.new()
    return Consultation(
        id=number,
        task_id=number,
        state=Standing.OPEN,
        channel=Channel.DOCUMENT,
        material=str(citation.material),
        desk_id=desk.id,
        library_id=desk.library_id,
        reader_id=actor.account_id,
        session_id="",
        name=(request.name or actor.name).strip()[:120],
        mail=mail,
        phone=request.phone.strip()[:60],
        language=request.language if request.language in ("zh", "en") else "zh",
        topic="",
        title=citation.name[:TITLE],
        citation=json.dumps(texts_of(citation), ensure_ascii=False),
        question=remark,
        transcript="",
        record_id=request.record_id[:26],
        foreign_document=not citation.in_chinese,
        show_title=request.show_title,
        client_id=f"{actor.account_id}:{request.client_id}"[:60],
        policy_id="",
        stage=0,
        submitted_at=ctx.clock.now(),
    )


async def _conversation(ctx: Context, actor: Actor, request: Request) -> ChatSession | None:
    """The reader's own conversation in which it came up, if any."""
    if request.talk:
        return await session_of_link(ctx, request.talk)
    if not request.session_id:
        return None
    session = await access_session(ctx.db.read, actor, request.session_id, Verb.READ_SESSION)
    if not is_reader(actor, session):
        raise NotFound("session_not_found")
    return session
