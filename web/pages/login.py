"""Logging in and out."""

from starlette.responses import Response

from server.actions.logins import log_in, log_out
from server.domain.errors import Refusal
from server.domain.permissions import Verb
from web.log_ins import address_of, asked_again, begin, end, filled, next_page
from web.pages.base import Page, PageRequest


async def show(page: PageRequest) -> Response:
    """The form; who is logged in goes on at once."""
    wanted = page.query.get("next", "")
    if page.actor.account_id:
        return next_page(page, wanted, page.actor)
    notice = next((name for name in ("out", "accepted") if name in page.query), "")
    return page.render(
        "login.html", mail="", next=wanted, notice=notice, remember=False, problems=[], errors={}
    )


async def submit(page: PageRequest) -> Response:
    """Log in and go on to the page that was wanted."""
    form = await page.form()
    mail, wanted, remember = filled(form, "mail"), filled(form, "next"), bool(filled(form, "remember"))
    try:
        login = await log_in(
            page.ctx,
            mail=mail,
            password=filled(form, "password"),
            address=address_of(page),
            replacing=page.cookie,
        )
    except Refusal as refusal:
        values = {"mail": mail, "next": wanted, "notice": "", "remember": remember}
        return asked_again(page, "login.html", refusal, values)
    return await begin(page, login, next_page(page, wanted, login.actor), remember=remember)


async def leave(page: PageRequest) -> Response:
    """Log out."""
    await log_out(page.ctx, page.cookie)
    return end(page, page.redirect("/login", out="1"))


PAGES = [
    Page("GET", "/login", Verb.ENTER, show),
    Page("POST", "/login", Verb.ENTER, submit),
    Page("POST", "/logout", Verb.ENTER, leave),
]
