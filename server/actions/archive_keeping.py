"""Keeps the archive's index: what was answered goes in within seconds, what was corrected is renewed."""

from datetime import UTC, datetime, timedelta

from server.context import Context
from server.store.consultation_archive import add_entries, entries_corrected, entries_to_add, renew_entries
from server.store.dues import Due, set_due_once
from server.store.figures import mark_of, set_mark
from server.store.rows import Transaction

EVERY = timedelta(seconds=15)
AT_ONCE = 500
# What was committed a little after the moment it carries must not slip between two looks.
OVERLAP = timedelta(minutes=1)
_BEGINNING = datetime(1970, 1, 2, tzinfo=UTC)


async def promise_archive(ctx: Context) -> None:
    """See to it that the index is kept."""
    async with ctx.transaction() as tx:
        await set_due_once(tx, "archive", "all", ctx.clock.now())


async def index_answers(ctx: Context, tx: Transaction, due: Due) -> datetime:
    """Take a part of what the index lacks, in the order of the answers. (Due ``archive``.)"""
    now = ctx.clock.now()
    come_to = await mark_of(tx, "archive") or _BEGINNING
    entries = await entries_to_add(tx, come_to - OVERLAP, limit=AT_ONCE)
    await add_entries(tx, entries)
    if len(entries) == AT_ONCE:
        await set_mark(tx, "archive", entries[-1].answered_at)
        return now
    looked = await mark_of(tx, "corrected") or now - EVERY
    await renew_entries(tx, await entries_corrected(tx, looked - OVERLAP, limit=AT_ONCE))
    await set_mark(tx, "archive", max(now, come_to))
    await set_mark(tx, "corrected", now)
    return now + EVERY
