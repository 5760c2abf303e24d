"""Changes whose outcome nobody asks for: they wait for each other, so that many go to the database at once."""

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from server.domain.errors import Refusal
from server.store.rows import shifted

MOST = 24
_TARGET = re.compile(r"(?:INSERT INTO|UPDATE|DELETE FROM) (\w+)")
_READ = re.compile(r"(?:FROM|JOIN|INTO|UPDATE) (\w+)")
_WORD = re.compile(r"[a-z_]+")

Write = tuple[str, tuple[Any, ...], Refusal | None]  # raised where it changes nothing


class Writes:
    """What waits, in order. Nothing overtakes it that reads or changes a table which it changes, or the reverse."""

    def __init__(self) -> None:
        self._waiting: list[Write] = []
        self._named: set[str] = set()
        self._targets: set[str] = set()

    def hinder(self, sql: str) -> bool:
        """Whether they must be done before this statement is."""
        if not self._waiting:
            return False
        # A column that is called like a table costs a trip, an overlooked table the truth.
        read = _tables(sql) if _target(sql) else _words(sql)
        return not self._targets.isdisjoint(read) or _target(sql) in self._named

    def add(self, sql: str, values: tuple[Any, ...], refusal: Refusal | None = None) -> list[Write]:
        """Let it wait too; returns what must be done first."""
        before: list[Write] = []
        if len(self._waiting) >= MOST or (self.hinder(sql) and not self._goes_with(sql)):
            before = self.take()
        self._waiting.append((sql, values, refusal))
        self._targets.add(_target(sql))
        self._named |= _tables(sql)
        return before

    def take(self) -> list[Write]:
        """All that wait; they wait no more."""
        taken = self._waiting
        self._waiting, self._named, self._targets = [], set(), set()
        return taken

    def _goes_with(self, sql: str) -> bool:
        """More new rows, or more rows to strike out, in a table that the others do not read."""
        alike = "ON CONFLICT" not in sql and not sql.startswith("UPDATE") and "SELECT" not in sql
        others = {known for known, _, _ in self._waiting if _target(sql) in _tables(known)}
        return alike and others == {sql}


@lru_cache(maxsize=1024)
def looks_only(sql: str) -> bool:
    """Whether a statement changes nothing and holds nothing."""
    return sql.startswith("SELECT") and "FOR UPDATE" not in sql


@lru_cache(maxsize=1024)
def joined(statements: tuple[str, ...]) -> str:
    """One statement that does what these do, for PostgreSQL: its parts see nothing of each other (section 7.8.4)."""
    parts = shifted(statements)
    if len(parts) == 1:
        return parts[0]
    before = ", ".join(f"w{number} AS ({part})" for number, part in enumerate(parts[:-1]))
    return f"WITH {before} {parts[-1]}"


@lru_cache(maxsize=1024)
def joined_or_nothing(statements: tuple[str, ...], demanded: tuple[bool, ...]) -> str:
    """The same, but it fails, dividing by nought, where one that is demanded changes no row: then none of them does."""
    parts = [
        f"w{number} AS ({part}{' RETURNING 1' if demands else ''})"
        for number, (part, demands) in enumerate(zip(shifted(statements), demanded, strict=True))
    ]
    checks = [f"1 / (SELECT COUNT(*) FROM w{number})" for number, demands in enumerate(demanded) if demands]
    return f"WITH {', '.join(parts)} SELECT {', '.join(checks)}"


def values_of(writes: Sequence[Write]) -> list[Any]:
    """The parameters of the joined statement."""
    return [value for _, values, _ in writes for value in values]


@lru_cache(maxsize=1024)
def _words(sql: str) -> frozenset[str]:
    return frozenset(_WORD.findall(sql))


@lru_cache(maxsize=1024)
def _tables(sql: str) -> frozenset[str]:
    return frozenset(_READ.findall(sql))


@lru_cache(maxsize=1024)
def _target(sql: str) -> str:
    found = _TARGET.match(sql)
    return found[1] if found else ""
