"""Endpoints of files that belong to requests and answers: sent in pieces, read whole or in part."""

import re

from starlette.responses import Response, StreamingResponse

from server.actions.attachments import (
    Sending,
    content_of,
    drop_attachment,
    expect_attachment,
    extend_attachment,
    keep_attachment,
    list_attachments,
    look_at_attachment,
    open_attachment,
)
from server.api.routes import ApiRequest, Endpoint
from server.api.uploads import offset_of, upload_answer
from server.domain.attachments import Attached, Belonging, Owner
from server.domain.errors import Invalid
from server.domain.permissions import Verb
from server.wire.attachment_bodies import AttachmentView
from server.wire.bodies import UploadView
from server.wire.downloads import part_of

_CLIENT_ID = re.compile(r"[0-9A-Za-z_\-]{1,40}")
_REQUEST_ID = re.compile(r"[0-9A-Za-z_\-]{16,60}")  # long enough that nobody guesses it


async def begin(r: ApiRequest) -> Response:
    """Begin, or find what was begun under this id."""
    sending = _sending(r, r.query.get("name", ""))
    return upload_answer(await expect_attachment(r.ctx, r.actor, sending, size=r.number("size", 0)), 201)


async def put(r: ApiRequest) -> Response:
    """A small file, whole."""
    sending = _sending(r, r.query.get("name", ""))
    return upload_answer(await keep_attachment(r.ctx, r.actor, sending, r.request.stream()), 201)


async def look(r: ApiRequest) -> Response:
    """How far it has come; ``HEAD`` says it by the header ``Upload-Offset`` alone."""
    return upload_answer(await look_at_attachment(r.ctx, r.actor, _sending(r)))


async def go_on(r: ApiRequest) -> Response:
    """The next piece, from ``Upload-Offset`` on."""
    offset = offset_of(r, limit=r.ctx.settings.answer_upload_limit)
    chunks = r.request.stream()
    return upload_answer(await extend_attachment(r.ctx, r.actor, _sending(r), chunks, offset=offset))


async def drop(r: ApiRequest) -> dict[str, str]:
    await drop_attachment(r.ctx, r.actor, _sending(r))
    return {}


async def listed(r: ApiRequest) -> dict[str, list[AttachmentView]]:
    return {"files": [_view(each) for each in await list_attachments(r.ctx, r.actor, _owner(r))]}


async def read(r: ApiRequest) -> Response:
    """The file: always as an attachment, never run."""
    file = await open_attachment(r.ctx, r.actor, r.path["id"])
    headers = r.request.headers
    part = part_of(
        name=file.name,
        kind=file.kind,
        size=file.size,
        tag=file.content_hash,
        asked=headers.get("range", ""),
        only_if=headers.get("if-range", ""),
    )
    chunks = await content_of(r.ctx, file, start=part.start, length=part.length)
    return StreamingResponse(chunks, part.status, headers=part.headers)


def _owner(r: ApiRequest) -> Belonging:
    if "request" not in r.path:
        return Belonging(Owner.ANSWER, r.path["id"])
    if not _REQUEST_ID.fullmatch(r.path["request"]):
        raise Invalid("client_id_wrong", "request")
    return Belonging(Owner.REQUEST, r.path["request"])


def _sending(r: ApiRequest, name: str = "") -> Sending:
    if not _CLIENT_ID.fullmatch(r.path["client_id"]):
        raise Invalid("client_id_wrong", "client_id")
    return Sending(_owner(r), r.path["client_id"], name, r.address)


def _view(file: Attached) -> AttachmentView:
    return AttachmentView(file.id, file.name, file.kind, file.size)


def _endpoints(folder: str, verb: Verb, what: str) -> list[Endpoint]:
    one = f"{folder}/{{client_id}}"
    files = dict[str, list[AttachmentView]]
    return [
        Endpoint("GET", folder, verb, listed, f"The whole files of {what}", answer=files),
        Endpoint(
            "POST",
            one,
            verb,
            begin,
            f"Begin a file of {what}, under your own id",
            answer=UploadView,
            status=201,
        ),
        Endpoint(
            "GET", one, verb, look, "How far it has come; HEAD tells it as Upload-Offset", answer=UploadView
        ),
        Endpoint(
            "PATCH",
            one,
            verb,
            go_on,
            "Send its next piece, from Upload-Offset on",
            answer=UploadView,
            raw_body=True,
        ),
        Endpoint(
            "PUT",
            one,
            verb,
            put,
            "Send a small file whole, without going on after a break",
            answer=UploadView,
            status=201,
            raw_body=True,
        ),
        Endpoint("DELETE", one, verb, drop, "Take it away again, before it is sent", answer=dict[str, str]),
    ]


ENDPOINTS = [
    *_endpoints("/api/requests/{request}/files", Verb.ASK_QUESTION, "a request that is being written"),
    *_endpoints("/api/tasks/{id}/files", Verb.WORK_TASK, "the answer that you are working on"),
    Endpoint(
        "GET",
        "/api/attachments/{id}",
        Verb.READ_ATTACHMENT,
        read,
        "Read a file of a consultation or an answer",
    ),
]
