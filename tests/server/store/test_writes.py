"""Changes that wait for each other: nothing is lost, doubled, or seen in another order than it was asked for."""

from collections.abc import AsyncIterator
from contextlib import nullcontext
from pathlib import Path

import pytest

from server.context import Context, make_context
from server.domain.errors import Conflict
from server.store.rows import Duplicate
from server.store.writes import Writes, joined, values_of
from tests.hall import settings_for

INSERT = "INSERT INTO throttle (id, window_at, count) VALUES ($1, $2, $3)"
SET = "UPDATE throttle SET count = $2 WHERE id = $1"
DROP = "DELETE FROM throttle WHERE id = ANY($1)"
OTHER = (
    "INSERT INTO due (id, kind, subject_id, due_at, data, attempts, last_error)"
    " VALUES ($1, $2, $3, $4, '{}', 0, '')"
)


@pytest.fixture
async def ctx(database_url: str, tmp_path: Path) -> AsyncIterator[Context]:
    ctx = make_context(settings_for(database_url, tmp_path))
    await ctx.db.open()
    yield ctx
    await ctx.db.close()


async def counts(ctx: Context) -> dict[str, int]:
    return {row["id"]: row["count"] for row in await ctx.db.read.rows("SELECT id, count FROM throttle")}


async def test_what_is_left_for_later_is_done_by_the_end(ctx: Context) -> None:
    async with ctx.transaction() as tx:
        for name in "abc":
            await tx.later(INSERT, name, 0, 1)
        await tx.later(OTHER, "k/a", "k", "a", 5)
    assert await counts(ctx) == {"a": 1, "b": 1, "c": 1}
    assert [row["due_at"] for row in await ctx.db.read.rows("SELECT due_at FROM due")] == [5]


async def test_what_follows_sees_it(ctx: Context) -> None:
    async with ctx.transaction() as tx:
        await tx.later(INSERT, "a", 0, 1)
        row = await tx.row("SELECT count FROM throttle WHERE id = $1", "a")
        assert row is not None and row["count"] == 1
        await tx.later(SET, "a", 2)
        await tx.later(SET, "a", 3)
        assert await tx.execute("UPDATE throttle SET count = count + 1 WHERE count = $1", 3) == 1
        await tx.later(INSERT, "b", 0, 1)
        await tx.later(DROP, ["a"])
        await tx.later(INSERT, "a", 0, 9)
    assert await counts(ctx) == {"a": 9, "b": 1}


async def test_it_is_taken_back_with_its_transaction(ctx: Context) -> None:
    with pytest.raises(RuntimeError):
        async with ctx.transaction() as tx:
            await tx.later(INSERT, "a", 0, 1)
            raise RuntimeError
    assert await counts(ctx) == {}


async def test_a_duplicate_left_for_later_takes_everything_back(ctx: Context) -> None:
    with pytest.raises(Duplicate):
        async with ctx.transaction() as tx:
            await tx.later(OTHER, "k/a", "k", "a", 5)
            await tx.later(INSERT, "a", 0, 1)
            await tx.later(INSERT, "a", 0, 1)
    assert await counts(ctx) == {}
    assert await ctx.db.read.rows("SELECT id FROM due") == []


@pytest.mark.parametrize("begun", [False, True])
async def test_a_change_that_finds_no_row_refuses_all(ctx: Context, begun: bool) -> None:
    async with ctx.transaction() as tx:
        await tx.later(INSERT, "a", 0, 1)
        await tx.later(INSERT, "b", 0, 1)
        await tx.later(SET, "a", 2, refusal=Conflict("task_taken"))  # what was put in a moment ago is found
    for missing in ("b", "x"):
        with pytest.raises(Conflict, match="claims_full") if missing == "x" else nullcontext():
            async with ctx.transaction() as tx:
                if begun:
                    await tx.execute(INSERT, f"begun {missing}", 0, 1)
                await tx.later(SET, "a", 3, refusal=Conflict("task_taken"))
                await tx.later(OTHER, f"k/{missing}", "k", missing, 5)
                await tx.later(SET, missing, 3, refusal=Conflict("claims_full"))
    assert await counts(ctx) == {"a": 3, "b": 3} | ({"begun b": 1} if begun else {})
    assert [row["id"] for row in await ctx.db.read.rows("SELECT id FROM due")] == ["k/b"]


async def test_a_list_may_be_asked_for_and_rows_be_held(ctx: Context) -> None:
    async with ctx.transaction() as tx:
        await tx.execute_many(INSERT, [(name, 0, 1) for name in "abcd"])
        await tx.lock_rows("throttle", "id", ["b", "a"])
        rows = await tx.rows("SELECT id FROM throttle WHERE id = ANY($1) ORDER BY id", ["d", "a", "x"])
        assert [row["id"] for row in rows] == ["a", "d"]
        held = await tx.row("SELECT count FROM throttle WHERE id = $1 FOR UPDATE", "a")
        assert held is not None and held["count"] == 1


def test_statements_are_joined_with_their_parameters_in_order() -> None:
    writes = Writes()
    assert writes.add(INSERT, ("a", 0, 1)) == [] and writes.add(INSERT, ("b", 0, 1)) == []
    assert not writes.hinder("SELECT id FROM due") and writes.hinder("SELECT id FROM throttle")
    waiting = writes.take()
    assert values_of(waiting) == ["a", 0, 1, "b", 0, 1]
    assert joined(tuple(sql for sql, _, _ in waiting)) == (
        f"WITH w0 AS ({INSERT}) INSERT INTO throttle (id, window_at, count) VALUES ($4, $5, $6)"
    )
