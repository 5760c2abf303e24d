"""What a client says just before its line ends, or after it has lost the right to speak."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator

import pytest

from tests.live.lines import PATIENCE, eventually
from tests.live.octets import CLOSE, TEXT, frame, handshake
from tests.town import Reader, Town


def say(**value: object) -> bytes:
    return frame(TEXT, json.dumps(value).encode())


class Wire:
    """A socket of a reader's, octet by octet."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def read(self) -> dict[str, object]:
        """The next frame; ``{"t": code}`` for the server's close."""
        async with asyncio.timeout(PATIENCE):
            first, size = await self.reader.readexactly(2)
            if size == 126:
                size = int.from_bytes(await self.reader.readexactly(2), "big")
            body = await self.reader.readexactly(size)
        if first & 0x0F == CLOSE:
            return {"t": int.from_bytes(body[:2], "big")}
        found: dict[str, object] = json.loads(body)
        return found

    async def until(self, *kinds: object) -> dict[str, object]:
        while (found := await self.read())["t"] not in kinds:
            pass
        return found


@contextlib.asynccontextmanager
async def dialled(town: Town, guest: Reader) -> AsyncIterator[Wire]:
    """A socket that listens to the reader's conversation."""
    host, port = town.base.removeprefix("http://").split(":")
    wire = Wire(*await asyncio.open_connection(host, int(port)))
    wire.writer.write(handshake("/api/socket"))
    await wire.reader.readuntil(b"\r\n\r\n")
    wire.writer.write(say(t="hello", v=1, token=guest.token, topics={f"chat/{guest.session}": 0}))
    await wire.until("subbed")
    yield wire
    wire.writer.close()
    with contextlib.suppress(OSError):
        await wire.writer.wait_closed()


async def said(town: Town, guest: Reader) -> list[str]:
    found = await guest.http.get(f"/api/sessions/{guest.session}/events", headers=guest.headers)
    return [event["text"] for event in found.json()["events"] if event["kind"] == "message"]


@pytest.mark.parametrize("farewell", [frame(CLOSE, b"\x03\xe8"), b""], ids=["with a close", "without a word"])
async def test_what_was_said_before_the_line_ended_is_kept(town: Town, farewell: bytes) -> None:
    guest = await town.ask("first")
    async with dialled(town, guest) as wire:
        typing = say(t="typing", session=guest.session)  # takes a task, which the next ones wait for
        posts = [say(t="post", session=guest.session, id=f"m{n}", text=f"t{n}") for n in range(5)]
        wire.writer.write(typing + b"".join(posts) + farewell)
    await eventually(lambda: not town.gateway._open)
    assert await said(town, guest) == ["first", "t0", "t1", "t2", "t3", "t4"]


async def test_who_writes_into_an_ended_conversation_is_told_so_each_time(town: Town) -> None:
    guest = await town.ask("first")
    async with dialled(town, guest) as wire:
        await guest.http.post(f"/api/sessions/{guest.session}/end", headers=guest.headers, json={})
        codes = set()
        for number in range(40):  # more than half the burst that is allowed
            wire.writer.write(say(t="post", session=guest.session, id=f"m{number}", text="still here"))
            codes.add((await wire.until("err", "ack")).get("code"))
    assert codes == {"session_ended"}


async def test_nothing_is_done_for_a_client_after_it_was_sent_away(town: Town) -> None:
    guest = await town.ask("first")
    async with dialled(town, guest) as wire:
        typing = say(t="typing", session=guest.session)
        late = say(t="post", session=guest.session, id="late", text="late")
        wire.writer.write(typing + frame(TEXT, b"nonsense") * 20 + late)
        await wire.until(4400)
    await eventually(lambda: not town.gateway._open)
    assert await said(town, guest) == ["first"]
