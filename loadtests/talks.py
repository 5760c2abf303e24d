"""Talk in many conversations at once, at an even rate or as fast as it is answered; and what it cost."""

import asyncio
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from loadtests import rig
from loadtests.lines import Line

BODY = "请问《申报》1927年合订本在哪里可以看到？" * 2
SATURATED = 0  # the rate that means: everybody has one message under way, always
SETTLE = 1.0  # seconds of load before counting begins


@dataclass
class Talk:
    """Who may speak, and what was acknowledged to them."""

    speakers: list[Callable[[bytes], None]] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    acked: int = 0
    times: list[float] = field(default_factory=list)
    sent: dict[bytes, float] = field(default_factory=dict)
    endless: bool = False  # an acknowledged speaker goes on at once
    _serial: int = 0

    def say(self, who: int) -> None:
        """One message by one speaker."""
        self._serial += 1
        name = b"%d-%d" % (who, self._serial)
        self.sent[name] = time.perf_counter()
        self.speakers[who](name)

    def acknowledged(self, name: bytes) -> None:
        """A message is durable, as its server says."""
        begun = self.sent.pop(name, None)
        if begun is None:
            return
        self.acked += 1
        self.times.append(time.perf_counter() - begun)
        if self.endless:
            self.say(int(name.partition(b"-")[0]))

    async def quiet(self, seconds: float = 20) -> None:
        """Until everything said is acknowledged. Raises TimeoutError."""
        async with asyncio.timeout(seconds):
            while self.sent:
                await asyncio.sleep(0.02)

    def hang_up(self) -> None:
        """End every line."""
        for line in self.lines:
            line.transport.close()


@dataclass
class Sum:
    """What a load came to, over its rounds."""

    messages: int = 0
    seconds: float = 0.0
    cpu: float = 0.0
    times: list[float] = field(default_factory=list)

    @property
    def rate(self) -> float:
        return self.messages / self.seconds

    @property
    def cpu_us(self) -> float:
        """CPU of server and database for each acknowledged message, in microseconds."""
        return self.cpu / max(1, self.messages) * 1e6

    def percentile(self, share: float) -> float:
        """Milliseconds within which this share was acknowledged."""
        times = sorted(self.times)
        return times[min(len(times) - 1, int(len(times) * share))] * 1e3 if times else float("inf")

    def __str__(self) -> str:
        return (
            f"{self.rate:7.0f} acknowledged/s {self.cpu_us:5.0f} us CPU/message"
            f"   ack p50 {self.percentile(0.5):6.2f} ms  p99 {self.percentile(0.99):6.2f} ms"
        )


async def load(talk: Talk, server: rig.Measured, *, seconds: float, rate: int, total: Sum) -> None:
    """Put a load on a server and add to the sum what it came to."""
    speaking = asyncio.create_task(_endlessly(talk) if rate == SATURATED else evenly(talk, rate))
    await asyncio.sleep(SETTLE)
    talk.times.clear()
    acked, cpu, begun = talk.acked, server.cpu(), time.perf_counter()
    await asyncio.sleep(seconds)
    total.messages += talk.acked - acked
    total.cpu += server.cpu() - cpu
    total.seconds += time.perf_counter() - begun
    total.times += talk.times
    speaking.cancel()
    await asyncio.gather(speaking, return_exceptions=True)
    talk.endless = False
    await talk.quiet()


async def _endlessly(talk: Talk) -> None:
    talk.endless = True
    for who in range(len(talk.speakers)):
        talk.say(who)


async def evenly(talk: Talk, rate: int) -> None:
    """Speak in turn, so many times a second, until cancelled."""
    begun, count = time.perf_counter(), 0
    while True:
        now = time.perf_counter() - begun
        while count < now * rate:
            talk.say(count % len(talk.speakers))
            count += 1
        await asyncio.sleep(max(0.0, count / rate - (time.perf_counter() - begun)))


def frame_of_ours(line: Line, session: str) -> Callable[[bytes], None]:
    """How a participant of ours says something under a name."""
    head = f'{{"t":"post","session":"{session}","id":"'.encode()
    tail = f'","text":{json.dumps(BODY, ensure_ascii=False)}}}'.encode()
    return lambda name: line.send(head + name + tail)


def frame_of_theirs(line: Line, conversation: int) -> Callable[[bytes], None]:
    """How a user of the bare relay does."""
    tail = f'","conv":{conversation},"body":{json.dumps(BODY, ensure_ascii=False)}}}'.encode()
    return lambda name: line.send(b'{"t":"m","id":"' + name + tail)
