"""Mails to the reader about a loan order: once for each thing that concerns them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from server.actions.desks import zone_of
from server.actions.links import address_of
from server.actions.loan_clocks import end_of_day
from server.actions.mails import is_address, write_mail
from server.actions.open_orders import Changed, OpenOrder
from server.context import Context
from server.domain.loan_fold import OrderState
from server.domain.loan_rows import LoanLine, LoanOrder
from server.domain.loans import ENDED, Stage
from server.store.loan_policies import loan_policy
from server.store.rows import Transaction
from server.words.times import day_text

# The order has come to a state of which its reader is told.
_TOLD = {
    OrderState.REFUSED: "loan_refused",
    OrderState.CANCELLED: "loan_cancelled",
    OrderState.UNFILLED: "loan_unfilled",
    OrderState.WITH_COURIER: "loan_sent",
    OrderState.ON_HOLD_SHELF: "loan_ready",
    OrderState.CLOSED: "loan_returned",
}


@dataclass(frozen=True, slots=True)
class OrderLetter:
    """A mail about books of an order, once for each ``event``."""

    template: str
    event: str
    lines: Sequence[LoanLine]


async def letters_follow(
    ctx: Context, tx: Transaction, opened: OpenOrder, changes: Sequence[Changed]
) -> None:
    """Write the mails that the changes call for."""
    for letter in _letters(opened, changes):
        await tell_by_mail(ctx, tx, opened.row, letter)


async def tell_by_mail(ctx: Context, tx: Transaction, order: LoanOrder, letter: OrderLetter) -> None:
    """Mail the reader once for this event; who has no address sees it on their orders' page."""
    if not is_address(order.mail):
        return
    policy = await loan_policy(ctx.shelf, tx, order.policy_id)
    keep_until = (
        end_of_day(ctx, ctx.clock.now(), policy.hold_days) if letter.template == "loan_ready" else None
    )
    dues = sorted(line.due_at for line in letter.lines if line.due_at is not None)
    data = {
        "name": order.name,
        "number": order.number,
        "link": address_of(ctx, f"/loans/orders/{order.id}"),
        "titles": [line.title for line in letter.lines],
        "reason": order.reason,
        "slot": order.slot_text,
        "due": day_text(dues[0].astimezone(zone_of(ctx)).date(), order.language) if dues else "",
        "keep_until": day_text(keep_until.astimezone(zone_of(ctx)).date(), order.language)
        if keep_until
        else "",
    }
    await write_mail(
        ctx,
        tx,
        template=letter.template,
        recipient=order.mail,
        language=order.language,
        data=data,
        event_key=f"order:{order.id}:{letter.event}",
    )


def _letters(opened: OpenOrder, changes: Sequence[Changed]) -> Iterator[OrderLetter]:
    lines, state = opened.lines, OrderState(opened.row.state)
    approved = [
        change.line_id for change in changes if change.before is Stage.ASKED and change.after not in ENDED
    ]
    if approved:
        yield OrderLetter("loan_approved", "approved", [lines[each] for each in approved])
    lent = [change.line_id for change in changes if change.newly_lent]
    if lent:
        yield OrderLetter("loan_delivered", f"lent:{lent[0]}", [lines[each] for each in lent])
    gone = [change.line_id for change in changes if change.after is Stage.UNFILLED]
    if gone and state is not OrderState.UNFILLED:
        yield OrderLetter("loan_part", f"part:{gone[0]}", [lines[each] for each in gone])
    if state in _TOLD:
        yield OrderLetter(_TOLD[state], str(state), [lines[change.line_id] for change in changes])
