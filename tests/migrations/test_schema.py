"""Migrations make the schema that the models describe, on both backends, and lose nothing on the way."""

import re
import sqlite3
from pathlib import Path

import asyncpg
from tortoise import Tortoise
from tortoise.backends.base.executor import EXECUTOR_CACHE
from tortoise.migrations.api.migrate import migrate as run_migrations

import migrations
from server.store.migrating import config, migrate, states_when_needed
from tests.servers.postgres import Postgres

# What models cannot say, so that only this list remembers it.
BY_HAND = {
    "chat_session_one_open",
    "desk_staff_once",
    "desk_group_member_once",
    "role_grant_once",
    "canned_phrase_once",
    "chat_session_offered",
    "task_waiting",
    "task_held",
    "consultation_waiting",
    "claim_once",
    "bibliographic_record_once",
    "answer_version_once",
    "figure_once",
    "consultation_step_late",
    "inspection_step_late",
    "inspection_sample",
    "claim_returned",
    "order_event_number",
    "order_event_once",
    "stack_event_counted",
    "stack_event_uncounted",
    "stack_event_dead",
    "case_message_number",
    "case_message_once",
}

# Search indexes: tables of each database's own kind, which no model describes.
WORDS = "record_words"  # of bibliographic records
SEARCH = ("archive_words", WORDS)


def sqlite_schema(path: Path) -> tuple[dict[str, list[tuple[str, str, int]]], set[str]]:
    """Tables with their columns (name, type, not null), and named indexes."""
    with sqlite3.connect(path) as connection:
        names = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        tables = {
            name: sorted((row[1], row[2], row[3]) for row in connection.execute(f"PRAGMA table_info({name})"))
            for name in names
            if not name.startswith(("sqlite_", "tortoise_", *SEARCH))
        }
        rows = connection.execute("SELECT name FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL")
        return tables, {row[0] for row in rows}


async def test_the_words_of_records_are_kept_as_each_database_can_search_them(
    sqlite_url: str, postgres_url: str
) -> None:
    """No model describes them: a virtual table here, a table with an index and a function there."""
    with sqlite3.connect(sqlite_url.removeprefix("sqlite://")) as connection:
        connection.execute(f"INSERT INTO {WORDS} (rowid, words) VALUES (7, '图书 t:图书')")
        found = connection.execute(f"SELECT rowid FROM {WORDS} WHERE {WORDS} MATCH '\"t:图书\"'").fetchall()
        assert found == [(7,)]
    words = await asyncpg.connect(postgres_url)
    await words.execute(f"INSERT INTO {WORDS} VALUES (7, array_to_tsvector(ARRAY['图书', 't:图书', 'b:0']))")
    assert await words.fetchval("SELECT record_hits($1, 5, 9)", "'t:图书'") == [7]
    await words.close()


async def migrated_to(name: str, url: str) -> None:
    """The schema of an earlier version."""
    EXECUTOR_CACHE.clear()
    with states_when_needed():
        await run_migrations(config=config(url), target=f"shuqiao.{name}")
    await Tortoise.close_connections()
    EXECUTOR_CACHE.clear()


async def fresh(url: str) -> None:
    """The schema straight from the models."""
    EXECUTOR_CACHE.clear()
    await Tortoise.init(config=config(url))
    await Tortoise.generate_schemas()
    await Tortoise.close_connections()
    EXECUTOR_CACHE.clear()


async def test_migrations_and_models_agree_on_sqlite(sqlite_url: str, tmp_path: Path) -> None:
    await fresh(f"sqlite://{tmp_path / 'fresh.db'}")
    tables, indexes = sqlite_schema(Path(sqlite_url.removeprefix("sqlite://")))
    wanted, wanted_indexes = sqlite_schema(tmp_path / "fresh.db")
    assert tables == wanted
    assert wanted_indexes <= indexes
    assert indexes - wanted_indexes == BY_HAND


async def test_migrations_and_models_agree_on_postgresql(
    postgres_server: Postgres, postgres_url: str
) -> None:
    wanted = postgres_server.create("schema_fresh")
    await fresh("asyncpg://" + wanted.partition("://")[2])
    assert await postgres_columns(postgres_url) == await postgres_columns(wanted)
    indexes = await postgres_indexes(postgres_url)
    assert indexes - await postgres_indexes(wanted) == BY_HAND


async def postgres_columns(url: str) -> list[tuple[str, str, str, str]]:
    connection = await asyncpg.connect(url)
    rows = await connection.fetch(
        "SELECT table_name, column_name, data_type, is_nullable FROM information_schema.columns"
        " WHERE table_schema = 'public' AND table_name NOT LIKE 'tortoise%' ORDER BY 1, 2"
    )
    await connection.close()
    return [tuple(row) for row in rows if not row["table_name"].startswith(SEARCH)]


async def postgres_indexes(url: str) -> set[str]:
    connection = await asyncpg.connect(url)
    rows = await connection.fetch(
        "SELECT indexname FROM pg_indexes WHERE schemaname = 'public' AND tablename NOT LIKE 'tortoise%'"
    )
    await connection.close()
    return {row["indexname"] for row in rows if not row["indexname"].startswith(SEARCH)}


async def test_a_file_with_data_is_copied_before_it_is_changed(tmp_path: Path) -> None:
    path = tmp_path / "old.db"
    await migrated_to("0002_unique_and_append", f"sqlite://{path}")
    with sqlite3.connect(path) as connection:
        connection.execute(
            "INSERT INTO policy (id, name, value, valid_from_at, library_id, set_by)"
            " VALUES ('p', 'n', '1', 0, '', '')"
        )
    copy = await migrate(f"sqlite://{path}")
    assert copy is not None and copy.exists()
    with sqlite3.connect(copy) as connection, sqlite3.connect(path) as changed:
        for each in (connection, changed):
            assert each.execute("SELECT value FROM policy").fetchall() == [("1",)]
        assert {row[0] for row in changed.execute("SELECT name FROM sqlite_master")} >= BY_HAND
    assert await migrate(f"sqlite://{path}") is None


def test_migrations_keep_to_what_sqlite_can_do_without_remaking_tables() -> None:
    """A remade table loses its named indexes and, with foreign keys on, its children's rows."""
    forbidden = re.compile(r"ops\.(AlterField|RemoveField|RemoveIndex|RenameModel)\b")
    for path in Path(migrations.__file__).parent.glob("[0-9]*.py"):
        assert not forbidden.search(path.read_text(encoding="utf-8")), path.name
