"""Records that are owed: asked for when overdue, then the manager's, once (R-LIVE.5)."""

import json
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from server.actions.sessions import end_session
from server.domain.permissions import Grant, Role, ScopeKind
from server.domain.policies import ChatPolicy
from server.store.accounts import add_grant
from server.words.times import dated_moment
from tests.hall import Hall, open_hall

HOUR = 3600
DUE = ChatPolicy().wrap_up_seconds


@pytest.fixture
async def hall(database_url: str, tmp_path: Path) -> AsyncIterator[Hall]:
    async with open_hall(database_url, tmp_path) as hall:
        yield hall


async def mailed(hall: Hall) -> list[tuple[str, str]]:
    rows = await hall.ctx.db.read.rows("SELECT recipient, template, data FROM mail_out ORDER BY recipient")
    assert all("/manage/reviews/records" in json.loads(row["data"])["link"] for row in rows)
    return [(row["recipient"], row["template"]) for row in rows]


async def manager(hall: Hall, name: str, scope: ScopeKind, library: str = "") -> None:
    actor = await hall.hire(name, role=Role.INSPECTOR)
    async with hall.ctx.transaction() as tx:
        grant = Grant(Role.MANAGER, scope, hall.libraries.get(library, ""))
        await add_grant(tx, actor.account_id, grant, grant_id=hall.ctx.ids.new(), by="", at=hall.clock.now())


async def test_a_record_long_overdue_is_the_managers_and_they_are_mailed_once(hall: Hall) -> None:
    await manager(hall, "boss", ScopeKind.LIBRARY, "home")
    await manager(hall, "far_boss", ScopeKind.LIBRARY, "far")
    lin = await hall.staff("lin")
    session_id = await hall.talk("lin", "reader")
    await end_session(hall.ctx, lin, session_id)
    before = (await hall.duty("lin")).version
    await hall.wait(DUE + 1)
    assert (await hall.duty("lin")).version > before, "the console was not told to ask"
    assert await mailed(hall) == []
    ended = hall.clock.now() - timedelta(seconds=DUE + 1)
    await hall.wait(24 * HOUR)
    await hall.wait(24 * HOUR)
    assert await mailed(hall) == [("boss@library.test", "wrap_up_overdue_manager")]
    (row,) = await hall.ctx.db.read.rows("SELECT data FROM mail_out")
    said = json.loads(row["data"])["ended"]
    assert said == dated_moment(ended, ZoneInfo("Asia/Shanghai"), "zh"), "a mail is read on any day"


async def test_where_a_library_has_no_manager_the_alliances_is_asked(hall: Hall) -> None:
    await manager(hall, "chief", ScopeKind.ALLIANCE)
    lin = await hall.staff("lin")
    session_id = await hall.talk("lin", "reader")
    await end_session(hall.ctx, lin, session_id)
    await hall.wait(DUE + 1)
    await hall.wait(24 * HOUR)
    assert await mailed(hall) == [("chief@library.test", "wrap_up_overdue_manager")]


async def test_records_that_are_overdue_together_come_to_the_managers_once_each(hall: Hall) -> None:
    await manager(hall, "boss", ScopeKind.LIBRARY, "home")
    lin = await hall.staff("lin")
    for reader in ("reader", "other"):
        await end_session(hall.ctx, lin, await hall.talk("lin", reader))
    await hall.wait(DUE + 1)
    await hall.wait(24 * HOUR)
    await hall.wait(24 * HOUR)
    assert await mailed(hall) == [("boss@library.test", "wrap_up_overdue_manager")] * 2
