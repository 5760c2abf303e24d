"""Staff are invited by a mailed link; following it makes the account and its roles."""

from dataclasses import dataclass

from server.actions.access import audit
from server.actions.accounts import actor_by_id
from server.actions.grants import add_account, described, give, judge_grants
from server.actions.links import issue_link, look_at_link, mail_link, use_link
from server.actions.logins import LoggedIn, start_login
from server.actions.passwords import passwords_of
from server.context import Context
from server.domain.accounts import (
    OPERATOR,
    Account,
    AccountState,
    checked_language,
    checked_name,
    checked_password,
    judge_grant,
)
from server.domain.errors import Conflict, Invalid
from server.domain.forms import checked_mail
from server.domain.logins import LIFE, Link, Purpose, gone
from server.domain.permissions import Actor, Grant, Role, ScopeKind
from server.store.accounts import account_by_id, account_by_mail, set_password
from server.store.libraries import desks_by_ids, library_by_id
from server.store.logins import delete_logins
from server.store.rows import Reader, Transaction


@dataclass(frozen=True, slots=True)
class Invitation:
    """Who is invited to be what, where. ``library_id`` is where they belong; desks are where they answer."""

    mail: str
    name: str
    library_id: str
    grants: tuple[Grant, ...]
    desk_ids: tuple[str, ...] = ()
    language: str = "zh"


@dataclass(frozen=True, slots=True)
class InvitationView:
    """What the invited person sees before accepting. ``known`` asks for no password: they have one."""

    mail: str
    name: str
    library_zh: str
    library_en: str
    roles: tuple[str, ...]
    known: bool
    staff: bool  # a reader imported by their library otherwise


async def invite_staff(ctx: Context, actor: Actor, invitation: Invitation) -> str:
    """Mail the link, good for seven days; returns it, for an installation without mail.

    Raises NotAllowed where a role lies outside the actor's own scope, Invalid by field.
    """
    checked = Invitation(
        checked_mail(invitation.mail),
        checked_name(invitation.name),
        invitation.library_id,
        invitation.grants,
        invitation.desk_ids,
        checked_language(invitation.language),
    )
    library_name = await _judge(ctx.db.read, actor, checked, checked.language)
    async with ctx.transaction() as tx:
        secret = await issue_link(ctx, tx, Purpose.INVITE, data=_data(checked, by=actor.account_id))
        detail = ", ".join(described(grant) for grant in checked.grants)
        await audit(ctx, tx, actor, "staff.invite", f"mail:{checked.mail}"[:80], detail=detail)
        data = {
            "name": checked.name,
            "inviter": "" if actor == OPERATOR else actor.name,
            "library": library_name,
            "days": LIFE[Purpose.INVITE].days,
            "roles": list(dict.fromkeys(str(grant.role) for grant in checked.grants)),
        }
        return await mail_link(
            ctx, tx, "invite", to=checked.mail, language=checked.language, secret=secret, data=data
        )


async def view_invitation(ctx: Context, secret: str) -> InvitationView:
    """What the link offers. Raises NotFound ``link_gone``."""
    link = await look_at_link(ctx, secret, Purpose.INVITE)
    if link.account_id:
        imported = await account_by_id(ctx.db.read, link.account_id)
        if imported is None or imported.state is not AccountState.PENDING:
            raise gone(Purpose.INVITE)
        library = await library_by_id(ctx.db.read, imported.library_id)
        zh, en = (library.name_zh, library.name_en) if library else ("", "")
        return InvitationView(imported.mail, imported.name, zh, en, (), False, False)
    invitation = _invitation(link)
    known = await account_by_mail(ctx.db.read, invitation.mail)
    library = await library_by_id(ctx.db.read, invitation.library_id)
    return InvitationView(
        mail=invitation.mail,
        name=invitation.name,
        library_zh=library.name_zh if library else "",
        library_en=library.name_en if library else "",
        roles=tuple(str(grant.role) for grant in invitation.grants),
        known=known is not None and known.can_log_in,
        staff=True,
    )


async def accept_invitation(
    ctx: Context, secret: str, *, name: str = "", password: str = ""
) -> LoggedIn | None:
    """Become what the link offers, once.

    A new account is logged in at once; who has one already gains the roles and logs in as ever (None). Raises NotFound
    ``link_gone``, Invalid by field, NotAllowed when the inviter may no longer give these roles.
    """
    view = await view_invitation(ctx, secret)
    password_hash = ""
    if not view.known:
        name = checked_name(name or view.name)
        password_hash = await passwords_of(ctx).hash(checked_password(password, mail=view.mail, name=name))
    async with ctx.transaction() as tx:
        link = await use_link(ctx, tx, secret, Purpose.INVITE)
        if link.account_id:
            return await _begin_imported(ctx, tx, link.account_id, password_hash)
        return await _accept(ctx, tx, link, name=name, password_hash=password_hash)


async def _accept(
    ctx: Context, tx: Transaction, link: Link, *, name: str, password_hash: str
) -> LoggedIn | None:
    invitation = _invitation(link)
    by = str(link.data["by"])
    inviter = OPERATOR if by == OPERATOR.account_id else await actor_by_id(tx, by)
    if inviter is None:
        raise gone(Purpose.INVITE)
    await _judge(tx, inviter, invitation, "zh")  # seven days are long: they may have left meanwhile
    known = await account_by_mail(tx, invitation.mail)
    if known is not None and known.state in (AccountState.DISABLED, AccountState.ERASED):
        raise Conflict("account_closed")
    if known is not None and known.can_log_in:
        await give(ctx, tx, inviter, known, grants=invitation.grants, desk_ids=invitation.desk_ids)
        return None
    if not password_hash:  # the account was closed between looking and accepting
        raise Conflict("account_moved")
    if known is not None:
        await set_password(tx, known.id, password_hash, ctx.clock.now())
    account = known or _new_account(ctx, invitation, name=name, password_hash=password_hash)
    account = await add_account(
        ctx, tx, inviter, account, grants=invitation.grants, desk_ids=invitation.desk_ids
    )
    return await start_login(ctx, tx, account)


async def _begin_imported(ctx: Context, tx: Transaction, account_id: str, password_hash: str) -> LoggedIn:
    if not await set_password(tx, account_id, password_hash, ctx.clock.now()):
        raise gone(Purpose.INVITE)
    await delete_logins(tx, account_id)
    account = await account_by_id(tx, account_id)
    assert account is not None
    return await start_login(ctx, tx, account)


async def _judge(db: Reader, actor: Actor, invitation: Invitation, language: str) -> str:
    """The library's name, for who may give all this. Raises NotAllowed, Invalid."""
    if not invitation.grants:
        raise Invalid("field_required", "role")
    await judge_grants(db, actor, invitation.grants)
    library = await library_by_id(db, invitation.library_id) if invitation.library_id else None
    if library is None and (
        invitation.library_id or any(_needs_library(grant) for grant in invitation.grants)
    ):
        raise Invalid("library_unknown", "library")
    desks = await desks_by_ids(db, invitation.desk_ids)
    for desk_id in invitation.desk_ids:
        if desk_id not in desks:
            raise Invalid("desk_unknown", "desks")
        judge_grant(actor, Grant(Role.LIBRARIAN, ScopeKind.LIBRARY, desks[desk_id].library_id))
    return library.name(language) if library else ""


def _needs_library(grant: Grant) -> bool:
    return grant.role in (Role.LIBRARIAN, Role.INTERN)


def _new_account(ctx: Context, invitation: Invitation, *, name: str, password_hash: str) -> Account:
    now = ctx.clock.now()
    return Account(
        id=ctx.ids.new(),
        mail=invitation.mail,
        name=name,
        password_hash=password_hash,
        library_id=invitation.library_id,
        language=invitation.language,
        card_number="",
        state=AccountState.ACTIVE,
        verified_at=now,
        large_type=False,
        created_at=now,
    )


def _data(invitation: Invitation, *, by: str) -> dict[str, object]:
    return {
        "mail": invitation.mail,
        "name": invitation.name,
        "library_id": invitation.library_id,
        "grants": [[str(grant.role), str(grant.scope), grant.scope_id] for grant in invitation.grants],
        "desk_ids": list(invitation.desk_ids),
        "language": invitation.language,
        "by": by,
    }


def _invitation(link: Link) -> Invitation:
    data = link.data
    return Invitation(
        str(data["mail"]),
        str(data["name"]),
        str(data["library_id"]),
        tuple(Grant(Role(role), ScopeKind(scope), scope_id) for role, scope, scope_id in data["grants"]),
        tuple(data["desk_ids"]),
        str(data["language"]),
    )
