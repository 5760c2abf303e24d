"""What is read together is what would be read one by one, on both databases."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from server.context import Context, make_context
from server.store.reads import Read, first, read, read_together
from tests.hall import settings_for

INSERT = "INSERT INTO throttle (id, window_at, count) VALUES ($1, $2, $3)"
ONE = Read("SELECT count FROM throttle WHERE id = $1", ("二",), first(lambda row: row["count"]))
NONE = Read("SELECT count FROM throttle WHERE id = $1", ("x",), first(lambda row: row["count"]))
ALL = Read(
    "SELECT id, window_at FROM throttle WHERE window_at > $2 AND id <> $1 ORDER BY id DESC",
    ("x", 5),
    lambda rows: [(row["id"], row["window_at"]) for row in rows],
)
HELD = Read("SELECT id FROM throttle WHERE id = $1 FOR UPDATE", ("二",), bool)


@pytest.fixture
async def ctx(database_url: str, tmp_path: Path) -> AsyncIterator[Context]:
    ctx = make_context(settings_for(database_url, tmp_path))
    await ctx.db.open()
    yield ctx
    await ctx.db.close()


async def test_read_together_each_has_its_own_rows_in_order(ctx: Context) -> None:
    async with ctx.transaction() as tx:
        for name, at, count in (("一", 2**60, 1), ("二", 6, 2), ("三", 5, 3)):
            await tx.later(INSERT, name, at, count)
        held, count = await read_together(tx, HELD, ONE)  # what was left for later is seen
        assert (held, count) == (True, 2)
    db = ctx.db.read
    found = await read_together(db, ONE, NONE, ALL)
    assert found == (2, None, [("二", 6), ("一", 2**60)])
    assert found == (await read(db, ONE), await read(db, NONE), await read(db, ALL))
