"""Server-sent events (WHATWG HTML, 9.2), where WebSockets are blocked: the same frames, the same path."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable

HIGH_WATER = 64 * 1024  # characters that wait to be read, as a socket's transport has it
RETRY_MS = 2000


class SseConnection:
    """Writes the hub's frames as blocks of an event stream; `blocks` is what the response sends.

    ``id_of`` tells the ``id:`` of a frame, which the browser sends back as ``Last-Event-ID`` when it
    reconnects; empty for a frame that is no place to resume from. A close comes as ``event: close`` with
    code and reason separated by a blank, after which the stream ends.
    ``on_abandoned`` is called when the peer takes nothing, not even that: the task that sends must then end.
    """

    __slots__ = ("_blocks", "_closed", "_id_of", "_on_abandoned", "_size", "_some", "_space")

    def __init__(self, id_of: Callable[[str], str], on_abandoned: Callable[[], object] | None = None) -> None:
        self._id_of = id_of
        self._on_abandoned = on_abandoned
        self._blocks: deque[str] = deque([f"retry: {RETRY_MS}\n\n"])
        self._size = 0
        self._closed = False
        self._some = asyncio.Event()
        self._space = asyncio.Event()
        self._some.set()

    def send_now(self, frame: str) -> bool:
        if self._closed:
            return True
        place = self._id_of(frame)
        self._write(f"id: {place}\ndata: {frame}\n\n" if place else f"data: {frame}\n\n")
        if self._size < HIGH_WATER:
            return True
        self._space.clear()
        return False

    async def drain(self) -> None:
        await self._space.wait()

    def close(self, code: int, reason: str) -> None:
        if not self._closed:
            stuck = self._size >= HIGH_WATER
            self._write(f"event: close\ndata: {code} {reason}\n\n")
            self._closed = True
            self._space.set()
            if stuck and self._on_abandoned is not None:
                self._on_abandoned()

    async def blocks(self) -> AsyncIterator[bytes]:
        """What to send, as it comes; ends after a close. One reader only.

        What is handed out counts as read once the next is asked for, that is when the transport took it.
        """
        while True:
            await self._some.wait()
            chunk = "".join(self._blocks)
            self._blocks.clear()
            self._some.clear()
            ends = self._closed
            yield chunk.encode()
            if ends:
                return
            if not self._blocks:
                self._size = 0
                self._space.set()
            else:
                self._size = sum(map(len, self._blocks))

    def _write(self, block: str) -> None:
        self._blocks.append(block)
        self._size += len(block)
        self._some.set()
