"""What pages look like: a library's colour as a style sheet, the sign in the tab, all parts on one page."""

from datetime import timedelta
from pathlib import Path

from starlette.responses import FileResponse, Response

from server.domain.errors import NotFound
from server.domain.permissions import Verb
from server.words.catalogue import texts_for_script
from web.accents import accent_css
from web.pages.base import Page, PageRequest

STATIC = Path(__file__).parents[1] / "static"
_FOR_A_YEAR = {"Cache-Control": "public, max-age=31536000, immutable"}
_FOR_A_DAY = {"Cache-Control": "public, max-age=86400"}


async def accent(page: PageRequest) -> Response:
    """The style sheet of a colour; its address holds all it depends on."""
    try:
        css = accent_css(page.path["colour"])
    except ValueError:
        raise NotFound() from None
    return Response(css, media_type="text/css", headers=_FOR_A_YEAR)


async def favicon(page: PageRequest) -> Response:
    """The sign of the product, for browsers that ask without being told."""
    return FileResponse(STATIC / "logo.svg", media_type="image/svg+xml", headers=_FOR_A_DAY)


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
