"""Figures: the facts of a day as the archive holds them, and the counts kept of them."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Collection, Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from server.domain.figures import (
    MEASURES,
    Counts,
    Fact,
    Figures,
    Key,
    answered,
    asked,
    is_bucket,
    returned,
    talked,
)
from server.domain.task_policies import TaskPolicy, task_policy_from
from server.store.rows import Reader, Row, Transaction, from_us, placeholders, to_us

_CHUNK = 500  # rows gone over at once: a busy day never fills the memory, and pages of this process come in between
_KEYS = 40  # rows written by one statement: longer ones are planned anew each time
_HOUR = 3_600_000_000
Part = tuple[int, int | None]  # how many lines are skipped, and how many come at most
# Measures whose column is not their own name: words that SQL keeps for itself, or reads badly.
_COLUMNS = {name: {"pass": "passed", "fail": "failed"}.get(name, name) for name in MEASURES}
_KEY = ("library_id", "staff_id", "channel", "material")
_COUNTS = (*_COLUMNS.values(), "times")
_SAVE = (
    f"INSERT INTO figure (span, starts_on, {', '.join((*_KEY, *_COUNTS))}) VALUES {{rows}}"
    " ON CONFLICT (span, starts_on, channel, material, staff_id, library_id) DO UPDATE SET "
    + ", ".join(f"{column} = excluded.{column}" for column in _COUNTS)
)


async def facts_between(db: Reader, since: datetime, until: datetime) -> AsyncIterator[list[Fact]]:
    """Everything that counts from one moment to before another, a part at a time."""
    start, end = to_us(since), to_us(until)
    yield await _asked(db, start, end)
    strict = await _strict_times(db)
    place: tuple[int, str] = (start, "")
    while True:
        rows = await db.rows(_ANSWERED, *place, end, _CHUNK)
        yield [_answered(row, strict) for row in rows]
        if len(rows) < _CHUNK:
            break
        place = rows[-1]["answered_at"], rows[-1]["id"]
    yield [
        returned(row["library_id"], row["staff_id"], row["channel"], row["material"])
        for row in await db.rows(_RETURNED, start, end)
    ]
    yield await _talked(db, start, end)


async def counts_of(
    db: Reader, span: str, starts_on: date, *, libraries: Collection[str] | None = None
) -> Counts:
    """What is kept for a period: of each library and person a few rows, however much they did.

    ``libraries`` are those whose rows are wanted, an empty one for the alliance; None for all.
    """
    of, wanted = ("", ()) if libraries is None else (" AND library_id = ANY($3)", (sorted(libraries),))
    rows = await db.rows(
        f"SELECT * FROM figure WHERE span = $1 AND starts_on = $2{of}", span, starts_on.isoformat(), *wanted
    )
    found: Counts = {}
    for at in range(0, len(rows), _CHUNK):
        found |= {_key(row): _counter(row) for row in rows[at : at + _CHUNK]}
        await asyncio.sleep(0)
    return found


async def add_counts(tx: Transaction, span: str, starts_on: date, deltas: Counts) -> None:
    """Add to what is kept for a period. The caller holds the lock on figures."""
    kept = await counts_of(tx, span, starts_on, libraries={key.library_id for key in deltas})
    values = []
    for key, delta in sorted(deltas.items()):
        total = kept.get(key, Counter())
        total.update(delta)
        times = {name: n for name, n in total.items() if is_bucket(name) and n}
        counted = [total[name] for name in MEASURES]
        values.append([span, starts_on.isoformat(), *key, *counted, json.dumps(times)])
    width = 2 + len(_KEY) + len(_COUNTS)
    for at in range(0, len(values), _KEYS):
        some = values[at : at + _KEYS]
        rows = ", ".join(f"({placeholders(width, start=1 + n * width)})" for n in range(len(some)))
        await tx.execute(_SAVE.format(rows=rows), *(value for row in some for value in row))


async def figures_by(
    db: Reader, periods: Sequence[tuple[str, date]], where: str, values: Sequence[Any]
) -> list[tuple[str, date, Key, Mapping[str, int]]]:
    """The kept rows of some periods; ``where`` names the rows by its own parameters from $1 on."""
    if not periods:
        return []
    marks = ", ".join(
        f"(${n}, ${n + 1})" for n in range(len(values) + 1, len(values) + 2 * len(periods) + 1, 2)
    )
    rows = await db.rows(  # joined: SQLite would read all figures for a list of periods
        f"SELECT figure.* FROM (VALUES {marks}) AS period JOIN figure"
        f" ON span = period.column1 AND starts_on = period.column2 WHERE {where}",
        *values,
        *(part for span, start in periods for part in (span, start.isoformat())),
    )
    return [(row["span"], date.fromisoformat(row["starts_on"]), _key(row), _counter(row)) for row in rows]


async def by_library(
    db: Reader, period: tuple[str, date], *, channel: str, material: str, part: Part
) -> tuple[list[tuple[Key, Figures]], int]:
    """Some of the libraries' figures in a period, who answered most first, and how many libraries there are."""
    where = "channel = $1 AND material = $2 AND staff_id = '' AND library_id <> ''"
    return await _busiest(db, period, where, (channel, material), part)


async def by_person(
    db: Reader, period: tuple[str, date], *, library_id: str, channel: str, part: Part
) -> tuple[list[tuple[Key, Figures]], int]:
    """The same of people; an empty library stands for all. Who answered for two libraries stands there twice."""
    where = "channel = $1 AND material = '' AND staff_id <> '' AND ($2 = '' OR library_id = $2)"
    return await _busiest(db, period, where, (channel, library_id), part)


async def by_kind(
    db: Reader, periods: Sequence[tuple[str, date]], *, library_id: str, staff_id: str
) -> dict[tuple[str, str], Figures]:
    """The figures of a library or person by (channel, material) over some periods; both empty: the whole."""
    where = "library_id = $1 AND staff_id = $2"
    found = await figures_by(db, periods, where, (library_id, staff_id))
    return _together(((key.channel, key.material), counts) for _, _, key, counts in found)


async def by_period(db: Reader, periods: Sequence[tuple[str, date]], key: Key) -> dict[date, Figures]:
    """One row of figures for each period."""
    where = "library_id = $1 AND staff_id = $2 AND channel = $3 AND material = $4"
    found = await figures_by(db, periods, where, key)
    return _together((start, counts) for _, start, _, counts in found)


async def hours_changed_since(db: Reader, since: datetime) -> list[datetime]:
    """Beginnings of the hours whose answers were rated or graded, or whose questions were converted, since then."""
    rows = await db.rows(
        "SELECT DISTINCT h.hour FROM ("
        f" SELECT c.answered_at / {_HOUR} AS hour FROM consultation_step s JOIN consultation c"
        " ON c.id = s.consultation_id WHERE s.kind IN ('rated', 'converted', 'corrected') AND s.at >= $1"
        f" UNION ALL SELECT c.submitted_at / {_HOUR} FROM consultation_step s JOIN consultation c"
        " ON c.id = s.consultation_id WHERE s.kind IN ('rated', 'converted', 'corrected') AND s.at >= $1"
        " AND s.kind = 'converted'"
        f" UNION ALL SELECT c.answered_at / {_HOUR} FROM inspection_step i JOIN consultation c"
        " ON c.id = i.consultation_id WHERE i.at >= $1) AS h WHERE h.hour IS NOT NULL",
        to_us(since),
    )
    return [from_us(row["hour"] * _HOUR) for row in rows]


async def first_service_at(db: Reader) -> datetime | None:
    """When the first question was asked."""
    row = await db.row(
        "SELECT MIN(at) AS at FROM (SELECT MIN(submitted_at) AS at FROM consultation"
        " UNION ALL SELECT MIN(created_at) FROM chat_session) AS firsts"
    )
    return from_us(row["at"]) if row and row["at"] is not None else None


async def mark_of(db: Reader, name: str) -> datetime | None:
    """How far somebody has come."""
    row = await db.row("SELECT at FROM figure_mark WHERE name = $1", name)
    return from_us(row["at"]) if row else None


async def set_mark(tx: Transaction, name: str, at: datetime) -> None:
    await tx.execute(
        "INSERT INTO figure_mark (name, at) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET at = $2",
        name,
        to_us(at),
    )


async def add_stale_days(tx: Transaction, days: Iterable[date]) -> None:
    """These days are to be counted anew."""
    wanted = sorted(days)
    for at in range(0, len(wanted), _KEYS):
        some = wanted[at : at + _KEYS]
        marks = ", ".join(f"(${n})" for n in range(1, len(some) + 1))
        await tx.execute(
            f"INSERT INTO stale_day (day) VALUES {marks} ON CONFLICT DO NOTHING",
            *(day.isoformat() for day in some),
        )


async def next_stale_day(db: Reader) -> date | None:
    """The latest day that is to be counted anew: people look at it first."""
    row = await db.row("SELECT day FROM stale_day ORDER BY day DESC LIMIT 1")
    return date.fromisoformat(row["day"]) if row else None


async def drop_stale_day(tx: Transaction, day: date) -> None:
    await tx.execute("DELETE FROM stale_day WHERE day = $1", day.isoformat())


_ANSWERED = (
    "SELECT id, answered_at, answered_library_id, answered_by, channel, material, answer_kind, submitted_at,"
    " policy_id, rating, grade FROM consultation"
    " WHERE (answered_at, id) > ($1, $2) AND answered_at < $3 ORDER BY answered_at, id LIMIT $4"
)
_RETURNED = (
    "SELECT claim.library_id, claim.staff_id, task.channel, task.material FROM claim"
    " JOIN task ON task.id = claim.task_id"
    " WHERE claim.outcome = 'handed_back' AND claim.ended_at >= $1 AND claim.ended_at < $2"
)


async def _asked(db: Reader, start: int, end: int) -> list[Fact]:
    rows = await db.rows(
        "SELECT library_id, channel, material, COUNT(*) AS count FROM consultation"
        " WHERE submitted_at >= $1 AND submitted_at < $2 GROUP BY library_id, channel, material",
        start,
        end,
    )
    return [asked(row["library_id"], row["channel"], row["material"], row["count"]) for row in rows]


async def _strict_times(db: Reader) -> dict[str, timedelta]:
    rows = await db.rows("SELECT id, content FROM task_policy_set")
    return {
        row["id"]: timedelta(hours=task_policy_from(json.loads(row["content"])).strict_hours) for row in rows
    }


def _answered(row: Row, strict: Mapping[str, timedelta]) -> Fact:
    key = Key(row["answered_library_id"], row["answered_by"], row["channel"], row["material"])
    return answered(
        key,
        kind=row["answer_kind"],
        took=timedelta(microseconds=row["answered_at"] - row["submitted_at"]),
        strict=strict.get(row["policy_id"]) or timedelta(hours=TaskPolicy().strict_hours),
        rating=row["rating"],
        grade=row["grade"],
    )


async def _talked(db: Reader, start: int, end: int) -> list[Fact]:
    """Conversations begun then; those in practice are no service to readers."""
    rows = await db.rows(
        "SELECT d.library_id, s.staff_id, COALESCE(a.library_id, '') AS answering_id, s.accepted_at, s.documents,"
        " s.rating FROM chat_session s JOIN desk d ON d.id = s.desk_id LEFT JOIN account a ON a.id = s.staff_id"
        " WHERE s.created_at >= $1 AND s.created_at < $2 AND s.practice = FALSE",
        start,
        end,
    )
    facts = [asked(row["library_id"], "live", "") for row in rows]
    return facts + [
        talked(
            Key(row["answering_id"] or row["library_id"], row["staff_id"]),
            documents=row["documents"],
            rating=row["rating"],
        )
        for row in rows
        if row["accepted_at"] is not None
    ]


async def _busiest(
    db: Reader, period: tuple[str, date], where: str, values: tuple[str, str], part: Part
) -> tuple[list[tuple[Key, Figures]], int]:
    chosen = f"FROM figure WHERE {where} AND span = $3 AND starts_on = $4"
    of = (*values, period[0], period[1].isoformat())
    skip, limit = part
    rows = await db.rows(
        f"SELECT * {chosen} ORDER BY answered DESC, submitted DESC, library_id, staff_id"
        + ("" if limit is None else f" LIMIT {limit:d} OFFSET {skip:d}"),
        *of,
    )
    found = [(_key(row), Figures(_counter(row))) for row in rows]
    if skip == 0 and (limit is None or len(rows) < limit):
        return found, len(found)
    count = await db.row(f"SELECT COUNT(*) AS n {chosen}", *of)
    return found, count["n"] if count else 0


def _together(found: Iterable[tuple[Any, Mapping[str, int]]]) -> dict[Any, Figures]:
    sums: dict[Any, Counter[str]] = {}
    for name, counts in found:
        sums.setdefault(name, Counter()).update(counts)
    return {name: Figures(counts) for name, counts in sums.items()}


def _key(row: Row) -> Key:
    return Key(row["library_id"], row["staff_id"], row["channel"], row["material"])


def _counter(row: Row) -> Counter[str]:
    counts = Counter({name: row[column] for name, column in _COLUMNS.items() if row[column]})
    if row["times"] != "{}":
        counts.update(json.loads(row["times"]))
    return counts
