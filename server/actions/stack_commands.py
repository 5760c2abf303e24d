"""Commands to a stack as the rest of the product gives them and takes them back, and where their books are then."""

from collections.abc import Iterable

from server.actions.carts import tell_askers
from server.context import Context
from server.domain.events import StoreWorkChanged
from server.domain.stack import CommandKind, CommandState
from server.store.items import free_in_place, set_aside, set_missing
from server.store.rows import Transaction
from server.store.stack_commands import CommandRow, NewCommand, device_of_store, insert_commands, withdraw

__all__ = ["NewCommand", "books_follow", "device_of_store", "insert_commands", "withdraw_command"]


async def withdraw_command(ctx: Context, tx: Transaction, command_id: str) -> bool:
    """Never mind what the command says.

    True where it was never sent and is cancelled at once. What the device may have heard of is withdrawn by a command
    of its own, and only the device's answer settles it; what is settled already is left alone.
    """
    return await withdraw(tx, command_id, ctx.ids.new(), ctx.clock.now())


async def books_follow(
    ctx: Context, tx: Transaction, done: Iterable[CommandRow], not_found: Iterable[CommandRow] = ()
) -> None:
    """Commands were done, and their orders have heard of it: what was brought for nobody any more stands aside for
    the store's keepers, what was taken in again is free. What was not found, and whose order had given it up before
    it could say so, is missing."""
    items: dict[CommandKind, set[str]] = {kind: set() for kind in CommandKind}
    for command in done:
        if command.state is CommandState.DONE and command.item_id:
            items[command.kind].add(command.item_id)
    if brought := items[CommandKind.RETRIEVE]:
        for store_id in sorted(await set_aside(tx, brought)):
            tx.announce(StoreWorkChanged(store_id, "", "stray"))
    gone = [(each.item_id, each.tote, each.created_at) for each in not_found if each.item_id]
    for store_id in sorted(await set_missing(tx, gone)):
        tx.announce(StoreWorkChanged(store_id, "", "missing"))
    if taken_in := items[CommandKind.PUT_BACK]:
        for record_id in sorted(await free_in_place(tx, taken_in)):
            await tell_askers(ctx, tx, record_id)
