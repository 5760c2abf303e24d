"""Which web origins may speak to us: our own, and those that a desk lists for its library's pages."""

from contextlib import suppress

from server.context import Context
from server.domain.errors import Unavailable
from server.store.libraries import listed_origins

FRESH_SECONDS = 5.0  # how soon a new origin is let in
STALE_SECONDS = 60.0  # how soon one that was struck out is not


class Origins:
    """The listed origins, read again after a few seconds, so that a manager's change is soon in force."""

    def __init__(self, ctx: Context) -> None:
        self._ctx = ctx
        self._listed: frozenset[str] = frozenset()
        self._read_at = 0.0

    async def allowed(self, origin: str) -> bool:
        """Whether a page of this origin may call us; programs send none and prove themselves otherwise."""
        if not origin or origin == self._ctx.settings.origin:
            return True
        now = self._ctx.clock.now().timestamp()
        age = abs(now - self._read_at)
        if age > STALE_SECONDS or (age > FRESH_SECONDS and origin not in self._listed):
            with suppress(Unavailable):  # what was listed a while ago still is, as far as anybody can tell
                self._listed = await listed_origins(self._ctx.db.read)
                self._read_at = now
        return origin in self._listed
