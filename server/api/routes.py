"""What an endpoint is: method, path, verb, body; parse → one action → format."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import msgspec
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from server.actions.access import actor_of_claim, actor_of_visitor, claim_of
from server.actions.accounts import resolve_actor
from server.context import Context
from server.domain.errors import Invalid, NotAllowed, Refusal, TooMany
from server.domain.forms import demand_readable, number_in
from server.domain.permissions import NOBODY, Actor, Verb, may
from server.wire.complaints import UNREADABLE, complaint_of
from server.wire.outcomes import error_value, way_of
from server.wire.tokens import SAFE_METHODS, csrf_token, hashed
from server.words.catalogue import say
from server.words.wishes import wished_language

BODY_LIMIT = 256 * 1024
_WEIGHT = 0.5  # of a message: what a changing request weighs against its sender's limit
_encode = msgspec.json.Encoder().encode


@dataclass(slots=True)
class ApiRequest:
    """A request with its parts already judged: who asks, what they sent."""

    ctx: Context
    actor: Actor
    request: Request
    body: Any = None

    @property
    def path(self) -> Mapping[str, str]:
        return self.request.path_params

    @property
    def query(self) -> Mapping[str, str]:
        return self.request.query_params

    @property
    def language(self) -> str:
        return language_of(self.request, self.actor)

    @property
    def address(self) -> str:
        """The network address that the request came from."""
        return self.request.client.host if self.request.client else ""

    def number(self, name: str, default: int, *, low: int = 0, high: int = 2**53) -> int:
        """A whole number from the query string. Raises Invalid."""
        return number_in(self.query.get(name, ""), name, default, low=low, high=high)

    def instant(self, name: str) -> datetime | None:
        """An instant from the query string, in UTC where it says no zone; None where none is said. Raises Invalid."""
        raw = self.query.get(name, "")
        return _instant(raw, name) if raw else None

    def place(self, name: str) -> tuple[datetime, str] | None:
        """Where a list goes on: ``moment~id`` of the last row of the page before. Raises Invalid."""
        moment, _, row_id = self.query.get(name, "").partition("~")
        return (_instant(moment, name), row_id) if moment or row_id else None


def _instant(text: str, name: str) -> datetime:
    whole = text.replace(" ", "+") if "T" in text else text  # a plus sign that nobody escaped
    try:
        at = datetime.fromisoformat(whole)
    except ValueError:
        raise Invalid("query_instant", name) from None
    return at.replace(tzinfo=at.tzinfo or UTC)


Handler = Callable[[ApiRequest], Awaitable[Any]]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One line of the HTTP API; the OpenAPI document and the role table are read off these."""

    method: str
    path: str
    verb: Verb
    handler: Handler
    summary: str
    body: type | None = None
    answer: Any = None
    status: int = 200
    cross_origin: bool = False  # the widget calls it from the desk's listed origins
    raw_body: bool = False  # an upload: the handler reads the stream
    takes: str = "application/octet-stream"  # what kind of raw body
    gives: str = "application/json"
    errors: tuple[str, ...] = field(default=())


def respond(endpoint: Endpoint, ctx: Context) -> Callable[[Request], Awaitable[Response]]:
    """The Starlette endpoint for a declaration."""
    decoder: msgspec.json.Decoder[Any] | None = msgspec.json.Decoder(endpoint.body) if endpoint.body else None

    async def answer(request: Request) -> Response:
        actor = NOBODY
        try:
            actor = await actor_of(ctx, request)
            if not may(actor, endpoint.verb):
                raise NotAllowed(
                    "not_allowed" if actor.account_id else "not_logged_in", verb=str(endpoint.verb)
                )
            demand_readable(request.path_params, request.query_params.multi_items())
            if request.method not in SAFE_METHODS and (who := actor.account_id or actor.reader_key):
                request.app.state.gateway.limiter.demand("http", who, _WEIGHT)
            body = await _body(request, decoder) if decoder else None
            value = await endpoint.handler(ApiRequest(ctx, actor, request, body))
        except Refusal as refusal:
            return refused(refusal, language_of(request, actor))
        except ClientDisconnect:
            return Response(
                status_code=400
            )  # they left while they spoke: nobody hears this, and nothing is wrong here
        if isinstance(value, Response):
            return value
        return json_response(value, 200 if value is None else endpoint.status)

    return answer


def json_response(value: Any, status: int = 200) -> Response:
    return Response(
        _encode(value), status, media_type="application/json", headers={"Cache-Control": "no-store"}
    )


def refused(refusal: Refusal, language: str) -> Response:
    """The refusal as JSON, in the reader's language."""
    headers = {"Cache-Control": "no-store"}
    if isinstance(refusal, TooMany):
        headers["Retry-After"] = str(refusal.data.get("retry_after", 5))
    value = {"error": error_value(refusal, say(refusal, language))}
    return Response(_encode(value), way_of(refusal).status, media_type="application/json", headers=headers)


async def actor_of(ctx: Context, request: Request) -> Actor:
    """Who asks: a conversation token, a visitor's secret, a widget's bearer, or the log-in cookie with its CSRF token.

    Raises NotAllowed ``token_invalid``, ``token_expired``, ``not_logged_in`` or ``csrf``.
    """
    kind, _, secret = request.headers.get("authorization", "").partition(" ")
    if not kind and request.query_params.get("token"):
        kind, secret = "Token", request.query_params["token"]
    match kind.lower():
        case "token":
            return await actor_of_claim(ctx, claim_of(ctx, secret))
        case "visitor":
            return actor_of_visitor(hashed(secret))
        case "bearer":
            return await resolve_actor(ctx, bearer=secret)
    cookie = request.cookies.get("sid", "")
    if not cookie:
        return NOBODY
    actor = await resolve_actor(ctx, cookie=cookie)
    if actor.account_id and request.method not in SAFE_METHODS:
        sent = request.headers.get("x-csrf-token", "")
        if sent != csrf_token(ctx.settings.secret_key, hashed(cookie)):
            raise NotAllowed("csrf")
    return actor


def language_of(request: Request, actor: Actor) -> str:
    """The language in which to answer."""
    own = actor.language if actor.account_id else ""
    return wished_language(request.query_params, request.cookies, request.headers, own)


async def _body(request: Request, decoder: "msgspec.json.Decoder[Any]") -> Any:
    raw = bytearray()
    async for chunk in request.stream():
        raw += chunk
        if len(raw) > BODY_LIMIT:
            raise Invalid("body_too_large", "body", limit=BODY_LIMIT)
    try:
        body = decoder.decode(bytes(raw) or b"{}")
    except UNREADABLE as error:
        raise complaint_of(error, "body") from None
    if rb"\u0000" in raw and (name := _unreadable(msgspec.to_builtins(body))) is not None:
        raise Invalid("text_unreadable", name)
    return body


def _unreadable(value: Any, name: str = "body") -> str | None:
    """The field that holds a NUL, however deep."""
    if isinstance(value, str):
        return name if "\x00" in value else None
    if isinstance(value, dict):
        parts = [(part, str(key)) for key, part in value.items()] + [(str(key), name) for key in value]
    elif isinstance(value, list):
        parts = [(part, name) for part in value]
    else:
        return None
    return next((found for part, at in parts if (found := _unreadable(part, at)) is not None), None)
