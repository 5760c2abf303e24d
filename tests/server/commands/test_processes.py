"""The commands as processes: the demo from nothing, a kind stop, a log in which nobody is quoted."""

import asyncio
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx2 as httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from server.commands import demo as demo_command
from server.commands.demo import demo_settings
from server.commands.terminal import Failure
from server.context import make_context
from server.demo.seeding import PASSWORD, seed
from server.settings import Settings
from tests.server.commands.conftest import Shuqiao
from tests.servers import machine, nursery
from tests.servers.product import Product

SAID = "请问哪里可以查到《点石斋画报》的原刊？"


class Demo:
    """`shuqiao demo` in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.data = folder / "data"
        self.port = machine.free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.process: machine.Running | None = None
        self._log = folder / "demo.log"

    def start(self, *arguments: str) -> str:
        """Start it; returns what it said until it was ready."""
        self._log.unlink(missing_ok=True)
        words = ["demo", "--port", str(self.port), "--data", str(self.data), *arguments]
        self.process = nursery.born("server.__main__", words, self._log)
        machine.await_answer(self.process, self._log, lambda: "Ctrl-C" in self.said, patience=90)
        return self.said

    def stop(self) -> int:
        """SIGTERM; its exit status."""
        assert self.process is not None
        machine.stop(self.process)
        return int(self.process.returncode)

    @property
    def said(self) -> str:
        return self._log.read_text(encoding="utf-8", errors="replace") if self._log.exists() else ""


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Demo]:
    """A demo that is not started yet."""
    made = Demo(tmp_path)
    yield made
    if made.process is not None and made.process.poll() is None:
        machine.stop(made.process)


async def log_in(http: httpx.AsyncClient, who: str) -> httpx.Response:
    """Log in as the form does."""
    page = (await http.get("/login")).text
    found = re.search(r'name="csrf" (?:content|value)="([^"]+)"', page)
    assert found, page
    fields = {"mail": f"{who}@example.org", "password": PASSWORD, "csrf": found[1]}
    return await http.post("/login", data=fields)


async def test_the_demo_starts_from_nothing_stops_kindly_and_keeps_its_data_until_told_otherwise(
    demo: Demo,
) -> None:
    said = demo.start()
    assert PASSWORD in said
    assert f"{demo.url}/d/szlib" in said
    async with machine.http_client(demo.url) as http:
        for path in ("/healthz", "/readyz", "/", "/login", "/d/szlib", "/sample?desk=szlib", "/demo/mails"):
            assert (await http.get(path)).status_code == 200, path
        assert (await log_in(http, "librarian")).headers["location"].endswith("/console")
        assert (await http.get("/api/console")).json()["me"]["name"] == "林晓雨"
    async with machine.http_client(demo.url) as http:
        await log_in(http, "manager")
        assert (await http.get("/manage/board")).status_code == 200
    seeded = await _sessions(demo)
    async with machine.http_client(demo.url) as http:
        opened = {"topic": "reference", "question": SAID, "client_id": "01demo"}
        assert (await http.post("/api/desks/szlib/sessions", json=opened)).status_code == 201
    assert demo.stop() == 0
    assert "Traceback" not in demo.said
    for arguments, sessions in (((), seeded + 1), (("--fresh",), seeded)):
        demo.start(*arguments)
        assert demo.stop() == 0
        assert await _sessions(demo) == sessions


async def _sessions(demo: Demo) -> int:
    ctx = make_context(demo_settings(demo.data, host="127.0.0.1", port=demo.port))
    await ctx.db.open()
    row = await ctx.db.read.row("SELECT COUNT(*) AS n FROM chat_session")
    await ctx.db.close()
    assert row is not None
    return int(row["n"])


def test_a_folder_that_is_not_the_demos_is_left_alone(shuqiao: Shuqiao, tmp_path: Path) -> None:
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter-1.txt").write_text("years of work")
    said = shuqiao("demo", "--data", str(tmp_path / "thesis"), "--fresh", "--seed-only")
    assert (said.status, "--data" in said.err) == (2, True)
    assert [path.name for path in (tmp_path / "thesis").iterdir()] == ["chapter-1.txt"]


def test_the_demo_moves_to_a_free_port_but_not_from_one_it_was_told(monkeypatch: pytest.MonkeyPatch) -> None:
    taken = demo_command._listener("127.0.0.1", 0)
    port = taken.getsockname()[1]
    monkeypatch.setattr(demo_command, "DEFAULT_PORT", port)
    other = demo_command._listener("127.0.0.1", None)
    assert other.getsockname()[1] != port
    with pytest.raises(Failure):
        demo_command._listener("127.0.0.1", port)
    taken.close()
    other.close()


@pytest.fixture
async def seeded_url(sqlite_url: str, tmp_path: Path) -> str:
    """A database with the demo alliance in it."""
    ctx = make_context(
        Settings(
            environment="demo",
            database_url=sqlite_url,
            argon2_time_cost=1,
            argon2_memory_kib=64,
            files_dir=str(tmp_path / "files"),
        )
    )
    await ctx.db.open()
    await seed(ctx)
    await ctx.db.close()
    return sqlite_url


async def test_a_server_that_is_told_to_stop_says_good_bye_first(
    product: Callable[..., Product], seeded_url: str
) -> None:
    server = product("serve", database_url=seeded_url)
    server.start()
    async with machine.http_client(server.url) as http:
        opened = {"topic": "reference", "question": SAID, "client_id": "01bye"}
        token = (await http.post("/api/desks/szlib/sessions", json=opened)).json()["token"]
    async with connect(server.url.replace("http", "ws", 1) + "/api/socket", compression=None) as line:
        await line.send(json.dumps({"t": "hello", "v": 1, "token": token}))
        assert json.loads(await line.recv())["t"] == "welcome"
        stopping = asyncio.create_task(asyncio.to_thread(server.stop))
        heard = []
        with pytest.raises(ConnectionClosed) as closed:
            async with asyncio.timeout(60):
                while True:
                    heard.append(json.loads(await line.recv()))
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1012
    bye = next(frame for frame in heard if frame["t"] == "bye")
    assert bye["retry_ms"][0] < bye["retry_ms"][1], "clients come back one by one"
    assert await stopping == 0


async def test_the_log_is_json_and_quotes_nobody(product: Callable[..., Product], seeded_url: str) -> None:
    server = product("serve", database_url=seeded_url, log_level="debug")
    server.start()
    async with machine.http_client(server.url) as http:
        opened = {"topic": "reference", "question": SAID, "client_id": "01log"}
        answer = (await http.post("/api/desks/szlib/sessions", json=opened)).json()
        session, token = answer["session"]["id"], answer["token"]
        await http.get(f"/api/sessions/{session}/events", params={"token": token})
        await http.post(f"/api/sessions/{session}/end", json={}, headers={"Authorization": f"Token {token}"})
    assert await asyncio.to_thread(server.stop) == 0
    log = server.log.read_text("utf-8")
    lines = [json.loads(line) for line in log.splitlines()]
    assert any(line["event"] == "serving" for line in lines)
    assert all({"event", "level", "timestamp", "logger"} <= line.keys() for line in lines)
    turns = [line["event"] for line in lines if line.get("session") == session]
    assert turns == ["conversation queued", "conversation ended"]
    for secret in (SAID, token, answer["visitor"]):
        assert secret not in log


async def test_a_worker_stops_kindly(product: Callable[..., Product], seeded_url: str) -> None:
    worker = product("worker", database_url=seeded_url)
    worker.start()
    async with asyncio.timeout(30):
        while "workers.outbox" not in worker.log.read_text("utf-8"):
            await asyncio.sleep(0.05)
    assert await asyncio.to_thread(worker.stop) == 0
