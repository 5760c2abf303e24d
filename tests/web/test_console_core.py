"""The console's core without page or network: gap rule, outbox, pauses. Run where it lives, in a browser."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

import pytest
import uvicorn
from playwright.async_api import Page
from starlette.applications import Starlette
from starlette.responses import HTMLResponse
from starlette.routing import Route

from tests.servers.browsers import Visits
from tests.servers.machine import free_port
from web import statics

pytestmark = pytest.mark.browser

# A log of 60 events over a line that drops, doubles and swaps frames; a gap is answered by what was asked for.
LOSSY = """
async (seed) => {
  const { Log } = await import("/static/console/conversation.js");
  const random = () => ((seed = (seed * 1103515245 + 12345) & 0x7fffffff) / 0x7fffffff);
  const all = Array.from({ length: 60 }, (_, at) => ({ seq: at + 1, by: {} }));
  const log = new Log("chat/x");
  log.confirm();
  let line = [];
  for (const event of all) {
    if (random() < 0.7) line.push(event);
    if (random() < 0.3) line.push(event);
    if (line.length > 1 && random() < 0.3) line.unshift(line.pop());
    while (line.length && random() < 0.8) {
      const gap = log.receive(line.shift()) === "gap";
      if (gap && random() < 0.5) for (const missing of all.slice(log.last, event.seq)) log.receive(missing);
    }
  }
  const lacking = log.beat(60);
  const honest = log.last === 60 || (lacking && !log.current);
  for (const missing of all.slice(log.last)) log.receive(missing);
  return { honest, current: log.current, seqs: log.events.map((event) => event.seq) };
}
"""

OUTBOX = """
async () => {
  const { Outbox } = await import("/static/console/conversation.js");
  const kept = new Map();
  const storage = { getItem: (name) => kept.get(name) ?? null, setItem: (name, value) => kept.set(name, value) };
  const steps = [];
  const due = (box) => box.due().map((entry) => entry.id);
  let box = new Outbox(storage);
  box.add({ id: "a", kind: "post", session: "s", text: "1" });
  box.add({ id: "b", kind: "post", session: "s", text: "2" });
  box.add({ id: "c", kind: "post", session: "other", text: "3" });
  box.add({ id: "n", kind: "note", session: "s", text: "4" });
  steps.push(["each conversation's first leaves", due(box)]);
  for (const id of ["a", "c", "n"]) box.leave(id);
  steps.push(["nothing overtakes", due(box)]);
  box = new Outbox(storage);
  steps.push(["a reload sends again under the same names", due(box)]);
  box.leave("a");
  box.acknowledge("a", 7);
  steps.push(["an acknowledgement frees the next", due(box)]);
  box.refuse("b", "no");
  steps.push(["what was refused waits for its writer", due(box)]);
  box.refuse("b", "");
  box.drop("a");
  steps.push(["given back, it leaves", due(box)]);
  box.lose();
  return steps;
}
"""

PAUSES = """
async () => {
  const { pause } = await import("/static/console/link.js");
  const most = (tries, range) => pause(tries, range, () => 1);
  return [most(0), most(1), most(20), pause(5, null, () => 0), most(0, [200, 5000]), pause(0, [200, 5000], () => 0)];
}
"""


@pytest.fixture
async def page(visits: Visits) -> AsyncIterator[Page]:
    """An empty page at an origin that serves the scripts."""
    routes = [
        Route("/", lambda _: HTMLResponse("<!doctype html><link rel=icon href=data:,><title>x</title>")),
        statics.ROUTE,
    ]
    port = free_port()
    server = uvicorn.Server(
        uvicorn.Config(Starlette(routes=routes), port=port, log_level="error", lifespan="off")
    )
    running = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    page = await visits.page(f"http://127.0.0.1:{port}/")
    yield page
    server.should_exit = True
    with suppress(asyncio.CancelledError):
        await running


async def test_a_log_is_whole_in_order_and_once_whatever_the_line_does(page: Page) -> None:
    for seed in range(1, 60):
        told: dict[str, Any] = await page.evaluate(LOSSY, seed)
        assert told["honest"], f"seed {seed}: called current while something was missing"
        assert told["current"]
        assert told["seqs"] == list(range(1, 61)), f"seed {seed}"


async def test_what_is_written_leaves_in_order_and_survives_a_reload(page: Page) -> None:
    assert dict(await page.evaluate(OUTBOX)) == {
        "each conversation's first leaves": ["a", "c", "n"],
        "nothing overtakes": [],
        "a reload sends again under the same names": ["a", "c", "n"],
        "an acknowledgement frees the next": ["b", "c", "n"],
        "what was refused waits for its writer": ["c", "n"],
        "given back, it leaves": ["b", "c", "n"],
    }


async def test_a_new_try_waits_a_random_while_within_a_bound_that_doubles_or_that_the_server_names(
    page: Page,
) -> None:
    assert await page.evaluate(PAUSES) == [500, 1000, 30_000, 0, 5000, 200]
