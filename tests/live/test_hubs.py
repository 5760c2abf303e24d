"""The hub carries: to whom it belongs, in order, once, whatever the bus and the clients do."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace

import msgspec
import pytest

from server.live.bus import Envelope
from server.live.client import Client
from server.live.hub import Hub
from server.live.limits import Limits
from server.live.local_bus import LocalBus
from server.wire import outcomes
from tests.live.lines import Evenly, Line, Log, eventually

LIMITS = Limits(resync_spread=0.0, ask_again=(0.0, 0.0), gap_patience=0.0, page=10, slice=50)


class Scene:
    """A hub on the local bus, with a log behind it."""

    def __init__(self, limits: Limits) -> None:
        self.log = Log()
        self.bus = LocalBus()
        self.hub = Hub(self.bus, self.log.messages_after, rng=Evenly(), limits=limits)

    def client(self) -> tuple[Client, Line]:
        line = Line()
        return self.hub.attach(line), line

    async def listener(self, topic: str, after: int = 0) -> tuple[Client, Line]:
        """A client that is current."""
        client, line = self.client()
        client.subscribe(topic, after)
        await self.current(client)
        return client, line

    async def current(self, client: Client) -> None:
        await eventually(lambda: not any(sub.behind for sub in client.subscriptions.values()))

    def post(self, topic: str, frame: str, lost: bool = False) -> int:
        """Commit, then publish; a bad bus may lose it."""
        seq = self.log.write(topic, frame)
        if not lost:
            self.bus.publish(Envelope(topic, seq, frame))
        return seq


@pytest.fixture
async def scene() -> AsyncIterator[Scene]:
    scene = Scene(LIMITS)
    await scene.hub.start()
    yield scene
    await scene.hub.stop()


def restart(scene: Scene, **limits: object) -> Hub:
    """The same scene with other limits."""
    scene.hub = Hub(scene.bus, scene.log.messages_after, rng=Evenly(), limits=replace(LIMITS, **limits))
    return scene.hub


async def test_an_event_goes_to_all_who_listen_and_to_nobody_else(scene: Scene) -> None:
    _, reader = await scene.listener("chat/1")
    _, librarian = await scene.listener("chat/1")
    _, stranger = await scene.listener("chat/2")
    scene.post("chat/1", "hello")
    assert reader.frames == librarian.frames == ["hello"]
    assert stranger.frames == []


async def test_everybody_gets_the_very_same_text(scene: Scene) -> None:
    _, one = await scene.listener("chat/1")
    _, other = await scene.listener("chat/1")
    scene.post("chat/1", "你好" * 100)
    assert one.frames[0] is other.frames[0]


async def test_a_resume_brings_what_came_after_page_by_page(scene: Scene) -> None:
    for n in range(1, 36):
        scene.log.write("chat/1", f"m{n}")
    _, line = await scene.listener("chat/1", after=4)
    assert line.frames == [f"m{n}" for n in range(5, 36)]
    assert [after for _, after in scene.log.asked] == [4, 14, 24, 34]


async def test_what_is_posted_during_the_resume_comes_in_its_turn(scene: Scene) -> None:
    scene.log.write("chat/1", "m1")
    scene.log.answers.clear()
    client, line = scene.client()
    client.subscribe("chat/1")
    await asyncio.sleep(0)
    scene.post("chat/1", "m2")
    scene.post("chat/1", "m3")
    assert line.frames == []
    scene.log.answers.set()
    await line.got("m1", "m2", "m3")
    await scene.current(client)
    assert line.frames == ["m1", "m2", "m3"]


async def test_a_gap_is_asked_for_once_for_all_who_have_it(scene: Scene) -> None:
    lines = [(await scene.listener("chat/1"))[1] for _ in range(20)]
    scene.log.asked.clear()
    scene.post("chat/1", "lost", lost=True)
    scene.post("chat/1", "seen")
    for line in lines:
        await line.got("lost", "seen")
    assert len(scene.log.asked) == 1


async def test_a_thousand_resumes_of_one_topic_are_few_questions(scene: Scene) -> None:
    scene.log.write("chat/1", "m1")
    pairs = [scene.client() for _ in range(1000)]
    for client, _ in pairs:
        client.subscribe("chat/1")
    for client, line in pairs:
        await scene.current(client)
        assert line.frames == ["m1"]
    assert len(scene.log.asked) == 1


async def test_a_storm_of_resumes_asks_only_a_few_questions_at_once(scene: Scene) -> None:
    scene.log.answers.clear()
    clients = [scene.client()[0] for _ in range(500)]
    for n, client in enumerate(clients):
        client.subscribe(f"chat/{n}")
    for _ in range(10):
        await asyncio.sleep(0)
    assert len(scene.log.asked) == LIMITS.asks
    scene.log.answers.set()
    for client in clients:
        await scene.current(client)
    assert len(scene.log.asked) == 500


async def test_a_lost_last_event_comes_with_the_next_beat(scene: Scene) -> None:
    client, line = await scene.listener("chat/1")
    scene.post("chat/1", "lost", lost=True)
    assert line.frames == []
    await scene.hub.beat(scene.log.numbers())
    await scene.current(client)
    cur, event = line.frames
    assert msgspec.json.decode(cur) == {"t": "cur", "topics": {"chat/1": 1}}
    assert event == "lost"


async def test_a_beat_tells_each_client_its_own_topics_only(scene: Scene) -> None:
    client, line = await scene.listener("chat/1")
    client.subscribe("staff/7")
    _, silent = scene.client()
    assert sorted(scene.hub.topics()) == ["chat/1", "staff/7"]
    await scene.hub.beat({"chat/1": 0, "chat/2": 5})
    assert [msgspec.json.decode(frame)["topics"] for frame in line.frames] == [{"chat/1": 0}]
    assert silent.frames == []


async def test_after_a_resync_what_the_bus_lost_is_there(scene: Scene) -> None:
    client, line = await scene.listener("chat/1")
    scene.post("chat/1", "m1", lost=True)
    scene.post("chat/1", "m2", lost=True)
    scene.hub.resync()
    await scene.current(client)
    assert line.frames == ["m1", "m2"]


async def test_a_database_that_is_away_is_asked_again(scene: Scene) -> None:
    scene.log.failures = 3
    scene.log.write("chat/1", "m1")
    _, line = await scene.listener("chat/1")
    assert line.frames == ["m1"]
    assert len(scene.log.asked) == 4


async def test_a_question_without_an_answer_is_put_again(scene: Scene) -> None:
    await scene.hub.stop()
    hub = restart(scene, ask_deadline=0.01)
    await hub.start()
    scene.log.answers.clear()
    scene.log.write("chat/1", "m1")
    client, line = scene.client()
    client.subscribe("chat/1")
    await eventually(lambda: len(scene.log.asked) >= 2)
    scene.log.answers.set()
    await line.got("m1")


async def test_frames_without_a_number_pass_through(scene: Scene) -> None:
    _, line = await scene.listener("chat/1")
    scene.bus.publish(Envelope("chat/1", frame="typing"))
    assert line.frames == ["typing"]


async def test_words_for_processes_are_heard_whatever_is_listened_to(scene: Scene) -> None:
    heard: list[str] = []
    scene.hub.on_wake(heard.append)
    scene.bus.publish(Envelope("", wake="outbox"))
    assert heard == ["outbox"]


async def test_who_unsubscribes_or_leaves_hears_no_more(scene: Scene) -> None:
    one, first = await scene.listener("chat/1")
    two, second = await scene.listener("chat/1")
    one.unsubscribe("chat/1")
    two.leave()
    two.leave()
    scene.post("chat/1", "m1")
    assert first.frames == second.frames == []
    assert scene.hub.topics() == [] and scene.hub.clients == 1


async def test_an_acknowledgement_stands_for_the_event_that_is_next(scene: Scene) -> None:
    author, line = await scene.listener("chat/1")
    _, other = await scene.listener("chat/1")
    seq = scene.log.write("chat/1", "event")
    author.acknowledge("chat/1", seq, "ack")
    scene.bus.publish(Envelope("chat/1", seq, "event"))
    assert line.frames == ["ack"] and other.frames == ["event"]


async def test_an_acknowledgement_waits_for_what_the_bus_brings_before_it(scene: Scene) -> None:
    await scene.hub.stop()
    await restart(scene, gap_patience=60.0).start()
    author, line = await scene.listener("chat/1")
    first = scene.log.write("chat/1", "m1")  # another process's, a moment later on the bus
    second = scene.log.write("chat/1", "m2")
    author.acknowledge("chat/1", second, "ack")
    scene.bus.publish(Envelope("chat/1", second, "m2"))
    assert line.frames == []
    scene.bus.publish(Envelope("chat/1", first, "m1"))
    assert line.frames == ["m1", "ack"]


async def test_an_acknowledgement_behind_a_gap_that_stays_comes_and_its_event_in_turn(scene: Scene) -> None:
    author, line = await scene.listener("chat/1")
    scene.post("chat/1", "m1", lost=True)
    author.acknowledge("chat/1", scene.log.write("chat/1", "m2"), "ack")
    await line.got("ack", "m1", "m2")


async def test_whom_the_log_keeps_waiting_delays_nobodys_acknowledgement(scene: Scene) -> None:
    await scene.hub.stop()
    await restart(scene, gap_patience=0.02).start()
    author, line = await scene.listener("chat/1")
    scene.log.answers.clear()
    client, _ = scene.client()
    client.subscribe("chat/1")
    first = scene.log.write("chat/1", "m1")
    scene.log.write("chat/1", "m2")  # which the bus loses
    author.acknowledge("chat/1", scene.log.write("chat/1", "m3"), "ack")
    scene.bus.publish(Envelope("chat/1", first, "m1"))
    await line.got("m1", "ack")


async def test_an_acknowledgement_that_waits_is_heard_before_a_good_bye(scene: Scene) -> None:
    author, line = await scene.listener("chat/1")
    scene.post("chat/1", "m1", lost=True)
    author.acknowledge("chat/1", scene.log.write("chat/1", "m2"), "ack")
    author.close(1012)
    assert line.frames == ["ack"]


async def test_whom_the_rest_is_too_much_for_listens_to_nothing_any_more(scene: Scene) -> None:
    author, stuck = await scene.listener("chat/1")
    stuck.block()
    for n in range(scene.hub.limits.queue_frames + 1):
        author.send(f"x{n}")
    scene.post("chat/1", "m1", lost=True)
    author.acknowledge("chat/1", scene.log.write("chat/1", "m2"), "ack")
    author.subscribe("chat/1")
    assert author.closed and scene.hub.topics() == [] and scene.hub.clients == 0


async def test_who_unsubscribes_has_waited_long_enough_for_an_acknowledgement(scene: Scene) -> None:
    author, line = await scene.listener("chat/1")
    scene.post("chat/1", "m1", lost=True)
    author.acknowledge("chat/1", scene.log.write("chat/1", "m2"), "ack")
    author.unsubscribe("chat/1")
    assert line.frames == ["ack"]


async def test_an_acknowledgement_after_its_event_is_only_that(scene: Scene) -> None:
    author, line = await scene.listener("chat/1")
    seq = scene.post("chat/1", "m1")
    author.acknowledge("chat/1", seq, "ack")
    assert line.frames == ["m1", "ack"]


async def test_an_acknowledgement_that_makes_a_client_too_slow_ends_it_and_nothing_else(scene: Scene) -> None:
    author, stuck = await scene.listener("chat/1")
    stuck.block()
    for n in range(scene.hub.limits.queue_frames + 1):
        author.send(f"x{n}")
    author.subscribe("chat/2")
    author.acknowledge("chat/2", 7, "ack")  # far beyond what it has: goes at once
    assert author.closed and stuck.closed is not None and scene.hub.topics() == []


async def test_a_blocked_client_delays_nobody_and_is_dropped_when_it_is_too_slow(scene: Scene) -> None:
    slow, stuck = await scene.listener("chat/1")
    _, quick = await scene.listener("chat/1")
    stuck.block()
    for n in range(scene.hub.limits.queue_frames + 1):
        scene.post("chat/1", f"m{n}")
    assert stuck.closed is None
    scene.post("chat/1", "one too many")
    assert stuck.closed == (outcomes.TOO_SLOW, "too_slow")
    assert slow.closed and scene.hub.dropped == 1
    assert len(quick.frames) == scene.hub.limits.queue_frames + 2
    assert quick.closed is None


async def test_a_dropped_client_resumes_where_it_was(scene: Scene) -> None:
    _, stuck = await scene.listener("chat/1")
    scene.post("chat/1", "m0")
    stuck.block()
    for n in range(1, scene.hub.limits.queue_frames + 3):
        scene.post("chat/1", f"m{n}")
    assert stuck.closed and stuck.frames == ["m0"]
    _, again = await scene.listener("chat/1", after=1)
    assert again.frames == [f"m{n}" for n in range(1, scene.hub.limits.queue_frames + 3)]


async def test_a_long_resume_waits_for_a_slow_reader_and_keeps_nobody_waiting(scene: Scene) -> None:
    for n in range(1, 1001):
        scene.log.write("chat/1", f"m{n}")
    _, quick = await scene.listener("chat/1", after=1000)
    client, slow = scene.client()
    slow.block()
    client.subscribe("chat/1")
    await eventually(lambda: client.blocked)
    scene.post("chat/1", "lost", lost=True)
    scene.post("chat/1", "seen")
    await quick.got("lost", "seen")
    assert slow.frames == []
    slow.unblock()
    await scene.current(client)
    await slow.until(lambda: len(slow.frames) == 1002)
    assert slow.frames == [*(f"m{n}" for n in range(1, 1001)), "lost", "seen"]
    assert slow.closed is None


async def test_who_lacks_one_message_does_not_wait_for_who_lacks_a_thousand(scene: Scene) -> None:
    for n in range(1, 1001):
        scene.log.write("chat/1", f"m{n}")
    scene.log.answers.clear()
    far, near = scene.client(), scene.client()
    far[0].subscribe("chat/1")
    near[0].subscribe("chat/1", after=999)
    await asyncio.sleep(0)
    scene.log.answers.set()
    await scene.current(near[0])
    assert near[1].frames == ["m1000"]
    assert scene.log.asked[0] == ("chat/1", 999)
    await scene.current(far[0])
    assert len(far[1].frames) == 1000


async def test_a_line_that_fails_costs_nobody_else_a_message(scene: Scene) -> None:
    class Strange(Line):
        def send_now(self, frame: str) -> bool:
            raise KeyError("nobody thought of this")

    strange = Strange()
    scene.hub.attach(strange).subscribe("chat/1")
    _, line = await scene.listener("chat/1")
    scene.post("chat/1", "m1")
    assert line.frames == ["m1"]
    assert strange.closed is not None and strange.closed[0] == 1011


def pauses(work) -> int:
    """How often a coroutine gives way to others; driven by hand, so that no clock has a say."""
    count = 0
    try:
        while True:
            work.send(None)
            count += 1
    except StopIteration:
        return count


async def test_a_broadcast_to_everybody_gives_way_between_its_slices(scene: Scene) -> None:
    lines = [scene.client()[1] for _ in range(1000)]
    assert pauses(scene.hub.broadcast("notice")) == 1000 // LIMITS.slice
    assert all(line.frames == ["notice"] for line in lines)


async def test_a_broadcast_to_a_topic_reaches_its_listeners_only(scene: Scene) -> None:
    _, inside = await scene.listener("desk/1")
    _, outside = await scene.listener("desk/2")
    await scene.hub.broadcast("notice", "desk/1")
    await scene.hub.broadcast("notice", "desk/without/listeners")
    assert inside.frames == ["notice"] and outside.frames == []


async def test_beats_and_good_byes_give_way_too(scene: Scene) -> None:
    lines = [scene.client()[1] for _ in range(200)]
    assert pauses(scene.hub.beat({})) == 200 // LIMITS.slice
    assert pauses(scene.hub.close_all(retry_after=(1.0, 4.0))) == 200 // LIMITS.slice
    assert all(line.closed == (outcomes.RESTART, "retry_after=2.5") for line in lines)
    assert scene.hub.clients == 0


async def test_a_crowded_topic_goes_out_in_slices_and_in_order(scene: Scene) -> None:
    pairs = [await scene.listener("board") for _ in range(LIMITS.slice * 4)]
    scene.log.asked.clear()
    for n in range(5):
        scene.post("board", f"m{n}")
    assert pairs[0][1].frames == [], "nothing is done at once for so many"
    for _, line in pairs:
        await line.got("m0", "m1", "m2", "m3", "m4")
    assert scene.log.asked == []


async def test_a_hub_that_has_stopped_leaves_no_task_behind(scene: Scene) -> None:
    before = asyncio.all_tasks()
    scene.log.answers.clear()
    client, line = scene.client()
    client.subscribe("chat/1")
    line.block()
    client.send("under way")
    await asyncio.sleep(0)
    await scene.hub.stop()
    await eventually(lambda: not asyncio.all_tasks() - before)


async def test_who_asks_in_the_moment_in_which_the_last_answer_is_given_is_answered_too(scene: Scene) -> None:
    """It counted on the one that had just ended, and nobody asked any more: the conversation stood still for good."""
    waits, answered = asyncio.Event(), asyncio.get_running_loop().create_future()

    async def held(topic: str, after: int, limit: int) -> Sequence[tuple[int, str]]:
        page = await scene.log.messages_after(topic, after, limit)
        if topic == "chat/1":
            waits.set()
            await answered
        return page

    scene.log.write("chat/2", "hello")
    scene.hub = Hub(scene.bus, held, rng=Evenly(), limits=replace(LIMITS, asks=1))
    (first, _), (second, line) = scene.client(), scene.client()
    first.subscribe("chat/1")
    await waits.wait()
    answered.set_result(None)
    asyncio.get_running_loop().call_soon(second.subscribe, "chat/2")  # right behind the one that ends
    await eventually(lambda: "chat/2" in second.subscriptions)
    await scene.current(second)
    assert line.frames == ["hello"]
