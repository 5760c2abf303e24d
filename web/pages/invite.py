"""An invitation to work for a library, or a reader's account that their library has made."""

from starlette.responses import Response

from server.actions.invitations import accept_invitation, view_invitation
from server.domain.accounts import checked_name, checked_password
from server.domain.errors import Refusal
from server.domain.forms import Form
from server.domain.permissions import Verb
from web.log_ins import asked_again, begin, filled, private
from web.pages.base import Page, PageRequest


async def show(page: PageRequest) -> Response:
    """What is offered, and what it still needs."""
    invitation = await view_invitation(page.ctx, page.path["token"])
    return private(
        page.render("invite.html", problems=[], errors={}, invitation=invitation, name=invitation.name)
    )


async def accept(page: PageRequest) -> Response:
    """Take it."""
    token = page.path["token"]
    invitation = await view_invitation(page.ctx, token)
    posted = await page.form()
    name, password = filled(posted, "name") or invitation.name, filled(posted, "password")
    try:
        if not invitation.known:
            form = Form({})
            form.read(lambda: checked_name(name), "")
            form.read(lambda: checked_password(password, mail=invitation.mail, name=name), "")
            form.demand()
        login = await accept_invitation(page.ctx, token, name=name, password=password)
    except Refusal as refusal:
        return private(asked_again(page, "invite.html", refusal, {"invitation": invitation, "name": name}))
    if login is None:
        return page.redirect("/login", accepted="1")
    return await begin(page, login, page.redirect("/account", done="invite.welcome"), remember=False)


PAGES = [
    Page("GET", "/invite/{token}", Verb.ENTER, show),
    Page("POST", "/invite/{token}", Verb.ENTER, accept),
]
