"""Canned phrases of people, libraries and the alliance."""

from server.domain.phrases import Level, Phrase
from server.store.rows import Reader, Row, Transaction, from_us, to_us

_PHRASE = "SELECT id, level, owner_id, shortcut, text_zh, text_en, updated_at FROM canned_phrase"


async def phrases_for(db: Reader, *, staff_id: str, library_id: str) -> list[Phrase]:
    """Everything a staff member can use: their own phrases, their library's, the alliance's."""
    rows = await db.rows(
        f"{_PHRASE} WHERE (level = 'personal' AND owner_id = $1) OR (level = 'library' AND owner_id = $2)"
        " OR (level = 'alliance' AND owner_id = '') ORDER BY shortcut, id LIMIT 2000",
        staff_id,
        library_id,
    )
    return [_phrase(row) for row in rows]


async def phrases_of(db: Reader, level: Level, owner_id: str) -> list[Phrase]:
    """All phrases of one owner, by short-cut."""
    rows = await db.rows(
        f"{_PHRASE} WHERE level = $1 AND owner_id = $2 ORDER BY shortcut, id LIMIT 2000", str(level), owner_id
    )
    return [_phrase(row) for row in rows]


async def phrase_by_id(db: Reader, phrase_id: str) -> Phrase | None:
    row = await db.row(f"{_PHRASE} WHERE id = $1", phrase_id)
    return _phrase(row) if row else None


async def phrase_by_shortcut(db: Reader, level: Level, owner_id: str, shortcut: str) -> Phrase | None:
    """The owner's phrase with this short-cut, whatever its case."""
    row = await db.row(
        f"{_PHRASE} WHERE level = $1 AND owner_id = $2 AND lower(shortcut) = lower($3)",
        str(level),
        owner_id,
        shortcut,
    )
    return _phrase(row) if row else None


async def save_phrase(tx: Transaction, phrase: Phrase) -> None:
    """Add the phrase, or renew its short-cut and texts."""
    await tx.execute(
        "INSERT INTO canned_phrase (id, level, owner_id, shortcut, text_zh, text_en, updated_at)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (id) DO UPDATE SET shortcut = excluded.shortcut,"
        " text_zh = excluded.text_zh, text_en = excluded.text_en, updated_at = excluded.updated_at",
        phrase.id,
        str(phrase.level),
        phrase.owner_id,
        phrase.shortcut,
        phrase.text_zh,
        phrase.text_en,
        to_us(phrase.updated_at),
    )


async def remove_phrase(tx: Transaction, phrase_id: str) -> bool:
    """Whether there was such a phrase."""
    return await tx.execute("DELETE FROM canned_phrase WHERE id = $1", phrase_id) == 1


def _phrase(row: Row) -> Phrase:
    return Phrase(
        id=row["id"],
        level=Level(row["level"]),
        owner_id=row["owner_id"],
        shortcut=row["shortcut"],
        text_zh=row["text_zh"],
        text_en=row["text_en"],
        updated_at=from_us(row["updated_at"]),
    )
