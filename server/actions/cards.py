"""Readers' cards: what a manager sets, and what a reader sees of their own (R-COM.1, R-LOAN.9)."""

from dataclasses import replace

from server.actions.access import audit
from server.context import Context
from server.domain.errors import NotFound
from server.domain.forms import Form
from server.domain.loan_orders import Card, checked_card
from server.domain.permissions import Actor, Thing, Verb, demand
from server.store.accounts import account_by_id
from server.store.cards import card_of, lock_card, save_card


async def own_card(ctx: Context, actor: Actor) -> Card:
    """What the reader may borrow."""
    demand(actor, Verb.KEEP_CART)
    return await card_of(ctx.db.read, actor.account_id)


async def readers_card(ctx: Context, actor: Actor, reader_id: str) -> Card:
    """A reader's card, for who keeps cards at their library. Raises NotFound, NotAllowed."""
    await _demand(ctx, actor, reader_id)
    return await card_of(ctx.db.read, reader_id)


async def set_card(ctx: Context, actor: Actor, reader_id: str, form: Form) -> Card:
    """Set ``kind``, ``group`` and ``barred`` (the reason; empty: not barred): an upgrade, or the way back.

    What the card holds stays as it is, be it more than the new limit. Raises NotFound, NotAllowed, Invalid.
    """
    await _demand(ctx, actor, reader_id)
    kind, group = checked_card(form.raw("kind"), form.raw("group"))
    barred = form.text("barred", limit=200)
    form.demand()
    async with ctx.transaction() as tx:
        card = replace(await lock_card(tx, reader_id, ctx.clock.now()), kind=kind, group=group, barred=barred)
        await save_card(tx, card, ctx.clock.now())
        detail = " ".join(filter(None, (kind, group, "barred" if barred else "")))
        await audit(ctx, tx, actor, "card.set", reader_id, detail=detail)
    return card


async def _demand(ctx: Context, actor: Actor, reader_id: str) -> None:
    demand(actor, Verb.KEEP_CARDS)
    account = await account_by_id(ctx.db.read, reader_id)
    if account is None:
        raise NotFound("reader_not_found")
    demand(actor, Verb.KEEP_CARDS, Thing(library_id=account.library_id))
