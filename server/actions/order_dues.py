"""Promises about loan orders: reminders, the end of the hold shelf, another look for a copy (R-COM.3, R-COM.9)."""

from datetime import datetime, timedelta

from server.actions.allocation import TRY_AGAIN
from server.actions.loan_clocks import first_word
from server.actions.loan_letters import OrderLetter, tell_by_mail
from server.actions.open_orders import Fact
from server.actions.orders import retry_allocation, tell
from server.context import Context
from server.domain.errors import Conflict
from server.domain.loans import House, Stage
from server.store.dues import Due
from server.store.loan_policies import loan_policy
from server.store.orders import line_by_id, order_by_id
from server.store.rows import Transaction

_AT_READER = (Stage.ON_LOAN, Stage.RETURN_BOOKED)


async def look_again(ctx: Context, tx: Transaction, due: Due) -> datetime | None:
    """A title was nowhere free: it is looked for once more. (Due ``loan_try``; the subject is the order.)"""
    wanting = await retry_allocation(ctx, tx, due.subject_id)
    return ctx.clock.now() + TRY_AGAIN if wanting else None


async def remind(ctx: Context, tx: Transaction, due: Due) -> datetime | None:
    """Mail three days before, on the day, and once it is over (R-COM.9). (Due ``loan_due``; the subject is a line.)"""
    line = await line_by_id(tx, due.subject_id)
    if line is None or line.due_at is None or line.state not in _AT_READER:
        return None
    order = await order_by_id(tx, line.order_id)
    if order is None:
        return None
    now, policy = ctx.clock.now(), await loan_policy(ctx.shelf, tx, order.policy_id)
    soon, today = first_word(line.due_at, policy), line.due_at - timedelta(hours=15)
    if now > line.due_at:
        template, again = "loan_overdue", None
    elif now >= today:
        template, again = "loan_due_today", line.due_at + timedelta(seconds=1)
    elif now >= soon:
        template, again = "loan_due_soon", today
    else:
        return soon
    letter = OrderLetter(template, f"{template}:{line.id}:{line.renewals}", [line])
    await tell_by_mail(ctx, tx, order, letter)
    return again


async def end_hold(ctx: Context, tx: Transaction, due: Due) -> None:
    """Nobody came: the book goes back to its store. (Due ``hold_end``; the subject is a line.)"""
    line = await line_by_id(tx, due.subject_id)
    if line is None or line.state is not Stage.ON_HOLD_SHELF:
        return
    try:
        opened = await tell(ctx, tx, line.order_id, [Fact(House.NOT_COLLECTED, (line.id,))])
    except Conflict:
        return  # it was collected in this very moment
    letter = OrderLetter("loan_not_collected", f"not_collected:{line.id}", [line])
    await tell_by_mail(ctx, tx, opened.row, letter)
