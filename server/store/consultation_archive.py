"""The archive's index: answered consultations by the words in them, newest first, however many there are."""

import json
from collections.abc import Sequence
from datetime import datetime

from server.domain.consultation_archive import (
    TEXT_KEPT,
    Entry,
    Sought,
    block_tags,
    entry_words,
    wider,
    window,
)
from server.domain.consultations import Consultation
from server.store.consultations import consultation_of
from server.store.rows import Reader, Row, Transaction, from_us, placeholders, to_us
from server.wire.scripts import simplified

_Conditions = tuple[list[tuple[str, ...]], list[tuple[str, ...]]]  # to look up, to check
_CHUNK = 200
_END = 2**62
_LATE = 2_000  # answers that came into the index out of their order, at most so far off
_ENTRY = (
    "SELECT c.id, c.answered_at, c.desk_id, c.library_id, c.answered_by, c.answered_library_id, c.channel, c.material,"
    " c.title, c.citation, c.question, a.body FROM consultation c LEFT JOIN answer a ON a.id = c.answer_id"
)


async def entries_to_add(db: Reader, since: datetime, *, limit: int) -> list[Entry]:
    """What was answered since a moment and is not in the index yet, in the order of the answers."""
    rows = await db.rows(
        f"{_ENTRY} WHERE c.answered_at >= $1 AND c.anonymised_at IS NULL AND NOT EXISTS"
        " (SELECT 1 FROM archive_entry e WHERE e.consultation_id = c.id) ORDER BY c.answered_at, c.id LIMIT $2",
        to_us(since),
        limit,
    )
    return [_entry(row) for row in rows]


async def entries_corrected(db: Reader, since: datetime, *, limit: int) -> list[Entry]:
    """What was corrected since a moment, as it reads now."""
    rows = await db.rows(
        f"{_ENTRY} WHERE c.answered_at IS NOT NULL AND c.anonymised_at IS NULL AND c.id IN"
        " (SELECT s.consultation_id FROM consultation_step s WHERE s.kind IN ('rated', 'converted', 'corrected')"
        " AND s.kind = 'corrected' AND s.at >= $1) LIMIT $2",
        to_us(since),
        limit,
    )
    return [_entry(row) for row in rows]


async def add_entries(tx: Transaction, entries: Sequence[Entry]) -> int:
    """Put them into the index under new numbers; those that are there already stay as they are."""
    added = 0
    for at in range(0, len(entries), _CHUNK):
        some = entries[at : at + _CHUNK]
        marks = ", ".join(f"(${n}, ${n + 1})" for n in range(1, 2 * len(some), 2))
        rows = await tx.rows(
            f"INSERT INTO archive_entry (consultation_id, answered_at) VALUES {marks} ON CONFLICT DO NOTHING"
            " RETURNING number, consultation_id",
            *(value for entry in some for value in (entry.consultation_id, to_us(entry.answered_at))),
        )
        numbers = {row["consultation_id"]: row["number"] for row in rows}
        fresh = [entry for entry in some if entry.consultation_id in numbers]
        await _write(tx, [(numbers[entry.consultation_id], entry) for entry in fresh])
        added += len(fresh)
    return added


async def renew_entries(tx: Transaction, entries: Sequence[Entry]) -> None:
    """Their words have changed; their numbers stay."""
    numbers = await _numbers(tx, [entry.consultation_id for entry in entries])
    await _drop_words(tx, list(numbers.values()))
    await _write(
        tx,
        [(numbers[entry.consultation_id], entry) for entry in entries if entry.consultation_id in numbers],
    )


async def entries_after(db: Reader, number: int, *, limit: int) -> tuple[list[Entry], int]:
    """What stands in the index next, and the last one's number; nothing at its end."""
    rows = await db.rows(
        "SELECT number, consultation_id FROM archive_entry WHERE number > $1 ORDER BY number LIMIT $2",
        number,
        limit,
    )
    if not rows:
        return [], number
    ids = [row["consultation_id"] for row in rows]
    found = await db.rows(f"{_ENTRY} WHERE c.id IN ({placeholders(len(ids))})", *ids)
    return [_entry(row) for row in found], rows[-1]["number"]


async def forget_entries(tx: Transaction, consultation_ids: Sequence[str]) -> None:
    """Nobody finds them by their words any more (R-LIVE.6)."""
    numbers = list((await _numbers(tx, consultation_ids)).values())
    await _drop_words(tx, numbers)
    for at in range(0, len(numbers), _CHUNK):
        some = numbers[at : at + _CHUNK]
        await tx.execute(f"DELETE FROM archive_entry WHERE number IN ({placeholders(len(some))})", *some)


async def search_archive(
    db: Reader, sought: Sought, *, below: int | None = None, limit: int
) -> list[tuple[int, Consultation]]:
    """Entries with their numbers, newest first, from below a number on."""
    if sought.impossible:
        return []
    low, high = await _range(db, sought, _END if below is None else below)
    if db.dialect == "sqlite":
        numbers = await _found_on_sqlite(db, sought, low, high, limit)
    else:
        numbers = await _found_on_postgres(db, sought, low, high, limit)
    if not numbers:
        return []
    rows = await db.rows(
        "SELECT e.number, c.* FROM archive_entry e JOIN consultation c ON c.id = e.consultation_id"
        f" WHERE e.number IN ({placeholders(len(numbers))}) ORDER BY e.number DESC",
        *numbers,
    )
    return [(row["number"], consultation_of(row)) for row in rows]


async def _range(db: Reader, sought: Sought, below: int) -> tuple[int, int]:
    """The numbers that a period and a place in the list leave, from the first to below the last."""
    low, high = 0, below
    if sought.since is not None:
        row = await db.row(
            "SELECT number FROM archive_entry WHERE answered_at >= $1 ORDER BY answered_at LIMIT 1",
            to_us(sought.since),
        )
        low = max(0, row["number"] - _LATE) if row else _END
    if sought.until is not None:
        row = await db.row(
            "SELECT number FROM archive_entry WHERE answered_at < $1 ORDER BY answered_at DESC LIMIT 1",
            to_us(sought.until),
        )
        high = min(high, row["number"] + _LATE) if row else 0
    if high == _END:
        row = await db.row("SELECT number FROM archive_entry ORDER BY number DESC LIMIT 1")
        high = row["number"] + 1 if row else 0
    return low, high


async def _found_on_sqlite(db: Reader, sought: Sought, low: int, high: int, limit: int) -> list[int]:
    """The full-text index gives its rows in the order of their numbers: a page costs a page."""
    values: list[object] = [low, high, limit]
    moments, more = _moments(sought, 4)
    words = [f'"{word}"' for word in sought.all_of]
    words += ["(" + " OR ".join(f'"{tag}"' for tag in group) + ")" for group in sought.any_of]
    if not words:
        sql = "SELECT e.number FROM archive_entry e WHERE e.number >= $1 AND e.number < $2"
        rows = await db.rows(f"{sql}{moments} ORDER BY e.number DESC LIMIT $3", *values, *more)
        return [row["number"] for row in rows]
    match = f"${len(values) + len(more) + 1}"
    rows = await db.rows(
        "SELECT w.rowid AS number FROM archive_words w JOIN archive_entry e ON e.number = w.rowid"
        f" WHERE archive_words MATCH {match} AND w.rowid >= $1 AND w.rowid < $2{moments}"
        " ORDER BY w.rowid DESC LIMIT $3",
        *values,
        *more,
        " AND ".join(words),
    )
    return [row["number"] for row in rows]


async def _found_on_postgres(db: Reader, sought: Sought, low: int, high: int, limit: int) -> list[int]:
    if not sought.all_of and not sought.any_of:
        moments, more = _moments(sought, 4)
        rows = await db.rows(
            f"SELECT e.number FROM archive_entry e WHERE e.number >= $1 AND e.number < $2{moments}"
            " ORDER BY e.number DESC LIMIT $3",
            *(low, high, limit, *more),
        )
        return [row["number"] for row in rows]
    conditions = sought.conditions(await _shares(db, sought))
    found: list[int] = []
    level = 0
    while high > low and len(found) < limit:
        piece = window(high, low, level)
        some = await _found_in_piece(db, piece, conditions, sought, limit - len(found))
        found += some
        level = wider(level, high - piece[1], len(some), limit - len(found))
        high = piece[1]
    return found


async def _found_in_piece(
    db: Reader, piece: tuple[str, int, int], conditions: _Conditions, sought: Sought, limit: int
) -> list[int]:
    """A page's rest from one piece. All its matches are taken first: the planner must not walk the archive instead.

    Each word is a condition of its own, the rarest first: a list is looked into only where all before it agree. Of one
    condition with all words PostgreSQL would go through every list for each entry of the rarest.
    """
    block, start, end = piece
    moments, more = _moments(sought, 4)
    looked_up, checked = conditions
    groups = [*([(block,)] if block else []), *looked_up, *checked]
    values = [limit, start, end, *more, *groups]
    marks = [f"${n}::text[]" for n in range(len(values) - len(groups) + 1, len(values) + 1)]
    listed = len(groups) - len(checked)
    wanted = [f"w.words && {mark}" for mark in marks[:listed]]
    wanted += [
        f"EXISTS (SELECT 1 FROM unnest(w.words) AS word WHERE word = ANY({mark}))" for mark in marks[listed:]
    ]
    period = f" JOIN archive_entry e ON e.number = found.number{moments}" if moments else ""
    rows = await db.rows(
        "WITH found AS MATERIALIZED"
        f" (SELECT w.number FROM archive_words w WHERE {' AND '.join(wanted)})"
        f" SELECT found.number FROM found{period} WHERE found.number >= $2 AND found.number < $3"
        " ORDER BY found.number DESC LIMIT $1",
        *values,
    )
    return [row["number"] for row in rows]


async def _shares(db: Reader, sought: Sought) -> dict[str, float]:
    """How many of all entries have a word or tag, by PostgreSQL's own sample; rare ones are missing."""
    rows = await db.rows(
        "SELECT e.word, e.share FROM pg_stats s,"
        " unnest(s.most_common_elems::text::text[], s.most_common_elem_freqs) AS e (word, share)"
        " WHERE s.tablename = 'archive_words' AND s.attname = 'words' AND e.word = ANY($1)",
        [*sought.all_of, *(tag for group in sought.any_of for tag in group)],
    )
    return {row["word"]: row["share"] for row in rows}


def _moments(sought: Sought, start: int) -> tuple[str, list[object]]:
    """SQL that holds entries to the period to the moment, and its values from that parameter on."""
    sql, values = "", list[object]()
    for moment, sign in ((sought.since, ">="), (sought.until, "<")):
        if moment is not None:
            sql += f" AND e.answered_at {sign} ${start + len(values)}"
            values.append(to_us(moment))
    return sql, values


async def _numbers(db: Reader, consultation_ids: Sequence[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for at in range(0, len(consultation_ids), _CHUNK):
        some = consultation_ids[at : at + _CHUNK]
        for row in await db.rows(
            "SELECT number, consultation_id FROM archive_entry"
            f" WHERE consultation_id IN ({placeholders(len(some))})",
            *some,
        ):
            found[row["consultation_id"]] = row["number"]
    return found


async def _write(tx: Transaction, numbered: Sequence[tuple[int, Entry]]) -> None:
    if not numbered:
        return
    column = "rowid" if tx.dialect == "sqlite" else "number"
    marks = ", ".join(f"(${n}, ${n + 1})" for n in range(1, 2 * len(numbered), 2))
    values: list[object] = []
    for number, entry in numbered:
        words = entry_words(entry)
        values += [number, " ".join(words) if tx.dialect == "sqlite" else [*words, *block_tags(number)]]
    await tx.execute(f"INSERT INTO archive_words ({column}, words) VALUES {marks}", *values)


async def _drop_words(tx: Transaction, numbers: Sequence[int]) -> None:
    column = "rowid" if tx.dialect == "sqlite" else "number"
    for at in range(0, len(numbers), _CHUNK):
        some = numbers[at : at + _CHUNK]
        await tx.execute(f"DELETE FROM archive_words WHERE {column} IN ({placeholders(len(some))})", *some)


def _entry(row: Row) -> Entry:
    citation = json.loads(row["citation"]) if row["citation"] else {}
    told = [str(value) for value in citation.values() if isinstance(value, str | int)]
    return Entry(
        row["id"],
        from_us(row["answered_at"]),
        row["desk_id"],
        row["library_id"],
        row["answered_by"],
        row["answered_library_id"],
        row["channel"],
        row["material"],
        tuple(
            simplified(text[:TEXT_KEPT]) for text in (row["title"], *told, row["question"], row["body"] or "")
        ),
    )
