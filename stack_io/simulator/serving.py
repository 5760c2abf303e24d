"""A simulated device where it can be reached: within this process, or at a TCP port."""

import asyncio
import contextlib
import socket
from collections.abc import Coroutine
from types import TracebackType
from typing import Self

from stack_io.simulator.devices import Device

TICK = 0.05
MOST_UNSENT = 1_000_000  # bytes; who does not read hears nothing more until they do
READ = 65_536
Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Host:
    """Lets a device's time pass and lends it ears: an async context manager around both.

    One peer at a time: the newest. The device goes on while nobody is connected.
    """

    def __init__(self, device: Device) -> None:
        self.device = device
        self.port = 0
        self._peer: asyncio.StreamWriter | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> Self:
        self._spawn(self._tick())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Switch it off: its memory stays."""
        if self._server is not None:
            self._server.close()
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._peer is not None:
            self._peer.close()
        self.device.journal.close()

    async def listen(self, host: str, port: int) -> int:
        """Be reachable over TCP; returns the port."""
        self._server = await asyncio.start_server(self._welcome, host, port)
        self.port = self._server.sockets[0].getsockname()[1]
        return self.port

    async def dial(self) -> Streams:
        """A connection from within this process: a pair of sockets, so that the bytes are the same as outside."""
        ours, theirs = socket.socketpair()
        reader, writer = await asyncio.open_connection(sock=theirs)
        self._spawn(self._welcome(reader, writer))
        return await asyncio.open_connection(sock=ours)

    def hang_up(self) -> None:
        """Break the connection, if there is one."""
        if self._peer is not None:
            self._peer.transport.abort()

    def _spawn(self, work: Coroutine[object, None, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _welcome(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._peer is not None:
            self._peer.close()
        self._peer = writer
        self.device.connect()
        try:
            while data := await reader.read(READ):
                if self._peer is not writer:
                    break
                self.device.feed(data)
        except OSError:
            pass
        finally:
            if self._peer is writer:
                self._peer = None
            writer.close()

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(TICK)
            peer = self._peer
            if peer is None:
                self.device.speak()
            elif peer.transport.get_write_buffer_size() < MOST_UNSENT:
                with contextlib.suppress(OSError, RuntimeError):
                    peer.write(self.device.speak())
