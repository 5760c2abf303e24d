"""Frozen values to rows and back, for tables whose columns are named as the value's fields.

Fields that end in ``_at`` hold instants and are stored as microseconds; everything else is stored as it is.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from functools import lru_cache
from typing import Any, TypeVar, get_args, get_type_hints

from server.store.rows import Row, Transaction, from_us_or_none, placeholders, to_us

T = TypeVar("T")
_PARAMETERS = 10_000  # in one statement; both databases take three times as many
_KINDS = {bool: "BOOLEAN", int: "BIGINT", datetime: "BIGINT", float: "DOUBLE PRECISION"}  # else TEXT


def value_from(kind: type[T], row: Row) -> T:
    """The value that a row holds; columns that it has no field for are left out."""
    return kind(*[row[name] if read is None else read(row[name]) for name, read in _readers(kind)])  # type: ignore[arg-type]


def columns(kind: type[Any], *, of: str = "") -> str:
    """The columns of a value for a SELECT, of a table alias where one is given."""
    head = f"{of}." if of else ""
    return ", ".join(f"{head}{name}" for name, _ in _readers(kind))  # type: ignore[arg-type]


async def insert_values(tx: Transaction, table: str, values: Sequence[Any], *, conflict: str = "") -> int:
    """Insert values of one kind, many to a statement; returns how many were new (``conflict``: ON CONFLICT …)."""
    if not values:
        return 0
    kinds = _kinds(type(values[0]))  # type: ignore[arg-type]
    names = list(kinds)
    inserted = 0
    for some in _chunks(values, len(names)):
        rows = [[stored(getattr(value, name)) for name in names] for value in some]
        source, given = rows_as_table(tx, rows, kinds=list(kinds.values()))
        inserted += await tx.execute(
            f"INSERT INTO {table} ({', '.join(names)}) SELECT * FROM {source} WHERE TRUE {conflict}", *given
        )
    return inserted


async def update_rows(
    tx: Transaction, table: str, names: Sequence[str], rows: Iterable[Sequence[Any]]
) -> int:
    """Set columns of many rows in one statement; the first name is the key. Returns how many rows were changed."""
    kept = [tuple(stored(part) for part in row) for row in rows]
    sets = ", ".join(f"{name} = v.column{at}" for at, name in enumerate(names[1:], start=2))
    changed = 0
    for some in _chunks(kept, len(names)):
        source, given = rows_as_table(tx, some)
        changed += await tx.execute(
            f"UPDATE {table} SET {sets} FROM {source} WHERE {table}.{names[0]} = v.column1", *given
        )
    return changed


def rows_as_table(
    tx: Transaction, rows: Sequence[Sequence[Any]], *, kinds: Sequence[Any] = (), start: int = 1
) -> tuple[str, list[Any]]:
    """Rows for a FROM clause, as ``v`` with the columns ``column1``, ``column2`` …, and their parameters.

    PostgreSQL gets a list for each column: the statement is then the same for any number of rows, and prepared once.
    ``kinds`` are the columns' types where their values may all be None. ``start`` numbers the first parameter.
    """
    width = len(rows[0])
    if tx.dialect == "postgresql":
        kinds = kinds or [type(_sample(rows, at)) for at in range(width)]
        lists = ", ".join(
            f"CAST(${n} AS {_KINDS.get(kind, 'TEXT')}[])" for n, kind in enumerate(kinds, start)
        )
        names = ", ".join(f"column{at + 1}" for at in range(width))
        return f"unnest({lists}) AS v ({names})", [list(column) for column in zip(*rows, strict=True)]
    marks = ", ".join(f"({placeholders(width, start=start + width * number)})" for number in range(len(rows)))
    return f"(VALUES {marks}) AS v", [part for row in rows for part in row]


def stored(value: Any) -> Any:
    """A field's value as a parameter."""
    return to_us(value) if isinstance(value, datetime) else str(value) if isinstance(value, str) else value


def _sample(rows: Sequence[Sequence[Any]], at: int) -> Any:
    """A value of the column that tells its type; a column of nothing but NULL holds numbers here."""
    return next((row[at] for row in rows if row[at] is not None), 0)


def _chunks(values: Sequence[T], width: int) -> Iterable[Sequence[T]]:
    step = max(1, _PARAMETERS // width)
    return (values[start : start + step] for start in range(0, len(values), step))


@lru_cache
def _kinds(kind: Any) -> dict[str, Any]:
    """The type of each field, of those that may be None what it is otherwise."""
    hints: Mapping[str, Any] = get_type_hints(kind)
    return {field.name: (get_args(hints[field.name]) or (hints[field.name],))[0] for field in fields(kind)}


@lru_cache
def _readers(kind: Any) -> list[tuple[str, Any]]:
    return [(name, _reader(each)) for name, each in _kinds(kind).items()]


def _reader(kind: Any) -> Any:
    """What makes the field's value of a column; None where it is the value."""
    if kind is datetime:
        return from_us_or_none
    if kind is bool:
        return lambda stored: None if stored is None else bool(stored)
    return kind if isinstance(kind, type) and issubclass(kind, str) and kind is not str else None
