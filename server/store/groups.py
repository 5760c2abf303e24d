"""Groups in which desks help each other before the whole alliance does."""

from server.domain.desks import DeskGroup
from server.store.rows import Reader, Transaction


async def groups(db: Reader) -> list[DeskGroup]:
    """Every group of desks, by name."""
    members: dict[str, list[str]] = {}
    for row in await db.rows("SELECT group_id, desk_id FROM desk_group_member ORDER BY id"):
        members.setdefault(row["group_id"], []).append(row["desk_id"])
    rows = await db.rows("SELECT id, name_zh, name_en FROM desk_group ORDER BY name_zh, id")
    return [
        DeskGroup(row["id"], row["name_zh"], row["name_en"], tuple(members.get(row["id"], ())))
        for row in rows
    ]


async def group_by_id(db: Reader, group_id: str) -> DeskGroup | None:
    row = await db.row("SELECT id, name_zh, name_en FROM desk_group WHERE id = $1", group_id)
    if row is None:
        return None
    members = await db.rows("SELECT desk_id FROM desk_group_member WHERE group_id = $1 ORDER BY id", group_id)
    return DeskGroup(
        row["id"], row["name_zh"], row["name_en"], tuple(member["desk_id"] for member in members)
    )


async def save_group(tx: Transaction, group: DeskGroup) -> None:
    """Add the group, or renew its names and members."""
    await tx.execute(
        "INSERT INTO desk_group (id, name_zh, name_en) VALUES ($1, $2, $3)"
        " ON CONFLICT (id) DO UPDATE SET name_zh = $2, name_en = $3",
        group.id,
        group.name_zh,
        group.name_en,
    )
    await tx.execute("DELETE FROM desk_group_member WHERE group_id = $1", group.id)
    for desk_id in group.desk_ids:
        await tx.execute(
            "INSERT INTO desk_group_member (group_id, desk_id) VALUES ($1, $2)", group.id, desk_id
        )


async def remove_group(tx: Transaction, group_id: str) -> None:
    await tx.execute("DELETE FROM desk_group_member WHERE group_id = $1", group_id)
    await tx.execute("DELETE FROM desk_group WHERE id = $1", group_id)
