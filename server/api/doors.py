"""What every answer passes on its way out: headers for other origins, headers for safety, and no stack trace ever."""

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from server.actions.origins import Origins
from server.api.routes import language_of, refused
from server.domain.errors import Refusal
from server.domain.permissions import NOBODY

log = structlog.get_logger(__name__)

_SHARED = ("/api/desks/", "/api/sessions/", "/api/me/", "/api/widget/", "/api/notices", "/f/")
_ALLOWED_HEADERS = "authorization, content-type, x-language, upload-offset"
_CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self';"
    " font-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'; manifest-src 'self'"
)

_SAFE = {
    "Content-Security-Policy": _CSP,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "strict-origin-when-cross-origin",
}


class CrossOrigin:
    """Lets the pages of listed origins use the widget's endpoints (Fetch standard, CORS); cookies never travel."""

    def __init__(self, app: ASGIApp, origins: Origins) -> None:
        self._app = app
        self._origins = origins

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith(_SHARED):
            await self._app(scope, receive, send)
            return
        origin = Headers(scope=scope).get("origin", "")
        if not origin or not await self._origins.allowed(origin):
            await self._app(scope, receive, send)
            return
        if scope["method"] == "OPTIONS":
            await Response(status_code=204, headers=_preflight(origin))(scope, receive, send)
            return

        async def shared(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["Access-Control-Allow-Origin"] = origin
                headers["Access-Control-Expose-Headers"] = "retry-after, upload-offset, content-disposition"
                headers.add_vary_header("Origin")
            await send(message)

        await self._app(scope, receive, shared)


class SafeHeaders:
    """Headers that every answer of ours carries unless it set its own."""

    def __init__(self, app: ASGIApp, secure: bool) -> None:
        self._app = app
        self._headers = [(name.lower().encode(), value.encode()) for name, value in _SAFE.items()]
        if secure:
            self._headers.append((b"strict-transport-security", b"max-age=31536000"))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def safe(message: Message) -> None:
            if message["type"] == "http.response.start":
                own = list(message["headers"])
                named = {name for name, _ in own}
                message["headers"] = own + [each for each in self._headers if each[0] not in named]
            await send(message)

        await self._app(scope, receive, safe)


async def unexpected(request: Request, error: Exception) -> Response:
    """Something of ours broke: it is logged with its trace, the asker gets a plain sentence."""
    log.error("unexpected", path=request.url.path, exc_info=error)
    return refused(Refusal("unexpected"), language_of(request, NOBODY))


def _preflight(origin: str) -> dict[str, str]:
    return {
        "Access-Control-Allow-Origin": origin,
        "Access-Control-Allow-Methods": "GET, POST, PUT, PATCH, HEAD, DELETE",
        "Access-Control-Allow-Headers": _ALLOWED_HEADERS,
        "Access-Control-Max-Age": "600",
        "Vary": "Origin",
    }
