"""Files that staff sent like any message, and that count as documents passed on after all (R-LIVE.5)."""

from collections.abc import Mapping

from server.context import Context
from server.domain.chat import ChatSession, Passed, admit_title
from server.domain.errors import Conflict, Invalid
from server.store.participants import files_of_staff, pass_document
from server.store.policies import policy_at
from server.store.rows import Transaction


async def count_files(ctx: Context, tx: Transaction, session: ChatSession, titles: Mapping[str, str]) -> None:
    """Count these files of the session under these titles, as of when they were sent; one that counts already stays.

    Raises Invalid ``document_file`` and ``document_title``, Conflict ``files_limit``.
    """
    if not titles:
        return
    files = {file.id: file for file in await files_of_staff(tx, session.id)}
    limit = (await policy_at(tx, session.library_id, ctx.clock.now())).documents_per_session
    for file_id, said in titles.items():
        title = admit_title(said, field="documents")
        if file_id not in files:
            raise Invalid("document_file", "documents", "R-LIVE.5")
        file = files[file_id]
        passed = Passed(ctx.ids.new(), title, file.url[:1000], file.id, file.sent_by, file.sent_at)
        if not file.counted and not await pass_document(tx, session.id, passed, limit=limit):
            raise Conflict("files_limit", "R-LIVE.4", limit=limit)
