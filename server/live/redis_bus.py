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

import msgspec
from redis.asyncio.connection import AbstractConnection

from server.live.bus import Envelope, OnEnvelope, OnResync
from server.live.outgoing import Outgoing
from server.live.redis_lines import ANSWER, RedisLines

log = logging.getLogger(__name__)

FORMAT = 1  # of the messages; part of the channel's name, so that processes of two versions do not meet
PULSE = 5.0  # seconds after which an idle process sends an empty message, to hear itself
SILENCE = 15.0  # a process that hears nothing for so long, not even itself, takes its line for dead
FLUSH = 1.0  # seconds that `stop` waits for what is still to be sent


class Batch(msgspec.Struct, array_like=True):
    """What one message holds; ``lost`` says that some before it were dropped."""

    lost: bool
    envelopes: list[Envelope]


class RedisBus:
    """Reaches the other processes through Redis, and does without when Redis is away.

    What this process publishes it hears at once, without going round. The others hear it when the one
    publisher has sent it: it takes all that waits, sends it as one message, meanwhile more gathers (no
    timer, no task for each). While Redis is away what has a number, or a word for processes, waits up to a
    bound, the oldest goes first; ephemeral frames are not kept. When a line comes back, and when others had
    to drop something, it calls for a resync. A message whose answer was lost is sent twice.
    """

    def __init__(self, lines: RedisLines, prefix: str, origin: str) -> None:
        """``origin`` names this process, and no other that is alive."""
        self._lines = lines
        self._channel = f"{prefix}:live:{FORMAT}"
        self._origin = origin.encode().ljust(32)[:32]
        self._topics: set[str] = set()
        self._outgoing = Outgoing()
        self._some = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._publishing = self._listening = False
        self._missed = False  # there was a time when this process did not listen
        self._heard = asyncio.Event()  # set while it does
        self._work: asyncio.Task[None] | None = None
        self._encode = msgspec.msgpack.Encoder().encode
        self._decode = msgspec.msgpack.Decoder(Batch).decode

    @property
    def healthy(self) -> bool:
        return self._publishing and self._listening

    async def start(self, on_envelope: OnEnvelope, on_resync: OnResync) -> None:
        self._on_envelope, self._on_resync = on_envelope, on_resync
        self._work = asyncio.get_running_loop().create_task(self._run())
        try:
            async with asyncio.timeout(ANSWER):
                await self._heard.wait()
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

    async def _run(self) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(self._lines.keep(self._publish))
            group.create_task(self._lines.keep(self._listen))

    async def _publish(self, line: AbstractConnection) -> None:
        outgoing = self._outgoing
        batch: list[Envelope] = []
        try:
            while True:
                dropped, batch = outgoing.dropped, outgoing.take()
                message = self._origin + self._encode(Batch(dropped > 0, batch))
                await self._lines.ask(line, "PUBLISH", self._channel, message)
                batch = []
                outgoing.dropped -= dropped  # the others know
                self._publishing = True
                if not outgoing:
                    self._idle.set()
                    await self._more()
        finally:
            self._publishing = False
            outgoing.put_back(batch)

    async def _more(self) -> None:
        self._some.clear()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(PULSE):
                await self._some.wait()

    async def _listen(self, line: AbstractConnection) -> None:
        await self._lines.ask(line, "SUBSCRIBE", self._channel)
        self._listening = True
        self._heard.set()
        if self._missed:
            self._on_resync()
        self._missed = True  # should there be a second time
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(SILENCE) as silence:
                while True:
                    self._receive(await self._lines.hear(line))
                    silence.reschedule(loop.time() + SILENCE)
        finally:
            self._listening = False

    def _receive(self, message: bytes) -> None:
        if message.startswith(self._origin):
            return
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
