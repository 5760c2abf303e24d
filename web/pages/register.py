"""Readers register: mail address first, then a password behind the mailed link."""

from starlette.responses import Response

from server.actions.accounts import register_reader, verify_mail
from server.actions.links import look_at_link
from server.domain.accounts import checked_name
from server.domain.errors import Refusal
from server.domain.forms import Form, checked_mail
from server.domain.logins import Purpose
from server.domain.permissions import Verb
from web.log_ins import address_of, asked_again, begin, filled, private
from web.pages.base import Page, PageRequest


async def show(page: PageRequest) -> Response:
    """The form, or what to do after it was sent."""
    if "sent" in page.query:
        return page.render("mail_sent.html", area="register", back="/register")
    return page.render("register.html", mail="", name="", problems=[], errors={})


async def submit(page: PageRequest) -> Response:
    """Mail the link; the answer is the same for every address."""
    posted = await page.form()
    mail, name = filled(posted, "mail"), filled(posted, "name")
    try:
        form = Form({})
        form.read(lambda: checked_name(name), "")
        form.read(lambda: checked_mail(mail), "")
        form.demand()
        await register_reader(
            page.ctx, mail=mail, name=name, language=page.language, address=address_of(page)
        )
    except Refusal as refusal:
        return asked_again(page, "register.html", refusal, {"mail": mail, "name": name})
    return page.redirect("/register", sent="1")


async def show_verify(page: PageRequest) -> Response:
    """Choose a password. Looking does not use the link up: mail programs look ahead."""
    link = await look_at_link(page.ctx, page.path["token"], Purpose.VERIFY)
    return private(page.render("verify.html", mail=link.data["mail"], problems=[], errors={}))


async def verify(page: PageRequest) -> Response:
    """Begin as a reader."""
    token = page.path["token"]
    link = await look_at_link(page.ctx, token, Purpose.VERIFY)
    try:
        login = await verify_mail(page.ctx, token, password=filled(await page.form(), "password"))
    except Refusal as refusal:
        return private(asked_again(page, "verify.html", refusal, {"mail": link.data["mail"]}))
    return await begin(page, login, page.redirect("/account", done="verify.welcome"), remember=False)


PAGES = [
    Page("GET", "/register", Verb.ENTER, show),
    Page("POST", "/register", Verb.ENTER, submit),
    Page("GET", "/verify/{token}", Verb.ENTER, show_verify),
    Page("POST", "/verify/{token}", Verb.ENTER, verify),
]
