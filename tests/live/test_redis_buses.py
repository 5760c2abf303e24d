"""Redis may go away, come back, hang or lie: that costs delay, never a message and never the process."""

import asyncio
import logging
import os
import signal
import socket
from collections.abc import AsyncIterator, Callable

import pytest

from server.live import redis_bus, redis_lines
from server.live.bus import Envelope
from server.live.hub import Hub
from server.live.limits import Limits
from server.live.redis_bus import RedisBus, channel_of, nothing_to_tell
from server.live.redis_facts import look_at_redis
from server.live.redis_lines import RedisLines
from tests.contracts.buses import Ear
from tests.live.lines import PATIENCE, Evenly, Line, Log, eventually
from tests.servers.valkey import Valkey

Make = Callable[..., RedisBus]


@pytest.fixture
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Redis is looked for again at once; a slow machine misses no deadline, who wants one reached sets it."""
    monkeypatch.setattr(redis_lines, "ANSWER", PATIENCE)
    monkeypatch.setattr(redis_bus, "ANSWER", PATIENCE)
    monkeypatch.setattr(redis_bus, "PULSE", PATIENCE)
    monkeypatch.setattr(redis_lines, "BACK_OFF", (0.01, 0.05))


@pytest.fixture
async def make(redis_url: str, patience: None) -> AsyncIterator[Make]:
    made: list[RedisBus] = []

    def bus(origin: str = "p1", prefix: str = "test") -> RedisBus:
        made.append(RedisBus(RedisLines(redis_url, Evenly()), prefix, origin))
        return made[-1]

    yield bus
    for one in made:
        await one.stop()


async def test_a_restart_is_survived_and_asks_for_a_resync(make: Make, valkey_server: Valkey) -> None:
    here, there = await Ear(make("p1")).start(), await Ear(make("p2")).start()
    valkey_server.stop()
    await eventually(lambda: not here.bus.healthy and not there.bus.healthy)
    here.bus.subscribe("chat/1")
    here.bus.publish(Envelope("chat/1", 1, "local all the same"))
    assert here.heard == [Envelope("chat/1", 1, "local all the same")]
    valkey_server.start()
    await there.until(lambda: there.resyncs > 0)
    await here.until(lambda: here.resyncs > 0)
    await there.reached_by(here)
    await here.reached_by(there)
    await eventually(lambda: here.bus.healthy and there.bus.healthy)


async def test_no_message_is_lost_over_a_restart_in_mid_stream(make: Make, valkey_server: Valkey) -> None:
    """Two processes, one writes; the bus may lose what it likes, the reader at the other has the whole log."""
    log = Log()
    hub = Hub(make("p2"), log.messages_after, rng=Evenly(), limits=Limits(resync_spread=0.0))
    await hub.start()
    writer = await Ear(make("p1")).start()
    line = Line()
    hub.attach(line).subscribe("chat/1")
    written = 0

    async def write(count: int) -> None:
        nonlocal written
        for _ in range(count):
            written += 1
            writer.bus.publish(Envelope("chat/1", log.write("chat/1", f"m{written}"), f"m{written}"))
            await asyncio.sleep(0)

    await write(100)
    valkey_server.stop()
    await write(100)
    valkey_server.start()
    await write(100)
    await line.until(lambda: len(line.frames) == 300)
    assert line.frames == [f"m{n}" for n in range(1, 301)]
    await hub.stop()


async def test_without_redis_a_process_starts_and_serves_itself(
    make: Make, valkey_server: Valkey, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redis_bus, "ANSWER", 0.3)
    valkey_server.stop()
    alone = await Ear(make()).start()
    assert not alone.bus.healthy
    alone.bus.subscribe("chat/1")
    alone.bus.publish(Envelope("chat/1", 1, "m1"))
    assert alone.heard == [Envelope("chat/1", 1, "m1")]
    valkey_server.start()
    await alone.until(lambda: alone.resyncs > 0)


async def test_what_waited_is_sent_when_redis_is_back_but_nothing_stale(
    make: Make, valkey_server: Valkey
) -> None:
    here, there = await Ear(make("p1")).start(), await Ear(make("p2")).start()
    there.bus.subscribe("chat/1")
    valkey_server.stop()
    await eventually(lambda: not here.bus.healthy and not there.bus.healthy)
    here.bus.publish(Envelope("chat/1", 0, "typing"))
    here.bus.publish(Envelope("chat/1", 1, "m1"))
    here.bus.publish(Envelope("", wake="outbox"))
    valkey_server.start()
    await there.until(lambda: there.resyncs > 0)
    await there.reached_by(here)
    assert Envelope("chat/1", 0, "typing") not in there.heard


async def test_who_dropped_something_tells_the_others_to_resync(make: Make) -> None:
    here, there = await Ear(make("p1")).start(), await Ear(make("p2")).start()
    await there.reached_by(here)
    assert there.resyncs == 0
    for n in range(20_000):  # in one go, so that the publisher has no turn in between
        here.bus.publish(Envelope("chat/1", n + 1, "x"))
    await there.until(lambda: there.resyncs > 0)


async def test_a_server_that_hangs_is_noticed_and_done_without(
    make: Make, valkey_server: Valkey, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redis_bus, "PULSE", 0.1)
    ear = await Ear(make()).start()
    assert valkey_server.process is not None
    pid = valkey_server.process.pid
    os.kill(pid, signal.SIGSTOP)
    try:
        await eventually(lambda: not ear.bus.healthy)
        before = ear.resyncs  # a slow machine may have seemed to hang by itself
    finally:
        os.kill(pid, signal.SIGCONT)
    await ear.until(lambda: ear.resyncs > before)
    assert ear.bus.healthy


async def test_an_idle_bus_keeps_itself_alive(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redis_bus, "PULSE", 0.1)
    monkeypatch.setattr(redis_bus, "SILENT", 20)  # two seconds, which a slow machine has an answer in
    ear = await Ear(make()).start()
    await asyncio.sleep(redis_bus.PULSE * (redis_bus.SILENT + 2))  # the passing of time is what is tested
    assert ear.bus.healthy and ear.resyncs == 0


async def test_a_message_that_is_none_of_ours_is_passed_over(make: Make, valkey_server: Valkey) -> None:
    here, there = await Ear(make("p1")).start(), await Ear(make("p2")).start()
    lines = RedisLines(valkey_server.url, Evenly())
    asked = asyncio.Event()

    async def shout(line, well) -> None:
        await lines.ask(line, "PUBLISH", f"test:live:{redis_bus.FORMAT}", b"nonsense" * 100)
        asked.set()
        await asyncio.Event().wait()

    shouting = asyncio.create_task(lines.keep(shout))
    await asked.wait()
    shouting.cancel()
    await there.reached_by(here)
    assert there.resyncs == 0


async def test_an_account_without_a_right_to_channels_is_told_once_and_redis_is_back_when_it_has_one(
    valkey_server: Valkey, patience: None, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Let in, refused and let in again: "Redis is back" and "Redis is away" filled the log, 50 lines a minute."""
    monkeypatch.setattr(redis_bus, "ANSWER", 0.3)
    caplog.set_level(logging.INFO, redis_lines.log.name)
    _tell(valkey_server, "ACL SETUSER deaf reset on >pw ~* +@all")
    refused = 0

    class Counted(Evenly):
        def uniform(self, low: float, high: float) -> float:
            nonlocal refused
            refused += 1
            return super().uniform(low, high)

    ear = Ear(RedisBus(RedisLines(valkey_server.url.replace("://", "://deaf:pw@"), Counted()), "test", "p1"))
    await ear.start()
    try:
        await eventually(lambda: refused >= 5)
        assert not ear.bus.healthy
        (said,) = [record.getMessage() for record in caplog.records if record.name == redis_lines.log.name]
        assert said.startswith("Redis is away") and "NoPermissionError" in said
        _tell(valkey_server, "ACL SETUSER deaf &*")
        await ear.until(lambda: ear.resyncs > 0)
        assert "Redis is back" in caplog.messages[-1]
    finally:
        await ear.bus.stop()
        _tell(valkey_server, "ACL DELUSER deaf")


async def test_who_looks_at_redis_from_outside_disturbs_nobody(
    make: Make, redis_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    """The doctor says a word on the channel of those at work, to learn whether it may."""
    here, there = await Ear(make("p1")).start(), await Ear(make("p2")).start()
    await look_at_redis(redis_url, channel_of("test"), nothing_to_tell())
    await there.reached_by(here)
    assert here.resyncs == there.resyncs == 0
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


def _tell(server: Valkey, command: str) -> None:
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as line:
        line.sendall(f"{command}\r\n".encode())
        assert not line.recv(64).startswith(b"-")


async def test_a_listener_that_fails_does_not_end_the_listening(make: Make) -> None:
    here, there = await Ear(make("p1")).start(), make("p2")
    heard = asyncio.Event()

    def fail(envelope: Envelope) -> None:
        if envelope.wake == "fail":
            raise KeyError("nobody thought of this")
        heard.set()

    await there.start(fail, lambda: None)
    here.bus.publish(Envelope("", wake="fail"))
    await asyncio.sleep(0.05)  # so that it is a message of its own
    here.bus.publish(Envelope("", wake="well"))
    async with asyncio.timeout(60):
        await heard.wait()


async def test_prefixes_keep_installations_apart(make: Make) -> None:
    here, there, elsewhere = [
        await Ear(make(origin, prefix)).start() for origin, prefix in [("p1", "a"), ("p2", "a"), ("p3", "b")]
    ]
    here.bus.publish(Envelope("", wake="secret"))
    await there.hears(Envelope("", wake="secret"))
    elsewhere.bus.publish(Envelope("", wake="own"))
    assert [one.wake for one in elsewhere.heard] == ["own"]
