"""Asks couriers where parcels are (due ``courier_poll``), outside of any transaction: the net under their pushes."""

import asyncio
import logging
from datetime import timedelta

from server.actions.couriers import POLL, keep_watching, look_at_parcel, take_reports
from server.context import Context
from server.domain.errors import Unavailable
from server.outages import Outage
from server.store.dues import Due, due_by_now, finish_due, lease_due
from server.store.parcels import parcel_by_id

log = logging.getLogger(__name__)

LEASE = timedelta(minutes=5)  # longer than any courier is waited for
LATER = timedelta(minutes=10)  # when a courier is away
POLL_SECONDS = 5.0
SIDE_BY_SIDE = 8


async def run_couriers(ctx: Context, stop: asyncio.Event) -> None:
    """Ask about what is due, until ``stop``. Any number of workers may run: each parcel is asked about by one."""
    outage = Outage(log, "couriers are not asked, the database is away", "couriers are asked again")
    while not stop.is_set():
        try:
            while await ask_due(ctx) and not stop.is_set():
                pass
            outage.over()
        except Unavailable as away:
            outage.lasts(away)
        except Exception:
            log.exception("asking couriers failed")
        try:
            async with asyncio.timeout(POLL_SECONDS):
                await stop.wait()
        except TimeoutError:
            pass


async def ask_due(ctx: Context) -> int:
    """Ask about some of the parcels that are due; returns how many this worker took."""
    found = await due_by_now(ctx.db.read, ctx.clock.now(), (POLL,), limit=SIDE_BY_SIDE)
    done = await asyncio.gather(*(_ask(ctx, due) for due in found))
    return sum(done)


async def _ask(ctx: Context, due: Due) -> bool:
    async with ctx.transaction() as tx:
        leased = await lease_due(tx, due, ctx.clock.now() + LEASE)
    if leased is None:
        return False
    parcel = await parcel_by_id(ctx.db.read, due.subject_id)
    try:
        if parcel is not None:
            await take_reports(ctx, parcel.courier, await look_at_parcel(ctx, leased))
    except Unavailable:
        log.warning("a courier is away", extra={"courier": parcel.courier if parcel else ""})
        async with ctx.transaction() as tx:
            await finish_due(tx, leased, again_at=ctx.clock.now() + LATER)
        return True
    async with ctx.transaction() as tx:
        await finish_due(tx, leased, again_at=await keep_watching(ctx, tx, leased))
    return True
