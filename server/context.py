"""Everything an action needs from outside: the first argument of each."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from server.clocks import Clock, FileClock, Ids, Rng, SystemClock, SystemRng, TimedIds
from server.domain.events import Event
from server.settings import Settings
from server.store.database import Database, open_database
from server.store.files import Files, open_files
from server.store.rows import Transaction


@dataclass(frozen=True)
class Context:
    """The installation's parts, put together once by the composition root.

    ``announce`` sends a fact to whoever listens, in this process and the others; it never waits and never fails.
    ``shelf`` holds per-context caches (never truth), so that no module keeps process-wide state.
    """

    settings: Settings
    clock: Clock
    ids: Ids
    rng: Rng
    db: Database
    files: Files
    announce: Callable[[Event], None]
    process_id: str
    shelf: dict[str, Any] = field(default_factory=dict)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        """One unit of work; what it announced is told only after its commit."""
        async with self.db.transaction() as tx:
            yield tx
        for event in tx.announced:
            self.announce(event)


def make_context(settings: Settings, announce: Callable[[Event], None] = lambda event: None) -> Context:
    """The real parts that the settings ask for; ``ctx.db.open()`` is the caller's."""
    ids = TimedIds()
    clock: Clock = FileClock(Path(settings.test_clock_file)) if settings.test_clock_file else SystemClock()
    return Context(
        settings=settings,
        clock=clock,
        ids=ids,
        rng=SystemRng(),
        db=open_database(settings),
        files=open_files(settings),
        announce=announce,
        process_id=ids.new(),
    )
