"""Server-sent events: the same frames, in blocks that a browser resumes from."""

import asyncio

from server.live.limits import Limits
from server.live.send_queue import SendQueue
from server.live.sse import HIGH_WATER, SseConnection
from tests.live.test_send_queues import Owner


def number_of(frame: str) -> str:
    return frame.removeprefix("m") if frame.startswith("m") else ""


async def test_numbered_frames_carry_an_id_and_others_none() -> None:
    line = SseConnection(number_of)
    stream = line.blocks()
    assert await anext(stream) == b"retry: 2000\n\n"
    assert line.send_now("m7") and line.send_now("typing")
    assert await anext(stream) == b"id: 7\ndata: m7\n\ndata: typing\n\n"


async def test_a_close_is_an_event_and_the_end() -> None:
    line = SseConnection(number_of)
    line.send_now("m1")
    line.close(1012, "retry_after=2.5")
    line.close(1012, "twice")
    assert line.send_now("too late")
    blocks = [block async for block in line.blocks()]
    assert b"".join(blocks).endswith(b"id: 1\ndata: m1\n\nevent: close\ndata: 1012 retry_after=2.5\n\n")


async def test_a_stream_that_nobody_reads_is_full_until_what_was_taken_is_written() -> None:
    line = SseConnection(number_of)
    owner = Owner()
    queue = SendQueue(line, owner, Limits())
    stream = line.blocks()
    await anext(stream)
    taking = asyncio.create_task(anext(stream))
    await asyncio.sleep(0)
    queue.send("m" + "1" * HIGH_WATER)
    assert queue.blocked
    queue.send("m2")
    await taking
    assert queue.blocked, "it was taken, but is not yet written"
    assert await anext(stream) == b"id: 2\ndata: m2\n\n"
    assert not queue.blocked and owner.told == ["drained"]


async def test_a_close_of_a_stream_that_nobody_reads_ends_the_task_that_sends() -> None:
    told: list[str] = []
    for frame in ("m1", "m" + "1" * HIGH_WATER):
        line = SseConnection(number_of, lambda: told.append("abandoned"))
        line.send_now(frame)
        line.close(4408, "too_slow")
    assert told == ["abandoned"]


async def test_a_stream_that_nobody_reads_is_too_slow_at_the_deadline() -> None:
    line = SseConnection(number_of)
    owner = Owner()
    queue = SendQueue(line, owner, Limits(write_deadline=0.01))
    queue.send("m" + "1" * HIGH_WATER)
    assert await owner.hears() == "too slow"
    queue.close()
