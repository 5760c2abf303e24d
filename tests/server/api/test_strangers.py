"""The documents are enough: a client that was written from them alone, and knows nothing of our code, holds a talk."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.town import Town

CLIENT = Path(__file__).parents[3] / "docs" / "examples" / "reader.py"


class Stranger:
    """Somebody at a terminal with the client of docs/examples."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdin is not None and process.stdout is not None
        self.process, self._typed, self._shown = process, process.stdin, process.stdout

    async def sees(self, words: str) -> None:
        async with asyncio.timeout(30):
            while words not in (line := (await self._shown.readline()).decode()):
                assert line, f"the client has ended and never showed {words}"

    async def types(self, words: str) -> None:
        self._typed.write(words.encode() + b"\n")
        await self._typed.drain()


@asynccontextmanager
async def stranger(town: Town, question: str) -> AsyncIterator[Stranger]:
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, str(CLIENT), town.base, "home", question), stdin=pipe, stdout=pipe
    )
    try:
        yield Stranger(process)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def test_a_client_written_from_the_documents_holds_a_talk_over_a_lost_line(town: Town) -> None:
    async with town.socket(town.people["lin"]) as desk, stranger(town, "Open on Sunday?") as reader:
        await town.available("lin")
        session = await town.take("lin")
        await reader.sees("Lin answers you")
        await desk.say(t="sub", topic=f"chat/{session}", after=0)
        await desk.hear("ev", text="Open on Sunday?")
        await desk.say(t="post", session=session, id="m1", text="Yes, from nine.")
        await reader.sees("Lin: Yes, from nine.")
        assert town.gateway is not None
        for opened in list(town.gateway._open.values()):
            if opened.session is not None:
                opened.line.replies.close(4408, "too_slow")  # type: ignore[attr-defined]
        await desk.say(t="post", session=session, id="m2", text="Are you still there?")
        await reader.types("I am")
        await reader.sees("Lin: Are you still there?")
        assert (await desk.hear("ev", text="I am"))["by"]["kind"] == "reader"
        await town.people["lin"].http.post(f"/api/sessions/{session}/end", json={})
        await reader.sees("the conversation is over")
        assert await asyncio.wait_for(reader.process.wait(), 30) == 0
    rows = await town.ctx.db.read.rows("SELECT body FROM chat_event WHERE kind = 'message' ORDER BY seq")
    said = [row["body"] for row in rows]
    assert sorted(said) == sorted(["Open on Sunday?", "Yes, from nine.", "Are you still there?", "I am"])
