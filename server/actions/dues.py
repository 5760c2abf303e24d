"""Keeps promises when they fall due: each exactly once, however many workers and whatever kills them.

Every kind of promise names its action. The action and the striking out of the row are one transaction; of several
workers only the one that holds the row's lock tries. What fails waits longer each time and holds up no other.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from server.context import Context
from server.domain.errors import Unavailable
from server.store.dues import (
    Due,
    due_by_now,
    finish_due,
    next_due_at,
    postpone_due,
    still_due,
)
from server.store.rows import Transaction

log = logging.getLogger(__name__)

BATCH = 200
LANES = 4  # side by side: on SQLite they share a commit, on PostgreSQL they wait for the disk together
DEADLINE = 20.0  # seconds for one of them
LONGEST_PAUSE = 3600

# Returns the moment at which the promise falls due again, or None when it is kept for good.
Keep = Callable[[Context, Transaction, Due], Awaitable[datetime | None]]


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of promise and how it is kept; ``urgent`` ones go before any backlog of the others.

    ``keep`` must change the world by conditional updates, because what it is about may have moved on.
    """

    name: str
    keep: Keep
    urgent: bool = False


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
    queue = iter(found)
    lanes = (_lane(ctx, known, queue) for _ in range(min(LANES, len(found))))
    done = await asyncio.gather(
        *lanes, return_exceptions=True
    )  # none is left running when one finds no database
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


async def _lane(ctx: Context, known: Kinds, queue: Iterable[Due]) -> int:
    return sum([await _keep_one(ctx, known[due.kind], due) for due in queue])


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
