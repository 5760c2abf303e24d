"""Keeps the figures: what has changed is counted anew, a day at a time, and the longer periods follow the days.

A day is counted as a whole from the archive and what differs from the kept counts is added to its week, month and
year, all in one transaction: counted twice it changes nothing, killed half-way nothing has happened.
"""

from datetime import date, datetime, time, timedelta

from server.actions.desks import zone_of
from server.context import Context
from server.domain.figures import SPANS, Counts, changes, count, start_of
from server.store.dues import Due, set_due_once
from server.store.figures import (
    add_counts,
    add_stale_days,
    counts_of,
    drop_stale_day,
    facts_between,
    first_service_at,
    hours_changed_since,
    mark_of,
    next_stale_day,
    set_mark,
)
from server.store.rows import Transaction

EVERY = timedelta(minutes=2)
# What was committed a little after the moment it carries must not slip between two looks.
OVERLAP = timedelta(minutes=5)
# Conversations are rated, and their records count files as documents, without a step that could be found: their week
# is counted anew each night.
NIGHTLY_DAYS = 8
_DAY = timedelta(days=1)


async def promise_figures(ctx: Context) -> None:
    """See to it that the figures are kept."""
    async with ctx.transaction() as tx:
        await set_due_once(tx, "figures", "all", ctx.clock.now())


async def keep_figures(ctx: Context, tx: Transaction, due: Due) -> datetime:
    """Count one changed day anew, and look for others now and then. (Due ``figures``.)

    One day a turn: the first count goes over years, and promises that cannot wait come in between.
    """
    now = ctx.clock.now()
    looked = await mark_of(tx, "figures")
    if looked is None or now >= looked + EVERY:
        await add_stale_days(tx, await _changed_days(ctx, tx, looked))
        await set_mark(tx, "figures", now)
        looked = now
    if day := await next_stale_day(tx):
        await keep_day(ctx, tx, day)
        await drop_stale_day(tx, day)
    return now if await next_stale_day(tx) else looked + EVERY


async def keep_day(ctx: Context, tx: Transaction, day: date) -> None:
    """The figures of a day and of its week, month and year, as the archive says now."""
    await tx.lock("figures")
    zone = zone_of(ctx)
    since, until = (datetime.combine(each, time(), zone) for each in (day, day + _DAY))
    fresh: Counts = {}
    async for facts in facts_between(tx, since, until):
        count(facts, fresh)
    deltas = changes(await counts_of(tx, "day", day), fresh)
    if deltas:
        for span in SPANS:
            await add_counts(tx, span, start_of(span, day), deltas)


async def _changed_days(ctx: Context, tx: Transaction, looked: datetime | None) -> set[date]:
    """The days that may have changed since the last look; without one, every day of the service."""
    now, zone = ctx.clock.now(), zone_of(ctx)
    today = now.astimezone(zone).date()
    if looked is None:
        first = await first_service_at(tx)
        return _days(first.astimezone(zone).date() if first else today, today)
    since = looked - OVERLAP
    before = since.astimezone(zone).date()
    if looked.astimezone(zone).date() != today:
        before -= NIGHTLY_DAYS * _DAY
    days = _days(before, today)
    for hour in await hours_changed_since(tx, since):
        # A zone may differ from UTC by half an hour: an hour can belong to two days.
        for moment in (hour, hour + timedelta(minutes=59)):
            days.add(moment.astimezone(zone).date())
    return days


def _days(first: date, last: date) -> set[date]:
    return {first + timedelta(days=n) for n in range((last - first).days + 1)}
