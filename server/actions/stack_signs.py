"""How devices are: who speaks with them, whether they are heard, what they show."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from server.context import Context
from server.domain.events import StackPictured
from server.domain.stack import Liveness
from server.store.stack_devices import (
    DeviceRow,
    active_devices,
    device_by_id,
    give_lease_up,
    save_signs,
    save_state,
    save_watermark,
    take_lease,
)
from server.store.stack_events import numbers_after
from server.store.stack_lists import stock_of

__all__ = ["DeviceRow", "Signs", "active_devices", "device_by_id"]

LEASE = timedelta(
    seconds=7
)  # with the look for lapsed ones every second, a dead bridge is replaced within 10 s
MOST_STOCK = 200_000


@dataclass(frozen=True, slots=True)
class Signs:
    """What was heard of a device since it was last written down."""

    heard_at: datetime | None = None
    skew_ms: int = 0
    picture: str = ""
    watermark: tuple[str, int] = ("", 0)


async def devices_to_serve(ctx: Context) -> list[DeviceRow]:
    """The devices that somebody must speak with."""
    return await active_devices(ctx.db.read)


async def hold_lease(ctx: Context, device_id: str) -> bool:
    """Be the one process that speaks with the device, for the next seconds; False while another is."""
    now = ctx.clock.now()
    async with ctx.transaction() as tx:
        return await take_lease(tx, device_id, ctx.process_id, now=now, until=now + LEASE)


async def end_lease(ctx: Context, device_id: str) -> None:
    """Let another process begin at once."""
    async with ctx.transaction() as tx:
        await give_lease_up(tx, device_id, ctx.process_id)


async def note_state(ctx: Context, device_id: str, state: Liveness) -> bool:
    """The device is heard again, or is not any more; False where that was known."""
    async with ctx.transaction() as tx:
        changed = await save_state(tx, device_id, state, ctx.clock.now())
        if changed:
            tx.announce(StackPictured(device_id, ""))
    return changed


async def note_signs(ctx: Context, device_id: str, signs: Signs) -> None:
    """Write down what signs of life told, and pass the picture on to whoever watches."""
    async with ctx.transaction() as tx:
        await save_signs(
            tx,
            device_id,
            heard_at=signs.heard_at,
            skew_ms=signs.skew_ms,
            picture=signs.picture,
            now=ctx.clock.now(),
        )
        if signs.watermark[0]:
            await save_watermark(tx, device_id, *signs.watermark)


async def kept_beyond(ctx: Context, device: DeviceRow, *, limit: int) -> list[int]:
    """Which numbers of the device's run are kept beyond the mark up to which there is no gap."""
    return await numbers_after(ctx.db.read, device.id, device.epoch, device.last_sequence, limit=limit)


async def stock_by_our_books(ctx: Context, store_id: str) -> dict[str, str]:
    """With what a simulated store is filled: barcode → tote."""
    return await stock_of(ctx.db.read, store_id, limit=MOST_STOCK)
