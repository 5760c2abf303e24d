"""A counter that has drifted from the claims it counts is put right by night, and said in the log."""

import logging

import pytest

from server.actions.duty import promise_checks
from tests.server.pool.conftest import Pool


async def counted(pool: Pool, name: str) -> int:
    row = await pool.town.ctx.db.read.row(
        "SELECT open_claims FROM claim_count WHERE staff_id = $1", pool.town.people[name].id
    )
    return int(row["open_claims"]) if row else -1


async def test_claim_counters_are_checked_by_night(pool: Pool, caplog: pytest.LogCaptureFixture) -> None:
    ctx, people = pool.town.ctx, pool.town.people
    await promise_checks(ctx)
    await pool.later(hours=20)
    asked = await pool.ask(open_now=True)
    await pool.claim("lin", asked.task_id)
    other = await pool.ask(channel="form", open_now=True)
    await pool.claim("mei", other.task_id)
    async with ctx.transaction() as tx:
        await tx.execute("UPDATE claim_count SET open_claims = 10 WHERE staff_id = $1", people["lin"].id)
    with caplog.at_level(logging.WARNING, "server.actions.duty"):
        await pool.later(hours=5)
    assert [await counted(pool, name) for name in ("lin", "mei")] == [1, 1]
    said = [record.getMessage() for record in caplog.records if record.name == "server.actions.duty"]
    assert said == [f"the claims of {people['lin'].id} were counted as 10, the rows say 1"]
    with caplog.at_level(logging.WARNING, "server.actions.duty"):
        await pool.later(hours=24)  # leases have ended: nothing is held, and nothing is wrong
    assert len([record for record in caplog.records if record.name == "server.actions.duty"]) == 1
