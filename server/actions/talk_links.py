"""The link from a live conversation to a document request, and what the request then knows already (R-LIVE.4)."""

from datetime import timedelta
from urllib.parse import quote

from server.actions.links import address_of
from server.context import Context
from server.domain.chat import ChatSession
from server.domain.pasted import said_fields
from server.store.chat import events_after, session_by_id
from server.store.rows import Reader
from server.wire.tokens import talk_code, talk_of

_KEPT = timedelta(days=7)  # as long as a conversation may be continued
_LINES = 500


def request_address(ctx: Context, session: ChatSession, slug: str) -> str:
    """Where the reader fills in a request that takes this conversation along; nothing for practice (R-ORG.5)."""
    if session.practice:
        return ""
    code = talk_code(ctx.settings.secret_key, session.id, ctx.clock.now() + _KEPT)
    return address_of(ctx, f"/d/{quote(slug)}/request?talk={code}&lang={session.language}")


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
