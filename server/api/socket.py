"""The WebSocket door: read a frame, do what it asks, until either side goes. ASGI, without a framework's socket."""

import asyncio
from typing import Any
from urllib.parse import urlsplit

from starlette.requests import HTTPConnection

from server.actions.access import actor_of_visitor, claim_of
from server.actions.accounts import resolve_actor
from server.actions.conversations import enter_conversation, session_of_token
from server.actions.origins import Origins
from server.api.gateway import UNGREETED, Gateway, OpenLine
from server.context import Context
from server.domain.errors import Invalid, NotAllowed, Refusal
from server.domain.permissions import NOBODY, Actor
from server.live.asgi import AsgiConnection
from server.live.presence import PAGE, Presence
from server.wire import frames
from server.wire.outcomes import error_value, way_of
from server.words.catalogue import say

HELLO_SECONDS = 10
ONLOOKING = {"notices"}  # what is heard without saying who one is
BAD_FRAMES = 20  # in a row: a client that only talks nonsense is let go


async def serve_socket(gateway: Gateway, origins: Origins, scope: Any, receive: Any, send: Any) -> None:
    """One connection from handshake to end."""
    message = await receive()
    if message["type"] != "websocket.connect":
        return
    request = HTTPConnection(scope)
    origin = request.headers.get("origin", "")
    crowded = gateway.ungreeted >= UNGREETED
    if crowded or gateway.closing or not await origins.allowed(origin):
        await send({"type": "websocket.close", "code": 4403, "reason": "origin_refused"})
        return
    await send({"type": "websocket.accept"})
    task = asyncio.current_task()
    assert task is not None
    client = gateway.hub.attach(AsgiConnection(send, task.cancel))
    opened: OpenLine | None = None
    gateway.ungreeted += 1
    greeted = False
    try:
        async with asyncio.timeout(HELLO_SECONDS):
            hello = _checked(frames.parse(await _next(receive)))
            opened = (
                onlooker(gateway.ctx, gateway, client)
                if not hello.token and set(hello.topics) == ONLOOKING
                else await identify(gateway.ctx, gateway, request, client, hello.token)
            )
            language = request.query_params.get("lang", "")
            opened.line.language = language if language in ("zh", "en") else opened.line.actor.language
            await gateway.enter(opened)
            gateway.ungreeted, greeted = gateway.ungreeted - 1, True
            await gateway.welcome(opened, hello.topics.items())
        await _listen(opened, receive)
    except _Gone:
        pass
    except asyncio.CancelledError:
        if not client.closed:
            raise  # else abandoned: the peer takes nothing, not even a good-bye, and our end drops the line
    except TimeoutError:
        client.close(4400, "hello_expected")
    except Refusal as refusal:
        language = request.query_params.get("lang", "zh")
        client.send(frames.text({"t": "err", "id": "", **error_value(refusal, say(refusal, language))}))
        client.close(way_of(refusal).close_code, refusal.code)
    finally:
        gateway.ungreeted -= not greeted
        client.leave()
        if opened is not None:
            await asyncio.shield(gateway.leave(opened))


class _Gone(Exception):
    """The peer has left."""


async def _next(receive: Any) -> str | bytes:
    message = await receive()
    if message["type"] == "websocket.disconnect":
        raise _Gone()
    text = message.get("text")
    if text is None:
        raise Invalid("frame_binary", "frame")
    return text  # type: ignore[no-any-return]


def _checked(hello: frames.ClientFrame) -> frames.Hello:
    """The greeting that every connection begins with. Raises Invalid."""
    if not isinstance(hello, frames.Hello):
        raise Invalid("hello_expected", "frame")
    if hello.v != frames.VERSION:
        raise Invalid("version_unknown", "v", version=frames.VERSION)
    return hello


async def identify(
    ctx: Context, gateway: Gateway, request: HTTPConnection, replies: Any, token: str
) -> OpenLine:
    """Who is on the line: by conversation token a reader who talks, by log-in cookie staff, or a reader at a page.

    Raises NotAllowed.
    """
    connection_id = ctx.ids.new()
    if token:
        claim = claim_of(ctx, token)
        actor: Actor = actor_of_visitor(claim.reader_key, claim.session_id)
        session = await session_of_token(ctx, actor, claim.session_id)
        line = gateway.line(actor, replies)
        line.admissions[session.id] = await enter_conversation(ctx, actor, session.id)
        presence = Presence(connection_id, "reader", session.id)
        return OpenLine(line, presence, session=session, expires=claim.expires)
    cookie = request.cookies.get("sid", "")
    actor = await resolve_actor(ctx, cookie=cookie) if cookie else NOBODY
    origin = request.headers.get("origin", "")
    if not actor.account_id or (origin and _differs(origin, ctx.settings.origin, request)):
        raise NotAllowed("not_logged_in")
    kind = "staff" if actor.is_staff else PAGE
    return OpenLine(
        gateway.line(actor, replies), Presence(connection_id, kind, actor.account_id), cookie=cookie
    )


def onlooker(ctx: Context, gateway: Gateway, replies: Any) -> OpenLine:
    """Any open page, whoever looks at it: it hears that a notice was put up, and nothing else (R-LOAN.10)."""
    connection_id = ctx.ids.new()
    return OpenLine(gateway.line(NOBODY, replies), Presence(connection_id, PAGE, connection_id))


def _differs(origin: str, ours: str, request: HTTPConnection) -> bool:
    """A cookie counts only from our own pages (cross-site WebSocket hijacking)."""
    return origin != ours and urlsplit(origin).netloc != request.headers.get("host", "")


async def _listen(opened: OpenLine, receive: Any) -> None:
    bad = 0
    line = opened.line
    while True:
        try:
            frame = frames.parse(await _next(receive))
        except Invalid as refusal:
            bad += 1
            if bad >= BAD_FRAMES:
                raise
            line.refuse(refusal)
            continue
        bad = 0
        if type(frame) is frames.Token:
            await _renewed(opened, frame.token)
        else:
            await line.hear(frame)


async def _renewed(opened: OpenLine, token: str) -> None:
    """A renewed token keeps the line of the same session and reader."""
    try:
        claim = claim_of(opened.line.ctx, token)
        if opened.session is None or claim.session_id != opened.session.id:
            raise NotAllowed("token_invalid")
        opened.expires = claim.expires
    except Refusal as refusal:
        opened.line.refuse(refusal)
