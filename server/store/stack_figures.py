"""Figures of devices by the hour: how much was brought, how long it took."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from server.domain.stack import CommandKind, CommandState
from server.store.rows import Reader, Transaction, from_us, to_us
from server.store.stack_commands import CommandRow
from server.store.values import columns, value_from

_HOUR = 3_600_000_000


@dataclass(frozen=True, slots=True)
class StackHour:
    """One hour of one device. Waiting counts from the command to its completion."""

    device_id: str
    hour_at: datetime
    retrieved: int
    put_back: int
    failed: int
    wait_seconds: int
    longest_seconds: int


_COLUMNS = columns(StackHour)


async def add_to_hour(tx: Transaction, device_id: str, settled: Iterable[CommandRow], now: datetime) -> None:
    """Count commands that have come to their ends in this hour."""
    done = [c for c in settled if c.kind is not CommandKind.CANCEL and c.state is not CommandState.CANCELLED]
    if not done:
        return
    good = [c for c in done if c.state is CommandState.DONE]
    waits = [int((now - c.created_at).total_seconds()) for c in good if c.kind is CommandKind.RETRIEVE]
    hour = to_us(now) // _HOUR * _HOUR
    await tx.execute(
        "INSERT INTO stack_hour (id, device_id, hour_at, retrieved, put_back, failed, wait_seconds, longest_seconds)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (id) DO UPDATE SET"
        " retrieved = stack_hour.retrieved + excluded.retrieved, put_back = stack_hour.put_back + excluded.put_back,"
        " failed = stack_hour.failed + excluded.failed,"
        " wait_seconds = stack_hour.wait_seconds + excluded.wait_seconds, longest_seconds = CASE"
        " WHEN stack_hour.longest_seconds > excluded.longest_seconds THEN stack_hour.longest_seconds"
        " ELSE excluded.longest_seconds END",
        f"{device_id}/{hour // _HOUR}",
        device_id,
        hour,
        len(waits),
        len(good) - len(waits),
        len(done) - len(good),
        sum(waits),
        max(waits, default=0),
    )


async def hours_of(db: Reader, device_id: str, since: datetime) -> list[StackHour]:
    """The hours in which something was done, from then on."""
    first = from_us(to_us(since) // _HOUR * _HOUR)
    rows = await db.rows(
        f"SELECT {_COLUMNS} FROM stack_hour WHERE device_id = $1 AND hour_at >= $2 ORDER BY hour_at",
        device_id,
        to_us(first),
    )
    return [value_from(StackHour, row) for row in rows]
