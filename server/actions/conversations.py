"""Listening to a conversation: who may, and what has happened in it."""

from server.actions.access import Admission, access_session, admit
from server.actions.sessions import log_transcript_access
from server.context import Context
from server.domain.chat import ChatSession
from server.domain.errors import NotAllowed
from server.domain.events import ChatEventRecorded, ReceiptMoved
from server.domain.permissions import Actor, Verb
from server.store.chat import events_after
from server.store.chat_log import last_numbers
from server.store.participants import participants_of


async def read_events(
    ctx: Context, actor: Actor, session_id: str, *, after: int, limit: int, audience: str = "all"
) -> tuple[list[ChatEventRecorded], int]:
    """A stretch of the conversation and its last number; readers never get the staff's notes."""
    session = await access_session(ctx.db.read, actor, session_id, Verb.READ_SESSION)
    admission = await admit(ctx.db.read, actor, session_id)
    if audience == "staff" and not admission.staff:
        raise NotAllowed("not_in_session")
    await log_transcript_access(ctx, actor, admission)
    found = await events_after(ctx.db.read, session_id, audience, after, limit)
    return found, session.last_seq if audience == "all" else session.last_staff_seq


async def enter_conversation(ctx: Context, actor: Actor, session_id: str) -> Admission:
    """The right to listen and write, for a connection."""
    admission = await admit(ctx.db.read, actor, session_id)
    await log_transcript_access(ctx, actor, admission)
    return admission


async def watermarks_of(ctx: Context, session_id: str) -> list[ReceiptMoved]:
    """How far everybody in the conversation has come, for who begins to listen."""
    people = await participants_of(ctx.db.read, session_id)
    return [ReceiptMoved(session_id, p.key, p.delivered, p.read) for p in people if p.delivered or p.read]


async def numbers_of(ctx: Context, session_ids: list[str]) -> dict[str, tuple[int, int]]:
    """The last numbers of these conversations, read from the database, for a keep-alive."""
    return await last_numbers(ctx.db.read, session_ids)


async def missing_events(
    ctx: Context, session_id: str, audience: str, after: int, limit: int
) -> list[ChatEventRecorded]:
    """What a connection that was admitted already has missed."""
    return await events_after(ctx.db.read, session_id, audience, after, limit)


async def session_of_token(ctx: Context, actor: Actor, session_id: str) -> ChatSession:
    """The session that a conversation token names. Raises NotFound."""
    return await access_session(ctx.db.read, actor, session_id, Verb.READ_SESSION)
