"""How many readers may come: so that nobody floods a desk, and everybody is told what to do instead."""

from datetime import timedelta

from server.actions.logins import count
from server.context import Context
from server.domain.errors import TooMany
from server.domain.logins import SESSIONS_OF, Limit, network_of
from server.domain.permissions import Actor
from server.domain.policies import ChatPolicy
from server.store.queues import waiting_at
from server.store.rows import Reader


async def count_arrival(ctx: Context, actor: Actor, address: str) -> None:
    """Count a new conversation of this reader and, of an anonymous one, of their network address.

    A visitor's secret is easily thrown away, an address is not; generously, for a campus sits behind one. Raises
    TooMany ``too_many_sessions``.
    """
    counted = [(SESSIONS_OF, actor.reader_key)]
    if address and not actor.account_id:
        here = Limit(
            "sessions_from", ctx.settings.sessions_per_address, timedelta(minutes=15), SESSIONS_OF.refusal
        )
        counted.append((here, network_of(address)))
    await count(ctx, *counted)


async def demand_place(db: Reader, desk_id: str, policy: ChatPolicy) -> None:
    """Let one more wait at the desk. Raises TooMany ``queue_full``.

    Those who come in the same instant do not see each other: the queue may become longer by as many as there are
    database connections, and no longer.
    """
    if await waiting_at(db, desk_id) >= policy.queue_limit:
        raise TooMany("queue_full", retry_after=120)
