"""Stands in for peers: a client's line that a test can block, a log that it can fail, even chance."""

import asyncio
from collections.abc import Callable, Sequence

PATIENCE = 60.0  # seconds after which a test gives up; nothing waits for as long when all is well


async def eventually(true: Callable[[], bool]) -> None:
    """Let the loop work until something without an event of its own has come true."""
    async with asyncio.timeout(PATIENCE):
        while not true():
            await asyncio.sleep(0)


class Line:
    """A client's line. ``frames`` is what the client got; blocked, it takes one more and is full."""

    def __init__(self) -> None:
        self.frames: list[str] = []
        self.closed: tuple[int, str] | None = None
        self._under_way: str | None = None
        self._free = asyncio.Event()
        self._free.set()
        self._changed = asyncio.Event()

    def block(self) -> None:
        self._free.clear()

    def unblock(self) -> None:
        self._free.set()

    def send_now(self, frame: str) -> bool:
        assert self.closed is None, "a frame after the good-bye"
        assert self._under_way is None, "a second frame while the first is under way"
        if not self._free.is_set():
            self._under_way = frame
            return False
        self._take(frame)
        return True

    async def drain(self) -> None:
        await self._free.wait()
        frame, self._under_way = self._under_way, None
        assert frame is not None
        self._take(frame)

    def close(self, code: int, reason: str) -> None:
        assert self.closed is None, "two good-byes"
        self.closed = (code, reason)
        self._changed.set()

    async def until(self, seen: Callable[[], bool]) -> None:
        """Wait until what this line shows makes ``seen`` true."""
        async with asyncio.timeout(PATIENCE):
            while not seen():
                self._changed.clear()
                await self._changed.wait()

    async def got(self, *frames: str) -> None:
        """Wait until exactly these frames have come."""
        await self.until(lambda: len(self.frames) >= len(frames))
        assert self.frames == list(frames)

    def _take(self, frame: str) -> None:
        self.frames.append(frame)
        self._changed.set()


class Log:
    """The database as the hub sees it: gapless numbers by topic. It can be held up, or fail."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, int]] = []
        self.answers = asyncio.Event()
        self.answers.set()
        self.failures = 0
        self._topics: dict[str, list[str]] = {}

    def write(self, topic: str, frame: str) -> int:
        """Commit a frame; returns its number."""
        frames = self._topics.setdefault(topic, [])
        frames.append(frame)
        return len(frames)

    def numbers(self) -> dict[str, int]:
        return {topic: len(frames) for topic, frames in self._topics.items()}

    async def messages_after(self, topic: str, after: int, limit: int) -> Sequence[tuple[int, str]]:
        self.asked.append((topic, after))
        await self.answers.wait()
        if self.failures:
            self.failures -= 1
            raise ConnectionError("the database is away")
        return list(enumerate(self._topics.get(topic, ())[after : after + limit], after + 1))


class Evenly:
    """Chance that always falls in the middle."""

    def token(self) -> str:
        return "token"

    def uniform(self, low: float, high: float) -> float:
        return (low + high) / 2
