"""A day of 2 000 loan orders while processes are killed: nothing is lost, doubled, or sent unseen.

    python -m loadtests.loan_day
    python -m loadtests.loan_day --orders 200 --kill-every 3

Two servers, two workers, two bridges (one stands by) over PostgreSQL and Redis, and two machines over TCP with their
journals. Readers order at the doors: some cancel, some come for their books, many want what few have. Store keepers
pick (sometimes wrong), pack, label, hand over, receive, inspect and put back. The courier is the product's simulator,
with pushes that come twice and mixed up. The clock is moved forward while they work, so that a day passes in minutes;
every few seconds one of the processes is killed with kill -9 and started again. When everybody has done, the holds run
out, and what is then in the database and in the machines' journals is judged: every order ended or explained, no book
in two places, no command done twice, no book sent without its scan, every number right. Exit status 1 otherwise.
"""

import argparse
import asyncio
import random
import tempfile
import time
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

import uvloop

from loadtests import loan_checks, rig, sql
from loadtests.desk import prepare
from loadtests.loan_house import House
from loadtests.loan_people import Day, Wish, keep_store, place, push, read, review, wanting, wishes
from loadtests.loan_town import PER_READER, Town, build, employ, give_cards
from loadtests.people import Doors
from tests.servers.machine import free_port

STEPS = 24  # by which the clock passes the day
PLACING = 12  # readers at once
PATIENCE = 120.0  # seconds without any change, then nothing more will come
_LEFT = (
    "SELECT l.state, l.order_id, l.store_id, i.store_id, p.direction, p.state FROM loan_line l"
    " LEFT JOIN item i ON i.id = l.item_id LEFT JOIN parcel p ON p.id = l.parcel_id"
    " WHERE l.ended_at IS NULL AND l.state <> 'on_loan' ORDER BY 1, 2 LIMIT 10"
)
_EVENTS = "SELECT count(*) FROM order_event"


async def live(day: Day, wanted: list[Wish], args: argparse.Namespace) -> None:
    """The day: everybody at work, the reaper about, until nothing moves any more."""
    dead = asyncio.Event()
    async with asyncio.TaskGroup() as tasks:
        for work in (read(day), review(day), push(day), *(keep_store(day, store) for store in day.keepers)):
            tasks.create_task(work)
        reaping = tasks.create_task(day.house.reap(args.kill_every, day.chance, dead))
        await _place_all(day, wanted)
        print(f"  all ordered by {_clock(day)}", flush=True)
        await _come_to_rest(day)
        dead.set()
        await reaping
        print(f"  at rest by {_clock(day)}; the holds run out", flush=True)
        day.house.advance(timedelta(days=8))  # who has not come for their books will not come
        await asyncio.to_thread(_log_in, day)  # nobody stays logged in for so long
        await _keep_promises(day)
        await _come_to_rest(day)
        await _keep_promises(day)
        day.over.set()


async def _place_all(day: Day, wanted: list[Wish]) -> None:
    todo = iter(enumerate(wanted))
    step = -(-len(wanted) // STEPS)

    async def somebody() -> None:
        for number, wish in todo:
            if number % step == 0:
                day.house.advance(timedelta(hours=24) / STEPS)
            await place(day, wish)

    await asyncio.gather(*(somebody() for _ in range(PLACING)))


async def _come_to_rest(day: Day) -> None:
    """Go on, the clock too, until nobody has anything to do; or for long nothing has happened, and that is judged."""
    quiet, before = time.monotonic(), ""
    while time.monotonic() - quiet < PATIENCE:
        if await asyncio.to_thread(_at_rest, day):
            return
        await asyncio.sleep(2.5)
        day.house.advance(timedelta(minutes=20))
        now = (await asyncio.to_thread(sql.ask, day.url, _EVENTS))[0][0]
        if now != before:
            quiet, before = time.monotonic(), now


def _at_rest(day: Day) -> bool:
    waiting = (loan_checks.UNEXPLAINED, loan_checks.OPEN, loan_checks.STRAYS)
    return not any(sql.ask(day.url, query) for query in waiting) and not wanting(day)


async def _keep_promises(day: Day) -> None:
    """The clock has gone on to the last: workers are given time for what fell due by that."""
    deadline, now = time.monotonic() + PATIENCE, int(day.house.now().timestamp() * 1e6)
    while time.monotonic() < deadline:
        if not await asyncio.to_thread(sql.ask, day.url, loan_checks.LATE.format(now=now)):
            return
        await asyncio.sleep(1)


def _clock(day: Day) -> str:
    hours = day.house.shift.total_seconds() / 3600
    return f"{hours:.1f} h of the day, {sum(day.house.killed.values())} kills"


def main(args: argparse.Namespace) -> bool:
    """A day with a database and a bus of its own."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="shuqiao-loans-")))
        url, _ = stack.enter_context(rig.database("postgresql", folder))
        redis, _ = stack.enter_context(rig.redis(folder / "redis"))
        return run(args, url, redis, folder)


def run(args: argparse.Namespace, url: str, redis: str, folder: Path) -> bool:
    """The whole of it, over an empty database; True when all holds."""
    chance = random.Random(args.seed)
    with ExitStack() as stack:
        ports = [free_port(), free_port()]
        house = House(folder, url, redis, ports, speed=args.speed)
        stack.callback(house.close)
        day, wanted = _prepare(house, url, args, chance)
        began = time.monotonic()
        uvloop.run(_through(day, wanted, args))
        house.close()
        late = int(house.now().timestamp() * 1e6) - 10_000_000
        kills = ", ".join(f"{kind} {count}" for kind, count in sorted(house.killed.items()))
        print(f"  {len(day.orders)} orders in {time.monotonic() - began:.0f} s; killed: {kills}", flush=True)
        print(f"  answers: {dict(day.answers.most_common())}", flush=True)
        print(
            f"  books: {dict(sql.ask(url, 'SELECT state, count(*) FROM loan_line GROUP BY 1'))}", flush=True
        )
        print(
            f"  cases: {dict(sql.ask(url, 'SELECT kind, count(*) FROM support_case GROUP BY 1'))}",
            flush=True,
        )
        for row in sql.ask(url, _LEFT):
            print("  left:", *row, flush=True)
        devices = [f"device{at}" for at in range(len(ports))]
        kept = [
            (name, machine, folder / f"stock-{at}.csv")
            for at, (name, machine) in enumerate(zip(devices, house.machines, strict=True))
        ]
        count, faults = int(sql.ask(url, "SELECT count(*) FROM loan_order")[0][0]), house.faults()
        return rig.judge(
            {
                f"{count} orders, each that was answered once": count
                == len(day.orders)
                >= args.orders * 0.95,
                f"answers that nobody should get: {len(day.faults)} {day.faults[:3]}": not day.faults,
                f"faults in the logs: {len(faults)} {faults[:3]}": not faults,
                f"wrong scans refused: {day.wrong_scans}": day.wrong_scans > 0,
                **loan_checks.found(url, late),
                **loan_checks.machines(url, kept),
            }
        )


def _prepare(
    house: House, url: str, args: argparse.Namespace, chance: random.Random
) -> tuple[Day, list[Wish]]:
    """Library, stores, titles and log-ins."""
    environ = house.environ()
    rig.run(environ, "migrate")
    prepare(environ, house.folder, 1)
    readers = rig.run(
        environ, "user", "sessions", "--count", str(-(-args.orders // PER_READER)), "--role", "reader"
    )
    town: Town = build(url, max(100, args.orders), [m.port for m in house.machines], house.folder, args.seed)
    give_cards(url, [login["account_id"] for login in readers])
    day = Day(Doors(house.ports), url, house, chance, town.titles, {store: {} for store in town.stores}, {})
    _log_in(day)
    employ(url, {login["account_id"]: store for store, login in day.keepers.items()})
    return day, wishes(readers, PER_READER, town.titles, chance)[: args.orders]


def _log_in(day: Day) -> None:
    """The staff, as they do in the morning."""
    for role, count in (("store_keeper", len(day.keepers)), ("manager", 1)):
        logins = rig.run(day.house.environ(), "user", "sessions", "--count", str(count), "--role", role)
        if role == "manager":
            day.manager = logins[0]
        else:
            day.keepers.update(zip(day.keepers, logins, strict=True))


async def _through(day: Day, wanted: list[Wish], args: argparse.Namespace) -> None:
    await day.house.open()
    async with asyncio.timeout(args.patience):
        await live(day, wanted, args)
    await day.doors.http.aclose()


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("--orders", type=int, default=2000, help="(%(default)s)")
    made.add_argument(
        "--kill-every", type=float, default=6.0, help="seconds between two deaths (%(default)s)"
    )
    made.add_argument("--speed", type=float, default=40.0, help="of the machines (%(default)s times real)")
    made.add_argument("--seed", type=int, default=4, help="of everybody's chance (%(default)s)")
    made.add_argument(
        "--patience", type=float, default=3000, help="seconds, then it is given up (%(default)s)"
    )
    return made


if __name__ == "__main__":
    raise SystemExit(0 if main(parser().parse_args()) else 1)
