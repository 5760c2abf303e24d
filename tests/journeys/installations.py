"""An installation of real processes with the cast of the town in it, and a library's site on another host."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from argon2 import PasswordHasher

from server.context import make_context
from tests.servers.clocks import FileClock
from tests.servers.machine import http_client
from tests.servers.product import Product
from tests.town import Town, serving, settings_for, settle
from web.pages.sample import sample_site

PASSWORD = "一个只在测试里用的口令"
LIBRARY = "书桥图书馆"
MakeProduct = Callable[..., Product]


@dataclass
class Installation:
    """Processes, the town that lives in their database, and where readers come from."""

    town: Town
    servers: list[Product]
    workers: list[Product]
    site: str = ""  # the home library's own site: another host, its desk's chat from the first server

    @property
    def first(self) -> Product:
        return self.servers[0]

    @property
    def last(self) -> Product:
        return self.servers[-1]

    async def events(self, session: str) -> list[dict[str, Any]]:
        """What the conversation holds, as the database has it."""
        rows = await self.town.ctx.db.read.rows(
            "SELECT seq, kind, body AS text FROM chat_event WHERE session_id = $1 AND audience = 'all' ORDER BY seq",
            session,
        )
        return [dict(row) for row in rows]

    async def said(self, session: str) -> list[str]:
        """The messages of a conversation; its numbers are gapless."""
        events = await self.events(session)
        assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
        return [event["text"] for event in events if event["kind"] == "message"]

    async def has_lost(self, kind: str) -> None:
        """The server has noticed that nobody of this kind (reader, staff) is connected: from here their grace counts.

        A line that breaks says nothing; it is found dead by the next ping.
        """
        async with asyncio.timeout(90):
            while await self.town.ctx.db.read.rows("SELECT id FROM connection WHERE kind = $1", kind):
                await asyncio.sleep(0.1)  # the server tells nobody but the database

    async def only_session(self) -> str:
        """The one conversation that there is."""
        rows = await self.town.ctx.db.read.rows("SELECT id FROM chat_session")
        assert len(rows) == 1
        return str(rows[0]["id"])


@asynccontextmanager
async def open_installation(
    product: MakeProduct,
    folder: Path,
    database_url: str,
    *,
    servers: int = 1,
    workers: int = 0,
    clock: FileClock | None = None,
    **more: Any,
) -> AsyncIterator[Installation]:
    """Started processes on one database, settled; without workers the servers do their work."""
    if clock is not None:
        more["test_clock_file"] = clock.path
    settings = settings_for(database_url, folder, **{key: str(value) for key, value in more.items()})
    shared = {
        "database_url": database_url,
        "files_dir": settings.files_dir,
        "secret_key": settings.secret_key,
        "embedded_worker": workers == 0,
        **more,
    }
    ctx = make_context(settings)
    await ctx.db.open()
    try:
        made = [product("serve", **shared) for _ in range(servers)]
        helping = [product("worker", **shared) for _ in range(workers)]
        async with http_client(made[0].url) as http:
            town = Town(ctx, made[0].url, http)
            await settle(ctx, town)
            await _passwords(town)
            for process in (*made, *helping):
                process.start()
            async with serving(sample_site(made[0].url, "home", LIBRARY)) as site:
                there = site.replace("127.0.0.1", "library.test")
                await _list_origin(town, there)
                yield Installation(town, made, helping, there)
            for person in town.people.values():
                await person.http.aclose()
    finally:
        await ctx.db.close()


async def _list_origin(town: Town, origin: str) -> None:
    async with town.ctx.transaction() as tx:
        await tx.execute("UPDATE desk SET origins = $1 WHERE slug = 'home'", json.dumps([origin]))


async def _passwords(town: Town) -> None:
    known = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1).hash(PASSWORD)
    async with town.ctx.transaction() as tx:
        await tx.execute("UPDATE account SET password_hash = $1", known)
