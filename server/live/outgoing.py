"""What waits to be sent to other processes: bounded, the oldest goes first. No I/O."""

from collections import deque

from server.live.bus import Envelope

BATCH_ENVELOPES = 256  # of one message
BATCH_CHARS = 256 * 1024
WAITING_ENVELOPES = 10_000
WAITING_CHARS = 16 * 1024 * 1024


class Outgoing:
    """Envelopes in the order of their publishing; ``dropped`` counts those that nobody else will ever get."""

    def __init__(self, envelopes: int = WAITING_ENVELOPES, chars: int = WAITING_CHARS) -> None:
        self.dropped = 0
        self._limits = envelopes, chars
        self._waiting: deque[Envelope] = deque()
        self._chars = 0

    def __len__(self) -> int:
        return len(self._waiting)

    def put(self, envelope: Envelope) -> None:
        """Let one wait; the oldest make room for it."""
        self._waiting.append(envelope)
        self._chars += len(envelope.frame)
        self._trim()

    def take(self) -> list[Envelope]:
        """What goes into the next message; may be empty."""
        batch: list[Envelope] = []
        room = BATCH_CHARS
        while self._waiting and room > 0 and len(batch) < BATCH_ENVELOPES:
            envelope = self._waiting.popleft()
            room -= len(envelope.frame)
            batch.append(envelope)
        self._chars -= BATCH_CHARS - room
        return batch

    def put_back(self, batch: list[Envelope]) -> None:
        """What was taken has perhaps not arrived: it is next again."""
        self._waiting.extendleft(reversed(batch))
        self._chars += sum(len(envelope.frame) for envelope in batch)
        self._trim()

    def _trim(self) -> None:
        envelopes, chars = self._limits
        while len(self._waiting) > envelopes or (self._chars > chars and len(self._waiting) > 1):
            self._chars -= len(self._waiting.popleft().frame)
            self.dropped += 1
