"""Bibliographic records: kept as catalogues give them, found by words, numbers and titles."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from server.domain.catalogue import BibliographicRecord, Holder
from server.domain.citations import Material
from server.domain.search_words import Candidate, is_beginning, record_words
from server.store.rows import Reader, Row, Transaction, placeholders, to_us
from server.wire.scripts import simplified

_TEXTS = (
    *(
        "control_number",
        "title",
        "authors",
        "container",
        "publisher",
        "date",
        "volume",
        "edition",
        "issn",
        "doi",
    ),
    *("number", "language", "class_number"),
)
_LISTS = ("other_titles", "isbns", "subjects")
_COLUMNS = ("library_id", "source", "kind", "serial", *_TEXTS, *_LISTS, "match_key", "updated_at")
_WIDTHS = {"control_number": 100, "date": 40, "issn": 9, "doi": 250, "language": 3}
_KEY = ("library_id", "source", "control_number")
_RENEWED = ", ".join(f"{name} = excluded.{name}" for name in _COLUMNS if name not in _KEY)
_SHELF = 14  # bits of a record's number that count its place on a shelf, as record_hits has it


async def save_records(
    tx: Transaction, library_id: str, source: str, records: Mapping[str, BibliographicRecord], *, at: datetime
) -> int:
    """Add the records or renew those known by their control numbers (the keys); returns how many were new.

    At most a few hundred at a time.
    """
    known = await tx.rows(
        "SELECT control_number FROM bibliographic_record WHERE library_id = $1 AND source = $2"
        f" AND control_number IN ({placeholders(len(records), start=3)})",
        library_id,
        source,
        *records,
    )
    width = len(_COLUMNS)
    lines = ", ".join(f"({placeholders(width, start=line * width + 1)})" for line in range(len(records)))
    kept = await tx.rows(
        f"INSERT INTO bibliographic_record ({', '.join(_COLUMNS)}) VALUES {lines}"
        f" ON CONFLICT ({', '.join(_KEY)}) DO UPDATE SET {_RENEWED} RETURNING id, control_number",
        *(
            value
            for number, record in records.items()
            for value in _values(library_id, source, number, record, at)
        ),
    )
    await _save_words(tx, {row["id"]: _words(records[row["control_number"]]) for row in kept})
    return len(records) - len(known)


async def renew_words(tx: Transaction, after: int, *, limit: int) -> int | None:
    """Write the words of the next records anew, as they are made now; the last one's number, None at the end."""
    rows = await tx.rows(
        "SELECT * FROM bibliographic_record WHERE id > $1 ORDER BY id LIMIT $2", after, limit
    )
    if not rows:
        return None
    await _save_words(tx, {row["id"]: _words(_record(row)) for row in rows})
    return int(rows[-1]["id"])


async def settle_words(tx: Transaction) -> None:
    """Put what an import has left beside the index in its place, so that the next question need not look there."""
    if tx.dialect == "postgresql":
        await tx.rows("SELECT gin_clean_pending_list('record_words_words')")
    else:
        await tx.execute("INSERT INTO record_words (record_words, rank) VALUES ('merge', 500)")


async def record_ids(db: Reader, words: Sequence[str], *, limit: int) -> list[int]:
    """Records that have all these words, of common ones the newest; in traditional or simplified characters.

    A Chinese character alone finds the words that begin with it.
    """
    words = [simplified(word) for word in words]
    if db.dialect == "postgresql":
        asked = " & ".join(_lexeme(word) for word in words)
        newest = "(SELECT max(id) FROM bibliographic_record)"
        row = await db.row(f"SELECT record_hits($1, $2, {newest}) AS ids", asked, limit)
        return list(row["ids"] or ()) if row else []
    asked = " AND ".join(f'"{word}"*' if is_beginning(word) else f'"{word}"' for word in words)
    rows = await db.rows(
        "SELECT rowid AS id FROM record_words WHERE record_words MATCH $1 ORDER BY rowid DESC LIMIT $2",
        asked,
        limit,
    )
    return [row["id"] for row in rows]


async def candidates(db: Reader, ids: Sequence[int]) -> list[Candidate]:
    """What the rank of these records depends on."""
    rows = await _by_ids(db, "id, title, date, match_key", ids)
    return [
        Candidate(row["id"], simplified(row["title"]), _year(row["date"]), row["match_key"]) for row in rows
    ]


async def records_by_ids(db: Reader, ids: Sequence[int]) -> dict[int, BibliographicRecord]:
    """These records, by number."""
    return {row["id"]: _record(row) for row in await _by_ids(db, "*", ids)}


async def holders_of(db: Reader, match_keys: Sequence[str]) -> dict[str, tuple[Holder, ...]]:
    """Who has these titles, by their keys; a library once each, in the order of their short names."""
    if not match_keys:
        return {}
    rows = await db.rows(
        "SELECT DISTINCT r.match_key, l.id, l.slug, l.name_zh, l.name_en FROM bibliographic_record r"
        f" JOIN library l ON l.id = r.library_id WHERE r.match_key IN ({placeholders(len(match_keys))})"
        " ORDER BY l.slug LIMIT 2000",
        *match_keys,
    )
    held: dict[str, tuple[Holder, ...]] = {}
    for row in rows:
        holder = Holder(row["id"], row["slug"], row["name_zh"], row["name_en"])
        held[row["match_key"]] = (*held.get(row["match_key"], ()), holder)
    return held


async def open_desks_of(db: Reader, library_ids: Sequence[str]) -> dict[str, str]:
    """The short name of an open desk of each of these libraries that has one."""
    if not library_ids:
        return {}
    rows = await db.rows(
        "SELECT library_id, min(slug) AS slug FROM desk"
        f" WHERE open = TRUE AND library_id IN ({placeholders(len(library_ids))}) GROUP BY library_id",
        *library_ids,
    )
    return {row["library_id"]: row["slug"] for row in rows}


async def _by_ids(db: Reader, columns: str, ids: Sequence[int]) -> Sequence[Row]:
    if not ids:
        return []
    # Lists are filled up to a few lengths, so that the database meets the same few statements again.
    length = next(length for length in (1, 20, 200, 1000) if length >= len(ids))
    full = [*ids, *[ids[-1]] * (length - len(ids))]
    return await db.rows(
        f"SELECT {columns} FROM bibliographic_record WHERE id IN ({placeholders(length)})", *full
    )


def _lexeme(word: str) -> str:
    """A word as PostgreSQL's tsquery has it."""
    quoted = word.replace("'", "''").replace("\\", "\\\\")
    return f"'{quoted}':*" if is_beginning(word) else f"'{quoted}'"


def _words(record: BibliographicRecord) -> str:
    """What it is found by, in simplified characters whatever the catalogue is written in."""
    folded = replace(
        record,
        title=simplified(record.title),
        other_titles=tuple(map(simplified, record.other_titles)),
        authors=simplified(record.authors),
        container=simplified(record.container),
        volume=simplified(record.volume),
        publisher=simplified(record.publisher),
        subjects=tuple(map(simplified, record.subjects)),
    )
    return record_words(folded)


async def _save_words(tx: Transaction, words: Mapping[int, str]) -> None:
    if tx.dialect == "postgresql":
        await tx.execute(
            "INSERT INTO record_words (record_id, words) SELECT id, array_to_tsvector(string_to_array(line, ' '))"
            " FROM unnest($1::bigint[], $2::text[]) AS given (id, line)"
            " ON CONFLICT (record_id) DO UPDATE SET words = excluded.words",
            list(words),
            [f"{line} b:{number >> _SHELF}" for number, line in words.items()],
        )
        return
    lines = ", ".join(f"(${2 * at + 1}, ${2 * at + 2})" for at in range(len(words)))
    given = (value for pair in words.items() for value in pair)
    await tx.execute(f"INSERT OR REPLACE INTO record_words (rowid, words) VALUES {lines}", *given)


def _values(
    library_id: str, source: str, control_number: str, record: BibliographicRecord, at: datetime
) -> list[object]:
    given = {name: getattr(record, name)[: _WIDTHS.get(name)] for name in _TEXTS} | {
        "control_number": control_number
    }
    lists = ("\n".join(getattr(record, name)) for name in _LISTS)
    return [
        *(library_id, source, str(record.kind), record.serial),
        *(given[name] for name in _TEXTS),
        *lists,
        *(record.match_key, to_us(at)),
    ]


def _record(row: Row) -> BibliographicRecord:
    texts = {name: str(row[name]) for name in _TEXTS}
    other_titles, isbns, subjects = (tuple(row[name].split("\n")) if row[name] else () for name in _LISTS)
    return BibliographicRecord(
        kind=Material(row["kind"]),
        serial=bool(row["serial"]),
        other_titles=other_titles,
        isbns=isbns,
        subjects=subjects,
        **texts,
    )


def _year(date: str) -> int:
    return int(date[:4]) if date[:4].isdigit() else 0
