"""What load balancers and operators ask: alive, ready, how it is doing."""

import asyncio
import sqlite3
from datetime import timedelta
from itertools import count
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pytest

from server.actions import health
from server.api.health import _may_scrape
from server.assembly import build_app
from server.store.checking import migration_names
from server.store.presence import lend_turn
from tests.servers.machine import PATIENCE, http_client, machine_cannot
from tests.servers.postgres import Postgres
from tests.servers.valkey import Valkey
from tests.town import open_town, serving, settings_for


@pytest.fixture(autouse=True)
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A load balancer waits two seconds; a machine that is slow is not what is asked here."""
    monkeypatch.setattr(health, "PATIENCE", PATIENCE / 2)


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
        http_client(base) as http,
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


@pytest.mark.cluster
async def test_a_database_that_answers_and_takes_nothing_is_told_by_whoever_is_refused(
    postgres_server: Postgres, postgres_url: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """As on a full disk: messages were refused, and every door said "ready", and no log a word."""
    name = urlsplit(postgres_url).path[1:]
    async with open_town(postgres_url, tmp_path) as town:
        reader = await town.ask()
        await _be_read_only(postgres_server, name, "on")
        frame = {"t": "post", "session": reader.session, "text": "有人吗？"}

        async def said(number: str) -> str:
            answer = await town.http.post("/api/frames", json={**frame, "id": number}, headers=reader.headers)
            return str(answer.json()["frames"][0]["t"])

        numbers = (f"m{number}" for number in count())
        async with asyncio.timeout(60):
            # The first ones may find nothing but lines that were cut, and are refused before anybody tries to write.
            while (ready := await town.http.get("/readyz")).json()["checks"]["database"] != "refuses":
                await said(next(numbers))
                await asyncio.sleep(0.05)
        assert (ready.status_code, ready.json()["status"]) == (200, "degraded")
        assert await said(next(numbers)) == "err"
        assert "messages are refused, their commit failed" in caplog.text
        assert "ReadOnlySQLTransactionError" in caplog.text
        await _be_read_only(postgres_server, name, "off")
        async with asyncio.timeout(30):
            while await said("again") != "ack":
                await asyncio.sleep(0.05)
            while (await town.http.get("/readyz")).json()["status"] != "ready":
                await asyncio.sleep(0.05)  # here, too, a line that was cut may have been taken for a good one


@pytest.mark.cluster
async def test_a_database_that_lets_nobody_in_is_away_and_no_accident(
    postgres_server: Postgres, postgres_url: str, tmp_path: Path
) -> None:
    """A changed password or rule made every door say "unexpected", the health check among them."""
    if not postgres_server.ours:
        machine_cannot("let in without a password at a PostgreSQL that is not ours")
    role = f"{urlsplit(postgres_url).path[1:]}_role"
    await asyncio.to_thread(postgres_server.say, f'CREATE ROLE "{role}" LOGIN SUPERUSER')
    parts = urlsplit(postgres_url)
    url = urlunsplit(parts._replace(netloc=f"{role}@{parts.hostname}:{parts.port}"))
    async with open_town(url, tmp_path) as town:
        await _let_in(postgres_server, role, "NOLOGIN")
        async with asyncio.timeout(30):
            while (answer := await town.http.get("/readyz")).status_code == 200:
                await asyncio.sleep(0.05)
        assert (answer.status_code, answer.json()["checks"]["database"]) == (503, "away")
        body = {"topic": "reference", "question": "有人吗？", "client_id": "c1"}
        refused = await town.http.post("/api/desks/home/sessions", json=body)
        assert (refused.status_code, refused.json()["error"]["code"]) == (503, "unavailable")
        await _let_in(postgres_server, role, "LOGIN")
        async with asyncio.timeout(60):
            while (await town.http.get("/readyz")).status_code != 200:
                await asyncio.sleep(0.05)
        assert (await town.http.post("/api/desks/home/sessions", json=body)).status_code == 201


async def _let_in(server: Postgres, role: str, how: str) -> None:
    """Let an account log in, or no more; its lines are cut."""
    await asyncio.to_thread(server.say, f'ALTER ROLE "{role}" {how}')
    cut = f"SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE usename = '{role}'"
    await asyncio.to_thread(server.say, cut)


async def _be_read_only(server: Postgres, name: str, how: str) -> None:
    """Let nothing be written there from now on, as by a standby or on a full disk; lines that stand are cut."""
    said = f'ALTER DATABASE "{name}" SET default_transaction_read_only = {how}'
    await asyncio.to_thread(server.say, said)
    cut = f"SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = '{name}'"
    await asyncio.to_thread(server.say, cut)


async def test_figures_tell_of_conversations_and_nobody_in_them(database_url: str, tmp_path: Path) -> None:
    async with open_town(database_url, tmp_path) as town:
        await town.ask("请问《明清档案》在哪里看？")
        shown = await town.http.get("/metrics")
        assert shown.status_code == 200
        assert 'shuqiao_chat_events_total{by="reader",kind="message"} 1.0' in shown.text
        assert 'shuqiao_sessions{state="queued"} 1.0' in shown.text
        assert "明清档案" not in shown.text


async def test_a_turn_that_is_lent_is_no_process(database_url: str, tmp_path: Path) -> None:
    """With a worker there seemed to be one server process more than ran."""
    async with open_town(database_url, tmp_path) as town:
        now = town.ctx.clock.now()
        async with town.ctx.transaction() as tx:
            assert await lend_turn(tx, "places", "a worker", now=now, until=now + timedelta(minutes=5))
        async with asyncio.timeout(30):
            while "shuqiao_processes 0.0" in (shown := (await town.http.get("/metrics")).text):
                await asyncio.sleep(0.05)  # its lease is entered a moment after it serves
        assert "shuqiao_processes 1.0" in shown


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
