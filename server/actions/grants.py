"""Roles given and taken, each within a scope; every change is audited."""

from collections.abc import Sequence

from server.actions.access import audit
from server.actions.passwords import passwords_of
from server.actions.staff import seat_staff
from server.context import Context
from server.domain.accounts import (
    Account,
    AccountState,
    checked_password,
    judge_closing,
    judge_grant,
    judge_revocation,
)
from server.domain.errors import Conflict, Invalid, NotFound
from server.domain.events import AccountChanged
from server.domain.permissions import Actor, Grant, Role, ScopeKind, Verb, demand, library_scopes
from server.store.accounts import (
    account_by_id,
    account_by_mail,
    add_grant,
    count_administrators,
    grants_of,
    insert_account,
    remove_grant,
    set_password,
    set_state,
    staff_accounts,
)
from server.store.logins import delete_logins
from server.store.postings import close_duty
from server.store.rows import Reader, Transaction
from server.store.stores import stores_by_ids

MANAGING = (Role.MANAGER, Role.ADMINISTRATOR)


async def add_account(
    ctx: Context,
    tx: Transaction,
    actor: Actor,
    account: Account,
    *,
    grants: Sequence[Grant] = (),
    desk_ids: Sequence[str] = (),
) -> Account:
    """Add a ready account with its roles and desks, for seeds and the command line.

    An address that has an account already keeps it and gains what is missing. Raises NotAllowed, Invalid.
    """
    await judge_grants(tx, actor, grants)
    if not await insert_account(tx, account):
        known = await account_by_mail(tx, account.mail)
        assert known is not None
        account = known
    await give(ctx, tx, actor, account, grants=grants, desk_ids=desk_ids)
    return account


async def grant_role(ctx: Context, actor: Actor, account_id: str, grant: Grant) -> None:
    """Give somebody a role. Raises NotAllowed outside one's own scope, NotFound, Conflict ``grant_held``."""
    async with ctx.transaction() as tx:
        await judge_grants(tx, actor, [grant])
        account = await _open_account(tx, account_id)
        if grant in await grants_of(tx, account_id):
            raise Conflict("grant_held")
        await give(ctx, tx, actor, account, grants=[grant])


async def give(
    ctx: Context,
    tx: Transaction,
    actor: Actor,
    account: Account,
    *,
    grants: Sequence[Grant],
    desk_ids: Sequence[str] = (),
) -> None:
    """Add roles and desks that have been judged already; who answers gets a duty row."""
    now = ctx.clock.now()
    for grant in grants:
        if await add_grant(tx, account.id, grant, grant_id=ctx.ids.new(), by=actor.account_id, at=now):
            await audit(ctx, tx, actor, "role.grant", f"account:{account.id}", detail=described(grant))
    await seat_staff(ctx, tx, account.id, desk_ids)


async def revoke_role(ctx: Context, actor: Actor, account_id: str, grant: Grant) -> None:
    """Take a role away; it ends with the next request.

    Raises NotAllowed, NotFound, Conflict ``last_administrator`` and ``own_account`` for one's own managing role.
    """
    async with ctx.transaction() as tx:
        await judge_grants(tx, actor, [grant])
        if account_id == actor.account_id and grant.role in MANAGING:
            raise Conflict("own_account")
        await tx.lock("administrators")  # two who revoke each other must not both succeed
        left, stores = await count_administrators(tx), await libraries_of_stores(tx, [grant])
        judge_revocation(actor, grant, administrators=left, stores=stores)
        account = await account_by_id(tx, account_id)
        if account is None or not await remove_grant(tx, account_id, grant):
            raise NotFound("grant_not_found")
        await audit(ctx, tx, actor, "role.revoke", f"account:{account_id}", detail=described(grant))
        await seat_staff(ctx, tx, account.id)
        tx.announce(AccountChanged(account_id))


async def set_account_open(ctx: Context, actor: Actor, account_id: str, *, is_open: bool) -> None:
    """Close a staff account, or open it again; closing ends its log-ins at once.

    Raises NotAllowed, NotFound, Conflict ``last_administrator`` and ``own_account``.
    """
    if account_id == actor.account_id:
        raise Conflict("own_account")
    async with ctx.transaction() as tx:
        await tx.lock("administrators")
        account = await account_by_id(tx, account_id)
        if account is None or account.state is AccountState.ERASED:
            raise NotFound("account_not_found")
        others = 2 if is_open else await count_administrators(tx)  # opening takes nobody away
        held = await grants_of(tx, account_id)
        stores = await libraries_of_stores(tx, held)
        judge_closing(actor, held, administrators=others, stores=stores)
        await set_state(tx, account_id, AccountState.ACTIVE if is_open else AccountState.DISABLED)
        if not is_open:
            await delete_logins(tx, account_id)
            await close_duty(tx, account_id)
            tx.announce(AccountChanged(account_id))
        else:
            await seat_staff(ctx, tx, account.id)
        await audit(ctx, tx, actor, "account.open" if is_open else "account.close", f"account:{account_id}")


async def list_staff(
    ctx: Context, actor: Actor, *, search: str = "", after: str = "", limit: int = 100
) -> list[tuple[Account, tuple[Grant, ...]]]:
    """The staff that the actor keeps, by mail address. Raises NotAllowed."""
    demand(actor, Verb.KEEP_STAFF)
    scope = library_scopes(actor, Verb.KEEP_STAFF)
    return await staff_accounts(ctx.db.read, scope=scope, search=search, after=after, limit=limit)


async def judge_grants(db: Reader, actor: Actor, grants: Sequence[Grant]) -> None:
    """Whether the actor may give or take all of these. Raises NotAllowed, Invalid."""
    stores = await libraries_of_stores(db, grants)
    for grant in grants:
        if grant.scope is ScopeKind.STORE and grant.scope_id and grant.scope_id not in stores:
            raise Invalid("scope_wrong", "scope")
        judge_grant(actor, grant, stores)


async def libraries_of_stores(db: Reader, grants: Sequence[Grant]) -> dict[str, str]:
    """The libraries of the stores that grants name, by the stores' ids."""
    named = [grant.scope_id for grant in grants if grant.scope is ScopeKind.STORE]
    return {store.id: store.library_id for store in (await stores_by_ids(db, named)).values()}


def described(grant: Grant) -> str:
    """A grant in one word for the audit trail: manager@library:01H…"""
    return f"{grant.role}@{grant.scope}" + (f":{grant.scope_id}" if grant.scope_id else "")


async def _open_account(tx: Transaction, account_id: str) -> Account:
    account = await account_by_id(tx, account_id)
    if account is None or account.state in (AccountState.DISABLED, AccountState.ERASED):
        raise NotFound("account_not_found")
    return account


async def give_password(ctx: Context, actor: Actor, account_id: str, *, password: str) -> None:
    """Set somebody's password at the machine itself and end all their log-ins. Raises Invalid, NotFound."""
    demand(actor, Verb.KEEP_STAFF)
    account = await account_by_id(ctx.db.read, account_id)
    if account is None:
        raise NotFound("account_not_found")
    chosen = checked_password(password, mail=account.mail, name=account.name)
    password_hash = await passwords_of(ctx).hash(chosen)
    async with ctx.transaction() as tx:
        judge_closing(actor, await grants_of(tx, account_id), administrators=2)
        if not await set_password(tx, account_id, password_hash, ctx.clock.now()):
            raise NotFound("account_not_found")
        await delete_logins(tx, account_id)
        tx.announce(AccountChanged(account_id))
        await audit(ctx, tx, actor, "account.password", f"account:{account_id}")
