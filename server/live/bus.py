"""What delivery asks of a bus: carry envelopes to every process, quickly and without promises."""

from collections.abc import Callable
from typing import Protocol

from msgspec import Struct


class Envelope(Struct, frozen=True, array_like=True, gc=False):
    """Something to tell whoever listens to a topic, encoded once and never again.

    ``seq`` is its number in the topic; 0 means that it has none and may be lost (typing, a place in the
    queue). ``frame`` is the text that clients get, as it is. ``wake`` is for processes instead of clients:
    a word that each of them hears, whatever it listens to ("outbox", "crew/<session>"); an envelope may
    carry both.
    """

    topic: str
    seq: int = 0
    frame: str = ""
    wake: str = ""


OnEnvelope = Callable[[Envelope], None]
OnResync = Callable[[], None]


class Bus(Protocol):
    """Carries envelopes between the processes of an installation.

    A bus may lose, double, delay and reorder; the database may not. What has a number is therefore only a
    hint that there is something to have, and whoever listens finds gaps by the numbers (`Subscription`).
    """

    async def start(self, on_envelope: OnEnvelope, on_resync: OnResync) -> None:
        """Begin to carry. Comes back in bounded time even if no other process can be reached.

        ``on_envelope`` gets each envelope that this process asked for; ``on_resync`` says that some may
        have been lost. Both are called on the loop and must neither wait nor raise.
        """

    async def stop(self) -> None:
        """Send what is still waiting, for a bounded time, and let go."""

    def publish(self, envelope: Envelope) -> None:
        """Tell everybody: this process at once, before the call returns, the others soon.

        Never waits and never raises for a lost peer: what cannot be sent is kept up to a bound, then the
        oldest goes first and ``on_resync`` is called everywhere once peers are reached again.
        """

    def subscribe(self, topic: str) -> None:
        """Want the envelopes of a topic. The caller counts its references; asking twice is harmless."""

    def unsubscribe(self, topic: str) -> None:
        """Want them no longer."""

    @property
    def healthy(self) -> bool:
        """Whether the other processes are reached right now."""
