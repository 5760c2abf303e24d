"""Files that staff sent like any message, and that count as documents passed on after all (R-LIVE.5)."""

from collections.abc import Mapping, Sequence

from server.context import Context
from server.domain.chat import ChatSession, Passed, SentFile, admit_title
from server.domain.errors import Conflict, Invalid
from server.store.participants import files_of_staff, pass_document
from server.store.policies import policy_at
from server.store.rows import Transaction


async def uncounted_files(ctx: Context, session_ids: Sequence[str]) -> dict[str, list[SentFile]]:
    """By session, the files that staff sent and that may still count as documents passed on."""
    if not session_ids:
        return {}
    sent = await files_of_staff(ctx.db.read, session_ids)
    return {session_id: [file for file in files if not file.counted] for session_id, files in sent.items()}


async def count_files(ctx: Context, tx: Transaction, session: ChatSession, titles: Mapping[str, str]) -> None:
    """Count these files of the session under these titles, as of when they were sent; one that counts already stays.

    Raises Invalid ``document_file`` and ``document_title``, Conflict ``files_limit``.
    """
    if not titles:
        return
    files = {file.id: file for file in (await files_of_staff(tx, [session.id]))[session.id]}
    limit = (await policy_at(tx, session.library_id, ctx.clock.now())).documents_per_session
    for file_id, said in titles.items():
        title = admit_title(said, field="documents")
        if file_id not in files:
            raise Invalid("document_file", "documents", "R-LIVE.5")
        file = files[file_id]
        passed = Passed(ctx.ids.new(), title, file.url[:1000], file.id, file.sent_by, file.sent_at)
        if not file.counted and not await pass_document(tx, session.id, passed, limit=limit):
            raise Conflict("files_limit", "R-LIVE.4", limit=limit)
