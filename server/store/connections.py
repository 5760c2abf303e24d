"""Connections to PostgreSQL, lent to one user at a time: the one used last goes out first.

The driver's own pool wraps every call and every loan; with some fifty short statements in a request that was a tenth of
the server's work.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from types import TracebackType
from typing import Any

import asyncpg

Translate = Callable[[BaseException], BaseException | None]
# After these nobody knows in which state the line is.
_UNSURE = (
    OSError,
    TimeoutError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # its end was heard while it lay idle
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
)


class Connections:
    """At most ``most`` of them; who finds none waits ``patience`` seconds, then gets TimeoutError."""

    def __init__(self, connect: Callable[[], Awaitable[Any]], *, most: int, patience: float) -> None:
        self._connect = connect
        self._most = most
        self._patience = patience
        self._idle: list[Any] = []
        self._waiting: deque[asyncio.Future[Any]] = (
            deque()
        )  # each gets a connection, or None: room for one, counted
        self._count = 0
        self._closed = False

    async def take(self) -> Any:
        """A connection, for its taker alone until it is given back."""
        while self._idle:
            connection = self._idle.pop()
            if not connection.is_closed():
                return connection
            self._count -= 1
        if self._count < self._most:
            self._count += 1
        elif (connection := await self._wait()) is not None:
            return connection
        try:
            return await self._connect()
        except BaseException:
            self._make_room()
            raise

    def give(self, connection: Any) -> None:
        """Back from its taker, in order."""
        if self._closed or connection.is_closed():
            self.drop(connection)
        elif not self._pass_on(connection):
            self._idle.append(connection)

    def drop(self, connection: Any) -> None:
        """Back from its taker, in a state that nobody knows: it is not lent again."""
        connection.terminate()
        self._make_room()

    async def close(self) -> None:
        """Close what is idle; what is still lent is closed when it comes back."""
        self._closed = True
        while self._idle:
            with suppress(*_UNSURE):
                await self._idle.pop().close(timeout=self._patience)

    async def _wait(self) -> Any:
        promised: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._waiting.append(promised)
        try:
            async with asyncio.timeout(self._patience):
                return await promised
        except BaseException:
            if promised.done() and not promised.cancelled():  # it came in the same moment
                if (connection := promised.result()) is None:
                    self._make_room()
                else:
                    self.give(connection)
            raise

    def _make_room(self) -> None:
        if not self._pass_on(None):
            self._count -= 1

    def _pass_on(self, connection: Any) -> bool:
        while self._waiting:
            promised = self._waiting.popleft()
            if not promised.done():
                promised.set_result(connection)
                return True
        return False


class Loan:
    """``async with``: a connection for this block, its failures named by ``translate``."""

    __slots__ = ("_connection", "_connections", "_translate")

    def __init__(self, connections: Connections, translate: Translate) -> None:
        self._connections = connections
        self._translate = translate

    async def __aenter__(self) -> Any:
        try:
            self._connection = await self._connections.take()
        except Exception as error:
            if (named := self._translate(error)) is not None:
                raise named from error
            raise
        return self._connection

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        connection = self._connection
        if error is None:
            self._connections.give(connection)
            return
        if isinstance(error, _UNSURE) or not isinstance(error, Exception) or connection.is_in_transaction():
            self._connections.drop(connection)
        else:
            self._connections.give(connection)
        if (named := self._translate(error)) is not None:
            raise named from error
