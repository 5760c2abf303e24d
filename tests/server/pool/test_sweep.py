"""Thousands of tasks come to a deadline in one second: each step happens once for each of them."""

import asyncio
from datetime import timedelta

import pytest

from loadtests import crowds
from server.actions.dues import run_due
from tests.journeys.installations import MakeProduct
from tests.server.pool.conftest import Pool
from workers.promises import PROMISES

COUNT = 1_000
PATIENCE = 120.0
DEADLY = {24.05, 72.01}  # hours at which a worker is killed in the middle


async def crowd(pool: Pool) -> None:
    """So many tasks, asked within one second and claimed."""
    asked = await pool.ask(channel="form")
    await pool.claim("lin", asked.task_id)
    columns = {}
    async with pool.town.ctx.transaction() as tx:
        for table in ("account", "role_grant", "task", "consultation", "claim", "due"):
            row = await tx.row(f"SELECT * FROM {table} LIMIT 1")
            assert row is not None
            columns[table] = list(row.keys())
        holder = pool.town.people["lin"].id
        for statement in crowds.crowd(columns.__getitem__, asked.task_id, holder, COUNT):
            await tx.execute(statement)


async def left(pool: Pool) -> int:
    """How many promises about them are due."""
    now = int(pool.clock.now().timestamp() * 1e6)
    row = await pool.town.ctx.db.read.row(crowds.STILL_DUE.format(now=now))
    assert row is not None
    return int(row["total"])


async def assert_each_once(pool: Pool) -> None:
    for what, query in crowds.ONCE:
        row = await pool.town.ctx.db.read.row(query)
        assert row is not None and (row["total"], row["different"]) == (COUNT, COUNT), what
    for what, query in crowds.NEVER:
        row = await pool.town.ctx.db.read.row(query)
        assert row is not None and row["total"] == 0, what


async def test_of_a_thousand_tasks_each_comes_to_every_deadline_once(pool: Pool) -> None:
    await crowd(pool)
    passed = 0.0
    for hours, _ in crowds.MILESTONES:
        pool.clock.advance(timedelta(hours=hours - passed))
        passed = hours
        while await run_due(pool.town.ctx, PROMISES):
            pass
        assert await left(pool) == 0
    await assert_each_once(pool)


@pytest.mark.cluster
@pytest.mark.timeout(300)
async def test_workers_that_are_killed_in_the_middle_leave_nothing_out_and_do_nothing_twice(
    pool: Pool, database_url: str, product: MakeProduct
) -> None:
    await crowd(pool)
    settings = pool.town.ctx.settings
    shared = {
        "database_url": database_url,
        "secret_key": settings.secret_key,
        "files_dir": settings.files_dir,
        "test_clock_file": pool.clock.path,
    }
    workers = [product("worker", **shared) for _ in range(2)]
    for worker in workers:
        worker.start()
    passed = 0.0
    for number, (hours, _) in enumerate(crowds.MILESTONES):
        pool.clock.advance(timedelta(hours=hours - passed))
        passed = hours
        async with asyncio.timeout(PATIENCE):
            while hours in DEADLY and await left(pool) == COUNT:
                await asyncio.sleep(0.01)
            if hours in DEADLY:
                workers[number % 2].kill()
                workers[number % 2].start()
            while await left(pool):
                await asyncio.sleep(0.05)
    await assert_each_once(pool)
