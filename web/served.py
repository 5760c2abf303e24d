"""Files that a browser may keep: plain and compressed, under a tag that says when they changed."""

import gzip
import hashlib
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

KINDS = {
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".json": "application/json",
    ".svg": "image/svg+xml",
}
FOR_A_YEAR = "public, max-age=31536000, immutable"


@dataclass(frozen=True, slots=True)
class Served:
    """One file as it goes out, plain and compressed."""

    plain: bytes
    packed: bytes
    kind: str
    tag: str


def pack(content: bytes, suffix: str) -> Served:
    """A text of a kind that its file name's ending tells."""
    tag = f'"{hashlib.sha256(content).hexdigest()[:20]}"'
    return Served(content, gzip.compress(content, 9, mtime=0), KINDS[suffix], tag)


def answer(request: Request, file: Served, keep: str, **more: str) -> Response:
    """The file, or that it has not changed; ``keep`` is its Cache-Control, ``more`` are headers (``_`` for ``-``)."""
    headers = {
        "Cache-Control": keep,
        "ETag": file.tag,
        "Vary": "Accept-Encoding",
        "X-Content-Type-Options": "nosniff",
    }
    headers |= {name.replace("_", "-"): value for name, value in more.items()}
    if file.tag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    if "gzip" in request.headers.get("accept-encoding", ""):
        return Response(file.packed, media_type=file.kind, headers={**headers, "Content-Encoding": "gzip"})
    return Response(file.plain, media_type=file.kind, headers=headers)
