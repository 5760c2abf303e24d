"""A network between bridge and device that does on a seed what networks do: splits, merges, loses, doubles, delays,
garbles, falls silent, breaks off.

It works on bytes of either direction and knows nothing of what they mean.
"""

import asyncio
from dataclasses import dataclass
from random import Random

READ = 4096


@dataclass(frozen=True, kw_only=True)
class Weather:
    """Chances for each piece that passes. ``silence`` and ``breaks`` concern the whole connection from then on."""

    split: float = 0.0  # one piece becomes many
    merge: float = 0.0  # it waits for the next one
    lose: float = 0.0
    double: float = 0.0
    garble: float = 0.0  # some bytes of noise are put before it
    damage: float = 0.0  # one of its bytes is another
    delay: float = 0.0  # up to 0.3 s
    silence: float = 0.0  # nothing passes any more, and nobody is told: half open
    breaks: float = 0.0


STORM = Weather(
    split=0.3,
    merge=0.2,
    lose=0.03,
    double=0.05,
    garble=0.03,
    damage=0.03,
    delay=0.1,
    silence=0.002,
    breaks=0.004,
)


class Network:
    """Listens on a port and passes everything on to another, through the weather; an async context manager."""

    def __init__(self, port: int, weather: Weather, seed: int = 1) -> None:
        self.weather = weather
        self.port = 0
        self.connections = 0
        self._target = port
        self._chance = Random(seed)
        self._tasks: set[asyncio.Task[None]] = set()
        self._writers: set[asyncio.StreamWriter] = set()

    async def __aenter__(self) -> "Network":
        self._server = await asyncio.start_server(self._welcome, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *gone: object) -> None:
        self._server.close()
        self.cut()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def cut(self) -> None:
        """Break every connection that stands."""
        for writer in list(self._writers):
            writer.transport.abort()

    async def _welcome(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            there_reader, there_writer = await asyncio.open_connection("127.0.0.1", self._target)
        except OSError:
            writer.transport.abort()
            return
        pair = {writer, there_writer}
        self._writers |= pair
        self.connections += 1  # from now on it can be cut
        for source, sink in ((reader, there_writer), (there_reader, writer)):
            task = asyncio.create_task(self._pass(source, sink, pair))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _pass(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, pair: set[asyncio.StreamWriter]
    ) -> None:
        held, silent = b"", False
        try:
            while data := await reader.read(READ):
                weather, chance = self.weather, self._chance.random
                if silent or chance() < weather.silence:
                    silent = True
                    continue
                if chance() < weather.breaks:
                    break
                if chance() < weather.delay:
                    await asyncio.sleep(self._chance.uniform(0, 0.3))
                held += self._weathered(data)
                if chance() < weather.merge:
                    continue
                for piece in self._pieces(held):
                    writer.write(piece)
                    await writer.drain()
                held = b""
        except OSError:
            pass
        finally:
            for each in pair:
                each.transport.abort()
            self._writers -= pair

    def _weathered(self, data: bytes) -> bytes:
        weather, chance = self.weather, self._chance
        if chance.random() < weather.lose:
            start = chance.randrange(len(data))
            data = data[:start] + data[start + chance.randrange(1, 200) :]
        if data and chance.random() < weather.damage:
            at = chance.randrange(len(data))
            data = data[:at] + bytes([chance.randrange(256)]) + data[at + 1 :]
        if chance.random() < weather.double:
            data += data
        if chance.random() < weather.garble:
            data = chance.randbytes(chance.randrange(1, 60)) + data
        return data

    def _pieces(self, data: bytes) -> list[bytes]:
        if self._chance.random() >= self.weather.split or len(data) < 2:
            return [data]
        cuts = sorted(self._chance.sample(range(1, len(data)), min(len(data) - 1, 9)))
        return [data[start:end] for start, end in zip([0, *cuts], [*cuts, len(data)], strict=True)]
