"""Ten thousand tasks come to each of their deadlines in one second: how long real workers take, and whether once each.

    python -m loadtests.sweep                                     both databases
    python -m loadtests.sweep --database postgresql --tasks 10000 --workers 3
    python -m loadtests.sweep --crowd desk                        records owed after conversations, idle librarians
    python -m loadtests.sweep --crowd queue                       circles, offers, librarians and readers who are gone

One form question is asked and claimed at the product's doors and copied inside the database. Then the clock is moved:
opening to the alliance, reminders, ends of leases, due soon, escalation, overdue. First one worker takes all of it.
Then, over a fresh database, several workers do, one of which is killed with kill -9 and started again in the middle of
every sweep. In the end each step, mail, claim and due row must have come about exactly once for each task; with one
worker on PostgreSQL each sweep takes at most ten seconds. Exit status 1 when one of these is missed.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from loadtests import crowds, desk_crowds, queue_crowds, rig, sql
from loadtests.desk import prepare

CROWDS = {"pool": crowds, "desk": desk_crowds, "queue": queue_crowds}
TARGET = 10.0
PATIENCE = 900.0
SETTLED = 30  # seconds after which workers have long started


@dataclass
class Workers:
    """Real worker processes whose clock the test moves."""

    url: str
    folder: Path
    environ: dict[str, str]
    still_due: str
    running: list["subprocess.Popen[bytes]"] = field(default_factory=list)
    shift: timedelta = timedelta()

    def start(self) -> None:
        """One more; it works as soon as it can."""
        log = (self.folder / f"worker-{len(self.running)}-{time.time_ns()}.log").open("w")
        command = [sys.executable, "-m", "server", "worker"]
        self.running.append(subprocess.Popen(command, env=self.environ, stdout=log, stderr=log, cwd=rig.ROOT))

    def kill(self, number: int) -> None:
        """kill -9."""
        self.running[number].kill()
        self.running.pop(number).wait(30)

    def cpu(self) -> float:
        return rig.Measured(0, [process.pid for process in self.running]).cpu()

    def settle(self) -> None:
        """Come back when all have started: what they owe is done, and they wait; or at least long enough for that.

        Where thousands wait for a librarian, one worker tells them their places all the time.
        """
        before = -1.0
        for _ in range(SETTLED):
            now = self.cpu()
            if now - before <= 0.02 and now >= 0.3 * len(self.running):
                break
            before = now
            time.sleep(1)

    def advance(self, shift: timedelta) -> None:
        """Move the clock of all of them."""
        self.shift = shift
        clock = Path(self.environ["SHUQIAO_TEST_CLOCK_FILE"])
        fresh = clock.with_suffix(".new")
        fresh.write_text(f"{shift.total_seconds():.6f}")
        fresh.replace(clock)

    def left(self) -> int:
        """How many promises about the copies are due by their clock."""
        now = int((datetime.now(UTC) + self.shift).timestamp() * 1e6)
        return int(sql.ask(self.url, self.still_due.format(now=now))[0][0])


def sweep(workers: Workers, hours: float, count: int, *, deadly: bool) -> float:
    """Move the clock and wait until nothing is due any more; the seconds that took."""
    while workers.left():  # what fell due while the last sweep was being counted
        time.sleep(0.1)
    workers.advance(timedelta(hours=hours))
    begun = time.monotonic()
    while left := workers.left():
        if deadly and left < 0.7 * count:
            workers.kill(0)
            workers.start()
            deadly = False
        if time.monotonic() - begun > PATIENCE:
            raise TimeoutError(f"{left} are still due after {PATIENCE:.0f} s")
        time.sleep(0.05)
    return time.monotonic() - begun


def found(url: str, name: str, count: int) -> dict[str, bool]:
    """Whether everything came about once for each copy."""
    checks = {}
    for what, query in CROWDS[name].ONCE:
        [counts] = sql.ask(url, query)
        checks[f"{what}: {counts[0]} for {count}, each once"] = counts == (str(count), str(count))
    for what, query in CROWDS[name].NEVER:
        [(number,)] = sql.ask(url, query)
        checks[f"{what}: {number}"] = number == "0"
    return checks


def run(kind: str, name: str, count: int, workers: int, *, deadly: bool) -> bool:
    """One database, so many workers, every sweep."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="shuqiao-sweep-")))
        url, pids = stack.enter_context(rig.database(kind, folder))
        (folder / "clock").write_text("0")
        settings: dict[str, object] = {"embedded_worker": False, "test_clock_file": folder / "clock"}
        environ = rig.environment(url, folder, **settings)
        crowd = CROWDS[name]
        with rig.shuqiao(url, folder, [], test_clock_file=folder / "clock") as server:
            [login] = prepare(environ, folder, 1)
            first = crowd.begin(server.port, login)
        made = crowd.crowd(lambda table: sql.columns(url, table), first, login["account_id"], count)
        sql.tell(url, *made)
        working = Workers(url, folder, environ, crowd.STILL_DUE)
        stack.callback(lambda: [process.kill() for process in working.running])
        for _ in range(workers):
            working.start()
        working.settle()
        database, good = rig.Measured(0, pids), True
        names = f"{kind}, {workers} worker{'s' if workers > 1 else ''}{', one killed each time' if deadly else ''}"
        print(f"{names}: {count} of the {name}", flush=True)
        for hours, what in crowd.MILESTONES:
            before = working.cpu() + database.cpu()
            seconds = sweep(working, hours, count, deadly=deadly)
            cpu = "" if deadly else f", {working.cpu() + database.cpu() - before:.1f} s of CPU"
            late = kind == "postgresql" and workers == 1 and seconds > TARGET
            print(f"  {'MISS' if late else 'ok  '} {what}: {seconds:.1f} s{cpu}", flush=True)
            good &= not late
        return rig.judge(found(url, name, count)) and good


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--database", choices=["postgresql", "sqlite"], action="append")
    parser.add_argument(
        "--crowd", choices=CROWDS, default="pool", help="of what there are so many (%(default)s)"
    )
    parser.add_argument(
        "--tasks", type=int, default=10_000, help="or conversations, of the desk (%(default)s)"
    )
    parser.add_argument("--workers", type=int, default=3, help="of the second round (%(default)s)")
    args = parser.parse_args()
    good = True
    for kind in args.database or ("postgresql", "sqlite"):
        for workers, deadly in ((1, False), (args.workers, True)):
            good &= run(kind, args.crowd, args.tasks, workers, deadly=deadly)
    return 0 if good else 1


if __name__ == "__main__":
    raise SystemExit(main())
