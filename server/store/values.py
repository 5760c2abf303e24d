"""Frozen values to rows and back, for tables whose columns are named as the value's fields.

Fields that end in ``_at`` hold instants and are stored as microseconds; everything else is stored as it is.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from functools import lru_cache
from typing import Any, TypeVar, get_args, get_type_hints

from server.store.rows import Row, Transaction, from_us_or_none, to_us

T = TypeVar("T")
_PARAMETERS = 10_000  # in one statement; both databases take three times as many
_CASTS = {bool: "BOOLEAN", int: "BIGINT", str: "TEXT"}


def value_from(kind: type[T], row: Row) -> T:
    """The value that a row holds; columns that it has no field for are left out."""
    return kind(**{name: read(row[name]) for name, read in _readers(kind)})  # type: ignore[arg-type]


def columns(kind: type[Any], *, of: str = "") -> str:
    """The columns of a value for a SELECT, of a table alias where one is given."""
    head = f"{of}." if of else ""
    return ", ".join(f"{head}{name}" for name, _ in _readers(kind))  # type: ignore[arg-type]


async def insert_values(tx: Transaction, table: str, values: Sequence[Any], *, conflict: str = "") -> int:
    """Insert values of one kind, many to a statement; returns how many were new (``conflict``: ON CONFLICT …)."""
    if not values:
        return 0
    names = [field.name for field in fields(values[0])]
    inserted = 0
    for some in _chunks(values, len(names)):
        rows = _marks(len(some), len(names))
        inserted += await tx.execute(
            f"INSERT INTO {table} ({', '.join(names)}) VALUES {rows} {conflict}",
            *(stored(getattr(value, name)) for value in some for name in names),
        )
    return inserted


async def update_rows(
    tx: Transaction, table: str, names: Sequence[str], rows: Iterable[Sequence[Any]]
) -> int:
    """Set columns of many rows in one statement; the first name is the key. Returns how many rows were changed."""
    kept = [tuple(stored(part) for part in row) for row in rows]
    changed = 0
    for some in _chunks(kept, len(names)):
        casts = [_CASTS.get(type(_sample(some, at)), "TEXT") for at in range(len(names))]
        marks, number = [], 1
        for _ in some:
            marks.append(
                "(" + ", ".join(f"CAST(${number + at} AS {cast})" for at, cast in enumerate(casts)) + ")"
            )
            number += len(names)
        sets = ", ".join(f"{name} = v.column{at}" for at, name in enumerate(names[1:], start=2))
        changed += await tx.execute(
            f"UPDATE {table} SET {sets} FROM (VALUES {', '.join(marks)}) AS v WHERE {table}.{names[0]} = v.column1",
            *(part for row in some for part in row),
        )
    return changed


def stored(value: Any) -> Any:
    """A field's value as a parameter."""
    return to_us(value) if isinstance(value, datetime) else str(value) if isinstance(value, str) else value


def _sample(rows: Sequence[Sequence[Any]], at: int) -> Any:
    """A value of the column that tells its type; a column of nothing but NULL holds numbers here."""
    return next((row[at] for row in rows if row[at] is not None), 0)


def _marks(rows: int, width: int) -> str:
    return ", ".join(
        "(" + ", ".join(f"${row * width + at + 1}" for at in range(width)) + ")" for row in range(rows)
    )


def _chunks(values: Sequence[T], width: int) -> Iterable[Sequence[T]]:
    step = max(1, _PARAMETERS // width)
    return (values[start : start + step] for start in range(0, len(values), step))


@lru_cache
def _readers(kind: Any) -> list[tuple[str, Any]]:
    hints: Mapping[str, Any] = get_type_hints(kind)
    return [(field.name, _reader(hints[field.name])) for field in fields(kind)]


def _reader(hint: Any) -> Any:
    kinds = get_args(hint) or (hint,)
    if datetime in kinds:
        return from_us_or_none
    if bool in kinds:
        return lambda stored: None if stored is None else bool(stored)
    return (
        kinds[0]
        if isinstance(kinds[0], type) and issubclass(kinds[0], str) and kinds[0] is not str
        else _same
    )


def _same(stored: Any) -> Any:
    return stored
