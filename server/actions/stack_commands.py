"""Commands to a stack as the rest of the product gives them and takes them back."""

from server.context import Context
from server.store.rows import Transaction
from server.store.stack_commands import NewCommand, device_of_store, insert_commands, withdraw

__all__ = ["NewCommand", "device_of_store", "insert_commands", "withdraw_command"]


async def withdraw_command(ctx: Context, tx: Transaction, command_id: str) -> bool:
    """Never mind what the command says.

    True where it was never sent and is cancelled at once. What the device may have heard of is withdrawn by a command
    of its own, and only the device's answer settles it; what is settled already is left alone.
    """
    return await withdraw(tx, command_id, ctx.ids.new(), ctx.clock.now())
