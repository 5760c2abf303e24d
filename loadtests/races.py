"""Librarians of several processes race for readers while processes are killed; then the rules are checked in the log.

    python -m loadtests.races                                       both shapes
    python -m loadtests.races --database postgresql --processes 3 --librarians 60 --readers 400 --seconds 60

Every reader asks (twice at once, as a double click), speaks, is answered, and ends; librarians take what they are
offered, accepting twice at once. PostgreSQL runs with Redis and several server processes, SQLite with one. A process
is killed (-9) every few seconds and started again. In the end, read from what clients were told and from the API:

* exactly one librarian got each session,
* nobody held more conversations than their capacity,
* one reader had one open session at the desk,
* every log is gapless, in the same order for both sides, and holds everything that was acknowledged, once.

Exit status 1 when a rule was broken or readers were left over.
"""

import argparse
import asyncio
import random
import signal
import tempfile
from collections import Counter
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path

import uvloop

from loadtests import rig
from loadtests.desk import prepare
from loadtests.people import Doors, Librarian, ask, librarian

CAPACITY = 3
TALK_SECONDS = (0.5, 2.0)
ANSWER_SECONDS = 90.0  # a reader who has not been served after so long is left over


@dataclass
class Record:
    """What happened, to be judged at the end."""

    taken_by: dict[str, list[str]] = field(default_factory=dict)  # session → accounts that it was given to
    most: Counter[str] = field(default_factory=Counter)  # account → conversations held at once, at most
    faults: list[str] = field(default_factory=list)
    served: int = 0
    left_over: int = 0
    kills: int = 0


class Racing(Librarian):
    """Takes everything at once, each offer twice, talks a little with each reader."""

    record: Record

    async def take(self) -> None:
        """Accept what is offered, by two clicks at once; then hold the conversation."""
        answer = await self.doors.call("GET", "/api/console", headers=self.headers)
        if answer.status_code != 200:
            return
        console = answer.json()
        held = sum(each["state"] == "active" for each in console["sessions"])
        self.record.most[self.account] = max(self.record.most[self.account], held)
        for offer in console["offers"]:
            path = f"/api/offers/{offer['offer_id']}/accept"
            answers = await asyncio.gather(
                *(self.doors.call("POST", path, headers=self.headers) for _ in range(2))
            )
            given = {each.json()["id"] for each in answers if each.status_code == 200}
            if len(given) > 1:
                self.record.faults.append(f"one offer gave {len(given)} sessions")
            for session in given - self.served:
                self.served.add(session)
                self.record.taken_by.setdefault(session, []).append(self.account)
                self.client.listen(f"chat/{session}")
                self.client.post(session, f"a-{session}", "您好，请稍等。")


async def visit(doors: Doors, record: Record, number: int, librarians: dict[str, Racing]) -> None:
    """One reader's visit, from two clicks at once to the end."""
    visitor = f"r{number}-{random.getrandbits(32):x}"
    first, second = await asyncio.gather(ask(doors, visitor), ask(doors, visitor))
    if first.session != second.session:
        record.faults.append(f"{visitor} has two open sessions")
    await second.client.end()
    reader, topic = first, f"chat/{first.session}"
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            for turn in range(3):
                reader.client.post(reader.session, f"m{turn}-{visitor}", "在哪里可以看到？")
            while f"a-{reader.session}" not in reader.client.heard.get(topic, []) or reader.client.posts:
                await asyncio.sleep(0.1)
            await asyncio.sleep(random.uniform(*TALK_SECONDS))
            proof = {"Authorization": f"Visitor {visitor}"}
            (await doors.call("POST", f"/api/sessions/{reader.session}/end", {}, proof)).raise_for_status()
            await _same_log(reader.client.heard, topic, librarians, record)
            record.served += 1
    except TimeoutError:
        record.left_over += 1
    _check_log(reader.client.heard.get(topic, []), reader.client.acked, record, topic)
    record.faults += reader.client.faults
    await reader.client.end()


async def _same_log(
    mine: dict[str, list[str]], topic: str, librarians: dict[str, Racing], record: Record
) -> None:
    """Both sides come to hold the same conversation."""
    holder = record.taken_by.get(topic.removeprefix("chat/"), [""])[-1]
    if holder not in librarians:
        return
    theirs = librarians[holder].client.heard
    with suppress(TimeoutError):
        async with asyncio.timeout(30):
            while mine[topic] != theirs.get(topic) or len(mine[topic]) < 6:
                await asyncio.sleep(0.1)
        return
    record.faults.append(f"{topic}: {mine[topic]} and {theirs.get(topic)}")


def _check_log(heard: list[str], acked: dict[str, tuple[str, int]], record: Record, topic: str) -> None:
    for client_id, (_, seq) in acked.items():
        if len(heard) < seq or heard[seq - 1] != client_id:
            record.faults.append(f"{topic}: {client_id} was acknowledged as {seq} and is not there")
    doubled = [name for name, count in Counter(filter(None, heard)).items() if count > 1]
    if doubled:
        record.faults.append(f"{topic}: doubled {doubled}")


async def kill_now_and_then(servers: list[rig.Restarted], record: Record, every: float) -> None:
    """One process after the other, until cancelled; each is started again at once."""
    while True:
        for server in servers:
            await asyncio.sleep(every)
            await server.stop(signal.SIGKILL)
            record.kills += 1
            await server.start()


async def race(url: str, folder: Path, servers: list[rig.Restarted], args: argparse.Namespace) -> Record:
    """Everybody comes, within the time given; until the last is served."""
    record = Record()
    doors = Doors([server.port for server in servers])
    logins = await asyncio.to_thread(prepare, rig.environment(url, folder), folder, args.librarians)
    staff: dict[str, Racing] = {}
    for login in logins:
        base = librarian(doors, login, CAPACITY)
        one = staff[base.account] = Racing(doors, base.client, base.headers, base.account, CAPACITY)
        one.record = record
    await asyncio.gather(*(one.sit_down() for one in staff.values()))
    async with asyncio.TaskGroup() as tasks:
        chores = [tasks.create_task(_working(one)) for one in staff.values()]
        chores.append(tasks.create_task(kill_now_and_then(servers, record, args.kill_every)))

        async def come(number: int) -> None:
            await asyncio.sleep(random.uniform(0, args.seconds))
            await visit(doors, record, number, staff)

        await asyncio.gather(*map(come, range(args.readers)))
        for chore in chores:
            chore.cancel()
    for one in staff.values():
        record.faults += [f for f in one.client.faults if "session_ended" not in f]
        await one.client.end()
    return record


async def _working(one: Racing) -> None:
    while True:
        with suppress(TimeoutError):  # no process lived for long: go on when one does
            await one.work()


def run(kind: str, args: argparse.Namespace) -> bool:
    """One shape."""
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        url, _ = stack.enter_context(rig.database(kind, folder))
        settings: dict[str, object] = {}
        count = 1
        if kind == "postgresql":
            settings["redis_url"] = stack.enter_context(rig.redis(folder / "redis"))[0]
            count = args.processes
        servers = [
            stack.enter_context(rig.restarted(url, folder, core="0,1", **settings)) for _ in range(count)
        ]
        record = uvloop.run(race(url, folder, servers, args))
    twice = {session: who for session, who in record.taken_by.items() if len(set(who)) > 1}
    most = max(record.most.values(), default=0)
    print(
        f"\n{kind}, {count} processes, {args.librarians} librarians, {args.readers} readers, {record.kills} kills"
    )
    for fault in record.faults[:10]:
        print(f"  {fault}")
    return rig.judge(
        {
            f"{record.served} of {args.readers} readers served to the end, {record.left_over} left over": (
                record.served == args.readers
            ),
            f"{len(record.taken_by)} sessions, {len(twice)} given to more than one librarian": not twice,
            f"at most {most} conversations held at once (capacity {CAPACITY})": most <= CAPACITY,
            f"{len(record.faults)} faults in logs, numbers and clicks": not record.faults,
        }
    )


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--database", choices=["sqlite", "postgresql"], action="append", help="default: both")
    parser.add_argument("--processes", type=int, default=3, help="server processes (PostgreSQL)")
    parser.add_argument("--librarians", type=int, default=40)
    parser.add_argument("--readers", type=int, default=300)
    parser.add_argument("--seconds", type=float, default=60, help="within which the readers come")
    parser.add_argument("--kill-every", type=float, default=10, help="seconds between kills")
    args = parser.parse_args()
    good = [run(kind, args) for kind in args.database or ["sqlite", "postgresql"]]
    return 0 if all(good) else 1


if __name__ == "__main__":
    raise SystemExit(main())
