"""The log-in cookie, and what the account's forms have in common."""

from collections.abc import Mapping
from typing import Any

from starlette.datastructures import FormData
from starlette.responses import Response

from server.actions.logins import LoggedIn, log_out
from server.domain.errors import Refusal
from server.domain.forms import FormRefused
from server.domain.logins import own_path
from server.domain.permissions import ANSWERING, Actor, Role, Verb, may
from server.wire.outcomes import way_of
from server.words.catalogue import say
from web.pages.base import PageRequest

COOKIE = "sid"
# How long a browser keeps the cookie (the most that browsers allow); how long it is good, the server decides.
_KEPT_SECONDS = 400 * 86_400


async def begin(page: PageRequest, login: LoggedIn, response: Response, *, remember: bool) -> Response:
    """Give this browser its log-in; without ``remember`` it is gone when the browser is closed.

    The one that it had, another person's perhaps, ends, and with it their chats that stand open here.
    """
    await log_out(page.ctx, page.cookie)
    response.set_cookie(
        COOKIE,
        login.secret,
        max_age=_KEPT_SECONDS if remember else None,
        path="/",
        httponly=True,
        samesite="lax",
        secure=page.ctx.settings.secure,
    )
    if login.account.large_type:
        keep_wish(response, "type", "large")
    return response


def end(page: PageRequest, response: Response) -> Response:
    """Take the log-in out of this browser."""
    response.delete_cookie(COOKIE, path="/", httponly=True, samesite="lax", secure=page.ctx.settings.secure)
    return response


def keep_wish(response: Response, name: str, value: str) -> None:
    """Remember in this browser how its pages should look (``lang``, ``type``)."""
    response.set_cookie(name, value, max_age=_KEPT_SECONDS, path="/", samesite="lax")


def home_of(actor: Actor) -> str:
    """Where somebody's work begins."""
    if actor.roles & ANSWERING:
        return "/console"
    if Role.STORE_KEEPER in actor.roles:
        return "/console/store"
    if Role.STACK_OPERATOR in actor.roles:
        return "/console/stack"
    return "/manage" if may(actor, Verb.KEEP_OWN_PHRASES) else "/account"


def next_page(page: PageRequest, wanted: str, actor: Actor) -> Response:
    """Go on to where they wanted to go, if that is a page of ours."""
    return page.redirect(own_path(wanted, home_of(actor)))


def filled(form: FormData, name: str) -> str:
    """What a field holds; a file in its place counts as nothing."""
    value = form.get(name, "")
    return value if isinstance(value, str) else ""


def address_of(page: PageRequest) -> str:
    """The network address that the request came from."""
    return page.request.client.host if page.request.client else ""


def asked_again(page: PageRequest, template: str, refusal: Refusal, values: Mapping[str, Any]) -> Response:
    """The form once more, with what was filled in and what is wrong with it."""
    found = refusal.problems if isinstance(refusal, FormRefused) else [refusal]
    problems = [(problem.field, say(problem, page.language)) for problem in found]
    status = 422 if isinstance(refusal, FormRefused) else way_of(refusal).status
    return page.render(template, status=status, problems=problems, errors=dict(problems), **values)


def private(response: Response) -> Response:
    """For pages whose address is a secret: no other page is told where the browser came from."""
    response.headers["Referrer-Policy"] = "no-referrer"
    return response
