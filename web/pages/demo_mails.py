"""The demo's letter box: mails that would have left if there were a mail server."""

from starlette.responses import Response

from server.actions.mails import outbox_in_demo
from server.domain.permissions import Verb
from server.words.letters import letter
from web.pages.base import Page, PageRequest


async def mails(page: PageRequest) -> Response:
    """The latest mails, newest first; production has no such page."""
    written = [
        (mail, letter(mail.template, mail.language, mail.data) if mail.data else None)
        for mail in await outbox_in_demo(page.ctx)
    ]
    return page.render("demo_mails.html", mails=written)


PAGES = [Page("GET", "/demo/mails", Verb.ENTER, mails)]
