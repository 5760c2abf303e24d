"""How soon two thousand open pages show what a store's machine has just said, at a thousand events a second.

    python -m loadtests.bench_order_pages
    python -m loadtests.bench_order_pages --orders 300 --rate 300

Fills as bench_stack does, gives every order a reader of its own, and opens each reader's page: a WebSocket with the
log-in's cookie on the topic of the order. Then the machine tells its story at a steady rate to `shuqiao stack`, which
folds it into the orders; Redis carries what is new to `shuqiao serve`, and that to the pages. The time counts from
when the machine wrote an event to when its frame was at the page. At the end every page must have heard every event of
its order once, in order. Exit status 1 where the 95th percentile is over a second, or the machine could not keep its
rate.
"""

import argparse
import asyncio
import json
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

import uvloop

from loadtests import rig
from loadtests.bench_stack import EPOCH, PLACES, ROWS, Machine, psql, story
from loadtests.lines import Line, open_line
from tests.servers.machine import free_port

TARGET = 1.0
HOUSE = 5  # events of an order before the machine's first


class Page:
    """One reader's page: what it has heard of its order, and when."""

    def __init__(self, order: int) -> None:
        self.topic = f"order/o{order}"
        self.last = HOUSE
        self.faults = 0
        self.heard: list[tuple[int, int, float]] = []  # line, step, when
        self.ready = asyncio.Event()

    async def open(self, port: int, login: dict[str, str]) -> Line:
        """Connect and listen from where the page was drawn."""
        line = await open_line(port, "/api/socket", self.hear, {"Cookie": f"sid={login['sid']}"})
        line.send(json.dumps({"t": "hello", "v": 1, "topics": {self.topic: HOUSE}}).encode())
        await asyncio.wait_for(self.ready.wait(), 60)
        return line

    def hear(self, text: bytes) -> None:
        now = time.perf_counter()
        if text.startswith(b'{"t":"ev"'):
            frame = json.loads(text)
            if frame["seq"] <= self.last:
                return  # sent again, as the protocol allows
            self.faults += frame["seq"] != self.last + 1
            self.last = frame["seq"]
            place = frame["data"].get("place", "")
            step = PLACES.index(place) if place else 0
            self.heard.append((int(frame["data"]["line"][1:]), step, now))
        elif text.startswith(b'{"t":"welcome"'):
            self.ready.set()
        elif text.startswith(b'{"t":"err"'):
            self.faults += 1
            print(text.decode(), file=sys.stderr)


async def measure(
    url: str, folder: Path, server: rig.Measured, pids: list[int], args: argparse.Namespace
) -> bool:
    """Open the pages, tell the story, compare."""
    logins = rig.run(args.environ, "user", "sessions", "--count", str(args.orders), "--role", "reader")
    names = ", ".join(f"('{login['account_id']}', 'o{at}')" for at, login in enumerate(logins, start=1))
    psql(
        url,
        f"UPDATE loan_order SET reader_id = v.column1 FROM (VALUES {names}) AS v WHERE id = v.column2;"
        " INSERT INTO reader_card (reader_id, kind, reader_group, held, barred, changed_at)"
        " SELECT reader_id, 'city', '', 2, '', 0 FROM loan_order;",
    )
    pages, gates = [Page(number) for number in range(1, args.orders + 1)], asyncio.Semaphore(32)

    async def connect(page: Page, login: dict[str, str]) -> Line:
        async with gates:
            return await page.open(server.port, login)

    lines = await asyncio.gather(*map(connect, pages, logins))
    told = story(2 * args.orders, args.active, 7)
    machine = Machine(told, window=4 * args.rate, rate=args.rate)
    listening = await asyncio.start_server(machine.welcome, "127.0.0.1", args.port, limit=2**20)
    with (folder / "stack.log").open("w") as log:
        command = [*rig.on_core(rig.CLIENT_CORE), sys.executable, "-m", "server", "stack"]
        bridge = await asyncio.create_subprocess_exec(
            *command, env=args.environ, stdout=log, stderr=log, cwd=rig.ROOT
        )
    parts = {
        "server": rig.Measured(0, server.pids[:1]),
        "bridge": rig.Measured(0, [bridge.pid]),
        "database and Redis": rig.Measured(0, server.pids[1:]),
    }
    before = dict.fromkeys(parts, 0.0)
    try:
        await asyncio.wait_for(machine.linked.wait(), args.seconds)
        before = {
            name: part.cpu() for name, part in parts.items()
        }  # what a start costs is not the events' cost
        await asyncio.wait_for(machine.over.wait(), args.seconds)
        async with asyncio.timeout(30):
            while any(page.last < HOUSE + 10 for page in pages):
                await asyncio.sleep(0.1)
    except TimeoutError:
        print((folder / "stack.log").read_text()[-1500:])
    spent = {name: part.cpu() - before[name] for name, part in parts.items()}
    bridge.terminate()
    await bridge.wait()
    listening.close()
    for line in lines:
        line.transport.close()
    return _judge(pages, machine, told, spent, args)


def _judge(
    pages: list[Page],
    machine: Machine,
    told: list[tuple[str, int, int]],
    spent: dict[str, float],
    args: argparse.Namespace,
) -> bool:
    sent = {(line, step): at for (_, line, step), at in zip(told, machine.sent, strict=False)}
    took = sorted(at - sent[line, step] for page in pages for line, step, at in page.heard)
    span = machine.sent[-1] - machine.sent[0]
    rate = len(machine.sent) / span
    p50, p95, p99 = (took[min(int(len(took) * share), len(took) - 1)] for share in (0.5, 0.95, 0.99))
    print(
        f"  {len(took):,} frames at {len(pages):,} pages, {rate:,.0f} events/s for {span:.1f} s, run {EPOCH}"
    )
    print(f"  event to page: p50 {p50:.3f} s, p95 {p95:.3f} s, p99 {p99:.3f} s, longest {took[-1]:.3f} s")
    print(f"  p95 by tenths of the time: {' '.join(_by_tenths(pages, sent))}")
    each = {name: f"{name} {1000 * cpu / len(took):.2f}" for name, cpu in spent.items()}
    print(f"  {1000 * sum(spent.values()) / len(took):.2f} ms of CPU an event: {', '.join(each.values())}")
    whole = all(page.last == HOUSE + 10 and len(page.heard) == 10 and not page.faults for page in pages)
    return rig.judge(
        {
            f"p95 at most {TARGET:g} s": p95 <= TARGET,
            f"the machine kept {args.rate:,} events a second": rate >= 0.98 * args.rate,
            "every page has heard all of its order, once and in order": whole,
        }
    )


def _by_tenths(pages: list[Page], sent: dict[tuple[int, int], float]) -> list[str]:
    """How late the pages heard what was said in each tenth of the time: whether it is the beginning, or grows."""
    late = [(sent[line, step], at - sent[line, step]) for page in pages for line, step, at in page.heard]
    late.sort()
    tenths = [
        sorted(took for _, took in late[len(late) * n // 10 : len(late) * (n + 1) // 10]) for n in range(10)
    ]
    return [f"{some[int(len(some) * 0.95)]:.2f}" for some in tenths if some]


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--orders", type=int, default=2000, help="and pages (%(default)s)")
    parser.add_argument("--rate", type=int, default=1000, help="events a second (%(default)s)")
    parser.add_argument("--active", type=int, default=400, help="retrievals under way at once (%(default)s)")
    parser.add_argument("--seconds", type=float, default=300, help="then it is given up (%(default)s)")
    args = parser.parse_args()
    args.port = free_port()
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        url, pids = stack.enter_context(rig.database("postgresql", folder))
        redis, more = stack.enter_context(rig.redis(folder / "redis"))
        settings: dict[str, object] = {"redis_url": redis, "embedded_worker": False}
        args.environ = rig.environment(url, folder, **settings)
        server = stack.enter_context(rig.shuqiao(url, folder, [*pids, *more], **settings))
        now = int(time.time() * 1_000_000)
        psql(url, ROWS.format(port=args.port, orders=args.orders, lines=2 * args.orders, now=now))
        rig.pin_self()
        return 0 if uvloop.run(measure(url, folder, server, pids, args)) else 1


if __name__ == "__main__":
    raise SystemExit(main())
