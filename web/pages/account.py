"""One's own account: how to be called and shown, password, a copy of everything, and being forgotten."""

from typing import Any

from starlette.responses import Response

from server.actions.accounts import (
    AccountView,
    change_password,
    keep_preferences,
    log_out_elsewhere,
    view_account,
)
from server.actions.own_data import erase_own_account, export_own_data
from server.domain.errors import Invalid, Refusal
from server.domain.permissions import NOBODY, Verb
from web.log_ins import asked_again, end, filled, home_of, keep_wish
from web.pages.base import Page, PageRequest
from web.pages.request import unfinished_request

# What an earlier step may have us say on this page.
_DONE = (
    "account.saved",
    "account.password_changed",
    "account.logged_out_elsewhere",
    "verify.welcome",
    "reset.done",
    "invite.welcome",
)


async def show(page: PageRequest) -> Response:
    """The account as it stands."""
    view = await view_account(page.ctx, page.actor)
    done = page.query.get("done", "")
    values = _values(page, view) | {"done": done if done in _DONE else ""}
    return page.render("account.html", problems=[], errors={}, **values)


async def keep(page: PageRequest) -> Response:
    """Keep name, language and size of type; this browser follows at once."""
    form = await page.form()
    name, language, large = filled(form, "name"), filled(form, "language"), bool(filled(form, "large_type"))
    try:
        await keep_preferences(page.ctx, page.actor, name=name, language=language, large_type=large)
    except Refusal as refusal:
        values = _values(page, await view_account(page.ctx, page.actor))
        return asked_again(page, "account.html", refusal, values | {"name": name})
    response = page.redirect("/account", done="account.saved")
    keep_wish(response, "lang", language)
    keep_wish(response, "type", "large" if large else "normal")
    return response


async def renew_password(page: PageRequest) -> Response:
    """Change the password."""
    form = await page.form()
    try:
        await change_password(
            page.ctx,
            page.actor,
            current=filled(form, "current"),
            password=filled(form, "password"),
            cookie=page.cookie,
        )
    except Refusal as refusal:
        values = _values(page, await view_account(page.ctx, page.actor))
        return asked_again(page, "account.html", refusal, values)
    return page.redirect("/account", done="account.password_changed")


async def leave_elsewhere(page: PageRequest) -> Response:
    """End the log-ins on all other devices."""
    await log_out_elsewhere(page.ctx, page.actor, cookie=page.cookie)
    return page.redirect("/account", done="account.logged_out_elsewhere")


async def export(page: PageRequest) -> Response:
    """Everything kept about the actor, as a file."""
    name = f"shuqiao-{page.ctx.clock.now():%Y-%m-%d}.json"
    return Response(
        await export_own_data(page.ctx, page.actor),
        media_type="application/json",
        headers={"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"},
    )


async def show_erase(page: PageRequest) -> Response:
    """What erasing means, before it happens."""
    return page.render("account_erase.html", staff=page.actor.is_staff, problems=[], errors={})


async def erase(page: PageRequest) -> Response:
    """Forget the reader, and show the receipt."""
    form = await page.form()
    try:
        if not filled(form, "confirm"):
            raise Invalid("confirm_needed", "confirm")
        receipt = await erase_own_account(page.ctx, page.actor, current=filled(form, "current"))
    except Refusal as refusal:
        return asked_again(page, "account_erase.html", refusal, {"staff": page.actor.is_staff})
    page.actor = NOBODY
    return end(page, page.render("account_erased.html", receipt=receipt))


def _values(page: PageRequest, view: AccountView) -> dict[str, Any]:
    account = view.account
    return {
        "account": account,
        "library": view.library.name(page.language) if view.library else "",
        "grants": view.grants,
        "name": account.name,
        "home": home_of(page.actor),
        "unfinished": unfinished_request(page),
        "done": "",
    }


PAGES = [
    Page("GET", "/account", Verb.KEEP_ACCOUNT, show),
    Page("POST", "/account", Verb.KEEP_ACCOUNT, keep),
    Page("POST", "/account/password", Verb.KEEP_ACCOUNT, renew_password),
    Page("POST", "/account/log-out-elsewhere", Verb.KEEP_ACCOUNT, leave_elsewhere),
    Page("POST", "/account/export", Verb.KEEP_ACCOUNT, export),
    Page("GET", "/account/erase", Verb.KEEP_ACCOUNT, show_erase),
    Page("POST", "/account/erase", Verb.KEEP_ACCOUNT, erase),
]
