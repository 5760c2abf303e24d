"""What of the alliance's titles can be borrowed: copies by store, classes to browse, new books, comments."""

from collections.abc import Collection, Sequence
from datetime import datetime

from server.domain.lending import Copies, StoreCopies, TitleComment
from server.domain.loan_classes import CLASSES, class_codes
from server.domain.loan_rows import Store
from server.store.rows import Reader, Row, Transaction, from_us, placeholders, to_us
from server.store.values import columns, insert_values, value_from

_GONE = "('withdrawn', 'lost', 'damaged', 'missing')"
_SOME = (1, 20, 100, 600)
_RECENT = 2000  # of the items put up last, among which new books are looked for
_STORE = columns(Store)


async def copies_of(db: Reader, record_ids: Sequence[int]) -> dict[int, Copies]:
    """The copies of each of these titles by store, free and out; titles without any are left out. At most 600."""
    if not record_ids:
        return {}
    if db.dialect == "postgresql":
        among = "= ANY($1::bigint[])"
        values: list[object] = [list(record_ids)]
    else:  # lists are filled up to a few lengths, so that the database meets the same few statements again
        length = next(length for length in _SOME if length >= len(record_ids))
        among = f"IN ({placeholders(length)})"
        values = [*record_ids, *[record_ids[-1]] * (length - len(record_ids))]
    rows = await db.rows(
        "SELECT i.record_id, i.store_id, COUNT(*) AS whole,"
        " SUM(CASE WHEN i.state = 'available' AND s.active THEN 1 ELSE 0 END) AS free"
        f" FROM item i JOIN store s ON s.id = i.store_id WHERE i.record_id {among} AND i.state NOT IN {_GONE}"
        " GROUP BY i.record_id, i.store_id ORDER BY i.record_id, i.store_id",
        *values,
    )
    found: dict[int, list[StoreCopies]] = {}
    for row in rows:
        free, whole = int(row["free"]), int(row["whole"])
        found.setdefault(row["record_id"], []).append(StoreCopies(row["store_id"], free, whole - free))
    return {record_id: Copies(tuple(stores)) for record_id, stores in found.items()}


async def stores_of_alliance(db: Reader) -> dict[str, Store]:
    """Every store by its id: there are some dozens."""
    rows = await db.rows(f"SELECT {_STORE} FROM store ORDER BY code LIMIT 2000")
    return {row["id"]: value_from(Store, row) for row in rows}


async def records_like(db: Reader, match_key: str, *, limit: int = 20) -> list[int]:
    """The records of the same title at all libraries."""
    rows = await db.rows(
        "SELECT id FROM bibliographic_record WHERE match_key = $1 ORDER BY id DESC LIMIT $2", match_key, limit
    )
    return [row["id"] for row in rows]


async def new_records(db: Reader, now: datetime, *, limit: int) -> list[int]:
    """Titles among the new books, the newest first, each once."""
    rows = await db.rows(
        "SELECT record_id, max(added_at) AS at FROM (SELECT record_id, added_at, new_until_at, state FROM item"
        f" ORDER BY added_at DESC, id DESC LIMIT {_RECENT}) AS recent"
        f" WHERE new_until_at > $1 AND state NOT IN {_GONE} GROUP BY record_id ORDER BY 2 DESC, 1 DESC LIMIT $2",
        to_us(now),
        limit,
    )
    return [row["record_id"] for row in rows]


async def class_figures(db: Reader) -> dict[str, int]:
    """How many titles each class has that can be browsed."""
    rows = await db.rows("SELECT code, titles FROM loan_class WHERE titles > 0 LIMIT 1000")
    return {row["code"]: int(row["titles"]) for row in rows}


async def records_in_class(db: Reader, code: str, *, before: int, limit: int) -> list[int]:
    """Titles of a class, the newest records first, after the one with this number."""
    column = "main_class" if code in CLASSES else "second_class"
    rows = await db.rows(
        f"SELECT record_id FROM loan_title WHERE {column} = $1 AND record_id < $2"
        " ORDER BY record_id DESC LIMIT $3",
        code,
        before,
        limit,
    )
    return [row["record_id"] for row in rows]


async def recent_unclassed(db: Reader) -> list[int]:
    """Titles of the items put up last that have no place among the classes yet."""
    rows = await db.rows(
        f"SELECT DISTINCT record_id FROM (SELECT record_id FROM item ORDER BY added_at DESC, id DESC LIMIT {_RECENT})"
        " AS recent WHERE NOT EXISTS (SELECT 1 FROM loan_title t WHERE t.record_id = recent.record_id)"
    )
    return [row["record_id"] for row in rows]


async def next_titles(db: Reader, after: int, *, limit: int) -> list[int]:
    """Titles with items in the order of their numbers."""
    rows = await db.rows(
        "SELECT DISTINCT record_id FROM item WHERE record_id > $1 ORDER BY record_id LIMIT $2", after, limit
    )
    return [row["record_id"] for row in rows]


async def class_titles(tx: Transaction, record_ids: Collection[int]) -> int:
    """Give these titles their places among the classes; returns how many had none before."""
    wanted, fresh = sorted(set(record_ids)), 0
    for start in range(0, len(wanted), 600):
        some = wanted[start : start + 600]
        rows = await tx.rows(
            "SELECT id, class_number FROM bibliographic_record r"
            f" WHERE id IN ({placeholders(len(some))})"
            " AND NOT EXISTS (SELECT 1 FROM loan_title t WHERE t.record_id = r.id)",
            *some,
        )
        fresh += len(rows)
        await _place(tx, rows)
    return fresh


async def place_of(db: Reader, name: str) -> int:
    """How far a walk over the titles has come, as the number of the last."""
    row = await db.row("SELECT at FROM figure_mark WHERE name = $1", name)
    return int(row["at"]) if row else 0


async def set_place(tx: Transaction, name: str, place: int) -> None:
    await tx.execute(
        "INSERT INTO figure_mark (name, at) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET at = $2",
        name,
        place,
    )


async def _place(tx: Transaction, rows: Sequence[Row]) -> None:
    if not rows:
        return
    counts: dict[str, int] = {}
    values: list[object] = []
    for row in rows:
        main, second = class_codes(row["class_number"])
        values += [row["id"], main, second]
        for code in filter(None, (main, second)):
            counts[code] = counts.get(code, 0) + 1
    marks = ", ".join(f"({placeholders(3, start=3 * at + 1)})" for at in range(len(rows)))
    await tx.execute(f"INSERT INTO loan_title (record_id, main_class, second_class) VALUES {marks}", *values)
    for code, count in sorted(counts.items()):
        await tx.execute(
            "INSERT INTO loan_class (code, titles) VALUES ($1, $2)"
            " ON CONFLICT (code) DO UPDATE SET titles = loan_class.titles + $2",
            code,
            count,
        )


async def insert_comment(tx: Transaction, comment: TitleComment) -> None:
    await insert_values(tx, "title_comment", [comment])


async def comments_on(
    db: Reader, record_ids: Sequence[int], *, limit: int = 50
) -> list[tuple[TitleComment, str]]:
    """What readers wrote about these records, newest first, each with the writer's name."""
    if not record_ids:
        return []
    rows = await db.rows(
        f"SELECT {columns(TitleComment, of='c')}, a.name FROM title_comment c JOIN account a ON a.id = c.reader_id"
        f" WHERE c.record_id IN ({placeholders(len(record_ids), start=2)}) AND c.hidden_by = ''"
        " ORDER BY c.at DESC, c.id DESC LIMIT $1",
        limit,
        *record_ids,
    )
    return [(comment_from(row), row["name"]) for row in rows]


async def comments_by(db: Reader, reader_id: str, *, limit: int = 50) -> list[tuple[TitleComment, str]]:
    """What a reader wrote, newest first, each with the title."""
    rows = await db.rows(
        f"SELECT {columns(TitleComment, of='c')}, r.title FROM title_comment c"
        " JOIN bibliographic_record r ON r.id = c.record_id WHERE c.reader_id = $1"
        " ORDER BY c.at DESC, c.id DESC LIMIT $2",
        reader_id,
        limit,
    )
    return [(comment_from(row), row["title"]) for row in rows]


async def count_comments_since(db: Reader, reader_id: str, since: datetime) -> int:
    row = await db.row(
        "SELECT COUNT(*) AS n FROM title_comment WHERE reader_id = $1 AND at >= $2", reader_id, to_us(since)
    )
    return int(row["n"]) if row else 0


async def remove_comment(tx: Transaction, comment_id: str, reader_id: str) -> bool:
    """Take one's own comment back."""
    return bool(
        await tx.execute("DELETE FROM title_comment WHERE id = $1 AND reader_id = $2", comment_id, reader_id)
    )


async def hide_comment_of(tx: Transaction, comment_id: str, *, by: str) -> bool:
    return bool(
        await tx.execute(
            "UPDATE title_comment SET hidden_by = $2 WHERE id = $1 AND hidden_by = ''", comment_id, by
        )
    )


def comment_from(row: Row) -> TitleComment:
    return TitleComment(
        row["id"], row["record_id"], row["reader_id"], row["text"], from_us(row["at"]), row["hidden_by"]
    )
