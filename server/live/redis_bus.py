"""The bus between processes: Redis publish/subscribe, many envelopes to a message.

One channel for the whole installation. A channel for each topic would bring every process only what it
wants, but it costs a Redis message, and its parsing, for each envelope, sends a process the copies of its
own, and 5 000 clients that come back mean 5 000 subscriptions. A message holds whatever has gathered while
the one before was under way: a process drops its own by the first bytes, and looks through the others' at
about 1 µs an envelope, where a message of its own would cost it 5 µs. An installation of this kind has a
handful of processes.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable

import msgspec
from redis.asyncio.connection import AbstractConnection

from server.live.bus import Envelope, OnEnvelope, OnResync
from server.live.outgoing import Outgoing
from server.live.redis_lines import ANSWER, RedisLines

log = logging.getLogger(__name__)

FORMAT = 1  # of the messages; part of the channel's name, so that processes of two versions do not meet
PULSE = 5.0  # seconds after which a process sends something, be it empty, to hear itself
SILENT = 3  # pulses without hearing anything, not even oneself: the line is dead
# Seconds between two messages of ours: each wakes every process, and nobody notices so little. In busy times, when a
# message holds as many as `BUSY`, it is the waiting for one another that costs more.
PAUSE = 0.01
PAUSE_BUSY = 0.002
BUSY = 32
_ORIGIN_BYTES = 32  # at a message's beginning, who sent it
FLUSH = 1.0  # seconds that `stop` waits for what is still to be sent


def channel_of(prefix: str) -> str:
    """Where the processes of an installation meet."""
    return f"{prefix}:live:{FORMAT}"


class Batch(msgspec.Struct, array_like=True):
    """What one message holds; ``lost`` says that some before it were dropped."""

    lost: bool
    envelopes: list[Envelope]


def nothing_to_tell() -> bytes:
    """A message that every process understands and none heeds: to try whether one may be sent."""
    return b" " * _ORIGIN_BYTES + msgspec.msgpack.encode(Batch(False, []))


class RedisBus:
    """Reaches the other processes through Redis, and does without when Redis is away.

    What this process publishes it hears at once, without going round. The others hear it when the one
    publisher has sent it: it takes all that waits, sends it as one message, meanwhile and a moment longer
    more gathers (no task for each). While Redis is away what has a number, or a word for processes, waits up to a
    bound, the oldest goes first; ephemeral frames are not kept. When a line comes back, and when others had
    to drop something, it calls for a resync. A message whose answer was lost is sent twice.
    """

    def __init__(self, lines: RedisLines, prefix: str, origin: str) -> None:
        """``origin`` names this process, and no other that is alive."""
        self._lines = lines
        self._channel = channel_of(prefix)
        self._origin = origin.encode().ljust(_ORIGIN_BYTES)[:_ORIGIN_BYTES]
        self._topics: set[str] = set()
        self._outgoing = Outgoing()
        self._some = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._answered = asyncio.Event()
        self._up = False
        self._heard = False  # something, since the last pulse
        self._missed = False  # there was a time when this process did not listen
        self._begun = asyncio.Event()  # it has listened at least once
        self._work: asyncio.Task[None] | None = None
        self._encode = msgspec.msgpack.Encoder().encode
        self._decode = msgspec.msgpack.Decoder(Batch).decode

    @property
    def healthy(self) -> bool:
        return self._up

    async def start(self, on_envelope: OnEnvelope, on_resync: OnResync) -> None:
        self._on_envelope, self._on_resync = on_envelope, on_resync
        self._work = asyncio.get_running_loop().create_task(self._lines.keep(self._talk))
        try:
            async with asyncio.timeout(ANSWER):
                await self._begun.wait()
        except TimeoutError:
            self._missed = True
            log.warning("Redis does not answer; other processes hear nothing until it does")

    async def stop(self) -> None:
        if self._work is None:
            return
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(FLUSH if self.healthy else 0):
                await self._idle.wait()
        self._work.cancel()
        await asyncio.gather(self._work, return_exceptions=True)
        self._work = None

    def subscribe(self, topic: str) -> None:
        self._topics.add(topic)

    def unsubscribe(self, topic: str) -> None:
        self._topics.discard(topic)

    def publish(self, envelope: Envelope) -> None:
        if envelope.seq or envelope.wake or self.healthy:
            self._outgoing.put(envelope)
            self._some.set()
            self._idle.clear()
        if envelope.topic in self._topics or envelope.wake:
            self._on_envelope(envelope)

    async def _talk(self, line: AbstractConnection, well: Callable[[], None]) -> None:
        """Listen and publish on one line: a message's answer and its echo then come in one reading."""
        await self._lines.ask(line, "SUBSCRIBE", self._channel)
        well()
        self._up = True
        self._begun.set()
        if self._missed:
            self._on_resync()
        self._missed = True  # should there be a second time
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._listen(line))
                group.create_task(self._publish(line))
                group.create_task(self._watch())
        finally:
            self._up = False

    async def _listen(self, line: AbstractConnection) -> None:
        while True:
            message = await self._lines.hear(line)
            self._heard = True
            if message is None:
                self._answered.set()
            elif not message.startswith(self._origin):
                self._receive(message)

    async def _publish(self, line: AbstractConnection) -> None:
        outgoing = self._outgoing
        batch: list[Envelope] = []
        try:
            while True:
                dropped, batch = outgoing.dropped, outgoing.take()
                message = self._origin + self._encode(Batch(dropped > 0, batch))
                self._answered.clear()
                await line.send_command("PUBLISH", self._channel, message)
                await self._answered.wait()  # an answer that does not come is the silence that ends the line
                sent, batch = len(batch), []
                outgoing.dropped -= dropped  # the others know
                await asyncio.sleep(PAUSE if sent < BUSY else PAUSE_BUSY)
                if not outgoing:
                    self._idle.set()
                    self._some.clear()
                    await self._some.wait()
        finally:
            outgoing.put_back(batch)

    async def _watch(self) -> None:
        """One timer for all deadlines of a line: none has to be set for each message."""
        silent = 0
        while silent < SILENT:
            self._heard = False
            self._some.set()
            await asyncio.sleep(PULSE)
            silent = 0 if self._heard else silent + 1
        raise TimeoutError("nothing heard from Redis")

    def _receive(self, message: bytes) -> None:
        try:
            batch = self._decode(memoryview(message)[len(self._origin) :])
        except msgspec.DecodeError:
            log.warning("a message on the bus was not understood: %d bytes", len(message))
            return
        try:
            for envelope in batch.envelopes:
                if envelope.topic in self._topics or envelope.wake:
                    self._on_envelope(envelope)
            if batch.lost:
                self._on_resync()
        except Exception:
            log.exception("a listener failed")  # which must not end the listening
