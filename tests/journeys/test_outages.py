"""Redis away, PostgreSQL away, a bus that carries nothing: messages come late or are held; none is lost or doubled."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx2 as httpx
import pytest

from tests.journeys.crowds import Crowd, LibrarianRobot, ReaderRobot
from tests.journeys.installations import Installation, MakeProduct, open_installation
from tests.servers.machine import http_client, machine_cannot
from tests.servers.postgres import Postgres
from tests.servers.product import Product
from tests.servers.valkey import Valkey

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(600)]


class Talk:
    """A reader at the first server and a librarian at the last, in conversation by the protocol."""

    def __init__(self, place: Installation, http: httpx.AsyncClient) -> None:
        self.place = place
        servers = [server.url for server in place.servers]
        self.reader = ReaderRobot(Crowd([servers[0]], http), 0, "home")
        self.librarian = LibrarianRobot(Crowd([servers[-1]], http), 0, place.town.people["lin"])
        self.session = ""

    @property
    def topic(self) -> str:
        return f"chat/{self.session}"

    async def heard_by(self, robot: ReaderRobot | LibrarianRobot, text: str) -> None:
        await robot.until(lambda: any(event.get("text") == text for event in robot.logs[self.topic]))

    async def typing_crosses(self) -> None:
        """What is nowhere but on the bus gets from the reader to the librarian."""
        self.librarian.typed = False
        async with asyncio.timeout(60):
            while not self.librarian.typed:
                await self.reader.say({"t": "typing", "session": self.session})
                await asyncio.sleep(0.2)  # the server passes on one every few seconds at most

    async def said(self) -> list[str]:
        """The log, the same for both and in the database."""
        said = await self.place.said(self.session)
        for robot in (self.reader, self.librarian):
            await self.heard_by(robot, said[-1])  # its own, too: an acknowledgement may go before its turn
            assert [event["text"] for event in robot.logs[self.topic] if event["kind"] == "message"] == said
        return said


@asynccontextmanager
async def talking(place: Installation) -> AsyncIterator[Talk]:
    """The two, once the librarian has taken the reader."""
    async with http_client() as http:
        talk = Talk(place, http)
        lines = [asyncio.create_task(talk.librarian.converse())]
        await talk.librarian.stand()
        talk.session = talk.reader.session = await talk.reader.ask()
        talk.reader.last[talk.topic] = 0
        lines.append(asyncio.create_task(talk.reader.converse()))
        await talk.librarian.take()
        await talk.librarian.follow(talk.topic)
        await talk.reader.until(lambda: any(event["kind"] == "joined" for event in talk.reader.log))
        yield talk
        await talk.reader.leave()
        await talk.librarian.leave()
        await asyncio.gather(*lines)


async def readiness(server: Product) -> str:
    async with http_client() as http:
        return str((await http.get(f"{server.url}/readyz")).json()["status"])


async def becomes(server: Product, *wanted: str) -> None:
    """The server itself says how it is."""
    async with asyncio.timeout(60):
        while await readiness(server) not in wanted:
            await asyncio.sleep(0.05)  # nobody is told of it; monitors ask, as we do


async def test_without_redis_messages_arrive_later_and_with_it_again_at_once(
    postgres_url: str, redis_url: str, valkey_server: Valkey, tmp_path: Path, product: MakeProduct
) -> None:
    async with (
        open_installation(
            product, tmp_path, postgres_url, servers=2, workers=1, redis_url=redis_url
        ) as place,
        talking(place) as talk,
    ):
        await talk.reader.post(talk.session, "有 Redis")
        await talk.heard_by(talk.librarian, "有 Redis")
        valkey_server.stop()
        await asyncio.gather(*(becomes(server, "degraded") for server in place.servers))
        await talk.reader.post(talk.session, "没有 Redis")
        await talk.librarian.post(talk.session, "也没有")
        await talk.heard_by(talk.librarian, "没有 Redis")
        await talk.heard_by(talk.reader, "也没有")
        valkey_server.start()
        await asyncio.gather(*(becomes(server, "ready") for server in place.servers))
        await talk.typing_crosses()
        await talk.reader.post(talk.session, "又有了")
        await talk.heard_by(talk.librarian, "又有了")
        assert await talk.said() == ["?", "有 Redis", "没有 Redis", "也没有", "又有了"]


async def test_while_postgresql_is_away_messages_are_held_and_then_stored_once(
    postgres_server: Postgres, postgres_url: str, redis_url: str, tmp_path: Path, product: MakeProduct
) -> None:
    if not postgres_server.ours:
        machine_cannot("stop a PostgreSQL that is not ours")
    async with (
        open_installation(
            product, tmp_path, postgres_url, servers=2, workers=1, redis_url=redis_url
        ) as place,
        talking(place) as talk,
    ):
        before = [server.process for server in (*place.servers, *place.workers)]
        await talk.reader.post(talk.session, "以前")
        postgres_server.stop()
        await asyncio.gather(*(becomes(server, "not_ready") for server in place.servers))
        held = [
            asyncio.create_task(talk.reader.post(talk.session, "期间一")),
            asyncio.create_task(talk.librarian.post(talk.session, "期间二")),
        ]
        async with http_client() as http:
            refused = await http.get(
                f"{place.first.url}/api/sessions/{talk.session}", headers=talk.reader.headers
            )
        assert (refused.status_code, refused.json()["error"]["retry"]) == (503, "retry")
        assert not any(task.done() for task in held)
        postgres_server.start()
        await asyncio.gather(*held)
        await asyncio.gather(*(becomes(server, "ready") for server in place.servers))
        await talk.reader.post(talk.session, "以后")
        await talk.heard_by(talk.librarian, "以后")
        await talk.heard_by(talk.reader, "期间二")
        said = await talk.said()
        assert sorted(said) == sorted(["?", "以前", "期间一", "期间二", "以后"])
        assert (said[:2], said[-1]) == (["?", "以前"], "以后")
        assert all(process is not None and process.poll() is None for process in before)


async def test_a_bus_that_carries_nothing_loses_nothing(
    postgres_url: str, tmp_path: Path, product: MakeProduct
) -> None:
    """Two servers that know nothing of each other but the database: the beat notices even a lost last event."""
    async with open_installation(product, tmp_path, postgres_url, servers=2) as place, talking(place) as talk:
        for n in range(3):
            await talk.reader.post(talk.session, f"读者 {n}")
        await talk.librarian.post(talk.session, "馆员")
        await talk.heard_by(talk.librarian, "读者 2")
        await talk.heard_by(talk.reader, "馆员")
        assert (await talk.said())[0] == "?" and len(await talk.said()) == 5
