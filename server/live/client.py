"""One client of this process: a connection, what it listens to, and how far it has come in each."""

from collections.abc import Iterator
from typing import Protocol

from server.live.connection import Connection
from server.live.limits import Limits
from server.live.send_queue import SendQueue
from server.live.subscription import Subscription
from server.wire import outcomes


class Home(Protocol):
    """What a client needs of its hub."""

    limits: Limits

    def join(self, client: "Client", topic: str, sub: Subscription) -> None:
        """Deliver this topic to the client, and ask for what it lacks."""

    def quit(self, client: "Client", topic: str, sub: Subscription) -> None:
        """Deliver it no longer."""

    def ask(self, topic: str) -> None:
        """Somebody lacks something of this topic: ask the log."""

    def ask_if_it_stays(self, topic: str) -> None:
        """The same, if it still lacks in a moment."""

    def forget(self, client: "Client", slow: bool) -> None:
        """The client is no more."""


class Client:
    """Made by `Hub.attach`. Nothing here waits; nothing raises because the peer is slow or gone."""

    __slots__ = ("_connection", "_hub", "_queue", "closed", "subscriptions")

    def __init__(self, hub: Home, connection: Connection) -> None:
        self._hub = hub
        self._connection = connection
        self._queue = SendQueue(connection, self, hub.limits)
        self.subscriptions: dict[str, Subscription] = {}
        self.closed = False

    @property
    def blocked(self) -> bool:
        """Whether it has yet to take what it was sent before."""
        return self._queue.blocked

    def subscribe(self, topic: str, after: int = 0) -> None:
        """Send everything of a topic that comes after a number, now and from now on, in order, once.

        The same call for a first visit and for a resume. Asked again, it starts anew from ``after``.
        """
        self.unsubscribe(topic)
        if self.closed:  # perhaps by what it was still owed, which was too much for it
            return
        sub = self.subscriptions[topic] = Subscription(after, held=self._hub.limits.held)
        self._hub.join(self, topic, sub)

    def unsubscribe(self, topic: str) -> None:
        """Send nothing more of a topic. Harmless for one that is not listened to."""
        sub = self.subscriptions.pop(topic, None)
        if sub is not None:
            self.let_go(sub)
            self._hub.quit(self, topic, sub)

    def send(self, frame: str, ephemeral: bool = False) -> None:
        """Send a frame that has no number: an acknowledgement, an error, or something that soon is stale."""
        self._queue.send(frame, ephemeral)

    def acknowledge(self, topic: str, seq: int, frame: str) -> None:
        """Send the acknowledgement of what this client has just posted, before the event is published.

        It stands for the event, which need not be sent to who wrote it, and so it comes when the event has its
        turn: at once, or as soon as the bus has brought what is before it (`Subscription.acknowledge`).
        """
        sub = self.subscriptions.get(topic)
        if sub is None:
            self._queue.send(frame)
            return
        for numbered in sub.acknowledge(seq, frame):
            self._queue.send(numbered)
        if sub.last < seq and not self.closed:
            self._hub.ask_if_it_stays(topic)

    def let_go(self, sub: Subscription) -> None:
        """Send the acknowledgements that have waited long enough for their turn."""
        for frame in sub.let_go():
            self._queue.send(frame)

    def feed(self, frames: Iterator[str]) -> None:
        """Send what the log has told, but no more than the client takes: the log keeps the rest."""
        queue = self._queue
        for frame in frames:
            queue.send(frame)
            if queue.blocked:
                break

    def positions(self) -> dict[str, int]:
        """The last number that was sent, for each topic."""
        return {topic: sub.last for topic, sub in self.subscriptions.items()}

    def close(self, code: int, reason: str = "") -> None:
        """End it from our side: a good-bye with a code, and no frame after that. Twice is harmless."""
        for sub in list(self.subscriptions.values()):
            self.let_go(sub)
        self._end(slow=False, code=code, reason=reason)

    def leave(self) -> None:
        """The peer has gone; for the side that reads from it, once it has ended. Twice is harmless."""
        self._end(slow=False)

    def drained(self) -> None:
        """Called by the send queue: it reads again, so that the log may go on."""
        for topic, sub in list(self.subscriptions.items()):
            if sub.behind:
                self.let_go(sub)
                if self.closed:
                    break
                self._hub.ask(topic)

    def too_slow(self) -> None:
        """Called by the send queue: dropped with a code that says so; it reconnects and resumes."""
        self._end(slow=True, code=outcomes.TOO_SLOW, reason="too_slow")

    def broken(self) -> None:
        """Called by the send queue: its connection is at fault, and it would wait for ever."""
        self._end(slow=False, code=1011, reason="internal error")

    def _end(self, *, slow: bool, code: int = 0, reason: str = "") -> None:
        if self.closed:
            return
        self.closed = True
        self._queue.close()
        for topic in list(self.subscriptions):
            self.unsubscribe(topic)
        self._hub.forget(self, slow)
        if code:
            self._connection.close(code, reason)
