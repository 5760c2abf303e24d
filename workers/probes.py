"""Looks again at links that were sent (due ``link_probe``): strangers' servers are asked outside of any transaction."""

import asyncio
import logging
from datetime import timedelta

from server.actions.probes import SIDE_BY_SIDE, keep_look, look_again
from server.context import Context
from server.domain.errors import Unavailable
from server.outages import Outage
from server.store.dues import Due, due_by_now, finish_due, lease_due, still_due

log = logging.getLogger(__name__)

KIND = ("link_probe",)
LEASE = timedelta(minutes=5)  # longer than any look: who was killed meanwhile leaves it to others
POLL_SECONDS = 10.0


async def run_probes(ctx: Context, stop: asyncio.Event) -> None:
    """Look at what is due, until ``stop``. Any number of workers may run: each look is made by one of them."""
    outage = Outage(log, "looks at links wait, the database is away", "looks at links go on")
    while not stop.is_set():
        try:
            while await look_at_due(ctx) and not stop.is_set():
                pass
            outage.over()
        except Unavailable as away:
            outage.lasts(away)
        except Exception:
            log.exception("looks at links failed")
        try:
            async with asyncio.timeout(POLL_SECONDS):
                await stop.wait()
        except TimeoutError:
            pass


async def look_at_due(ctx: Context) -> int:
    """Look at some of the links that are due; returns how many this worker took."""
    found = await due_by_now(ctx.db.read, ctx.clock.now(), KIND, limit=SIDE_BY_SIDE)
    done = await asyncio.gather(*(_look(ctx, due) for due in found), return_exceptions=True)
    for outcome in done:
        if isinstance(outcome, BaseException):
            raise outcome
    return sum(outcome for outcome in done if isinstance(outcome, int))


async def _look(ctx: Context, due: Due) -> bool:
    async with ctx.transaction() as tx:
        leased = await lease_due(tx, due, ctx.clock.now() + LEASE)
    if leased is None:
        return False
    probe = await look_again(ctx, leased)
    async with ctx.transaction() as tx:
        if not await still_due(tx, leased):
            return True  # the answer was corrected meanwhile
        again_at = await keep_look(ctx, tx, leased, probe) if probe else None
        await finish_due(tx, leased, again_at=again_at)
    return True
