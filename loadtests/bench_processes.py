"""What a second server process costs: CPU per message of two processes against one, on PostgreSQL with Redis.

    python -m loadtests.bench_processes
    python -m loadtests.bench_processes --rate 2000 --rate 0 --rounds 3

Both shapes stand side by side on databases and Redis servers of their own, and get each load in turn. With two
processes, each conversation's reader is connected to one and its librarian to the other, so that every message crosses
the bus. CPU is that of the server processes, PostgreSQL and Redis, all on one core.

The shapes take turns of a few seconds, because the machine's own speed changes. Exit status 1 when a load misses the
target.
"""

import argparse
import asyncio
import tempfile
from contextlib import ExitStack
from pathlib import Path
from random import Random

import uvloop

from loadtests import rig
from loadtests.desk import open_desk, prepare
from loadtests.talks import SATURATED, Sum, Talk, frame_of_ours, load

TARGET = 1.25


async def talk_to(
    environ: dict[str, str], folder: Path, servers: list[rig.Measured], conversations: int
) -> Talk:
    """Conversations whose two sides sit at the first and the last of the processes."""
    logins = await asyncio.to_thread(prepare, environ, folder, -(-conversations // 8))
    desk = await open_desk(servers[0].port, logins, conversations, reader_port=servers[-1].port)
    talk = Talk(lines=desk.lines)
    for session in desk.readers:
        for line in (desk.readers[session], desk.librarians[session]):
            talk.speakers.append(frame_of_ours(line, session))
    Random(1).shuffle(talk.speakers)  # nobody answers within the millisecond
    for who in range(len(talk.speakers)):
        desk.hear["ack", str(who)] = talk.acknowledged
    return talk


async def compare(
    shapes: list[tuple[dict[str, str], Path, list[rig.Measured]]], args: argparse.Namespace
) -> bool:
    """Each load on one process and then on two, round by round."""
    sides = []
    for environ, folder, servers in shapes:
        talk = await talk_to(environ, folder, servers, args.conversations)
        # The database and Redis are among the first server's processes; those of the others are added to them.
        pids = servers[0].pids + [server.pids[0] for server in servers[1:]]
        sides.append((talk, rig.Measured(servers[0].port, pids)))
    await asyncio.sleep(2)
    found = {rate: [Sum() for _ in sides] for rate in args.rate}
    for _ in range(args.rounds):
        for rate in args.rate:
            for (talk, server), total in zip(sides, found[rate], strict=True):
                await load(talk, server, seconds=args.seconds, rate=rate, total=total)
    for talk, _ in sides:
        talk.hang_up()
    checks: dict[str, bool] = {}
    for rate, (one, two) in found.items():
        ratio, label = two.cpu_us / one.cpu_us, f"{rate}/s" if rate else "saturated"
        print(f"  {label:9}  one process   {one}")
        print(f"  {'':9}  two processes {two}")
        cost = f"two processes cost {ratio:.2f} x one at {label}"
        checks[f"{cost} (<= {TARGET})"] = ratio <= TARGET
    return rig.judge(checks)


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rate", type=int, action="append", help="messages a second; 0: as fast as answered")
    parser.add_argument("--conversations", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=2, help="of a load at a time, in turns")
    parser.add_argument("--rounds", type=int, default=8)
    args = parser.parse_args()
    args.rate = args.rate or [1000, 3000, 5000, SATURATED]
    rig.pin_self()
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        shapes = []
        for count in (1, 2):
            folder = Path(name) / str(count)
            folder.mkdir()
            url, database_pids = stack.enter_context(rig.database("postgresql", folder))
            redis_url, redis_pids = stack.enter_context(rig.redis(folder / "redis"))
            environ = rig.environment(url, folder, redis_url=redis_url)
            extra = [*database_pids, *redis_pids]
            servers = [
                stack.enter_context(rig.shuqiao(url, folder, extra, redis_url=redis_url))
                for _ in range(count)
            ]
            shapes.append((environ, folder, servers))
        print(
            f"postgresql and redis, {args.conversations} conversations, {args.rounds} x {args.seconds:g} s each"
        )
        return 0 if uvloop.run(compare(shapes, args)) else 1


if __name__ == "__main__":
    raise SystemExit(main())
