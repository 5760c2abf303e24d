"""CPU per message and acknowledgement times, beside the bare relay of the reference, in one run.

    python -m loadtests.bench_chat                     both databases
    python -m loadtests.bench_chat --database sqlite --conversations 200 --seconds 10

Server and database are pinned to one core, the generator to the other. Two participants per conversation; every
message is durable before its acknowledgement; all checks of the product are on. Exit status 1 when a target is missed.
"""

import argparse
import asyncio
import json
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import uvloop

from loadtests import rig
from loadtests.desk import open_desk, prepare
from loadtests.lines import Line, open_line

BODY = "请问《申报》1927年合订本在哪里可以看到？" * 2


@dataclass
class Talk:
    """Who may speak: one message under way for each, the next when it is acknowledged."""

    speakers: list[Callable[[bytes], None]]
    acked: int = 0
    times: list[float] = field(default_factory=list)
    sent: dict[bytes, float] = field(default_factory=dict)
    pace: bool = False
    stop: bool = False
    serial: int = 0

    def say(self, who: int) -> None:
        self.serial += 1
        name = b"%d-%d" % (who, self.serial)
        self.sent[name] = time.perf_counter()
        self.speakers[who](name)

    def acknowledged(self, name: bytes) -> None:
        begun = self.sent.pop(name, None)
        if begun is None:
            return
        self.acked += 1
        self.times.append(time.perf_counter() - begun)
        if not self.pace and not self.stop:
            self.say(int(name.partition(b"-")[0]))


@dataclass
class Figures:
    """What one run came to."""

    rate: float
    cpu_us: float
    p50_ms: float
    p99_ms: float


async def saturate(talk: Talk, server: rig.Measured, seconds: float) -> Figures:
    """Everybody speaks as fast as they are answered."""
    for who in range(len(talk.speakers)):
        talk.say(who)
    await asyncio.sleep(1.5)
    talk.times.clear()
    acked, cpu, begun = talk.acked, server.cpu(), time.perf_counter()
    await asyncio.sleep(seconds)
    rate = (talk.acked - acked) / (time.perf_counter() - begun)
    figures = _figures(talk, rate, (server.cpu() - cpu) / max(1, talk.acked - acked))
    talk.stop = True
    while talk.sent:
        await asyncio.sleep(0.05)
    return figures


async def paced(talk: Talk, server: rig.Measured, seconds: float, rate: float) -> Figures:
    """Messages at an even rate, whoever's turn it is."""
    talk.pace, talk.stop = True, False
    talk.times.clear()
    acked, cpu, begun = talk.acked, server.cpu(), time.perf_counter()
    count = 0
    while (now := time.perf_counter() - begun) < seconds:
        while count < now * rate:
            talk.say(count % len(talk.speakers))
            count += 1
        await asyncio.sleep(max(0.0, count / rate - (time.perf_counter() - begun)))
    await asyncio.sleep(0.5)
    return _figures(talk, (talk.acked - acked) / seconds, (server.cpu() - cpu) / max(1, talk.acked - acked))


def _figures(talk: Talk, rate: float, cpu: float) -> Figures:
    times = sorted(talk.times)
    return Figures(rate, cpu * 1e6, statistics.median(times) * 1e3, times[int(len(times) * 0.99)] * 1e3)


async def measure_ours(environ: dict[str, str], folder: Path, server: rig.Measured, args: argparse.Namespace) -> dict[str, Figures]:
    """Our product under the load."""
    logins = prepare(environ, folder, -(-args.conversations // 8))
    desk = await open_desk(server.port, logins, args.conversations)
    speakers: list[Callable[[bytes], None]] = []
    for session in desk.readers:
        for line in (desk.readers[session], desk.librarians[session]):
            speakers.append(_ours(line, session))
    talk = Talk(speakers)
    for who in range(len(speakers)):
        desk.hear["ack", str(who)] = talk.acknowledged
    await asyncio.sleep(1)
    found = {"full": await saturate(talk, server, args.seconds)}
    found["paced"] = await paced(talk, server, args.seconds, 1000)
    for line in desk.lines:
        line.transport.close()
    return found


async def measure_yardstick(server: rig.Measured, args: argparse.Namespace) -> dict[str, Figures]:
    """The bare relay under the same load."""
    talk = Talk([])

    def heard(text: bytes) -> None:
        if text.startswith(b'{"t":"a"'):
            start = text.index(b'"id":"') + 6
            talk.acknowledged(text[start : text.index(b'"', start)])

    lines = []
    for conversation in range(args.conversations):
        for user in range(2):
            line = await open_line(server.port, f"/ws/{conversation}/{user}", heard)
            lines.append(line)
            talk.speakers.append(_theirs(line, conversation))
    found = {"full": await saturate(talk, server, args.seconds)}
    found["paced"] = await paced(talk, server, args.seconds, 1000)
    for line in lines:
        line.transport.close()
    return found


def _ours(line: Line, session: str) -> Callable[[bytes], None]:
    head = f'{{"t":"post","session":"{session}","id":"'.encode()
    tail = f'","text":{json.dumps(BODY, ensure_ascii=False)}}}'.encode()
    return lambda name: line.send(head + name + tail)


def _theirs(line: Line, conversation: int) -> Callable[[bytes], None]:
    tail = f'","conv":{conversation},"body":{json.dumps(BODY, ensure_ascii=False)}}}'.encode()
    return lambda name: line.send(b'{"t":"m","id":"' + name + tail)


def bench(kind: str, args: argparse.Namespace) -> bool:
    """One database: the yardstick, ours, and their ratio."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with rig.database(kind, folder) as (url, pids):
            with rig.yardstick(kind, folder, url, pids) as server:
                theirs = uvloop.run(measure_yardstick(server, args))
            with rig.shuqiao(url, folder, pids) as server:
                ours = uvloop.run(measure_ours(rig.environment(url, folder), folder, server, args))
    print(f"\n{kind}, {args.conversations} conversations, {args.seconds} s each")
    for label, found in (("yardstick", theirs), ("shuqiao", ours)):
        for load, f in found.items():
            print(
                f"  {label:10} {load:6} {f.rate:8.0f} acknowledged/s  {f.cpu_us:6.0f} us CPU/message"
                f"  ack p50 {f.p50_ms:6.2f} ms  p99 {f.p99_ms:6.2f} ms"
            )
    ratio = ours["full"].cpu_us / theirs["full"].cpu_us
    checks = {
        f"CPU per message {ratio:.2f} x the yardstick (<= 1.30)": ratio <= 1.3,
        f"{ours['full'].rate:.0f} acknowledged/s on one core (>= 4500)": ours["full"].rate >= 4500,
        f"ack p50 {ours['paced'].p50_ms:.2f} ms at 1000/s (< 1)": ours["paced"].p50_ms < 1,
        f"ack p99 {ours['paced'].p99_ms:.2f} ms at 1000/s (< 10)": ours["paced"].p99_ms < 10,
    }
    for text, good in checks.items():
        print(f"  {'ok  ' if good else 'MISS'} {text}")
    return all(checks.values())


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--database", choices=["sqlite", "postgresql"], action="append")
    parser.add_argument("--conversations", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=8)
    args = parser.parse_args()
    rig.pin_self()
    return 0 if all([bench(kind, args) for kind in args.database or ["sqlite", "postgresql"]]) else 1


if __name__ == "__main__":
    raise SystemExit(main())
