"""Readers' cards: what a manager sets, and what a reader sees of their own (R-COM.1, R-LOAN.9)."""

from dataclasses import replace

from server.actions.access import audit
from server.context import Context
from server.domain.errors import NotFound
from server.domain.forms import Form
from server.domain.loan_orders import Card, checked_card
from server.domain.loan_policies import LoanPolicy
from server.domain.permissions import Actor, Thing, Verb, demand
from server.store.accounts import account_by_id
from server.store.cards import card_of, lock_card, save_card
from server.store.policies import loan_policy_at


async def loan_rules(ctx: Context, actor: Actor) -> LoanPolicy:
    """The values in force for this reader's library, as everybody may read them (R-LOAN.10)."""
    demand(actor, Verb.SEARCH_TITLES)
    return await loan_policy_at(ctx.db.read, actor.library_id, ctx.clock.now())


async def own_card(ctx: Context, actor: Actor) -> tuple[Card, LoanPolicy]:
    """What the reader may borrow, under the values in force."""
    demand(actor, Verb.KEEP_CART)
    policy = await loan_policy_at(ctx.db.read, actor.library_id, ctx.clock.now())
    return await card_of(ctx.db.read, actor.account_id), policy


async def readers_card(ctx: Context, actor: Actor, reader_id: str) -> tuple[Card, LoanPolicy]:
    """A reader's card, for who keeps cards at their library. Raises NotFound, NotAllowed."""
    policy = await _demand(ctx, actor, reader_id)
    return await card_of(ctx.db.read, reader_id), policy


async def set_card(ctx: Context, actor: Actor, reader_id: str, form: Form) -> tuple[Card, LoanPolicy]:
    """Set ``kind``, ``group`` and ``barred`` (the reason; empty: not barred): an upgrade, or the way back.

    What the card holds stays as it is, be it more than the new limit. Raises NotFound, NotAllowed, Invalid.
    """
    policy = await _demand(ctx, actor, reader_id)
    kind, group = checked_card(form.raw("kind"), form.raw("group"))
    barred = form.text("barred", limit=200)
    form.demand()
    async with ctx.transaction() as tx:
        card = await lock_card(tx, reader_id, ctx.clock.now())
        card = replace(card, kind=kind, group=group, barred=barred)
        await save_card(tx, card, ctx.clock.now())
        detail = " ".join(filter(None, (kind, group, "barred" if barred else "")))
        await audit(ctx, tx, actor, "card.set", reader_id, detail=detail)
    return card, policy


async def _demand(ctx: Context, actor: Actor, reader_id: str) -> LoanPolicy:
    demand(actor, Verb.KEEP_CARDS)
    account = await account_by_id(ctx.db.read, reader_id)
    if account is None:
        raise NotFound("reader_not_found")
    demand(actor, Verb.KEEP_CARDS, Thing(library_id=account.library_id))
    return await loan_policy_at(ctx.db.read, account.library_id, ctx.clock.now())
