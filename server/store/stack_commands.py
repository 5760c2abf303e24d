"""The outbox of commands to devices: durable, under stable ids, resent with them until an event settles them."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime

from server.domain.events import StackWoken
from server.domain.stack import CommandKind, CommandState
from server.store.rows import Reader, Transaction, to_us
from server.store.stack_devices import DeviceRow, device_of_store
from server.store.values import columns, insert_values, rows_as_table, value_from

__all__ = ["CommandRow", "DeviceRow", "NewCommand", "device_of_store", "insert_commands", "withdraw"]

_OPEN = "('pending', 'sent', 'accepted')"
UNENDED = "('pending', 'sent', 'accepted', 'unsure')"  # the machine may be at it yet


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
    priority: int
    created_at: datetime
    next_at: datetime  # when it is sent, sent again, or asked about
    target_id: str = ""
    state: CommandState = CommandState.PENDING
    result: str = ""
    sends: int = 0
    sent_at: datetime | None = None
    accepted_at: datetime | None = None
    settled_at: datetime | None = None
    taken_over_by: str = ""
    reason: str = ""


_COLUMNS = columns(CommandRow)


async def insert_commands(tx: Transaction, commands: Sequence[NewCommand]) -> None:
    """Put commands in the outbox, in one transaction with what they are for; the bridge hears of it at the commit."""
    fresh = [
        CommandRow(
            **{field.name: getattr(command, field.name) for field in fields(command)},
            next_at=command.created_at,
        )
        for command in commands
    ]
    await insert_values(tx, "stack_command", fresh)
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
        f"SELECT {_COLUMNS} FROM stack_command c WHERE id = $1 AND state IN {UNENDED}"
        f" AND NOT EXISTS (SELECT 1 FROM stack_command o WHERE o.target_id = c.id AND o.device_id = c.device_id"
        f" AND o.state IN {_OPEN})",
        command_id,
    )
    if row:
        await insert_commands(tx, [cancellation(value_from(CommandRow, row), cancel_id, now)])
    return False


def cancellation(command: CommandRow, cancel_id: str, now: datetime) -> NewCommand:
    """The command that tells the device to let another be."""
    return NewCommand(
        id=cancel_id,
        device_id=command.device_id,
        kind=CommandKind.CANCEL,
        order_id=command.order_id,
        line_id=command.line_id,
        item_id=command.item_id,
        barcode=command.barcode,
        tote=command.tote,
        priority=1,
        created_at=now,
        target_id=command.id,
    )


async def count_open(db: Reader, device_ids: Collection[str]) -> dict[str, dict[str, int]]:
    """How many commands of each device are open or unsure, by state."""
    rows = await db.rows(
        "SELECT device_id, state, COUNT(*) AS n FROM stack_command WHERE device_id = ANY($1)"
        f" AND state IN {UNENDED} GROUP BY device_id, state",
        sorted(device_ids),
    )
    found: dict[str, dict[str, int]] = {device_id: {} for device_id in device_ids}
    for row in rows:
        found[row["device_id"]][row["state"]] = row["n"]
    return found


async def command_by_id(db: Reader, command_id: str) -> CommandRow | None:
    """The command, or None."""
    row = await db.row(f"SELECT {_COLUMNS} FROM stack_command WHERE id = $1", command_id)
    return value_from(CommandRow, row) if row else None


async def commands_by_ids(db: Reader, ids: Iterable[str]) -> dict[str, CommandRow]:
    """Those of these commands that are ours, in one read."""
    wanted = sorted(set(ids))
    if not wanted:
        return {}
    rows = await db.rows(f"SELECT {_COLUMNS} FROM stack_command WHERE id = ANY($1)", wanted)
    return {row["id"]: value_from(CommandRow, row) for row in rows}


async def open_commands(db: Reader, device_id: str, *, limit: int) -> list[CommandRow]:
    """What a device has to do yet, and what nobody knows to be done, oldest first."""
    rows = await db.rows(
        f"SELECT {_COLUMNS} FROM stack_command WHERE device_id = $1"
        f" AND state IN {UNENDED} ORDER BY created_at, id LIMIT $2",
        device_id,
        limit,
    )
    return [value_from(CommandRow, row) for row in rows]


async def due_commands(db: Reader, device_id: str, now: datetime, *, limit: int) -> list[CommandRow]:
    """What is to be sent, sent again or asked about by now, the most urgent first."""
    rows = await db.rows(
        f"SELECT {_COLUMNS} FROM stack_command WHERE device_id = $1 AND state IN {_OPEN} AND next_at <= $2"
        " ORDER BY priority, created_at, id LIMIT $3",
        device_id,
        to_us(now),
        limit,
    )
    return [value_from(CommandRow, row) for row in rows]


async def mark_sent(
    tx: Transaction, holder: str, rounds: Iterable[tuple[CommandRow, datetime]], now: datetime
) -> set[str]:
    """Compare and set: these go out now, and are looked at again at their moments. Returns those that may go.

    What another process has sent, or anybody has settled or withdrawn meanwhile, stays where it is; so does all of a
    device that somebody else has the lease of by now, or that was paused.
    """
    going = [(command.id, command.sends, to_us(again_at)) for command, again_at in rounds]
    if not going:
        return set()
    source, given = rows_as_table(tx, going, start=3)
    rows = await tx.rows(
        "UPDATE stack_command SET state = 'sent', sends = stack_command.sends + 1,"
        " sent_at = COALESCE(sent_at, $1), next_at = v.column3"
        f" FROM {source} WHERE id = v.column1 AND sends = v.column2 AND state IN {_OPEN}"
        " AND EXISTS (SELECT 1 FROM stack_device d WHERE d.id = device_id AND d.lease_holder = $2"
        " AND d.paused_at IS NULL) RETURNING id",
        to_us(now),
        holder,
        *given,
    )
    return {row["id"] for row in rows}


async def order_numbers(db: Reader, order_ids: Iterable[str]) -> dict[str, str]:
    """The numbers by which people know these orders."""
    rows = await db.rows("SELECT id, number FROM loan_order WHERE id = ANY($1)", sorted(set(order_ids)))
    return {row["id"]: row["number"] for row in rows}


async def look_later(tx: Transaction, command_ids: Sequence[str], at: datetime) -> None:
    """Nothing is done about these open commands until then."""
    if command_ids:
        await tx.execute(
            f"UPDATE stack_command SET next_at = $2 WHERE id = ANY($1) AND state IN {_OPEN}",
            list(command_ids),
            to_us(at),
        )


async def look_at_once(tx: Transaction, device_id: str, now: datetime) -> int:
    """After a new connection: what was on its way is looked at now, because nobody knows what became of it."""
    return await tx.execute(
        "UPDATE stack_command SET next_at = $2 WHERE device_id = $1 AND state IN ('sent', 'accepted')"
        " AND next_at > $2",
        device_id,
        to_us(now),
    )


async def confirm_accepted(
    tx: Transaction, command_ids: Sequence[str], now: datetime, look_at: datetime
) -> None:
    """The device has these. That is no completion."""
    if command_ids:
        await tx.execute(
            "UPDATE stack_command SET state = 'accepted', accepted_at = COALESCE(accepted_at, $2), next_at = $3"
            " WHERE id = ANY($1) AND state IN ('pending', 'sent', 'unsure')",
            list(command_ids),
            to_us(now),
            to_us(look_at),
        )


async def settle_commands(
    tx: Transaction, ends: Mapping[str, tuple[CommandState, str]], now: datetime
) -> list[CommandRow]:
    """These came to their ends; returns those that had not come to one before.

    A book that was brought after all stands at a station, whatever was said or given up before.
    """
    if not ends:
        return []
    settled = [(command_id, str(state), result[:60]) for command_id, (state, result) in sorted(ends.items())]
    source, given = rows_as_table(tx, settled, start=2)
    rows = await tx.rows(
        "UPDATE stack_command SET state = v.column2, result = v.column3, settled_at = $1"
        f" FROM {source} WHERE id = v.column1"
        f" AND (state IN {UNENDED} OR kind = 'retrieve' AND v.column2 = 'done' AND state <> 'done')"
        f" RETURNING {_COLUMNS}",
        to_us(now),
        *given,
    )
    return [value_from(CommandRow, row) for row in rows]


async def set_unsure(tx: Transaction, command_id: str, result: str) -> bool:
    """Nobody can say whether the device did it: people look. False where it has settled meanwhile."""
    return bool(
        await tx.execute(
            "UPDATE stack_command SET state = 'unsure', result = $2 WHERE id = $1"
            " AND state IN ('sent', 'accepted')",
            command_id,
            result[:60],
        )
    )


async def set_taken_over(
    tx: Transaction, command_id: str, state: CommandState, *, by: str, reason: str, now: datetime
) -> bool:
    """People did it, or gave it up; False where it has settled meanwhile."""
    return bool(
        await tx.execute(
            "UPDATE stack_command SET state = $2, result = 'taken_over', taken_over_by = $3, reason = $4,"
            f" settled_at = $5 WHERE id = $1 AND state IN {UNENDED}",
            command_id,
            str(state),
            by,
            reason,
            to_us(now),
        )
    )
