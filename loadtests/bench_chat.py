"""CPU per message and acknowledgement times, beside the bare relay of the reference, in one run.

    python -m loadtests.bench_chat                                   both databases, every load
    python -m loadtests.bench_chat --database sqlite --rounds 3
    python -m loadtests.bench_chat --rate 1000 --rate 0 --seconds 4  (0: as fast as they are answered)

Both servers stand side by side, pinned with their database to one core, the generator to the other; each load is put
on one and then on the other, as often as there are rounds, and CPU is added up over the rounds, so that a noisy
neighbour bothers both alike. Two participants per conversation; every message is durable before its acknowledgement;
all checks of the product are on. Exit status 1 when a target is missed.
"""

import argparse
import asyncio
import tempfile
from pathlib import Path

import uvloop

from loadtests import rig
from loadtests.desk import open_desk, prepare
from loadtests.lines import open_line
from loadtests.talks import SATURATED, Sum, Talk, frame_of_ours, frame_of_theirs, load

TARGET = 1.3
MODERATE = (1000, 2000, 3000)  # messages a second at which it must hold
# Microseconds that the bare relay cost where the target was set. Its cost falls with the load, because commits are
# shared: the load that comes nearest is the one that was meant, and it differs from machine to machine.
SPECIFIED = {"sqlite": 156, "postgresql": 167}


async def talk_to_ours(
    environ: dict[str, str], folder: Path, server: rig.Measured, conversations: int
) -> Talk:
    """Conversations at our product, everybody connected and admitted."""
    logins = prepare(environ, folder, -(-conversations // 8))
    desk = await open_desk(server.port, logins, conversations)
    talk = Talk()
    for session in desk.readers:
        for line in (desk.readers[session], desk.librarians[session]):
            talk.speakers.append(frame_of_ours(line, session))
    for who in range(len(talk.speakers)):
        desk.hear["ack", str(who)] = talk.acknowledged
    talk.lines = desk.lines
    return talk


async def talk_to_yardstick(server: rig.Measured, conversations: int) -> Talk:
    """The same number of conversations at the bare relay."""
    talk = Talk()

    def heard(text: bytes) -> None:
        if text.startswith(b'{"t":"a"'):
            start = text.index(b'"id":"') + 6
            talk.acknowledged(text[start : text.index(b'"', start)])

    for conversation in range(conversations):
        for user in range(2):
            line = await open_line(server.port, f"/ws/{conversation}/{user}", heard)
            talk.lines.append(line)
            talk.speakers.append(frame_of_theirs(line, conversation))
    return talk


async def compare(
    environ: dict[str, str], folder: Path, theirs: rig.Measured, ours: rig.Measured, args: argparse.Namespace
) -> dict[int, tuple[Sum, Sum]]:
    """Every load on both, one after the other, round by round."""
    sides = [
        (await talk_to_yardstick(theirs, args.conversations), theirs),
        (await talk_to_ours(environ, folder, ours, args.conversations), ours),
    ]
    await asyncio.sleep(2)
    found = {rate: (Sum(), Sum()) for rate in args.rate}
    for _ in range(args.rounds):
        for rate in args.rate:
            for (talk, server), total in zip(sides, found[rate], strict=True):
                await load(talk, server, seconds=args.seconds, rate=rate, total=total)
    for talk, _ in sides:
        talk.hang_up()
    return found


def bench(kind: str, args: argparse.Namespace) -> bool:
    """One database: the yardstick, ours, and their ratio under each load."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with (
            rig.database(kind, folder) as (url, pids),
            rig.yardstick(kind, folder, url, pids) as theirs,
            rig.shuqiao(url, folder, pids) as ours,
        ):
            found = uvloop.run(compare(rig.environment(url, folder), folder, theirs, ours, args))
    print(
        f"\n{kind}, {args.conversations} conversations, {args.rounds} x {args.seconds:g} s for each load and side"
    )
    for rate, (bare, full) in found.items():
        label = f"{rate}/s" if rate else "saturated"
        print(f"  {label:9}  yardstick {bare}")
        print(f"  {'':9}  shuqiao   {full}   ratio {full.cpu_us / bare.cpu_us:.2f}")
    return _judge(found, SPECIFIED[kind])


def _judge(found: dict[int, tuple[Sum, Sum]], specified: int) -> bool:
    checks: dict[str, bool] = {}
    meant = min(found, key=lambda rate: abs(found[rate][0].cpu_us - specified))
    for rate, (bare, full) in found.items():
        ratio, label = full.cpu_us / bare.cpu_us, f"{rate}/s" if rate else "saturation"
        if rate in MODERATE or rate == meant:
            note = f"; the load that was meant: {specified} us" if rate == meant else ""
            checks[f"CPU per message {ratio:.2f} x the yardstick at {label} (<= {TARGET}{note})"] = (
                ratio <= TARGET
            )
        if rate == 1000:
            checks[f"ack p50 {full.percentile(0.5):.2f} ms at 1000/s (< 1)"] = full.percentile(0.5) < 1
            checks[f"ack p99 {full.percentile(0.99):.2f} ms at 1000/s (< 10)"] = full.percentile(0.99) < 10
        if rate == SATURATED:
            checks[f"{full.rate:.0f} acknowledged/s on one core (>= 4500)"] = full.rate >= 4500
    return rig.judge(checks)


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--database", choices=["sqlite", "postgresql"], action="append", help="default: both")
    parser.add_argument("--rate", type=int, action="append", help="messages a second; 0: as fast as answered")
    parser.add_argument("--conversations", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=4, help="for each load, side and round")
    parser.add_argument("--rounds", type=int, default=2)
    args = parser.parse_args()
    args.rate = args.rate or [1000, 2000, 3000, 5000, SATURATED]
    rig.pin_self()
    good = [bench(kind, args) for kind in args.database or ["sqlite", "postgresql"]]
    return 0 if all(good) else 1


if __name__ == "__main__":
    raise SystemExit(main())
