"""Files of a conversation that come in pieces: a broken line costs only the rest, and each shows once, when whole."""

from collections.abc import AsyncIterator

from server.actions.access import Admission
from server.actions.files import Upload, admit_sender, copy_for_reader, show_file, shown
from server.actions.pieces import Progress, demand_size, expect, progress_of, take_piece
from server.context import Context
from server.domain.errors import TooMany
from server.domain.files import safe_name
from server.domain.permissions import Actor
from server.store.chat import event_by_client_id
from server.store.uploads import StoredFile, expected_uploads
from server.wire.tokens import hashed

AT_ONCE = 10  # in one conversation: each may take the whole limit of the disk


async def expect_upload(ctx: Context, actor: Actor, upload: Upload, *, size: int) -> Progress:
    """Begin an upload of so many bytes, or find how far the same one has come.

    Raises Invalid ``file_too_large``, ``file_empty``, TooMany ``too_many_uploads``.
    """
    admission = await admit_sender(ctx, actor, upload.session_id)
    demand_size(size, limit=ctx.settings.upload_limit)
    upload_id, now = _upload_id(admission, upload), ctx.clock.now()
    name = safe_name(upload.name)
    file = StoredFile(upload_id, "", upload.session_id, name, "", size, admission.key, now)
    async with ctx.transaction() as tx:
        if await expect(ctx, tx, file) and await expected_uploads(tx, upload.session_id) > AT_ONCE:
            raise TooMany("too_many_uploads", limit=AT_ONCE, retry_after=60)
    return await progress_of(ctx, upload_id)


async def look_at_upload(ctx: Context, actor: Actor, upload: Upload) -> Progress:
    """How far it has come: from there the sender goes on. Raises NotFound."""
    admission = await admit_sender(ctx, actor, upload.session_id)
    return await progress_of(ctx, _upload_id(admission, upload))


async def extend_upload(
    ctx: Context, actor: Actor, upload: Upload, chunks: AsyncIterator[bytes], *, offset: int
) -> Progress:
    """Take the next piece; with the last one the conversation is told of the file, once. Raises as ``take_piece``."""
    admission = await admit_sender(ctx, actor, upload.session_id)
    progress = await progress_of(ctx, _upload_id(admission, upload))
    progress = await take_piece(ctx, progress, chunks, offset=offset)
    if progress.whole and not upload.silent:
        await _tell(ctx, actor, admission, upload.client_id, progress)
    return progress


async def _tell(ctx: Context, actor: Actor, admission: Admission, client_id: str, progress: Progress) -> None:
    """Show the file in the conversation unless it is shown already: we may have died between the two."""
    if await event_by_client_id(ctx.db.read, admission.session_id, client_id) is not None:
        return
    file = shown(progress.file, progress.address)
    if not progress.address:
        async with ctx.transaction() as tx:
            file = await copy_for_reader(ctx, tx, admission.session_id, progress.file.id)
    await show_file(ctx, actor, admission, client_id, file)


def _upload_id(admission: Admission, upload: Upload) -> str:
    """The same sender's same sending is the same upload."""
    return hashed(f"{upload.session_id}:{admission.key}:{upload.client_id}")[:26]
