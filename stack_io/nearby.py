"""A simulated store within this process, filled with what our books say is in it: for demonstrations and trials."""

from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack

from server.actions.stack_signs import DeviceRow, stock_by_our_books
from server.context import Context
from stack_io.link import Streams
from stack_io.simulator.devices import Device
from stack_io.simulator.journals import Journal
from stack_io.simulator.plans import plan_of
from stack_io.simulator.serving import Host

IN_PROCESS = "in-process"


async def dial_nearby(
    ctx: Context, device: DeviceRow, stack: AsyncExitStack
) -> Callable[[], Awaitable[list[Streams]]]:
    """Build the device's store as its options say; it lives until the stack closes. How to reach it.

    Its memory ends with it. So its next run must be a later one, and is named after the time; what it had begun is
    asked about and begun anew.
    """
    plan = plan_of(device.options)
    books = await stock_by_our_books(ctx, device.store_id)
    stock = {barcode: tote or str(plan.home_of(barcode)) for barcode, tote in books.items()}
    journal = Journal(boot=int(ctx.clock.now().timestamp() * 1000))
    host = await stack.enter_async_context(Host(Device(plan, journal, stock, ctx.clock.now)))

    async def dial() -> list[Streams]:
        return [await host.dial()]

    return dial
