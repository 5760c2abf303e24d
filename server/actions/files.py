"""Files sent in a conversation: limited by size and content, visible only when whole."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass

from server.actions.access import admit
from server.actions.chat import Posted, append
from server.context import Context
from server.domain.chat import demand_open
from server.domain.errors import Invalid, NotAllowed, NotFound
from server.domain.files import kind_of, safe_name
from server.domain.permissions import Actor
from server.store.chat import session_by_id
from server.store.files import TooLarge
from server.store.uploads import StoredFile, file_by_token, insert_file
from server.wire.tokens import hashed


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

    Raises Invalid ``file_too_large`` or ``file_kind``; an upload that breaks off leaves nothing visible.
    """
    admission = await admit(ctx.db.read, actor, upload.session_id)
    if admission.crew < 0:
        raise NotAllowed("not_in_session")
    session = await session_by_id(ctx.db.read, upload.session_id)
    assert session is not None
    demand_open(session)
    limit = ctx.settings.upload_limit
    try:
        kept = await ctx.files.keep(ctx.ids.new(), chunks, limit=limit)
    except TooLarge:
        raise Invalid("file_too_large", "file", limit_mb=limit // 1_048_576) from None
    if kept.size == 0:
        raise Invalid("file_empty", "file")
    name = safe_name(upload.name)
    kind = kind_of(kept.head, name)
    token = ctx.rng.token()
    file = StoredFile(
        ctx.ids.new(), kept.content_hash, session.id, name, kind, kept.size, admission.key, ctx.clock.now()
    )
    async with ctx.transaction() as tx:
        await insert_file(tx, file, token_hash=hashed(token))
    address = f"{ctx.settings.public_url.rstrip('/')}/f/{token}/{file.id}"
    if upload.silent:
        return file, address, None
    data = {"file": {"id": file.id, "name": name, "kind": kind, "size": file.size, "url": address}}
    posted = await append(
        ctx,
        actor,
        admission,
        client_id=upload.client_id,
        body=name,
        kind="file",
        data=json.dumps(data, ensure_ascii=False, separators=(",", ":")),
    )
    return file, address, posted


async def open_file(ctx: Context, token: str) -> tuple[StoredFile, AsyncIterator[bytes]]:
    """The file behind a link and its content. Raises NotFound."""
    file = await file_by_token(ctx.db.read, hashed(token))
    if file is None:
        raise NotFound("file_not_found")
    return file, ctx.files.open(file.content_hash)
