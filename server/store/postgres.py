"""PostgreSQL: transactions from a pool, chat messages grouped on a connection of their own."""

import asyncio
from collections.abc import AsyncIterator, Collection, Iterable, Sequence
from contextlib import asynccontextmanager, suppress
from functools import partial
from hashlib import blake2b
from itertools import repeat
from typing import Any

import asyncpg

from server.domain.errors import Invalid, Refusal, TooMany, Unavailable
from server.store.connections import Connections, Loan
from server.store.database import (
    FEW,
    FEW_SHARED,
    MOMENT_SECONDS,
    MOMENT_SHARED_SECONDS,
    Answered,
    Appended,
    Messages,
    NewMessage,
    Outcome,
    Tally,
    Waiting,
    answer_all,
    changed,
    settle,
)
from server.store.rows import Duplicate, Row
from server.store.writes import Write, Writes, joined, joined_or_nothing, looks_only, values_of

POOL_SIZE = 10
STATEMENTS = 400  # kept prepared on each connection: more than we have
CONNECT_SECONDS = 5.0
STATEMENT_SECONDS = 30.0
WAITING_MESSAGES = 20_000
MESSAGES_PER_COMMIT = 500

_GIVEN = (
    "($1::text[], $2::int[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[],"
    " $10::bigint[])"
)
_APPEND_NEW = "SELECT chat_append_new" + _GIVEN
# The same for one: the fields of a message in their order. A few of these cost PostgreSQL less than one call of the
# function, and one of them two thirds; all in one go they are one transaction, too.
_APPEND_ONE = (
    "WITH taken AS (UPDATE chat_log SET last_seq = last_seq + 1 WHERE session_id = $1 AND crew = $2 AND open"
    " RETURNING last_seq) INSERT INTO chat_event (session_id, audience, seq, client_id, author_kind, author_id,"
    " author_name, kind, body, data, at) SELECT $1, 'all', last_seq, $3, $4, $5, $6, $7, $8, $9, $10 FROM taken"
    " RETURNING seq, session_id, client_id"
)
_FEW = 10  # more go to the function
_APPEND = "SELECT outcome, seq, at FROM chat_append" + _GIVEN
_OUTCOMES = tuple(Outcome)
_AWAY = (
    OSError,
    TimeoutError,
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # it was cut while it lay idle
    asyncpg.OperatorInterventionError,  # it shuts down, restarts, or was told to cancel
    asyncpg.InsufficientResourcesError,  # its disk is full, or it has no connection left
    asyncpg.TransactionRollbackError,  # deadlock or serialisation: nothing was done, again is right
    asyncpg.ReadOnlySQLTransactionError,  # a standby that is not the first yet
    asyncpg.InvalidAuthorizationSpecificationError,  # a password that was changed, a rule of pg_hba.conf
    asyncpg.InvalidCatalogNameError,  # it is being restored
)


def _named(error: BaseException) -> Exception | None:
    """A driver's failure as the rest of the product knows it; None for what is no driver's."""
    if isinstance(error, asyncpg.UniqueViolationError):
        return Duplicate(str(error))
    if isinstance(error, asyncpg.CharacterNotInRepertoireError):  # a NUL that got past the doors
        return Invalid("text_unreadable", "")
    return Unavailable() if isinstance(error, _AWAY) else None


class PostgresReader:
    """Reads what is committed, each on a connection from the pool."""

    dialect = "postgresql"

    def __init__(self, database: "PostgresDatabase") -> None:
        self._database = database

    async def rows(self, sql: str, *values: Any) -> Sequence[Row]:
        async with self._database.connection() as connection:
            return await connection.fetch(sql, *values)  # type: ignore[no-any-return]

    async def row(self, sql: str, *values: Any) -> Row | None:
        async with self._database.connection() as connection:
            return await connection.fetchrow(sql, *values)  # type: ignore[no-any-return]


class PostgresTransaction:
    """A unit of work at READ COMMITTED; races are settled by conditional UPDATEs, not by isolation.

    What only looks needs no BEGIN, nor do changes that all go in one statement: it is sent when something else comes.
    """

    dialect = "postgresql"

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self._writes = Writes()
        self._begun = False
        self.announced: list[Any] = []

    async def rows(self, sql: str, *values: Any) -> Sequence[Row]:
        await self._before(sql)
        return await self._connection.fetch(sql, *values)  # type: ignore[no-any-return]

    async def row(self, sql: str, *values: Any) -> Row | None:
        await self._before(sql)
        return await self._connection.fetchrow(sql, *values)  # type: ignore[no-any-return]

    async def execute(self, sql: str, *values: Any) -> int:
        await self._before(sql)
        return changed(await self._connection.execute(sql, *values))

    async def later(self, sql: str, *values: Any, refusal: Refusal | None = None) -> None:
        if before := self._writes.add(sql, values, refusal):
            await self._begin()
            await self._do(before)

    async def execute_many(self, sql: str, rows: Sequence[tuple[Any, ...]]) -> None:
        await self._before(sql)
        await self._connection.executemany(sql, rows)

    async def lock_rows(self, table: str, column: str, keys: Collection[str]) -> None:
        if len(keys) == 1:  # a plan for lists is made anew each time
            await self.rows(f"SELECT 1 FROM {table} WHERE {column} = $1 FOR UPDATE", *keys)
        else:
            sql = f"SELECT 1 FROM {table} WHERE {column} = ANY($1) ORDER BY {column} FOR UPDATE"
            await self.rows(sql, list(keys))

    async def lock(self, *names: str) -> None:
        locks = [f"SELECT pg_advisory_xact_lock({_number_of(name)})" for name in names]
        if not self._begun:
            self._begun = True
            locks.insert(0, "BEGIN")
        await self._connection.execute(";".join(locks))

    async def try_lock(self, name: str) -> bool:
        await self._begin()
        return bool(await self._connection.fetchval("SELECT pg_try_advisory_xact_lock($1)", _number_of(name)))

    async def try_locks(self, names: Collection[str]) -> set[str]:
        await self._begin()
        rows = await self._connection.fetch(
            "SELECT name FROM unnest($1::text[], $2::bigint[]) AS wanted (name, number)"
            " WHERE pg_try_advisory_xact_lock(number)",
            list(names),
            [_number_of(name) for name in names],
        )
        return {row["name"] for row in rows}

    async def commit(self) -> None:
        """Do what was left for later, and keep it all."""
        await self._do(self._writes.take())
        if self._begun:
            await self._connection.execute("COMMIT")

    async def roll_back(self) -> None:
        """Keep nothing; a line that is gone has done so by itself."""
        if self._begun and not self._connection.is_closed():
            with suppress(*_AWAY):
                await self._connection.execute("ROLLBACK")

    async def _before(self, sql: str) -> None:
        hindered = self._writes.hinder(sql)
        if hindered or not looks_only(sql):
            await self._begin()
        if hindered:
            await self._do(self._writes.take())

    async def _begin(self) -> None:
        if not self._begun:
            self._begun = True
            await self._connection.execute("BEGIN")

    async def _do(self, writes: list[Write]) -> None:
        if any(refusal is not None for _, _, refusal in writes):
            await self._do_or_refuse(writes)
        elif writes:
            await self._connection.execute(joined(tuple([sql for sql, _, _ in writes])), *values_of(writes))

    async def _do_or_refuse(self, writes: list[Write]) -> None:
        """All in one go, if nobody was faster; one by one to find who was."""
        if not self._begun:
            demanded = tuple([refusal is not None for _, _, refusal in writes])
            sql = joined_or_nothing(tuple([sql for sql, _, _ in writes]), demanded)
            with suppress(asyncpg.DivisionByZeroError):
                await self._connection.execute(sql, *values_of(writes))
                return
            await self._begin()
        for sql, values, refusal in writes:
            if not changed(await self._connection.execute(sql, *values)) and refusal is not None:
                raise refusal

    def announce(self, event: Any) -> None:
        self.announced.append(event)


def _number_of(name: str) -> int:
    """The lock of this name, as PostgreSQL knows locks."""
    return int.from_bytes(blake2b(name.encode(), digest_size=8).digest(), signed=True)


class PostgresDatabase:
    """A PostgreSQL database; connections come back by themselves when the server does."""

    dialect = "postgresql"

    def __init__(self, url: str) -> None:
        self._url = url
        self.read = PostgresReader(self)
        self.tally = Tally()
        self.shared = False
        self._waiting: list[Waiting] = []
        self._running: asyncio.Task[None] | None = None
        self._lane: Any = None

    async def open(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._connections = Connections(self._connect, most=POOL_SIZE, patience=CONNECT_SECONDS)
        async with self.connection():
            pass  # whether it can be reached shows here

    async def _connect(self) -> Any:
        # Nothing of ours outlives its transaction, locks neither: a connection goes on to the next without a statement.
        return await asyncpg.connect(
            self._url,
            timeout=CONNECT_SECONDS,
            command_timeout=STATEMENT_SECONDS,
            statement_cache_size=STATEMENTS,
            server_settings={"application_name": "shuqiao", "timezone": "UTC"},
        )

    async def close(self) -> None:
        while self._running is not None:
            await asyncio.wait({self._running})
        if self._lane is not None:
            with suppress(*_AWAY):
                await self._lane.close(timeout=CONNECT_SECONDS)
        await self._connections.close()

    async def check(self) -> None:
        await self.read.rows("SELECT 1")

    def connection(self) -> Loan:
        """A connection for a block of statements, with its failures named: Unavailable or Duplicate."""
        return Loan(self._connections, _named)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[PostgresTransaction]:
        async with self.connection() as connection:
            unit = PostgresTransaction(connection)
            try:
                yield unit
                await unit.commit()
            except Exception:  # whoever is cancelled leaves a line that is not lent again
                await unit.roll_back()
                raise

    async def append(self, message: NewMessage) -> Appended:
        stored: asyncio.Future[Appended] = self._loop.create_future()
        self.append_soon(message, partial(settle, stored))
        return await stored

    def append_soon(self, message: NewMessage, answered: Answered) -> None:
        if len(self._waiting) >= WAITING_MESSAGES:
            raise TooMany("busy", retry_after=1)
        self._waiting.append((message, answered))
        if self._running is None:
            self._running = self._loop.create_task(self._write())

    async def _write(self) -> None:
        try:  # begun by the loop: what arrived in the same round shares the commit
            while self._waiting:
                batch = self._waiting[:MESSAGES_PER_COMMIT]
                del self._waiting[:MESSAGES_PER_COMMIT]
                await self._commit(batch)
                if self.shared and len(batch) in FEW_SHARED:
                    await asyncio.sleep(MOMENT_SHARED_SECONDS)
                elif len(batch) in FEW:
                    await asyncio.sleep(MOMENT_SECONDS)
        finally:
            self._running = None

    async def _commit(self, batch: list[Waiting]) -> None:
        # Sessions are locked in id order, so that two processes' batches never wait for each other in a ring; the sort
        # is stable and keeps a conversation's own order.
        batch.sort(key=lambda pair: pair[0].session_id)
        try:
            if self._lane is None or self._lane.is_closed():
                self._lane = await asyncpg.connect(
                    self._url, timeout=CONNECT_SECONDS, command_timeout=STATEMENT_SECONDS
                )
            answers = await _append(self._lane, [message for message, _ in batch])
        except Exception as error:
            self.tally.refused(error)
            reason = Unavailable() if isinstance(error, (*_AWAY, asyncpg.PostgresError)) else error
            if self._lane is not None and isinstance(error, _AWAY):
                self._lane.terminate()  # a line that answers no more looks open for long
                self._lane = None
            answer_all(batch, repeat(reason))
            return
        self.tally.committed(len(batch))
        answer_all(batch, answers)


async def _append(lane: Any, messages: Messages) -> list[Appended]:
    """Number and store the messages, in the order given; returned means durable.

    Resends and changed crews are rare: the whole lot is tried as if there were none, and what that did not store is
    asked for again, message by message.
    """
    try:
        numbers = await _numbers(lane, messages)
    except asyncpg.UniqueViolationError:
        numbers = [None] * len(messages)  # one of them is a resend: nothing was stored
    rest = [m for m, seq in zip(messages, numbers, strict=True) if seq is None]
    found = iter(await lane.fetch(_APPEND, *_columns(rest)) if rest else ())
    return [
        Appended(Outcome.STORED, seq, m.at) if seq is not None else _answer(next(found))
        for m, seq in zip(messages, numbers, strict=True)
    ]


async def _numbers(lane: Any, messages: Messages) -> Sequence[int | None]:
    """Store the messages, all of them new; None for each whose author's crew number is not current."""
    if len(messages) == 1:
        return [await lane.fetchval(_APPEND_ONE, *messages[0])]
    if len(messages) > _FEW:
        return await lane.fetchval(_APPEND_NEW, *_columns(messages))  # type: ignore[no-any-return]
    rows = await lane.fetchmany(_APPEND_ONE, messages)
    stored = {(session_id, client_id): seq for seq, session_id, client_id in rows}
    return [stored.get((message.session_id, message.client_id)) for message in messages]


def _answer(row: Any) -> Appended:
    return Appended(_OUTCOMES[row[0]], row[1], row[2])


def _columns(messages: Iterable[NewMessage]) -> list[list[Any]]:
    """The messages as the function takes them: a list for each field, in the fields' order."""
    return list(map(list, zip(*messages, strict=True)))
