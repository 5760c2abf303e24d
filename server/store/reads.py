"""What is to be read, before it is: so that things that do not hang on each other come in one trip."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Generic, TypeVar, overload

import msgspec

from server.store.rows import Reader, Row, shifted

A = TypeVar("A")
B = TypeVar("B")
C = TypeVar("C")
D = TypeVar("D")
E = TypeVar("E")


@dataclass(frozen=True, slots=True)
class Read(Generic[A]):
    """A SELECT with its parameters, and what its rows mean. Columns are texts, numbers and truths."""

    sql: str
    values: tuple[Any, ...]
    meaning: Callable[[Sequence[Row]], A]


async def read(db: Reader, one: Read[A]) -> A:
    """Read one thing."""
    return one.meaning(await db.rows(one.sql, *one.values))


@overload
async def read_together(db: Reader, a: Read[A], b: Read[B], /) -> tuple[A, B]: ...
@overload
async def read_together(db: Reader, a: Read[A], b: Read[B], c: Read[C], /) -> tuple[A, B, C]: ...
@overload
async def read_together(
    db: Reader, a: Read[A], b: Read[B], c: Read[C], d: Read[D], /
) -> tuple[A, B, C, D]: ...
@overload
async def read_together(
    db: Reader, a: Read[A], b: Read[B], c: Read[C], d: Read[D], e: Read[E], /
) -> tuple[A, B, C, D, E]: ...
async def read_together(db: Reader, *reads: Read[Any]) -> tuple[Any, ...]:
    """Read several things as of one moment, in their order where they take locks.

    SQLite is at hand: there they are read one after the other.
    """
    if db.dialect == "sqlite":
        return tuple([await read(db, each) for each in reads])
    row = await db.row(_together(tuple([each.sql for each in reads])), *[v for r in reads for v in r.values])
    assert row is not None
    found: list[list[Row] | None] = msgspec.json.decode(row["found"])
    return tuple([each.meaning(rows or ()) for each, rows in zip(reads, found, strict=True)])


def first(meaning: Callable[[Row], A]) -> Callable[[Sequence[Row]], A | None]:
    """The meaning of a row that may be missing."""
    return lambda rows: meaning(rows[0]) if rows else None


@lru_cache(maxsize=256)
def _together(statements: tuple[str, ...]) -> str:
    parts = [f"(SELECT json_agg(r) FROM ({sql}) AS r)" for sql in shifted(statements)]
    return f"SELECT json_build_array({', '.join(parts)}) AS found"
