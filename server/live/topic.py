"""One topic in this process: who listens, and what is under way for it."""

from collections import deque
from collections.abc import Iterator

from server.live.bus import Envelope
from server.live.client import Client
from server.live.subscription import Subscription


class Topic:
    """Lives as long as somebody listens."""

    __slots__ = ("asking", "backlog", "listeners", "name")

    def __init__(self, name: str) -> None:
        self.name = name
        self.listeners: dict[Subscription, Client] = {}
        self.asking = False  # a question to the log waits or runs: one at a time, for everybody
        self.backlog: deque[Envelope] | None = (
            None  # a crowded topic's envelopes, while they go out in slices
        )

    def behind(self) -> list[tuple[Subscription, Client]]:
        """Who lacks something and would take it; clients that do not read ask again when they have drained."""
        return [(sub, client) for sub, client in self.listeners.items() if sub.behind and not client.blocked]

    def questioners(self) -> list[Subscription]:
        """Who takes part in the next question to the log: all that lack the same, the least first.

        So a client that resumes after a week keeps nobody waiting who lacks one message.
        """
        behind = [sub for sub, _ in self.behind()]
        after = max((sub.last for sub in behind), default=0)
        return [sub for sub in behind if sub.last == after]

    def fillings(self) -> Iterator[tuple[Subscription, Client]]:
        """Everybody who may want an answer of the log; they may come and go meanwhile."""
        for sub, client in list(self.listeners.items()):
            if sub.behind and not client.blocked and sub in self.listeners:
                yield sub, client
