"""Managers look at orders: those that people have to decide on first, and any by number, reader and state (R-COM.3)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from server.actions.access import access_order, audit
from server.actions.orders import Fact, tell
from server.context import Context
from server.domain.accounts import Account
from server.domain.cases import demand_text
from server.domain.loan_fold import OrderState
from server.domain.loan_orders import Card
from server.domain.loan_policies import LoanPolicy
from server.domain.loan_rows import LoanLine, LoanOrder
from server.domain.loans import House
from server.domain.order_numbers import read_number
from server.domain.permissions import Actor, Verb, demand, library_scopes
from server.store.accounts import account_by_id
from server.store.cards import card_of
from server.store.order_lists import OrderChoice, count_states, orders_chosen
from server.store.orders import lines_of
from server.store.policies import loan_policy_at

PAGE = 50
REASON_LIMIT = 300
TABS: Mapping[str, tuple[OrderState, ...]] = {
    "review": (OrderState.AWAITING_REVIEW,),
    "approved": (
        *(OrderState.APPROVED, OrderState.FETCHING, OrderState.PICKED, OrderState.PACKED),
        *(OrderState.WITH_COURIER, OrderState.ON_HOLD_SHELF, OrderState.ON_LOAN, OrderState.RETURNING),
    ),
    "refused": (OrderState.REFUSED,),
    "all": (),
}


@dataclass(frozen=True, slots=True)
class ReviewPage:
    """A stretch of the list with each order's books; ``more`` follow after it. ``counts``: orders by tab."""

    orders: Sequence[LoanOrder]
    lines: Mapping[str, Sequence[LoanLine]]
    counts: Mapping[str, int]
    more: bool


@dataclass(frozen=True, slots=True)
class Borrower:
    """The reader behind an order, as who reviews it needs to know them."""

    account: Account | None
    card: Card
    policy: LoanPolicy


async def review_page(
    ctx: Context, actor: Actor, tab: str, *, search: str = "", state: str = "", after: str = ""
) -> ReviewPage:
    """The manager's list; what waits for review has the oldest first, everything else the newest."""
    demand(actor, Verb.REVIEW_ORDER)
    db, scope = ctx.db.read, library_scopes(actor, Verb.REVIEW_ORDER)
    states = TABS.get(tab, ())
    if state in frozenset(OrderState):
        states = (OrderState(state),)
    number = read_number(search)
    found = await orders_chosen(
        db,
        OrderChoice(
            scope=scope,
            states=tuple(str(each) for each in states),
            number=number,
            text="" if number else search.strip()[:60],
            after=after,
            oldest_first=tab == "review",
        ),
        limit=PAGE + 1,
    )
    orders = found[:PAGE]
    by_state = await count_states(db, scope)
    counts = {name: sum(by_state.get(each, 0) for each in some) for name, some in TABS.items() if some}
    lines = await lines_of(db, [order.id for order in orders]) if orders else {}
    return ReviewPage(orders, lines, counts, len(found) > PAGE)


async def borrower_of(ctx: Context, actor: Actor, order_id: str) -> Borrower:
    """Who ordered, with their card. Raises NotFound."""
    db = ctx.db.read
    order = await access_order(db, actor, order_id, Verb.READ_ORDER)
    policy = await loan_policy_at(db, order.library_id, ctx.clock.now())
    return Borrower(await account_by_id(db, order.reader_id), await card_of(db, order.reader_id), policy)


async def approve_order(ctx: Context, actor: Actor, order_id: str) -> None:
    """Approve an order that waits for review: copies are looked for at once (R-COM.3).

    Raises NotAllowed for one's own order, Conflict ``loan_stage`` when somebody was faster.
    """
    await access_order(ctx.db.read, actor, order_id, Verb.REVIEW_ORDER)
    async with ctx.transaction() as tx:
        await tell(ctx, tx, order_id, [Fact(House.APPROVED, data={"by": "people"})], actor=actor)
        await audit(ctx, tx, actor, "order.approve", f"order:{order_id}")


async def refuse_order(ctx: Context, actor: Actor, order_id: str, reason: str) -> None:
    """Refuse an order with the reason that its reader is told (R-COM.3). Raises Invalid without one."""
    await access_order(ctx.db.read, actor, order_id, Verb.REVIEW_ORDER)
    words = demand_text(reason, "reason", REASON_LIMIT)
    async with ctx.transaction() as tx:
        fact = Fact(House.REFUSED, data={"by": "people", "reason": words})
        await tell(ctx, tx, order_id, [fact], actor=actor)
        await audit(ctx, tx, actor, "order.refuse", f"order:{order_id}", detail=words)
