"""What an operator types, looked up: accounts by mail address, libraries and desks by short name, role@scope."""

from collections.abc import Sequence

from server.actions.passwords import passwords_of
from server.context import Context
from server.domain.accounts import (
    AT_STORES,
    Account,
    AccountState,
    checked_language,
    checked_name,
    checked_password,
)
from server.domain.errors import Invalid
from server.domain.forms import checked_mail
from server.domain.permissions import Grant, Role, ScopeKind
from server.store.accounts import account_by_mail
from server.store.libraries import desk_by_slug, libraries_by_ids, library_by_slug
from server.store.stores import store_by_code, stores_by_ids


async def account_named(ctx: Context, mail: str) -> Account:
    """The account with this mail address. Raises Invalid."""
    account = await account_by_mail(ctx.db.read, mail.strip().lower())
    if account is None:
        raise Invalid("account_not_found", "mail")
    return account


async def library_named(ctx: Context, slug: str, field: str = "library") -> str:
    """The id of the library with this short name; nothing for nothing. Raises Invalid."""
    if not slug:
        return ""
    library = await library_by_slug(ctx.db.read, slug)
    if library is None:
        raise Invalid("library_unknown", field)
    return library.id


async def desk_ids_named(ctx: Context, slugs: Sequence[str]) -> list[str]:
    """The ids of the desks with these short names. Raises Invalid."""
    ids = []
    for slug in slugs:
        desk = await desk_by_slug(ctx.db.read, slug)
        if desk is None:
            raise Invalid("desk_unknown", "desk")
        ids.append(desk.id)
    return ids


async def grant_named(ctx: Context, text: str, own_library_id: str) -> Grant:
    """The grant that ``role@scope`` means; without a scope the person's own library. Raises Invalid."""
    name, _, scope = text.partition("@")
    if name not in set(Role):
        raise Invalid(
            "role_unknown", "role", roles=", ".join(role for role in Role if role is not Role.READER)
        )
    role = Role(name)
    if scope == "alliance" or (not scope and role is Role.ADMINISTRATOR):
        return Grant(role, ScopeKind.ALLIANCE)
    if role in AT_STORES and scope and (store := await store_by_code(ctx.db.read, scope)):
        return Grant(role, ScopeKind.STORE, store.id)
    if scope:
        return Grant(role, ScopeKind.LIBRARY, await library_named(ctx, scope, "role"))
    if not own_library_id:
        raise Invalid("scope_wrong", "role")
    return Grant(role, ScopeKind.LIBRARY, own_library_id)


async def scope_names(ctx: Context, grants: Sequence[Grant]) -> dict[str, str]:
    """The short names of the libraries and the codes of the stores that these grants hold in, by id."""
    ids = sorted({grant.scope_id for grant in grants if grant.scope is ScopeKind.LIBRARY})
    stores = await stores_by_ids(
        ctx.db.read, [grant.scope_id for grant in grants if grant.scope is ScopeKind.STORE]
    )
    libraries = await libraries_by_ids(ctx.db.read, ids)
    return {library.id: library.slug for library in libraries.values()} | {
        store.id: store.code for store in stores.values()
    }


async def new_account(
    ctx: Context, *, mail: str, name: str, library_id: str, language: str, password: str
) -> Account:
    """An account ready to be added; its mail address counts as proved. Raises Invalid by field."""
    mail, name = checked_mail(mail), checked_name(name)
    now = ctx.clock.now()
    return Account(
        id=ctx.ids.new(),
        mail=mail,
        name=name,
        password_hash=await passwords_of(ctx).hash(checked_password(password, mail=mail, name=name)),
        library_id=library_id,
        language=checked_language(language),
        card_number="",
        state=AccountState.ACTIVE,
        verified_at=now,
        large_type=False,
        created_at=now,
    )
