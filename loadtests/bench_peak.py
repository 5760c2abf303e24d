"""The alliance's peak hour ten times over, with locust: 900 librarians, 7 readers a second, whole conversations.

    make load-venv
    python -m loadtests.bench_peak                              full size, PostgreSQL and Redis, two processes
    python -m loadtests.bench_peak --scale 0.1 --minutes 1      a short form
    python -m loadtests.bench_peak --database sqlite --scale 0.5

Readers arrive as a Poisson stream and stay 48 s on average; each opens a conversation at one of twelve desks, is
offered, accepted, answered, ends, rates; the librarian wraps up. Exit status 1 when anything failed, when a first
offer took longer than a second (p99) while somebody was free, or when a visit was not whole.
"""

import argparse
import json
import os
import subprocess
import tempfile
from contextlib import ExitStack
from pathlib import Path

from loadtests import rig

LIBRARIANS, ARRIVALS, TALK, DESKS = 900, 7.0, 48.0, 12
LOCUST = rig.ROOT / ".venv-load" / "bin" / "locust"


def set_up(environ: dict[str, str], folder: Path, librarians: int) -> list[str]:
    """Twelve libraries with a desk each, and log-ins spread over them."""
    slugs = [f"peak{number}" for number in range(1, DESKS + 1)]
    table = ["slug,name_zh,name_en,kind,city,desk_slug,mail,origins,open"]
    table += [
        f"{s},高峰馆{n},Peak Library {n},public,广州,{s},{s}@example.org,,yes" for n, s in enumerate(slugs, 1)
    ]
    (folder / "libraries.csv").write_text("\n".join(table) + "\n", encoding="utf-8")
    rig.run(environ, "import-libraries", str(folder / "libraries.csv"))
    logins = rig.run(environ, "user", "sessions", "--count", str(librarians), "--role", "librarian")
    (folder / "logins.jsonl").write_text("\n".join(map(json.dumps, logins)), encoding="utf-8")
    return slugs


def run(args: argparse.Namespace) -> bool:
    """Start everything, let locust run, judge its report."""
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        url, _ = stack.enter_context(rig.database(args.database, folder))
        settings: dict[str, object] = {}
        if args.database == "postgresql":
            settings["redis_url"] = stack.enter_context(rig.redis(folder / "redis"))[0]
        processes = args.processes if args.database == "postgresql" else 1
        servers = [
            stack.enter_context(rig.restarted(url, folder, core="0,1", **settings)) for _ in range(processes)
        ]
        librarians = max(10, round(LIBRARIANS * args.scale))
        slugs = set_up(rig.environment(url, folder, **settings), folder, librarians)
        before = sum(server.cpu() for server in servers)
        report = _locust(folder, [server.port for server in servers], slugs, args)
        cpu = sum(server.cpu() for server in servers) - before
    title = f"{args.database}, {processes} processes, {librarians} librarians, {ARRIVALS * args.scale:g} readers/s"
    print(f"\n{title}, for {args.minutes:g} min; server CPU {cpu:.0f} s")
    return judge(report)


def judge(report: dict) -> bool:  # type: ignore[type-arg]
    """Print what was found against what was promised."""
    for name, (number, median, p99) in sorted(report["latencies"].items()):
        print(f"  {name:16} {number:7}  median {median or 0:6.0f} ms  p99 {p99:6.0f} ms")
    for text in [*report["errors"][:10], *report["faults"][:10]]:
        print(f"  {text}")
    tally, waits = report["tally"], report["waits"]
    p99 = waits[int(len(waits) * 0.99)] if waits else float("inf")
    median = waits[len(waits) // 2] if waits else float("inf")
    return rig.judge(
        {
            f"{tally['arrived']} readers came, at most {tally['most']} at once, {tally['whole']} visits were whole": (
                0 < tally["arrived"] == tally["whole"]
            ),
            f"{tally['wrapped_up']} conversations wrapped up": tally["wrapped_up"] == tally["whole"],
            f"{len(report['errors'])} kinds of errors, {len(report['faults'])} faults": not report["errors"]
            and not report["faults"],
            f"first offer after {median:.2f} s, p99 {p99:.2f} s (< 1)": p99 < 1,
        }
    )


def _locust(folder: Path, ports: list[int], slugs: list[str], args: argparse.Namespace) -> dict:  # type: ignore[type-arg]
    librarians = max(10, round(LIBRARIANS * args.scale))
    environ = os.environ | {
        "LOAD_LOGINS": str(folder / "logins.jsonl"),
        "LOAD_PORTS": ",".join(map(str, ports)),
        "LOAD_DESKS": ",".join(slugs),
        "LOAD_RATE": str(ARRIVALS * args.scale),
        "LOAD_TALK": str(args.talk),
        "LOAD_ARRIVE": str(args.minutes * 60),
        "LOAD_REPORT": str(folder / "report.json"),
    }
    command = [
        str(LOCUST),
        "-f",
        "loadtests/locustfile.py",
        "--headless",
        "--only-summary",
        "--loglevel",
        "WARNING",
    ]
    command += [
        "--users",
        str(librarians + 1),
        "--spawn-rate",
        "30",
        "--run-time",
        f"{args.minutes * 60 + 600:.0f}s",
    ]
    log = (folder / "locust.log").open("w+")
    done = subprocess.run(
        command,
        env=environ,
        cwd=rig.ROOT,
        stdout=log,
        stderr=log,
        check=False,
        timeout=args.minutes * 60 + 900,
    )
    if not (folder / "report.json").exists():
        raise RuntimeError(
            f"locust ended with {done.returncode}: {(folder / 'locust.log').read_text()[-3000:]}"
        )
    if args.verbose:
        print((folder / "locust.log").read_text())
    report: dict = json.loads((folder / "report.json").read_text())  # type: ignore[type-arg]
    return report


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--database", choices=["sqlite", "postgresql"], default="postgresql")
    parser.add_argument("--processes", type=int, default=2, help="server processes (PostgreSQL)")
    parser.add_argument(
        "--scale", type=float, default=1.0, help="share of 900 librarians and 7 readers a second"
    )
    parser.add_argument("--minutes", type=float, default=5.0, help="for which readers arrive")
    parser.add_argument("--talk", type=float, default=TALK, help="seconds that a talk lasts on average")
    parser.add_argument("--verbose", action="store_true", help="what locust says")
    args = parser.parse_args()
    if not LOCUST.exists():
        parser.error("locust is not there: run `make load-venv` first")
    return 0 if run(args) else 1


if __name__ == "__main__":
    raise SystemExit(main())
