"""The screen for policy values: what each means, its rule, its default, and since when it holds."""

from starlette.responses import Response

from server.actions.libraries import access_library
from server.actions.policies import list_policies, set_policy, withdraw_policy
from server.domain.errors import NotFound
from server.domain.forms import Form, cents_of, yuan
from server.domain.permissions import Verb
from server.domain.policy_bounds import HIGHEST
from web.pages.base import Page, PageRequest
from web.pages.managing import CORRECTABLE, alliance_wide, filled, said, show

_HERE = "/manage/policies"


async def policies(page: PageRequest) -> Response:
    """Every value of the alliance, or of a library."""
    return await _screen(page, _library_id(page, page.query.get("library")))


async def set_value(page: PageRequest) -> Response:
    """Set one value from a moment on."""
    form = await filled(page)
    library_id = form.raw("library")
    try:
        await set_policy(page.ctx, page.actor, library_id, form=_in_cents(form))
    except CORRECTABLE as refusal:
        name = form.raw("name")
        errors = {
            field if field == "valid_from" else "value": words
            for field, words in said(page, refusal, fallback="value").items()
        }
        return await _screen(page, library_id, wrong=name, errors=errors, typed=form.raw("value"), status=422)
    return page.redirect(_HERE, library=library_id, done="saved")


async def withdraw(page: PageRequest) -> Response:
    """Take back a value that does not hold yet."""
    entry = await withdraw_policy(page.ctx, page.actor, page.path["id"])
    return page.redirect(_HERE, library=entry.library_id, done="removed")


async def _screen(
    page: PageRequest,
    library_id: str,
    *,
    wrong: str = "",
    errors: dict[str, str] | None = None,
    typed: str = "",
    status: int = 200,
) -> Response:
    library = (
        await access_library(page.ctx, page.actor, library_id, Verb.KEEP_POLICIES) if library_id else None
    )
    return show(
        page,
        "manage_policies.html",
        status=status,
        lines=await list_policies(page.ctx, page.actor, library_id),
        library=library,
        library_id=library_id,
        wide=alliance_wide(page, Verb.KEEP_POLICIES),
        wrong=wrong,
        errors=errors or {},
        typed=typed,
        yuan=yuan,
    )


def _in_cents(form: Form) -> Form:
    """Money is filled in in yuan and set in cents. Raises Invalid ``amount_wrong``."""
    value = form.raw("value")
    if value and form.raw("name").endswith("_cents"):
        value = str(cents_of(value, "value", high=HIGHEST))
    return Form({name: form.raw(name) for name in ("name", "valid_from")} | {"value": value})


def _library_id(page: PageRequest, asked: str | None) -> str:
    """The library asked for; else the alliance for those who keep it, and one's own library for the others."""
    if asked is not None:
        return asked
    if alliance_wide(page, Verb.KEEP_POLICIES):
        return ""
    if not page.actor.library_id:
        raise NotFound("library_not_found")
    return page.actor.library_id


PAGES = [
    Page("GET", _HERE, Verb.KEEP_POLICIES, policies),
    Page("POST", _HERE, Verb.KEEP_POLICIES, set_value),
    Page("POST", f"{_HERE}/{{id}}/withdraw", Verb.KEEP_POLICIES, withdraw),
]
