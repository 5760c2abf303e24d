"""What a reader sent in a conversation goes along where it goes on, so that nothing is asked twice (R-LIVE.4)."""

from dataclasses import replace

from server.context import Context
from server.domain.attachments import Belonging, Owner
from server.domain.chat import ChatSession
from server.store.attachments import attach
from server.store.participants import file_ids_of_reader
from server.store.rows import Transaction
from server.store.uploads import StoredFile, file_by_id, insert_file
from server.wire.tokens import hashed


async def files_of_reader(tx: Transaction, session: ChatSession) -> list[StoredFile]:
    """The files that the reader sent in the conversation, in order."""
    found = [await file_by_id(tx, file_id) for file_id in await file_ids_of_reader(tx, session.id)]
    return [file for file in found if file is not None]


async def send_along(
    ctx: Context, tx: Transaction, session: ChatSession, files: list[StoredFile], consultation_id: str
) -> None:
    """The consultation has these files too, for whoever may read it.

    The contents are the same, the rows its own: conversation and consultation are each forgotten in their time.
    """
    owner = Belonging(Owner.CONSULTATION, consultation_id)
    for file in files:
        sender = session.reader_id or session.reader_key
        own = replace(file, id=ctx.ids.new(), session_id="", uploaded_by=sender)
        await insert_file(
            tx, own, token_hash=hashed(ctx.rng.token())
        )  # opened by its id, never by an address
        await attach(tx, own.id, owner, file.created_at)  # in the order in which they came
