"""kill -9 of the bridge, over and over: no event is lost, no command done twice (docs/stack.md, promises 16 and 17)."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from random import Random

import pytest

from server.actions.stack_signs import LEASE
from server.domain.errors import Unavailable
from server.domain.stack import Liveness
from stack_io import leases
from tests.servers import machine, nursery
from tests.servers.postgres import Postgres
from tests.servers.product import Product
from tests.stack_io.halls import Hall, books, open_hall, until

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(400)]  # processes start slowly on a busy machine
STARTED = 90.0


class Machine:
    """A simulated store as a process of its own, with a journal; killed and started again like any other."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.port = machine.free_port()
        self.journal = folder / "store.jsonl"
        self.log = folder / "store.log"
        self._options = options
        self._process: machine.Running | None = None

    def start(self) -> None:
        words = ["--port", str(self.port), "--journal", str(self.journal), "--open-stock", "--no-faults"]
        self._process = nursery.born("stack_io.simulator.__main__", [*words, *self._options], self.log)
        machine.await_answer(self._process, self.log, lambda: machine.listens(self.port))

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait(machine.STOPPING)
            self._process = None

    def said(self) -> set[tuple[str, int]]:
        """Run and number of every event that it ever told."""
        text = self.journal.read_text(encoding="utf-8")
        return {
            (e, int(n)) for e, n in re.findall(r'"event": \{"t": "event", "e": "(\d+)", "n": (\d+)', text)
        }

    def done(self) -> list[str]:
        """The commands that it has set about, as often as it did."""
        return re.findall(r'"do": \{"id": "(\w+)"', self.journal.read_text(encoding="utf-8"))


@contextmanager
def machine_in(folder: Path, *options: str) -> Iterator[Machine]:
    made = Machine(folder, *options)
    made.start()
    try:
        yield made
    finally:
        made.kill()


@pytest.fixture
async def hall(postgres_url: str, tmp_path: Path) -> AsyncIterator[Hall]:
    async with open_hall(postgres_url, tmp_path) as hall:
        yield hall


async def holder(hall: Hall) -> str:
    device = await hall.device()
    return device.lease_holder if device.lease_until_at > hall.ctx.clock.now() else ""


async def speaks(hall: Hall, *, but: str = "") -> str:
    """Wait until a process speaks with the device, and not this one; its name."""

    async def somebody() -> str:
        device = await hall.device()
        now = await holder(hall)
        return now if now != but and device.state is Liveness.ONLINE else ""

    return str(await until(somebody, STARTED))


async def test_whatever_is_killed_no_event_is_lost_and_no_command_is_done_twice(
    hall: Hall, postgres_url: str, product: Callable[..., Product], tmp_path: Path
) -> None:
    """Promise 16: the bridge and the machine are killed at moments that a seed chooses."""
    chance = Random(16)
    with machine_in(tmp_path, "--speed", "40") as store:
        await hall.connect(f"127.0.0.1:{store.port}")
        bridge = product("stack", database_url=postgres_url)
        commands, last = [], ""
        for turn in range(4):
            bridge.start()
            last = await speaks(hall, but=last)
            commands += [await hall.command(barcode) for barcode in books(40)[turn * 10 : turn * 10 + 10]]
            await asyncio.sleep(chance.uniform(0.2, 2.5))  # it works; then the power goes
            bridge.kill()
            if turn == 2:
                store.kill()
                store.start()
        bridge.start()
        await hall.settled(*commands, seconds=STARTED)

        async def all_kept() -> bool:
            rows = await hall.letters("NOT alarm AND sequence IS NOT NULL")
            return {(row["epoch"], row["sequence"]) for row in rows} >= store.said()

        await until(all_kept, 60)
        assert bridge.stop() == 0
        assert sorted(set(store.done())) == sorted(commands)
        # After its own kill the machine begins anew what it had not finished, and writes its journal afresh.
        rows = await hall.rows("SELECT command_id FROM stack_event WHERE kind = 'accepted'")
        assert sorted(row["command_id"] for row in rows) == sorted(commands), "each accepted once"
        assert await hall.letters("state = 'dead'") == []


async def test_a_database_that_goes_away_costs_nothing_but_time(
    hall: Hall,
    postgres_url: str,
    postgres_server: Postgres,
    product: Callable[..., Product],
    tmp_path: Path,
) -> None:
    """Promises 2 and 16: while nothing can be kept nothing is acknowledged, and the device says it all again."""
    if not postgres_server.ours:
        machine.machine_cannot("stop a PostgreSQL that is not ours")
    with machine_in(tmp_path, "--speed", "40") as store:
        await hall.connect(f"127.0.0.1:{store.port}")
        bridge = product("stack", database_url=postgres_url)
        bridge.start()
        await speaks(hall)
        commands = [await hall.command(barcode) for barcode in books(20)]
        for _ in range(2):
            await asyncio.sleep(1)  # in the middle of it
            postgres_server.stop()
            await asyncio.sleep(1)
            postgres_server.start()
        await until(lambda: answers(hall), STARTED)
        await hall.settled(*commands, seconds=STARTED)

        async def all_kept() -> bool:
            rows = await hall.letters("NOT alarm AND sequence IS NOT NULL")
            return {(row["epoch"], row["sequence"]) for row in rows} >= store.said()

        await until(all_kept, 60)
        assert sorted(store.done()) == sorted(commands)
        assert bridge.stop() == 0


async def answers(hall: Hall) -> bool:
    """Whether the database is there again."""
    try:
        return bool(await hall.rows("SELECT 1 AS here"))
    except Unavailable:
        return False


async def test_of_two_processes_one_speaks_with_the_device(
    hall: Hall, postgres_url: str, product: Callable[..., Product], tmp_path: Path
) -> None:
    """Promise 17."""
    with machine_in(tmp_path, "--speed", "200") as store:
        await hall.connect(f"127.0.0.1:{store.port}")
        first, second = (product("stack", database_url=postgres_url) for _ in range(2))
        first.start()
        second.start()
        commands = [await hall.command(barcode) for barcode in books(5)]
        await hall.settled(*commands, seconds=STARTED)
        holders = set()
        for _ in range(40):
            holders.add(await holder(hall))
            await asyncio.sleep(0.1)
        assert len(holders) == 1 and "" not in holders
        # Who is told to stop gives the lease up, and the other takes it.
        (before,) = holders
        first.stop()
        second.stop()
        assert await holder(hall) == ""
        assert before


async def test_a_killed_bridge_is_replaced_within_ten_seconds(
    hall: Hall, postgres_url: str, product: Callable[..., Product], tmp_path: Path
) -> None:
    """Promise 17."""
    with machine_in(tmp_path, "--speed", "200") as store:
        await hall.connect(f"127.0.0.1:{store.port}")
        first, second = (product("stack", database_url=postgres_url) for _ in range(2))
        first.start()
        before = await speaks(hall)
        second.start()

        async def waits() -> bool:
            return "waits for its turn" in second.log.read_text()

        await until(waits, STARTED)
        assert await holder(hall) == before
        first.kill()
        left = (await hall.device()).lease_until_at - hall.ctx.clock.now()

        async def another() -> bool:
            return await holder(hall) not in ("", before)

        await until(another, STARTED)
        command = await hall.command("BK000001")
        await hall.settled(command)
        assert second.stop() == 0
        # What a slow machine takes beside is its own: the lease and the pause between two looks are what was promised.
        assert left <= LEASE
        assert LEASE + timedelta(seconds=leases.LOOK) < timedelta(seconds=9), "a second for the look itself"
