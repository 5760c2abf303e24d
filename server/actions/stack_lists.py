"""Compares a store's own list with ours, a page at a time: after each reconnect and every night (docs/stack.md, 12)."""

from collections.abc import Mapping
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from server.actions.stack_troubles import Trouble, TroubleKind, report_trouble
from server.context import Context
from server.store.stack_devices import DeviceRow, save_reconciled
from server.store.stack_lists import (
    Difference,
    Shelved,
    busy_barcodes,
    forget_differences,
    keep_differences,
    mark_seen,
    shelved,
    unseen,
)

MOST = 1000  # differences in one comparison: beyond that it is one thing that is wrong, not a thousand
_INSIDE = frozenset({"available", "reserved"})
_SETTLING = timedelta(minutes=10)  # what was moved a moment ago may still be written down differently
_NIGHT = time(3, 0)


def wants_comparison(device: DeviceRow, now: datetime, zone: str) -> bool:
    """Whether the last comparison is from before the last night."""
    here = now.astimezone(ZoneInfo(zone))
    night = here.replace(hour=_NIGHT.hour, minute=_NIGHT.minute, second=0, microsecond=0)
    if here < night:
        night -= timedelta(days=1)
    return device.reconciled_at is None or device.reconciled_at < night


async def compare_page(
    ctx: Context, device: DeviceRow, theirs: Mapping[str, str], *, room: int
) -> tuple[int, int]:
    """Hold a page of the device's list against our items; returns how many differ, and how many of these are new.

    At most ``room`` differences are written down; of a book that an order has, that order's case is opened. Where a
    tote alone differs the device is right: it moves them.
    """
    now = ctx.clock.now()
    async with ctx.transaction() as tx:
        ours, busy = await shelved(tx, theirs), await busy_barcodes(tx, device.id, now - _SETTLING)
        found = [
            Difference(device.id, barcode, said, tote, now)
            for barcode, tote in sorted(theirs.items())
            if barcode not in busy and (said := _objection(ours.get(barcode), device.store_id)) is not None
        ]
        here = {code: item for code, item in ours.items() if item.store_id == device.store_id}
        moved = {
            code: theirs[code] for code, item in here.items() if theirs[code] and item.tote != theirs[code]
        }
        await mark_seen(tx, device.store_id, here, moved, now)
        fresh = await keep_differences(tx, found[:room])
        for difference in found[:room]:
            item = ours.get(difference.barcode)
            if item is not None and item.order_id:
                await report_trouble(ctx, tx, _misplaced(device, item))
    return len(found), fresh


async def finish_comparison(
    ctx: Context, device: DeviceRow, began: datetime, *, found: int, fresh: int
) -> int:
    """The device's list is through: what of ours was not on it is missing there. Returns how many differences stand.

    New ones open a case, one for the whole comparison. ``device`` is as it was when this began: who wanted another
    comparison meanwhile gets it.
    """
    now = ctx.clock.now()
    async with ctx.transaction() as tx:
        busy = await busy_barcodes(tx, device.id, now - _SETTLING)
        gone = [
            Difference(device.id, item.barcode, item.state, "", now)
            for item in await unseen(tx, device.store_id, began, limit=MOST + len(busy))
            if item.barcode not in busy
        ]
        fresh += await keep_differences(tx, gone[: max(0, MOST - found)])
        found += len(gone)
        await forget_differences(tx, device.id, began)
        await save_reconciled(tx, device.id, now, before=device.reconciled_at)
        if fresh:
            detail = began.isoformat(timespec="seconds")
            await report_trouble(
                ctx, tx, Trouble(TroubleKind.DIFFERENCE, device.id, count=found, detail=detail)
            )
    return found


def _misplaced(device: DeviceRow, item: Shelved) -> Trouble:
    """An order has the book, and the device, too: its reader is told, whoever it is that is wrong."""
    detail = f"{item.order_id} {item.barcode}"
    return Trouble(
        TroubleKind.MISPLACED,
        device.id,
        order_id=item.order_id,
        line_id=item.line_id,
        barcode=item.barcode,
        detail=detail,
    )


def _objection(item: Shelved | None, store_id: str) -> str | None:
    """What we say of an item that the device claims to hold; None where we agree."""
    if item is None:
        return ""
    if item.store_id != store_id:
        return "elsewhere"
    return None if item.state in _INSIDE else item.state
