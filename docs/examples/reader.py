"""A reader's client, whole: written from docs/protocol.md, /api/openapi.json and /api/asyncapi.json alone.

    python reader.py https://HOST DESK "Where do I find newspapers of 1936?"

What you type is said; what the library says is printed. It survives a lost line and a server that is gone: nothing is
lost, doubled or out of order. Needs Python and `pip install websockets`.
"""

import asyncio
import json
import random
import sys
import urllib.request
import uuid
from contextlib import suppress

import websockets


class Chat:
    def __init__(self, base: str, desk: str, question: str) -> None:
        self.base, self.line = base, None
        body = {"topic": "reference", "question": question, "client_id": uuid.uuid4().hex}
        opened = self.call("POST", f"/api/desks/{desk}/sessions", body)
        self.id, self.token = opened["session"]["id"], opened["token"]
        self.visitor = opened["visitor"]  # proves who we are when the token has run out
        self.topic = f"chat/{self.id}"
        self.last = 0  # the number of the last event that we have
        self.unsent: dict[str, str] = {}  # what we said and is not acknowledged, by our own id for it
        self.over = False

    def call(self, method: str, path: str, body: object, **headers: str) -> dict:
        data = json.dumps(body).encode()
        headers["Content-Type"] = "application/json"
        request = urllib.request.Request(self.base + path, data, headers, method=method)
        with urllib.request.urlopen(request) as answer:
            return json.load(answer)

    async def run(self) -> None:
        """Keep a line until the conversation is over."""
        while not self.over:
            pause = (0.5, 5.0)  # never all clients at once
            try:
                async with websockets.connect(f"ws{self.base[4:]}/api/socket?lang=en") as self.line:
                    await self.say(t="hello", v=1, token=self.token, topics={self.topic: self.last})
                    for name, text in self.unsent.items():  # again, with the same ids: doubles are absorbed
                        await self.say(t="post", session=self.id, id=name, text=text)
                    async for text in self.line:
                        frame = json.loads(text)
                        if frame["t"] == "bye":
                            pause = tuple(ms / 1000 for ms in frame["retry_ms"])
                        await self.hear(frame)
                        if self.over:
                            return
                if self.line.close_code == 4401:
                    proof = {"Authorization": f"Visitor {self.visitor}"}
                    self.token = self.call("POST", f"/api/sessions/{self.id}/token", {}, **proof)["token"]
                elif self.line.close_code in (1009, 4400, 4403, 4404):
                    return
            except (OSError, websockets.WebSocketException):
                pass  # the line broke, or nobody answers: come back
            await asyncio.sleep(random.uniform(*pause))

    async def hear(self, frame: dict) -> None:
        match frame["t"]:
            case "ack":  # it stands for the event, when that is the next one
                self.last += frame["seq"] == self.last + 1
                self.unsent.pop(frame["id"], None)
            case "ev" if frame["seq"] == self.last + 1:
                self.last += 1
                self.show(frame)
                await self.say(t="receipt", session=self.id, delivered=self.last, read=self.last)
            case "ev" if frame["seq"] > self.last:  # a gap: ask for what is missing
                await self.say(t="sub", topic=self.topic, after=self.last)
            case "cur" if frame["topics"].get(self.topic, 0) > self.last:  # the last event was lost
                await self.say(t="sub", topic=self.topic, after=self.last)
            case "token":
                self.token = frame["token"]
            case "queue":
                print(f"* you are number {frame['position']}, {frame['on_duty']} on duty", flush=True)
            case "err":
                print(f"! {frame['message']}", flush=True)
                if frame["retry"] != "retry":
                    self.unsent.pop(frame["id"], None)

    def show(self, event: dict) -> None:
        if event["by"]["kind"] == "staff" and event["text"]:
            print(f"{event['by']['name']}: {event['text']}", flush=True)
        elif event["kind"] == "joined":
            print(f"* {event['data']['staff']['name']} answers you", flush=True)
        elif event["kind"] == "ended":
            self.over = True
            print("* the conversation is over", flush=True)

    async def say(self, **frame: object) -> None:
        await self.line.send(json.dumps(frame, ensure_ascii=False))

    async def post(self, text: str) -> None:
        name = uuid.uuid4().hex
        self.unsent[name] = text
        with suppress(AttributeError, websockets.WebSocketException):  # no line now: it goes with the next
            await self.say(t="post", session=self.id, id=name, text=text)


async def main() -> None:
    chat = Chat(*sys.argv[1:4])
    talking = asyncio.create_task(chat.run())
    typed = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(typed), sys.stdin)

    async def read() -> None:
        while text := await typed.readline():
            await chat.post(text.decode())

    reading = asyncio.create_task(read())
    await talking
    reading.cancel()


if __name__ == "__main__":
    asyncio.run(main())
