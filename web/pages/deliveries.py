"""A delivered file, from the mail and without log-in; when its time is over, how to get it again (R-ANS.5)."""

from starlette.responses import Response, StreamingResponse

from server.actions.deliveries import fetch_delivery, open_delivery
from server.domain.permissions import Verb
from server.wire.downloads import part_of
from web.pages.base import Page, PageRequest


async def fetch(page: PageRequest) -> Response:
    """The file, in whole or from a byte on."""
    parcel = await open_delivery(page.ctx, page.path["token"])
    if parcel.over:
        return page.render("delivery_over.html", status=410, parcel=parcel)
    headers, file = page.request.headers, parcel.file
    part = part_of(
        name=file.name,
        kind=file.kind,
        size=file.size,
        tag=file.content_hash,
        asked=headers.get("range", ""),
        only_if=headers.get("if-range", ""),
    )
    if page.request.method == "HEAD" or part.status == 416:
        return Response(status_code=part.status, headers=part.headers)
    address = page.request.client.host if page.request.client else ""
    chunks = await fetch_delivery(page.ctx, parcel, start=part.start, length=part.length, address=address)
    return StreamingResponse(chunks, part.status, headers=part.headers)


PAGES = [Page("GET", "/x/{token}/{name}", Verb.ENTER, fetch)]
