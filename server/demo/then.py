"""Being somebody, at a moment of the past: how the demo's history is played with the real actions."""

from dataclasses import dataclass
from datetime import datetime

from server.context import Context
from server.demo.cast import Cast
from server.domain.accounts import actor_of
from server.domain.permissions import Actor
from server.store.accounts import grants_of


@dataclass(frozen=True, slots=True)
class Then:
    """A clock that stands still at a moment of the past."""

    moment: datetime

    def now(self) -> datetime:
        return self.moment


async def actor_in(ctx: Context, cast: Cast, key: str) -> Actor:
    """Somebody of the cast, with what they may do."""
    account = cast.people[key]
    return actor_of(account, await grants_of(ctx.db.read, account.id))
