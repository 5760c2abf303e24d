"""Endpoints of files that come in pieces: begin, ask how far it has come, go on from there."""

import re

from starlette.responses import Response

from server.actions.files import Upload
from server.actions.pieces import Progress
from server.actions.uploads import expect_upload, extend_upload, look_at_upload
from server.api.routes import ApiRequest, Endpoint, json_response
from server.domain.errors import Invalid
from server.domain.forms import is_number
from server.domain.permissions import Verb
from server.wire import bodies

_CLIENT_ID = re.compile(r"[0-9A-Za-z_\-]{1,40}")


async def begin(r: ApiRequest) -> Response:
    """Begin, or find what was begun under this id."""
    size = r.number("size", 0)
    upload = _upload(r, r.query.get("name", ""), silent="silent" in r.query)
    return upload_answer(await expect_upload(r.ctx, r.actor, upload, size=size), 201)


async def look(r: ApiRequest) -> Response:
    """How far it has come; ``HEAD`` says it by the header ``Upload-Offset`` alone."""
    return upload_answer(await look_at_upload(r.ctx, r.actor, _upload(r)))


async def go_on(r: ApiRequest) -> Response:
    """The next piece, from ``Upload-Offset`` on."""
    offset = offset_of(r, limit=r.ctx.settings.upload_limit)
    upload = _upload(r, silent="silent" in r.query)
    return upload_answer(await extend_upload(r.ctx, r.actor, upload, r.request.stream(), offset=offset))


def offset_of(r: ApiRequest, *, limit: int) -> int:
    """From where on the piece is. Raises Invalid."""
    offset = r.request.headers.get("upload-offset", "")
    if not is_number(offset):
        raise Invalid("query_number", "Upload-Offset", low=0, high=limit)
    return int(offset)


def _upload(r: ApiRequest, name: str = "", *, silent: bool = False) -> Upload:
    client_id = r.path["client_id"]
    if not _CLIENT_ID.fullmatch(client_id):
        raise Invalid("client_id_wrong", "client_id")
    return Upload(r.path["id"], client_id, name, silent)


def upload_answer(p: Progress, status: int = 200) -> Response:
    """How far an upload has come, with the header that ``HEAD`` is asked for."""
    f = p.file
    view = bodies.UploadView(f.id, f.name, f.kind, f.size, p.offset, p.whole, p.address)
    response = json_response(view, status)
    response.headers["Upload-Offset"] = str(p.offset)
    return response


_U = "/api/sessions/{id}/uploads/{client_id}"
ENDPOINTS = [
    Endpoint(
        "POST",
        _U,
        Verb.POST_MESSAGE,
        begin,
        "Begin a file that comes in pieces, under your own id for it",
        answer=bodies.UploadView,
        status=201,
        cross_origin=True,
    ),
    Endpoint(
        "GET",
        _U,
        Verb.POST_MESSAGE,
        look,
        "How far a file has come; HEAD tells it as Upload-Offset",
        answer=bodies.UploadView,
        cross_origin=True,
    ),
    Endpoint(
        "PATCH",
        _U,
        Verb.POST_MESSAGE,
        go_on,
        "Send the next piece of a file, from Upload-Offset on",
        answer=bodies.UploadView,
        cross_origin=True,
        raw_body=True,
    ),
]
