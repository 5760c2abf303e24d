"""Something that is away, in the log: said when it goes, again while it lasts, and once when it is back."""

import time
from typing import Any

from server.observing.logs import told

REMIND = 300.0  # seconds: who looks at the last quarter of an hour finds it there


class Outage:
    """One thing that may be away for a moment or for hours, and what waits for it."""

    def __init__(self, log: Any, away: str, back: str) -> None:
        self._log = log
        self._away, self._back = away, back
        self._since = self._said = 0.0

    def lasts(self, error: BaseException) -> None:
        """It is away, or still is."""
        now = time.monotonic()
        if not self._since:
            self._since = now
            self._log.warning("%s: %s", self._away, told(error))
        elif now - self._said < REMIND:
            return
        else:
            self._log.warning("%s, for %.0f min now: %s", self._away, (now - self._since) / 60, told(error))
        self._said = now

    def over(self) -> None:
        """It is there; nothing is said where it was never away."""
        if self._since:
            self._log.info("%s, after %.0f s", self._back, time.monotonic() - self._since)
        self._since = 0.0
