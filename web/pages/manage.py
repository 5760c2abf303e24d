"""The managers' screens, put together."""

from starlette.responses import Response

from server.domain.permissions import Verb
from web.pages import (
    manage_board,
    manage_borrowers,
    manage_desks,
    manage_figures,
    manage_libraries,
    manage_notices,
    manage_offers,
    manage_policies,
    manage_readers,
    manage_reviews,
    manage_staff,
    manage_stores,
)
from web.pages.base import Page, PageRequest


async def home(page: PageRequest) -> Response:
    """Managers begin at the board."""
    return page.redirect("/manage/board")


PAGES: list[Page] = [
    Page("GET", "/manage", Verb.WATCH_BOARD, home),
    *manage_board.PAGES,
    *manage_figures.PAGES,
    *manage_libraries.PAGES,
    *manage_desks.PAGES,
    *manage_staff.PAGES,
    *manage_readers.PAGES,
    *manage_policies.PAGES,
    *manage_reviews.PAGES,
    *manage_borrowers.PAGES,
    *manage_stores.PAGES,
    *manage_offers.PAGES,
    *manage_notices.PAGES,
]
