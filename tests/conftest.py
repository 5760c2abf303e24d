"""What every test may ask for: a fresh database on both backends, real servers, people at browsers, time."""

import gc
import os
import shutil
import sqlite3
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from playwright.async_api import Browser, async_playwright
from tortoise.backends.base.executor import EXECUTOR_CACHE

from tests.servers import browsers, postgres, valkey
from tests.servers.browsers import Visits
from tests.servers.clocks import FileClock
from tests.servers.machine import machine_cannot
from tests.servers.mails import MailServer
from tests.servers.nursery import close_nursery, open_nursery
from tests.servers.postgres import Postgres
from tests.servers.product import Product
from tests.servers.valkey import Valkey

MEMORY = Path("/dev/shm")
ROOM = 6 * 1024**3  # bytes
# No test is about the speed of a disk: where memory has the room, what tests write lies there.
if os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > ROOM:
    tempfile.tempdir = str(MEMORY)

# A slow machine is no failure, so that examples have no deadline; CI tries the same ones each time.
settings.register_profile("house", deadline=None, derandomize=bool(os.environ.get("CI")), print_blob=True)
settings.load_profile("house")


LONG = ("journeys", "web", "stack_io")
# These hardly compute: beside each another process does what takes its time.
WAITING = ("test_bridges.py", "test_kills.py", "test_outages.py", "test_story.py", "test_absences.py")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Long files first: two processes that share the files between them then end at about the same time.

    The waiting ones among them are spread over the beginning, so that they do not wait at the same time.
    """
    files = list(dict.fromkeys(item.path for item in items))
    files.sort(key=lambda file: next((at for at, room in enumerate(LONG) if room in file.parts), len(LONG)))
    waiting = [file for file in files if file.name in WAITING]
    busy = [file for file in files if file.name not in WAITING]
    for place, file in enumerate(waiting):
        busy.insert(2 * place, file)
    at = {file: place for place, file in enumerate(busy)}
    items.sort(key=lambda item: at[item.path])


def pytest_collection_finish() -> None:
    """What was imported stays: the collector need not go through all of it again for each of thousands of tests."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Postgres]:
    """PostgreSQL for the whole run."""
    folder = Path(tempfile.mkdtemp(prefix="shuqiao-postgres-"))
    folder.chmod(0o711)  # root lends it to nobody, who must be able to reach its part
    try:
        server = postgres.start_postgres(folder)
    except RuntimeError as error:
        machine_cannot(f"run PostgreSQL: {error}")
    yield server
    server.stop()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def valkey_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Valkey]:
    """Valkey for the whole run; most tests want `redis_url`."""
    try:
        server = valkey.start_valkey(tmp_path_factory.mktemp("valkey"))
    except (RuntimeError, OSError) as error:
        machine_cannot(f"run Valkey: {error}")
    yield server
    server.stop()


@pytest.fixture
def redis_url(valkey_server: Valkey) -> str:
    """A Redis address with nothing stored; running again if the test before had stopped it."""
    valkey_server.start()
    valkey_server.forget()
    return valkey_server.url


@pytest.fixture(scope="session")
def _mail_server() -> Iterator[MailServer]:
    server = MailServer()
    server.start()
    yield server
    server.stop()


@pytest.fixture
def mails(_mail_server: MailServer) -> MailServer:
    """A mail server with an empty box."""
    _mail_server.clear()
    return _mail_server


async def _migrate(url: str) -> None:
    """Bring an empty database to the present schema: the one place where tests call the product for it."""
    from server.store.migrating import migrate

    await migrate(url)


@pytest.fixture(scope="session")
async def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file that nobody has open."""
    path = tmp_path_factory.mktemp("template") / "shuqiao.sqlite3"
    await _migrate(f"sqlite://{path}")
    connection = sqlite3.connect(path)
    # A copy of the file alone would lack what the log still holds.
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    return path


@pytest.fixture(scope="session")
async def postgres_template(postgres_server: Postgres) -> Postgres:
    """The server, with the migrated template that tests clone."""
    postgres_server.drop(postgres_server.database(postgres.TEMPLATE))
    await _migrate(postgres_server.create(postgres.TEMPLATE))
    return postgres_server


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    """A fresh migrated database in a file."""
    EXECUTOR_CACHE.clear()  # it keeps the first dialect's statements, whatever the connection
    return f"sqlite://{shutil.copy(sqlite_template, tmp_path / 'shuqiao.sqlite3')}"


@pytest.fixture
def postgres_url(postgres_template: Postgres) -> Iterator[str]:
    """A fresh migrated database on PostgreSQL."""
    EXECUTOR_CACHE.clear()
    url = postgres_template.clone()
    yield url
    postgres_template.drop(url)


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """A fresh migrated database; the test runs once on SQLite and once on PostgreSQL."""
    return str(request.getfixturevalue("sqlite_url" if request.param == "sqlite" else "postgres_url"))


@pytest.fixture
def clock_file(tmp_path: Path) -> FileClock:
    """Time for processes under test, moved by the test."""
    return FileClock(tmp_path / "clock")


@pytest.fixture(scope="session")
def nursery(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Processes of ours begin where everything is imported already."""
    process = open_nursery(tmp_path_factory.mktemp("nursery"))
    yield
    close_nursery(process)


@pytest.fixture
def product(tmp_path: Path, nursery: None) -> Iterator[Callable[..., Product]]:
    """Makes processes of ours from settings, not yet started: `product("serve", database_url=…).start()`."""
    made: list[Product] = []

    def make(command: str = "serve", **settings: object) -> Product:
        made.append(Product(tmp_path, command, **settings))
        return made[-1]

    yield make
    for process in made:
        process.kill()


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    """Chromium for the whole run; most tests want `visits`."""
    executable = browsers.chromium_path()
    if executable is None:
        machine_cannot("run browser tests: no Chromium; see tools/ensure-browser")
    async with async_playwright() as playwright:
        launched = await browsers.launch(playwright, executable)
        yield launched
        await launched.close()


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_teardown(item: pytest.Item) -> None:
    """Before the first fixture goes: a server may be taken down before the pages that listen to it."""
    visits = getattr(item, "funcargs", {}).get("visits")
    if visits is not None:
        visits.end()


@pytest.fixture
async def visits(browser: Browser) -> AsyncIterator[Visits]:
    """People at their browsers. Fails the test when a page reported a fault that the test did not expect."""
    visits = Visits(browser)
    yield visits
    await visits.leave()
    assert not visits.faults, "\n".join(visits.faults)
