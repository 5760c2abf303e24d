"""How rows and statements read the same on SQLite and PostgreSQL."""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, Protocol

Row = Mapping[str, Any]
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_NUMBERED = re.compile(r"\$(\d+)")


class Duplicate(Exception):
    """A unique index refused a row."""


class Reader(Protocol):
    """Runs statements; parameters are written $1, $2 … in both dialects."""

    @property
    def dialect(self) -> str:
        """sqlite or postgresql."""
        ...

    async def rows(self, sql: str, *values: Any) -> Sequence[Row]: ...

    async def row(self, sql: str, *values: Any) -> Row | None: ...


class Transaction(Reader, Protocol):
    """A unit of work that is kept whole or not at all; ``announced`` leaves it after the commit."""

    announced: list[Any]

    async def execute(self, sql: str, *values: Any) -> int:
        """Run a changing statement; returns the number of rows changed, by which races are settled."""
        ...

    async def lock(self, name: str) -> None:
        """Wait for the named lock and hold it to the end of the transaction (SQLite has one writer already)."""
        ...

    async def try_lock(self, name: str) -> bool:
        """Take the named lock to the end of the transaction, or answer at once that somebody else has it."""
        ...

    def announce(self, event: Any) -> None: ...


def to_us(moment: datetime) -> int:
    """Microseconds since 1970 in UTC, as instants are stored."""
    return (moment - _EPOCH) // _MICROSECOND


def from_us(us: int) -> datetime:
    """The instant that a stored number means."""
    return _EPOCH + timedelta(microseconds=us)


def to_us_or_none(moment: datetime | None) -> int | None:
    return None if moment is None else to_us(moment)


def from_us_or_none(us: int | None) -> datetime | None:
    return None if us is None else from_us(us)


@lru_cache(maxsize=1024)
def sqlite_statement(sql: str) -> str:
    """SQLite numbers its parameters ?1, ?2; our statements say $1, $2 as PostgreSQL does."""
    return _NUMBERED.sub(r"?\1", sql)


def placeholders(count: int, *, start: int = 1) -> str:
    """``$1, $2, …`` for an IN list of a bounded number of values."""
    return ", ".join(f"${number}" for number in range(start, start + count))
