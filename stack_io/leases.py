"""Runs the bridges of this process: one for each device whose lease it holds, of all processes only one per device."""

import asyncio
import logging
from contextlib import AsyncExitStack, suppress

from server.actions.stack_signs import DeviceRow, devices_to_serve, end_lease, hold_lease
from server.context import Context
from server.domain.errors import Unavailable
from stack_io.bridge import Bridge
from stack_io.drivers import DRIVERS
from stack_io.link import Dial, dial_tcp
from stack_io.nearby import IN_PROCESS, dial_nearby

log = logging.getLogger(__name__)

LOOK = 1.0
RENEW = 2.0
LET_GO = 5.0  # seconds without a renewal after which we stop by ourselves, before another process may begin


class Leases:
    """Takes the leases that are free, keeps those that it has, and runs a bridge under each."""

    def __init__(self, ctx: Context, wake: asyncio.Event | None = None) -> None:
        self._ctx = ctx
        self._wake = wake or asyncio.Event()
        self._bridges: dict[str, Bridge] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._served: dict[str, DeviceRow] = {}  # as they were when their bridges began
        self._waiting: set[str] = set()  # of which it was said why we do not speak with them
        self._away = False

    async def run(self, stop: asyncio.Event) -> None:
        """Until told to stop; then the leases are given up, so that nobody waits for them to run out."""
        waits = asyncio.create_task(stop.wait())
        passing_on = asyncio.create_task(self._pass_on())
        try:
            while not stop.is_set():
                await self._look()
                await asyncio.wait({waits}, timeout=LOOK)
        finally:
            for task in (waits, passing_on, *self._tasks.values()):
                task.cancel()
            await asyncio.gather(waits, passing_on, *self._tasks.values(), return_exceptions=True)

    async def _look(self) -> None:
        """Begin with devices that nobody speaks with, end with those that are no more."""
        try:
            devices = {device.id: device for device in await devices_to_serve(self._ctx)}
            for device_id, task in list(self._tasks.items()):
                if task.done():
                    self._tasks.pop(device_id)
                    if not task.cancelled() and (error := task.exception()):
                        log.error("stack %s: the bridge did not begin: %r", device_id, error)
                elif device_id not in devices or _moved(self._served[device_id], devices[device_id]):
                    task.cancel()
            for device in devices.values():
                if device.driver not in DRIVERS:
                    self._say_unknown(device)
                elif device.id not in self._tasks and await self._free(device):
                    self._served[device.id] = device
                    self._tasks[device.id] = asyncio.create_task(self._serve(device))
            if self._away:
                log.info("the database is back: stacks are spoken with again")
            self._away = False
        except Unavailable:
            if not self._away:
                log.warning("the database is away: nothing is acknowledged to any stack")
            self._away = True

    def _say_unknown(self, device: DeviceRow) -> None:
        if device.id not in self._waiting:
            self._waiting.add(device.id)
            log.error("stack %s: there is no driver %r: nobody speaks with it", device.name, device.driver)

    async def _free(self, device: DeviceRow) -> bool:
        if device.lease_holder and device.lease_until_at > self._ctx.clock.now():
            if device.id not in self._waiting:
                self._waiting.add(device.id)
                log.info("stack %s: another process speaks with it, this one waits for its turn", device.name)
            return False
        self._waiting.discard(device.id)
        return await hold_lease(self._ctx, device.id)

    async def _serve(self, device: DeviceRow) -> None:
        """Speak with one device as long as the lease is ours."""
        async with AsyncExitStack() as stack:
            dial = await _dial_for(self._ctx, device, stack)
            bridge = self._bridges[device.id] = Bridge(self._ctx, device, dial)
            running = asyncio.create_task(bridge.run())
            keeping = asyncio.create_task(self._renew(device))
            try:
                await asyncio.wait({running, keeping}, return_when=asyncio.FIRST_COMPLETED)
                if running.done() and not running.cancelled() and (error := running.exception()):
                    log.error("stack %s: the bridge failed", device.name, exc_info=error)
            finally:
                for task in (running, keeping):
                    task.cancel()
                await asyncio.gather(running, keeping, return_exceptions=True)
                self._bridges.pop(device.id, None)
                with suppress(Unavailable):
                    await end_lease(self._ctx, device.id)

    async def _renew(self, device: DeviceRow) -> None:
        """Returns when the lease is lost, or could not be renewed for so long that it might be."""
        loop = asyncio.get_running_loop()
        until = loop.time() + LET_GO
        while (left := until - loop.time()) > 0:
            await asyncio.sleep(min(RENEW, left))
            with suppress(Unavailable, TimeoutError):
                began = loop.time()
                async with asyncio.timeout_at(max(until, began + 0.1)):
                    if not await hold_lease(self._ctx, device.id):
                        log.warning("stack %s: another process speaks with it", device.name)
                        return
                until = began + LET_GO

    async def _pass_on(self) -> None:
        """One hint from the bus wakes every bridge."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            for bridge in list(self._bridges.values()):
                bridge.known.wake.set()


async def run_stacks(ctx: Context, stop: asyncio.Event, wake: asyncio.Event | None = None) -> None:
    """Speak with every device that no other process speaks with, until told to stop. ``wake``: an outbox changed."""
    await Leases(ctx, wake).run(stop)


def _moved(before: DeviceRow, after: DeviceRow) -> bool:
    """Whether it is reached otherwise than before."""
    return (before.address, before.driver, before.options) != (after.address, after.driver, after.options)


async def _dial_for(ctx: Context, device: DeviceRow, stack: AsyncExitStack) -> Dial:
    if device.address == IN_PROCESS:
        return await dial_nearby(ctx, device, stack)
    return lambda: dial_tcp(device.address)
