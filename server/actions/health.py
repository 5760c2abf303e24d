"""Whether this process can serve, and how the installation is doing: for load balancers and operators."""

import asyncio
from dataclasses import dataclass

from server.context import Context
from server.domain.errors import Unavailable
from server.store.checking import missing_migrations
from server.store.readings import Reading, read_installation

PATIENCE = 2.0  # seconds; a load balancer does not wait longer


@dataclass(frozen=True, slots=True)
class Health:
    """What a process needs: database and schema to serve at all, files for uploads. Each ok, behind or away.

    A database that answers and has not taken this process's last messages ``refuses``: most often its disk is full.
    """

    database: str
    schema: str
    files: str

    @property
    def ready(self) -> bool:
        """Pages can be read, at least. Without files, or on a full disk, it is no better at any other process."""
        return self.database != "away" and self.schema == "ok"


async def check_health(ctx: Context) -> Health:
    """Try everything that this process needs; comes back within seconds, whatever hangs."""
    database, schema = await _database(ctx)
    return Health(database, schema, await _files(ctx))


async def read_figures(ctx: Context) -> Reading | None:
    """The installation's figures; None while the database is away."""
    try:
        async with asyncio.timeout(PATIENCE):
            return await read_installation(ctx.db.read, ctx.clock.now())
    except (Unavailable, TimeoutError):
        return None


async def _database(ctx: Context) -> tuple[str, str]:
    try:
        async with asyncio.timeout(PATIENCE):
            await ctx.db.check()
            # The schema only ever moves forward: once seen to be current it is not asked for again.
            if not ctx.shelf.get("schema_current"):
                ctx.shelf["schema_current"] = not await missing_migrations(ctx.db.read)
    except (Unavailable, TimeoutError):
        return "away", "unknown"
    database = "refuses" if ctx.db.tally.refusal.lasting else "ok"
    return database, "ok" if ctx.shelf["schema_current"] else "behind"


async def _files(ctx: Context) -> str:
    try:
        async with asyncio.timeout(PATIENCE):
            await ctx.files.check()
    except (OSError, TimeoutError):
        return "away"
    return "ok"
