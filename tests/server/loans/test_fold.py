"""The state of an order is a fold over sorted events: any order of arrival, with duplicates, gives the same."""

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.domain.errors import Conflict
from server.domain.loan_fold import Fold, Order, OrderState, fold
from server.domain.loans import ALLOWED, ENDED, HOUSE, House, OrderEvent, Stage, allowed, demand_stage
from tools.loan_stages import PAGE, text

START = datetime(2026, 11, 20, 8, tzinfo=UTC)
LINES = ("l1", "l2")


class Story:
    """Writes the events of an order as its sources would."""

    def __init__(self) -> None:
        self.events: list[OrderEvent] = []
        self.house_events = 0
        self.machine: dict[str, int] = {}

    def house(self, kind: House, line: str = "", command: str = "", **data: str) -> "Story":
        self.house_events += 1
        event = OrderEvent(
            HOUSE, str(kind), sequence=self.house_events, line_id=line, command_id=command, data=data
        )
        return self._add(event)

    def device(self, kind: str, command: str, *, epoch: str = "0001", **data: str) -> "Story":
        self.machine[epoch] = self.machine.get(epoch, 0) + 1
        number = self.machine[epoch]
        return self._add(
            OrderEvent("device:d1", kind, epoch, number, command_id=command, data=data, body_hash=f"{number}")
        )

    def courier(self, kind: str, waybill: str, at: int) -> "Story":
        return self._add(OrderEvent(f"courier:{waybill}", kind, at=at, body_hash=f"{kind}{at}"))

    def fetch(self, line: str, command: str = "", item: str = "") -> "Story":
        return self.house(
            House.ALLOCATED, line, command, item_id=item or f"i-{line}", store_id="s", barcode=f"B{line}"
        )

    def _add(self, event: OrderEvent) -> "Story":
        received = START + timedelta(seconds=len(self.events))
        self.events.append(replace(event, received_at=received, number=len(self.events) + 1))
        return self

    def now(self) -> Order:
        return fold(LINES, self.events)

    def stage(self, line: str = "l1") -> Stage:
        return self.now().lines[line].stage


def placed() -> Story:
    return Story().house(House.SUBMITTED).house(House.APPROVED, "l1").house(House.APPROVED, "l2")


def whole_life() -> Story:
    """Two books, one by machine and one by hand, out to the reader and back."""
    story = placed().fetch("l1", "c1").fetch("l2")
    story.device("accepted", "c1").device("moving", "c1", place="A1-03").device("retrieved", "c1", place="P2")
    for line in LINES:
        story.house(House.PICKED, line).house(House.PACKED, line, parcel_id="p1")
        story.house(House.LABELLED, line, parcel_id="p1", waybill="W1").house(House.HANDED_OVER, line)
    story.courier("picked_up", "W1", 10).courier("in_transit", "W1", 20).courier("delivered", "W1", 30)
    for line in LINES:
        story.house(House.RETURN_BOOKED, line, parcel_id="p2", waybill="W2")
    story.courier("picked_up", "W2", 40).courier("delivered", "W2", 50)
    for line in LINES:
        story.house(House.RECEIVED, line).house(House.INSPECTED, line)
    story.house(House.PUTTING_BACK, "l1", "c2").house(House.PUT_BACK, "l2").device("put_away", "c2")
    return story


def test_an_acknowledgement_is_no_completion() -> None:
    story = placed().fetch("l1", "c1").device("accepted", "c1")
    assert story.stage() is Stage.REQUESTED
    assert story.device("moving", "c1").stage() is Stage.FETCHING
    assert story.device("retrieved", "c1").stage() is Stage.RETRIEVED


def test_the_whole_life_ends_closed_and_shows_each_step_on_the_way() -> None:
    story, seen = Story(), []
    for event in whole_life().events:
        story.events.append(event)
        state = story.now().state
        if not seen or seen[-1] is not state:
            seen.append(state)
    assert seen == [
        OrderState.AWAITING_REVIEW,
        OrderState.APPROVED,
        OrderState.FETCHING,
        OrderState.PICKED,
        OrderState.PACKED,
        OrderState.WITH_COURIER,
        OrderState.ON_LOAN,
        OrderState.RETURNING,
        OrderState.CLOSED,
    ]
    assert story.now().state is OrderState.CLOSED
    assert story.now().lines["l1"].lent


@given(st.integers(0, 10_000))
def test_any_order_of_arrival_and_any_duplicates_give_the_same_state(seed: int) -> None:
    chance = random.Random(seed)
    events = whole_life().events
    cut = events[: chance.randint(1, len(events))]
    shuffled = cut + chance.sample(cut, chance.randint(0, len(cut)))
    chance.shuffle(shuffled)
    assert fold(LINES, shuffled) == fold(LINES, cut)


@given(st.integers(0, 10_000))
def test_events_that_arrive_late_end_where_they_would_have_ended_in_time(seed: int) -> None:
    """Devices' and couriers' events come whenever they like; those of the house in their own order."""
    chance = random.Random(seed)
    events = whole_life().events
    arrived: list[OrderEvent] = []
    going = Fold(LINES)
    outer = [event for event in events if event.source != HOUSE]
    chance.shuffle(outer)
    for event in [event for event in events if event.source == HOUSE]:
        arrived.append(event)
        while outer and chance.random() < 0.4:
            arrived.append(outer.pop())
        going.take(arrived[chance.randint(0, len(arrived) - 1) :])
        going.take(arrived)
        assert going.order() == fold(LINES, arrived), "never in the way of a fold halfway"
    going.take(outer)
    assert going.order() == fold(LINES, arrived + outer) == fold(LINES, events)


def test_a_restarted_counter_goes_on_in_a_new_epoch() -> None:
    story = placed().fetch("l1", "c1").device("moving", "c1")
    story.machine.clear()
    story.device("retrieved", "c1", epoch="0002")
    assert story.stage() is Stage.RETRIEVED


def test_what_settled_is_not_unsettled_by_an_old_word() -> None:
    story = placed().fetch("l1", "c1").device("retrieved", "c1").device("moving", "c1")
    assert story.stage() is Stage.RETRIEVED


def test_another_copy_takes_the_place_of_one_that_is_not_found() -> None:
    story = placed().fetch("l1", "c1").device("not_found", "c1")
    assert story.stage() is Stage.TROUBLED
    assert story.fetch("l1", "c2", "i9").stage() is Stage.REQUESTED
    story.device("retrieved", "c1")
    line = story.now().lines["l1"]
    assert line.stage is Stage.REQUESTED, "the first copy's late arrival does not count for the second"
    assert line.stray_commands == ("c1",), "but somebody has to put it back"


def test_a_cancelled_line_whose_book_was_brought_wants_it_put_back() -> None:
    story = placed().fetch("l1", "c1").house(House.CANCELLED, "l1")
    assert story.stage() is Stage.CANCELLED
    assert story.device("retrieved", "c1").stage() is Stage.RECALLED
    assert story.house(House.PUTTING_BACK, "l1", "c2").device("put_away", "c2").stage() is Stage.CANCELLED


def test_a_parcel_that_the_reader_refused_comes_back() -> None:
    story = placed().fetch("l1")
    for kind in (House.PICKED, House.PACKED, House.LABELLED, House.HANDED_OVER):
        story.house(kind, "l1", waybill="W1", parcel_id="p1")
    assert story.courier("refused", "W1", 5).stage() is Stage.PARCEL_REFUSED
    assert story.courier("sent_back", "W1", 9).stage() is Stage.RETURN_ARRIVED
    assert (
        story.house(House.RECEIVED, "l1").house(House.INSPECTED, "l1").house(House.PUT_BACK, "l1").stage()
        is Stage.CLOSED
    )


def test_one_book_that_nobody_has_does_not_hold_up_the_other() -> None:
    story = placed().fetch("l1").house(House.UNFILLED, "l2").house(House.PICKED, "l1")
    assert story.now().state is OrderState.PICKED


@pytest.mark.parametrize("stage", list(Stage))
@pytest.mark.parametrize("kind", [kind for kind in House if kind is not House.SUBMITTED])
def test_what_a_stage_does_not_allow_is_refused_with_the_stage_named(stage: Stage, kind: House) -> None:
    if allowed(stage, kind):
        demand_stage(stage, kind)
        return
    with pytest.raises(Conflict) as refused:
        demand_stage(stage, kind)
    assert refused.value.data == {"stage": str(stage), "action": str(kind)}
    assert refused.value.rule_id


def test_every_stage_that_is_no_end_has_a_way_on() -> None:
    by_machine_or_courier = {
        Stage.REQUESTED,
        Stage.FETCHING,
        Stage.WITH_COURIER,
        Stage.RETURNING,
        Stage.ASTRAY,
    }
    for stage in set(Stage) - ENDED:
        ways = [kind for kind, stages in ALLOWED.items() if stage in stages]
        assert ways or stage in by_machine_or_courier, stage


def test_the_table_in_the_documents_is_the_one_in_the_code() -> None:
    assert PAGE.read_text(encoding="utf-8") == text(), (
        "run `python -m tools.loan_stages` and read what has changed"
    )
