"""Commands on their way out: taken from the outbox by compare and set, and put back to people when nobody can say."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from server.actions.stack_troubles import Trouble, TroubleKind, report_trouble
from server.context import Context
from server.domain.stack import StackCommand
from server.domain.stack_outbox import pause_before
from server.store.stack_commands import (
    CommandRow,
    confirm_accepted,
    due_commands,
    look_at_once,
    look_later,
    mark_sent,
    order_numbers,
    set_unsure,
)

__all__ = ["CommandRow", "Outbox"]


@dataclass(frozen=True)
class Outbox:
    """One device's outbox, for the process that holds its lease; ``first`` are the seconds before the first resend."""

    ctx: Context
    device_id: str
    first: float

    async def due(self, *, limit: int) -> list[CommandRow]:
        """What is to be sent, sent again or asked about by now, the most urgent first."""
        return await due_commands(self.ctx.db.read, self.device_id, self.ctx.clock.now(), limit=limit)

    async def take(self, commands: Sequence[CommandRow]) -> list[StackCommand]:
        """Those that may be sent now; each is looked at again later, and no other process takes it meanwhile."""
        now = self.ctx.clock.now()
        rounds = [(c, now + timedelta(seconds=pause_before(c.sends, self.first))) for c in commands]
        async with self.ctx.transaction() as tx:
            taken = await mark_sent(tx, self.ctx.process_id, rounds, now)
            numbers = await order_numbers(tx, {c.order_id for c in commands if c.id in taken})
        return [_spoken(c, numbers.get(c.order_id, "")) for c in commands if c.id in taken]

    async def look_later(self, command_ids: Sequence[str], seconds: float) -> None:
        """Nothing is done about these until then."""
        async with self.ctx.transaction() as tx:
            await look_later(tx, command_ids, self.ctx.clock.now() + timedelta(seconds=seconds))

    async def look_at_once(self) -> int:
        """Nobody knows what became of what was on its way: look."""
        async with self.ctx.transaction() as tx:
            return await look_at_once(tx, self.device_id, self.ctx.clock.now())

    async def accepted(self, command_ids: Sequence[str], seconds: float) -> None:
        """The device has these; it is asked about them again when they take too long."""
        now = self.ctx.clock.now()
        async with self.ctx.transaction() as tx:
            await confirm_accepted(tx, command_ids, now, now + timedelta(seconds=seconds))
            await look_later(tx, command_ids, now + timedelta(seconds=seconds))

    async def give_up(self, commands: Sequence[CommandRow]) -> None:
        """Nobody can say whether these were done: they wait for people, and each opens a case."""
        for command in commands:
            async with self.ctx.transaction() as tx:
                if await set_unsure(tx, command.id, "no_answer"):
                    await report_trouble(self.ctx, tx, _unsure(command))


def _spoken(command: CommandRow, number: str) -> StackCommand:
    return StackCommand(
        command.id,
        command.kind,
        command.barcode,
        command.tote,
        command.target_id,
        command.priority,
        number,
    )


def _unsure(command: CommandRow) -> Trouble:
    return Trouble(
        TroubleKind.UNSURE,
        command.device_id,
        command.id,
        command.order_id,
        command.line_id,
        command.barcode,
    )
