"""Forgetting in time: transcripts and closed orders lose who it was (R-LIVE.6), machines' words are cleared away."""

from datetime import datetime, timedelta

from server.context import Context
from server.store.anonymising import anonymise_sessions, sessions_to_forget, unreferenced
from server.store.dues import Due, set_due, set_due_once
from server.store.loan_forgetting import forget_old_orders
from server.store.policies import policy_at
from server.store.rows import Transaction
from server.store.stack_forgetting import forget_events

SESSIONS_AT_ONCE = 200
EVENTS_AT_ONCE = 2000
NIGHT = timedelta(days=1)
SOON = timedelta(seconds=1)


async def promise_retention(ctx: Context) -> None:
    """See to it that forgetting is promised."""
    async with ctx.transaction() as tx:
        await set_due_once(tx, "retention", "all", ctx.clock.now())
        await set_due_once(tx, "stack_retention", "all", ctx.clock.now())


async def forget_old_sessions(ctx: Context, tx: Transaction, due: Due) -> datetime:
    """Anonymise what is older than the policy says, a bounded number at a time. (Due ``retention``, nightly.)"""
    now = ctx.clock.now()
    policy = await policy_at(tx, "", now)
    old = await sessions_to_forget(tx, now - timedelta(days=policy.transcript_days), SESSIONS_AT_ONCE)
    forgotten = await anonymise_sessions(tx, old, now)
    orders = await forget_old_orders(
        tx, now - timedelta(days=policy.transcript_days), now, limit=SESSIONS_AT_ONCE
    )
    if forgotten.content_hashes:
        # The folder knows no transaction: contents go only after this one is committed, and as often as it takes.
        await set_due(tx, "drop_contents", ctx.ids.new(), now, {"hashes": list(forgotten.content_hashes)})
    return now + (SOON if SESSIONS_AT_ONCE in (len(old), orders) else NIGHT)


async def forget_machines_words(ctx: Context, tx: Transaction, due: Due) -> datetime:
    """Clear what machines said longer ago than is kept, a part at a time. (Due ``stack_retention``, nightly.)"""
    now = ctx.clock.now()
    before = now - timedelta(days=ctx.settings.stack_event_days)
    forgotten = await forget_events(tx, before, limit=EVENTS_AT_ONCE)
    return now + (SOON if forgotten == EVENTS_AT_ONCE else NIGHT)


async def drop_contents(ctx: Context, tx: Transaction, due: Due) -> None:
    """Remove the contents that no file points to any more. (Due ``drop_contents``.)"""
    for content_hash in await unreferenced(tx, due.data.get("hashes", [])):
        await ctx.files.remove(content_hash)
