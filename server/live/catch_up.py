"""Asks the log for what subscriptions lack: few questions at once, one at a time for a topic."""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import cast

from server.clocks import Rng
from server.live.limits import Limits
from server.live.topic import Topic

log = logging.getLogger(__name__)

MessagesAfter = Callable[[str, int, int], Awaitable[Sequence[tuple[int, str]]]]
"""``(topic, after, limit)`` → up to ``limit`` pairs (number, frame) above ``after``, ascending, as stored."""


class CatchUp:
    """Topics that wait for an answer, and up to `Limits.asks` workers that live only while there are any.

    However many clients lack something of a topic, one question at a time is asked for it, and its answer
    goes to all whom it helps. A question that fails or takes too long is put again later, with jitter.
    """

    def __init__(self, messages_after: MessagesAfter, limits: Limits, rng: Rng) -> None:
        self._messages_after = messages_after
        self._limits = limits
        self._rng = rng
        self._line: deque[Topic] = deque()
        self._workers: set[asyncio.Task[None]] = set()
        self._timers: dict[Topic, asyncio.TimerHandle] = {}
        self._watched: dict[Topic, asyncio.TimerHandle] = {}
        self._open = True

    def ask(self, topic: Topic) -> None:
        """See to it that whoever is behind gets what it lacks. Harmless when nobody is."""
        if topic.asking or not self._open:
            return
        topic.asking = True
        self._line.append(topic)
        if len(self._workers) < self._limits.asks:
            worker = asyncio.get_running_loop().create_task(self._work())
            self._workers.add(worker)
            worker.add_done_callback(self._workers.discard)

    def ask_later(self, topic: Topic, seconds: float) -> None:
        """The same after a while, unless somebody asks before."""
        loop, timer = asyncio.get_running_loop(), self._timers.get(topic)
        if not self._open or (timer is not None and timer.when() <= loop.time() + seconds):
            return
        if timer is not None:
            timer.cancel()
        self._timers[topic] = loop.call_later(seconds, self._due, topic)

    def ask_if_it_stays(self, topic: Topic) -> None:
        """The same for a gap that has just been seen: what closes it is probably on its way by the bus."""
        if self._open and topic not in self._watched:
            for sub, _ in topic.behind():
                sub.stuck()  # counts from now on
            self._watch(topic)

    async def stop(self) -> None:
        """Ask no more."""
        self._open = False
        for timer in (*self._timers.values(), *self._watched.values()):
            timer.cancel()
        for worker in self._workers:
            worker.cancel()
        await asyncio.gather(*self._workers, return_exceptions=True)

    def _due(self, topic: Topic) -> None:
        del self._timers[topic]
        if topic.questioners():
            self.ask(topic)

    def _watch(self, topic: Topic) -> None:
        loop = asyncio.get_running_loop()
        self._watched[topic] = loop.call_later(self._limits.gap_patience, self._look, topic)

    def _look(self, topic: Topic) -> None:
        """A gap that closes bit by bit is the bus at work; one that has not moved is asked for."""
        del self._watched[topic]
        behind = topic.behind()
        stuck = [(sub, client) for sub, client in behind if sub.stuck()]
        for sub, client in stuck:
            client.let_go(sub)
        if stuck:
            self.ask(topic)
        if len(stuck) < len(behind):
            self._watch(topic)

    async def _work(self) -> None:
        try:
            await self._work_off()
        finally:
            # At once, not when the loop tells of its end: who asks in between would count on somebody who has gone.
            self._workers.discard(cast("asyncio.Task[None]", asyncio.current_task()))

    async def _work_off(self) -> None:
        while self._line:
            topic = self._line.popleft()
            try:
                asked = await self._ask_once(topic)
            except Exception as error:
                # A database that is away must not end the catching up, only slow it down.
                log.warning("catch-up failed, asked again soon: %s: %r", topic.name, error)
                topic.asking = False
                self.ask_later(topic, self._rng.uniform(*self._limits.ask_again))
                continue
            if asked:
                self._line.append(topic)  # behind the others: a long conversation is caught up page by page
            else:
                topic.asking = False

    async def _ask_once(self, topic: Topic) -> bool:
        """Put one question and hand out its answer; False when nobody has one."""
        askers = topic.questioners()
        if not askers:
            return False
        after = askers[0].last
        for sub in askers:
            sub.ask()
        limit = self._limits.page
        async with asyncio.timeout(self._limits.ask_deadline):
            page = await self._messages_after(topic.name, after, limit)
        room = self._limits.slice
        for sub, client in topic.fillings():
            client.feed(sub.fill(after, page, len(page) < limit))
            room -= len(page) + 1
            if room <= 0:
                room = self._limits.slice
                await asyncio.sleep(0)
        return True
