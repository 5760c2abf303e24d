"""Loss of power, proved by order: what the kernel saw of a server and its database, from message to acknowledgement.

No test can pull the plug. But a message that lies on the disk before anybody is told of it survives that, so that the
order is looked at: its text is written to the database's log, the log is forced to the disk, that call returns, and
only then does the first frame about it leave, be it the acknowledgement or the event that others get.
"""

import asyncio
import re
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.journeys.installations import Installation, MakeProduct, open_installation
from tests.servers import machine
from tests.servers.machine import Running, machine_cannot
from tests.servers.postgres import Postgres
from tests.servers.product import Product

BURSTS, EACH = 6, 4
_WRITES = "write,writev,pwrite64,pwritev,sendto,sendmsg"
_CALL = re.compile(
    r"(?P<pid>\d+) +(?P<at>[\d.]+) (?:<\.\.\. (?P<rest>\w+) resumed>|(?P<name>\w+)\()(?P<words>.*?)"
    r"(?:<(?P<took>[\d.]+)>| <unfinished \.\.\.>)$"
)
_OUR_WORDS = re.compile(r"power-\d+-\d+")
_A_FRAME = r"\"t\":\""  # as the trace writes what goes over a line to a client


@dataclass(frozen=True)
class Call:
    """A call of the kernel: what it does holds from ``done`` on."""

    name: str
    words: str
    begun: float
    done: float


def watcher(trace: Path) -> list[str]:
    """What to put before a command: its writes, sends and syncs, and those of all its children, with their times."""
    if shutil.which("strace") is None:
        machine_cannot("trace system calls: strace is not installed")
    what = ["-e", f"trace={_WRITES},fsync,fdatasync", "-e", "signal=none"]
    return ["strace", "-D", "-f", "-y", "-ttt", "-T", "-s", "65536", *what, "-o", str(trace)]


def calls(trace: Path) -> Iterator[Call]:
    """The calls that returned; one that others interrupt in the trace is put together again."""
    begun: dict[str, tuple[str, str, float]] = {}
    for line in trace.read_text(errors="replace").splitlines():
        call = _CALL.match(line)
        if call is None:
            continue  # a farewell
        at, took = float(call["at"]), call["took"]
        if call["rest"]:
            name, words, since = begun.pop(call["pid"])
            yield Call(name, words + call["words"], since, at)
        elif took is None:
            begun[call["pid"]] = call["name"], call["words"], at
        else:
            yield Call(call["name"], call["words"], at, at + float(took))


def prove(traces: list[Path], log: str) -> set[str]:
    """Hold every frame about a message against the disk; returns the messages of which anybody was told."""
    happened: list[tuple[float, int, Call]] = []
    for call in (call for trace in traces for call in calls(trace)):
        if "sync" in call.name or log in call.words.partition(",")[0]:
            happened.append((call.done, 0, call))
        elif _A_FRAME in call.words:
            happened.append((call.begun, 1, call))
    written: set[str] = set()
    safe: set[str] = set()
    told: set[str] = set()
    for _, leaves, call in sorted(happened, key=lambda each: each[:2]):
        if leaves:
            names = set(_OUR_WORDS.findall(call.words))
            assert names <= safe, f"told of before the disk had it: {names - safe}"
            told |= names
        elif "sync" in call.name:
            safe |= written if log in call.words else set()
        else:
            written |= set(_OUR_WORDS.findall(call.words))
    return told


async def talk(place: Installation) -> set[str]:
    """A reader writes, a few messages at a time, and waits for their acknowledgements."""
    reader = await place.town.ask()
    said = set()
    async with place.town.socket(token=reader.token, topics={f"chat/{reader.session}": 0}) as line:
        for burst in range(BURSTS):
            names = [f"power-{burst}-{number}" for number in range(EACH)]
            for name in names:
                await line.say(t="post", session=reader.session, id=name, text=name)
            for name in names:
                await line.hear("ack", id=name)
            said |= set(names)
    return said


def watched(product: MakeProduct, trace: Path) -> MakeProduct:
    """Products that are watched from their first moment on."""

    def make(command: str = "serve", **settings: object) -> Product:
        made = product(command, **settings)
        made.under = watcher(trace)
        return made

    return make


def end(process: Running | None, trace: Path) -> None:
    """Stop a watched process and wait until its watcher has written everything."""
    assert process is not None
    machine.stop(process)
    farewell = re.compile(rf"^{process.pid} +[\d.]+ \+\+\+ ", re.MULTILINE)
    deadline = time.monotonic() + 30
    while not farewell.search(trace.read_text(errors="replace")):
        assert time.monotonic() < deadline, "the watcher does not end"
        time.sleep(0.05)  # a watcher is nobody's child and tells nobody


@pytest.mark.timeout(240)
async def test_what_anybody_is_told_of_lies_on_the_disk_on_sqlite(
    sqlite_url: str, tmp_path: Path, product: MakeProduct
) -> None:
    trace = tmp_path / "server.trace"
    async with open_installation(watched(product, trace), tmp_path, sqlite_url) as place:
        said = await talk(place)
        await asyncio.to_thread(end, place.first.process, trace)
    assert prove([trace], "-wal>") == said


@pytest.mark.cluster
@pytest.mark.timeout(240)
async def test_what_anybody_is_told_of_lies_on_the_disk_on_postgresql(
    postgres_server: Postgres, postgres_url: str, tmp_path: Path, product: MakeProduct
) -> None:
    if not postgres_server.ours:
        machine_cannot("watch a PostgreSQL that is not ours")
    traces = [tmp_path / "server.trace", tmp_path / "postgres.trace"]
    usual = postgres_server.command
    postgres_server.stop()
    # The tests' server does without the disk; here it is as it stands after its installation.
    careful = ["-c", "fsync=on", "-c", "synchronous_commit=on"]
    postgres_server.command = [*watcher(traces[1]), *usual, *careful]
    try:
        postgres_server.start()
        async with open_installation(watched(product, traces[0]), tmp_path, postgres_url) as place:
            said = await talk(place)
            await asyncio.to_thread(end, place.first.process, traces[0])
        process = postgres_server.process
        postgres_server.stop()
        await asyncio.to_thread(end, process, traces[1])
    finally:
        postgres_server.stop()
        postgres_server.command = usual
        postgres_server.start()
    assert prove(traces, "/pg_wal/") == said
