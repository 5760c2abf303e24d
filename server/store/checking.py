"""Looks at a database from outside, without changing it: for the doctor, for start-up and for readiness."""

import sqlite3
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import asyncpg

import migrations
from server.clocks import drift_of
from server.store.rows import Reader
from server.store.sqlite import connect

CONNECT_SECONDS = 5.0
_WRITE = "BEGIN; CREATE TEMPORARY TABLE written AS SELECT md5(n::text) FROM generate_series(1, 30000) AS n; ROLLBACK"


class DatabaseAway(Exception):
    """The database cannot be reached or read: there is ``no_file``, ``no_folder``, or the cause says why (``away``)."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


@dataclass(frozen=True, slots=True)
class DatabaseFacts:
    """What a database says of itself. ``durable``: a commit has returned from the disk before it is acknowledged."""

    dialect: str
    version: str
    recent: bool  # a version that has what our statements need
    durable: bool
    settings: str  # those that decide it, as the database names them
    drift: float | None  # seconds that its clock is ahead of ours; None where it is the same clock
    missing: tuple[str, ...]  # migrations that this version brings and the database lacks
    unknown: tuple[str, ...]  # migrations that the database has and this version does not know: it is newer


def migration_names() -> list[str]:
    """The migrations that this version brings, oldest first."""
    return sorted(path.stem for path in Path(migrations.__file__).parent.glob("[0-9]*.py"))


async def look_at(database_url: str) -> DatabaseFacts:
    """Ask the database about itself. Raises DatabaseAway."""
    if database_url.startswith("sqlite://"):
        return _sqlite_facts(Path(database_url.removeprefix("sqlite://")))
    return await _postgres_facts(database_url)


async def try_writing(database_url: str) -> None:
    """Whether the database still takes what is written: some 2 MB that nobody sees and nothing remains of.

    It may answer every question on a full disk, or as a copy that only follows another. Raises DatabaseAway. Who runs
    SQLite sees its disk by the file's folder.
    """
    if database_url.startswith("sqlite://"):
        return
    try:
        connection = await asyncpg.connect(
            database_url, timeout=CONNECT_SECONDS, command_timeout=CONNECT_SECONDS
        )
        try:
            await connection.execute(_WRITE)
        finally:
            await connection.close(timeout=CONNECT_SECONDS)
    except asyncpg.InsufficientPrivilegeError:
        return  # an account without temporary tables writes its own ones all the same
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        raise DatabaseAway("away", str(error) or type(error).__name__) from error


async def missing_migrations(db: Reader) -> tuple[str, ...]:
    """The migrations that this version brings and the database lacks."""
    found = await db.row(
        "SELECT name FROM sqlite_master WHERE name = 'tortoise_migrations'"
        if db.dialect == "sqlite"
        else "SELECT to_regclass('tortoise_migrations')::text AS name"
    )
    if found is None or found["name"] is None:
        return tuple(migration_names())
    applied = {row["name"] for row in await db.rows("SELECT name FROM tortoise_migrations")}
    return tuple(name for name in migration_names() if name not in applied)


def _sqlite_facts(path: Path) -> DatabaseFacts:
    if not path.parent.is_dir():
        raise DatabaseAway("no_folder", str(path.parent.absolute()))
    if not path.is_file():
        raise DatabaseAway("no_file", str(path.absolute()))
    try:
        connection = connect(str(path))
    except sqlite3.Error as error:
        raise DatabaseAway("away", str(error)) from error
    try:
        journal = str(connection.execute("PRAGMA journal_mode").fetchone()[0])
        synchronous = int(connection.execute("PRAGMA synchronous").fetchone()[0])
        applied = _names(connection)
    except sqlite3.Error as error:
        raise DatabaseAway("away", str(error)) from error
    finally:
        connection.close()
    return DatabaseFacts(
        dialect="sqlite",
        version=sqlite3.sqlite_version,
        recent=sqlite3.sqlite_version_info >= (3, 35),  # RETURNING
        durable=journal == "wal" and synchronous >= 2,
        settings=f"journal_mode={journal}, synchronous={'FULL' if synchronous >= 2 else synchronous}",
        drift=None,
        missing=tuple(name for name in migration_names() if name not in applied),
        unknown=tuple(sorted(applied - set(migration_names()))),
    )


def _names(connection: sqlite3.Connection) -> set[str]:
    exists = connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'tortoise_migrations'").fetchone()
    return {row[0] for row in connection.execute("SELECT name FROM tortoise_migrations")} if exists else set()


async def _postgres_facts(url: str) -> DatabaseFacts:
    try:
        connection = await asyncpg.connect(url, timeout=CONNECT_SECONDS, command_timeout=CONNECT_SECONDS)
    except (OSError, TimeoutError, ValueError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        raise DatabaseAway("away", str(error) or type(error).__name__) from error
    try:
        asked = datetime.now(UTC)
        row = await connection.fetchrow(
            "SELECT clock_timestamp() AS now, current_setting('server_version') AS version,"
            " current_setting('server_version_num')::int AS number, current_setting('fsync') AS fsync,"
            " current_setting('synchronous_commit') AS synchronous,"
            " to_regclass('tortoise_migrations')::text AS table_name"
        )
        answered = datetime.now(UTC)
        assert row is not None, "a SELECT without a table always gives a row"
        applied = (
            {found["name"] for found in await connection.fetch("SELECT name FROM tortoise_migrations")}
            if row["table_name"]
            else set()
        )
    except (OSError, TimeoutError, asyncpg.PostgresError) as error:
        raise DatabaseAway("away", str(error) or type(error).__name__) from error
    finally:
        await connection.close(timeout=CONNECT_SECONDS)
    return DatabaseFacts(
        dialect="postgresql",
        version=row["version"],
        recent=row["number"] >= 140000,
        durable=row["fsync"] == "on" and row["synchronous"] not in ("off",),
        settings=f"fsync={row['fsync']}, synchronous_commit={row['synchronous']}",
        drift=drift_of(row["now"], asked, answered),
        missing=tuple(name for name in migration_names() if name not in applied),
        unknown=tuple(sorted(applied - set(migration_names()))),
    )
