"""The loops of a worker: keep promises, offer readers, watch over presence and places."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import timedelta

from server.actions.archive_keeping import promise_archive
from server.actions.dues import run_due, seconds_to_next
from server.actions.duty import promise_checks
from server.actions.figure_keeping import promise_figures
from server.actions.loan_catalogue import promise_titles
from server.actions.places import PlaceWatch
from server.actions.presence import Sweeper
from server.actions.retention import promise_retention
from server.actions.routing import dispatch
from server.context import Context
from server.domain.errors import Unavailable
from server.outages import Outage
from workers.promises import PROMISES

log = logging.getLogger(__name__)

LOOK = 0.5  # seconds; the net below every hint: a lost one costs no more
WATCH = 1.0
PAUSE = timedelta(seconds=1)  # between calls on a database that is away

# Readers and librarians wait for no count of figures that takes long: what is urgent has a loop of its own.
URGENT = {name: kind for name, kind in PROMISES.items() if kind.urgent}
PATIENT = {name: kind for name, kind in PROMISES.items() if not kind.urgent}


async def run_workers(ctx: Context, stop: asyncio.Event, wake: asyncio.Event | None = None) -> None:
    """Do what happens without anybody asking, until ``stop``.

    ``wake`` is set when something was promised or the queue has changed. Any number of workers may run: promises are
    kept once, offers are made by one at a time. A database that goes away is said when it goes, now and then while it
    lasts, and when it is back.
    """
    wakes = [asyncio.Event(), asyncio.Event(), asyncio.Event()]
    sweeper, watch = Sweeper(), PlaceWatch()

    async def keep_urgent() -> float:
        while await run_due(ctx, URGENT) and not stop.is_set():
            wakes[2].set()
        return min(LOOK, await seconds_to_next(ctx, URGENT) or LOOK)

    async def keep_promises() -> float:
        while await run_due(ctx, PATIENT) and not stop.is_set():
            wakes[2].set()
        return min(LOOK, await seconds_to_next(ctx, PATIENT) or LOOK)

    async def offer() -> float:
        await dispatch(ctx)
        return LOOK

    async def look_around() -> float:
        await sweeper.sweep(ctx)
        await watch.look(ctx)
        return WATCH

    async def begin() -> float:
        await promise_checks(ctx)
        await promise_retention(ctx)
        await promise_figures(ctx)
        await promise_archive(ctx)
        await promise_titles(ctx)
        return 3600.0

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(_pass_on(wake or asyncio.Event(), wakes, stop))
        tasks.create_task(_again(keep_urgent, stop, wakes[0]))
        tasks.create_task(_again(keep_promises, stop, wakes[1]))
        tasks.create_task(_again(offer, stop, wakes[2]))
        tasks.create_task(_again(look_around, stop))
        tasks.create_task(_again(begin, stop))


async def _again(
    work: Callable[[], Awaitable[float]], stop: asyncio.Event, wake: asyncio.Event | None = None
) -> None:
    """Do it again and again: after the seconds that it says, or when woken. Nothing that happens in it ends it."""
    name = work.__name__
    outage = Outage(log, f"{name} waits: the database is away", f"{name} goes on")
    while not stop.is_set():
        if wake is not None:
            wake.clear()
        try:
            seconds = await work()
            outage.over()
        except Unavailable as away:
            outage.lasts(away)
            seconds = PAUSE.total_seconds()
        except Exception:
            log.exception("%s failed", work.__name__)
            seconds = PAUSE.total_seconds()
        await _either(stop, wake, seconds=seconds)


async def _pass_on(wake: asyncio.Event, wakes: list[asyncio.Event], stop: asyncio.Event) -> None:
    """One hint from outside wakes every loop that waits for hints."""
    while not stop.is_set():
        await _either(stop, wake, seconds=3600.0)
        wake.clear()
        for each in wakes:
            each.set()


async def _either(*events: asyncio.Event | None, seconds: float) -> None:
    """Wait for any of the events, but no longer than that."""
    waits = [asyncio.ensure_future(event.wait()) for event in events if event is not None]
    try:
        await asyncio.wait(waits, timeout=max(seconds, 0.01), return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()
