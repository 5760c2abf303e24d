"""The simulated store: believable, the same on the same seed, with a memory."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from server.domain.stack import CommandKind, CommandState, EventKind, Heard, Sign, StackCommand, StackEvent
from stack_io.drivers.simulator import SimulatorDriver
from stack_io.simulator.clockwork import Clockwork, Story, Turn
from stack_io.simulator.devices import Device
from stack_io.simulator.journals import Journal
from stack_io.simulator.pictures import picture
from stack_io.simulator.plans import Plan, plan_of
from tests.stack_io.halls import books

START = datetime(2026, 11, 20, 1, 0, tzinfo=UTC)
WILD = Plan(aisles=2, levels=3, bays=8, stations=2, stuck_rate=0.05, fault_rate=0.02, missing_rate=0.03)


class Trial:
    """A device whose time the test moves, and a driver that speaks with it."""

    def __init__(self, plan: Plan, stock: list[str], journal: Journal | None = None) -> None:
        self.now = START
        totes = {barcode: str(plan.home_of(barcode)) for barcode in stock}
        self.device = Device(plan, journal or Journal(), totes, lambda: self.now)
        self.driver = SimulatorDriver()
        self.heard: list[Heard] = []

    def say(self, command: StackCommand) -> None:
        self.device.feed(self.driver.command(command))

    def wait(self, seconds: float, step: float = 5.0) -> None:
        """Let time pass, hear everything and acknowledge it."""
        for _ in range(int(seconds / step)):
            self.now += timedelta(seconds=step)
            for each in self.driver.feed(self.device.speak()):
                self.heard.append(each)
                self.device.feed(self.driver.acknowledge(each))

    def told(self, *kinds: EventKind) -> list[StackEvent]:
        return [
            each for each in self.heard if isinstance(each, StackEvent) and each.kind in (kinds or EventKind)
        ]


def fetch(number: int, barcode: str = "", **more: int) -> StackCommand:
    return StackCommand(f"c{number}", CommandKind.RETRIEVE, barcode or f"BK{number:06}", **more)


def test_stories_wait_for_time_and_for_each_other() -> None:
    clock, turn, told = Clockwork(), Turn(), []

    def story(name: str, seconds: float) -> Story:
        yield turn
        yield seconds
        told.append((name, clock.now))
        clock.give(turn)

    clock.begin(story("first", 5))
    clock.advance(0)
    clock.begin(story("calm", 2), urgency=5)
    clock.begin(story("urgent", 1), urgency=1)
    clock.advance(100)
    assert told == [("first", 5), ("urgent", 6), ("calm", 8)]
    assert clock.idle


def test_a_book_is_brought_in_a_plausible_time() -> None:
    trial = Trial(Plan(stuck_rate=0, fault_rate=0, missing_rate=0), books(5))
    trial.say(fetch(1))
    trial.wait(600, step=1.0)
    (brought,) = trial.told(EventKind.RETRIEVED)
    assert brought.at is not None and 20 < (brought.at - START).total_seconds() < 120
    assert trial.told()[0].kind is EventKind.ACCEPTED


@settings(max_examples=15)
@given(st.integers(0, 10_000))
def test_whatever_breaks_every_command_comes_to_exactly_one_end(seed: int) -> None:
    stock = books(60)
    trial = Trial(Plan(**{**vars(WILD), "seed": seed}), stock)
    chance = Random(seed)
    for number in range(1, 61):
        kind = CommandKind.PUT_BACK if chance.random() < 0.2 else CommandKind.RETRIEVE
        trial.say(StackCommand(f"c{number}", kind, f"BK{number:06}", priority=chance.randrange(1, 9)))
    trial.wait(30_000, step=50.0)
    assert not trial.device.world.trips, "a tote waits for ever"
    ends = trial.told(
        EventKind.RETRIEVED, EventKind.NOT_FOUND, EventKind.FAILED, EventKind.PUT_AWAY, EventKind.REJECTED
    )
    assert sorted(each.command_id for each in ends) == sorted(f"c{number}" for number in range(1, 61))
    faults, cleared = trial.told(EventKind.FAULT), trial.told(EventKind.CLEARED)
    assert len(faults) == len(cleared)
    assert not trial.device.world.faults


def test_the_same_seed_tells_the_same_story() -> None:
    told = []
    for _ in range(2):
        trial = Trial(WILD, books(40))
        for number in range(1, 41):
            trial.say(fetch(number))
        trial.wait(5_000)
        told.append([(each.kind, each.command_id, each.place, each.at) for each in trial.told()])
    assert told[0] == told[1] and len(told[0]) > 100


def test_a_book_that_is_not_there_is_not_found() -> None:
    trial = Trial(WILD, [])
    trial.say(fetch(1))
    trial.wait(5)
    (end,) = trial.told(EventKind.NOT_FOUND)
    assert end.code == "not_in_stock"


def test_it_remembers_over_a_power_cut_what_it_was_told_and_what_it_said(tmp_path: Path) -> None:
    journal = tmp_path / "store.jsonl"
    first = Trial(WILD, books(5), Journal(journal))
    first.say(fetch(1))
    first.wait(600)
    first.say(fetch(2))
    first.device.journal.close()  # the power is cut while it is at the second

    second = Trial(WILD, books(5), Journal(journal))
    assert (second.device.epoch, "BK000001" in second.device.world.stock) == ("000002", False)
    second.say(fetch(1))
    second.wait(600)
    assert second.device.journal.commands["c1"].state is CommandState.DONE
    ends = [each.command_id for each in second.told(EventKind.RETRIEVED) if each.epoch == "000002"]
    assert ends == ["c2"], "the first is not fetched again, the second is finished"
    second.device.journal.close()


def test_the_last_line_of_a_journal_may_be_torn(tmp_path: Path) -> None:
    journal = tmp_path / "store.jsonl"
    trial = Trial(WILD, books(5), Journal(journal))
    trial.say(fetch(1))
    trial.device.journal.close()
    with journal.open("a") as file:
        file.write('{"event": {"t": "ev')
    again = Trial(WILD, books(5), Journal(journal))
    assert "c1" in again.device.journal.commands
    again.device.journal.close()


def test_wherever_the_power_is_cut_what_is_kept_agrees(tmp_path: Path) -> None:
    """Once the end of a command, the book's place and the word of both were three lines, and the power went between."""
    trial = Trial(Plan(missing_rate=0.3), books(9), Journal(tmp_path / "whole.jsonl"))
    for number in range(1, 9):
        trial.say(fetch(number))
    trial.say(StackCommand("back", CommandKind.PUT_BACK, "BK000100"))
    trial.say(StackCommand("never", CommandKind.CANCEL, "BK000008", target_id="c8"))
    trial.wait(2000)
    trial.device.journal.close()
    text = (tmp_path / "whole.jsonl").read_bytes()
    ends = (EventKind.RETRIEVED, EventKind.NOT_FOUND, EventKind.PUT_AWAY, EventKind.CANCELLED)
    for cut in (at for line in re.finditer(rb"\n", text) for at in (line.start() - 9, line.end())):
        (tmp_path / "cut.jsonl").write_bytes(text[:cut])
        journal = Journal(tmp_path / "cut.jsonl")
        journal.start()
        journal.close()
        told = {(event["kind"], event["id"]): event for event in journal.events.values()}
        assert {name for kind, name in told if kind == "accepted"} == set(journal.commands)
        ended = {name for name, known in journal.commands.items() if known.state is not CommandState.ACCEPTED}
        assert ended == {name for kind, name in told if kind in ends}
        assert "never" not in journal.commands or {"never", "c8"} <= ended
        gone = {event["item"] for (kind, _), event in told.items() if kind in ("retrieved", "not_found")}
        assert {barcode for barcode, tote in journal.stock.items() if not tote} == gone


def test_the_picture_shows_what_moves_and_what_is_broken() -> None:
    trial = Trial(WILD, books(60))
    for number in range(1, 61):
        trial.say(fetch(number))
    trial.wait(30, step=1.0)
    shown = picture(trial.device.world)
    assert (shown["aisles"], shown["levels"], len(shown["shuttles"]), len(shown["lifts"])) == (2, 3, 6, 2)
    assert any(shuttle["state"] == "moving" for shuttle in shown["shuttles"])
    assert all(0 <= shuttle["bay"] <= shown["bays"] for shuttle in shown["shuttles"])
    assert {tote["where"] for tote in shown["totes"]} <= {
        "shelf",
        "shuttle",
        "lift",
        "conveyor",
        "station",
        "home",
    }
    assert any(isinstance(each, Sign) and each.picture for each in trial.heard)


def test_options_of_a_device_make_its_plan() -> None:
    plan = plan_of({"speed": "20", "aisles": 2, "pick": [1, 2], "unknown": True})
    assert (plan.speed, plan.aisles, plan.pick) == (20.0, 2, (1.0, 2.0))


def test_totes_have_names_that_say_where_they_live() -> None:
    plan = Plan()
    home = plan.home_of("BK000001")
    assert plan.slot_of(str(home)) == home
    assert plan.slot_of("A99-L01-B001") is None
    assert plan.slot_of("tote 7") is None
