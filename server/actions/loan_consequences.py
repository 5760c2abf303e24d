"""What follows when a line of a loan order comes to another stage: copies, commands, counters, clocks, mails."""

from collections.abc import Sequence
from dataclasses import replace

from server.actions.allocation import allocate
from server.actions.carts import tell_askers
from server.actions.loan_clocks import clocks_follow
from server.actions.loan_letters import letters_follow
from server.actions.open_orders import Changed, Fact, OpenOrder
from server.actions.stack_commands import withdraw_command
from server.context import Context
from server.domain.events import StoreWorkChanged
from server.domain.loan_fold import OrderState
from server.domain.loans import ENDED, House, Stage
from server.domain.stack import SETTLING, EventKind
from server.store.cards import free_item, take_places
from server.store.coupons import free_slot, give_coupon_back
from server.store.items import free_in_place, move_item, reclaim_item, release_item
from server.store.rows import Transaction

# Where the copy is while its line stands so; ``release`` where the line has done with it.
_ITEM_STATES = {
    Stage.PICKED: "picked",
    Stage.WITH_COURIER: "out",
    Stage.ON_LOAN: "out",
    Stage.RECEIVED: "received",
    Stage.RECALLED: "received",
}
_ITEM_ENDS = {
    Stage.CLOSED: "available",
    Stage.CANCELLED: "available",
    Stage.UNFILLED: "available",
    Stage.LOST: "lost",
    Stage.DAMAGED: "damaged",
}
_AT_WORK = frozenset(
    {
        *(Stage.RETRIEVED, Stage.TO_PICK, Stage.PICKED, Stage.PACKED, Stage.LABELLED, Stage.RETURN_ARRIVED),
        *(Stage.RECEIVED, Stage.INSPECTED, Stage.RECALLED, Stage.ON_HOLD_SHELF, Stage.PUTTING_BACK),
    }
)
_PUT_BACK_FROM = frozenset({Stage.RECALLED, Stage.PUTTING_BACK})
ABOVE_ANY_LIMIT = 1_000  # what the library sends once more is not refused for the card's sake
_NOTHING_COMES = frozenset({OrderState.CANCELLED, OrderState.REFUSED, OrderState.UNFILLED})
_FETCHING = frozenset({Stage.REQUESTED, Stage.FETCHING})


async def follow(ctx: Context, tx: Transaction, opened: OpenOrder, changes: Sequence[Changed]) -> list[Fact]:
    """Do what the changes entail; returns what the house has to say next. Safe to do again: all is conditional."""
    to_find: list[str] = []
    for change in changes:
        if change.after in (Stage.APPROVED, Stage.TROUBLED):
            await _give_up_copy(tx, opened, change)
            to_find.append(change.line_id)
        await _items_follow(ctx, tx, opened, change)
        if change.before in _FETCHING and change.after not in (*_FETCHING, Stage.RETRIEVED, Stage.TROUBLED):
            command_id = opened.lines[change.line_id].command_id
            if command_id:
                await withdraw_command(ctx, tx, command_id)
        store_id = opened.lines[change.line_id].store_id
        if store_id and (change.after in _AT_WORK or change.before in _AT_WORK):
            tx.announce(StoreWorkChanged(store_id, opened.row.id, str(change.after)))
    if changes:
        await _places_follow(tx, opened)
        await _chosen_follow(tx, opened, changes)
        await clocks_follow(ctx, tx, opened, changes)
        await letters_follow(ctx, tx, opened, changes)
    missing = [line_id for line_id in to_find if line_id not in opened.tried]
    opened.tried.update(missing)
    return await allocate(ctx, tx, opened, missing) if missing else []


async def _places_follow(tx: Transaction, opened: OpenOrder) -> None:
    """What is no longer the reader's frees its place on the card; what is sent again takes one (R-COM.9)."""
    counting = {line.id for line in opened.folded.lines.values() if line.counts}
    for _ in opened.counted - counting:
        await free_item(tx, opened.row.reader_id)
    if again := len(counting - opened.counted):
        await take_places(tx, opened.row.reader_id, again, limit=ABOVE_ANY_LIMIT)
    opened.counted = counting


async def _chosen_follow(tx: Transaction, opened: OpenOrder, changes: Sequence[Changed]) -> None:
    """An order of which nothing comes gives its time slot and its coupon back."""
    ended = any(change.after in ENDED and change.before not in ENDED for change in changes)
    if ended and opened.row.state in _NOTHING_COMES and opened.row.dispatched_at is None:
        if opened.row.slot_id:
            await free_slot(tx, f"{opened.row.slot_id}/{opened.row.slot_day}")
            opened.row = replace(opened.row, slot_id="")  # once, however many of its books end after this one
        await give_coupon_back(tx, opened.row.id)


async def _give_up_copy(tx: Transaction, opened: OpenOrder, change: Changed) -> None:
    """The copy in force is not to be had: one that is not in its place is missing, else it stands free again."""
    attempt = opened.folded.lines[change.line_id].attempt
    if attempt is None or change.after is not Stage.TROUBLED:
        return
    code_not_found = _not_found(opened, change)
    await release_item(tx, attempt.item_id, change.line_id, "missing" if code_not_found else "available")


def _not_found(opened: OpenOrder, change: Changed) -> bool:
    """Whether the last word about the attempt was that the book is not there."""
    attempt = opened.folded.lines[change.line_id].attempt
    command_id = attempt.command_id if attempt else ""
    for event in reversed(opened.events):
        if event.line_id == change.line_id and event.kind == House.MISSING:
            return True
        if command_id and event.command_id == command_id and event.kind in SETTLING:
            return event.kind == EventKind.NOT_FOUND
    return False


async def _items_follow(ctx: Context, tx: Transaction, opened: OpenOrder, change: Changed) -> None:
    line = opened.lines[change.line_id]
    if not line.item_id:
        return
    if change.before is Stage.CANCELLED and change.after is Stage.RECALLED:
        await reclaim_item(tx, line.item_id, opened.row.id, line.id)
    elif change.after in _ITEM_STATES:
        await move_item(tx, line.item_id, line.id, _ITEM_STATES[change.after])
    elif change.after in _ITEM_ENDS:
        state = _ITEM_ENDS[change.after]
        released = await release_item(tx, line.item_id, line.id, state)
        if not released and change.before in _PUT_BACK_FROM:
            released = bool(
                await free_in_place(tx, [line.item_id])
            )  # another waited for it where it could not be
        if released and state == "available":
            await tell_askers(ctx, tx, line.record_id)
