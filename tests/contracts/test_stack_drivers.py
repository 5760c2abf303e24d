"""What every driver promises the bridge, spoken with a device of its make: in this process, and over TCP.

A new make adds its driver and a device to ``PEERS``; whatever its traits do not claim is not asked of it.
"""

import asyncio
import re
import tomllib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.domain import stack
from server.domain.stack import (
    Answered,
    CommandKind,
    CommandState,
    EventKind,
    Garbage,
    Heard,
    Listed,
    Sign,
    StackCommand,
    StackEvent,
)
from stack_io.drivers import DRIVERS
from stack_io.drivers.contract import Driver
from stack_io.link import Link, Streams, dial_tcp, hang_up
from stack_io.simulator.serving import Host
from tests.stack_io.halls import books, simulated

ROOT = Path(__file__).parents[2]
PROMISES = 18
PATIENCE = 60.0
PEERS = ["simulator in-process", "simulator tcp", "simulator-forgetful tcp"]


@dataclass
class Talk:
    """A driver, its link, and everything that was heard over it."""

    link: Link
    heard: list[Heard] = field(default_factory=list)

    @property
    def driver(self) -> Driver:
        return self.link.driver

    async def until(self, true: Callable[[Heard], bool]) -> Any:
        """Listen until this is heard; what it was. What was heard before counts, too."""
        async with asyncio.timeout(PATIENCE):
            at = 0
            while True:
                for each in self.heard[at:]:
                    at += 1
                    if true(each):
                        return each
                for line in range(self.driver.traits.lines):
                    self.heard += self.driver.feed(await self.link.read(line), line)

    async def event(self, kind: EventKind, command_id: str) -> StackEvent:
        found = await self.until(
            lambda each: isinstance(each, StackEvent) and (each.kind, each.command_id) == (kind, command_id)
        )
        assert isinstance(found, StackEvent)
        return found

    def events(self) -> list[StackEvent]:
        return [each for each in self.heard if isinstance(each, StackEvent)]


@dataclass
class Peer:
    """A make's driver, and a device of that make which holds a few books."""

    make: type[Driver]
    host: Host
    near: bool
    opened: list[Streams] = field(default_factory=list)

    async def talk(self) -> Talk:
        """A new connection with a fresh driver, greeted."""
        if self.near:
            lines = [await self.host.dial()]
        else:
            lines = await dial_tcp(f"127.0.0.1:{self.host.port}")
        self.opened += lines
        talk = Talk(Link(lines, self.make()))
        await talk.link.greet()
        return talk


@pytest.fixture(params=PEERS)
async def peer(request: pytest.FixtureRequest) -> AsyncIterator[Peer]:
    driver, _, way = str(request.param).partition(" ")
    habits = {"forgetful": True} if driver.endswith("forgetful") else {}
    async with simulated(books(30), resend_seconds=600.0, **habits) as host:
        made = Peer(DRIVERS[driver], host, way == "in-process")
        yield made
        hang_up(made.opened)


def retrieval(number: int) -> StackCommand:
    return StackCommand(f"command-{number}", CommandKind.RETRIEVE, f"BK{number:06}", order_number="N1")


def test_managers_can_choose_every_driver_and_no_other() -> None:
    assert set(stack.DRIVERS) == set(DRIVERS)


async def test_a_device_shows_that_it_lives(peer: Peer) -> None:
    talk = await peer.talk()
    sign = await talk.until(lambda each: isinstance(each, Sign))
    assert isinstance(sign, Sign) and sign.at is not None


async def test_a_retrieval_is_accepted_moves_and_ends_at_a_station(peer: Peer) -> None:
    talk = await peer.talk()
    await talk.link.say(talk.driver.command(retrieval(1)))
    await talk.event(EventKind.RETRIEVED, "command-1")
    kinds = [event.kind for event in talk.events() if event.command_id == "command-1"]
    assert kinds[0] is EventKind.ACCEPTED
    assert kinds[-1] is EventKind.RETRIEVED
    assert all(event.body for event in talk.events())


async def test_numbers_have_no_gap(peer: Peer) -> None:
    if not peer.make.traits.counts:
        pytest.skip("it does not count")
    talk = await peer.talk()
    for number in (1, 2, 3):
        await talk.link.say(talk.driver.command(retrieval(number)))
    for number in (1, 2, 3):
        await talk.event(EventKind.RETRIEVED, f"command-{number}")
    numbers = [(event.epoch, event.sequence or 0) for event in talk.events()]
    assert numbers[0][1] == 1
    assert all(b == (a[0], a[1] + 1) for a, b in pairwise(numbers))


async def test_a_command_that_comes_again_is_not_done_again_where_the_driver_says_so(peer: Peer) -> None:
    talk = await peer.talk()
    for _ in range(3):
        await talk.link.say(talk.driver.command(retrieval(1)))
    await talk.event(EventKind.RETRIEVED, "command-1")
    times = peer.host.device.executed["command-1"]
    assert times == 1 if peer.make.traits.honours_ids else times == 3


async def test_a_question_is_answered_honestly(peer: Peer) -> None:
    if not peer.make.traits.answers:
        pytest.skip("it answers no questions")
    talk = await peer.talk()
    await talk.link.say(talk.driver.ask("never given"))
    assert await talk.until(lambda each: isinstance(each, Answered)) == Answered("never given", None)
    await talk.link.say(talk.driver.command(retrieval(1)))
    await talk.event(EventKind.RETRIEVED, "command-1")
    await talk.link.say(talk.driver.ask("command-1"))
    answer = await talk.until(lambda each: isinstance(each, Answered) and each.command_id == "command-1")
    assert answer.state is CommandState.DONE


async def test_what_was_not_acknowledged_comes_again_after_a_new_connection(peer: Peer) -> None:
    talk = await peer.talk()
    await talk.link.say(talk.driver.command(retrieval(1)))
    last = await talk.event(EventKind.RETRIEVED, "command-1")
    first = talk.events()[0]
    await talk.link.say(talk.driver.acknowledge(first))
    await talk.link.say(talk.driver.ask("command-1"))
    await talk.until(lambda each: isinstance(each, Answered))  # so the acknowledgement has been read

    again = await peer.talk()
    assert await again.event(EventKind.RETRIEVED, "command-1") == last
    assert first not in again.events()


async def test_a_gap_is_filled_by_asking(peer: Peer) -> None:
    if not peer.make.traits.counts:
        pytest.skip("it does not count")
    talk = await peer.talk()
    await talk.link.say(talk.driver.command(retrieval(1)))
    last = await talk.event(EventKind.RETRIEVED, "command-1")
    events = [event for event in talk.events() if (event.sequence or 0) <= (last.sequence or 0)]
    await talk.link.say(*(talk.driver.acknowledge(event) for event in talk.events()))
    again = await peer.talk()
    await again.link.say(again.driver.replay(last.epoch, 1))
    await again.event(EventKind.RETRIEVED, "command-1")
    assert again.events()[: len(events) - 1] == events[1:]


async def test_the_list_is_complete_and_in_the_order_of_barcodes(peer: Peer) -> None:
    if not peer.make.traits.lists:
        pytest.skip("it has no list")
    talk = await peer.talk()
    await talk.link.say(talk.driver.list_items(""))
    page = await talk.until(lambda each: isinstance(each, Listed))
    assert list(page.items) == books(30) and page.last
    talk.heard.clear()
    await talk.link.say(talk.driver.list_items("BK000028"))
    rest = await talk.until(lambda each: isinstance(each, Listed))
    assert list(rest.items) == ["BK000029", "BK000030"]


async def test_a_retrieval_that_has_left_its_shelf_is_not_withdrawn(peer: Peer) -> None:
    talk = await peer.talk()
    await talk.link.say(talk.driver.command(retrieval(1)))
    await talk.event(EventKind.RETRIEVED, "command-1")
    cancel = StackCommand("cancel-1", CommandKind.CANCEL, "BK000001", target_id="command-1")
    await talk.link.say(talk.driver.command(cancel))
    assert (await talk.event(EventKind.REJECTED, "cancel-1")).code


@pytest.mark.parametrize("make", DRIVERS.values(), ids=DRIVERS.keys())
@given(noise=st.lists(st.binary(max_size=500), max_size=6))
def test_no_bytes_make_a_driver_raise(make: type[Driver], noise: list[bytes]) -> None:
    driver = make()
    for piece in noise:
        for each in driver.feed(piece):
            assert not isinstance(each, Garbage) or each.body


@pytest.mark.parametrize("make", DRIVERS.values(), ids=DRIVERS.keys())
def test_the_same_command_is_said_the_same_way_each_time(make: type[Driver]) -> None:
    assert make().command(retrieval(1)) == make().command(retrieval(1)) != b""


@pytest.mark.parametrize("make", DRIVERS.values(), ids=DRIVERS.keys())
def test_questions_are_only_asked_where_the_traits_say_that_they_are_answered(make: type[Driver]) -> None:
    driver, traits = make(), make.traits
    assert bool(driver.ask("c")) == traits.answers
    assert bool(driver.replay("1", 0)) == traits.counts
    assert bool(driver.list_items("")) == traits.lists
    assert 0 < traits.beat_seconds < traits.stale_seconds < traits.offline_seconds


@pytest.mark.parametrize(
    "path", sorted((ROOT / "stack_io" / "drivers").glob("*.toml")), ids=lambda path: path.stem
)
def test_each_promise_is_done_and_tested_or_its_absence_explained(path: Path) -> None:
    promises = tomllib.loads(path.read_text(encoding="utf-8"))["promise"]
    assert sorted(map(int, promises)) == list(range(1, PROMISES + 1))
    for number, promise in promises.items():
        assert promise["state"] in ("done", "todo", "exempt")
        if promise["state"] != "done":
            assert promise["reason"]
        for test in promise.get("tests", []):
            file, _, name = test.partition("::")
            text = (ROOT / file).read_text(encoding="utf-8")
            assert not name or re.search(rf"^(async )?def {name}\(", text, re.MULTILINE), f"{number}: {test}"


def test_the_page_numbers_the_same_promises() -> None:
    page = (ROOT / "docs" / "stack.md").read_text(encoding="utf-8")
    promised = page.partition("## What is promised")[2].partition("\n## ")[0]
    assert [int(number) for number in re.findall(r"^(\d+)\. ", promised, re.MULTILINE)] == [
        *range(1, PROMISES + 1)
    ]


def test_every_make_says_how_it_keeps_them() -> None:
    written = {path.stem for path in (ROOT / "stack_io" / "drivers").glob("*.toml")}
    assert {name.partition("-")[0] for name in DRIVERS} <= written
