"""Who is connected to this process right now: proven by live connections, never a stored flag.

Reports openings and closings only. That the others know, and for how long it holds (a lease), is not its
business.
"""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Presence:
    """One live connection: whose it is (``kind`` is "staff" or "reader") and what it is present in.

    ``subject_id`` is the account of a staff member, the session of a reader.
    """

    connection_id: str
    kind: str
    subject_id: str


OnPresence = Callable[[Presence], None]


class PresenceBook:
    """The live connections of this process, each entered once. ``on_open`` and ``on_close`` must not wait."""

    def __init__(self, on_open: OnPresence, on_close: OnPresence) -> None:
        self._on_open = on_open
        self._on_close = on_close
        self._entries: dict[str, Presence] = {}

    def open(self, presence: Presence) -> None:
        """A connection has come. Entering it twice changes nothing."""
        if presence.connection_id not in self._entries:
            self._entries[presence.connection_id] = presence
            self._on_open(presence)

    def close(self, connection_id: str) -> None:
        """A connection has gone. Harmless for one that is not here."""
        presence = self._entries.pop(connection_id, None)
        if presence is not None:
            self._on_close(presence)

    def all(self) -> list[Presence]:
        """Every live connection: what the lease is renewed for."""
        return list(self._entries.values())
