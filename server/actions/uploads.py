"""Files that come in pieces: what has arrived waits unseen for a day, so that a broken line costs only the rest."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import timedelta

from server.actions.access import Admission
from server.actions.files import (
    Upload,
    address_of_file,
    admit_sender,
    copy_for_reader,
    files_at_hand,
    show_file,
    shown,
    sniffed,
)
from server.context import Context
from server.domain.errors import Conflict, Invalid, NotFound, TooMany
from server.domain.files import safe_name
from server.domain.permissions import Actor
from server.store.chat import event_by_client_id
from server.store.dues import Due, cancel_due, set_due
from server.store.files import OtherOffset, TooLarge
from server.store.rows import Transaction
from server.store.uploads import (
    StoredFile,
    begin_upload,
    expected_uploads,
    finish_upload,
    forget_upload,
    upload_by_id,
)
from server.wire.tokens import hashed

KEPT = timedelta(hours=24)
AT_ONCE = 10  # in one conversation: each may take the whole limit of the disk


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an upload has come; ``address`` is told once, to who sent the last piece."""

    file: StoredFile
    offset: int
    whole: bool
    address: str = ""


async def expect_upload(ctx: Context, actor: Actor, upload: Upload, *, size: int) -> Progress:
    """Begin an upload of so many bytes, or find how far the same one has come.

    Raises Invalid ``file_too_large``, ``file_empty``, TooMany ``too_many_uploads``.
    """
    admission = await admit_sender(ctx, actor, upload.session_id)
    if size > ctx.settings.upload_limit:
        raise Invalid("file_too_large", "size", limit_mb=ctx.settings.upload_limit // 1_048_576)
    if size < 1:
        raise Invalid("file_empty", "size")
    upload_id, now = _upload_id(admission, upload), ctx.clock.now()
    name = safe_name(upload.name)
    file = StoredFile(upload_id, "", upload.session_id, name, "", size, admission.key, now)
    async with ctx.transaction() as tx:
        if await begin_upload(tx, file):
            if await expected_uploads(tx, upload.session_id) > AT_ONCE:
                raise TooMany("too_many_uploads", limit=AT_ONCE, retry_after=60)
            await set_due(tx, "drop_upload", upload_id, now + KEPT)
    return await _progress(ctx, upload_id)


async def look_at_upload(ctx: Context, actor: Actor, upload: Upload) -> Progress:
    """How far it has come: from there the sender goes on. Raises NotFound."""
    admission = await admit_sender(ctx, actor, upload.session_id)
    return await _progress(ctx, _upload_id(admission, upload))


async def extend_upload(
    ctx: Context, actor: Actor, upload: Upload, chunks: AsyncIterator[bytes], *, offset: int
) -> Progress:
    """Take the next piece; with the last one the conversation is told of the file, once.

    Raises Conflict ``upload_offset`` when what has arrived ends elsewhere; Invalid ``file_kind``.
    """
    admission = await admit_sender(ctx, actor, upload.session_id)
    progress = await _progress(ctx, _upload_id(admission, upload))
    if not progress.whole:
        size = progress.file.size
        try:
            with files_at_hand():
                offset = await ctx.files.extend(progress.file.id, chunks, offset=offset, limit=size)
        except OtherOffset:
            raise Conflict("upload_offset", offset=progress.offset) from None
        except TooLarge:
            raise Invalid("upload_longer", "file", size=size) from None
        if offset < size:
            return replace(progress, offset=offset)
        progress = await _complete(ctx, progress.file)
    if not upload.silent:
        await _tell(ctx, actor, admission, upload.client_id, progress)
    return progress


async def drop_upload(ctx: Context, tx: Transaction, due: Due) -> None:
    """A day has passed and the rest did not come. (Due ``drop_upload``.)"""
    found = await upload_by_id(tx, due.subject_id)
    if found is None or not found[1]:
        await ctx.files.drop(due.subject_id)
        await forget_upload(tx, due.subject_id)


async def _complete(ctx: Context, file: StoredFile) -> Progress:
    with files_at_hand():
        kept = await ctx.files.complete(file.id)
    try:
        kind = await sniffed(ctx, kept, file.name)
    except Invalid:
        async with ctx.transaction() as tx:
            await forget_upload(tx, file.id)
            await cancel_due(tx, "drop_upload", file.id)
        raise
    whole, token = replace(file, content_hash=kept.content_hash, kind=kind), ctx.rng.token()
    async with ctx.transaction() as tx:
        if not await finish_upload(tx, whole, token_hash=hashed(token)):
            raise Conflict("upload_offset", offset=file.size)
        await cancel_due(tx, "drop_upload", file.id)
    return Progress(whole, file.size, whole=True, address=address_of_file(ctx, token, file.id))


async def _tell(ctx: Context, actor: Actor, admission: Admission, client_id: str, progress: Progress) -> None:
    """Show the file in the conversation unless it is shown already: we may have died between the two."""
    if await event_by_client_id(ctx.db.read, admission.session_id, client_id) is not None:
        return
    file = shown(progress.file, progress.address)
    if not progress.address:
        async with ctx.transaction() as tx:
            file = await copy_for_reader(ctx, tx, admission.session_id, progress.file.id)
    await show_file(ctx, actor, admission, client_id, file)


async def _progress(ctx: Context, upload_id: str) -> Progress:
    found = await upload_by_id(ctx.db.read, upload_id)
    if found is None:
        raise NotFound("upload_not_found")
    file, whole = found
    return Progress(file, file.size if whole else await ctx.files.received(upload_id), whole)


def _upload_id(admission: Admission, upload: Upload) -> str:
    """The same sender's same sending is the same upload."""
    return hashed(f"{upload.session_id}:{admission.key}:{upload.client_id}")[:26]
