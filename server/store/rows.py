"""How rows and statements read the same on SQLite and PostgreSQL."""

import json
import re
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, Protocol

import msgspec

from server.domain.errors import Refusal

Row = Mapping[str, Any]
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_NUMBERED = re.compile(r"\$(\d+)")
_ANY_OF = re.compile(r"= ANY\(\$(\d+)\)")
_FOR_UPDATE = " FOR UPDATE"
_encoded = msgspec.json.Encoder().encode


class Duplicate(Exception):
    """A unique index refused a row."""


class Reader(Protocol):
    """Runs statements; parameters are written $1, $2 … in both dialects, a list of them ``= ANY($1)``."""

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

    async def later(self, sql: str, *values: Any, refusal: Refusal | None = None) -> None:
        """Run a changing statement whose outcome nobody asks for, in one go with others like it.

        At the latest at the end, and before any statement that names its table: what follows sees it. Where it changes
        no row, ``refusal`` is raised, and nothing is kept.
        """
        ...

    async def execute_many(self, sql: str, rows: Sequence[tuple[Any, ...]]) -> None:
        """Run one changing statement for each of the rows, in one go."""
        ...

    async def lock_rows(self, table: str, column: str, keys: Collection[str]) -> None:
        """Hold these rows to the end of the transaction, taken in the order of their keys: no two wait in a ring."""
        ...

    async def lock(self, *names: str) -> None:
        """Wait for the named locks, one after the other, and hold them to the end (SQLite has one writer already)."""
        ...

    async def try_lock(self, name: str) -> bool:
        """Take the named lock to the end of the transaction, or answer at once that somebody else has it."""
        ...

    async def try_locks(self, names: Collection[str]) -> set[str]:
        """Take those of the named locks that nobody else has; returns them."""
        ...

    def announce(self, event: Any) -> None: ...


def as_json(value: Any) -> str:
    """The value as a text column keeps it."""
    return _encoded(value).decode()


def to_us(moment: datetime) -> int:
    """Microseconds since 1970 in UTC, as instants are stored."""
    return (moment - _EPOCH) // _MICROSECOND


def from_us(us: int) -> datetime:
    """The instant that a stored number means."""
    return _EPOCH + us * _MICROSECOND


def to_us_or_none(moment: datetime | None) -> int | None:
    return None if moment is None else to_us(moment)


def from_us_or_none(us: int | None) -> datetime | None:
    return None if us is None else from_us(us)


@lru_cache(maxsize=1024)
def sqlite_statement(sql: str) -> str:
    """SQLite numbers its parameters ?1, ?2, takes a list as JSON, and its one writer needs no locks on rows."""
    sql = _ANY_OF.sub(r"IN (SELECT value FROM json_each($\1))", sql.removesuffix(_FOR_UPDATE))
    return _NUMBERED.sub(r"?\1", sql)


def sqlite_values(values: Sequence[Any]) -> tuple[Any, ...]:
    """The parameters as SQLite takes them."""
    return tuple([json.dumps(value) if type(value) is list else value for value in values])


def shifted(statements: Sequence[str]) -> list[str]:
    """The statements with their parameters numbered on, as parts of one that takes them all."""
    parts, past = [], 0
    for sql in statements:
        parts.append(_NUMBERED.sub(lambda found, past=past: f"${int(found[1]) + past}", sql))  # type: ignore[misc]
        past += max((int(number) for number in _NUMBERED.findall(sql)), default=0)
    return parts


def placeholders(count: int, *, start: int = 1) -> str:
    """``$1, $2, …`` for an IN list of a bounded number of values."""
    return ", ".join(f"${number}" for number in range(start, start + count))
