"""What a page is: method, path, verb, handler; who asks and in which language is known before it runs."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import structlog
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import RedirectResponse, Response
from starlette.types import Message, Receive

from server.actions.accounts import resolve_actor
from server.context import Context
from server.domain.errors import Invalid, NotAllowed, Refusal
from server.domain.forms import demand_readable, is_number
from server.domain.permissions import NOBODY, Actor, Verb, may
from server.wire.outcomes import way_of
from server.wire.tokens import SAFE_METHODS, csrf_token, hashed
from server.words.catalogue import say
from server.words.wishes import wished_language
from web.templating import render

log = structlog.get_logger(__name__)

WISHES = {"lang": ("zh", "en"), "type": ("normal", "large"), "theme": ("auto", "light", "dark")}
_WISH_SECONDS = 365 * 86_400
_FORM_LIMIT = 512 * 1024


@dataclass(slots=True)
class PageRequest:
    """A page's request: who asks, in which language, and how to answer."""

    ctx: Context
    actor: Actor
    request: Request
    cookie: str = ""
    _form: FormData | None = field(default=None)

    @property
    def path(self) -> Mapping[str, str]:
        return self.request.path_params

    @property
    def query(self) -> Mapping[str, str]:
        return self.request.query_params

    @property
    def language(self) -> str:
        request, own = self.request, self.actor.language if self.actor.account_id else ""
        return wished_language(request.query_params, request.cookies, request.headers, own)

    def moment(self, name: str) -> datetime | None:
        """An instant that the address names, in UTC where it says no zone; None for one that somebody wrote by hand."""
        raw = self.query.get(name, "").replace(" ", "+")  # a plus sign that nobody escaped
        try:
            at = datetime.fromisoformat(raw) if raw else None
        except ValueError:
            return None
        return at if at is None or at.tzinfo else at.replace(tzinfo=UTC)

    def wish(self, name: str) -> str:
        """How this browser wants its pages: what the address asks for now, else what it asked for before."""
        asked = (self.query.get(name, ""), self.request.cookies.get(name, ""))
        return next((value for value in asked if value in WISHES[name]), WISHES[name][0])

    @property
    def csrf(self) -> str:
        """What this browser's forms and scripts must send back."""
        seed = self.cookie or self.request.cookies.get("pre", "")
        return csrf_token(self.ctx.settings.secret_key, hashed(seed)) if seed else ""

    async def form(self) -> FormData:
        """The posted fields. Their CSRF token has been checked already."""
        if self._form is None:
            form = await self.request.form(max_part_size=_FORM_LIMIT)
            for name, value in form.multi_items():
                if "\x00" in name or (isinstance(value, str) and "\x00" in value):
                    raise Invalid("text_unreadable", name.replace("\x00", ""))
            self._form = form
        return self._form

    def render(self, template: str, *, status: int = 200, **values: Any) -> Response:
        """The page as HTML; ``t``, ``language``, ``actor`` and ``csrf`` are known to every template."""
        return render(self, template, status=status, **values)

    def redirect(self, url: str, **query: str) -> Response:
        """Go on to one of our own pages (303)."""
        if not url.startswith("/") or url.startswith("//"):
            url = "/"
        return RedirectResponse(url + ("?" + urlencode(query) if query else ""), status_code=303)


PageHandler = Callable[[PageRequest], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class Page:
    """One page and the verb that opens it; ``csrf`` False only for forms that need and change no log-in.

    ``stale`` answers, and changes nothing, where the CSRF token does not fit: a form shows again what was typed.
    """

    method: str
    path: str
    verb: Verb
    handler: PageHandler
    csrf: bool = True
    body_limit: int = _FORM_LIMIT  # of everything that is posted; a page that takes a file says more
    stale: PageHandler | None = None


def respond(page: Page, ctx: Context) -> Callable[[Request], Awaitable[Response]]:
    """The Starlette endpoint for a page."""

    async def answer(request: Request) -> Response:
        cookie = request.cookies.get("sid", "")
        request = Request(request.scope, bounded(request, page.body_limit))
        page_request = PageRequest(ctx, NOBODY, request, cookie)
        try:
            if cookie:
                page_request.actor = await resolve_actor(ctx, cookie=cookie)
            demand_readable(request.path_params, request.query_params.multi_items())
            if not may(page_request.actor, page.verb):
                return _not_here(page_request, page)
            handler = page.handler
            if request.method not in SAFE_METHODS and page.csrf and not await _csrf_fits(page_request):
                handler = page.stale or _demand_csrf
            response = await handler(page_request)
        except Refusal as refusal:
            response = _refused(page_request, refusal, way_of(refusal).status)
        except (HTTPException, ClientDisconnect):
            raise  # a body that is none, a browser that has gone: the application answers these, or nobody has to
        except Exception as error:  # something of ours broke: its trace is for the log, a page for who met it
            log.error("unexpected", path=request.url.path, exc_info=error)
            response = _refused(page_request, Refusal("unexpected"), 500)
        finally:
            await request.close()  # an uploaded file waits in a temporary one until then
        for name, values in WISHES.items():
            if (wished := request.query_params.get(name)) in values:
                response.set_cookie(name, wished, max_age=_WISH_SECONDS, samesite="lax", path="/")
        return response

    return answer


def bounded(request: Request, limit: int) -> Receive:
    """The request's body, cut off with a refusal once it is longer than the limit: nobody fills our memory or disk."""
    length, taken = request.headers.get("content-length", ""), 0

    async def receive() -> Message:
        nonlocal taken
        message = await request.receive()
        taken += len(message.get("body", b""))
        if taken > limit or (is_number(length) and int(length) > limit):
            raise Invalid("body_too_large", "body", limit=limit)
        return message

    return receive


def _not_here(page_request: PageRequest, page: Page) -> Response:
    """Ask for a log-in first, or say kindly that this desk is somebody else's."""
    if not page_request.actor.account_id and page_request.request.method == "GET":
        return page_request.redirect("/login", next=page_request.request.url.path)
    return _refused(page_request, NotAllowed(verb=str(page.verb)), 403)


def _refused(page_request: PageRequest, refusal: Refusal, status: int) -> Response:
    message = say(refusal, page_request.language)
    return page_request.render("refused.html", status=status, refusal=refusal, message=message)


async def _csrf_fits(page_request: PageRequest) -> bool:
    sent = page_request.request.headers.get("x-csrf-token") or (await page_request.form()).get("csrf", "")
    return bool(page_request.csrf) and sent == page_request.csrf


async def _demand_csrf(_: PageRequest) -> Response:
    raise NotAllowed("csrf")
