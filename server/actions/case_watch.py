"""What opens a case by itself: a clock that was missed, a machine that came to no end (R-LOAN.3, .4, R-ANS.6)."""

from server.actions.case_lines import count_missed, held, keep
from server.actions.case_opening import open_case
from server.context import Context
from server.domain.cases import Case, CaseState
from server.domain.errors import NotFound
from server.domain.loans import Stage
from server.domain.stack import OPEN_COMMANDS, CommandKind, CommandState
from server.store.dues import Due
from server.store.orders import line_by_id, lines_of, order_by_id
from server.store.parcels import parcel_by_id
from server.store.rows import Transaction
from server.store.stack_commands import command_by_id
from server.store.stack_devices import device_by_id

__all__ = ["mind_command", "mind_confirmation", "mind_dispatch", "mind_reply", "open_case"]

_NOT_LEFT = frozenset(
    {
        *(Stage.ASKED, Stage.APPROVED, Stage.REQUESTED, Stage.FETCHING, Stage.RETRIEVED, Stage.TO_PICK),
        *(Stage.TROUBLED, Stage.PICKED, Stage.PACKED, Stage.LABELLED),
    }
)


async def mind_dispatch(ctx: Context, tx: Transaction, due: Due) -> None:
    """An order did not leave in time: the reader is told first, and people look (R-LOAN.3). (Due ``dispatch``.)"""
    order = await order_by_id(tx, due.subject_id)
    if order is None or order.closed_at is not None or order.dispatched_at is not None:
        return
    waiting = [line for line in (await lines_of(tx, [order.id]))[order.id] if line.state in _NOT_LEFT]
    if not waiting:
        return
    await open_case(
        ctx,
        tx,
        kind="late",
        client_id=f"dispatch:{order.id}",
        order_id=order.id,
        line_id=waiting[0].id,
        store_id=waiting[0].store_id,
        title_key="cases.found.dispatch",
        data={"number": order.number, "titles": len(waiting)},
    )


async def mind_confirmation(ctx: Context, tx: Transaction, due: Due) -> None:
    """A return was signed for and not confirmed in time (R-LOAN.4). (Due ``confirm_return``, of a parcel.)"""
    parcel = await parcel_by_id(tx, due.subject_id)
    if parcel is None or parcel.confirmed_at is not None:
        return
    await open_case(
        ctx,
        tx,
        kind="late",
        client_id=f"confirm:{parcel.id}",
        order_id=parcel.order_id,
        store_id=parcel.store_id,
        title_key="cases.found.confirmation",
        data={"waybill": parcel.waybill},
    )


async def mind_command(ctx: Context, tx: Transaction, due: Due) -> None:
    """A machine was told and has come to no end: an acknowledgement is no completion. (Due ``stack_stuck``.)"""
    command = await command_by_id(tx, due.subject_id)
    if command is None or command.state not in OPEN_COMMANDS | {CommandState.UNSURE}:
        return
    line = await line_by_id(tx, command.line_id) if command.line_id else None
    if command.kind is CommandKind.RETRIEVE and (line is None or line.command_id != command.id):
        return  # nobody waits for it any more
    device = await device_by_id(tx, command.device_id)
    await open_case(
        ctx,
        tx,
        kind="stuck",
        client_id=f"stuck:{command.id}",
        order_id=command.order_id,
        line_id=command.line_id,
        store_id=device.store_id if device else "",
        title_key="cases.found.stuck",
        data={"barcode": command.barcode, "tote": command.tote, "state": str(command.state)},
    )


async def mind_reply(ctx: Context, tx: Transaction, due: Due) -> None:
    """A reader's message has waited too long (R-ANS.6). (Due ``case_reply``; the subject is a case.)"""
    try:
        case: Case = await held(tx, due.subject_id)
    except NotFound:
        return
    over = case.reply_due_at is not None and case.reply_due_at <= ctx.clock.now()
    if case.state is CaseState.CLOSED or not over:
        return
    await keep(ctx, tx, case, await count_missed(ctx, tx, case), "missed")
