"""Connections to a device: opened with a deadline, made anew after each loss with a back-off, closed cleanly."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Any, NoReturn

from server.clocks import Rng
from stack_io.drivers.contract import Driver

log = logging.getLogger(__name__)

CONNECT_SECONDS = 5.0  # for all lines together, name lookup and all
SAY_SECONDS = 10.0  # until the other side has taken what we say
BACK_OFF = (0.25, 15.0)  # seconds: the first pause at most, the longest at most
READ = 65_536
Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]
Dial = Callable[[], Awaitable[list[Streams]]]


class LinkLost(Exception):
    """The device does not speak to us any more, or not as it should."""


async def dial_tcp(address: str) -> list[Streams]:
    """Open the lines of an address: ``host:port``, several of them with commas. Raises OSError, LinkLost."""
    lines: list[Streams] = []
    try:
        for part in address.split(","):
            host, _, port = part.strip().rpartition(":")
            if not port.isdecimal():
                raise LinkLost(f"no address: {part!r}")
            lines.append(await asyncio.open_connection(host.strip("[]"), int(port)))
    except BaseException:
        hang_up(lines)
        raise
    return lines


def hang_up(lines: Sequence[Streams]) -> None:
    """Close at once; what was not sent yet is not waited for."""
    for _, writer in lines:
        writer.transport.abort()


async def keep_linked(
    dial: Dial,
    use: Callable[[list[Streams]], Coroutine[Any, Any, None]],
    lost: Callable[[Exception], bool],
    *,
    rng: Rng,
) -> NoReturn:
    """Use a connection; whenever it is lost, open another and begin anew, until cancelled.

    ``lost`` hears why, and returns whether the connection had been a good one: the back-off then begins anew. Its
    pauses have full jitter, so that many bridges do not come back in step.
    """
    failures = 0
    while True:
        lines: list[Streams] = []
        try:
            async with asyncio.timeout(
                CONNECT_SECONDS
            ):  # around all of it: a peer that accepts and says nothing
                lines = await dial()
            # A task of its own: a task group leaves its parent marked as cancelled when it failed while it was ending
            # (Python 3.11), and below that mark must mean that somebody wants us to end.
            await asyncio.create_task(use(lines))
            raise LinkLost("ended")
        except* Exception as group:  # whatever it was: the next one gets a fresh driver and fresh lines
            failures = 0 if lost(first_of(group)) else failures + 1
        finally:
            hang_up(lines)
        if (ourselves := asyncio.current_task()) and ourselves.cancelling():
            # Told to end in the very moment in which the connection was lost: a task group then tells of the loss only.
            raise asyncio.CancelledError
        longest = min(BACK_OFF[1], BACK_OFF[0] * 2.0 ** min(failures, 10))
        await asyncio.sleep(rng.uniform(0, longest))


def first_of(error: BaseException) -> Exception:
    """The first real reason in a group of them."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error if isinstance(error, Exception) else LinkLost(repr(error))


class Link:
    """The open lines of one connection and the driver that lives as long as it."""

    def __init__(self, lines: Sequence[Streams], driver: Driver) -> None:
        self.driver = driver
        self._lines = lines
        self._loop = asyncio.get_running_loop()
        self.heard = False  # anything at all
        self._heard_at = self._loop.time()
        self._said_at = [self._loop.time()] * len(lines)

    @property
    def silence(self) -> float:
        """Seconds since anything was heard."""
        return self._loop.time() - self._heard_at

    def listen_anew(self) -> None:
        """We did not listen for a while: silence counts from now."""
        self._heard_at = self._loop.time()

    async def read(self, line: int) -> bytes:
        """The next bytes of a line. Raises LinkLost at its end."""
        data = await self._lines[line][0].read(READ)
        if not data:
            raise LinkLost("the other side has closed")
        self.heard, self._heard_at = True, self._loop.time()
        return data

    async def say(self, *sayings: bytes) -> None:
        """Say these in their order, each on the line where it belongs. Raises LinkLost where nobody takes them."""
        whole: dict[int, list[bytes]] = {}
        for said in sayings:
            if said:
                whole.setdefault(self.driver.line_of(said), []).append(said)
        for line, parts in whole.items():
            await self._write(line, b"".join(parts))

    async def greet(self) -> None:
        """The first word on each line."""
        for line in range(len(self._lines)):
            await self._write(line, self.driver.hello(line))

    async def beat(self) -> None:
        """Show that we live, on lines that have been silent for as long as the make allows."""
        for line, said_at in enumerate(self._said_at):
            if self._loop.time() - said_at >= self.driver.traits.beat_seconds:
                await self._write(line, self.driver.beat(line))

    async def _write(self, line: int, data: bytes) -> None:
        if not data:
            return
        writer = self._lines[line][1]
        writer.write(data)
        self._said_at[line] = self._loop.time()
        try:
            async with asyncio.timeout(SAY_SECONDS):
                await writer.drain()
        except TimeoutError:
            raise LinkLost("nobody reads what we say") from None
