"""SQLite: one writer per process that shares commits, readers beside it."""

import asyncio
import sqlite3
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from functools import partial
from itertools import repeat
from typing import Any, TypeVar

from server.domain.errors import Refusal, TooMany, Unavailable
from server.store.database import (
    FEW,
    MOMENT_SECONDS,
    Answered,
    Appended,
    NewMessage,
    Tally,
    Waiting,
    answer_all,
    settle,
)
from server.store.rows import Duplicate, Row, sqlite_statement, sqlite_values
from server.store.sqlite_messages import begin_and_append
from server.store.threads import OneThread
from server.store.writes import Write, Writes

T = TypeVar("T")
TURN_SECONDS = 30.0  # a unit of work that holds the writer longer is cut off
UNITS_PER_COMMIT = 64
MESSAGES_PER_COMMIT = 500
WAITING_UNITS = 20_000
READERS = 3

_PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",  # what is acknowledged survives loss of power
    "PRAGMA foreign_keys=ON",
    "PRAGMA busy_timeout=10000",
    "PRAGMA journal_size_limit=67108864",
    "PRAGMA wal_autocheckpoint=8000",  # pages, 32 MB: one that many messages touch is copied into the file once
    "PRAGMA cache_size=-32000",
)


def connect(path: str) -> sqlite3.Connection:
    """A connection with the settings that every use of the file must have."""
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, cached_statements=512)
    connection.row_factory = sqlite3.Row
    for pragma in _PRAGMAS:
        connection.execute(pragma)
    return connection


class SqliteReader:
    """Reads on connections of their own, so that a long read never holds up the writer."""

    dialect = "sqlite"

    def __init__(self, path: str) -> None:
        self._path = path
        self._threads = ThreadPoolExecutor(READERS, thread_name_prefix="sqlite-read")
        self._idle: deque[sqlite3.Connection] = deque()

    async def rows(self, sql: str, *values: Any) -> Sequence[Row]:
        loop = asyncio.get_running_loop()
        statement, given = sqlite_statement(sql), sqlite_values(values)
        return await _named(loop.run_in_executor(self._threads, self._query, statement, given))

    async def row(self, sql: str, *values: Any) -> Row | None:
        found = await self.rows(sql, *values)
        return found[0] if found else None

    def _query(self, sql: str, values: tuple[Any, ...]) -> Sequence[Row]:
        try:
            connection = self._idle.pop()
        except IndexError:
            connection = connect(self._path)
        try:
            return connection.execute(sql, values).fetchall()  # sqlite3.Row reads like a mapping
        finally:
            self._idle.append(connection)

    def close(self) -> None:
        self._threads.shutdown(wait=True)
        while self._idle:
            self._idle.pop().close()


class SqliteTransaction:
    """One unit's turn on the writer, inside its own savepoint."""

    dialect = "sqlite"

    def __init__(self, thread: OneThread, connection: sqlite3.Connection) -> None:
        self._thread = thread
        self._connection = connection
        self._writes = Writes()
        self.announced: list[Any] = []

    async def rows(self, sql: str, *values: Any) -> Sequence[Row]:
        await self._before(sql)
        return await _named(self._thread.do(self._fetch, sqlite_statement(sql), sqlite_values(values)))

    async def row(self, sql: str, *values: Any) -> Row | None:
        found = await self.rows(sql, *values)
        return found[0] if found else None

    async def execute(self, sql: str, *values: Any) -> int:
        await self._before(sql)
        return await _named(self._thread.do(self._change, sqlite_statement(sql), sqlite_values(values)))

    async def later(self, sql: str, *values: Any, refusal: Refusal | None = None) -> None:
        await self._do(self._writes.add(sql, values, refusal))

    async def execute_many(self, sql: str, rows: Sequence[tuple[Any, ...]]) -> None:
        await self._before(sql)
        await _named(self._thread.do(self._connection.executemany, sqlite_statement(sql), rows))

    async def finish(self) -> None:
        """Do what was left for later."""
        await self._do(self._writes.take())

    async def _before(self, sql: str) -> None:
        if self._writes.hinder(sql):
            await self.finish()

    async def _do(self, writes: list[Write]) -> None:
        if writes:
            await _named(self._thread.do(self._change_all, writes))

    def _change_all(self, writes: list[Write]) -> None:
        for sql, values, refusal in writes:
            if not self._change(sqlite_statement(sql), sqlite_values(values)) and refusal is not None:
                raise refusal

    async def lock_rows(self, table: str, column: str, keys: Collection[str]) -> None:
        """Nothing to wait for: the writer is the lock."""

    async def lock(self, *names: str) -> None:
        """Nothing to wait for: the writer is the lock."""

    async def try_lock(self, name: str) -> bool:
        """Always ours: the writer is the lock."""
        return True

    async def try_locks(self, names: Collection[str]) -> set[str]:
        """Always ours."""
        return set(names)

    def announce(self, event: Any) -> None:
        self.announced.append(event)

    def _fetch(self, sql: str, values: tuple[Any, ...]) -> Sequence[Row]:
        return self._connection.execute(sql, values).fetchall()

    def _change(self, sql: str, values: tuple[Any, ...]) -> int:
        return self._connection.execute(sql, values).rowcount


class _Turn:
    """A unit of work that waits for the writer, holds it, and waits for the shared commit."""

    __slots__ = ("committed", "finished", "granted", "keep")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.granted: asyncio.Future[None] = loop.create_future()
        self.finished: asyncio.Future[None] = loop.create_future()
        self.committed: asyncio.Future[None] = loop.create_future()
        self.keep = False


class SqliteDatabase:
    """An SQLite file in WAL mode; every write unit of this process goes through one connection."""

    dialect = "sqlite"

    def __init__(self, path: str) -> None:
        self.path = path
        self.read = SqliteReader(path)
        self.tally = Tally()
        self.shared = False  # by processes; of no account here, where the file has one
        self._messages: list[Waiting] = []
        self._turns: deque[_Turn] = deque()
        self._running: asyncio.Task[None] | None = None

    async def open(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._thread = OneThread("sqlite-write")
        self._connection = await _named(self._thread.do(connect, self.path))

    async def close(self) -> None:
        while self._running is not None:
            await asyncio.wait({self._running})
        await self._thread.do(self._connection.close)
        self._thread.end()
        self.read.close()

    async def check(self) -> None:
        await self.read.rows("SELECT 1")

    async def append(self, message: NewMessage) -> Appended:
        stored: asyncio.Future[Appended] = self._loop.create_future()
        self.append_soon(message, partial(settle, stored))
        return await stored

    def append_soon(self, message: NewMessage, answered: Answered) -> None:
        if len(self._messages) >= WAITING_UNITS:
            raise TooMany("busy", retry_after=1)
        self._messages.append((message, answered))
        self._kick()

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[SqliteTransaction]:
        if len(self._turns) >= WAITING_UNITS:
            raise TooMany("busy", retry_after=1)
        turn = _Turn(self._loop)
        self._turns.append(turn)
        self._kick()
        try:
            await turn.granted
        except asyncio.CancelledError:
            turn.finished.set_result(None)  # granted in the same moment as cancelled: give the turn back
            raise
        unit = SqliteTransaction(self._thread, self._connection)
        try:
            async with asyncio.timeout(TURN_SECONDS):
                yield unit
                await unit.finish()
            turn.keep = True
        finally:
            turn.finished.set_result(None)
        await turn.committed

    def _kick(self) -> None:
        if self._running is None:
            self._running = self._loop.create_task(self._write())

    async def _write(self) -> None:
        try:  # begun by the loop: what arrived in the same round shares the commit
            while self._messages or self._turns:
                if await self._commit_once() in FEW and not self._turns:
                    await asyncio.sleep(MOMENT_SECONDS)
        finally:
            self._running = None

    async def _commit_once(self) -> int:
        batch = self._messages[:MESSAGES_PER_COMMIT]
        del self._messages[:MESSAGES_PER_COMMIT]
        kept: list[_Turn] = []
        try:
            if not self._turns:
                answers = await self._thread.do(self._append_and_commit, batch)
            else:
                answers = await self._thread.do(self._begin_and_append, batch)
                await self._give_turns(kept)
                await self._thread.do(self._connection.execute, "COMMIT")
        except BaseException as error:
            await self._fail(error, batch, kept)
            if not isinstance(error, Exception):
                raise
            return 0
        self.tally.committed(len(batch))
        for turn in kept:
            if not turn.committed.done():
                turn.committed.set_result(None)
        answer_all(batch, answers)
        return len(batch)

    async def _give_turns(self, kept: list[_Turn]) -> None:
        for _ in range(min(len(self._turns), UNITS_PER_COMMIT)):
            turn = self._turns.popleft()
            if turn.granted.cancelled():
                continue
            await _named(self._thread.do(self._connection.execute, "SAVEPOINT unit"))
            if turn.granted.cancelled():
                await _named(self._thread.do(self._end_savepoint, False))
                continue
            turn.granted.set_result(None)
            await turn.finished
            await _named(self._thread.do(self._end_savepoint, turn.keep))
            if turn.keep:
                kept.append(turn)

    async def _fail(
        self,
        error: BaseException,
        batch: list[Waiting],
        kept: list[_Turn],
    ) -> None:
        """A failed commit fails everyone who waited for it; none of their work remains."""
        self.tally.refused(error)
        await self._thread.do(self._roll_back)
        reason = translated(error) if isinstance(error, sqlite3.Error) else Unavailable()
        for turn in kept:
            if not turn.committed.done():
                turn.committed.set_exception(reason)
        answer_all(batch, repeat(reason))

    def _roll_back(self) -> None:
        with suppress(sqlite3.Error):
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")

    def _end_savepoint(self, keep: bool) -> None:
        if not keep:
            self._connection.execute("ROLLBACK TO unit")
        self._connection.execute("RELEASE unit")

    def _begin_and_append(self, batch: Sequence[Waiting]) -> list[Appended]:
        return begin_and_append(self._connection, [message for message, _ in batch])

    def _append_and_commit(self, batch: Sequence[Waiting]) -> list[Appended]:
        answers = self._begin_and_append(batch)
        self._connection.execute("COMMIT")
        return answers


def translated(error: sqlite3.Error) -> Exception:
    """What a driver's error means to the rest of the product."""
    if isinstance(error, sqlite3.IntegrityError) and "UNIQUE" in str(error):
        return Duplicate(str(error))
    if isinstance(error, sqlite3.OperationalError):
        return Unavailable()
    return error


async def _named(done: Awaitable[T]) -> T:
    """What a thread did, with the driver's errors given our names."""
    try:
        return await done
    except sqlite3.Error as error:
        raise translated(error) from error
