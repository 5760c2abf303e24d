"""What every bus promises, whatever carries it: in one process, and between two."""

from collections.abc import AsyncIterator

import pytest

from server.live.bus import Envelope
from server.live.local_bus import LocalBus
from server.live.redis_bus import RedisBus
from server.live.redis_lines import RedisLines
from tests.contracts.buses import Ear
from tests.live.lines import Evenly

END = Envelope("end", 1, "end")


@pytest.fixture(params=["local", "redis"])
async def ends(request: pytest.FixtureRequest) -> AsyncIterator[tuple[Ear, Ear]]:
    """Two ends of an installation's bus: with the local one, they are the same process."""
    if request.param == "local":
        here = there = await Ear(LocalBus()).start()
    else:
        url = request.getfixturevalue("redis_url")
        here, there = [
            await Ear(RedisBus(RedisLines(url, Evenly()), "test", origin)).start() for origin in ("p1", "p2")
        ]
    for end in (here, there):
        end.bus.subscribe("end")
    yield here, there
    for end in {here, there}:
        await end.bus.stop()


async def test_both_ends_are_reached(ends: tuple[Ear, Ear]) -> None:
    assert all(end.bus.healthy for end in ends)


async def test_an_envelope_reaches_who_wants_its_topic(ends: tuple[Ear, Ear]) -> None:
    here, there = ends
    there.bus.subscribe("chat/1")
    here.bus.publish(Envelope("chat/1", 7, '{"text":"你好"}'))
    await there.hears(Envelope("chat/1", 7, '{"text":"你好"}'))


async def test_this_process_hears_itself_before_the_call_returns_and_only_once(ends: tuple[Ear, Ear]) -> None:
    here, there = ends
    here.bus.subscribe("chat/1")
    here.bus.publish(Envelope("chat/1", 1, "m1"))
    assert here.heard == [Envelope("chat/1", 1, "m1")]
    here.bus.publish(END)
    there.bus.publish(END)
    await there.hears(END)
    await here.until(lambda: here.heard.count(END) == 2)
    assert here.heard.count(Envelope("chat/1", 1, "m1")) == 1


async def test_nothing_of_other_topics_is_heard(ends: tuple[Ear, Ear]) -> None:
    here, there = ends
    there.bus.subscribe("chat/1")
    here.bus.publish(Envelope("chat/2", 1, "not for you"))
    here.bus.publish(END)
    await there.hears(END)
    assert there.heard == [END]


async def test_after_an_unsubscribe_nothing_is_heard(ends: tuple[Ear, Ear]) -> None:
    here, there = ends
    there.bus.subscribe("chat/1")
    there.bus.subscribe("chat/1")
    there.bus.unsubscribe("chat/1")
    there.bus.unsubscribe("never was")
    here.bus.publish(Envelope("chat/1", 1, "m1"))
    here.bus.publish(END)
    await there.hears(END)
    assert there.heard == [END]


async def test_words_for_processes_reach_everybody(ends: tuple[Ear, Ear]) -> None:
    here, there = ends
    here.bus.publish(Envelope("", wake="outbox"))
    await there.hears(Envelope("", wake="outbox"))
    assert Envelope("", wake="outbox") in here.heard


async def test_many_come_complete_and_in_order_while_nothing_is_lost(ends: tuple[Ear, Ear]) -> None:
    here, there = ends
    there.bus.subscribe("chat/1")
    sent = [Envelope("chat/1", n, f"m{n}" * 50) for n in range(1, 3001)]
    for envelope in sent:
        here.bus.publish(envelope)
    here.bus.publish(END)
    await there.hears(END)
    assert there.heard == [*sent, END]
    assert there.resyncs == 0


async def test_after_the_stop_publishing_is_harmless(ends: tuple[Ear, Ear]) -> None:
    for end in ends:
        await end.bus.stop()
        end.bus.publish(END)
        await end.bus.stop()


async def test_what_was_published_before_the_stop_is_still_sent(ends: tuple[Ear, Ear]) -> None:
    here, there = ends
    here.bus.publish(END)
    await here.bus.stop()
    await there.hears(END)
