"""Files sent in a conversation: limited by size and content, visible only when whole."""

import json
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from server.actions.access import Admission, admit
from server.actions.chat import Posted, append
from server.actions.scanning import demand_clean
from server.context import Context
from server.domain.chat import demand_open
from server.domain.errors import Invalid, NotAllowed, NotFound, Unavailable
from server.domain.files import kind_of, safe_name
from server.domain.permissions import Actor
from server.store.chat import session_by_id
from server.store.dues import set_due
from server.store.files import Kept, TooLarge
from server.store.rows import Transaction
from server.store.uploads import StoredFile, file_by_id, file_by_token, insert_file
from server.wire.tokens import hashed

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Upload:
    """What a sender says of a file; ``client_id`` names the sending, so that a resend shows once."""

    session_id: str
    client_id: str
    name: str
    silent: bool = False  # kept for a document to be passed on, no event of its own


async def receive_file(
    ctx: Context, actor: Actor, upload: Upload, chunks: AsyncIterator[bytes]
) -> tuple[StoredFile, str, Posted | None]:
    """Take a file into the conversation; returns it, its address, and the event.

    Raises Invalid ``file_too_large``, ``file_kind`` or ``file_infected``, Unavailable ``scanner_away``; an upload that
    breaks off leaves nothing visible.
    """
    admission = await admit_sender(ctx, actor, upload.session_id)
    limit = ctx.settings.upload_limit
    try:
        with files_at_hand():
            kept = await ctx.files.keep(ctx.ids.new(), chunks, limit=limit)
    except TooLarge:
        raise Invalid("file_too_large", "file", limit_mb=limit // 1_048_576) from None
    if kept.size == 0:
        raise Invalid("file_empty", "file")
    name = safe_name(upload.name)
    kind = await admitted(ctx, kept, name)
    file = StoredFile(
        ctx.ids.new(),
        kept.content_hash,
        upload.session_id,
        name,
        kind,
        kept.size,
        admission.key,
        ctx.clock.now(),
    )
    async with ctx.transaction() as tx:
        address = await _give_address(ctx, tx, file)
    if upload.silent:
        return file, address, None
    return file, address, await show_file(ctx, actor, admission, upload.client_id, shown(file, address))


async def admit_sender(ctx: Context, actor: Actor, session_id: str) -> Admission:
    """The right to send files in an open conversation. Raises NotFound, NotAllowed, Conflict."""
    admission = await admit(ctx.db.read, actor, session_id)
    session = await session_by_id(ctx.db.read, session_id)
    assert session is not None, "who was admitted has a session"
    if admission.crew < 0:
        raise NotAllowed("not_in_session")
    demand_open(session)
    return admission


async def admitted(ctx: Context, kept: Kept, name: str) -> str:
    """The kind by content, scanned; what is refused leaves no content behind, unless the same lies there for others."""
    try:
        kind = kind_of(kept.head, name)
        await demand_clean(ctx, ctx.files.open(kept.content_hash), name)
    except (Invalid, Unavailable):
        async with ctx.transaction() as tx:
            hashes = {"hashes": [kept.content_hash]}
            await set_due(tx, "drop_contents", ctx.ids.new(), ctx.clock.now(), hashes)
        raise
    return kind


async def show_file(
    ctx: Context, actor: Actor, admission: Admission, client_id: str, file: dict[str, Any]
) -> Posted:
    """Tell the conversation of a file that has come."""
    data = json.dumps({"file": file}, ensure_ascii=False, separators=(",", ":"))
    return await append(ctx, actor, admission, client_id=client_id, body=file["name"], kind="file", data=data)


async def copy_for_reader(ctx: Context, tx: Transaction, session_id: str, file_id: str) -> dict[str, Any]:
    """A file of this conversation under a fresh address, as its event tells the reader. Raises Invalid.

    Addresses are kept as hashes only, so that the first one cannot be told again.
    """
    file = await file_by_id(tx, file_id)
    if file is None or file.session_id != session_id:
        raise Invalid("document_file", "file_id", "R-LIVE.5")
    copy = replace(file, id=ctx.ids.new(), created_at=ctx.clock.now())
    return shown(copy, await _give_address(ctx, tx, copy))


async def _give_address(ctx: Context, tx: Transaction, file: StoredFile) -> str:
    token = ctx.rng.token()
    await insert_file(tx, file, token_hash=hashed(token))
    return address_of_file(ctx, token, file.id)


def address_of_file(ctx: Context, token: str, file_id: str) -> str:
    """Where the file opens for whoever has this address."""
    return f"{ctx.settings.public_url.rstrip('/')}/f/{token}/{file_id}"


def shown(file: StoredFile, address: str) -> dict[str, Any]:
    """The file as events tell of it."""
    return {"id": file.id, "name": file.name, "kind": file.kind, "size": file.size, "url": address}


async def open_file(ctx: Context, token: str) -> tuple[StoredFile, AsyncIterator[bytes]]:
    """The file behind a link and its content. Raises NotFound, Unavailable ``files_away``."""
    file = await file_by_token(ctx.db.read, hashed(token))
    if file is None:
        raise NotFound("file_not_found")
    chunks = ctx.files.open(file.content_hash)
    with files_at_hand():
        first = await anext(chunks, b"")  # what cannot be read is said before anything is sent
    return file, _from(first, chunks)


@contextmanager
def files_at_hand() -> Iterator[None]:
    """Raises Unavailable ``files_away`` when the folder is full, gone, or not ours."""
    try:
        yield
    except OSError as error:
        log.error("files are out of reach", exc_info=error)
        raise Unavailable("files_away") from None


async def _from(first: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    async for chunk in rest:
        yield chunk
