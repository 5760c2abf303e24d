"""The clocks of a loan order: dispatch, hold shelf, loan time, confirmation of a return (R-LOAN.3, .4, R-COM.9)."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

from server.actions.desks import zone_of
from server.actions.open_orders import Changed, OpenOrder
from server.context import Context
from server.domain.calendar import deadline
from server.domain.loan_policies import LoanPolicy
from server.domain.loans import ENDED, Stage
from server.store.calendar import read_calendar
from server.store.cards import card_of
from server.store.dues import cancel_due, set_due
from server.store.loan_policies import loan_policy
from server.store.parcels import parcel_confirmed, parcel_signed
from server.store.rows import Transaction

_NOT_LEFT = frozenset(
    {
        *(Stage.ASKED, Stage.APPROVED, Stage.REQUESTED, Stage.FETCHING, Stage.RETRIEVED, Stage.TO_PICK),
        *(Stage.TROUBLED, Stage.PICKED, Stage.PACKED, Stage.LABELLED),
    }
)
_LEFT = frozenset({Stage.WITH_COURIER, Stage.ON_HOLD_SHELF, Stage.ON_LOAN})
_OUT = frozenset({Stage.ON_LOAN, Stage.RETURN_BOOKED, Stage.RETURNING})


async def clocks_follow(ctx: Context, tx: Transaction, opened: OpenOrder, changes: Sequence[Changed]) -> None:
    """Set and take back what the changes begin and end."""
    await _dispatch(ctx, tx, opened, changes)
    for change in changes:
        line = opened.lines[change.line_id]
        if change.newly_lent or change.renewed:
            await _loan_time(ctx, tx, opened, change)
        elif change.before in _OUT and change.after not in _OUT:
            await cancel_due(tx, "loan_due", line.id)
        if change.after is Stage.ON_HOLD_SHELF:
            policy = await loan_policy(ctx.shelf, tx, opened.row.policy_id)
            await set_due(tx, "hold_end", line.id, end_of_day(ctx, ctx.clock.now(), policy.hold_days))
        elif change.before is Stage.ON_HOLD_SHELF:
            await cancel_due(tx, "hold_end", line.id)
        if change.after is Stage.RETURN_ARRIVED:
            await _confirmation(ctx, tx, opened, change.line_id)
        elif change.before is Stage.RETURN_ARRIVED and line.parcel_id:
            await _confirmed(ctx, tx, opened, line.parcel_id)


def end_of_day(ctx: Context, start: datetime, days: int) -> datetime:
    """The end of the day so many days after ``start`` in the installation's zone: days are reckoned there."""
    zone = zone_of(ctx)
    day = (start.astimezone(zone) + timedelta(days=days + 1)).date()
    return datetime.combine(day, time(), zone).astimezone(UTC) - timedelta(microseconds=1)


async def _dispatch(ctx: Context, tx: Transaction, opened: OpenOrder, changes: Sequence[Changed]) -> None:
    """The order should leave in time (R-LOAN.3): asked for once, done when the last living book has left."""
    if any(change.before is Stage.ASKED and change.after not in ENDED for change in changes):
        await set_due(tx, "dispatch", opened.row.id, max(opened.row.dispatch_due_at, ctx.clock.now()))
    waiting = any(line.stage in _NOT_LEFT for line in opened.folded.lines.values())
    if waiting or opened.row.dispatched_at is not None:
        return
    if any(line.stage in _LEFT for line in opened.folded.lines.values()):
        opened.row = replace(opened.row, dispatched_at=ctx.clock.now())
    await cancel_due(tx, "dispatch", opened.row.id)


async def _loan_time(ctx: Context, tx: Transaction, opened: OpenOrder, change: Changed) -> None:
    policy = await loan_policy(ctx.shelf, tx, opened.row.policy_id)
    line = opened.lines[change.line_id]
    if change.renewed and line.due_at is not None:
        due_at = end_of_day(ctx, line.due_at, policy.renewal_days)
    else:
        card = await card_of(tx, opened.row.reader_id)
        due_at = end_of_day(ctx, line.lent_at or ctx.clock.now(), policy.days(card.group))
    opened.lines[line.id] = replace(line, due_at=due_at)
    opened.touched.add(line.id)
    await set_due(tx, "loan_due", line.id, first_word(due_at, policy))


def first_word(due_at: datetime, policy: LoanPolicy) -> datetime:
    """When the reader is first reminded: on the morning three days before (R-COM.9)."""
    return due_at - timedelta(days=policy.due_soon_days, hours=15)


async def _confirmation(ctx: Context, tx: Transaction, opened: OpenOrder, line_id: str) -> None:
    """The parcel was signed for: its books are to be confirmed in time (R-LOAN.4)."""
    line = opened.folded.lines[line_id]
    if not line.parcel_id:
        return
    policy = await loan_policy(ctx.shelf, tx, opened.row.policy_id)
    arrived = line.arrived_at or ctx.clock.now()
    by = deadline(
        arrived,
        calendar=await read_calendar(tx, ctx.clock.now()),
        zone=zone_of(ctx),
        hours=policy.confirm_hours,
        holiday_hours=policy.confirm_holiday_hours,
    )
    if await parcel_signed(tx, line.parcel_id, arrived, by):
        await set_due(tx, "confirm_return", line.parcel_id, by)


async def _confirmed(ctx: Context, tx: Transaction, opened: OpenOrder, parcel_id: str) -> None:
    waiting = any(
        line.parcel_id == parcel_id and line.stage is Stage.RETURN_ARRIVED
        for line in opened.folded.lines.values()
    )
    if not waiting:
        await parcel_confirmed(tx, parcel_id, ctx.clock.now())
        await cancel_due(tx, "confirm_return", parcel_id)
