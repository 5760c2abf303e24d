"""Many librarians reach for the same tasks at once, over several processes: each has one winner (R-72.1, R-72.5)."""

import asyncio
from collections import Counter
from pathlib import Path

import httpx2 as httpx
import pytest

from tests.journeys.installations import Installation, MakeProduct, open_installation
from tests.journeys.test_crowds import hire
from tests.servers.machine import http_client
from tests.town import Person

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(300)]

CLIENTS, TASKS, CAP = 100, 10, 10
LOSSES = {("task_taken", "R-72.1")}


@pytest.fixture(params=["sqlite, two processes", "postgresql and redis, three processes"])
def shape(request: pytest.FixtureRequest) -> tuple[str, int, dict[str, str]]:
    if request.param.startswith("sqlite"):
        return request.getfixturevalue("sqlite_url"), 2, {}
    return request.getfixturevalue("postgres_url"), 3, {"redis_url": request.getfixturevalue("redis_url")}


async def ask(installation: Installation, count: int) -> list[str]:
    """So many form questions at the home desk, in the pool."""
    http = installation.town.http
    for number in range(count):
        body = {
            "client_id": f"q{number}",
            "question": f"第 {number} 个问题",
            "mail": f"r{number}@readers.test",
        }
        answer = await http.post("/api/desks/home/questions", json=body)
        assert answer.status_code == 201, answer.text
    rows = await installation.town.ctx.db.read.rows("SELECT id FROM task ORDER BY id")
    return [row["id"] for row in rows]


async def claim(http: httpx.AsyncClient, base: str, person: Person, task: str) -> httpx.Response:
    headers = {"Cookie": f"sid={person.cookie}", "X-CSRF-Token": person.csrf}
    return await http.post(f"{base}/api/tasks/{task}/claim", headers=headers)


async def test_every_task_has_one_winner_and_every_loser_is_told_so_by_name(
    shape: tuple[str, int, dict[str, str]], product: MakeProduct, tmp_path: Path
) -> None:
    url, servers, settings = shape
    async with open_installation(product, tmp_path, url, servers=servers, **settings) as installation:
        tasks, people = await ask(installation, TASKS), await hire(installation.town, CLIENTS)
        limits = httpx.Limits(max_connections=CLIENTS)
        async with http_client(limits=limits) as http:
            answers = await asyncio.gather(
                *(
                    claim(http, installation.servers[at % servers].url, person, tasks[at % TASKS])
                    for at, person in enumerate(people)
                )
            )
        won = Counter(tasks[at % TASKS] for at, answer in enumerate(answers) if answer.status_code == 200)
        assert won == Counter(tasks)
        lost = [answer.json()["error"] for answer in answers if answer.status_code != 200]
        assert {(each["code"], each["rule"]) for each in lost} == LOSSES
        held = await installation.town.ctx.db.read.rows(
            "SELECT open_claims FROM claim_count WHERE open_claims > 0"
        )
        assert [row["open_claims"] for row in held] == [1] * TASKS


async def test_nobody_claims_more_than_ten_through_several_processes_at_once(
    shape: tuple[str, int, dict[str, str]], product: MakeProduct, tmp_path: Path
) -> None:
    url, servers, settings = shape
    async with open_installation(product, tmp_path, url, servers=servers, **settings) as installation:
        tasks, lin = await ask(installation, CAP + 10), installation.town.people["lin"]
        async with http_client() as http:
            answers = await asyncio.gather(
                *(
                    claim(http, installation.servers[at % servers].url, lin, task)
                    for at, task in enumerate(tasks)
                )
            )
        assert Counter(answer.status_code for answer in answers) == {200: CAP, 409: 10}
        refused = {answer.json()["error"]["code"] for answer in answers if answer.status_code == 409}
        assert refused == {"claims_full"}
        rows = await installation.town.ctx.db.read.rows("SELECT id FROM task WHERE state = 'claimed'")
        assert len(rows) == CAP
