"""Files that come with a request or question: ahead of the form with a script, with it where there is none."""

from collections.abc import AsyncIterator
from typing import Any

from starlette.datastructures import FormData, UploadFile

from server.actions.attachments import Sending, expect_attachment, extend_attachment, list_attachments
from server.domain.attachments import Belonging, Owner
from server.words.catalogue import texts_for_script
from web.log_ins import address_of
from web.pages.base import PageRequest

WITH_A_FILE = 24 * 1024 * 1024  # of a posted form; the file itself has its own limit
_PIECE = 256 * 1024


async def take_file(page: PageRequest, posted: FormData, client_id: str) -> None:
    """Keep a file that came with the form: it stays when something else has to be put right."""
    file = posted.get("file")
    if not isinstance(file, UploadFile) or not file.filename:
        return
    owner = Belonging(Owner.REQUEST, client_id)
    sending = Sending(owner, page.ctx.ids.new(), file.filename, address_of(page))
    await expect_attachment(page.ctx, page.actor, sending, size=file.size or 0)
    await extend_attachment(page.ctx, page.actor, sending, _pieces(file), offset=0)


async def file_values(page: PageRequest, client_id: str) -> dict[str, Any]:
    """What the template ``file_field.html`` needs: the files that are there already, and the words of its script."""
    owner = Belonging(Owner.REQUEST, client_id)
    return {
        "files": await list_attachments(page.ctx, page.actor, owner),
        "upload_words": texts_for_script("upload.", page.language),
    }


async def file_ids_of(page: PageRequest, client_id: str) -> tuple[str, ...]:
    """The files that go with the form."""
    owner = Belonging(Owner.REQUEST, client_id)
    return tuple(file.id for file in await list_attachments(page.ctx, page.actor, owner))


async def _pieces(file: UploadFile) -> AsyncIterator[bytes]:
    while piece := await file.read(_PIECE):
        yield piece
