"""A store's holdings and how rightly it sends, against the standard: computed, never reported (R-LOAN.2, R-LOAN.5)."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from server.actions.access import access_store
from server.context import Context
from server.domain.errors import Invalid
from server.domain.holdings import Counted, Period, Target, Wanted, targets
from server.domain.loan_rows import Store
from server.domain.permissions import Actor, Verb, store_scopes
from server.store.holdings import count_holdings, wanted_titles
from server.store.policies import loan_policy_at
from server.store.stores import stores_within

YEAR = timedelta(days=365)
USUAL = timedelta(days=30)
WANTED = 20


@dataclass(frozen=True, slots=True)
class Holdings:
    """A store with its figures over a period."""

    store: Store
    counted: Counted
    targets: tuple[Target, ...]
    period: Period
    wanted: tuple[Wanted, ...] = ()


async def watched_stores(ctx: Context, actor: Actor) -> list[Store]:
    """The stores whose figures the actor may see."""
    return await stores_within(ctx.db.read, store_scopes(actor, Verb.WATCH_HOLDINGS))


async def store_holdings(
    ctx: Context, actor: Actor, store_id: str, since: datetime | None = None, until: datetime | None = None
) -> Holdings:
    """A store's figures, and what readers wait for; accuracy over the period asked for, the last thirty days otherwise.

    Raises NotFound, Invalid for a period that ends before it begins.
    """
    db, now = ctx.db.read, ctx.clock.now()
    store = await access_store(db, actor, store_id, Verb.WATCH_HOLDINGS)
    end = until or now
    period = Period(since or end - USUAL, end)
    if period.since >= period.until:
        raise Invalid("period_backwards", "until")
    counted = await count_holdings(db, store, now - YEAR, period)
    policy = await loan_policy_at(db, store.library_id, now)
    wanted = tuple(await wanted_titles(db, store.id, limit=WANTED))
    return Holdings(store, counted, tuple(targets(store.kind, store.tier, counted, policy)), period, wanted)
