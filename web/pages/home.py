"""The first page: every open desk of the alliance, to be found by library or city; staff go on to their work."""

from starlette.responses import Response

from server.actions.desks import PAGE, open_desks
from server.domain.permissions import Verb
from web.log_ins import home_of
from web.pages.base import Page, PageRequest

_SEARCH_LENGTH = 60


async def show(page: PageRequest) -> Response:
    """Where to ask; a search looks at the names of desks, libraries and cities."""
    if page.actor.is_staff:
        return page.redirect(home_of(page.actor))
    search = page.query.get("q", "").strip()[:_SEARCH_LENGTH]
    found = await open_desks(page.ctx, search, after=page.query.get("after", ""))
    return page.render("home.html", search=search, found=found[:PAGE], more=len(found) > PAGE)


PAGES = [Page("GET", "/", Verb.ENTER, show)]
