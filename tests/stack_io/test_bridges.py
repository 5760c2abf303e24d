"""The bridge with a simulated store over real connections: promises 2, 3, 5 to 8, 10, 12 and 13 of docs/stack.md."""

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from server.actions.stack_commands import withdraw_command
from server.domain.events import StackPictured
from server.domain.stack import Answered, CommandKind, CommandState, EventKind, Liveness, StackEvent
from stack_io import listing
from stack_io.drivers.simulator import QuestionableDriver, SimulatorDriver
from stack_io.session import Session
from stack_io.simulator.devices import Device
from stack_io.simulator.world import Happening
from tests.stack_io.faults import STORM, Network, Weather
from tests.stack_io.halls import CALM, PATIENCE, Hall, books, open_hall, simulated, until


@pytest.fixture
async def hall(sqlite_url: str, tmp_path: Path) -> AsyncIterator[Hall]:
    async with open_hall(sqlite_url, tmp_path) as hall:
        yield hall


@pytest.fixture
async def both(database_url: str, tmp_path: Path) -> AsyncIterator[Hall]:
    async with open_hall(database_url, tmp_path) as hall:
        yield hall


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Makes of devices that are given up after seconds, not after as long as real ones may need."""
    for make in (SimulatorDriver, QuestionableDriver):
        quick = {"stale_seconds": 2.0, "offline_seconds": 4.0, "resend_seconds": 1.5, "answer_seconds": 1.5}
        monkeypatch.setattr(make, "traits", replace(make.traits, **quick))


async def all_said(device: Device, seconds: float = PATIENCE) -> None:
    """Wait until the device has nothing more that nobody has acknowledged."""

    async def nothing_waits() -> bool:
        return not device.journal.waiting and device.world.clock.idle

    await until(nothing_waits, seconds)


async def everything_is_kept(hall: Hall, device: Device) -> None:
    kept = [
        (row["epoch"], row["sequence"]) for row in await hall.letters("NOT alarm AND sequence IS NOT NULL")
    ]
    assert kept == sorted(device.journal.events)


async def test_books_are_brought_and_events_acknowledged_once_they_are_durable(both: Hall) -> None:
    """Promises 1, 2 and 5."""
    async with simulated(books(20)) as host:
        await both.connect(f"127.0.0.1:{host.port}")
        commands = [await both.command(barcode) for barcode in books(10)]
        async with both.bridged():
            await both.settled(*commands)
            await all_said(host.device)
        assert host.device.executed == dict.fromkeys(commands, 1)
        await everything_is_kept(both, host.device)
        assert {(await both.stands(command)).sends for command in commands} == {1}


@pytest.mark.timeout(400)
async def test_through_a_storm_nothing_is_lost_and_nothing_done_twice(both: Hall) -> None:
    """Promises 1, 5, 6, 8, 11 and 18: everything that a network can do, on a seed."""
    async with simulated(books(60)) as host, Network(host.port, STORM, seed=20) as network:
        await both.connect(f"127.0.0.1:{network.port}")
        async with both.bridged():
            commands = [await both.command(barcode) for barcode in books(30)]
            await both.settled(*commands, seconds=200)
            network.weather = Weather()
            await all_said(host.device, 150)  # a line that is half open is found out after a while only
        assert host.device.executed == dict.fromkeys(commands, 1)
        await everything_is_kept(both, host.device)


async def test_a_device_that_restarts_with_its_numbers_begun_anew_loses_nothing(hall: Hall) -> None:
    """Promise 8: a new run, the old one's tail is asked for."""
    async with simulated(books(20)) as host:
        await hall.connect(f"127.0.0.1:{host.port}")
        async with hall.bridged():
            first = [await hall.command(barcode) for barcode in books(6)]

            async def some_events() -> bool:
                return len(host.device.journal.events) > 5

            await until(some_events)
            host.device.restart()
            host.hang_up()
            second = [await hall.command(barcode) for barcode in books(12)[6:]]
            await hall.settled(*first, *second)
            await all_said(host.device)

            async def the_new_run_is_followed() -> bool:
                return (await hall.device()).epoch == "000002"

            await until(the_new_run_is_followed)
        epochs = {row["epoch"] for row in await hall.letters("sequence IS NOT NULL")}
        assert epochs == {"000001", "000002"}
        await everything_is_kept(hall, host.device)


async def test_events_that_the_device_took_for_delivered_are_asked_for(hall: Hall) -> None:
    """Promise 8: what it believes we have, and we have not, shows as a gap."""
    async with simulated(books(20)) as host:
        await hall.connect(f"127.0.0.1:{host.port}")
        commands = [await hall.command(barcode) for barcode in books(3)]
        async with hall.bridged():
            await hall.settled(*commands)
            await all_said(host.device)
        async with hall.ctx.transaction() as tx:  # our side forgets, as after a restored backup
            await tx.execute("DELETE FROM stack_event WHERE sequence > 4")
            await tx.execute("UPDATE stack_device SET last_sequence = 4")
        async with hall.bridged():

            async def all_back() -> bool:
                return len(await hall.letters()) == len(host.device.journal.events)

            await until(all_back)
        await everything_is_kept(hall, host.device)


@pytest.mark.timeout(300)
@pytest.mark.usefixtures("hasty")
async def test_a_device_that_does_not_know_a_command_again_is_asked_before_it_is_told_again(
    hall: Hall,
) -> None:
    """Promise 6: the connection breaks over and over; a command is only resent on a proven "not done"."""
    slow = replace(CALM, speed=60.0)
    async with (
        simulated(books(40), plan=slow, forgetful=True) as host,
        Network(host.port, Weather()) as network,
    ):
        await hall.connect(f"127.0.0.1:{network.port}", "simulator-forgetful")
        async with hall.bridged():
            commands = [await hall.command(barcode) for barcode in books(20)]
            for cuts in range(1, 5):

                async def connected(so_often: int = cuts) -> bool:
                    return network.connections >= so_often

                await until(connected, seconds=90)  # chance may make each wait long
                network.cut()
            network.weather = Weather(breaks=0.05)
            await hall.settled(*commands, seconds=100)
        assert host.device.executed == dict.fromkeys(commands, 1)


async def test_an_answer_from_before_a_command_was_sent_again_proves_nothing(
    hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Promise 6: asked twice because the first answer was taken in late, a command is sent once."""
    asked_twice, sent = asyncio.Event(), asyncio.Event()
    gates, take = [asked_twice, sent], Session._take_answers

    async def late(self: Session, answers: Sequence[Answered]) -> list[StackEvent]:
        if gates and {each.command_id for each in answers} == {command}:
            await gates.pop(0).wait()
        return await take(self, answers)

    def hears(body: dict[str, Any]) -> None:
        said.append(body["t"])
        if said.count("ask") == 2:
            asked_twice.set()
        if "do" in said:
            sent.set()
        heard(body)

    monkeypatch.setattr(Session, "_take_answers", late)
    monkeypatch.setattr(QuestionableDriver, "traits", replace(QuestionableDriver.traits, answer_seconds=1.0))
    async with simulated(books(1), plan=replace(CALM, speed=20.0), forgetful=True) as host:
        await hall.connect(f"127.0.0.1:{host.port}", "simulator-forgetful")
        command, said, heard = await hall.command("BK000001"), list[str](), host.device._heard
        monkeypatch.setattr(host.device, "_heard", hears)
        async with hall.ctx.transaction() as tx:  # a bridge before has sent it, and nothing came of it
            await tx.execute("UPDATE stack_command SET state = 'sent', sends = 1")
        async with hall.bridged():
            await hall.settled(command)
    assert host.device.executed == {command: 1}
    assert not gates


@pytest.mark.usefixtures("hasty")
async def test_where_nobody_can_say_whether_it_was_done_people_are_asked(hall: Hall) -> None:
    """Promise 6: the device takes commands and answers nothing any more."""
    async with simulated(books(5), forgetful=True) as host:
        await hall.connect(f"127.0.0.1:{host.port}", "simulator-forgetful")
        mute: Any = host.device
        mute._heard = lambda body: None  # neither does, nor answers; its signs of life go on
        command = await hall.command("BK000001")
        async with hall.bridged():

            async def unsure() -> bool:
                return (await hall.stands(command)).state is CommandState.UNSURE

            await until(unsure, 60)
            assert await hall.troubles() == ["unsure"]
            assert (await hall.stands(command)).sends == 1


async def test_a_dead_letter_is_acknowledged_too_and_stops_nothing(hall: Hall) -> None:
    """Promise 3: events of an unknown kind among the others, and second bodies under old numbers."""
    async with simulated(books(20), unknown_every=4, second_body_every=5) as host:
        await hall.connect(f"127.0.0.1:{host.port}")
        commands = [await hall.command(barcode) for barcode in books(5)]
        async with hall.bridged():
            await hall.settled(*commands)
            await all_said(host.device)
        problems = {row["problem"] for row in await hall.letters("state = 'dead'")}
        assert problems == {"unknown_kind", "two_bodies"}


async def test_a_device_that_takes_no_acknowledgement_is_borne(hall: Hall) -> None:
    """Promise 1: everything comes again and again, and counts once."""
    async with simulated(books(20), deaf=True, resend_seconds=0.2) as host:
        await hall.connect(f"127.0.0.1:{host.port}")
        commands = [await hall.command(barcode) for barcode in books(5)]
        async with hall.bridged():
            await hall.settled(*commands)
        assert host.device.executed == dict.fromkeys(commands, 1)
        assert len(await hall.letters()) == len({(r["epoch"], r["sequence"]) for r in await hall.letters()})


async def test_a_retrieval_that_is_taken_back_in_time_is_not_done(hall: Hall) -> None:
    """Promise 5: never sent, at once; sent, by the device's own word."""
    async with simulated(books(20), plan=replace(CALM, speed=1.0)) as host:
        unsent = await hall.command("BK000001")
        async with hall.ctx.transaction() as tx:
            assert await withdraw_command(hall.ctx, tx, unsent)
        assert (await hall.stands(unsent)).state is CommandState.CANCELLED
        await hall.connect(f"127.0.0.1:{host.port}")
        async with hall.bridged():
            # Two books of one tote: the second one's tote is away as long as the first is looked at.
            home = CALM.home_of("BK000002")
            host.device.world.stock["BK000003"] = str(home)
            first, second = await hall.command("BK000002"), await hall.command("BK000003")

            async def both_accepted() -> bool:
                rows = [await hall.stands(first), await hall.stands(second)]
                return all(row.state is CommandState.ACCEPTED for row in rows)

            await until(both_accepted)
            async with hall.ctx.transaction() as tx:
                assert not await withdraw_command(hall.ctx, tx, second)
                assert not await withdraw_command(hall.ctx, tx, second), "asked twice, withdrawn once"
            await hall.settled(second, state=CommandState.CANCELLED)
        rows = await hall.rows("SELECT state FROM stack_command WHERE kind = 'cancel'")
        assert [row["state"] for row in rows] == ["done"]
        assert "BK000003" in host.device.world.stock


async def test_a_book_is_put_back(hall: Hall) -> None:
    """Promise 7: its completion is that it lies on the shelf."""
    async with simulated() as host:
        await hall.connect(f"127.0.0.1:{host.port}")
        command = await hall.command("BK000001", CommandKind.PUT_BACK)
        async with hall.bridged():
            await hall.settled(command)
        assert "BK000001" in host.device.world.stock


async def test_online_offline_and_back_are_each_said_once(
    hall: Hall, caplog: pytest.LogCaptureFixture
) -> None:
    """Promise 10."""
    caplog.set_level(logging.INFO, "stack_io")

    def said() -> list[str]:
        records = [record for record in caplog.records if record.name == "stack_io.bridge"]
        return [record.getMessage().split(":")[0] for record in records]

    async with simulated(books(1)) as host, Network(host.port, Weather()) as network:
        await hall.connect(f"127.0.0.1:{network.port}")
        async with hall.bridged():

            async def is_state(state: Liveness) -> bool:
                return (await hall.device()).state is state

            async def has_said(so_often: int) -> bool:  # a moment after it was written down
                return len(said()) >= so_often

            await until(lambda: is_state(Liveness.ONLINE))
            await until(lambda: has_said(1))
            network.weather = Weather(breaks=1.0)
            network.cut()
            await until(lambda: is_state(Liveness.OFFLINE), 60)
            network.weather = Weather()
            await until(lambda: is_state(Liveness.ONLINE), 60)
            await until(lambda: has_said(3))
    assert said() == [
        "stack test stack is online",
        "stack test stack",  # no connection, and why
        "stack test stack is online",
    ]
    assert any(isinstance(each, StackPictured) and each.picture for each in hall.announced)


@pytest.mark.usefixtures("hasty")
async def test_a_half_open_connection_is_noticed_and_made_anew(hall: Hall) -> None:
    """Promise 11: nobody closes it, and nothing comes."""
    async with simulated(books(3)) as host, Network(host.port, Weather()) as network:
        await hall.connect(f"127.0.0.1:{network.port}")
        async with hall.bridged():

            async def online() -> bool:
                return (await hall.device()).state is Liveness.ONLINE

            await until(online)
            network.weather = Weather(silence=1.0)

            async def again() -> bool:
                return network.connections > 1

            await until(again, 60)
            network.weather = Weather()
            command = await hall.command("BK000001")
            await hall.settled(command, seconds=60)


@pytest.mark.usefixtures("hasty")
async def test_who_hears_no_acknowledgement_any_more_is_connected_anew(hall: Hall) -> None:
    """Promise 11: half open the other way round. Everything of theirs comes, nothing of ours does."""
    async with simulated(books(3), resend_seconds=0.5) as host, Network(host.port, Weather()) as network:
        await hall.connect(f"127.0.0.1:{network.port}")
        async with hall.bridged():
            command = await hall.command("BK000001")
            await hall.settled(command)
            await all_said(host.device)
            hears = host.device.feed
            host.device.feed = lambda data: None  # type: ignore[method-assign]
            host.device._happened(Happening(EventKind.FAULT, place="lift 1"))

            async def again() -> bool:
                return network.connections > 1

            await until(again, 60)
            host.device.feed = hears  # type: ignore[method-assign]
            await all_said(host.device)
        await everything_is_kept(hall, host.device)


async def test_a_clock_that_is_wrong_is_shown_and_not_believed(hall: Hall) -> None:
    """Promise 13."""
    async with simulated(books(3), clock_offset=-86_400.0) as host:
        await hall.connect(f"127.0.0.1:{host.port}")
        async with hall.bridged():
            command = await hall.command("BK000001")
            await hall.settled(command)

            async def skew_is_known() -> bool:
                return abs((await hall.device()).skew_ms + 86_400_000) < 5000

            async def online() -> bool:
                return (await hall.device()).state is Liveness.ONLINE

            await until(skew_is_known)
            await until(online)  # it is judged a moment before its clock is written down, or a moment after


async def test_the_store_s_list_is_compared_with_ours_and_differences_are_shown(
    both: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Promise 12: after the connection, and again when the last comparison is from before the last night."""
    monkeypatch.setattr(listing, "FIRST", 0.0)
    monkeypatch.setattr(listing, "LOOK", 0.1)
    ours = books(1200)  # more than a page
    async with simulated([*ours[2:], "STRANGE"]) as host:
        await both.shelve(ours[:1199])
        await both.shelve(ours[1199:], "out")  # and the device has it
        await both.connect(f"127.0.0.1:{host.port}")
        async with both.bridged():

            async def compared() -> bool:
                return (await both.device()).reconciled_at is not None

            await until(compared)
            found = await both.rows("SELECT barcode, ours, theirs FROM stack_difference ORDER BY barcode")
            assert [(row["barcode"], row["ours"], bool(row["theirs"])) for row in found] == [
                (ours[0], "available", False),
                (ours[1], "available", False),
                (ours[1199], "out", True),
                ("STRANGE", "", True),
            ]
            assert await both.troubles() == ["difference"]
            totes = await both.rows("SELECT tote FROM item WHERE barcode = $1", ours[5])
            assert totes[0]["tote"] == str(CALM.home_of(ours[5]))

            host.device.world.stock |= {ours[0]: "A01-L01-B001", ours[1]: "A01-L01-B001"}
            host.device.world.stock.pop("STRANGE")
            async with both.ctx.transaction() as tx:  # as if a night had passed
                await tx.execute("UPDATE stack_device SET reconciled_at = 1")

            async def one_is_left() -> bool:
                rows = await both.rows("SELECT barcode FROM stack_difference")
                return [row["barcode"] for row in rows] == [ours[1199]]

            await until(one_is_left)


async def test_a_store_within_the_process_is_filled_from_our_books_and_brings_them(both: Hall) -> None:
    """What a demonstration runs on: the same bytes over a pair of sockets."""
    await both.shelve(books(10))
    await both.connect("in-process", speed=400.0, stuck_rate=0.0, fault_rate=0.0, missing_rate=0.0)
    commands = [await both.command(barcode) for barcode in [*books(5), "NOT-HERE"]]
    async with both.bridged():
        await both.settled(*commands[:5])
        await both.settled(commands[5], state=CommandState.FAILED)

        async def picture() -> str:
            rows = await both.rows("SELECT picture FROM stack_device")
            return str(rows[0]["picture"])

        assert '"shuttles"' in await until(picture)
    async with both.bridged():  # the process begins anew, and so does the store, in a later run
        command = await both.command("BK000007")
        await both.settled(command)
    epochs = {row["epoch"] for row in await both.letters("sequence IS NOT NULL")}
    assert len(epochs) == 2


async def test_a_paused_device_is_sent_nothing_and_heard_as_ever(hall: Hall) -> None:
    """Promise 10: an operator's pause is not an outage."""
    async with simulated(books(3)) as host:
        await hall.connect(f"127.0.0.1:{host.port}")
        async with hall.ctx.transaction() as tx:
            await tx.execute("UPDATE stack_device SET paused_at = 1")
        command = await hall.command("BK000001")
        async with hall.bridged():

            async def online() -> bool:
                return (await hall.device()).state is Liveness.ONLINE

            await until(online)
            assert (await hall.stands(command)).state is CommandState.PENDING
            assert host.device.executed == {}
            async with hall.ctx.transaction() as tx:
                await tx.execute("UPDATE stack_device SET paused_at = NULL")
            await hall.settled(command)
