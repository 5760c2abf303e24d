"""The outbox of commands to devices: durable, under stable ids, resent with them until an event settles them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from server.domain.events import StackWoken
from server.domain.stack import CommandKind, CommandState
from server.store.rows import Reader, Row, Transaction, from_us, from_us_or_none, placeholders, to_us
from server.store.stack_devices import DeviceRow, device_of_store

__all__ = ["CommandRow", "DeviceRow", "NewCommand", "device_of_store", "insert_commands", "withdraw"]

_CHUNK = 200
_OPEN = "('pending', 'sent', 'accepted')"
_COLUMNS = (
    "id, device_id, kind, order_id, line_id, item_id, barcode, tote, target_id, priority, state, result, sends,"
    " created_at, next_at, sent_at, accepted_at, settled_at, taken_over_by, reason"
)


@dataclass(frozen=True, slots=True)
class NewCommand:
    """A command to be sent as soon as the device is there. ``target_id``: of a cancellation, what is withdrawn."""

    id: str
    device_id: str
    kind: CommandKind
    order_id: str
    line_id: str
    item_id: str
    barcode: str
    tote: str
    priority: int
    created_at: datetime
    target_id: str = ""


@dataclass(frozen=True, slots=True)
class CommandRow:
    """A command and where it stands."""

    id: str
    device_id: str
    kind: CommandKind
    order_id: str
    line_id: str
    item_id: str
    barcode: str
    tote: str
    target_id: str
    priority: int
    state: CommandState
    result: str
    sends: int
    created_at: datetime
    next_at: datetime
    sent_at: datetime | None
    accepted_at: datetime | None
    settled_at: datetime | None
    taken_over_by: str
    reason: str


async def insert_commands(tx: Transaction, commands: Sequence[NewCommand]) -> None:
    """Put commands in the outbox, in one transaction with what they are for; the bridge hears of it at the commit."""
    for start in range(0, len(commands), _CHUNK):
        some = commands[start : start + _CHUNK]
        marks = ", ".join(
            "(" + placeholders(11, start=1 + 11 * n) + f", 'pending', '', 0, ${11 * n + 11}, '', '')"
            for n in range(len(some))
        )
        await tx.execute(
            "INSERT INTO stack_command (id, device_id, kind, order_id, line_id, item_id, barcode, tote, target_id,"
            f" priority, created_at, state, result, sends, next_at, taken_over_by, reason) VALUES {marks}",
            *(value for command in some for value in _values(command)),
        )
    for device_id in sorted({command.device_id for command in commands}):
        tx.announce(StackWoken(device_id))


async def withdraw(tx: Transaction, command_id: str, cancel_id: str, now: datetime) -> bool:
    """Take a command back (``server.actions.stack_commands.withdraw_command`` is what actions call).

    What was never sent is cancelled at once; True then. What the device may have heard of is withdrawn by a command
    of its own, at most one that is open; what is settled is left alone.
    """
    taken = await tx.execute(
        "UPDATE stack_command SET state = 'cancelled', settled_at = $2, result = 'never_sent'"
        " WHERE id = $1 AND state = 'pending' AND sends = 0",
        command_id,
        to_us(now),
    )
    if taken:
        return True
    row = await tx.row(
        f"SELECT {_COLUMNS} FROM stack_command c WHERE id = $1 AND state IN ('pending', 'sent', 'accepted', 'unsure')"
        f" AND NOT EXISTS (SELECT 1 FROM stack_command o WHERE o.target_id = c.id AND o.device_id = c.device_id"
        f" AND o.state IN {_OPEN})",
        command_id,
    )
    if row:
        c = command_of(row)
        new = NewCommand(
            id=cancel_id,
            device_id=c.device_id,
            kind=CommandKind.CANCEL,
            order_id=c.order_id,
            line_id=c.line_id,
            item_id=c.item_id,
            barcode=c.barcode,
            tote=c.tote,
            priority=1,
            created_at=now,
            target_id=c.id,
        )
        await insert_commands(tx, [new])
    return False


async def command_by_id(db: Reader, command_id: str) -> CommandRow | None:
    """The command, or None."""
    row = await db.row(f"SELECT {_COLUMNS} FROM stack_command WHERE id = $1", command_id)
    return command_of(row) if row else None


async def commands_by_ids(db: Reader, ids: Iterable[str]) -> dict[str, CommandRow]:
    """Those of these commands that are ours, in one read for each few hundred."""
    wanted, found = sorted(set(ids)), {}
    for start in range(0, len(wanted), _CHUNK):
        some = wanted[start : start + _CHUNK]
        rows = await db.rows(
            f"SELECT {_COLUMNS} FROM stack_command WHERE id IN ({placeholders(len(some))})", *some
        )
        found.update({row["id"]: command_of(row) for row in rows})
    return found


def command_of(row: Row) -> CommandRow:
    """A row's value."""
    return CommandRow(
        row["id"],
        row["device_id"],
        CommandKind(row["kind"]),
        row["order_id"],
        row["line_id"],
        row["item_id"],
        row["barcode"],
        row["tote"],
        row["target_id"],
        row["priority"],
        CommandState(row["state"]),
        row["result"],
        row["sends"],
        from_us(row["created_at"]),
        from_us(row["next_at"]),
        from_us_or_none(row["sent_at"]),
        from_us_or_none(row["accepted_at"]),
        from_us_or_none(row["settled_at"]),
        row["taken_over_by"],
        row["reason"],
    )


def _values(command: NewCommand) -> tuple[object, ...]:
    return (
        command.id,
        command.device_id,
        str(command.kind),
        command.order_id,
        command.line_id,
        command.item_id,
        command.barcode,
        command.tote,
        command.target_id,
        command.priority,
        to_us(command.created_at),
    )
