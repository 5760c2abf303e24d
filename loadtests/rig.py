"""Starts what is measured: our product, the yardstick beside it, PostgreSQL and Redis; and reads their CPU."""

import asyncio
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path

from tests.servers import postgres, valkey
from tests.servers.machine import free_port

ROOT = Path(__file__).parent.parent
REFERENCE = Path(os.environ.get("REFERENCE", ROOT.parent / "shared" / "reference"))
TICKS = os.sysconf("SC_CLK_TCK")
SERVER_CORE, CLIENT_CORE = "0", "1"
READY_SECONDS = 180  # other work on the machine may be in the way


@dataclass
class Measured:
    """A running server: its port and the processes whose CPU counts (with all their children)."""

    port: int
    pids: list[int]

    def cpu(self) -> float:
        """Seconds of CPU used so far, user and system, by the server and its database."""
        return sum(_cpu_of(pid) for pid in _with_children(self.pids))

    def processes(self) -> list[int]:
        """Server and database with all their children, as they are now."""
        return _with_children(self.pids)

    def rss_kib(self) -> int:
        """Resident memory of the server's first process."""
        for line in Path(f"/proc/{self.pids[0]}/status").read_text().splitlines():
            if line.startswith("VmRSS"):
                return int(line.split()[1])
        return 0


def _cpu_of(pid: int) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    # utime, stime and those of waited-for children: a backend that ended still counts.
    return sum(int(fields[at]) for at in (11, 12, 13, 14)) / TICKS


def _with_children(pids: list[int]) -> list[int]:
    parents: dict[int, list[int]] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
        parents.setdefault(parent, []).append(int(folder.name))
    found, todo = [], list(pids)
    while todo:
        pid = todo.pop()
        found.append(pid)
        todo += parents.get(pid, [])
    return found


def judge(checks: dict[str, bool]) -> bool:
    """Print what was promised, each with whether it held; True if all did."""
    for text, good in checks.items():
        print(f"  {'ok  ' if good else 'MISS'} {text}", flush=True)
    return all(checks.values())


def on_core(core: str) -> list[str]:
    return ["taskset", "-c", core] if shutil.which("taskset") else []


def pin_self() -> None:
    """The generator keeps to its own core."""
    if hasattr(os, "sched_setaffinity") and (os.cpu_count() or 1) > 1:
        os.sched_setaffinity(0, {int(CLIENT_CORE)})


@contextmanager
def database(kind: str, folder: Path) -> Iterator[tuple[str, list[int]]]:
    """A database address and the processes behind it. PostgreSQL keeps every promise: fsync is on."""
    if kind == "sqlite":
        yield f"sqlite://{folder / 'bench.sqlite3'}", []
        return
    postgres.FAST = ("fsync=on", "synchronous_commit=on", "max_connections=200", "shared_buffers=256MB")
    home = Path(tempfile.mkdtemp(prefix="shuqiao-bench-"))
    home.chmod(0o711)
    server = postgres.start_postgres(home)
    try:
        pid = server.process.pid if server.process else 0
        for child in _with_children([pid]):
            subprocess.run(["taskset", "-cp", SERVER_CORE, str(child)], capture_output=True, check=False)
        yield server.create("bench"), [pid]
    finally:
        server.stop()
        shutil.rmtree(home, ignore_errors=True)


@contextmanager
def redis(folder: Path) -> Iterator[tuple[str, list[int]]]:
    """A Redis address and its process."""
    folder.mkdir(exist_ok=True)
    server = valkey.start_valkey(folder)
    try:
        yield server.url, [server.process.pid] if server.process else []
    finally:
        server.stop()


@contextmanager
def shuqiao(
    database_url: str, folder: Path, database_pids: list[int], *, core: str = SERVER_CORE, **settings: object
) -> Iterator[Measured]:
    """`shuqiao serve` with everything on, pinned to one core with its database."""
    port = free_port()
    environ = environment(database_url, folder, port=port, public_url=f"http://127.0.0.1:{port}", **settings)
    log = (folder / f"serve-{port}.log").open("w")
    command = [*on_core(core), sys.executable, "-m", "server", "serve", "--migrate"]
    process = subprocess.Popen(command, env=environ, stdout=log, stderr=log, cwd=ROOT)
    try:
        _wait(port, "/readyz", process, folder / f"serve-{port}.log")
        yield Measured(port, [process.pid, *database_pids])
    finally:
        process.terminate()
        process.wait(30)
        log.close()


class Restarted:
    """A server that is stopped by a signal and started anew at the same port, over the same database."""

    def __init__(self, database_url: str, folder: Path, *, core: str, settings: dict[str, object]) -> None:
        self.port = free_port()
        place = f"http://127.0.0.1:{self.port}"
        self._environ = environment(database_url, folder, port=self.port, public_url=place, **settings)
        self._core = core
        self._log = folder / f"serve-{self.port}.log"
        self._process: subprocess.Popen[bytes] | None = None

    async def start(self) -> None:
        """Start; returned means ready."""
        self.launch()
        await asyncio.to_thread(self.wait)

    def launch(self) -> None:
        with self._log.open("a") as log:
            self._process = subprocess.Popen(
                [*on_core(self._core), sys.executable, "-m", "server", "serve", "--migrate"],
                env=self._environ,
                stdout=log,
                stderr=log,
                cwd=ROOT,
            )

    def wait(self) -> None:
        assert self._process is not None
        _wait(self.port, "/readyz", self._process, self._log)

    async def stop(self, number: int) -> None:
        """Send the signal; returned means gone."""
        assert self._process is not None
        self._process.send_signal(number)
        await asyncio.to_thread(self._process.wait, 60)

    def rss_kib(self) -> int:
        """Resident memory."""
        assert self._process is not None
        return Measured(self.port, [self._process.pid]).rss_kib()

    def cpu(self) -> float:
        """Seconds of CPU of the process that runs now."""
        assert self._process is not None
        return Measured(self.port, [self._process.pid]).cpu()

    def end(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
            self._process.wait(30)


@contextmanager
def restarted(
    database_url: str, folder: Path, *, core: str = SERVER_CORE, **settings: object
) -> Iterator[Restarted]:
    """`shuqiao serve`, ready, to be stopped and started at will."""
    server = Restarted(database_url, folder, core=core, settings=settings)
    try:
        server.launch()
        server.wait()
        yield server
    finally:
        server.end()


@contextmanager
def yardstick(kind: str, folder: Path, database_url: str, database_pids: list[int]) -> Iterator[Measured]:
    """The bare relay of the reference, on the same core and the same kind of database."""
    port = free_port()
    store = {"sqlite": "sqlite-group", "postgresql": "pg-group"}[kind]
    place = str(folder / "reference.db") if kind == "sqlite" else database_url
    environ = {**os.environ, "STORE": store, "DB": place, "PYTHONPATH": str(REFERENCE)}
    command = [
        *on_core(SERVER_CORE),
        sys.executable,
        "-m",
        "uvicorn",
        "durable_asgi:app",
        "--port",
        str(port),
    ]
    command += ["--ws", "websockets-sansio", "--ws-per-message-deflate", "false", "--log-level", "warning"]
    process = subprocess.Popen(command, env=environ, cwd=REFERENCE)
    try:
        _wait(port, "/", process, None)
        yield Measured(port, [process.pid, *database_pids])
    finally:
        process.terminate()
        process.wait(30)


def environment(database_url: str, folder: Path, **settings: object) -> dict[str, str]:
    """The environment of a `shuqiao` command; limits for people are out of a generator's way, checks are on."""
    values: dict[str, object] = {
        "environment": "test",
        "database_url": database_url,
        "files_dir": folder / "files",
        "secret_key": "a secret for measuring only, 32 characters",
        "messages_per_minute": 10_000_000,
        "sessions_per_address": 10_000_000,
        "argon2_time_cost": 1,
        "argon2_memory_kib": 1024,
        "log_level": "warning",
        **settings,
    }
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SHUQIAO_")}
    return kept | {f"SHUQIAO_{name.upper()}": str(value) for name, value in values.items()}


def run(environ: dict[str, str], *words: str) -> list[dict[str, str]]:
    """A `shuqiao` command that prints JSON lines."""
    done = subprocess.run(
        [sys.executable, "-m", "server", *words],
        env=environ,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(done.stderr)
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]


def _wait(port: int, path: str, process: "subprocess.Popen[bytes]", log: Path | None) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(log.read_text()[-3000:] if log else "the yardstick did not start")
        line = HTTPConnection("127.0.0.1", port, timeout=2)
        try:
            line.request("GET", path)
            if line.getresponse().status in (200, 404):
                return
        except OSError:
            time.sleep(0.05)
        finally:
            line.close()
    raise RuntimeError(f"not ready in {READY_SECONDS} s")
