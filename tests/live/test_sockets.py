"""The hub behind a real server and real clients, on both event loops: fast, slow, stuck and gone."""

import asyncio
import contextlib
import gc
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any

import pytest
import uvicorn
import uvloop
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.server import ServerProtocol

from server.live.client import Client
from server.live.hub import Hub
from server.live.limits import Limits
from server.live.local_bus import LocalBus
from server.live.web_socket import EXTENSION, Http, WebSocket
from tests.live.lines import PATIENCE, Evenly, Log, eventually

Run = Callable[[Coroutine[Any, Any, None]], None]
ROOMY = Limits(queue_frames=100_000, queue_chars=1 << 30)
BIG = "期刊" * 16_000  # 96 KB on the wire: more than a transport takes without asking back


@pytest.fixture(params=[asyncio.run, uvloop.run], ids=["asyncio", "uvloop"])
def run(request: pytest.FixtureRequest) -> Run:
    return request.param


class Server(uvicorn.Server):
    """Leaves the signals of the test run alone."""

    @contextlib.contextmanager
    def capture_signals(self):
        yield


class House:
    """A server whose every socket is a client of one hub."""

    def __init__(self, limits: Limits) -> None:
        self.hub = Hub(LocalBus(), Log().messages_after, rng=Evenly(), limits=limits)
        self.clients: list[Client] = []
        self.handlers = 0

    async def app(self, scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        client = self.hub.attach(scope["extensions"][EXTENSION]["socket"])
        self.clients.append(client)
        self.handlers += 1
        try:
            while (await receive())["type"] != "websocket.disconnect":
                pass
        finally:
            client.leave()
            self.handlers -= 1


@contextlib.asynccontextmanager
async def house(limits: Limits) -> AsyncIterator[tuple[House, ClientConnection, Client]]:
    it = House(limits)
    config = uvicorn.Config(
        it.app,
        interface="asgi3",
        port=0,
        http=Http,
        ws=WebSocket,
        ws_per_message_deflate=False,
        lifespan="off",
        log_level="error",
    )
    server = Server(config)
    serving = asyncio.create_task(server.serve())
    try:
        await eventually(lambda: server.started)
        port = server.servers[0].sockets[0].getsockname()[1]
        async with connect(
            f"ws://127.0.0.1:{port}", compression=None, max_queue=1, close_timeout=0.1
        ) as browser:
            await eventually(lambda: bool(it.clients))
            yield it, browser, it.clients[0]
    finally:
        server.should_exit = True
        await serving


async def read(browser: ClientConnection, count: int) -> list[str | bytes]:
    async with asyncio.timeout(PATIENCE):
        return [await browser.recv() for _ in range(count)]


def test_a_client_that_reads_gets_text_frames_without_a_task_of_its_own(run: Run) -> None:
    async def scenario() -> None:
        async with house(Limits()) as (_, browser, client):
            frames = [f"第 {n} 条" for n in range(100)]
            for frame in frames:
                client.send(frame)
                assert not client.blocked
            assert await read(browser, 100) == frames

    run(scenario())


def test_a_slow_reader_gets_everything_in_order_while_the_sender_never_waits(run: Run) -> None:
    async def scenario() -> None:
        async with house(ROOMY) as (_, browser, client):
            frames = [f"{n}{BIG}" for n in range(200)]
            for frame in frames:
                client.send(frame)
            assert client.blocked
            assert await read(browser, 200) == frames
            await eventually(lambda: not client.blocked)
            client.send("goes straight through again")
            assert not client.blocked
            assert await read(browser, 1) == ["goes straight through again"]

    run(scenario())


def test_a_client_that_never_reads_is_abandoned_and_its_handler_ends(run: Run) -> None:
    async def scenario() -> None:
        async with house(Limits(queue_frames=100_000, queue_chars=1 << 30, write_deadline=0.05)) as scene:
            it, _, client = scene
            for _ in range(200):
                client.send(BIG)
            await eventually(lambda: client.closed)
            await eventually(lambda: it.handlers == 0)
            assert it.hub.dropped == 1 and it.hub.clients == 0

    run(scenario())


def test_a_close_carries_its_code_and_reason(run: Run) -> None:
    async def scenario() -> None:
        async with house(Limits()) as (it, browser, client):
            client.send("last words")
            client.close(4408, "too_slow")
            client.send("too late")
            assert await read(browser, 1) == ["last words"]
            with pytest.raises(ConnectionClosed) as ended:
                await browser.recv()
            assert ended.value.rcvd is not None
            assert (ended.value.rcvd.code, ended.value.rcvd.reason) == (4408, "too_slow")
            await eventually(lambda: it.handlers == 0)

    run(scenario())


def test_frames_for_a_peer_that_has_gone_are_swallowed(run: Run) -> None:
    async def scenario() -> None:
        async with house(ROOMY) as (it, browser, client):
            for _ in range(200):
                client.send(BIG)
            assert client.blocked
            browser.transport.abort()
            await eventually(lambda: it.handlers == 0)
            client.send("into the void")
            client.close(1012)

    run(scenario())


@pytest.mark.parametrize("way", ["their close", "our close", "a broken line", "too slow"])
def test_a_connection_that_is_over_leaves_nothing_for_the_collector(run: Run, way: str) -> None:
    """The server collects seldom (`server.commands.collecting`): what hung together in circles would pile up."""

    def left() -> list[str]:
        kinds = (Http, WebSocket, ServerProtocol, Client)
        return [type(found).__name__ for found in gc.get_objects() if isinstance(found, kinds)]

    async def scenario() -> None:
        async with house(Limits(queue_frames=100_000, queue_chars=1 << 30, write_deadline=0.05)) as scene:
            it, browser, client = scene
            assert {"WebSocket", "ServerProtocol", "Client"} <= set(left())
            match way:
                case "their close":
                    await browser.close()
                case "our close":
                    client.close(1012, "restart")
                case "a broken line":
                    client.send("to nobody")
                    browser.transport.abort()
                case "too slow":
                    for _ in range(200):
                        client.send(BIG)
            await eventually(lambda: it.handlers == 0)
            it.clients.clear()
            del client, scene
            await eventually(lambda: not left())

    gc.collect()
    gc.disable()
    try:
        run(scenario())
    finally:
        gc.enable()
