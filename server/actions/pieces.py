"""Files that come in pieces, to whatever they belong: unseen until they are whole, sniffed, scanned and on disk."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import timedelta

from server.actions.files import address_of_file, files_at_hand
from server.actions.scanning import demand_clean
from server.context import Context
from server.domain.errors import Conflict, Invalid, NotFound
from server.domain.files import kind_of
from server.store.dues import Due, cancel_due, set_due
from server.store.files import OtherOffset, TooLarge
from server.store.rows import Transaction
from server.store.uploads import StoredFile, begin_upload, finish_upload, forget_upload, upload_by_id
from server.wire.tokens import hashed

KEPT = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an upload has come; ``address`` is told once, to who sent the last piece."""

    file: StoredFile
    offset: int
    whole: bool
    address: str = ""


def demand_size(size: int, *, limit: int) -> None:
    """Raise Invalid ``file_too_large`` or ``file_empty``."""
    if size > limit:
        raise Invalid("file_too_large", "size", limit_mb=limit // 1_048_576)
    if size < 1:
        raise Invalid("file_empty", "size")


async def expect(ctx: Context, tx: Transaction, file: StoredFile) -> bool:
    """Expect the file for a day; False when it is expected already."""
    fresh = await begin_upload(tx, file)
    if fresh:
        await set_due(tx, "drop_upload", file.id, file.created_at + KEPT)
    return fresh


async def progress_of(ctx: Context, upload_id: str) -> Progress:
    """How far an upload has come. Raises NotFound."""
    found = await upload_by_id(ctx.db.read, upload_id)
    if found is None:
        raise NotFound("upload_not_found")
    file, whole = found
    return Progress(file, file.size if whole else await ctx.files.received(upload_id), whole)


async def take_piece(
    ctx: Context, progress: Progress, chunks: AsyncIterator[bytes], *, offset: int
) -> Progress:
    """Take the next piece of an upload; with the last one it is whole.

    Raises Conflict ``upload_offset`` when what has arrived ends elsewhere; Invalid ``file_kind``, ``file_infected``,
    ``upload_longer``; Unavailable ``files_away``, ``scanner_away``: then all that came is kept, and an empty piece at
    the end tries again.
    """
    if progress.whole:
        return progress
    size = progress.file.size
    try:
        with files_at_hand():
            offset = await ctx.files.extend(progress.file.id, chunks, offset=offset, limit=size)
    except OtherOffset:
        raise Conflict("upload_offset", offset=progress.offset) from None
    except TooLarge:
        raise Invalid("upload_longer", "file", size=size) from None
    return replace(progress, offset=offset) if offset < size else await _complete(ctx, progress.file)


async def drop_upload(ctx: Context, tx: Transaction, due: Due) -> None:
    """A day has passed and the rest did not come. (Due ``drop_upload``.)"""
    found = await upload_by_id(tx, due.subject_id)
    if found is None or not found[1]:
        await ctx.files.drop(due.subject_id)
        await forget_upload(tx, due.subject_id)


async def _complete(ctx: Context, file: StoredFile) -> Progress:
    try:
        with files_at_hand():
            kind = kind_of(await ctx.files.head_of(file.id), file.name)
            await demand_clean(ctx, ctx.files.read_partial(file.id), file.name)
    except Invalid:
        await ctx.files.drop(file.id)
        async with ctx.transaction() as tx:
            await forget_upload(tx, file.id)
            await cancel_due(tx, "drop_upload", file.id)
        raise
    with files_at_hand():
        kept = await ctx.files.complete(file.id)
    whole, token = replace(file, content_hash=kept.content_hash, kind=kind), ctx.rng.token()
    async with ctx.transaction() as tx:
        if not await finish_upload(tx, whole, token_hash=hashed(token)):
            raise Conflict("upload_offset", offset=file.size)
        await cancel_due(tx, "drop_upload", file.id)
    return Progress(whole, file.size, whole=True, address=address_of_file(ctx, token, file.id))
