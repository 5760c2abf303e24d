"""Files of requests and answers: to what each belongs. Their rows and contents are those of all uploads."""

from collections.abc import Sequence
from datetime import datetime

from server.domain.attachments import Attached, Belonging, Owner
from server.domain.errors import Refusal
from server.store.reads import Read, read
from server.store.rows import Reader, Row, Transaction, placeholders, to_us

_WHOLE = (
    "SELECT f.id, f.content_hash, f.name, f.kind, f.size, f.uploaded_by, a.owner_kind, a.owner_id FROM attachment a"
    " JOIN stored_file f ON f.id = a.file_id AND f.state = 'whole'"
)


async def attach(tx: Transaction, file_id: str, owner: Belonging, at: datetime) -> None:
    """The file, whole or still expected, belongs to this."""
    await tx.later(
        "INSERT INTO attachment (file_id, owner_kind, owner_id, added_at) VALUES ($1, $2, $3, $4)"
        " ON CONFLICT (file_id) DO NOTHING",
        file_id,
        str(owner.kind),
        owner.id,
        to_us(at),
    )


async def attach_one_more(
    tx: Transaction, file_id: str, owner: Belonging, at: datetime, *, most: int, refusal: Refusal
) -> None:
    """The whole file belongs to this; the refusal is raised where so many do already."""
    await tx.later(
        "INSERT INTO attachment (file_id, owner_kind, owner_id, added_at) SELECT $1, $2, $3, $4"
        " WHERE (SELECT COUNT(*) FROM attachment WHERE owner_kind = CAST($2 AS VARCHAR)"
        " AND owner_id = CAST($3 AS VARCHAR)) < $5"
        " ON CONFLICT (file_id) DO NOTHING",
        file_id,
        str(owner.kind),
        owner.id,
        to_us(at),
        most,
        refusal=refusal,
    )


async def count_attached(db: Reader, owner: Belonging) -> tuple[int, int]:
    """How many files belong to this, and how many of them are not whole yet."""
    return await read(db, attached_count_read(owner))


def attached_count_read(owner: Belonging) -> Read[tuple[int, int]]:
    """How many files belong to this, and how many of them are not whole yet."""
    sql = (
        "SELECT COUNT(*) AS every, COALESCE(SUM(CASE WHEN f.state = 'partial' THEN 1 ELSE 0 END), 0) AS partial"
        " FROM attachment a JOIN stored_file f ON f.id = a.file_id WHERE a.owner_kind = $1 AND a.owner_id = $2"
    )
    return Read(
        sql, (str(owner.kind), owner.id), lambda rows: (int(rows[0]["every"]), int(rows[0]["partial"]))
    )


async def attached_to(db: Reader, owner: Belonging) -> list[Attached]:
    """The whole files of this, in the order in which they were begun."""
    rows = await db.rows(
        f"{_WHOLE} WHERE a.owner_kind = $1 AND a.owner_id = $2 ORDER BY a.added_at, f.id LIMIT 100",
        str(owner.kind),
        owner.id,
    )
    return [_attached(row) for row in rows]


async def attached_by_ids(db: Reader, file_ids: Sequence[str]) -> list[Attached]:
    """These files, in this order; those that are not whole, or not attached to anything, are left out."""
    return await read(db, attached_read(file_ids)) if file_ids else []


def attached_read(file_ids: Sequence[str]) -> Read[list[Attached]]:
    """These files, in this order; those that are not whole, or not attached to anything, are left out."""

    def in_order(rows: Sequence[Row]) -> list[Attached]:
        known = {row["id"]: _attached(row) for row in rows}
        return [known[file_id] for file_id in dict.fromkeys(file_ids) if file_id in known]

    sql = f"{_WHOLE} WHERE a.file_id IN ({placeholders(len(file_ids)) or 'NULL'})"
    return Read(sql, tuple(file_ids), in_order)


async def hand_over(tx: Transaction, file_id: str, old: Belonging, new: Belonging) -> bool:
    """The file belongs to something else now; False when it did not belong to the old owner, or is not whole."""
    return bool(
        await tx.execute(
            "UPDATE attachment SET owner_kind = $4, owner_id = $5 WHERE file_id = $1 AND owner_kind = $2"
            " AND owner_id = $3 AND EXISTS (SELECT 1 FROM stored_file WHERE id = $1 AND state = 'whole')",
            file_id,
            str(old.kind),
            old.id,
            str(new.kind),
            new.id,
        )
    )


async def detach(tx: Transaction, file_id: str, owner: Belonging) -> str | None:
    """Forget the file of this owner; returns its content's hash, or None where it was not theirs."""
    gone = await tx.execute(
        "DELETE FROM attachment WHERE file_id = $1 AND owner_kind = $2 AND owner_id = $3",
        file_id,
        str(owner.kind),
        owner.id,
    )
    if not gone:
        return None
    row = await tx.row("DELETE FROM stored_file WHERE id = $1 RETURNING content_hash", file_id)
    return str(row["content_hash"]) if row else ""


async def detach_all(tx: Transaction, owner: Belonging) -> list[str]:
    """Forget all files of this owner; returns the hashes of their contents."""
    rows = await tx.rows(
        "SELECT file_id FROM attachment WHERE owner_kind = $1 AND owner_id = $2", str(owner.kind), owner.id
    )
    hashes = [await detach(tx, row["file_id"], owner) for row in rows]
    return [each for each in hashes if each]


async def has_answered(db: Reader, task_id: str, staff_id: str) -> bool:
    """Whether an answer to this task is theirs: then they may correct it, also when the task is done."""
    row = await db.row(
        "SELECT 1 AS found FROM answer WHERE task_id = $1 AND staff_id = $2 LIMIT 1", task_id, staff_id
    )
    return row is not None


async def is_delivered(db: Reader, file_id: str) -> bool:
    """Whether an answer has brought the file to a reader."""
    return await db.row("SELECT 1 AS found FROM delivery WHERE file_id = $1 LIMIT 1", file_id) is not None


def _attached(row: Row) -> Attached:
    return Attached(
        id=row["id"],
        owner=Belonging(Owner(row["owner_kind"]), row["owner_id"]),
        content_hash=row["content_hash"],
        name=row["name"],
        kind=row["kind"],
        size=row["size"],
        uploaded_by=row["uploaded_by"],
    )
