"""Named locks: what two processes must not do at the same time waits, or is left to whoever has begun it."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from server.context import Context, make_context
from tests.hall import settings_for


@pytest.fixture
async def two(postgres_url: str, tmp_path: Path) -> AsyncIterator[tuple[Context, Context]]:
    """Two processes on one PostgreSQL; on SQLite the one writer is the lock."""
    processes = [make_context(settings_for(postgres_url, tmp_path)) for _ in range(2)]
    for process in processes:
        await process.db.open()
    yield processes[0], processes[1]
    for process in processes:
        await process.db.close()


async def test_a_lock_is_one_processs_until_its_transaction_ends(two: tuple[Context, Context]) -> None:
    here, there = two
    async with here.transaction() as tx:
        await tx.lock("routing", "presence")
        async with there.transaction() as other:
            assert not await other.try_lock("routing")
            assert await other.try_locks(["routing", "presence", "another"]) == {"another"}
    async with there.transaction() as other:
        assert await other.try_locks(["routing", "presence"]) == {"routing", "presence"}


async def test_a_lock_is_given_back_when_its_transaction_fails(two: tuple[Context, Context]) -> None:
    here, there = two
    with pytest.raises(RuntimeError):
        async with here.transaction() as tx:
            await tx.lock("routing")
            raise RuntimeError
    async with there.transaction() as other:
        assert await other.try_lock("routing")


async def test_who_waits_for_a_lock_sees_what_was_done_under_it(two: tuple[Context, Context]) -> None:
    here, _ = two
    async with here.transaction() as tx:
        await tx.execute("INSERT INTO throttle (id, window_at, count) VALUES ('n', 0, 0)")

    async def count(process: Context) -> None:
        for _ in range(20):
            async with process.transaction() as tx:
                await tx.lock("counting")
                row = await tx.row("SELECT count FROM throttle WHERE id = 'n'")
                assert row is not None
                await tx.execute("UPDATE throttle SET count = $1 WHERE id = 'n'", row["count"] + 1)

    await asyncio.gather(*(count(process) for process in (*two, *two)))
    row = await here.db.read.row("SELECT count FROM throttle WHERE id = 'n'")
    assert row is not None and row["count"] == 80
