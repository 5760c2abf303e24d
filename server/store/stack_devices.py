"""Devices of automated stores: where they are reached, how they are, and which process speaks with them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from server.domain.stack import Liveness
from server.store.rows import Reader, Row, Transaction, from_us, from_us_or_none, to_us, to_us_or_none

PICTURE_CHARACTERS = 200_000


@dataclass(frozen=True, slots=True)
class DeviceRow:
    """One machine that the bridge speaks with; ``epoch`` and ``last_sequence`` are the last that was kept of it."""

    id: str
    store_id: str
    name: str
    driver: str
    address: str
    options: Mapping[str, Any]
    active: bool
    state: Liveness
    state_at: datetime
    heard_at: datetime | None
    paused_at: datetime | None
    paused_by: str
    pause_reason: str
    epoch: str
    last_sequence: int
    skew_ms: int
    reconciled_at: datetime | None
    lease_holder: str
    lease_until_at: datetime

    @property
    def paused(self) -> bool:
        """Nothing is sent; what comes in is kept as ever."""
        return self.paused_at is not None


_COLUMNS = (
    "id, store_id, name, driver, address, options, active, state, state_at, heard_at, paused_at, paused_by,"
    " pause_reason, epoch, last_sequence, skew_ms, reconciled_at, lease_holder, lease_until_at"
)


async def insert_device(tx: Transaction, device: DeviceRow) -> None:
    """A machine is made known to us."""
    await tx.execute(
        "INSERT INTO stack_device (id, store_id, name, driver, address, options, active, state, state_at, paused_by,"
        " pause_reason, epoch, last_sequence, skew_ms, picture, lease_holder, lease_until_at)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, 'offline', $8, '', '', '', 0, 0, '', '', 0)",
        device.id,
        device.store_id,
        device.name,
        device.driver,
        device.address,
        json.dumps(dict(device.options), ensure_ascii=False),
        device.active,
        to_us(device.state_at),
    )


def new_device(device_id: str, store_id: str, name: str, driver: str, now: datetime) -> DeviceRow:
    """A machine as nobody has heard of it yet; ``dataclasses.replace`` gives it an address and options."""
    return DeviceRow(
        device_id,
        store_id,
        name,
        driver,
        "",
        {},
        True,
        Liveness.OFFLINE,
        now,
        None,
        None,
        "",
        "",
        "",
        0,
        0,
        None,
        "",
        from_us(0),
    )


async def device_by_id(db: Reader, device_id: str) -> DeviceRow | None:
    """The device, or None."""
    row = await db.row(f"SELECT {_COLUMNS} FROM stack_device WHERE id = $1", device_id)
    return device_of(row) if row else None


async def device_of_store(db: Reader, store_id: str) -> DeviceRow | None:
    """The active device of a store; None where people do everything."""
    row = await db.row(
        f"SELECT {_COLUMNS} FROM stack_device WHERE store_id = $1 AND active ORDER BY id LIMIT 1", store_id
    )
    return device_of(row) if row else None


async def active_devices(db: Reader) -> list[DeviceRow]:
    """All devices that are to be spoken with."""
    return [
        device_of(r) for r in await db.rows(f"SELECT {_COLUMNS} FROM stack_device WHERE active ORDER BY id")
    ]


async def take_lease(tx: Transaction, device_id: str, holder: str, *, now: datetime, until: datetime) -> bool:
    """Be the one process that speaks with the device, or stay it; False while another is."""
    return bool(
        await tx.execute(
            "UPDATE stack_device SET lease_holder = $2, lease_until_at = $4 WHERE id = $1 AND active"
            " AND (lease_holder = $2 OR lease_until_at <= $3)",
            device_id,
            holder,
            to_us(now),
            to_us(until),
        )
    )


async def give_lease_up(tx: Transaction, device_id: str, holder: str) -> None:
    """Nobody has to wait for the lease of who leaves kindly."""
    await tx.execute(
        "UPDATE stack_device SET lease_holder = '', lease_until_at = 0 WHERE id = $1 AND lease_holder = $2",
        device_id,
        holder,
    )


async def save_state(tx: Transaction, device_id: str, state: Liveness, now: datetime) -> bool:
    """The device counts otherwise from now on; False where it did already."""
    return bool(
        await tx.execute(
            "UPDATE stack_device SET state = $2, state_at = $3 WHERE id = $1 AND state <> $2",
            device_id,
            str(state),
            to_us(now),
        )
    )


async def save_signs(
    tx: Transaction, device_id: str, *, heard_at: datetime | None, skew_ms: int, picture: str, now: datetime
) -> None:
    """What signs of life told since the last time; an empty picture leaves the last one."""
    if picture and len(picture) <= PICTURE_CHARACTERS:
        await tx.execute(
            "UPDATE stack_device SET heard_at = $2, skew_ms = $3, picture = $4, picture_at = $5 WHERE id = $1",
            device_id,
            to_us_or_none(heard_at),
            skew_ms,
            picture,
            to_us(now),
        )
    else:
        await tx.execute(
            "UPDATE stack_device SET heard_at = $2, skew_ms = $3 WHERE id = $1",
            device_id,
            to_us_or_none(heard_at),
            skew_ms,
        )


async def save_watermark(tx: Transaction, device_id: str, epoch: str, sequence: int) -> None:
    """Up to here everything of the device's counter is kept, without a gap."""
    await tx.execute(
        "UPDATE stack_device SET epoch = $2, last_sequence = $3 WHERE id = $1"
        " AND (epoch < $2 OR (epoch = $2 AND last_sequence < $3))",
        device_id,
        epoch,
        sequence,
    )


async def set_pause(tx: Transaction, device_id: str, *, by: str, reason: str, now: datetime) -> bool:
    """Nothing more is sent from now on; False where that was so already."""
    return bool(
        await tx.execute(
            "UPDATE stack_device SET paused_at = $2, paused_by = $3, pause_reason = $4 WHERE id = $1"
            " AND paused_at IS NULL",
            device_id,
            to_us(now),
            by,
            reason,
        )
    )


async def end_pause(tx: Transaction, device_id: str) -> bool:
    """Commands go out again; False where they did already."""
    return bool(
        await tx.execute(
            "UPDATE stack_device SET paused_at = NULL, paused_by = '', pause_reason = '' WHERE id = $1"
            " AND paused_at IS NOT NULL",
            device_id,
        )
    )


async def save_reconciled(tx: Transaction, device_id: str, now: datetime, *, before: datetime | None) -> None:
    """The device's own list has been compared with ours; what was written since ``before`` was read stays."""
    await tx.execute(
        "UPDATE stack_device SET reconciled_at = $2 WHERE id = $1 AND COALESCE(reconciled_at, -1) = $3",
        device_id,
        to_us(now),
        -1 if before is None else to_us(before),
    )


async def want_comparison(tx: Transaction, device_id: str) -> None:
    """Somebody wants the device's list compared with ours now, not only at night."""
    await tx.execute("UPDATE stack_device SET reconciled_at = NULL WHERE id = $1", device_id)


async def picture_of(db: Reader, device_id: str) -> tuple[str, datetime | None]:
    """The last picture of the store (JSON) and when it came."""
    row = await db.row("SELECT picture, picture_at FROM stack_device WHERE id = $1", device_id)
    return (row["picture"], from_us_or_none(row["picture_at"])) if row else ("", None)


def device_of(row: Row) -> DeviceRow:
    """A row's value."""
    return DeviceRow(
        row["id"],
        row["store_id"],
        row["name"],
        row["driver"],
        row["address"],
        json.loads(row["options"] or "{}"),
        bool(row["active"]),
        Liveness(row["state"]),
        from_us(row["state_at"]),
        from_us_or_none(row["heard_at"]),
        from_us_or_none(row["paused_at"]),
        row["paused_by"],
        row["pause_reason"],
        row["epoch"],
        row["last_sequence"],
        row["skew_ms"],
        from_us_or_none(row["reconciled_at"]),
        row["lease_holder"],
        from_us(row["lease_until_at"]),
    )
