"""Readers and librarians without a browser, many at once, who speak the protocol as a stranger's client would.

Each keeps one number a topic, asks when there is a gap, keeps what it posts until that is acknowledged, posts it again
after each reconnect, and goes to the next server when its own is gone.
"""

import asyncio
import json
from collections import defaultdict
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import httpx2 as httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from server.clocks import SystemRng, TimedIds
from tests.town import Person

PATIENCE = 240.0  # seconds that anybody waits for anything: beyond it something is lost
AGAIN = 0.1  # between attempts at a server that is gone
SAID = 3  # what each side says in a conversation, beside the question


@dataclass
class Crowd:
    """Where the crowd may go, what has been acknowledged to them, and what is new to know."""

    servers: list[str]
    http: httpx.AsyncClient
    acknowledged: list[tuple[str, str, int]] = field(default_factory=list)  # session, client id, number
    refusals: list[str] = field(default_factory=list)
    finished: int = 0
    over: asyncio.Event = field(default_factory=asyncio.Event)


class Robot:
    """A client of the protocol that survives its server."""

    def __init__(self, crowd: Crowd, place: int, headers: dict[str, str]) -> None:
        self.crowd, self.place, self.headers = crowd, place, headers
        self.line: ClientConnection | None = None
        self.token = ""
        self.last: dict[str, int] = {}
        self.logs: dict[str, list[dict[str, Any]]] = defaultdict(list)
        self.pending: dict[str, dict[str, Any]] = {}
        self.acks: dict[str, dict[str, Any]] = {}
        self.typed = False
        self.news = asyncio.Condition()
        self.done = asyncio.Event()

    @property
    def base(self) -> str:
        return self.crowd.servers[self.place % len(self.crowd.servers)]

    async def call(self, method: str, path: str, *, base: str = "", **more: Any) -> httpx.Response:
        """An HTTP call; where the server is gone or asks for patience, again, at another one."""
        async with asyncio.timeout(PATIENCE):
            while True:
                with suppress(httpx.TransportError):
                    answer = await self.crowd.http.request(
                        method, (base or self.base) + path, headers=self.headers, **more
                    )
                    if answer.status_code not in (429, 502, 503):
                        return answer
                base, self.place = "", self.place + 1
                await asyncio.sleep(AGAIN)

    async def converse(self) -> None:
        """Keep a line until done, wherever there is a server."""
        while not self.done.is_set():
            with suppress(OSError, ConnectionClosed, InvalidHandshake, TimeoutError):
                await self.prove()
                address = self.base.replace("http", "ws", 1) + "/api/socket"
                cookie = {name: value for name, value in self.headers.items() if name == "Cookie"}
                async with connect(address, additional_headers=cookie, compression=None) as line:
                    await self._listen(line)
            self.line = None
            self.place += 1
            await asyncio.sleep(AGAIN)

    async def prove(self) -> None:
        """What is needed before a new line; staff have their cookie."""

    async def leave(self) -> None:
        self.done.set()
        if self.line is not None:
            await self.line.close()

    async def post(self, session: str, text: str) -> int:
        """Say something and have it acknowledged, however often the line breaks; its number."""
        name = TimedIds().new()
        self.pending[name] = {"t": "post", "session": session, "id": name, "text": text}
        await self.say(self.pending[name])
        await self.until(lambda: name in self.acks)
        return int(self.acks[name]["seq"])

    async def until(self, true: Callable[[], bool]) -> None:
        """Wait for something to become true; says how things stand when it does not."""
        try:
            async with asyncio.timeout(PATIENCE), self.news:
                await self.news.wait_for(true)
        except TimeoutError:
            logs = {
                topic: [f"{event['seq']} {event['kind']}" for event in log]
                for topic, log in self.logs.items()
            }
            line = "a line" if self.line else "no line"
            raise AssertionError(
                f"waited in vain at {self.base} with {line}: {logs} {self.pending}"
            ) from None

    async def follow(self, topic: str) -> None:
        self.last.setdefault(topic, 0)
        await self.say({"t": "sub", "topic": topic, "after": self.last[topic]})

    def heard(self, frame: dict[str, Any]) -> None:
        """Look at every frame; here, who is typing."""
        self.typed |= frame["t"] == "typing"

    async def _listen(self, line: ClientConnection) -> None:
        hello = {"t": "hello", "v": 1, "topics": self.last} | ({"token": self.token} if self.token else {})
        await line.send(json.dumps(hello))
        async for text in line:
            frame = json.loads(text)
            if self.done.is_set():
                return  # left while this line was being made
            if frame["t"] == "welcome":
                self.line = line
                for topic in list(self.last):  # what was followed while there was no line
                    if topic not in hello["topics"]:
                        await self.follow(topic)
                for post in list(self.pending.values()):
                    await self.say(post)
            await self._take(frame)

    async def _take(self, frame: dict[str, Any]) -> None:
        match frame["t"]:
            case "ev":
                await self._event(frame["topic"], frame)
            case "ack":
                await self._acknowledged(frame)
            case "cur":
                for topic, last in frame["topics"].items():
                    if topic in self.last and topic.startswith("chat/") and last > self.last[topic]:
                        await self.follow(topic)
            case "err" if frame.get("id") in self.pending and frame["retry"] == "stop":
                self.crowd.refusals.append(f"{frame['code']}: {self.pending.pop(frame['id'])['text']}")
            case "err" if frame.get("retry") == "retry":
                await asyncio.sleep(AGAIN)
                for post in list(self.pending.values()):
                    await self.say(post)
        self.heard(frame)
        async with self.news:
            self.news.notify_all()

    async def _event(self, topic: str, event: dict[str, Any]) -> None:
        if topic not in self.last or event["seq"] <= self.last[topic]:
            return
        if event["seq"] > self.last[topic] + 1:
            await self.follow(topic)
            return
        self.last[topic] = event["seq"]
        self.logs[topic].append(event)

    async def _acknowledged(self, ack: dict[str, Any]) -> None:
        post = self.pending.pop(ack["id"], None)
        self.acks.setdefault(ack["id"], ack)
        self.crowd.acknowledged.append((ack["session"], ack["id"], ack["seq"]))
        if post and ack["seq"] == self.last.get(f"chat/{ack['session']}", -9) + 1:  # it stands for the event
            said = {
                "seq": ack["seq"],
                "kind": "message",
                "id": ack["id"],
                "text": post["text"],
                "by": {"kind": "me"},
            }
            await self._event(f"chat/{ack['session']}", said)

    async def say(self, frame: dict[str, Any]) -> None:
        if self.line is not None:
            with suppress(ConnectionClosed):
                await self.line.send(json.dumps(frame, ensure_ascii=False))


class ReaderRobot(Robot):
    """Asks (with a double click, at two servers), talks, has something resent elsewhere, ends."""

    def __init__(self, crowd: Crowd, place: int, desk: str) -> None:
        self.visitor = SystemRng().token()
        super().__init__(crowd, place, {"Authorization": f"Visitor {self.visitor}"})
        self.desk = desk
        self.session = ""

    @property
    def log(self) -> list[dict[str, Any]]:
        return self.logs[f"chat/{self.session}"]

    async def prove(self) -> None:
        self.token = (await self.call("POST", f"/api/sessions/{self.session}/token")).json()["token"]

    async def live(self) -> None:
        self.session = await self.ask()
        self.last[f"chat/{self.session}"] = 0
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self.converse())
            await self._talk()
            await self.leave()
        self.crowd.finished += 1

    async def _talk(self) -> None:
        await self.until(lambda: any(event["kind"] == "joined" for event in self.log))
        for n in range(SAID):
            await self.post(self.session, f"reader {n}")
        await self._again_elsewhere()
        await self.until(
            lambda: (
                sum(event["by"]["kind"] == "staff" and event["kind"] == "message" for event in self.log)
                >= SAID
            )
        )
        ended = await self.call("POST", f"/api/sessions/{self.session}/end", json={})
        assert ended.status_code in (200, 409), ended.text
        await self.until(lambda: bool(self.log) and self.log[-1]["kind"] == "ended")

    async def ask(self) -> str:
        """Open a conversation with a double click, at two servers where there are two; its id."""
        body = {"topic": "reference", "question": "?", "client_id": TimedIds().new(), "visitor": self.visitor}
        bases = [self.crowd.servers[(self.place + n) % len(self.crowd.servers)] for n in range(2)]
        path = f"/api/desks/{self.desk}/sessions"
        answers = await asyncio.gather(*(self.call("POST", path, base=base, json=body) for base in bases))
        assert {answer.status_code for answer in answers} <= {200, 201}, [answer.text for answer in answers]
        (session,) = {answer.json()["session"]["id"] for answer in answers}
        return str(session)

    async def _again_elsewhere(self) -> None:
        """The same message by the fall-back at another server gets the first acknowledgement."""
        name, ack = next(iter(self.acks.items()))
        frame = {"t": "post", "session": self.session, "id": name, "text": "reader 0"}
        elsewhere = self.crowd.servers[(self.place + 1) % len(self.crowd.servers)]
        path = f"/api/sessions/{self.session}/frames"
        async with asyncio.timeout(PATIENCE):
            while True:
                answer = await self.call("POST", path, base=elsewhere, json=frame)
                (again,) = answer.json()["frames"]
                if again.get("retry") != "retry":
                    break
                await asyncio.sleep(AGAIN)  # a frame's own refusal comes with status 200
        assert (again["t"], again["seq"], again["again"]) == ("ack", ack["seq"], True)


class LibrarianRobot(Robot):
    """Takes whatever is offered, answers, writes the record."""

    def __init__(self, crowd: Crowd, place: int, person: Person) -> None:
        super().__init__(crowd, place, {"Cookie": f"sid={person.cookie}", "X-CSRF-Token": person.csrf})
        self.last[f"staff/{person.id}"] = 0
        self.wake = asyncio.Event()
        self.serving: dict[str, asyncio.Task[None]] = {}

    def heard(self, frame: dict[str, Any]) -> None:
        super().heard(frame)
        if frame["t"] in ("duty", "welcome"):
            self.wake.set()

    async def stand(self) -> None:
        """Be available, once there is a line."""
        await self.until(lambda: self.line is not None)
        wish = {"availability": "available", "capacity": 2}
        answer = await self.call("PUT", "/api/console/duty", json=wish)
        assert answer.status_code == 200, answer.text

    async def take(self) -> None:
        """Wait for an offer and accept it."""
        async with asyncio.timeout(PATIENCE):
            while not (offers := (await self.call("GET", "/api/console")).json()["offers"]):
                self.wake.clear()
                with suppress(TimeoutError):
                    await asyncio.wait_for(self.wake.wait(), 1)
        answer = await self.call("POST", f"/api/offers/{offers[0]['offer_id']}/accept")
        assert answer.status_code == 200, answer.text

    async def live(self) -> None:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self.converse())
            await self.stand()
            over = tasks.create_task(self.crowd.over.wait())
            while not over.done():
                await self._look(tasks, over)
            await self.leave()

    async def _look(self, tasks: asyncio.TaskGroup, over: "asyncio.Task[bool]") -> None:
        self.wake.clear()
        console = (await self.call("GET", "/api/console")).json()
        for offer in console["offers"]:
            await self.call("POST", f"/api/offers/{offer['offer_id']}/accept")  # too late is no fault
            self.wake.set()
        for card in console["sessions"]:
            if card["state"] == "active" and card["id"] not in self.serving:
                self.serving[card["id"]] = tasks.create_task(self._serve(card["id"]))
            if card["state"] == "wrapping_up":
                record = {"question_type": "fact", "effort": 1, "outcome": "answered"}
                await self.call("POST", f"/api/sessions/{card['id']}/wrap-up", json=record)
        if console["duty"]["availability"] != "available" and not over.done():
            await self.call("PUT", "/api/console/duty", json={"availability": "available"})
        waking = asyncio.create_task(self.wake.wait())
        # The hint may be lost with a server; a person looks up now and then as well.
        await asyncio.wait({waking, over}, timeout=1, return_when=asyncio.FIRST_COMPLETED)
        waking.cancel()

    async def _serve(self, session: str) -> None:
        await self.follow(f"chat/{session}")
        for n in range(SAID):
            await self.post(session, f"librarian {n}")


async def all_of(
    lives: list[Coroutine[Any, Any, None]], crowd: Crowd, librarians: list[LibrarianRobot]
) -> None:
    """Let everybody live until the last reader is done; the first who fails ends it for all."""
    async with asyncio.TaskGroup() as standing:
        for librarian in librarians:
            standing.create_task(librarian.live())
        async with asyncio.TaskGroup() as visiting:
            for life in lives:
                visiting.create_task(life)
        crowd.over.set()
