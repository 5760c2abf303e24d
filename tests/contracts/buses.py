"""Ears on a bus, for tests."""

import asyncio
from collections.abc import Callable

from server.live.bus import Bus, Envelope

PATIENCE = 60.0


class Ear:
    """One process' end of a bus, and what it heard there."""

    def __init__(self, bus: Bus) -> None:
        self.bus = bus
        self.heard: list[Envelope] = []
        self.resyncs = 0
        self._changed = asyncio.Event()

    async def start(self) -> "Ear":
        await self.bus.start(self._on_envelope, self._on_resync)
        return self

    async def until(self, true: Callable[[], bool]) -> None:
        """Wait until what was heard makes it true."""
        async with asyncio.timeout(PATIENCE):
            while not true():
                self._changed.clear()
                await self._changed.wait()

    async def hears(self, envelope: Envelope) -> None:
        await self.until(lambda: envelope in self.heard)

    async def reached_by(self, other: "Ear") -> None:
        """Wait until this end hears what the other says, however often it has to be said."""
        async with asyncio.timeout(PATIENCE):
            while not any(one.wake == "are you there" for one in self.heard):
                other.bus.publish(Envelope("", wake="are you there"))
                await asyncio.sleep(0.01)  # nothing tells the sender that it was in vain

    def _on_envelope(self, envelope: Envelope) -> None:
        self.heard.append(envelope)
        self._changed.set()

    def _on_resync(self) -> None:
        self.resyncs += 1
        self._changed.set()
