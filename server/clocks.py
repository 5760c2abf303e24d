"""The doors through which time, chance and new names come in."""

import secrets
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import SystemRandom
from typing import Protocol

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's base 32, lower case: sorts like the number
_PAIRS = [first + second for first in _ALPHABET for second in _ALPHABET]


class Clock(Protocol):
    """Tells the wall-clock time, in UTC."""

    def now(self) -> datetime: ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)


class FileClock:
    """The machine's clock shifted by the number of seconds that a file holds (environment ``test`` only).

    A test moves time for several processes at once by rewriting the file. A missing or half-written file keeps the
    last shift, so that time never jumps back by accident.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._shift = timedelta()
        self._stamp = (0, 0)

    def now(self) -> datetime:
        try:
            found = self._path.stat()
            # Each move is a file of its own: two within one tick of the file system's clock are told apart, too.
            stamp = found.st_ino, found.st_mtime_ns
            if stamp != self._stamp:
                self._shift = timedelta(seconds=float(self._path.read_text()))
                self._stamp = stamp
        except (OSError, ValueError):
            pass
        return datetime.now(UTC) + self._shift


def drift_of(theirs: datetime, asked: datetime, answered: datetime) -> float:
    """Seconds by which another clock is ahead of ours, or behind: it was asked and has answered between two moments."""
    return max(0.0, (theirs - answered).total_seconds()) + min(0.0, (theirs - asked).total_seconds())


class Ids(Protocol):
    """Makes new identifiers."""

    def new(self) -> str: ...


class TimedIds:
    """26 characters that sort in the order in which they were made: 48 bits of milliseconds, 80 of chance (ULID).

    What a process makes within one millisecond, or while its clock is put back, sorts in that order too: lists that
    sort by moment and name tell what happened as it happened.
    """

    def __init__(self) -> None:
        self._last = 0

    def new(self) -> str:
        number = (time.time_ns() // 1_000_000) << 80 | secrets.randbits(80)
        if number <= self._last:
            number = self._last + 1 + secrets.randbits(64)
        self._last = number
        return "".join([_PAIRS[number >> shift & 1023] for shift in range(120, -1, -10)])


class Rng(Protocol):
    """Chance: secrets nobody can guess, and jitter."""

    def token(self) -> str: ...

    def uniform(self, low: float, high: float) -> float: ...


class SystemRng:
    """The operating system's randomness."""

    def __init__(self) -> None:
        self._random = SystemRandom()

    def token(self) -> str:
        """43 URL-safe characters (256 bits)."""
        return secrets.token_urlsafe(32)

    def uniform(self, low: float, high: float) -> float:
        return self._random.uniform(low, high)
