"""Lines to Redis that are kept up: opened with a deadline, and again after a back-off with full jitter."""

import asyncio
import logging
import math
from collections.abc import Awaitable, Callable
from typing import NoReturn

from redis.asyncio.connection import AbstractConnection, ConnectionPool
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from server.clocks import Rng
from server.outages import Outage

log = logging.getLogger(__name__)

ANSWER = 3.0  # seconds for opening a line, and for each answer
BACK_OFF = (0.1, 5.0)  # seconds: the first pause at most, the longest at most
LASTING = 10.0  # a line that held for so long was a good one: the back-off begins anew


class RedisLines:
    """Opens lines to the Redis (6 or later) of an address (``redis://``, ``rediss://`` or ``unix://``).

    We speak on plain connections, not through the client: one command at a time, no retries behind our back
    (a blocking read with the client's defaults comes back after a minute), and half the CPU for each
    command.
    """

    def __init__(self, url: str, rng: Rng) -> None:
        self._rng = rng
        self._pool: ConnectionPool = ConnectionPool.from_url(
            url, protocol=3, socket_timeout=None, socket_connect_timeout=ANSWER, retry=Retry(NoBackoff(), 0)
        )

    async def keep(
        self, use: Callable[[AbstractConnection, Callable[[], None]], Awaitable[None]]
    ) -> NoReturn:
        """Use a line; whenever it is lost, open another and begin anew.

        ``use`` calls back when the line does what it is for: an account may be let in and yet have no right to that.
        """
        loop = asyncio.get_running_loop()
        outage = Outage(log, "Redis is away; messages wait for the keep-alive", "Redis is back")
        failures = 0
        while True:
            begun = loop.time()
            line: AbstractConnection = self._pool.make_connection()  # type: ignore[no-untyped-call]
            try:
                async with asyncio.timeout(ANSWER):  # around all of it: a peer that accepts and says nothing
                    await line.connect()  # type: ignore[no-untyped-call]
                # Its own would write out every message in full, for a log that nobody keeps.
                line._parser.set_pubsub_push_handler(_as_it_is)  # type: ignore[attr-defined]
                await use(line, outage.over)
            except* Exception as lost:  # whatever it was: without Redis we go on, and try again
                outage.lasts(lost)
            finally:
                await line.disconnect(nowait=True)
            if loop.time() - begun > LASTING:
                failures = 0
            longest = min(BACK_OFF[1], BACK_OFF[0] * 2.0 ** min(failures, 10))
            failures += 1
            await asyncio.sleep(self._rng.uniform(0, longest))

    async def ask(self, line: AbstractConnection, *command: str | bytes) -> object:
        """Send a command and get its answer."""
        async with asyncio.timeout(ANSWER):
            await line.send_command(*command)
            return await line.read_response(push_request=True)

    async def hear(self, line: AbstractConnection) -> bytes | None:
        """The next message of a subscription, or None for a command's answer; waits for ever."""
        heard = await line.read_response(timeout=math.inf, push_request=True)
        return heard[2] if isinstance(heard, list) else None


async def _as_it_is(message: object) -> object:
    return message
