"""Something that is away, in the log: said when it goes, again while it lasts, and once when it is back."""

import time
from typing import Any

from server.domain.errors import Refusal

# A ValueError or a driver's DataError quotes the value that it stumbled over, which may be a reader's message. Only
# the messages of these are kept; of all others the log shows type and place.
_TELLING = (OSError, Refusal, RuntimeError, AttributeError, ImportError)
_TELLING_MODULES = ("sqlite3", "redis.exceptions", "aiosmtplib.errors")
REMIND = 300.0  # seconds: who looks at the last quarter of an hour finds it there
RECENT = 20.0  # clients whose message was refused try again within it


class Outage:
    """One thing that may be away for a moment or for hours, and what waits for it."""

    def __init__(self, log: Any, away: str, back: str) -> None:
        self._log = log
        self._away, self._back = away, back
        self._since = self._said = self._tried = 0.0
        self._kinds: set[str] = set()

    def lasts(self, error: BaseException) -> None:
        """It is away, or still is. Another kind of reason is said at once, each kind once."""
        now = self._tried = time.monotonic()
        reason = told(error)
        kind = reason.partition(":")[0]
        if not self._since:
            self._since = now
            self._log.warning("%s: %s", self._away, reason)
        elif kind in self._kinds and now - self._said < REMIND:
            return
        else:
            self._log.warning("%s, for %.0f min now: %s", self._away, (now - self._since) / 60, reason)
        self._said = now
        self._kinds.add(kind)

    @property
    def lasting(self) -> bool:
        """Whether it is away as far as anybody has tried, just now."""
        return bool(self._since) and time.monotonic() - self._tried < RECENT

    def over(self) -> None:
        """It is there; nothing is said where it was never away."""
        if self._since:
            self._log.info("%s, after %.0f s", self._back, time.monotonic() - self._since)
        self._since = 0.0
        self._kinds.clear()


def told(error: BaseException) -> str:
    """What an error came from in the end, in one line that quotes nobody."""
    while isinstance(error.__cause__, Exception):  # a deadline comes from a cancellation, which tells nothing
        error = error.__cause__
    if isinstance(error, BaseExceptionGroup):
        return told(error.exceptions[0])
    return named(error)


def named(error: BaseException) -> str:
    """The kind of an error, and its message only where that cannot quote anybody."""
    kind = type(error)
    telling = isinstance(error, _TELLING) and not isinstance(error, UnicodeError)
    if str(error) and (telling or kind.__module__ in _TELLING_MODULES):
        return f"{kind.__qualname__}: {error}"
    return kind.__qualname__
