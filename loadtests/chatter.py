"""Talk in a process of its own, so that acknowledgement times are not those of a generator busy with other things.

Started by other load tests: the first line of standard input is {"port", "rate", "readers": [[session, token], …]};
each further line is answered by one line with the figures since the last, {"count", "p50", "p99"} in milliseconds.
"""

import asyncio
import json
import os
import sys
from contextlib import suppress
from typing import Any

import uvloop

from loadtests.lines import open_line
from loadtests.talks import Sum, Talk, evenly, frame_of_ours


async def main() -> None:
    loop = asyncio.get_running_loop()
    order: dict[str, Any] = json.loads(await loop.run_in_executor(None, sys.stdin.readline))
    talk = Talk()

    def heard(text: bytes) -> None:
        frame = json.loads(text)
        if frame["t"] == "ack":
            talk.acknowledged(frame["id"].encode())

    for session, token in order["readers"]:
        line = await open_line(order["port"], "/api/socket", heard)
        line.send(json.dumps({"t": "hello", "v": 1, "token": token}).encode())
        talk.lines.append(line)
        talk.speakers.append(frame_of_ours(line, session))
    speaking = asyncio.create_task(evenly(talk, order["rate"]))
    while await loop.run_in_executor(None, sys.stdin.readline):
        total, talk.times = Sum(times=talk.times), []
        figures = {"count": len(total.times), "p50": total.percentile(0.5), "p99": total.percentile(0.99)}
        print(json.dumps(figures), flush=True)
    speaking.cancel()


if __name__ == "__main__":
    with suppress(PermissionError):
        os.nice(-10)  # whoever hears the broadcast thousands of times on the same core must not make it wait
    uvloop.run(main())
