"""The processes of a day that may die: servers, workers, bridges, machines; and the clock that they all read."""

import asyncio
import json
import random
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

from loadtests import rig
from tests.servers import machine, nursery
from tests.servers.product import Product

machine.STARTING = rig.READY_SECONDS
SECRET = "what couriers sign their pushes with"


class Mortal(Protocol):
    """What can be killed and started again."""

    def start(self) -> None: ...

    def kill(self) -> None: ...


class Machine:
    """A simulated store as a process of its own, with a journal that outlives it."""

    def __init__(self, folder: Path, number: int, *, port: int, speed: float) -> None:
        self.port = port
        self.journal = folder / f"machine-{number}.jsonl"
        self._log = folder / f"machine-{number}.log"
        self._options = [
            *(
                "--port",
                str(port),
                "--journal",
                str(self.journal),
                "--stock",
                str(folder / f"stock-{number}.csv"),
            ),
            *("--seed", str(number + 1), "--speed", str(speed), "--aisles", "6", "--levels", "8"),
        ]
        self._process: machine.Running | None = None

    def start(self) -> None:
        """Power on; returned means that it can be called."""
        self._process = nursery.born("stack_io.simulator.__main__", self._options, self._log)
        machine.await_answer(self._process, self._log, lambda: machine.listens(self.port))

    def kill(self) -> None:
        """The power is cut."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(machine.STOPPING)
            self._process = None

    def lines(self) -> Iterator[dict[str, Any]]:
        """What it remembers, one thing after the other; the last line may have been cut off."""
        for line in self.journal.read_text(encoding="utf-8").splitlines():
            with suppress(ValueError):
                yield from json.loads(line)


class House:
    """All processes of the installation, killed and started again one at a time."""

    def __init__(self, folder: Path, url: str, redis_url: str, ports: list[int], *, speed: float) -> None:
        self.folder = folder
        self.clock = folder / "clock"
        self.shift = timedelta()
        self.clock.write_text("0")
        self._settings: dict[str, object] = {
            "database_url": url,
            "redis_url": redis_url,
            "embedded_worker": False,
            "test_clock_file": self.clock,
            "secret_key": "a secret for measuring only, 32 characters",
            "courier": "simulator",
            "courier_secret": SECRET,
            "courier_minutes": 60,
            "messages_per_minute": 10_000_000,  # a few keepers do a city's day in minutes
            "log_level": "warning",
        }
        kinds = ("serve", "serve", "worker", "worker", "stack", "stack")
        self.products = [Product(folder, kind, **self._settings) for kind in kinds]
        self.machines = [Machine(folder, number, port=port, speed=speed) for number, port in enumerate(ports)]
        self.killed: Counter[str] = Counter()

    @property
    def ports(self) -> list[int]:
        """Where the servers answer, those that live."""
        return [each.port for each in self.products if each.command == "serve"]

    def environ(self) -> dict[str, str]:
        """For a command over the same database, by the same clock."""
        others = {name: value for name, value in self._settings.items() if name != "database_url"}
        return rig.environment(str(self._settings["database_url"]), self.folder, **others)

    async def open(self) -> None:
        """Everybody to work."""
        await asyncio.gather(*(asyncio.to_thread(each.start) for each in (*self.machines, *self.products)))

    def close(self) -> None:
        """Everybody home, without a farewell."""
        for each in (*self.machines, *self.products):
            each.kill()

    def advance(self, shift: timedelta) -> None:
        """Move the clock of all of them forward."""
        self.shift += shift
        fresh = self.clock.with_suffix(".new")
        fresh.write_text(f"{self.shift.total_seconds():.6f}")
        fresh.replace(self.clock)

    def now(self) -> datetime:
        """The time by their clock."""
        return datetime.now(UTC) + self.shift

    async def reap(self, every: float, chance: random.Random, over: asyncio.Event) -> None:
        """Every so many seconds somebody dies and comes back, until it is over; then all live. 0: nobody dies."""
        while every and not over.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(over.wait(), chance.uniform(0.5, 1.5) * every)
                return
            await self._replace(chance.choice([*self.machines, *self.products]), chance)

    async def _replace(self, victim: Mortal, chance: random.Random) -> None:
        self.killed[victim.command if isinstance(victim, Product) else "machine"] += 1
        await asyncio.to_thread(victim.kill)
        await asyncio.sleep(chance.uniform(0, 1))
        for _ in range(3):
            with suppress(RuntimeError):  # it did not answer in time on a busy machine
                await asyncio.to_thread(victim.start)
                return
        await asyncio.to_thread(victim.start)

    def faults(self) -> list[str]:
        """What the logs tell of mistakes of ours: errors, and the last words of processes that died by themselves."""
        found: dict[str, str] = {}
        for log in sorted(self.folder.glob("*.log")):
            text = log.read_text(errors="replace")
            for line in text.splitlines():
                if '"level": "error"' in line or '"level":"error"' in line:
                    found.setdefault(line[-120:], f"{log.name}: {line[:3000]}")
            if "\nTraceback" in f"\n{text}":
                found.setdefault(log.name, f"{log.name}: {text[text.index('Traceback') :][-2500:]}")
        return list(found.values())
