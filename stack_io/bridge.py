"""The bridge to one device, as long as this process holds its lease: any number of connections, one after the other."""

import asyncio
import logging
from datetime import timedelta

from server.actions.stack_signs import DeviceRow, device_by_id, kept_beyond, note_signs, note_state
from server.context import Context
from server.domain.errors import Unavailable
from server.domain.stack import Liveness, liveness
from stack_io.counts import MOST_BEYOND
from stack_io.drivers import DRIVERS
from stack_io.known import Known
from stack_io.link import Dial, Link, LinkLost, Streams, keep_linked
from stack_io.session import Session

log = logging.getLogger(__name__)

LOOK = 0.5
WRITE_SIGNS = 2.0
GOOD = 10.0  # a connection that held for so long was a good one: the back-off begins anew


class Bridge:
    """Keeps the promises of docs/stack.md with one device. ``run`` until cancelled.

    Every connection gets fresh lines and a fresh driver; what outlives them is in ``known``.
    """

    def __init__(self, ctx: Context, device: DeviceRow, dial: Dial) -> None:
        self._ctx, self._dial = ctx, dial
        self._make = DRIVERS[device.driver]
        self.known = Known(ctx, device, self._make.traits)
        self._link: Link | None = None
        self._began = 0.0
        self._state = device.state
        self._said_lost = False

    async def run(self) -> None:
        """Speak with the device. Nothing that it, the network or the database does ends this."""
        for number in await kept_beyond(self._ctx, self.known.device, limit=MOST_BEYOND):
            self.known.counts.kept(self.known.device.epoch, number)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._watch())
            tasks.create_task(keep_linked(self._dial, self._speak, self._lost, rng=self._ctx.rng))

    async def _speak(self, lines: list[Streams]) -> None:
        """One connection, from the first word to its loss."""
        driver = self._make(self.known.device.options)
        if len(lines) != driver.traits.lines:
            raise LinkLost(f"{driver.traits.lines} lines are needed, not {len(lines)}")
        self._link = Link(lines, driver)
        self._began = asyncio.get_running_loop().time()
        try:
            await Session(self.known, self._link).run()
        finally:
            self._link = None

    def _lost(self, why: Exception) -> bool:
        """Said once until it is back; whether the connection had been a good one."""
        good = bool(self._began) and asyncio.get_running_loop().time() - self._began > GOOD
        self._began = 0.0
        if not self._said_lost:
            self._said_lost = True
            log.warning("stack %s: no connection: %r", self.known.device.name, why)
        return good

    async def _watch(self) -> None:
        """Judge how the device is, and write down what changes; a database that is away ends nothing."""
        loop = asyncio.get_running_loop()
        written = 0.0
        while True:
            try:
                await self._judge()
                if loop.time() - written >= WRITE_SIGNS:
                    written = loop.time()
                    device = await device_by_id(self._ctx.db.read, self.known.device.id)
                    self.known.device = device or self.known.device
                    await note_signs(self._ctx, self.known.device.id, self.known.written())
            except Unavailable:
                pass  # whoever holds the lease says so, once for all devices
            await asyncio.sleep(LOOK)

    async def _judge(self) -> None:
        traits, now, link = self._make.traits, self._ctx.clock.now(), self._link
        heard_at = self.known.signs.heard_at
        if link is not None and heard_at is not None and link.heard:
            heard_at = now - timedelta(seconds=link.silence)  # a wall clock that is moved makes nobody stale
        state = liveness(
            heard_at,
            now,
            stale_seconds=traits.stale_seconds,
            offline_seconds=traits.offline_seconds,
            linked=link is not None and link.heard,
        )
        if state is not self._state:
            await note_state(self._ctx, self.known.device.id, state)
        if state is Liveness.OFFLINE and self._state is not state and not self._said_lost:
            self._said_lost = True
            log.warning("stack %s is offline", self.known.device.name)
        elif state is Liveness.ONLINE and (self._said_lost or self._state is Liveness.OFFLINE):
            self._said_lost = False
            log.info("stack %s is online", self.known.device.name)
        self._state = state
