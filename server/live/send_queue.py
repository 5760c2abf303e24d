"""What waits for one client: nothing while it reads; a bounded buffer and a deadline when it does not."""

import asyncio
import logging
from collections import deque
from typing import Protocol

from server.live.connection import Connection
from server.live.limits import Limits

log = logging.getLogger(__name__)


class Owner(Protocol):
    """Who is told how the client fares."""

    def drained(self) -> None:
        """Everything that waited is written."""

    def too_slow(self) -> None:
        """The client does not keep up; it is to be closed, and resumes later."""

    def broken(self) -> None:
        """Its connection failed in a way that nobody thought of; it is to be closed."""


class SendQueue:
    """Hands frames to a connection without ever making the sender wait.

    While the transport takes them there is no task, no buffer and no copy. Once it is full, frames are kept
    up to `Limits.queue_frames` and `Limits.queue_chars`, and one task drains them with a deadline for each
    stop. When the buffer is full, ephemeral frames go first (what they say is soon stale); when that is not
    enough, the client is too slow.
    """

    __slots__ = ("_chars", "_connection", "_drain_task", "_limits", "_owner", "_waiting")

    def __init__(self, connection: Connection, owner: Owner, limits: Limits) -> None:
        self._connection = connection
        self._owner: Owner | None = owner  # until `close`: it has us, and no circle is left behind
        self._limits = limits
        self._chars = 0
        self._waiting: deque[tuple[str, bool]] | None = None  # made when needed: most clients always read
        self._drain_task: asyncio.Task[None] | None = None

    @property
    def blocked(self) -> bool:
        """Whether the client has yet to take what it was sent before."""
        return self._drain_task is not None

    def send(self, frame: str, ephemeral: bool = False) -> None:
        """Send a frame after those before it; an ephemeral one may be dropped. Nothing after `close`."""
        owner = self._owner
        if owner is None:
            return
        if self._drain_task is not None:
            self._keep(owner, frame, ephemeral)
            return
        try:
            written = self._connection.send_now(frame)
        except Exception:
            # One strange connection must not cost the others their message.
            log.exception("a client could not be sent to")
            owner.broken()
            return
        if not written:
            self._drain_task = asyncio.get_running_loop().create_task(self._drain(owner))

    def close(self) -> None:
        """Forget what waits; nothing more is sent."""
        self._owner = None
        self._waiting = None
        if self._drain_task is not None:
            self._drain_task.cancel()
            self._drain_task = None

    def _keep(self, owner: Owner, frame: str, ephemeral: bool) -> None:
        if self._full(frame):
            if ephemeral:
                return
            self._drop_ephemeral()
            if self._full(frame):
                owner.too_slow()
                return
        if self._waiting is None:
            self._waiting = deque()
        self._waiting.append((frame, ephemeral))
        self._chars += len(frame)

    def _full(self, frame: str) -> bool:
        waiting = len(self._waiting) if self._waiting is not None else 0
        # One frame may always wait, however long: else a large message could never reach a slow reader.
        return waiting >= self._limits.queue_frames or (
            waiting > 0 and self._chars + len(frame) > self._limits.queue_chars
        )

    def _drop_ephemeral(self) -> None:
        lasting = [entry for entry in self._waiting or () if not entry[1]]
        self._waiting = deque(lasting)
        self._chars = sum(len(frame) for frame, _ in lasting)

    async def _drain(self, owner: Owner) -> None:
        try:
            while True:
                async with asyncio.timeout(self._limits.write_deadline):
                    await self._connection.drain()
                if self._hand_over():
                    break
        except TimeoutError:
            self._drain_task = None
            owner.too_slow()
        except Exception:
            log.exception("a client could not be sent to")
            self._drain_task = None
            owner.broken()
        else:
            self._drain_task = self._waiting = None
            owner.drained()

    def _hand_over(self) -> bool:
        """Write what waits; False when the transport is full again."""
        while self._waiting:
            frame, _ = self._waiting.popleft()
            self._chars -= len(frame)
            if not self._connection.send_now(frame):
                return False
        return True
