"""A slow client costs a bounded buffer and a deadline, and nobody else anything."""

import asyncio

import pytest

from server.live.limits import Limits
from server.live.send_queue import SendQueue
from tests.live.lines import PATIENCE, Line, eventually


class Owner:
    def __init__(self) -> None:
        self.told: list[str] = []
        self.some = asyncio.Event()

    def drained(self) -> None:
        self._tell("drained")

    def too_slow(self) -> None:
        self._tell("too slow")

    def broken(self) -> None:
        self._tell("broken")

    def _tell(self, what: str) -> None:
        self.told.append(what)
        self.some.set()

    async def hears(self) -> str:
        async with asyncio.timeout(PATIENCE):
            await self.some.wait()
        return self.told[-1]


@pytest.fixture
def line() -> Line:
    return Line()


@pytest.fixture
def owner() -> Owner:
    return Owner()


def tasks() -> int:
    return len(asyncio.all_tasks())


async def test_while_the_client_reads_there_is_no_task_and_no_buffer(line: Line, owner: Owner) -> None:
    queue = SendQueue(line, owner, Limits())
    before = tasks()
    for n in range(1000):
        queue.send(str(n))
    assert line.frames == [str(n) for n in range(1000)]
    assert tasks() == before and not queue.blocked


async def test_a_client_that_reads_again_gets_everything_in_order(line: Line, owner: Owner) -> None:
    queue = SendQueue(line, owner, Limits())
    line.block()
    for n in range(50):
        queue.send(str(n), ephemeral=n % 2 == 0)
    assert line.frames == [] and queue.blocked
    line.unblock()
    await line.got(*(str(n) for n in range(50)))
    assert await owner.hears() == "drained"
    assert not queue.blocked


async def test_a_full_buffer_loses_ephemeral_frames_first(line: Line, owner: Owner) -> None:
    queue = SendQueue(line, owner, Limits(queue_frames=4))
    line.block()
    queue.send("under way")
    for frame, ephemeral in [("typing", True), ("1", False), ("typing", True), ("2", False)]:
        queue.send(frame, ephemeral)
    queue.send("no room for this", ephemeral=True)
    queue.send("3")
    line.unblock()
    await line.got("under way", "1", "2", "3")
    assert owner.told == ["drained"]


async def test_too_many_frames_are_too_slow(line: Line, owner: Owner) -> None:
    queue = SendQueue(line, owner, Limits(queue_frames=4))
    line.block()
    for n in range(5):
        queue.send(str(n))
    assert owner.told == []
    queue.send("one too many")
    assert owner.told == ["too slow"]
    queue.close()


async def test_too_long_frames_are_too_slow_but_one_may_always_wait(line: Line, owner: Owner) -> None:
    queue = SendQueue(line, owner, Limits(queue_chars=100))
    line.block()
    queue.send("under way")
    queue.send("x" * 1000)
    assert owner.told == []
    queue.send("x")
    assert owner.told == ["too slow"]
    queue.close()


async def test_a_client_that_takes_nothing_until_the_deadline_is_too_slow(line: Line, owner: Owner) -> None:
    queue = SendQueue(line, owner, Limits(write_deadline=0.01))
    line.block()
    queue.send("under way")
    assert await owner.hears() == "too slow"
    queue.close()


async def test_after_the_close_nothing_is_sent_and_no_task_is_left(line: Line, owner: Owner) -> None:
    before = asyncio.all_tasks()
    queue = SendQueue(line, owner, Limits())
    line.block()
    queue.send("under way")
    queue.send("waits")
    await asyncio.sleep(0)
    queue.close()
    queue.send("late")
    line.unblock()
    await eventually(lambda: not asyncio.all_tasks() - before)
    assert line.frames == [] and owner.told == []


async def test_a_line_that_fails_strangely_is_given_up(owner: Owner) -> None:
    class Strange(Line):
        def send_now(self, frame: str) -> bool:
            raise KeyError("nobody thought of this")

    queue = SendQueue(Strange(), owner, Limits())
    queue.send("x")
    assert owner.told == ["broken"]
