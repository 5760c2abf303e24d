"""Brings a database to the present schema and keeps its data, with guards around Tortoise's own migrations."""

import shutil
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import asyncpg
from tortoise import Tortoise
from tortoise.backends.base.executor import EXECUTOR_CACHE
from tortoise.migrations.api.migrate import migrate as run_migrations
from tortoise.migrations.schema_generator.state import ModelState, State
from tortoise.migrations.schema_generator.state_apps import StateApps

from server.domain.errors import Unavailable
from server.store.checking import migration_names

_LOCK = 0x5348_5551  # any constant: one migration at a time on a PostgreSQL server


async def migrate(database_url: str) -> Path | None:
    """Apply what is missing; safe to call again and from several processes at once.

    On SQLite a copy of a file that holds data is made first and its path returned, and foreign keys are off while
    tables may be remade. Raises Unavailable when the database cannot be reached.
    """
    if database_url.startswith("sqlite://"):
        path = Path(database_url.removeprefix("sqlite://"))
        path.parent.mkdir(parents=True, exist_ok=True)
        copy = _copied(path) if _behind(path) else None
        await _run(f"sqlite://{path}?foreign_keys=OFF&busy_timeout=10000")
        return copy
    async with _one_at_a_time(database_url):
        await _run(_postgres_connection(database_url))
    return None


def config(connection: str | dict[str, Any]) -> dict[str, Any]:
    """Tortoise's configuration for a database address, or for its own description of one."""
    app = {"models": ["server.store.models"], "migrations": "migrations", "default_connection": "default"}
    return {"connections": {"default": connection}, "apps": {"shuqiao": app}}


def _postgres_connection(database_url: str) -> dict[str, Any]:
    """A PostgreSQL address as Tortoise wants it: it passes on every parameter, and the driver knows only its own."""
    parts = urlsplit(database_url)
    asked = dict(parse_qsl(parts.query))
    credentials: dict[str, Any] = {
        "host": asked.get("host") or parts.hostname,
        "port": int(asked.get("port") or parts.port or 5432),
        "user": asked.get("user") or unquote(parts.username or "") or None,
        "password": asked.get("password") or unquote(parts.password or "") or None,
        "database": unquote(parts.path[1:]) or asked.get("dbname"),
    }
    if "sslmode" in asked:
        credentials["ssl"] = asked["sslmode"]
    return {"engine": "tortoise.backends.asyncpg", "credentials": credentials}


class _Before(State):
    """What the schema was before an operation; its models are made when the operation looks at them."""

    def __init__(self, models: dict[tuple[str, str], ModelState], after: StateApps) -> None:
        self.models = models
        self._after = after

    @cached_property
    def apps(self) -> StateApps:  # type: ignore[override]
        return self._after.clone(model_states=self.models)


def _clone(state: State) -> State:
    return _Before({key: model.clone() for key, model in state.models.items()}, state.apps)


@contextmanager
def states_when_needed() -> Iterator[None]:
    """Tortoise makes every model anew before each operation, and few operations look back: two thirds of the time."""
    eager = State.clone
    State.clone = _clone  # type: ignore[method-assign,assignment]
    try:
        yield
    finally:
        State.clone = eager  # type: ignore[method-assign]


async def _run(connection: str | dict[str, Any]) -> None:
    EXECUTOR_CACHE.clear()  # it keeps the first dialect's statements otherwise
    try:
        with states_when_needed():
            await run_migrations(config=config(connection))
    finally:
        await Tortoise.close_connections()
        EXECUTOR_CACHE.clear()


def _behind(path: Path) -> bool:
    if not path.exists() or path.stat().st_size == 0:
        return False
    with sqlite3.connect(path) as connection:
        try:
            applied = {row[0] for row in connection.execute("SELECT name FROM tortoise_migrations")}
        except sqlite3.OperationalError:
            return True
    return not applied.issuperset(migration_names())


def _copied(path: Path) -> Path:
    copy = path.with_name(f"{path.name}.before-{migration_names()[-1]}")
    if not copy.exists():
        with sqlite3.connect(path) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        shutil.copy2(path, copy)
    return copy


@asynccontextmanager
async def _one_at_a_time(database_url: str) -> AsyncIterator[None]:
    try:
        connection = await asyncpg.connect(database_url, timeout=5)
    except (OSError, asyncpg.PostgresError) as error:
        raise Unavailable() from error
    try:
        await connection.execute("SELECT pg_advisory_lock($1)", _LOCK)
        yield
    finally:
        await connection.close()
