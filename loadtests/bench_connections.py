"""Thousands of connections: what an idle one weighs, a broadcast to all, and everybody back after the server went.

    python -m loadtests.bench_connections                        5 000 connections, on SQLite
    python -m loadtests.bench_connections --clients 1000 --database postgresql

1. Opens connections that say nothing (consoles and readers in conversation) and weighs the server before and after,
   beside the bare relay of the reference.
2. Changes the managers' board, which all of them watch, while conversations go on: how long until everybody has
   heard, and what the conversations notice of it.
3. kill -9 and a new process, then SIGTERM and a new process, each in the middle of conversations: when everybody is
   connected and current again, how evenly they came, whether anything that was acknowledged is lost.

Exit status 1 when a target is missed.
"""

import argparse
import asyncio
import json
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import uvloop

from loadtests import rig
from loadtests.clients import Client
from loadtests.desk import prepare
from loadtests.lines import Line, open_line
from loadtests.people import Doors, Librarian, Reader, ask, librarian

KIB_TARGET, BROADCAST_TARGET, BACK_TARGET = 32, 0.3, 10.0
CHAT_RATE = 200  # messages a second while the rest is measured


class Hall:
    """Everybody who is connected, and the talk that goes on."""

    def __init__(self, server: rig.Restarted) -> None:
        self.server = server
        self.doors = Doors([server.port])
        self.consoles: list[Client] = []
        self.librarians: list[Librarian] = []
        self.readers: list[Reader] = []
        self.sent = 0

    @property
    def clients(self) -> list[Client]:
        return [
            *self.consoles,
            *(each.client for each in self.librarians),
            *(each.client for each in self.readers),
        ]

    async def converse(self, logins: list[dict[str, str]], conversations: int) -> None:
        """A few librarians hold conversations with as many readers."""
        self.librarians = [librarian(self.doors, login, -(-conversations // len(logins))) for login in logins]
        await asyncio.gather(*(each.sit_down() for each in self.librarians))
        working = [asyncio.create_task(each.work()) for each in self.librarians]
        self.readers = list(await asyncio.gather(*(ask(self.doors, f"v{n}") for n in range(conversations))))
        async with asyncio.timeout(180):
            while sum(len(each.holds) for each in self.librarians) < conversations:
                await asyncio.sleep(0.1)
        for task in working:
            task.cancel()

    async def talk(self) -> None:
        """Readers speak at an even rate, until cancelled."""
        begun = time.perf_counter()
        first = self.sent
        while True:
            while self.sent - first < (time.perf_counter() - begun) * CHAT_RATE:
                reader = self.readers[self.sent % len(self.readers)]
                self.sent += 1
                name = f"m{self.sent}"
                reader.client.post(reader.session, name, "请问《申报》在哪里？")
            await asyncio.sleep(0.005)

    async def everybody_current(self, since: float, seconds: float) -> list[float]:
        """When each became current again, in seconds after ``since``; whoever is not by then counts as infinite."""
        clients = self.clients
        deadline = time.perf_counter() + seconds
        while time.perf_counter() < deadline:
            if all(each.current and each.current_at > since for each in clients):
                break
            await asyncio.sleep(0.05)
        return [
            each.current_at - since if each.current and each.current_at > since else float("inf")
            for each in clients
        ]

    def lost(self) -> list[str]:
        """What was acknowledged to a reader and is not, or not once, in what both sides hold."""
        faults = [fault for each in self.clients for fault in each.faults]
        held = {topic: names for each in self.librarians for topic, names in each.client.heard.items()}
        for reader in self.readers:
            topic = f"chat/{reader.session}"
            mine, theirs = reader.client.heard.get(topic, []), held.get(topic, [])
            if mine != theirs:
                faults.append(f"{topic}: reader and librarian hold different conversations")
            counted = Counter(name for name in mine if name.startswith("m"))
            faults += [f"{topic}: {name} is there {n} times" for name, n in counted.items() if n != 1]
            faults += [
                f"{name} is lost"
                for name in reader.client.acked
                if name.startswith("m") and name not in counted
            ]
        return faults


async def weigh(hall: Hall, logins: list[dict[str, str]]) -> float:
    """KiB for each idle connection."""
    before = hall.server.rss_kib()
    gates = asyncio.Semaphore(64)

    async def come(login: dict[str, str]) -> None:
        headers = {"Cookie": f"sid={login['sid']}"}
        client = Client([hall.server.port], headers=headers, topics={f"staff/{login['account_id']}": 0})
        async with gates:
            await client.begin()
        hall.consoles.append(client)

    begun = time.perf_counter()
    await asyncio.gather(*map(come, logins))
    async with asyncio.timeout(120):
        while not all(each.current for each in hall.consoles):
            await asyncio.sleep(0.1)
    print(f"  {len(logins)} came in {time.perf_counter() - begun:.1f} s, 64 at a time", flush=True)
    await asyncio.sleep(12)  # one beat, so that all that an idle connection needs is there
    return (hall.server.rss_kib() - before) / len(logins)


async def weigh_bare(server: rig.Measured, count: int) -> float:
    """The same at the bare relay."""
    before = server.rss_kib()
    lines: list[Line] = []
    for number in range(count):
        lines.append(await open_line(server.port, f"/ws/{number // 2}/{number % 2}", lambda text: None))
    await asyncio.sleep(1)
    weight = (server.rss_kib() - before) / count
    for line in lines:
        line.transport.close()
    return weight


async def _chatter(hall: Hall) -> asyncio.subprocess.Process:
    """Conversations that another process keeps going: this one is busy hearing the broadcast 5 000 times."""
    pipe = asyncio.subprocess.PIPE
    words = [sys.executable, "-m", "loadtests.chatter"]
    process = await asyncio.create_subprocess_exec(*words, stdin=pipe, stdout=pipe, cwd=rig.ROOT)
    readers = [[each.session, each.client.token] for each in hall.readers]
    order = {"port": hall.server.port, "rate": CHAT_RATE, "readers": readers}
    assert process.stdin is not None
    process.stdin.write(json.dumps(order).encode() + b"\n")
    return process


async def _asked(chatter: asyncio.subprocess.Process) -> dict[str, float]:
    """Its figures since the last question."""
    assert chatter.stdin is not None and chatter.stdout is not None
    chatter.stdin.write(b"\n")
    figures: dict[str, float] = json.loads(await chatter.stdout.readline())
    return figures


async def broadcast(hall: Hall, times: int) -> tuple[float, dict[str, float], dict[str, float]]:
    """Seconds from the first to the last who hears the board change (median); acknowledgements before and meanwhile."""
    heard: list[float] = []

    def hear(frame: dict[str, object]) -> None:
        if frame["t"] == "board":
            heard.append(time.perf_counter())

    for client in hall.consoles:
        client.on_frame = hear
        client.listen("board")
    await hall.everybody_current(0.0, 60)
    chatter = await _chatter(hall)
    await asyncio.sleep(2)
    await _asked(chatter)  # the beginning does not count
    await asyncio.sleep(4)
    calm = await _asked(chatter)
    took: list[float] = []
    for number in range(times):
        heard.clear()
        begun = time.perf_counter()
        one = hall.librarians[number % len(hall.librarians)]
        duty = {"availability": "busy" if number % 2 else "available"}
        (await hall.doors.call("PUT", "/api/console/duty", duty, one.headers)).raise_for_status()
        while len(heard) < len(hall.consoles) and time.perf_counter() < begun + 10:
            await asyncio.sleep(0.01)
        if len(heard) < len(hall.consoles):
            took.append(float("inf"))
        else:
            took.append(heard[len(hall.consoles) - 1] - heard[0])
        await asyncio.sleep(0.5)
    busy = await _asked(chatter)
    chatter.terminate()
    await chatter.wait()
    for client in hall.consoles:
        client.on_frame = None
        client.topics.pop("board", None)
        client._send({"t": "unsub", "topic": "board"})
    return sorted(took)[len(took) // 2], calm, busy


async def come_back(hall: Hall, number: int, downtime: float) -> tuple[list[float], list[float], float]:
    """Stop the server by a signal in mid-talk and start it anew.

    Returns when each client was welcomed and when it was current, in seconds after the new process was ready, and
    how long that took.
    """
    talking = asyncio.create_task(hall.talk())
    await asyncio.sleep(2)
    begun = time.perf_counter()
    await hall.server.stop(number)
    print(f"  stopped by {signal.Signals(number).name} in {time.perf_counter() - begun:.1f} s", flush=True)
    await asyncio.sleep(downtime)
    await hall.server.start()
    ready = time.perf_counter()
    current = await hall.everybody_current(begun, 60)
    welcomed = [each.welcomed_at - ready for each in hall.clients]
    await asyncio.sleep(1)
    talking.cancel()
    async with asyncio.timeout(30):
        while any(each.client.posts for each in hall.readers):
            await asyncio.sleep(0.05)
    await asyncio.sleep(1)  # the others' copies
    return welcomed, [at - (ready - begun) for at in current], ready - begun


async def measure(url: str, folder: Path, server: rig.Restarted, args: argparse.Namespace) -> dict[str, bool]:
    environ = rig.environment(url, folder)
    talkers = prepare(environ, folder, max(2, -(-args.conversations // 6)))
    idle = rig.run(
        environ, "user", "sessions", "--count", str(args.clients - args.conversations), "--role", "manager"
    )
    hall = Hall(server)
    await hall.converse(talkers, args.conversations)
    weight = await weigh(hall, idle)
    checks = {f"{weight:.1f} KiB for an idle connection (<= {KIB_TARGET})": weight <= KIB_TARGET}
    took, calm, busy = await broadcast(hall, 30)  # long enough for keep-alives to fall into it
    text = f"a broadcast reaches {len(idle)} within {took:.3f} s (< {BROADCAST_TARGET})"
    checks[text] = took < BROADCAST_TARGET
    for label, f in (("alone", calm), ("with a broadcast every second", busy)):
        print(
            f"  chat at {CHAT_RATE}/s {label}: ack p50 {f['p50']:.1f} ms, p99 {f['p99']:.1f} ms", flush=True
        )
    for name, sign in (("kill -9", signal.SIGKILL), ("SIGTERM", signal.SIGTERM)):
        welcomed, current, down = await come_back(hall, sign, random.uniform(0, 0.5))
        lost = hall.lost()
        slowest = max(current)
        spread = Counter(max(0, int(at)) for at in welcomed)
        print(
            f"  {name}: down {down:.1f} s; back by second: {dict(sorted(spread.items()))};"
            f" median {sorted(current)[len(current) // 2]:.1f} s; {sum(c.attempts for c in hall.clients)} attempts"
        )
        checks[f"{name}: {len(current)} back and current in {slowest:.1f} s (< {BACK_TARGET:.0f})"] = (
            slowest < BACK_TARGET
        )
        checks[f"{name}: nothing lost, nothing doubled {lost[:3] or ''}"] = not lost
    await asyncio.gather(*(each.end() for each in hall.clients))
    return checks


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--database", choices=["sqlite", "postgresql"], default="sqlite")
    parser.add_argument("--clients", type=int, default=5000)
    parser.add_argument(
        "--conversations", type=int, default=200, help="of the clients, readers in conversation"
    )
    args = parser.parse_args()
    rig.pin_self()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with rig.database(args.database, folder) as (url, pids):
            with rig.yardstick(args.database, folder, url, pids) as bare:
                weight = uvloop.run(weigh_bare(bare, args.clients))
            print(
                f"{args.database}, {args.clients} clients\n  the bare relay: {weight:.1f} KiB for an idle connection"
            )
            with rig.restarted(url, folder) as server:
                checks = uvloop.run(measure(url, folder, server, args))
    return 0 if rig.judge(checks) else 1


if __name__ == "__main__":
    raise SystemExit(main())
