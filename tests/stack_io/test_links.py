"""Connections: deadlines, back-off, clean ends (docs/stack.md, promises 11, 14 and 15)."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import NoReturn

import pytest

from stack_io import link
from stack_io.drivers.simulator import SimulatorDriver
from stack_io.link import Link, LinkLost, Streams, dial_tcp, keep_linked
from stack_io.session import MOST_HEARD, Session
from tests.stack_io.halls import Hall, books, open_hall, simulated, until


class Chance:
    """Chance that notes how long a pause might have been, and makes none."""

    def __init__(self) -> None:
        self.longest: list[float] = []

    def token(self) -> str:
        return "token"

    def uniform(self, low: float, high: float) -> float:
        assert low == 0, "full jitter"
        self.longest.append(high)
        return 0.0


@pytest.fixture
async def hall(sqlite_url: str, tmp_path: Path) -> AsyncIterator[Hall]:
    async with open_hall(sqlite_url, tmp_path) as hall:
        yield hall


async def never() -> NoReturn:
    await asyncio.Event().wait()
    raise AssertionError


async def test_pauses_grow_to_a_bound_and_begin_anew_after_a_good_connection() -> None:
    """Promise 11."""
    chance, lost = Chance(), []

    async def refuse() -> list[Streams]:
        raise ConnectionRefusedError

    def hear(why: Exception) -> bool:
        lost.append(why)
        if len(lost) == 12:
            raise asyncio.CancelledError
        return len(lost) == 10

    with pytest.raises(asyncio.CancelledError):
        await keep_linked(refuse, lambda lines: never(), hear, rng=chance)
    assert chance.longest[:4] == [0.5, 1.0, 2.0, 4.0]
    assert max(chance.longest) == link.BACK_OFF[1]
    assert chance.longest[9] == link.BACK_OFF[0]
    assert all(isinstance(why, ConnectionRefusedError) for why in lost)


async def test_a_connect_that_hangs_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Promise 11: the deadline is around all of it."""
    monkeypatch.setattr(link, "CONNECT_SECONDS", 0.05)
    heard: list[Exception] = []

    async def hang() -> list[Streams]:
        return await never()

    def hear(why: Exception) -> bool:
        heard.append(why)
        raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        await keep_linked(hang, lambda lines: never(), hear, rng=Chance())
    assert isinstance(heard[0], TimeoutError)


async def test_every_connection_gets_fresh_lines() -> None:
    """Promise 11: a dead client is never used again."""
    used: list[Streams] = []
    async with simulated() as host:

        async def dial() -> list[Streams]:
            return await dial_tcp(f"127.0.0.1:{host.port}")

        async def use(lines: list[Streams]) -> None:
            used.extend(lines)
            raise LinkLost("once")

        def hear(why: Exception) -> bool:
            if len(used) == 3:
                raise asyncio.CancelledError
            return False

        with pytest.raises(asyncio.CancelledError):
            await keep_linked(dial, use, hear, rng=Chance())
    assert len({id(writer) for _, writer in used}) == 3
    assert all(writer.is_closing() for _, writer in used)


async def test_a_session_that_fails_while_its_tasks_run_is_followed_by_another() -> None:
    """Promise 11: a task group that fails while it waits for its tasks leaves its parent looking cancelled."""
    connections = 0
    third = asyncio.Event()

    async def dial() -> list[Streams]:
        nonlocal connections
        connections += 1
        if connections == 3:
            third.set()
        return []

    async def fails_later() -> None:
        await asyncio.sleep(0)
        raise LinkLost("a moment later")

    async def use(lines: list[Streams]) -> None:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(fails_later())

    task = asyncio.create_task(keep_linked(dial, use, lambda why: False, rng=Chance()))
    await asyncio.wait_for(third.wait(), 5)
    task.cancel()
    await asyncio.wait({task}, timeout=5)
    assert task.cancelled()


async def test_told_to_end_in_the_moment_of_a_loss_it_ends() -> None:
    """Promise 15: a task group that loses a task while it is cancelled tells of the loss only, and we went on."""
    speaking = asyncio.Event()
    connections = 0

    async def dial() -> list[Streams]:
        nonlocal connections
        connections += 1
        return []

    async def breaks_off_when_cancelled() -> None:
        try:
            await never()
        except asyncio.CancelledError:
            raise LinkLost("in this very moment") from None

    async def use(lines: list[Streams]) -> None:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(breaks_off_when_cancelled())
            speaking.set()
            await never()

    task = asyncio.create_task(keep_linked(dial, use, lambda why: False, rng=Chance()))
    await speaking.wait()
    await asyncio.sleep(0)
    task.cancel()
    done, _ = await asyncio.wait({task}, timeout=5)
    assert done and task.cancelled()
    assert connections == 1


async def test_an_address_that_is_none_is_said_to_be() -> None:
    with pytest.raises(LinkLost, match="no address"):
        await dial_tcp("nowhere")


async def test_who_does_not_read_what_we_say_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    """Promise 14: what nobody takes is not heaped up."""
    monkeypatch.setattr(link, "SAY_SECONDS", 0.1)
    ears: list[asyncio.StreamWriter] = []
    server = await asyncio.start_server(lambda reader, writer: ears.append(writer), "127.0.0.1", 0)
    lines = await dial_tcp(f"127.0.0.1:{server.sockets[0].getsockname()[1]}")
    try:
        speaking = Link(lines, SimulatorDriver())
        with pytest.raises(LinkLost, match="nobody reads"):
            for _ in range(1000):
                await speaking.say(b"x" * 100_000)
    finally:
        link.hang_up(lines)
        for writer in ears:
            writer.transport.abort()
        server.close()


async def test_what_can_not_be_kept_yet_is_not_read(hall: Hall, monkeypatch: pytest.MonkeyPatch) -> None:
    """Promise 14: while the database stands still the device waits, and nothing grows here."""
    stuck = asyncio.Event()
    sessions: list[Session] = []
    begin = Session.__init__

    def note(self: Session, *args: object) -> None:
        begin(self, *args)  # type: ignore[arg-type]
        sessions.append(self)

    async def wait(*_: object, **__: object) -> None:
        stuck.set()
        await never()

    monkeypatch.setattr(Session, "__init__", note)
    monkeypatch.setattr("stack_io.session.record_events", wait)
    async with simulated(books(500), window=5000) as host:
        await hall.connect(f"127.0.0.1:{host.port}")
        for barcode in books(500):
            await hall.command(barcode)
        async with hall.bridged():
            await asyncio.wait_for(stuck.wait(), 30)

            async def full() -> bool:
                return sessions[0]._heard.full()

            await until(full)
            assert sessions[0]._heard.qsize() == MOST_HEARD
            assert host.device.journal.waiting, "nothing was acknowledged"


async def test_told_to_stop_it_leaves_no_task_no_connection_and_no_lease(hall: Hall) -> None:
    """Promise 15."""
    async with simulated(books(3)) as host:
        await hall.connect(f"127.0.0.1:{host.port}")
        before = asyncio.all_tasks()
        async with hall.bridged():
            command = await hall.command("BK000001")
            await hall.settled(command)
            assert (await hall.device()).lease_holder == hall.ctx.process_id

        async def hung_up() -> bool:
            return host._peer is None

        await until(hung_up)
        assert (await hall.device()).lease_holder == ""
        left = {task for task in asyncio.all_tasks() - before if "_welcome" not in repr(task)}
        assert not left
