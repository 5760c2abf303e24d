"""Dated policy values of the alliance and its libraries."""

import json
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from server.domain.loan_policies import LoanPolicy, loan_policy_from
from server.domain.policies import PER_LIBRARY, TEXTS, ChatPolicy, PolicyEntry, policy_from
from server.domain.task_policies import TaskPolicy, task_policy_from
from server.store.reads import Read, read
from server.store.rows import Reader, Row, Transaction, from_us, placeholders, to_us

# The newest of each name that is in force already, the alliance's before the library's.
_IN_FORCE_AT = (
    "SELECT library_id, name, value FROM policy AS p WHERE library_id IN ('', {library}) AND valid_from_at <= $2"
    " AND NOT EXISTS (SELECT 1 FROM policy AS newer"
    " WHERE newer.library_id = p.library_id AND newer.name = p.name AND newer.valid_from_at <= $2"
    " AND (newer.valid_from_at > p.valid_from_at"
    " OR (newer.valid_from_at = p.valid_from_at AND newer.id > p.id))) ORDER BY library_id"
)
_IN_FORCE = _IN_FORCE_AT.format(library="$1")
_IN_FORCE_AT_DESK = _IN_FORCE_AT.format(library="(SELECT library_id FROM desk WHERE slug = $1)")


async def policy_at(db: Reader, library_id: str, now: datetime) -> ChatPolicy:
    """The live desk's policy in force: defaults, over them the alliance's values, then the library's."""
    return policy_from(await _values(db, library_id, now))


async def task_policy_at(db: Reader, library_id: str, now: datetime) -> TaskPolicy:
    """The pool's policy in force for what is asked at a library's desk."""
    return await read(db, task_policy_read(library_id, now))


def task_policy_read(library_id: str, now: datetime) -> Read[TaskPolicy]:
    """The pool's policy in force for what is asked at a library's desk."""
    return Read(_IN_FORCE, (library_id, to_us(now)), lambda rows: task_policy_from(_values_of(rows)))


def task_policy_at_read(slug: str, now: datetime) -> Read[TaskPolicy]:
    """The same for a desk that is known by its short name."""
    return Read(_IN_FORCE_AT_DESK, (slug, to_us(now)), lambda rows: task_policy_from(_values_of(rows)))


async def loan_policy_at(db: Reader, library_id: str, now: datetime) -> LoanPolicy:
    """The loan service's policy in force for a library's readers."""
    return loan_policy_from(await _values(db, library_id, now))


async def weekends_count_at(db: Reader, now: datetime) -> bool:
    """Whether a plain weekend is as good as a holiday to the loan clocks (R-LOAN.4); by default it is not."""
    return (await _values(db, "", now)).get("weekends_count") is True


async def texts_at(db: Reader, library_id: str, now: datetime) -> dict[str, str]:
    """The notices that the alliance or the library words itself (scope_zh, privacy_en, …)."""
    values = await _values(db, library_id, now)
    return {name: text for name in TEXTS if (text := values.get(name))}


async def entries_of(db: Reader, library_id: str) -> list[PolicyEntry]:
    """Every value ever set for the alliance (empty id) or a library, newest first."""
    rows = await db.rows(
        "SELECT id, library_id, name, value, valid_from_at, set_by FROM policy WHERE library_id = $1"
        " ORDER BY valid_from_at DESC, id DESC LIMIT 1000",
        library_id,
    )
    return [_entry(row) for row in rows]


async def entries_named(db: Reader, names: Collection[str]) -> list[PolicyEntry]:
    """Every value ever set under one of these names, for the alliance and for each library."""
    rows = await db.rows(
        "SELECT id, library_id, name, value, valid_from_at, set_by FROM policy"
        f" WHERE name IN ({placeholders(len(names))})",
        *sorted(names),
    )
    return [_entry(row) for row in rows]


async def entry_by_id(db: Reader, entry_id: str) -> PolicyEntry | None:
    row = await db.row(
        "SELECT id, library_id, name, value, valid_from_at, set_by FROM policy WHERE id = $1", entry_id
    )
    return _entry(row) if row else None


async def remove_entry(tx: Transaction, entry_id: str) -> None:
    await tx.execute("DELETE FROM policy WHERE id = $1", entry_id)


async def add_entry(tx: Transaction, entry: PolicyEntry) -> None:
    await tx.execute(
        "INSERT INTO policy (id, library_id, name, value, valid_from_at, set_by)"
        " VALUES ($1, $2, $3, $4, $5, $6)",
        entry.id,
        entry.library_id,
        entry.name,
        json.dumps(entry.value, ensure_ascii=False),
        to_us(entry.valid_from_at),
        entry.set_by,
    )


async def _values(db: Reader, library_id: str, now: datetime) -> dict[str, Any]:
    return _values_of(await db.rows(_IN_FORCE, library_id, to_us(now)))


def _values_of(rows: Sequence[Row]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for row in rows:
        value = json.loads(row["value"])
        if row["library_id"] and row["name"] not in PER_LIBRARY | TEXTS:
            continue
        if value is not None:
            values[row["name"]] = value
    return values


def _entry(row: Row) -> PolicyEntry:
    return PolicyEntry(
        id=row["id"],
        library_id=row["library_id"],
        name=row["name"],
        value=json.loads(row["value"]),
        valid_from_at=from_us(row["valid_from_at"]),
        set_by=row["set_by"],
    )
