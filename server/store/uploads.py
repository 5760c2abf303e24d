"""Files that came in: their names, kinds and tokens; the content lies with the storage contract."""

from dataclasses import dataclass
from datetime import datetime

from server.store.reads import Read, first, read
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
    await tx.later(
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


async def begin_upload(tx: Transaction, file: StoredFile) -> bool:
    """Expect a file that comes in pieces; nobody sees it until it is whole. False when it is expected already."""
    return bool(
        await tx.execute(
            "INSERT INTO stored_file (id, token_hash, content_hash, session_id, name, kind, size, state, received,"
            " uploaded_by, created_at) VALUES ($1, $2, '', $3, $4, '', $5, 'partial', 0, $6, $7)"
            " ON CONFLICT (id) DO NOTHING",
            file.id,
            f"partial:{file.id}",  # no hash reads like this: no address opens it
            file.session_id,
            file.name,
            file.size,
            file.uploaded_by,
            to_us(file.created_at),
        )
    )


async def expected_uploads(db: Reader, session_id: str) -> int:
    """How many files of a conversation are not whole yet."""
    row = await db.row(
        "SELECT COUNT(*) AS n FROM stored_file WHERE session_id = $1 AND state = 'partial'", session_id
    )
    return int(row["n"]) if row else 0


async def upload_by_id(db: Reader, upload_id: str) -> tuple[StoredFile, bool] | None:
    """An upload, and whether it is whole; None for one that nobody expects."""
    return await read(db, upload_read(upload_id))


def upload_read(upload_id: str) -> Read[tuple[StoredFile, bool] | None]:
    """An upload, and whether it is whole; None for one that nobody expects."""
    sql = "SELECT * FROM stored_file WHERE id = $1"
    return Read(sql, (upload_id,), first(lambda row: (file_of(row), row["state"] == "whole")))


async def finish_upload(tx: Transaction, file: StoredFile, *, token_hash: str) -> bool:
    """The upload is whole and has an address; False when it was before."""
    return bool(
        await tx.execute(
            "UPDATE stored_file SET state = 'whole', token_hash = $2, content_hash = $3, kind = $4, received = size"
            " WHERE id = $1 AND state = 'partial'",
            file.id,
            token_hash,
            file.content_hash,
            file.kind,
        )
    )


async def forget_upload(tx: Transaction, upload_id: str) -> None:
    """The file will not be whole any more."""
    await tx.execute("DELETE FROM stored_file WHERE id = $1 AND state = 'partial'", upload_id)


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
