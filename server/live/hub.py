"""The hub: from the bus to the clients of this process. It carries; it knows no rule and no database."""

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine, Mapping
from functools import partial
from typing import Any

from server.clocks import Rng
from server.live.bus import Bus, Envelope
from server.live.catch_up import CatchUp, MessagesAfter
from server.live.client import Client
from server.live.connection import Connection
from server.live.limits import Limits
from server.live.slices import in_slices
from server.live.subscription import Subscription
from server.live.topic import Topic
from server.wire import outcomes
from server.wire.frames import cur_text


class Hub:
    """All clients of a process and the topics that they listen to.

    An event is encoded once, by whoever publishes it; here the same text goes to every client. No client
    has a task, none waits for another. What the bus loses is found by its number and asked for with
    ``messages_after``.
    """

    def __init__(
        self, bus: Bus, messages_after: MessagesAfter, *, rng: Rng, limits: Limits | None = None
    ) -> None:
        self.bus = bus
        self.limits = limits or Limits()
        self.dropped = 0  # clients that were too slow, since the start
        self._rng = rng
        self._catch_up = CatchUp(messages_after, self.limits, rng)
        self._clients: dict[Client, None] = {}  # in the order of their coming
        self._topics: dict[str, Topic] = {}
        self._ears: list[Callable[[str], None]] = []
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Begin to listen to the bus."""
        await self.bus.start(self._receive, self.resync)

    async def stop(self) -> None:
        """Let go of the bus and forget the clients without a word; `close_all` says good-bye first."""
        await self.bus.stop()
        await self._catch_up.stop()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for client in list(self._clients):
            client.leave()

    def on_wake(self, ear: Callable[[str], None]) -> None:
        """Call ``ear`` with the word of every envelope that is meant for processes."""
        self._ears.append(ear)

    def attach(self, connection: Connection) -> Client:
        """Take in a client; whoever reads from the connection calls `Client.leave` in the end."""
        client = Client(self, connection)
        self._clients[client] = None
        return client

    @property
    def clients(self) -> int:
        """How many clients there are."""
        return len(self._clients)

    def topics(self) -> list[str]:
        """Every topic that somebody here listens to: what the one query of a beat has to ask for."""
        return list(self._topics)

    async def beat(self, numbers: Mapping[str, int]) -> None:
        """Tell every client the last numbers of its topics, as read from the database; ask for what lacks.

        A topic that is not in ``numbers`` is not told. Clients without any get no frame.
        """
        await in_slices(list(self._clients), self.limits.slice, partial(self._beat_one, numbers))

    async def broadcast(self, frame: str, topic: str | None = None) -> None:
        """Send a frame without a number to every client of this process, or to those that listen to a topic.

        Goes out in slices, so that 5 000 clients delay no conversation. A client that does not read may
        miss it.
        """
        if topic is None:
            clients = list(self._clients)
        else:
            clients = list(self._topics[topic].listeners.values()) if topic in self._topics else []
        await in_slices(clients, self.limits.slice, lambda client: client.send(frame, ephemeral=True))

    def resync(self) -> None:
        """The bus may have lost something: ask the log for every topic, spread over some time."""
        for topic in self._topics.values():
            for sub in topic.listeners:
                sub.doubt()
            # What is being asked already is asked again by itself, because of the doubt.
            self._catch_up.ask_later(topic, self._rng.uniform(0, self.limits.resync_spread))

    async def close_all(
        self, code: int = outcomes.RESTART, retry_after: tuple[float, float] = (0.0, 5.0)
    ) -> None:
        """Say good-bye to everybody, in slices; each is told a moment of its own, in seconds, to come back.

        The reason of the close reads ``retry_after=2.4``.
        """

        def close(client: Client) -> None:
            client.close(code, f"retry_after={self._rng.uniform(*retry_after):.1f}")

        await in_slices(list(self._clients), self.limits.slice, close)

    # What clients need of us (`client.Home`) ----------------------------------------------------------------

    def join(self, client: Client, topic: str, sub: Subscription) -> None:
        found = self._topics.get(topic)
        if found is None:
            found = self._topics[topic] = Topic(topic)
            self.bus.subscribe(topic)  # before the log is asked, so that nothing falls between
        found.listeners[sub] = client
        self._catch_up.ask(found)

    def quit(self, client: Client, topic: str, sub: Subscription) -> None:
        found = self._topics[topic]
        del found.listeners[sub]
        if not found.listeners:
            del self._topics[topic]
            self.bus.unsubscribe(topic)

    def ask(self, topic: str) -> None:
        self._catch_up.ask(self._topics[topic])

    def ask_if_it_stays(self, topic: str) -> None:
        self._catch_up.ask_if_it_stays(self._topics[topic])

    def forget(self, client: Client, slow: bool) -> None:
        self._clients.pop(client, None)
        self.dropped += slow

    # From the bus -------------------------------------------------------------------------------------------

    def _receive(self, envelope: Envelope) -> None:
        if envelope.wake:
            for ear in self._ears:
                ear(envelope.wake)
        topic = self._topics.get(envelope.topic)
        if topic is None:
            return
        if topic.backlog is not None or len(topic.listeners) > self.limits.slice:
            self._enqueue(topic, envelope)
            return
        for listener in list(topic.listeners.items()):  # a client that is too slow leaves while we go
            self._deliver(topic, envelope, listener)

    def _deliver(self, topic: Topic, envelope: Envelope, listener: tuple[Subscription, Client]) -> None:
        sub, client = listener
        if envelope.seq == 0:
            client.send(envelope.frame, ephemeral=True)
        elif frames := sub.receive(envelope.seq, envelope.frame):
            for frame in frames:
                client.send(frame)
        elif sub.behind:
            self._catch_up.ask_if_it_stays(topic)

    def _enqueue(self, topic: Topic, envelope: Envelope) -> None:
        """A crowded topic: its envelopes go out in slices, one after the other."""
        if topic.backlog is not None:
            if len(topic.backlog) < self.limits.backlog:  # beyond that the next beat finds what is missing
                topic.backlog.append(envelope)
            return
        topic.backlog = deque([envelope])
        self._spawn(self._deliver_backlog(topic))

    async def _deliver_backlog(self, topic: Topic) -> None:
        backlog = topic.backlog
        while backlog:
            envelope = backlog.popleft()
            deliver = partial(self._deliver, topic, envelope)
            await in_slices(list(topic.listeners.items()), self.limits.slice, deliver)
        topic.backlog = None

    def _beat_one(self, numbers: Mapping[str, int], client: Client) -> None:
        told = {topic: numbers[topic] for topic in client.subscriptions if topic in numbers}
        if not told:
            return
        if not client.blocked:
            client.send(cur_text(told), ephemeral=True)
        for topic, number in told.items():
            sub = client.subscriptions.get(topic)
            if sub is not None and sub.beat(number):
                self.ask(topic)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
