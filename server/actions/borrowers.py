"""Readers as who keeps their cards sees them: found by name, with card, orders and cases (R-COM.1, R-COM.6)."""

from collections.abc import Sequence
from dataclasses import dataclass

from server.context import Context
from server.domain.accounts import Account
from server.domain.cases import Case
from server.domain.errors import NotFound
from server.domain.loan_orders import Card
from server.domain.loan_policies import LoanPolicy
from server.domain.loan_rows import LoanOrder
from server.domain.permissions import Actor, Thing, Verb, demand, library_scopes, may
from server.store.accounts import account_by_id
from server.store.cards import card_of
from server.store.cases import cases_of_reader
from server.store.order_lists import borrowers_like, orders_of_reader
from server.store.policies import loan_policy_at

FOUND = 50


@dataclass(frozen=True, slots=True)
class BorrowerPage:
    """A reader with what they may borrow, have borrowed, and have asked."""

    account: Account
    card: Card
    policy: LoanPolicy
    orders: Sequence[LoanOrder]
    cases: Sequence[Case]


async def find_borrowers(ctx: Context, actor: Actor, search: str) -> list[tuple[Account, Card]]:
    """Readers of the actor's libraries by a part of name or mail, or by card number, with their cards."""
    demand(actor, Verb.KEEP_CARDS)
    wanted = search.strip()[:60]
    if not wanted:
        return []
    scope = library_scopes(actor, Verb.KEEP_CARDS)
    return await borrowers_like(ctx.db.read, wanted, scope, limit=FOUND)


async def borrower_page(ctx: Context, actor: Actor, reader_id: str) -> BorrowerPage:
    """One reader. Raises NotFound for what is not and what is not theirs alike."""
    db = ctx.db.read
    account = await account_by_id(db, reader_id)
    if account is None or not may(actor, Verb.KEEP_CARDS, Thing(account.library_id)):
        raise NotFound("reader_not_found")
    return BorrowerPage(
        account,
        await card_of(db, reader_id),
        await loan_policy_at(db, account.library_id, ctx.clock.now()),
        await orders_of_reader(db, reader_id, limit=FOUND),
        await cases_of_reader(db, reader_id, limit=FOUND),
    )
