"""Names of people on the staff."""

from collections.abc import Sequence

from server.store.rows import Reader, placeholders

_CHUNK = 500


async def names_of(db: Reader, account_ids: Sequence[str]) -> dict[str, str]:
    """The names behind these accounts."""
    names: dict[str, str] = {}
    for at in range(0, len(account_ids), _CHUNK):
        some = account_ids[at : at + _CHUNK]
        rows = await db.rows(f"SELECT id, name FROM account WHERE id IN ({placeholders(len(some))})", *some)
        names |= {row["id"]: row["name"] for row in rows}
    return names


async def people_named(db: Reader, name: str, *, limit: int = 50) -> list[str]:
    """Accounts of the staff whose name holds these characters."""
    words = name.lower().replace("!", "!!").replace("%", "!%").replace("_", "!_")
    rows = await db.rows(
        "SELECT id FROM account WHERE lower(name) LIKE $1 ESCAPE '!'"
        " AND id IN (SELECT account_id FROM role_grant WHERE role <> 'reader') ORDER BY id LIMIT $2",
        f"%{words}%",
        limit,
    )
    return [row["id"] for row in rows]
