"""My orders: what is on loan, under way, kept ready, and what was (R-COM.2, R-COM.4)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from server.context import Context
from server.domain.lending import TitleComment
from server.domain.loan_orders import Card
from server.domain.loan_policies import LoanPolicy
from server.domain.loan_rows import LoanLine, LoanOrder
from server.domain.loans import House, Stage, allowed
from server.domain.permissions import Actor, Verb, demand
from server.store.cards import card_of
from server.store.loan_catalogue import comments_by
from server.store.loan_policies import loan_policy
from server.store.my_orders import asked_among, oldest_desk, orders_over, orders_under_way
from server.store.orders import lines_of
from server.store.policies import loan_policy_at

PAGE = 20
_END_OF_TIME = datetime(9999, 1, 1, tzinfo=UTC)
AT_HOME = (Stage.ON_LOAN, Stage.RETURN_BOOKED)


@dataclass(frozen=True, slots=True)
class OwnLine:
    """A book of an order with what its reader may do about it."""

    line: LoanLine
    order: LoanOrder
    overdue: bool
    why_not: str  # why it cannot be renewed: the refusal's code; empty where it can
    can_return: bool
    can_cancel: bool


@dataclass(frozen=True, slots=True)
class OwnOrder:
    """An order with its books."""

    order: LoanOrder
    lines: Sequence[OwnLine]


@dataclass(frozen=True, slots=True)
class MyOrders:
    """The whole page; ``at_home`` are the books that the reader has, the one due first before the others."""

    at_home: Sequence[OwnLine]
    under_way: Sequence[OwnOrder]
    card: Card
    policy: LoanPolicy
    over: Sequence[OwnOrder]
    more: tuple[datetime, str] | None
    comments: Sequence[tuple[TitleComment, str]]


async def my_orders(
    ctx: Context, actor: Actor, *, before: datetime | None = None, before_id: str = ""
) -> MyOrders:
    """Everything about the reader's loans; history page by page."""
    demand(actor, Verb.READ_ORDER)
    db, now = ctx.db.read, ctx.clock.now()
    under_way = await own_orders(ctx, actor, await orders_under_way(db, actor.account_id))
    found = await orders_over(
        db, actor.account_id, before=before or _END_OF_TIME, before_id=before_id, limit=PAGE + 1
    )
    over = await own_orders(ctx, actor, found[:PAGE])
    last = found[PAGE - 1] if len(found) > PAGE else None
    at_home = [line for own in under_way for line in own.lines if line.line.state in AT_HOME]
    return MyOrders(
        sorted(at_home, key=lambda own: (own.line.due_at or _END_OF_TIME, own.line.id)),
        [own for own in under_way if any(_coming(line.line) for line in own.lines)],
        await card_of(db, actor.account_id),
        await loan_policy_at(db, actor.library_id, now),
        over,
        (last.placed_at, last.id) if last else None,
        await comments_by(db, actor.account_id),
    )


async def own_orders(ctx: Context, actor: Actor, orders: Sequence[LoanOrder]) -> list[OwnOrder]:
    """Orders of one reader with their books and what can be done about each."""
    db, now = ctx.db.read, ctx.clock.now()
    lines = await lines_of(db, [order.id for order in orders])
    home = [line for each in lines.values() for line in each if line.state in AT_HOME]
    reader_id = orders[0].reader_id if orders else actor.account_id
    asked = await asked_among(db, sorted({line.record_id for line in home}), reader_id)
    found = []
    for order in orders:
        policy = await loan_policy(ctx.shelf, db, order.policy_id)
        found.append(OwnOrder(order, [_own(line, order, policy, asked, now) for line in lines[order.id]]))
    return found


async def desk_for_orders(ctx: Context, actor: Actor) -> str:
    """The desk at which a reader asks about an order: their own library's."""
    return await oldest_desk(ctx.db.read, actor.library_id)


def _coming(line: LoanLine) -> bool:
    """Whether the book is still on its way to the reader or from them, and not simply with them."""
    return line.ended_at is None and line.state is not Stage.ON_LOAN


def _own(line: LoanLine, order: LoanOrder, policy: LoanPolicy, asked: set[int], now: datetime) -> OwnLine:
    overdue = line.state in AT_HOME and line.due_at is not None and line.due_at < now
    return OwnLine(
        line,
        order,
        overdue,
        _why_not(line, policy, asked, overdue=overdue),
        allowed(line.state, House.RETURN_BOOKED),
        allowed(line.state, House.CANCELLED),
    )


def _why_not(line: LoanLine, policy: LoanPolicy, asked: set[int], *, overdue: bool) -> str:
    if not allowed(line.state, House.RENEWED):
        return "loan_stage"
    if line.renewals >= policy.renewals:
        return "renewed_already"
    if overdue or line.due_at is None:
        return "renew_too_late"
    return "renew_asked_for" if line.record_id in asked else ""
