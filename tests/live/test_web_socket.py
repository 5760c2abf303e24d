"""What reaches the application from a socket, however its bytes are cut: RFC 6455 by hand, on both event loops."""

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any

import pytest
import uvicorn
import uvloop

from server.live.web_socket import EXTENSION, WebSocket
from tests.live.lines import PATIENCE, eventually
from tests.live.octets import BINARY, CLOSE, CONTINUED, PING, PONG, TEXT, frame, handshake
from tests.live.test_sockets import Server

Run = Callable[[Coroutine[Any, Any, None]], None]
LARGEST = 100_000


class Peer:
    """A client that writes octets, and the server's side of its connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer
        self.heard: list[str | None] = []
        self.socket: WebSocket | None = None
        self.gone = asyncio.Event()

    def write(self, *parts: bytes) -> None:
        self.writer.write(b"".join(parts))

    async def read(self) -> tuple[int, bytes]:
        """The next frame from the server."""
        async with asyncio.timeout(PATIENCE):
            first, size = await self.reader.readexactly(2)
            if size == 126:
                size = int.from_bytes(await self.reader.readexactly(2), "big")
            return first & 0x0F, await self.reader.readexactly(size)

    async def closed_with(self) -> int:
        """The code of the server's close."""
        opcode, payload = await self.read()
        assert opcode == CLOSE
        return int.from_bytes(payload[:2], "big")


@contextlib.asynccontextmanager
async def connected() -> AsyncIterator[Peer]:
    """A peer whose application listens."""
    peers: list[Peer] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        peer = peers[0]
        await receive()
        await send({"type": "websocket.accept"})
        peer.socket = scope["extensions"][EXTENSION]["socket"]
        assert peer.socket is not None
        peer.socket.listen(peer.heard.append)
        assert (await receive())["type"] == "websocket.disconnect"
        peer.gone.set()

    server = Server(
        uvicorn.Config(
            app,
            interface="asgi3",
            port=0,
            ws=WebSocket,
            ws_max_size=LARGEST,
            ws_per_message_deflate=False,
            lifespan="off",
            log_level="critical",
        )
    )
    serving = asyncio.create_task(server.serve())
    try:
        await eventually(lambda: server.started)
        port = server.servers[0].sockets[0].getsockname()[1]
        peers.append(Peer(*await asyncio.open_connection("127.0.0.1", port)))
        peers[0].write(handshake("/"))
        await peers[0].reader.readuntil(b"\r\n\r\n")
        await eventually(lambda: peers[0].socket is not None)
        yield peers[0]
        peers[0].writer.transport.abort()
        await asyncio.wait_for(peers[0].gone.wait(), PATIENCE)
    finally:
        server.should_exit = True
        await serving


@pytest.fixture(params=[asyncio.run, uvloop.run], ids=["asyncio", "uvloop"])
def run(request: pytest.FixtureRequest) -> Run:
    return request.param


@pytest.mark.parametrize("seed", range(3))
def test_messages_arrive_whole_and_in_order_wherever_the_stream_is_cut(run: Run, seed: int) -> None:
    async def scenario() -> None:
        chance = random.Random(seed)
        texts = [chance.choice("a书𝕊") * chance.choice([0, 1, 41, 125, 126, 127, 700]) for _ in range(60)]
        texts.insert(30, "满" * (LARGEST // 3))  # whose size takes eight octets
        stream = b"".join(frame(TEXT, text.encode()) for text in texts)
        async with connected() as peer:
            while stream:
                size = chance.choice([1, 2, 3, 5, 9, 130, 5000])
                peer.write(stream[:size])
                stream = stream[size:]
                await asyncio.sleep(0)  # most pieces are read alone, some together
            await eventually(lambda: len(peer.heard) == len(texts))
            assert peer.heard == texts

    run(scenario())


def test_a_message_in_parts_with_a_ping_between_is_heard_as_one(run: Run) -> None:
    async def scenario() -> None:
        async with connected() as peer:
            peer.write(
                frame(TEXT, "前".encode(), last=False),
                frame(PING, b"?"),
                frame(CONTINUED, "后".encode()[:1], last=False),  # a character may be cut, too
                frame(CONTINUED, "后".encode()[1:]),
                frame(TEXT, b"next"),
                frame(BINARY, b"\x00"),
                frame(TEXT, b"last"),
            )
            await eventually(lambda: len(peer.heard) == 4)
            assert peer.heard == ["前后", "next", None, "last"]
            assert await peer.read() == (PONG, b"?")

    run(scenario())


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        (frame(TEXT, b"in the clear", masked=False), 1002),
        (frame(TEXT, b"x", last=False) + frame(TEXT, b"another begins"), 1002),
        (frame(3, b"what is this"), 1002),
        (frame(TEXT, b"\xff\xfe"), 1007),
        (frame(TEXT, b"\xff", last=False) + frame(CONTINUED, b"\xfe"), 1007),
        (frame(TEXT, b"x" * (LARGEST + 1)), 1009),
        (frame(TEXT, b"x" * LARGEST, last=False) + frame(CONTINUED, b"y"), 1009),
    ],
    ids=[
        "unmasked",
        "begun twice",
        "unknown",
        "no text",
        "no text in parts",
        "too large",
        "too large in parts",
    ],
)
def test_what_breaks_the_protocol_is_told_so_and_nothing_after_it_is_heard(
    run: Run, wrong: bytes, code: int
) -> None:
    async def scenario() -> None:
        async with connected() as peer:
            peer.write(frame(TEXT, b"good"), wrong, frame(TEXT, b"too late"))
            assert await peer.closed_with() == code
            await asyncio.wait_for(peer.gone.wait(), PATIENCE)
            assert peer.heard == ["good"]

    run(scenario())


def test_what_is_too_large_is_known_by_its_head_and_no_part_of_it_is_heard(run: Run) -> None:
    async def scenario() -> None:
        async with connected() as peer:
            peer.write(frame(TEXT, b"x" * (LARGEST + 1))[:200])
            assert await peer.closed_with() == 1009
            assert peer.heard == []

    run(scenario())


def test_empty_parts_without_end_and_pings_unread_fill_no_memory(run: Run) -> None:
    async def scenario() -> None:
        async with connected() as peer:
            assert peer.socket is not None
            peer.reader._transport.pause_reading()
            peer.write(frame(TEXT, b"x", last=False), frame(CONTINUED, b"", last=False) * 10_000)
            for _ in range(100):
                peer.write(frame(PING, b"y" * 125) * 500)
                await peer.writer.drain()
                assert peer.socket.transport.get_write_buffer_size() < 1 << 20
            peer.write(frame(CONTINUED, b"!"))
            await eventually(lambda: peer.heard == ["x!"])

    run(scenario())


def test_who_holds_reads_on_where_it_stopped(run: Run) -> None:
    async def scenario() -> None:
        async with connected() as peer:
            assert peer.socket is not None
            peer.socket.hold()
            assert not peer.socket.transport.is_reading()
            texts = [f"{number}" + "x" * 50_000 for number in range(40)]  # more than a socket takes at once
            peer.write(*(frame(TEXT, text.encode()) for text in texts))
            peer.socket.go_on()
            await eventually(lambda: len(peer.heard) == 40)
            assert peer.heard == texts

    run(scenario())


def test_after_our_close_nothing_is_heard_and_the_line_ends(run: Run) -> None:
    async def scenario() -> None:
        async with connected() as peer:
            assert peer.socket is not None
            peer.socket.close(4401, "not_logged_in")
            peer.write(frame(TEXT, b"too late"), frame(CLOSE, b"\x0f\xa0"))
            assert await peer.closed_with() == 4401
            await asyncio.wait_for(peer.gone.wait(), PATIENCE)
            assert peer.heard == []

    run(scenario())
