"""Files that came in: their names, kinds and tokens; the content lies with the storage contract."""

from dataclasses import dataclass
from datetime import datetime

from server.store.rows import Reader, Row, Transaction, from_us, to_us


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A whole file, reached only by whoever has its token."""

    id: str
    content_hash: str
    session_id: str
    name: str
    kind: str
    size: int
    uploaded_by: str
    created_at: datetime


async def insert_file(tx: Transaction, file: StoredFile, *, token_hash: str) -> None:
    """Make a whole upload visible."""
    await tx.execute(
        "INSERT INTO stored_file (id, token_hash, content_hash, session_id, name, kind, size, state, received,"
        " uploaded_by, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, 'whole', $7, $8, $9)",
        file.id,
        token_hash,
        file.content_hash,
        file.session_id,
        file.name,
        file.kind,
        file.size,
        file.uploaded_by,
        to_us(file.created_at),
    )


async def file_by_token(db: Reader, token_hash: str) -> StoredFile | None:
    """The file that a link means."""
    row = await db.row("SELECT * FROM stored_file WHERE token_hash = $1 AND state = 'whole'", token_hash)
    return file_of(row) if row else None


async def file_by_id(db: Reader, file_id: str) -> StoredFile | None:
    """The file, or None."""
    row = await db.row("SELECT * FROM stored_file WHERE id = $1 AND state = 'whole'", file_id)
    return file_of(row) if row else None


def file_of(row: Row) -> StoredFile:
    return StoredFile(
        row["id"],
        row["content_hash"],
        row["session_id"],
        row["name"],
        row["kind"],
        row["size"],
        row["uploaded_by"],
        from_us(row["created_at"]),
    )
