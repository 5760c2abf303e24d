"""Where WebSockets are blocked: the same frames over Server-Sent Events and POST, by the same code path."""

import asyncio
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from server.actions.access import access_session
from server.actions.sessions import conversation_token, is_reader
from server.api.gateway import Gateway, OpenLine
from server.api.lines import Collected
from server.api.routes import ApiRequest, Endpoint
from server.api.socket import HELLO_SECONDS, identify
from server.domain.errors import Invalid, NotAllowed
from server.domain.forms import is_number
from server.domain.permissions import Verb
from server.live.client import Client
from server.live.sse import SseConnection
from server.wire import frames


class Place(msgspec.Struct):
    """What of a frame says where to resume."""

    topic: str = ""
    seq: int = 0


_place = msgspec.json.Decoder(Place)


def place_of(frame: str) -> str:
    """``topic:number`` of a numbered frame, which the browser sends back as Last-Event-ID."""
    if not frame.startswith('{"t":"ev"'):
        return ""
    place = _place.decode(frame)
    return f"{place.topic}:{place.seq}"


async def stream(r: ApiRequest) -> Response:
    """Listen: ``?topics=chat/<id>:<after>,…``; each event's data is one server frame."""
    gateway: Gateway = r.request.app.state.gateway
    task = asyncio.current_task()
    assert task is not None
    topics = _topics(r)
    connection = SseConnection(place_of, task.cancel)
    client = gateway.hub.attach(connection)
    opened: OpenLine | None = None
    try:
        opened = await identify(r.ctx, gateway, r.request, client, await _token(r))
        opened.line.language = r.language
        async with asyncio.timeout(HELLO_SECONDS):
            await gateway.enter(opened)
            await gateway.welcome(opened, topics)
    except BaseException:
        await _end(gateway, client, opened)
        raise
    return _Stream(gateway, client, opened, connection)


async def post_frame(r: ApiRequest) -> dict[str, list[Any]]:
    """Say one frame; the answers are the frames that the socket would have sent."""
    gateway: Gateway = r.request.app.state.gateway
    if r.actor.only_session not in ("", r.path.get("id", r.actor.only_session)):
        raise NotAllowed("token_invalid")
    collected = Collected()
    line = gateway.line(r.actor, collected)
    line.language = r.language
    frame = frames.parse(await _raw(r.request))
    if isinstance(frame, frames.Hello | frames.Token | frames.Sub | frames.Unsub):
        raise Invalid("frame_unexpected", "frame")
    await line.hear(frame)
    return {"frames": [msgspec.Raw(text.encode()) for text in collected.frames]}


class _Stream(StreamingResponse):
    """An event stream whose line ends with it, also when the peer is gone before its first byte."""

    def __init__(self, gateway: Gateway, client: Client, opened: OpenLine, connection: SseConnection) -> None:
        super().__init__(
            connection.blocks(),
            media_type="text/event-stream",
            headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
        )
        self._line = (gateway, client, opened)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            await _end(*self._line)


async def _end(gateway: Gateway, client: Client, opened: OpenLine | None) -> None:
    client.leave()
    if opened is not None:
        await asyncio.shield(gateway.leave(opened))


async def _token(r: ApiRequest) -> str:
    """The conversation token that the line stands on; who proves to be its reader otherwise gets one for it."""
    kind, _, secret = r.request.headers.get("authorization", "").partition(" ")
    if kind.lower() == "token":
        return secret
    if not kind and r.query.get("token"):
        return r.query["token"]
    if "id" in r.path and (kind or r.actor.account_id):
        session = await access_session(r.ctx.db.read, r.actor, r.path["id"], Verb.READ_SESSION)
        if is_reader(r.actor, session):
            return conversation_token(r.ctx, r.actor, session)[0]
    return ""


def _topics(r: ApiRequest) -> list[tuple[str, int]]:
    """Where to begin; what the browser had last (Last-Event-ID) wins over what the address says."""
    asked: dict[str, int] = {}
    if session_id := r.path.get("id"):
        asked[f"chat/{session_id}"] = r.number("after", 0)
    for part in filter(None, r.query.get("topics", "").split(",")):
        topic, _, after = part.rpartition(":")
        if not is_number(after) or int(after) > 2**53:
            raise Invalid("query_number", "topics", low=0, high=2**53)
        asked[topic] = int(after)
    topic, _, number = r.request.headers.get("last-event-id", "").rpartition(":")
    if topic in asked and is_number(number) and int(number) <= 2**53:
        asked[topic] = max(asked[topic], int(number))
    return list(asked.items())


async def _raw(request: Request) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > frames.MAX_FRAME_BYTES:
            raise Invalid("frame_too_large", "frame", limit=frames.MAX_FRAME_BYTES)
    return bytes(body)


_FRAMES = dict[str, list[dict[str, Any]]]
ENDPOINTS = [
    Endpoint(
        "GET",
        "/api/stream",
        Verb.READ_SESSION,
        stream,
        "Listen where WebSockets are blocked: each `data` is a server frame of /api/asyncapi.json",
        gives="text/event-stream",
    ),
    Endpoint(
        "POST",
        "/api/frames",
        Verb.POST_MESSAGE,
        post_frame,
        "Say one client frame of /api/asyncapi.json; what the server says to it comes back",
        answer=_FRAMES,
        raw_body=True,
        takes="application/json",
    ),
    Endpoint(
        "GET",
        "/api/sessions/{id}/stream",
        Verb.READ_SESSION,
        stream,
        "Listen to one conversation where WebSockets are blocked: each `data` is a server frame of /api/asyncapi.json",
        cross_origin=True,
        gives="text/event-stream",
    ),
    Endpoint(
        "POST",
        "/api/sessions/{id}/frames",
        Verb.POST_MESSAGE,
        post_frame,
        "Say one client frame of /api/asyncapi.json in one conversation; what the server says to it comes back",
        answer=_FRAMES,
        cross_origin=True,
        raw_body=True,
        takes="application/json",
    ),
]
