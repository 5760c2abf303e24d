"""Readers barred for a time after abuse; a manager reviews every block."""

from dataclasses import dataclass
from datetime import datetime

from server.store.rows import Reader, Row, Transaction, from_us, from_us_or_none, placeholders, to_us


@dataclass(frozen=True, slots=True)
class Block:
    """One block, in force until ``until`` unless a manager lifted it."""

    id: str
    reader_key: str
    session_id: str
    desk_id: str
    reason: str
    blocked_by: str
    blocked_at: datetime
    until: datetime
    reviewed_by: str
    reviewed_at: datetime | None
    verdict: str  # empty: not reviewed yet; upheld; lifted


async def block_of(db: Reader, reader_key: str, now: datetime) -> Block | None:
    """The block in force against this reader, if any."""
    row = await db.row(
        "SELECT * FROM block WHERE reader_key = $1 AND until_at > $2 AND verdict <> 'lifted'"
        " ORDER BY until_at DESC LIMIT 1",
        reader_key,
        to_us(now),
    )
    return block_from(row) if row else None


async def insert_block(tx: Transaction, block: Block) -> None:
    """Bar the reader from now on."""
    await tx.execute(
        "INSERT INTO block (id, reader_key, session_id, desk_id, reason, blocked_by, blocked_at, until_at,"
        " reviewed_by, verdict) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, '', '')",
        block.id,
        block.reader_key,
        block.session_id,
        block.desk_id,
        block.reason,
        block.blocked_by,
        to_us(block.blocked_at),
        to_us(block.until),
    )


async def block_by_id(db: Reader, block_id: str) -> Block | None:
    row = await db.row("SELECT * FROM block WHERE id = $1", block_id)
    return block_from(row) if row else None


async def blocks_in(
    db: Reader, scope: frozenset[str] | None, *, reviewed: bool, before: str, limit: int = 50
) -> list[Block]:
    """Blocks that wait for a manager, or those already looked at, newest first, older than the id ``before``.

    ``scope`` bounds them to some libraries' desks; None stands for all.
    """
    values: list[object] = [before, limit]
    bound = ""
    if scope is not None:
        bound = f" AND d.library_id IN ({placeholders(len(scope), start=3)})" if scope else " AND 1 = 0"
        values += sorted(scope)
    verdict = "<>" if reviewed else "="
    rows = await db.rows(
        "SELECT b.* FROM block b JOIN desk d ON d.id = b.desk_id"
        f" WHERE b.verdict {verdict} '' AND b.id < $1{bound} ORDER BY b.id DESC LIMIT $2",
        *values,
    )
    return [block_from(row) for row in rows]


async def review(tx: Transaction, block_id: str, *, verdict: str, by: str, at: datetime) -> bool:
    """Uphold or lift the block; False when another manager was faster."""
    return bool(
        await tx.execute(
            "UPDATE block SET verdict = $2, reviewed_by = $3, reviewed_at = $4"
            " WHERE id = $1 AND verdict = ''",
            block_id,
            verdict,
            by,
            to_us(at),
        )
    )


def block_from(row: Row) -> Block:
    return Block(
        row["id"],
        row["reader_key"],
        row["session_id"],
        row["desk_id"],
        row["reason"],
        row["blocked_by"],
        from_us(row["blocked_at"]),
        from_us(row["until_at"]),
        row["reviewed_by"],
        from_us_or_none(row["reviewed_at"]),
        row["verdict"],
    )
