"""A forgotten password: a mailed link, good for half an hour."""

from starlette.responses import Response

from server.actions.accounts import request_reset, reset_password
from server.actions.links import look_at_link
from server.domain.errors import Refusal
from server.domain.logins import Purpose
from server.domain.permissions import Verb
from web.log_ins import address_of, asked_again, begin, filled, private
from web.pages.base import Page, PageRequest


async def show(page: PageRequest) -> Response:
    """The form, or what to do after it was sent."""
    if "sent" in page.query:
        return page.render("mail_sent.html", area="reset", back="/reset")
    return page.render("reset.html", mail=page.actor.mail, problems=[], errors={})


async def submit(page: PageRequest) -> Response:
    """Mail the link; the answer is the same for every address."""
    mail = filled(await page.form(), "mail")
    try:
        await request_reset(page.ctx, mail=mail, address=address_of(page))
    except Refusal as refusal:
        return asked_again(page, "reset.html", refusal, {"mail": mail})
    return page.redirect("/reset", sent="1")


async def show_choose(page: PageRequest) -> Response:
    """Choose a new password."""
    await look_at_link(page.ctx, page.path["token"], Purpose.RESET)
    return private(page.render("reset_choose.html", problems=[], errors={}))


async def choose(page: PageRequest) -> Response:
    """The new password is in force; this browser is logged in, all others are out."""
    token = page.path["token"]
    await look_at_link(page.ctx, token, Purpose.RESET)
    try:
        login = await reset_password(page.ctx, token, password=filled(await page.form(), "password"))
    except Refusal as refusal:
        return private(asked_again(page, "reset_choose.html", refusal, {}))
    to = page.redirect("/account", done="reset.done")
    return await begin(page, login, to, remember=False)


PAGES = [
    Page("GET", "/reset", Verb.ENTER, show),
    Page("POST", "/reset", Verb.ENTER, submit),
    Page("GET", "/reset/{token}", Verb.ENTER, show_choose),
    Page("POST", "/reset/{token}", Verb.ENTER, choose),
]
