"""The screen for a library's list of readers."""

from starlette.datastructures import UploadFile
from starlette.responses import Response

from server.actions.libraries import list_libraries
from server.actions.readers import ReaderImport, import_readers
from server.domain.errors import Invalid
from server.domain.permissions import Verb
from server.domain.reader_lists import BYTES, decoded_list
from server.words.catalogue import say, text
from web.pages.base import Page, PageRequest
from web.pages.managing import CORRECTABLE, Fill, refill, show

SHOWN = 200  # problems on the page; a list with more is put right in parts


async def readers(page: PageRequest) -> Response:
    """An empty form."""
    return await _form(page, Fill({"library": page.actor.library_id}))


async def bring_in(page: PageRequest) -> Response:
    """Import the list and say what became of it, line by line."""
    form = await page.form()
    library, sent = str(form.get("library", "")), form.get("file")
    try:
        if not isinstance(sent, UploadFile) or not sent.filename:
            raise Invalid("field_required", "file")
        listed = decoded_list(await sent.read(BYTES + 1))
        done = await import_readers(
            page.ctx, page.actor, library, listed, good_only=bool(form.get("good_only"))
        )
    except CORRECTABLE as refusal:
        return await _form(page, await refill(page, refusal, fallback="file"), status=422)
    return _done(page, done)


async def _form(page: PageRequest, fill: Fill, *, status: int = 200) -> Response:
    libraries = await list_libraries(page.ctx, page.actor, "")
    return show(page, "manage_readers.html", fill=fill, libraries=libraries, status=status)


def _done(page: PageRequest, done: ReaderImport) -> Response:
    problems = [
        (
            found.line,
            text(f"user.field.{found.problem.field}", page.language),
            say(found.problem, page.language),
        )
        for found in done.problems[:SHOWN]
    ]
    return show(
        page,
        "manage_readers_done.html",
        status=200 if done.imported else 422,
        done=done,
        bad=len({found.line for found in done.problems}),
        problems=problems,
        more=len(done.problems) - len(problems),
    )


PAGES = [
    Page("GET", "/manage/readers", Verb.IMPORT_READERS, readers),
    Page("POST", "/manage/readers", Verb.IMPORT_READERS, bring_in, body_limit=2 * BYTES),
]
