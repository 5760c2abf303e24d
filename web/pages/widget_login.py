"""The log-in window of the widget: at our address, it hands a code to the one page that opened it."""

from typing import Any

from starlette.responses import Response

from server.actions.logins import log_in
from server.actions.widget_logins import Window, issue_code, open_window
from server.domain.errors import Refusal
from server.domain.permissions import Verb
from server.wire.outcomes import way_of
from server.words.catalogue import say
from web.log_ins import address_of, asked_again, begin, filled
from web.pages.base import Page, PageRequest


async def show(page: PageRequest) -> Response:
    """The form, or the name of who is logged in here already: nothing is handed over without a click."""
    try:
        window = await open_window(
            page.ctx, slug=page.query.get("desk", ""), origin=page.query.get("origin", "")
        )
    except Refusal as refusal:
        return _refused(page, refusal)
    ask = not page.actor.account_id or "other" in page.query
    return page.render("login_window.html", problems=[], errors={}, ask=ask, **_values(page, window))


async def submit(page: PageRequest) -> Response:
    """Log in, or go on as who is logged in, and hand the code over."""
    form = await page.form()
    try:
        window = await open_window(page.ctx, slug=filled(form, "desk"), origin=filled(form, "origin"))
    except Refusal as refusal:
        return _refused(page, refusal)
    if filled(form, "continue") and page.actor.account_id:
        return _hand_over(page, window, await issue_code(page.ctx, page.actor, window))
    mail, remember = filled(form, "mail"), bool(filled(form, "remember"))
    try:
        login = await log_in(
            page.ctx,
            mail=mail,
            password=filled(form, "password"),
            address=address_of(page),
            replacing=page.cookie,
        )
    except Refusal as refusal:
        values = _values(page, window) | {"mail": mail, "remember": remember, "ask": True}
        return asked_again(page, "login_window.html", refusal, values)
    code = await issue_code(page.ctx, login.actor, window)
    return await begin(page, login, _hand_over(page, window, code), remember=remember)


def _hand_over(page: PageRequest, window: Window, code: str) -> Response:
    return page.render("login_window_done.html", code=code, **_values(page, window))


def _refused(page: PageRequest, refusal: Refusal) -> Response:
    return page.render(
        "login_window_refused.html", status=way_of(refusal).status, message=say(refusal, page.language)
    )


def _values(page: PageRequest, window: Window) -> dict[str, Any]:
    return {
        "desk": window.desk.slug,
        "desk_name": window.desk.name(page.language),
        "accent": window.desk.colour,
        "origin": window.origin,
        "mail": "",
        "remember": False,
    }


PAGES = [
    Page("GET", "/login/window", Verb.ENTER, show),
    Page("POST", "/login/window", Verb.ENTER, submit),
]
