"""Files of requests and answers: sent in pieces, handed over with the request, read by who has to do with them."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

from server.actions.access import audit, demand, may
from server.actions.files import admitted, files_at_hand
from server.actions.logins import count
from server.actions.pieces import Progress, demand_size, expect, progress_of, take_piece
from server.actions.pool import open_task
from server.context import Context
from server.domain.attachments import FILES_EACH, UNSENT, Attached, Belonging, Owner
from server.domain.errors import Conflict, Invalid, NotAllowed, NotFound, Refusal, TooMany
from server.domain.files import safe_name
from server.domain.logins import Limit, network_of
from server.domain.permissions import Actor, Thing, Verb
from server.domain.pool import TaskRow
from server.domain.tasks import TaskState
from server.store.attachments import (
    attach,
    attach_one_more,
    attached_by_ids,
    attached_count_read,
    attached_to,
    count_attached,
    detach,
    hand_over,
    has_answered,
    is_delivered,
)
from server.store.consultations import consultation_by_id
from server.store.dues import Due, set_due
from server.store.files import TooLarge
from server.store.reads import read_together
from server.store.rows import Reader, Transaction
from server.store.tasks import task_by_id, task_read
from server.store.uploads import StoredFile, file_by_id, insert_file, upload_by_id, upload_read
from server.wire.tokens import hashed

AT_ONCE = 6  # on their way to one request or answer: each may take the whole limit of the disk
# A campus sits behind one address; who has an account or a conversation is counted there.
FROM_ADDRESS = Limit("attachments_from", 300, timedelta(hours=1))
OF_SENDER = Limit("attachments_of", 200, timedelta(hours=1))


@dataclass(frozen=True, slots=True)
class Sending:
    """What a sender says of a file. ``client_id`` names the sending; ``address`` is the network it comes from."""

    owner: Belonging
    client_id: str
    name: str = ""
    address: str = ""


async def expect_attachment(ctx: Context, actor: Actor, sending: Sending, *, size: int) -> Progress:
    """Begin a file of so many bytes, or find how far the same one has come.

    Raises Invalid ``file_too_large``, ``file_empty``, ``files_full``, TooMany ``too_many_uploads``,
    ``too_many_attempts``, Conflict ``lease_over``.
    """
    key = await _sender(ctx, actor, sending.owner)
    demand_size(size, limit=_limit(ctx, sending.owner))
    upload_id, now = _upload_id(key, sending), ctx.clock.now()
    file = StoredFile(upload_id, "", "", safe_name(sending.name), "", size, key, now)
    if await upload_by_id(ctx.db.read, upload_id) is None:
        await _count(ctx, actor, key, sending)
    async with ctx.transaction() as tx:
        if await expect(ctx, tx, file):
            await attach(tx, upload_id, sending.owner, now)
            _demand_room(*await count_attached(tx, sending.owner))
    return await progress_of(ctx, upload_id)


async def keep_attachment(
    ctx: Context, actor: Actor, sending: Sending, chunks: AsyncIterator[bytes]
) -> Progress:
    """Take a whole file at once: for small ones, which need no going on after a break. Sent again it is the same file.

    Raises Invalid ``file_too_large``, ``file_empty``, ``file_kind``, ``file_infected``, ``files_full``; Unavailable.
    """
    owner, key = sending.owner, _keeper(actor, sending.owner)
    upload_id, now, limit = _upload_id(key, sending), ctx.clock.now(), _limit(ctx, owner)
    task, begun, attached = await read_together(
        ctx.db.read, task_read(owner.id), upload_read(upload_id), attached_count_read(owner)
    )
    await _demand_work(ctx, actor, owner, task)
    if begun is not None:
        return await progress_of(ctx, upload_id)
    _demand_room(*attached, coming=1)
    await _count(ctx, actor, key, sending)
    try:
        with files_at_hand():
            kept = await ctx.files.keep(ctx.ids.new(), chunks, limit=limit)
    except TooLarge:
        raise Invalid("file_too_large", "file", limit_mb=limit // 1_048_576) from None
    demand_size(kept.size, limit=limit)
    name = safe_name(sending.name)
    kind = await admitted(ctx, kept, name)
    file = StoredFile(upload_id, kept.content_hash, "", name, kind, kept.size, key, now)
    try:
        async with ctx.transaction() as tx:
            await insert_file(tx, file, token_hash=hashed(ctx.rng.token()))
            await attach_one_more(tx, upload_id, owner, now, most=FILES_EACH, refusal=_full())
            if owner.kind is Owner.REQUEST:
                await set_due(tx, "drop_unsent", upload_id, now + UNSENT)
    except Refusal:
        async with ctx.transaction() as tx:  # nothing points to what was kept, unless others keep the same
            await set_due(tx, "drop_contents", ctx.ids.new(), now, {"hashes": [kept.content_hash]})
        raise
    return Progress(file, file.size, whole=True)


async def look_at_attachment(ctx: Context, actor: Actor, sending: Sending) -> Progress:
    """How far it has come: from there the sender goes on. Raises NotFound."""
    return await progress_of(ctx, _upload_id(await _sender(ctx, actor, sending.owner), sending))


async def extend_attachment(
    ctx: Context, actor: Actor, sending: Sending, chunks: AsyncIterator[bytes], *, offset: int
) -> Progress:
    """Take the next piece; with the last one the file may be sent. Raises as ``take_piece``."""
    key = await _sender(ctx, actor, sending.owner)
    progress = await progress_of(ctx, _upload_id(key, sending))
    if progress.whole:
        return progress
    progress = await take_piece(ctx, progress, chunks, offset=offset)
    if progress.whole and sending.owner.kind is Owner.REQUEST:
        async with ctx.transaction() as tx:
            await set_due(tx, "drop_unsent", progress.file.id, ctx.clock.now() + UNSENT)
    return progress


async def drop_attachment(ctx: Context, actor: Actor, sending: Sending) -> None:
    """Take a file away again that has not been sent yet, whole or not; known by its sending, or by its own id.

    Gone already is no error. Raises Conflict ``file_sent`` for one that an answer has delivered: the archive keeps it.
    """
    key = await _sender(ctx, actor, sending.owner)
    file_id = _upload_id(key, sending)
    named = await attached_by_ids(ctx.db.read, [sending.client_id])
    if named and named[0].owner == sending.owner and named[0].uploaded_by == key:
        file_id = named[0].id
    async with ctx.transaction() as tx:
        if sending.owner.kind is Owner.ANSWER and await is_delivered(tx, file_id):
            raise Conflict("file_sent", "R-QC.4")
        content_hash = await detach(tx, file_id, sending.owner)
        if content_hash:
            await set_due(tx, "drop_contents", ctx.ids.new(), ctx.clock.now(), {"hashes": [content_hash]})
    if content_hash is not None:
        await ctx.files.drop(file_id)


async def list_attachments(ctx: Context, actor: Actor, owner: Belonging) -> list[Attached]:
    """The whole files of a request that is being written, or of the answer that one is working on."""
    key = await _sender(ctx, actor, owner)
    found = await attached_to(ctx.db.read, owner)
    return [each for each in found if owner.kind is Owner.ANSWER or each.uploaded_by == key]


async def hand_in_files(
    tx: Transaction,
    actor: Actor,
    request_id: str,
    consultation_id: str,
    file_ids: Sequence[str],
) -> None:
    """The request is sent: its files belong to the consultation from now on.

    ``request_id`` is the client id under which the files came. Raises Invalid ``request_file_missing`` when one of
    them is not whole, or was somebody else's.
    """
    old, new = Belonging(Owner.REQUEST, request_id), Belonging(Owner.CONSULTATION, consultation_id)
    key = _key(actor, old)
    for file_id in dict.fromkeys(file_ids):
        file = await file_by_id(tx, file_id)
        if file is None or file.uploaded_by != key or not await hand_over(tx, file_id, old, new):
            raise Invalid("request_file_missing", "file_ids")


async def open_attachment(ctx: Context, actor: Actor, file_id: str) -> Attached:
    """A file of a consultation or an answer, for who asked, works on it, inspects or oversees it.

    Who neither asked nor works on it leaves a line in the audit trail. Raises NotFound.
    """
    found = await attached_by_ids(ctx.db.read, [file_id])
    if not found or actor.only_session:
        raise NotFound("file_not_found")
    thing, task_id = await _thing(ctx.db.read, found[0])
    if {actor.account_id, actor.reader_key} & (thing.owner_keys | thing.crew):
        return found[0]
    unsent = found[0].owner.kind is Owner.REQUEST  # nobody's but the reader's
    if unsent or not (may(actor, Verb.READ_ATTACHMENT, thing) or await _works_there(ctx, actor, task_id)):
        raise NotFound("file_not_found")
    async with ctx.transaction() as tx:
        await audit(ctx, tx, actor, "attachment.read", f"task:{task_id}", detail=file_id)
    return found[0]


async def content_of(ctx: Context, file: Attached, *, start: int, length: int) -> AsyncIterator[bytes]:
    """The content of a file that was opened, from ``start`` on. Raises Unavailable ``files_away``."""
    with files_at_hand():
        await ctx.files.demand(file.content_hash)  # what cannot be read is said before anything is sent
    return ctx.files.open(file.content_hash, start=start, length=length)


async def drop_unsent(ctx: Context, tx: Transaction, due: Due) -> None:
    """The request for which the file came was never sent. (Due ``drop_unsent``.)"""
    found = await attached_by_ids(tx, [due.subject_id])
    if found and found[0].owner.kind is Owner.REQUEST:
        content_hash = await detach(tx, due.subject_id, found[0].owner)
        await set_due(tx, "drop_contents", ctx.ids.new(), ctx.clock.now(), {"hashes": [content_hash]})


def _demand_room(every: int, partial: int, *, coming: int = 0) -> None:
    if every + coming > FILES_EACH:
        raise _full()
    if partial > AT_ONCE:
        raise TooMany("too_many_uploads", limit=AT_ONCE, retry_after=60)


def _full() -> Invalid:
    return Invalid("files_full", "file", limit=FILES_EACH)


async def _count(ctx: Context, actor: Actor, key: str, sending: Sending) -> None:
    """Readers' files are counted; an answer's are bounded by the claims that one person may hold."""
    if sending.owner.kind is Owner.ANSWER:
        return
    known = [(OF_SENDER, key)]
    if not actor.account_id:
        known.append((FROM_ADDRESS, network_of(sending.address)))
    await count(ctx, *known)


async def _sender(ctx: Context, actor: Actor, owner: Belonging) -> str:
    """Under whose name the file is kept. Raises NotFound, Conflict ``lease_over``, NotAllowed."""
    key = _keeper(actor, owner)
    await _demand_work(ctx, actor, owner, await task_by_id(ctx.db.read, owner.id))
    return key


def _keeper(actor: Actor, owner: Belonging) -> str:
    """Under whose name the file is kept, if they work on the task. Raises NotAllowed."""
    if owner.kind is Owner.CONSULTATION:
        raise NotAllowed()
    demand(actor, Verb.WORK_TASK if owner.kind is Owner.ANSWER else Verb.ASK_QUESTION)
    return _key(actor, owner)


async def _demand_work(ctx: Context, actor: Actor, owner: Belonging, task: TaskRow | None) -> None:
    """A file of an answer comes from who works on it, or has. Raises NotFound, Conflict ``lease_over``."""
    if owner.kind is not Owner.ANSWER:
        return
    if task is None:
        raise NotFound("task_not_found")
    holds = task.holder_id == actor.account_id and task.state is TaskState.CLAIMED
    if not holds and not await has_answered(ctx.db.read, task.id, actor.account_id):
        raise Conflict("lease_over", "R-72.5")


def _key(actor: Actor, owner: Belonging) -> str:
    """An anonymous reader is known by the request's client id, which nobody else can guess."""
    return actor.account_id or actor.reader_key or hashed(f"request:{owner.id}")


def _limit(ctx: Context, owner: Belonging) -> int:
    settings = ctx.settings
    return settings.answer_upload_limit if owner.kind is Owner.ANSWER else settings.upload_limit


async def _thing(db: Reader, attached: Attached) -> tuple[Thing, str]:
    """The file as far as permission depends on it, and the task that it belongs to."""
    owners, task_id = {attached.uploaded_by}, attached.owner.id
    if attached.owner.kind is Owner.CONSULTATION:
        consultation = await consultation_by_id(db, attached.owner.id)
        if consultation is not None:
            owners.add(consultation.reader_id)
            task_id = consultation.task_id
    task = await task_by_id(db, task_id) if attached.owner.kind is not Owner.REQUEST else None
    crew = frozenset(filter(None, (task.holder_id,))) if task else frozenset()
    return Thing(task.library_id if task else "", frozenset(filter(None, owners)), crew), task_id


async def _works_there(ctx: Context, actor: Actor, task_id: str) -> bool:
    """Whether the task stands open to this librarian."""
    if not may(actor, Verb.WORK_TASK):
        return False
    try:
        await open_task(ctx, actor, task_id)
    except Refusal:
        return False
    return True


def _upload_id(key: str, sending: Sending) -> str:
    """The same sender's same sending is the same upload."""
    return hashed(f"{sending.owner.kind}:{sending.owner.id}:{key}:{sending.client_id}")[:26]
