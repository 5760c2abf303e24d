"""A reader's address book."""

from server.context import Context
from server.domain.errors import NotFound, TooMany
from server.domain.forms import Form
from server.domain.loan_orders import Address, checked_phone
from server.domain.permissions import Actor, Verb, demand
from server.store.cards import address_of, addresses_of, remove_address, save_address

MOST = 20


async def list_addresses(ctx: Context, actor: Actor) -> list[Address]:
    """The reader's addresses, the usual one first."""
    demand(actor, Verb.KEEP_CART)
    return await addresses_of(ctx.db.read, actor.account_id)


async def keep_address(ctx: Context, actor: Actor, form: Form, *, address_id: str = "") -> Address:
    """Add an address, or change one: ``name``, ``phone``, ``region``, ``line``, ``default``.

    The first one is the usual one. Raises FormRefused, NotFound for somebody else's, TooMany.
    """
    demand(actor, Verb.KEEP_CART)
    known = await addresses_of(ctx.db.read, actor.account_id)
    if address_id and address_id not in {each.id for each in known}:
        raise NotFound("address_not_found")
    if not address_id and len(known) >= MOST:
        raise TooMany("addresses_full", limit=MOST)
    others = [each for each in known if each.id != address_id]
    address = Address(
        id=address_id or ctx.ids.new(),
        reader_id=actor.account_id,
        name=form.text("name", limit=60, required=True),
        phone=form.read(lambda: checked_phone(form.raw("phone")), ""),
        region=form.text("region", limit=100),
        line=form.text("line", limit=200, required=True),
        is_default=form.switch("default") or not any(each.is_default for each in others),
    )
    form.demand()
    async with ctx.transaction() as tx:
        await save_address(tx, address, ctx.clock.now())
    return address


async def drop_address(ctx: Context, actor: Actor, address_id: str) -> None:
    """Forget an address; orders keep what was written on them. Raises NotFound."""
    demand(actor, Verb.KEEP_CART)
    async with ctx.transaction() as tx:
        if not await remove_address(tx, actor.account_id, address_id):
            raise NotFound("address_not_found")


async def own_address(ctx: Context, actor: Actor, address_id: str) -> Address:
    """One of the reader's addresses. Raises NotFound."""
    found = await address_of(ctx.db.read, actor.account_id, address_id)
    if found is None:
        raise NotFound("address_not_found")
    return found
