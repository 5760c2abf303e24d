"""The WebSocket door: read a frame, do what it asks, until either side goes. ASGI, without a framework's socket."""

import asyncio
from collections import deque
from typing import Any
from urllib.parse import urlsplit

import structlog
from starlette.requests import HTTPConnection

from server.actions.access import actor_of_claim, claim_of
from server.actions.accounts import resolve_actor
from server.actions.conversations import enter_conversation, session_of_token
from server.actions.origins import Origins
from server.api.gateway import UNGREETED, Gateway, OpenLine
from server.context import Context
from server.domain.errors import Invalid, NotAllowed, Refusal
from server.domain.permissions import NOBODY, Actor, Verb, may
from server.live.client import Client
from server.live.presence import PAGE, Presence
from server.live.web_socket import EXTENSION, WebSocket
from server.wire import frames
from server.wire.outcomes import error_value, way_of
from server.words.catalogue import say

log = structlog.get_logger(__name__)

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
    socket = scope["extensions"][EXTENSION]["socket"]
    client = gateway.hub.attach(socket)
    opened: OpenLine | None = None
    listener: Listener | None = None
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
        listener = Listener(opened, client, socket)
        socket.listen(listener.hear)
        while (await receive())["type"] != "websocket.disconnect":
            pass
    except _Gone:
        pass
    except TimeoutError:
        client.close(4400, "hello_expected")
    except Refusal as refusal:
        language = request.query_params.get("lang", "zh")
        client.send(frames.text({"t": "err", "id": "", **error_value(refusal, say(refusal, language))}))
        client.close(way_of(refusal).close_code, refusal.code)
    finally:
        gateway.ungreeted -= not greeted
        await asyncio.shield(_end(gateway, client, listener, opened))


async def _end(
    gateway: Gateway, client: Client, listener: "Listener | None", opened: OpenLine | None
) -> None:
    """The peer has gone: what it has still said is done, then the line is left."""
    if listener is not None:
        await listener.finished()
    client.leave()
    if opened is not None:
        await gateway.leave(opened)


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
        actor: Actor = await actor_of_claim(ctx, claim)
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
    # A manager at the board is expected by no reader: else who gave up the desk would seem to sit there still.
    kind = "staff" if may(actor, Verb.STAND_DUTY) else PAGE
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


class Listener:
    """Hears a client's frames one after the other: the next when what the last one asked for is done."""

    def __init__(self, opened: OpenLine, client: Client, socket: WebSocket) -> None:
        self._opened = opened
        self._client = client
        self._socket = socket
        self._waiting: deque[str | None] = deque()
        self._frame: frames.ClientFrame | None = None  # what is being done
        self._task: asyncio.Task[None] | None = None
        self._finished: asyncio.Future[None] | None = None
        self._bad = 0

    def hear(self, text: str | None) -> None:
        """A message has come; None: a binary one."""
        if self._frame is None:
            self._take(text)
        else:
            self._waiting.append(text)
            self._socket.hold()

    async def finished(self) -> None:
        """Come back when all that has come from this client is done."""
        if self._frame is not None:
            self._finished = asyncio.get_running_loop().create_future()
            await self._finished

    def _take(self, text: str | None) -> None:
        try:
            frame = self._frame = _frame_of(text)
            self._bad = 0
            if type(frame) is not frames.Post or not self._opened.line.post_soon(frame, self._posted):
                self._take_time(frame)
        except Refusal as refusal:
            self._refuse(refusal)
        except Exception:
            failed, self._frame = self._frame, None
            self._fail(failed)

    def _fail(self, frame: frames.ClientFrame | None) -> None:
        opened = self._opened.session
        session = getattr(frame, "session", opened.id if opened else "")
        log.exception("a frame could not be dealt with", session=session)
        self._client.close(1011, "internal error")

    def _refuse(self, refusal: Refusal) -> None:
        frame, self._frame = self._frame, None
        self._opened.line.refuse(refusal, getattr(frame, "id", ""))
        self._bad += frame is None
        if self._bad >= BAD_FRAMES:
            self._client.close(way_of(refusal).close_code, refusal.code)

    def _posted(self, answered: bool) -> None:
        if answered or self._frame is None:
            self._go_on()
        else:
            self._take_time(self._frame)

    def _take_time(self, frame: frames.ClientFrame) -> None:
        self._task = asyncio.get_running_loop().create_task(self._do(frame))

    async def _do(self, frame: frames.ClientFrame) -> None:
        try:
            if type(frame) is frames.Token:
                _renew(self._opened, frame.token)
            else:
                await self._opened.line.hear(frame)
        except Exception:
            self._fail(frame)
        self._task = None
        self._go_on()

    def _go_on(self) -> None:
        self._frame = None
        while self._waiting and self._frame is None and not self._client.closed:
            self._take(self._waiting.popleft())
        if self._client.closed:
            self._waiting.clear()  # it was us who ended it
        if not self._waiting:
            self._socket.go_on()
        if self._frame is None and self._finished is not None:
            self._finished.set_result(None)


def _frame_of(text: str | None) -> frames.ClientFrame:
    if text is None:
        raise Invalid("frame_binary", "frame")
    return frames.parse(text)


def _renew(opened: OpenLine, token: str) -> None:
    """A renewed token keeps the line of the same session, reader and log-in."""
    try:
        claim = claim_of(opened.line.ctx, token)
        same = (claim.session_id, claim.login) == (opened.line.actor.only_session, opened.line.actor.login)
        if opened.session is None or not same:
            raise NotAllowed("token_invalid")
        opened.expires = claim.expires
    except Refusal as refusal:
        opened.line.refuse(refusal)
