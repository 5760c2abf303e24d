"""Where WebSockets are blocked: the same frames over Server-Sent Events and POST, by the same code path."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from server.api.gateway import Gateway, OpenLine
from server.api.lines import Collected
from server.api.routes import ApiRequest, Endpoint
from server.api.socket import identify
from server.domain.errors import Invalid, NotAllowed, Refusal
from server.domain.forms import is_number
from server.domain.permissions import Verb
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
    connection = SseConnection(place_of, task.cancel)
    client = gateway.hub.attach(connection)
    try:
        opened = await identify(r.ctx, gateway, r.request, client, _token(r))
        opened.line.language = r.language
        await gateway.enter(opened)
    except BaseException:
        client.leave()
        raise
    me = opened.line.actor.account_id or "reader"
    client.send(
        frames.text({"t": "welcome", "v": frames.VERSION, "beat_seconds": frames.BEAT_SECONDS, "me": me})
    )
    for topic, after in _topics(r):
        try:
            await opened.line.listen(topic, after)
        except Refusal as refusal:
            opened.line.refuse(refusal)
    return StreamingResponse(
        _blocks(gateway, opened, client, connection),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


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


async def _blocks(
    gateway: Gateway, opened: OpenLine, client: Any, connection: SseConnection
) -> AsyncIterator[bytes]:
    try:
        async for block in connection.blocks():
            yield block
    finally:
        client.leave()
        await gateway.leave(opened)


def _token(r: ApiRequest) -> str:
    kind, _, secret = r.request.headers.get("authorization", "").partition(" ")
    return secret if kind.lower() == "token" else r.query.get("token", "")


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


_FRAMES = dict[str, list[Any]]
ENDPOINTS = [
    Endpoint("GET", "/api/stream", Verb.READ_SESSION, stream, "Listen where WebSockets are blocked (SSE)"),
    Endpoint(
        "POST", "/api/frames", Verb.POST_MESSAGE, post_frame, "Say one frame", answer=_FRAMES, raw_body=True
    ),
    Endpoint(
        "GET",
        "/api/sessions/{id}/stream",
        Verb.READ_SESSION,
        stream,
        "Listen to one conversation where WebSockets are blocked (SSE)",
        cross_origin=True,
    ),
    Endpoint(
        "POST",
        "/api/sessions/{id}/frames",
        Verb.POST_MESSAGE,
        post_frame,
        "Say one frame in one conversation",
        answer=_FRAMES,
        cross_origin=True,
        raw_body=True,
    ),
]
