"""Keeps promises when they fall due: each exactly once, however many workers and whatever kills them.

Every kind of promise names its action. The action and the striking out of the row are one transaction; of several
workers only the one that holds the row's lock tries. What fails waits longer each time and holds up no other.

Where thousands may fall due in one second, a kind keeps many of them in one transaction. When that fails, they are
kept one by one, so that a bad one costs the others nothing but time.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from server.context import Context
from server.domain.errors import Unavailable
from server.store.dues import (
    Due,
    due_by_now,
    finish_due,
    finish_dues,
    next_due_at,
    postpone_due,
    still_due,
    still_due_of,
)
from server.store.rows import Transaction

log = logging.getLogger(__name__)

BATCH = 500
ALONE = 200  # of them at most so many one by one, before urgent ones are looked for again
TOGETHER = 250  # in one transaction; their locks of several workers fit into PostgreSQL's table
LANES = 4  # side by side: on SQLite they share a commit, on PostgreSQL they wait for the disk together
DEADLINE = 20.0  # seconds for one of them, or for many together
LONGEST_PAUSE = 3600

# Returns the moment at which the promise falls due again, or None when it is kept for good.
Keep = Callable[[Context, Transaction, Due], Awaitable[datetime | None]]
# The same for many: at which moments those subjects' promises fall due again that are not kept for good.
KeepTogether = Callable[[Context, Transaction, Sequence[Due]], Awaitable[Mapping[str, datetime]]]


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of promise and how it is kept; ``urgent`` ones go before any backlog of the others.

    ``keep`` must change the world by conditional updates, because what it is about may have moved on. ``together``
    does the same to many at once, by statements over all of them.
    """

    name: str
    keep: Keep
    urgent: bool = False
    together: KeepTogether | None = None


Kinds = Mapping[str, Kind]


def kinds(*known: Kind) -> Kinds:
    """The kinds by name."""
    return {kind.name: kind for kind in known}


async def run_due(ctx: Context, known: Kinds, *, limit: int = BATCH) -> int:
    """Keep what is due, at most ``limit`` promises, urgent ones first; returns how many were kept.

    Kinds that this process does not know are left for one that does. Raises Unavailable when the database is away.
    """
    now = ctx.clock.now()
    urgent = [name for name, kind in known.items() if kind.urgent]
    found = await due_by_now(ctx.db.read, now, urgent, limit=limit) if urgent else []
    if len(found) < limit:
        others = known.keys() - set(urgent)
        found += await due_by_now(ctx.db.read, now, others, limit=limit - len(found)) if others else []
    if not found:
        return 0
    queue = iter(_parcels(known, found))
    lanes = (_lane(ctx, known, queue) for _ in range(LANES))
    # None is left running when one finds no database.
    done = await asyncio.gather(*lanes, return_exceptions=True)
    for outcome in done:
        if isinstance(outcome, BaseException):
            raise outcome
    return sum(outcome for outcome in done if isinstance(outcome, int))


async def seconds_to_next(ctx: Context, known: Kinds) -> float | None:
    """How long until something falls due; None when nothing is promised."""
    at = await next_due_at(ctx.db.read, known)
    return None if at is None else max(0.0, (at - ctx.clock.now()).total_seconds())


def pause_after(attempts: int) -> timedelta:
    """How long a failed promise waits: 1 s, 2 s, 4 s … an hour."""
    return timedelta(seconds=min(2 ** min(attempts, 20), LONGEST_PAUSE))


def _parcels(known: Kinds, found: Sequence[Due]) -> list[list[Due]]:
    """What is kept in one transaction each, in the order found. Who has failed before goes alone."""
    parcels: list[list[Due]] = []
    filling: dict[str, list[Due]] = {}
    alone = 0
    for due in found:
        if known[due.kind].together is None or due.attempts:
            alone += 1
            if alone <= ALONE:
                parcels.append([due])
            continue
        parcel = filling.get(due.kind)
        if parcel is None or len(parcel) == TOGETHER:
            parcel = filling[due.kind] = []
            parcels.append(parcel)
        parcel.append(due)
    return parcels


async def _lane(ctx: Context, known: Kinds, queue: Iterable[list[Due]]) -> int:
    return sum([await _keep(ctx, known[parcel[0].kind], parcel) for parcel in queue])


async def _keep(ctx: Context, kind: Kind, parcel: list[Due]) -> int:
    if len(parcel) > 1 and kind.together is not None:
        try:
            return await _keep_together(ctx, kind.together, parcel)
        except Unavailable:
            raise
        except Exception as error:
            log.warning("%d of %s failed together, now one by one: %r", len(parcel), kind.name, error)
    return sum([await _keep_one(ctx, kind, due) for due in parcel])


async def _keep_together(ctx: Context, together: KeepTogether, parcel: list[Due]) -> int:
    async with asyncio.timeout(DEADLINE), ctx.transaction() as tx:
        free = await tx.try_locks([due.id for due in parcel])
        dues = await still_due_of(tx, [due for due in parcel if due.id in free])
        if dues and not await finish_dues(tx, dues, await together(ctx, tx, dues)):
            raise _Moved
    return len(dues)


async def _keep_one(ctx: Context, kind: Kind, due: Due) -> bool:
    try:
        async with asyncio.timeout(DEADLINE), ctx.transaction() as tx:
            if not await tx.try_lock(due.id) or not await still_due(tx, due):
                return False  # another worker has it, or it was taken back
            again_at = await kind.keep(ctx, tx, due)
            if not await finish_due(tx, due, again_at=again_at):
                raise _Moved
    except _Moved:
        return False
    except Unavailable:
        raise
    except Exception as error:
        log.warning("%s failed at attempt %d: %r", due.id, due.attempts + 1, error)
        await _postpone(ctx, due, error)
        return False
    return True


async def _postpone(ctx: Context, due: Due, error: Exception) -> None:
    async with ctx.transaction() as tx:
        until = ctx.clock.now() + pause_after(due.attempts)
        await postpone_due(tx, due, until=until, error=f"{type(error).__name__}: {error}")


class _Moved(Exception):
    """Set anew while it was being kept: nothing has happened, it is due later."""
