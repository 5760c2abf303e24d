"""Drawn covers as pictures, kept by browsers for a day and asked after by their mark."""

from hashlib import sha256

from starlette.responses import Response

from server.actions.covers import draw_cover
from server.domain.permissions import Verb
from web.pages.base import Page, PageRequest

_KEPT = "public, max-age=86400, stale-while-revalidate=604800"
# A picture opened by itself may do nothing at all.
_ALONE = "default-src 'none'; sandbox"


async def cover(page: PageRequest) -> Response:
    """The cover of a record; a browser that has it already is told so."""
    drawn = (await draw_cover(page.ctx, page.actor, page.path["record_id"])).encode()
    mark = f'"{sha256(drawn).hexdigest()[:20]}"'
    headers = {"Cache-Control": _KEPT, "ETag": mark, "Content-Security-Policy": _ALONE}
    known = page.request.headers.get("if-none-match", "")
    if mark in (part.strip().removeprefix("W/") for part in known.split(",")):
        return Response(status_code=304, headers=headers)
    return Response(drawn, media_type="image/svg+xml", headers=headers)


PAGES = [Page("GET", "/covers/{record_id}.svg", Verb.SEARCH_RECORDS, cover)]
