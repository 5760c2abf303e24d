"""The link from a live conversation to a document request, and what the request then knows already (R-LIVE.4)."""

from datetime import datetime, timedelta
from urllib.parse import quote

from server.actions.links import address_of
from server.context import Context
from server.domain.chat import ChatSession, is_continuation
from server.domain.desks import Desk
from server.domain.pasted import said_fields
from server.store.chat import events_after, session_by_id
from server.store.rows import Reader
from server.wire.tokens import talk_code, talk_of

_KEPT = timedelta(days=7)  # as long as a conversation may be continued
_LINES = 500


def request_address(ctx: Context, session: ChatSession, desk: Desk | None) -> str:
    """Where the reader fills in a request that takes this conversation along.

    Nothing for practice (R-ORG.5), nor where the request would be refused.
    """
    if desk is None or session.practice or not takes_request(desk, session, ctx.clock.now()):
        return ""
    code = talk_code(ctx.settings.secret_key, session.id, ctx.clock.now() + _KEPT)
    return address_of(ctx, f"/d/{quote(desk.slug)}/request?talk={code}&lang={session.language}")


def takes_request(desk: Desk, session: ChatSession | None, now: datetime) -> bool:
    """Whether the desk takes a document request: a closed one takes what came up in a conversation there lately.

    It is nothing new: the reader may leave the conversation as a question, too, and its librarian sends this link.
    """
    if desk.open or session is None or session.desk_id != desk.id:
        return desk.open
    return session.open or is_continuation(session, now)


async def session_of_link(ctx: Context, code: str) -> ChatSession | None:
    """The conversation that a link carries along; None for one that is not ours or has run out."""
    settings = ctx.settings
    secrets = tuple(filter(None, (settings.secret_key, settings.secret_key_previous)))
    session_id = talk_of(secrets, code, ctx.clock.now())
    return await session_by_id(ctx.db.read, session_id) if session_id else None


async def carried_by_link(ctx: Context, code: str) -> dict[str, str] | None:
    """What a request knows that begins with such a link; None once the link has run out."""
    session = await session_of_link(ctx, code)
    return None if session is None else await named_document(ctx.db.read, session) | {"talk": code}


async def named_document(db: Reader, session: ChatSession) -> dict[str, str]:
    """The fields of the document that the reader named in the conversation; empty where they named none."""
    events = await events_after(db, session.id, "all", 0, _LINES)
    said = [event.body for event in events if event.author_kind == "reader" and event.body]
    return said_fields(said or [session.question])
