"""Readers and librarians at the product's own doors, who come back whatever happens to a process."""

import asyncio
import random
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import httpx2 as httpx

from loadtests.clients import Client

AGAIN = (502, 503, 504)
CALL_SECONDS = 60.0  # a call goes from process to process for so long, then it has failed


@dataclass
class Doors:
    """The HTTP side of an installation: any process will do, the next one if that is gone."""

    ports: list[int]
    http: httpx.AsyncClient = field(
        default_factory=lambda: httpx.AsyncClient(
            trust_env=False, timeout=20, limits=httpx.Limits(max_connections=64)
        )
    )
    gates: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(32))

    async def call(
        self,
        method: str,
        path: str,
        body: dict[str, Any] | None = None,
        headers: dict[str, str] | None = None,
    ) -> httpx.Response:
        """The answer of a process that lives. Raises TimeoutError when none does for long."""
        async with asyncio.timeout(CALL_SECONDS):
            while True:
                url = f"http://127.0.0.1:{random.choice(self.ports)}{path}"
                # AttributeError: httpcore asks a socket for its peer that was reset while it was being connected.
                with suppress(httpx.TransportError, AttributeError):
                    async with self.gates:
                        answer = await self.http.request(method, url, json=body, headers=headers)
                    if answer.status_code not in AGAIN:
                        return answer
                await asyncio.sleep(random.uniform(0.1, 0.5))


@dataclass
class Reader:
    """Somebody with a question."""

    client: Client
    session: str
    visitor: str


@dataclass
class Librarian:
    """Somebody on duty who takes whatever is offered."""

    doors: Doors
    client: Client
    headers: dict[str, str]
    account: str
    capacity: int
    served: set[str] = field(default_factory=set)
    holds: set[str] = field(default_factory=set)
    _stirred: asyncio.Event = field(default_factory=asyncio.Event)

    async def sit_down(self) -> None:
        """Connect and go on duty."""
        self.client.on_frame = self._heard
        await self.client.begin()
        duty = {"availability": "available", "capacity": self.capacity}
        (await self.doors.call("PUT", "/api/console/duty", duty, self.headers)).raise_for_status()

    async def work(self) -> None:
        """Take offers until cancelled."""
        while True:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stirred.wait(), 3)
            self._stirred.clear()
            await self.take()

    async def take(self) -> None:
        """Accept what is offered now, and listen to it."""
        console = (await self.doors.call("GET", "/api/console", headers=self.headers)).json()
        for offer in console["offers"]:
            path = f"/api/offers/{offer['offer_id']}/accept"
            answer = await self.doors.call("POST", path, headers=self.headers)
            if answer.status_code == 200:
                session = answer.json()["id"]
                self.served.add(session)
                self.holds.add(session)
                self.client.listen(f"chat/{session}")

    def _heard(self, frame: dict[str, Any]) -> None:
        if frame["t"] in ("duty", "welcome"):
            self._stirred.set()


def librarian(doors: Doors, login: dict[str, str], capacity: int) -> Librarian:
    """A librarian from a log-in that `shuqiao user sessions` has issued."""
    account = login["account_id"]
    headers = {"Cookie": f"sid={login['sid']}", "X-CSRF-Token": login["csrf"]}
    client = Client(doors.ports, headers=headers, topics={f"staff/{account}": 0})
    return Librarian(doors, client, headers, account, capacity)


async def ask(doors: Doors, visitor: str, desk: str = "bench") -> Reader:
    """Ask a question and listen to what comes."""
    body = {"topic": "reference", "question": "请问？", "client_id": f"q-{visitor}", "visitor": visitor}
    answer = await doors.call("POST", f"/api/desks/{desk}/sessions", body)
    answer.raise_for_status()
    opened = answer.json()
    session = opened["session"]["id"]
    client = Client(doors.ports, token=opened["token"], topics={f"chat/{session}": 0})
    await client.begin()
    return Reader(client, session, visitor)
