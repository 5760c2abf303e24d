"""Migrating: safe to repeat, from several processes at once, with addresses as PostgreSQL writes them."""

import asyncio
import sqlite3
import sys
from pathlib import Path

import pytest

from server.store.checking import DatabaseAway, look_at, migration_names
from server.store.migrating import migrate
from tests.servers.postgres import Postgres


@pytest.mark.cluster
async def test_an_address_may_carry_parameters(postgres_url: str) -> None:
    await migrate(postgres_url + "?sslmode=prefer&application_name=migrating")
    facts = await look_at(postgres_url + "?sslmode=prefer")
    assert (facts.missing, facts.unknown, facts.recent) == ((), (), True)
    assert facts.drift is not None


@pytest.mark.cluster
async def test_three_at_once_on_an_empty_database_take_turns(postgres_server: Postgres) -> None:
    url = postgres_server.create("at_once")
    program = (
        "import asyncio, sys; from server.store.migrating import migrate; asyncio.run(migrate(sys.argv[1]))"
    )
    try:
        started = [await asyncio.create_subprocess_exec(sys.executable, "-c", program, url) for _ in range(3)]
        assert [await process.wait() for process in started] == [0, 0, 0]
        assert (await look_at(url)).missing == ()
    finally:
        postgres_server.drop(url)


async def test_what_a_file_holds_is_copied_before_it_is_changed(sqlite_url: str) -> None:
    path = Path(sqlite_url.removeprefix("sqlite://"))
    assert await migrate(sqlite_url) is None, "nothing to do, nothing to copy"
    with sqlite3.connect(path) as connection:
        connection.execute("DROP TABLE due")
        connection.execute("DROP TABLE tortoise_migrations")
    with pytest.raises(Exception, match="exists"):
        await migrate(sqlite_url)  # the tables are there already
    copies = list(path.parent.glob(f"{path.name}.before-*"))
    assert [copy.name for copy in copies] == [f"{path.name}.before-{migration_names()[-1]}"]


async def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    path = tmp_path / "notes.db"
    path.write_text("this is not a database, it only has its name" * 40)
    with pytest.raises(DatabaseAway) as away:
        await look_at(f"sqlite://{path}")
    assert (away.value.code, away.value.reason) == ("away", "file is not a database")
