"""Screens for staff: who works here, inviting them, their roles and desks."""

from collections.abc import Sequence

from starlette.responses import Response

from server.actions.grants import MANAGING, grant_role, list_staff, revoke_role, set_account_open
from server.actions.invitations import Invitation, invite_staff
from server.actions.libraries import list_libraries
from server.actions.staff import StaffView, set_desks, show_staff
from server.actions.stores import kept_stores
from server.domain.accounts import AccountState, answering_role
from server.domain.desks import LANGUAGES, Library
from server.domain.errors import Conflict, Invalid
from server.domain.forms import Form, edition_of
from server.domain.loan_rows import Store
from server.domain.permissions import ANSWERING, STAFF, Grant, Role, ScopeKind, Verb
from server.words.catalogue import text
from web.pages.base import Page, PageRequest
from web.pages.managing import (
    CORRECTABLE,
    Fill,
    alliance_wide,
    chosen,
    every_desk,
    filled,
    refill,
    said,
    show,
)

PAGE = 50
_HERE = "/manage/staff"


async def staff(page: PageRequest) -> Response:
    """The staff one keeps, found by name or mail address."""
    search, after = page.query.get("q", "")[:100], page.query.get("after", "")
    found = await list_staff(page.ctx, page.actor, search=search, after=after, limit=PAGE + 1)
    return show(
        page,
        "manage_staff.html",
        staff=found[:PAGE],
        more=found[PAGE - 1][0].mail if len(found) > PAGE else "",
        search=search,
        after=after,
    )


async def invite(page: PageRequest) -> Response:
    """An empty invitation."""
    blank = {"role": Role.LIBRARIAN, "library": page.actor.library_id, "language": "zh"}
    return await _invitation(page, Fill(blank))


async def send(page: PageRequest) -> Response:
    """Mail the invitation; the link is shown too, for who has no mail yet."""
    form, desk_ids = await filled(page), await chosen(page, "desk")
    try:
        invitation = Invitation(
            mail=form.raw("mail"),
            name=form.raw("name"),
            library_id=form.raw("library"),
            grants=(_grant(form),),
            desk_ids=tuple(desk_ids),
            language=form.raw("language") or "zh",
        )
        link = await invite_staff(page.ctx, page.actor, invitation)
    except CORRECTABLE as refusal:
        fill = await refill(page, refusal, fallback="mail")
        return await _invitation(page, fill, desk_ids=desk_ids, status=422)
    return show(page, "manage_invited.html", link=link, mail=form.raw("mail"))


async def _invitation(
    page: PageRequest, fill: Fill, *, desk_ids: list[str] | None = None, status: int = 200
) -> Response:
    return show(
        page,
        "manage_invite.html",
        status=status,
        fill=fill,
        roles=_roles(page),
        languages=LANGUAGES,
        wide=alliance_wide(page, Verb.KEEP_STAFF),
        libraries=await _libraries(page),
        stores=await kept_stores(page.ctx, page.actor),
        desks=await every_desk(page),
        chosen=set(desk_ids or ()),
    )


async def member(page: PageRequest) -> Response:
    """Somebody's roles and desks."""
    return await _member(page, await show_staff(page.ctx, page.actor, page.path["id"]), Fill())


async def save_desks(page: PageRequest) -> Response:
    """Say where they answer."""
    view = await show_staff(page.ctx, page.actor, page.path["id"])
    form, ticked = await filled(page), await chosen(page, "desk")
    try:
        await set_desks(page.ctx, page.actor, view.account.id, ticked, form=form)
    except Conflict as refusal:
        view = await show_staff(page.ctx, page.actor, view.account.id)
        return await _member(page, view, Fill(errors=said(page, refusal)), status=422)
    return page.redirect(f"{_HERE}/{view.account.id}", done="saved")


async def add_role(page: PageRequest) -> Response:
    """Give a role."""
    view = await show_staff(page.ctx, page.actor, page.path["id"])
    try:
        await grant_role(page.ctx, page.actor, view.account.id, _grant(await filled(page)))
    except CORRECTABLE as refusal:
        return await _member(page, view, await refill(page, refusal, fallback="role"), status=422)
    return page.redirect(f"{_HERE}/{view.account.id}", done="added")


async def remove_role(page: PageRequest) -> Response:
    """Take a role away; who has none left is no longer in the list."""
    view = await show_staff(page.ctx, page.actor, page.path["id"])
    try:
        await revoke_role(page.ctx, page.actor, view.account.id, _grant(await filled(page)))
    except CORRECTABLE as refusal:
        return await _member(page, view, await refill(page, refusal, fallback="role"), status=422)
    last = len(view.grants) == 1
    return page.redirect(_HERE if last else f"{_HERE}/{view.account.id}", done="removed")


async def open_account(page: PageRequest) -> Response:
    """Close the account, or open it again."""
    view = await show_staff(page.ctx, page.actor, page.path["id"])
    is_open = (await filled(page)).switch("open")
    try:
        await set_account_open(page.ctx, page.actor, view.account.id, is_open=is_open)
    except CORRECTABLE as refusal:
        return await _member(page, view, await refill(page, refusal, fallback="account"), status=422)
    return page.redirect(f"{_HERE}/{view.account.id}", done="saved")


async def _member(page: PageRequest, view: StaffView, fill: Fill, *, status: int = 200) -> Response:
    libraries, stores = await _libraries(page), await kept_stores(page.ctx, page.actor)
    places: dict[str, Library | Store] = {library.id: library for library in libraries}
    places |= {store.id: store for store in stores}
    mine = {desk.id for desk in view.desks}
    kept = await every_desk(page)
    kept_ids = {desk.id for desk in kept}
    return show(
        page,
        "manage_member.html",
        status=status,
        view=view,
        fill=fill,
        roles=_roles(page),
        wide=alliance_wide(page, Verb.KEEP_STAFF),
        libraries=libraries,
        stores=stores,
        places=places,
        desks=[*(d for d in view.desks if d.id in kept_ids), *(d for d in kept if d.id not in mine)],
        elsewhere=[desk for desk in view.desks if desk.id not in kept_ids],
        mine=mine,
        edition=edition_of(tuple(sorted(mine))),
        closed=view.account.state is AccountState.DISABLED,
        own=view.account.id == page.actor.account_id,
        managing=MANAGING,
        parting={grant: _parting(grant, view.grants, page.language) for grant in view.grants},
    )


def _parting(grant: Grant, held: Sequence[Grant], language: str) -> list[tuple[str, dict[str, str]]]:
    """What goes with a role and what becomes of open conversations: words and their values, for who takes it away."""
    rest = [each for each in held if each != grant]
    elsewhere = any(each.role is grant.role for each in rest)
    said: list[tuple[str, dict[str, str]]] = [
        ("manage.loses_scope" if elsewhere else f"manage.loses.{grant.role}", {})
    ]
    answering = answering_role(rest)
    if grant.role in ANSWERING and answering is None:
        said.append(("manage.loses_talks", {}))
    elif grant.role in ANSWERING and answering is not None:
        said.append(("manage.keeps_talks", {"role": text(f"role.{answering.role}", language)}))
    return [*said, ("manage.role_again" if rest else "manage.role_last", {})]


def _grant(form: Form) -> Grant:
    """The role and scope that were chosen. Raises Invalid."""
    role = form.raw("role")
    if role not in STAFF:
        raise Invalid("choice_wrong", "role", choices=", ".join(sorted(STAFF)), text=role)
    if form.raw("scope") == ScopeKind.ALLIANCE:
        return Grant(Role(role), ScopeKind.ALLIANCE)
    if form.raw("scope") == ScopeKind.STORE:
        return Grant(Role(role), ScopeKind.STORE, form.raw("store"))
    return Grant(Role(role), ScopeKind.LIBRARY, form.raw("library"))


def _roles(page: PageRequest) -> list[str]:
    """The roles that may be given, in the order of the permission table; an administrator makes administrators."""
    gives_all = Role.ADMINISTRATOR in page.actor.roles
    return [str(role) for role in Role if role in STAFF and (gives_all or role is not Role.ADMINISTRATOR)]


async def _libraries(page: PageRequest) -> list[Library]:
    """The libraries whose staff one keeps."""
    found: list[Library] = []
    while len(found) < 1000:  # the alliance has some 300
        some = await list_libraries(page.ctx, page.actor, "", after=found[-1].slug if found else "")
        found += some[:PAGE]
        if len(some) <= PAGE:
            break
    return found


PAGES = [
    Page("GET", _HERE, Verb.KEEP_STAFF, staff),
    Page("GET", f"{_HERE}/invite", Verb.KEEP_STAFF, invite),
    Page("POST", f"{_HERE}/invite", Verb.KEEP_STAFF, send),
    Page("GET", f"{_HERE}/{{id}}", Verb.KEEP_STAFF, member),
    Page("POST", f"{_HERE}/{{id}}/desks", Verb.KEEP_STAFF, save_desks),
    Page("POST", f"{_HERE}/{{id}}/roles", Verb.KEEP_STAFF, add_role),
    Page("POST", f"{_HERE}/{{id}}/roles/remove", Verb.KEEP_STAFF, remove_role),
    Page("POST", f"{_HERE}/{{id}}/account", Verb.KEEP_STAFF, open_account),
]
