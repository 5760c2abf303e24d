"""Member libraries and their desks."""

import json
from collections.abc import Sequence

from server.domain.desks import Desk, Library
from server.store.reads import Read, first, read
from server.store.rows import (
    Reader,
    Row,
    Transaction,
    from_us,
    from_us_or_none,
    placeholders,
    to_us,
    to_us_or_none,
)

_LIBRARY_COLUMNS = (
    *("id", "slug", "kind", "name_zh", "name_en", "city", "address", "phone", "website"),
    *("card_zh", "card_en", "card_checked_at", "created_at"),
)
_DESK_COLUMNS = (
    *("id", "library_id", "slug", "name_zh", "name_en", "greeting_zh", "greeting_en", "mail"),
    *("colour", "position", "language", "origins", "open", "created_at"),
)
_LIBRARY = f"SELECT {', '.join(_LIBRARY_COLUMNS)} FROM library"
_DESK = f"SELECT {', '.join(_DESK_COLUMNS)} FROM desk"
_NAMED_LIBRARY = "lower(slug || ' ' || name_zh || ' ' || name_en || ' ' || city)"
_NAMED_DESK = (
    "lower(desk.slug || ' ' || desk.name_zh || ' ' || desk.name_en || ' ' || library.name_zh || ' '"
    " || library.name_en || ' ' || library.city)"
)


async def library_by_id(db: Reader, library_id: str) -> Library | None:
    row = await db.row(f"{_LIBRARY} WHERE id = $1", library_id)
    return _library(row) if row else None


async def library_by_slug(db: Reader, slug: str) -> Library | None:
    row = await db.row(f"{_LIBRARY} WHERE slug = $1", slug)
    return _library(row) if row else None


async def libraries_by_ids(db: Reader, library_ids: Sequence[str]) -> dict[str, Library]:
    """The libraries with these ids (at most a few hundred)."""
    if not library_ids:
        return {}
    rows = await db.rows(f"{_LIBRARY} WHERE id IN ({placeholders(len(library_ids))})", *library_ids)
    return {row["id"]: _library(row) for row in rows}


async def libraries_like(
    db: Reader, search: str, *, scope: frozenset[str] | None, after: str = "", limit: int = 50
) -> list[Library]:
    """Libraries whose name, city or short name holds the search text, by short name, after the given one.

    ``scope`` bounds them to some ids; None stands for all.
    """
    values: list[object] = [after, f"%{_escaped(search.lower())}%", limit]
    bound = ""
    if scope is not None:
        bound = f" AND id IN ({placeholders(len(scope), start=4)})" if scope else " AND 1 = 0"
        values += sorted(scope)
    rows = await db.rows(
        f"{_LIBRARY} WHERE slug > $1 AND {_NAMED_LIBRARY} LIKE $2 ESCAPE '!'{bound} ORDER BY slug LIMIT $3",
        *values,
    )
    return [_library(row) for row in rows]


async def library_names(db: Reader, scope: frozenset[str] | None) -> list[tuple[str, str, str]]:
    """Id and both names of all libraries, or of those of a scope, in the order of their short names."""
    rows = await db.rows("SELECT id, name_zh, name_en FROM library ORDER BY slug")
    return [
        (row["id"], row["name_zh"], row["name_en"]) for row in rows if scope is None or row["id"] in scope
    ]


async def save_library(tx: Transaction, library: Library) -> None:
    """Add the library, or renew everything about it. Raises Duplicate when another has its short name."""
    await tx.execute(
        _upsert("library", _LIBRARY_COLUMNS),
        library.id,
        library.slug,
        library.kind,
        library.name_zh,
        library.name_en,
        library.city,
        library.address,
        library.phone,
        library.website,
        library.card_zh,
        library.card_en,
        to_us_or_none(library.card_checked_at),
        to_us(library.created_at),
    )


async def desk_by_slug(db: Reader, slug: str) -> Desk | None:
    return await read(db, desk_read(slug))


def library_at_read(slug: str) -> Read[Library | None]:
    """The library of a desk."""
    sql = f"{_LIBRARY} WHERE id = (SELECT library_id FROM desk WHERE slug = $1)"
    return Read(sql, (slug,), first(_library))


def desk_read(slug: str) -> Read[Desk | None]:
    return Read(f"{_DESK} WHERE slug = $1", (slug,), first(_desk))


async def desk_by_id(db: Reader, desk_id: str) -> Desk | None:
    row = await db.row(f"{_DESK} WHERE id = $1", desk_id)
    return _desk(row) if row else None


async def desks_of(db: Reader, library_id: str) -> list[Desk]:
    """A library's desks, oldest first."""
    rows = await db.rows(f"{_DESK} WHERE library_id = $1 ORDER BY created_at, slug", library_id)
    return [_desk(row) for row in rows]


async def desks_by_ids(db: Reader, desk_ids: Sequence[str]) -> dict[str, Desk]:
    """The desks with these ids (at most a few hundred)."""
    if not desk_ids:
        return {}
    rows = await db.rows(f"{_DESK} WHERE id IN ({placeholders(len(desk_ids))})", *desk_ids)
    return {row["id"]: _desk(row) for row in rows}


async def desks_like(
    db: Reader, search: str, *, scope: frozenset[str] | None, after: str = "", limit: int = 50
) -> list[Desk]:
    """Desks whose own or library's name or city holds the search text, by short name, after the given one.

    ``scope`` bounds them to some libraries; None stands for all.
    """
    values: list[object] = [after, f"%{_escaped(search.lower())}%", limit]
    bound = ""
    if scope is not None:
        bound = f" AND desk.library_id IN ({placeholders(len(scope), start=4)})" if scope else " AND 1 = 0"
        values += sorted(scope)
    columns = ", ".join(f"desk.{name}" for name in _DESK_COLUMNS)
    rows = await db.rows(
        f"SELECT {columns} FROM desk JOIN library ON library.id = desk.library_id"
        f" WHERE desk.slug > $1 AND {_NAMED_DESK} LIKE $2 ESCAPE '!'{bound} ORDER BY desk.slug LIMIT $3",
        *values,
    )
    return [_desk(row) for row in rows]


async def save_desk(tx: Transaction, desk: Desk) -> None:
    """Add the desk, or renew everything about it. Raises Duplicate when another has its short name."""
    await tx.execute(
        _upsert("desk", _DESK_COLUMNS),
        desk.id,
        desk.library_id,
        desk.slug,
        desk.name_zh,
        desk.name_en,
        desk.greeting_zh,
        desk.greeting_en,
        desk.mail,
        desk.colour,
        desk.position,
        desk.language,
        json.dumps(desk.origins),
        desk.open,
        to_us(desk.created_at),
    )


def _upsert(table: str, columns: tuple[str, ...]) -> str:
    renewed = ", ".join(f"{name} = excluded.{name}" for name in columns if name not in ("id", "created_at"))
    return (
        f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({placeholders(len(columns))})"
        f" ON CONFLICT (id) DO UPDATE SET {renewed}"
    )


def _library(row: Row) -> Library:
    return Library(
        id=row["id"],
        slug=row["slug"],
        kind=row["kind"],
        name_zh=row["name_zh"],
        name_en=row["name_en"],
        city=row["city"],
        address=row["address"],
        phone=row["phone"],
        website=row["website"],
        card_zh=row["card_zh"],
        card_en=row["card_en"],
        card_checked_at=from_us_or_none(row["card_checked_at"]),
        created_at=from_us(row["created_at"]),
    )


def _desk(row: Row) -> Desk:
    return Desk(
        id=row["id"],
        library_id=row["library_id"],
        slug=row["slug"],
        name_zh=row["name_zh"],
        name_en=row["name_en"],
        greeting_zh=row["greeting_zh"],
        greeting_en=row["greeting_en"],
        mail=row["mail"],
        colour=row["colour"],
        position=row["position"],
        language=row["language"],
        origins=tuple(json.loads(row["origins"])),
        open=bool(row["open"]),
        created_at=from_us(row["created_at"]),
    )


def _escaped(text: str) -> str:
    return text.replace("!", "!!").replace("%", "!%").replace("_", "!_")


async def listed_origins(db: Reader) -> frozenset[str]:
    """Every web origin whose pages may carry some desk's widget.

    Those of a desk that has closed stay while its conversations are kept: they are finished and read where they began.
    """
    rows = await db.rows(
        "SELECT origins FROM desk WHERE origins <> '[]' AND (open = TRUE OR EXISTS"
        " (SELECT 1 FROM chat_session s WHERE s.desk_id = desk.id AND s.reader_key <> ''))"
    )
    return frozenset(origin for row in rows for origin in json.loads(row["origins"]))
