"""How often somebody may speak: counted per conversation and person, never per address (a campus sits behind one)."""

from collections import OrderedDict
from collections.abc import Callable

from server.domain.errors import TooMany

KNOWN = 50_000  # people remembered; the longest silent are forgotten first


class Limiter:
    """A token bucket for each participant: a burst of ``per_minute`` / 2, refilled evenly. Lives in one process."""

    def __init__(self, per_minute: int, seconds: Callable[[], float]) -> None:
        self._rate = per_minute / 60
        self._burst = max(5.0, per_minute / 2)
        self._seconds = seconds
        self._buckets: OrderedDict[tuple[str, str], tuple[float, float]] = OrderedDict()

    def demand(self, session_id: str, key: str, cost: float = 1.0) -> None:
        """Count one message, or something that weighs so much of one. Raises TooMany with the seconds to wait."""
        now = self._seconds()
        bucket = (session_id, key)
        left, at = self._buckets.pop(bucket, (self._burst, now))
        left = min(self._burst, left + (now - at) * self._rate)
        if left < cost:
            self._buckets[bucket] = (left, now)
            raise TooMany("too_many_messages", retry_after=max(1, round((cost - left) / self._rate)))
        self._buckets[bucket] = (left - cost, now)
        if len(self._buckets) > KNOWN:
            self._buckets.popitem(last=False)
