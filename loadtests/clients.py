"""A client of the live protocol as a stranger would write it: resumes by numbers, resends until acknowledged."""

import asyncio
import json
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from loadtests.lines import Line, open_line

BYE_MS = (200, 5000)  # what a client takes when the line went without a good-bye
RETRY = (0.3, 1.0)  # seconds between attempts at a server that is not there


@dataclass(eq=False)
class Client:
    """One browser, so to speak: its topics and last numbers, what it has posted, whether it is current."""

    ports: list[int]  # processes that it may come back to
    headers: dict[str, str] = field(default_factory=dict)
    token: str = ""
    topics: dict[str, int] = field(default_factory=dict)
    heard: dict[str, list[str]] = field(default_factory=dict)  # chat topic: what it holds under 1, 2, 3 …
    posts: dict[str, tuple[str, str]] = field(
        default_factory=dict
    )  # not yet acknowledged: id → session, text
    acked: dict[str, tuple[str, int]] = field(default_factory=dict)  # id → session, number
    on_frame: Callable[[dict[str, Any]], None] | None = None
    attempts: int = 0
    welcomed_at: float = 0.0
    current_at: float = 0.0
    faults: list[str] = field(default_factory=list)
    stay: bool = True
    _line: Line | None = None
    _lacking: set[str] = field(default_factory=set)
    _goal: dict[str, int] = field(
        default_factory=dict
    )  # the last number of each topic, as the server told it
    _bye: tuple[int, int] = BYE_MS
    _task: "asyncio.Task[None] | None" = None

    @property
    def current(self) -> bool:
        """Whether every topic is known to hold nothing more."""
        return self._line is not None and self.welcomed_at > 0 and not self._lacking

    async def begin(self) -> None:
        """Connect; from now on come back by itself until `end`."""
        await self._until_connected()
        self._task = asyncio.create_task(self._stay())

    async def end(self) -> None:
        """Hang up for good."""
        self.stay = False
        if self._line is not None:
            self._line.transport.close()
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def post(self, session: str, client_id: str, text: str) -> None:
        """Say something; it is said again after every reconnect until it is acknowledged."""
        self.posts[client_id] = (session, text)
        if self.current:
            self._say(client_id)

    def listen(self, topic: str, after: int = 0) -> None:
        """Hear a topic from a number on."""
        self.topics[topic] = after
        self._lacking.add(topic)
        if self._line is not None:
            self._send({"t": "sub", "topic": topic, "after": after})

    async def _stay(self) -> None:
        """Come back, each time after a random moment, so that thousands do not come at once."""
        while self.stay:
            assert self._line is not None
            await self._line.closed
            self._line, self.welcomed_at = None, 0.0
            low, high = self._bye
            self._bye = BYE_MS
            await asyncio.sleep(random.uniform(low, high) / 1000)
            await self._until_connected()

    async def _until_connected(self) -> None:
        while self.stay and self._line is None:
            try:
                await self._connect()
            except (OSError, TimeoutError):
                await asyncio.sleep(random.uniform(*RETRY))

    async def _connect(self) -> None:
        self.attempts += 1
        self._lacking = set(self.topics)
        line = await open_line(random.choice(self.ports), "/api/socket", self._hear, self.headers)
        self._line = line
        hello: dict[str, Any] = {"t": "hello", "v": 1, "topics": self.topics}
        self._send(hello | ({"token": self.token} if self.token else {}))

    def _say(self, client_id: str) -> None:
        session, text = self.posts[client_id]
        self._send({"t": "post", "session": session, "id": client_id, "text": text})

    def _send(self, frame: dict[str, Any]) -> None:
        if self._line is not None:
            self._line.send(json.dumps(frame, ensure_ascii=False).encode())

    def _hear(self, raw: bytes) -> None:
        frame = json.loads(raw)
        match frame["t"]:
            case "welcome":
                self.welcomed_at = time.perf_counter()
                self._check()
            case "ev":
                self._apply(frame["topic"], frame["seq"], frame["id"])
            case "duty":
                pass  # a console's number moves with its state; nothing is missing in between
            case "ack":
                self._acknowledged(frame)
            case "subbed":
                self._caught_up(frame["topic"], frame.get("last", 0))
            case "cur":
                for topic, last in frame["topics"].items():
                    if topic.startswith("chat/"):
                        self._caught_up(topic, last)
            case "bye":
                self._bye = (frame["retry_ms"][0], frame["retry_ms"][1])
            case "err":
                self.faults.append(raw.decode())
            case "token":
                self.token = frame["token"]
        if self.on_frame is not None:
            self.on_frame(frame)

    def _acknowledged(self, frame: dict[str, Any]) -> None:
        client_id, seq, topic = frame["id"], frame["seq"], f"chat/{frame['session']}"
        before = self.acked.get(client_id)
        if before is not None and before[1] != seq:
            self.faults.append(f"{client_id} was acknowledged under {before[1]} and {seq}")
        self.acked[client_id] = (frame["session"], seq)
        self.posts.pop(client_id, None)
        if topic in self.topics and seq == self.topics[topic] + 1:
            self._apply(topic, seq, client_id)  # the acknowledgement stands for the event

    def _apply(self, topic: str, seq: int, client_id: str) -> None:
        if topic not in self.topics or seq <= self.topics[topic]:
            return
        if seq > self.topics[topic] + 1:
            self.faults.append(f"{topic} jumped from {self.topics[topic]} to {seq}")
        self.topics[topic] = seq
        self.heard.setdefault(topic, []).append(client_id)
        self._waited_for(topic)

    def _caught_up(self, topic: str, last: int) -> None:
        self._goal[topic] = last
        self._waited_for(topic)

    def _waited_for(self, topic: str) -> None:
        if topic in self._lacking and self.topics.get(topic, 0) >= self._goal.get(topic, 1 << 60):
            self._lacking.discard(topic)
        self._check()

    def _check(self) -> None:
        if self.current and self.current_at < self.welcomed_at:
            self.current_at = time.perf_counter()
            for client_id in list(self.posts):
                self._say(client_id)
