"""What pages look like: a library's colour as a style sheet, the sign in the tab, all parts on one page."""

from datetime import timedelta

from starlette.responses import Response

from server.domain.errors import NotFound
from server.domain.permissions import Verb
from server.words.catalogue import texts_for_script
from web.accents import accent_css
from web.pages.base import Page, PageRequest
from web.served import FOR_A_YEAR, answer, pack
from web.statics import files

_FOR_A_DAY = "public, max-age=86400"


async def accent(page: PageRequest) -> Response:
    """The style sheet of a colour; its address holds all it depends on."""
    try:
        css = accent_css(page.path["colour"])
    except ValueError:
        raise NotFound() from None
    return answer(page.request, pack(css.encode(), ".css"), FOR_A_YEAR)


async def favicon(page: PageRequest) -> Response:
    """The sign of the product, for browsers that ask without being told."""
    return answer(page.request, files()["logo.svg"], _FOR_A_DAY)


async def gallery(page: PageRequest) -> Response:
    """Every part of the look on one page, for who works on it; production has no such page."""
    if page.ctx.settings.environment == "production":
        raise NotFound()
    now = page.ctx.clock.now()
    return page.render(
        "gallery.html",
        earlier=now - timedelta(hours=27),
        later=now + timedelta(minutes=200),
        upload_id=page.ctx.ids.new(),
        upload_words=texts_for_script("upload.", page.language),
    )


PAGES = [
    Page("GET", "/accent/{colour}.css", Verb.ENTER, accent),
    Page("GET", "/favicon.ico", Verb.ENTER, favicon),
    Page("GET", "/demo/gallery", Verb.ENTER, gallery),
]
