"""Connections that are lent: never more than there may be, never one that nobody can trust."""

import asyncio

import asyncpg
import pytest

from server.domain.errors import Unavailable
from server.store.postgres import POOL_SIZE, PostgresDatabase


@pytest.fixture
async def database(postgres_url: str):  # type: ignore[no-untyped-def]
    database = PostgresDatabase(postgres_url)
    await database.open()
    yield database
    await database.close()


async def lines(database: PostgresDatabase) -> int:
    """How many connections the server counts."""
    named = "SELECT COUNT(*) AS count FROM pg_stat_activity WHERE datname = current_database() AND backend_type = $1"
    row = await database.read.row(named, "client backend")
    assert row is not None
    return int(row["count"])


async def test_many_at_once_share_as_many_as_there_may_be(database: PostgresDatabase) -> None:
    found = await asyncio.gather(
        *(database.read.row("SELECT $1::int AS number, pg_sleep(0.01)", n) for n in range(60))
    )
    assert [row["number"] for row in found if row] == list(range(60))
    assert 1 < await lines(database) <= POOL_SIZE


async def test_one_after_the_other_use_the_same(database: PostgresDatabase) -> None:
    for _ in range(20):
        await database.check()
    assert await lines(database) == 1


async def test_a_statement_that_fails_costs_no_connection(database: PostgresDatabase) -> None:
    for _ in range(2 * POOL_SIZE):
        with pytest.raises(asyncpg.DivisionByZeroError):
            await database.read.rows("SELECT 1 / $1::int", 0)
    assert await lines(database) == 1


async def test_who_is_cancelled_in_the_middle_leaves_nothing_behind(database: PostgresDatabase) -> None:
    async def dawdle() -> None:
        async with database.transaction() as tx:
            await tx.execute("CREATE TABLE left_behind (id INT)")
            await tx.rows("SELECT pg_sleep(30)")

    for _ in range(2 * POOL_SIZE):
        task = asyncio.create_task(dawdle())
        await asyncio.sleep(0.02)  # somewhere in the middle, wherever that is
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    named = "SELECT 1 AS found FROM pg_class WHERE relname = $1"
    assert await database.read.row(named, "left_behind") is None
    await asyncio.gather(*(database.check() for _ in range(3 * POOL_SIZE)))


async def test_connections_that_were_cut_are_opened_anew(database: PostgresDatabase) -> None:
    await asyncio.gather(*(database.check() for _ in range(POOL_SIZE)))
    killer = await asyncpg.connect(database._url)
    await killer.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    async with asyncio.timeout(30):
        while True:  # those whose end was not noticed yet say so, and are not lent again
            try:
                await asyncio.gather(*(database.check() for _ in range(POOL_SIZE)))
                break
            except Unavailable:
                continue
    await killer.close()
