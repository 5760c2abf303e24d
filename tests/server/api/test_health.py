"""What load balancers and operators ask: alive, ready, how it is doing."""

import asyncio
import sqlite3
from pathlib import Path

import httpx2 as httpx
import pytest

from server.api.health import _may_scrape
from server.assembly import build_app
from server.store.checking import migration_names
from tests.servers.valkey import Valkey
from tests.town import open_town, serving, settings_for


async def test_a_process_that_can_store_conversations_is_ready(database_url: str, tmp_path: Path) -> None:
    async with open_town(database_url, tmp_path) as town:
        assert (await town.http.get("/healthz")).json() == {"status": "ok"}
        ready = await town.http.get("/readyz")
        assert ready.status_code == 200
        assert ready.json() == {
            "status": "ready",
            "checks": {"database": "ok", "schema": "ok", "files": "ok", "bus": "ok"},
        }


async def test_an_old_schema_is_not_ready(sqlite_url: str, tmp_path: Path) -> None:
    with sqlite3.connect(sqlite_url.removeprefix("sqlite://")) as connection:
        connection.execute("DELETE FROM tortoise_migrations WHERE name = ?", (migration_names()[-1],))
    async with (
        serving(build_app(settings_for(sqlite_url, tmp_path))) as base,
        httpx.AsyncClient(base_url=base, trust_env=False, verify=False) as http,
    ):
        answer = await http.get("/readyz")
        assert (answer.status_code, answer.json()["checks"]["schema"]) == (503, "behind")


@pytest.mark.cluster
async def test_without_redis_a_process_is_degraded_but_serves(
    postgres_url: str, redis_url: str, valkey_server: Valkey, tmp_path: Path
) -> None:
    async with open_town(postgres_url, tmp_path, redis_url=redis_url) as town:
        valkey_server.stop()
        async with asyncio.timeout(30):
            while (answer := await town.http.get("/readyz")).json()["status"] != "degraded":
                await asyncio.sleep(0.05)
        assert answer.status_code == 200, "messages are stored as ever"
        assert answer.json()["checks"]["bus"] == "away"
        valkey_server.start()
        async with asyncio.timeout(60):
            while (await town.http.get("/readyz")).json()["status"] != "ready":
                await asyncio.sleep(0.05)


async def test_figures_tell_of_conversations_and_nobody_in_them(database_url: str, tmp_path: Path) -> None:
    async with open_town(database_url, tmp_path) as town:
        await town.ask("请问《明清档案》在哪里看？")
        shown = await town.http.get("/metrics")
        assert shown.status_code == 200
        assert 'shuqiao_chat_events_total{by="reader",kind="message"} 1.0' in shown.text
        assert 'shuqiao_sessions{state="queued"} 1.0' in shown.text
        assert "明清档案" not in shown.text


async def test_figures_are_for_those_with_the_token(sqlite_url: str, tmp_path: Path) -> None:
    async with open_town(sqlite_url, tmp_path, metrics_token="a token of the scraper") as town:
        assert (await town.http.get("/metrics")).status_code == 403
        wrong = await town.http.get("/metrics", headers={"Authorization": "Bearer no"})
        assert wrong.status_code == 403
        right = await town.http.get("/metrics", headers={"Authorization": "Bearer a token of the scraper"})
        assert right.status_code == 200


@pytest.mark.parametrize(
    ("address", "may"), [("127.0.0.1", True), ("::1", True), ("10.0.0.9", False), ("x", False)]
)
def test_without_a_token_only_this_machine_may_read_figures(address: str, may: bool) -> None:
    from starlette.requests import Request

    request = Request({"type": "http", "client": (address, 4711), "headers": []})
    assert _may_scrape(request, "") is may
