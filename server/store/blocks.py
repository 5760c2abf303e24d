"""Readers barred for a time after abuse; a manager reviews every block."""

from dataclasses import dataclass
from datetime import datetime

from server.store.rows import Reader, Row, Transaction, from_us, from_us_or_none, to_us


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
        "INSERT INTO block (id, reader_key, session_id, desk_id, reason, blocked_by, blocked_at, until_at, reviewed_by,"
        " verdict) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, '', '')",
        block.id,
        block.reader_key,
        block.session_id,
        block.desk_id,
        block.reason,
        block.blocked_by,
        to_us(block.blocked_at),
        to_us(block.until),
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
