"""A loan order's life: copies are promised once, machines and couriers move it, clocks and mails follow."""

import asyncio
from datetime import timedelta

import pytest

from server.domain.errors import Conflict, Refusal
from server.domain.loan_fold import OrderState
from server.domain.loan_policies import LoanPolicy
from server.domain.loans import House, Stage
from tests.server.loans.conftest import Loans


async def sent(loans: Loans, order_id: str, waybill: str = "W1") -> None:
    """All that is picked goes out in one parcel."""
    lines = [line.id for line in await loans.lines(order_id)]
    await loans.tell(order_id, House.PICKED, *lines)
    await loans.tell(order_id, House.PACKED, *lines, parcel_id="p1")
    await loans.tell(order_id, House.LABELLED, *lines, parcel_id="p1", waybill=waybill)
    await loans.tell(order_id, House.HANDED_OVER, *lines)


async def test_from_approval_to_the_shelf_again(loans: Loans) -> None:
    by_machine, by_hand = await loans.item(1, "stack"), await loans.item(2, "store")
    order = await loans.order(1, 2)
    assert order.state is OrderState.AWAITING_REVIEW
    await loans.tell(order.id, House.APPROVED)
    first, second = await loans.lines(order.id)
    assert (first.state, second.state) == (Stage.REQUESTED, Stage.TO_PICK)
    assert await loans.one("SELECT state FROM stack_command WHERE id = $1", first.command_id) == "pending"
    assert await loans.item_state(by_machine) == "reserved"
    await loans.machine(order.id, "moving", first.command_id, 1, place="A1")
    await loans.machine(order.id, "retrieved", first.command_id, 2, place="P1")
    await loans.machine(order.id, "retrieved", first.command_id, 2, place="P1")  # told twice
    assert (await loans.lines(order.id))[0].state is Stage.RETRIEVED
    await sent(loans, order.id)
    assert (await loans.now(order.id)).dispatched_at is not None
    await loans.courier(order.id, "delivered", "W1", 30)
    await loans.courier(order.id, "in_transit", "W1", 20)  # told late
    lines = await loans.lines(order.id)
    assert {line.state for line in lines} == {Stage.ON_LOAN}
    assert all(line.due_at and (line.due_at - loans.clock.now()).days >= 29 for line in lines)
    await loans.tell(order.id, House.RECEIVED)
    await loans.tell(order.id, House.INSPECTED)
    await loans.tell(order.id, House.PUT_BACK)
    assert (await loans.now(order.id)).state is OrderState.CLOSED
    assert [await loans.item_state(each) for each in (by_machine, by_hand)] == ["available", "available"]
    assert await loans.held() == 0
    assert await loans.mails() == ["loan_approved", "loan_sent", "loan_delivered", "loan_returned"]


async def test_a_book_that_the_machine_does_not_find_comes_from_another_store(loans: Loans) -> None:
    lost, found = await loans.item(1, "stack"), await loans.item(1, "store")
    order = await loans.order(1)
    await loans.tell(order.id, House.APPROVED)
    line = (await loans.lines(order.id))[0]
    assert line.item_id == lost, "the smart stack goes first (R-LOAN.2)"
    await loans.machine(order.id, "not_found", line.command_id, 1)
    line = (await loans.lines(order.id))[0]
    assert (line.state, line.item_id, line.attempts) == (Stage.TO_PICK, found, 2)
    assert await loans.item_state(lost) == "missing"


async def test_a_title_that_is_nowhere_free_is_looked_for_again_and_in_the_end_given_up(loans: Loans) -> None:
    await loans.item(1, "store")
    order = await loans.order(1, 2)
    await loans.tell(order.id, House.APPROVED)
    assert [line.state for line in await loans.lines(order.id)] == [Stage.TO_PICK, Stage.APPROVED]
    back = await loans.item(2, "store")
    await loans.later(minutes=16)
    assert (await loans.lines(order.id))[1].item_id == back
    other = await loans.order(9)
    await loans.tell(other.id, House.APPROVED)
    for _ in range(50):
        await loans.later(minutes=16)
    assert (await loans.now(other.id)).state is OrderState.UNFILLED
    assert await loans.held() == 2
    assert "loan_unfilled" in await loans.mails()


async def test_of_many_who_want_the_last_copy_one_gets_it(loans: Loans) -> None:
    await loans.item(1, "store")
    orders = [await loans.order(1) for _ in range(8)]
    await asyncio.gather(*(loans.tell(order.id, House.APPROVED) for order in orders))
    stages = [(await loans.lines(order.id))[0].state for order in orders]
    assert sorted(stages) == sorted([Stage.TO_PICK] + [Stage.APPROVED] * 7)


async def test_cancelling_frees_the_copy_and_the_place_on_the_card_and_tells_the_machine(
    loans: Loans,
) -> None:
    item = await loans.item(1, "stack")
    order = await loans.order(1)
    await loans.tell(order.id, House.APPROVED)
    line = (await loans.lines(order.id))[0]
    await loans.tell(order.id, House.CANCELLED, reason="不需要了")
    assert (await loans.now(order.id)).state is OrderState.CANCELLED
    assert (await loans.item_state(item), await loans.held()) == ("available", 0)
    assert await loans.one("SELECT state FROM stack_command WHERE id = $1", line.command_id) == "cancelled"


async def test_a_book_brought_after_the_cancellation_is_not_promised_until_it_is_put_back(
    loans: Loans,
) -> None:
    item = await loans.item(1, "stack")
    order = await loans.order(1)
    await loans.tell(order.id, House.APPROVED)
    command = (await loans.lines(order.id))[0].command_id
    await loans.tell(order.id, House.CANCELLED)
    await loans.machine(order.id, "retrieved", command, 1)
    assert (await loans.lines(order.id))[0].state is Stage.RECALLED
    assert (await loans.item_state(item), await loans.held()) == ("received", 0)
    await loans.tell(order.id, House.PUT_BACK)
    assert (await loans.now(order.id)).state is OrderState.CANCELLED
    assert (await loans.item_state(item), await loans.held()) == ("available", 0)


async def test_a_book_brought_for_a_cancelled_order_while_another_waited_for_it_is_found_again(
    loans: Loans,
) -> None:
    book = await loans.item(1, "stack")
    first, second = await loans.order(1), await loans.order(1)
    await loans.tell(first.id, House.APPROVED)
    command = (await loans.lines(first.id))[0].command_id
    await loans.machine(first.id, "moving", command, 1)
    await loans.tell(first.id, House.CANCELLED)
    await loans.tell(second.id, House.APPROVED)  # the copy is free, so far as anybody knows
    other = (await loans.lines(second.id))[0].command_id
    await loans.machine(first.id, "retrieved", command, 2)
    await loans.machine(second.id, "not_found", other, 3)
    assert await loans.item_state(book) == "missing"
    await loans.tell(first.id, House.PUT_BACK)
    assert (await loans.lines(first.id))[0].state is Stage.CANCELLED
    assert await loans.item_state(book) == "available"


async def test_what_is_at_no_stage_for_it_is_refused_and_nothing_is_kept(loans: Loans) -> None:
    await loans.item(1, "store")
    order = await loans.order(1)
    await loans.tell(order.id, House.APPROVED)
    before = await loans.now(order.id)
    with pytest.raises(Conflict) as refused:
        await loans.tell(order.id, House.PACKED, *[line.id for line in await loans.lines(order.id)])
    assert refused.value.code == "loan_stage"
    assert await loans.now(order.id) == before


async def test_a_renewal_moves_the_day_and_the_reminders_follow(loans: Loans) -> None:
    await loans.item(1, "store")
    order = await loans.order(1)
    await loans.tell(order.id, House.APPROVED)
    await sent(loans, order.id)
    await loans.courier(order.id, "delivered", "W1", 1)
    first = (await loans.lines(order.id))[0].due_at
    assert first is not None
    await loans.later(days=27, hours=12)
    assert (await loans.mails())[-1] == "loan_due_soon"
    await loans.tell(order.id, House.RENEWED)
    renewed = (await loans.lines(order.id))[0].due_at
    assert renewed is not None and (renewed - first).days == 30
    for _ in range(68):
        await loans.later(hours=12)
    assert (await loans.mails())[-3:] == ["loan_due_soon", "loan_due_today", "loan_overdue"]


async def test_what_nobody_collects_goes_back_after_a_week(loans: Loans) -> None:
    await loans.item(1, "store")
    order = await loans.order(1, way="collection")
    await loans.tell(order.id, House.APPROVED)
    await loans.tell(order.id, House.PICKED)
    await loans.tell(order.id, House.SHELVED)
    await loans.later(days=6, hours=23)
    assert (await loans.now(order.id)).state is OrderState.ON_HOLD_SHELF
    await loans.later(days=1, hours=1)  # to the end of the day, whenever it began
    assert (await loans.lines(order.id))[0].state is Stage.RECALLED
    assert await loans.held() == 0
    assert (await loans.mails())[-1] == "loan_not_collected"


async def test_equal_stores_take_turns(loans: Loans) -> None:
    policy = LoanPolicy(smart_stack_first=False)
    for _ in range(3):
        await loans.item(1, "store")
        await loans.item(1, "stack")
    stores = []
    for _ in range(4):
        order = await loans.order(1, policy=policy)
        await loans.tell(order.id, House.APPROVED)
        stores.append((await loans.lines(order.id))[0].store_id)
        loans.clock.advance(timedelta(seconds=1))
    assert stores[:2] == stores[2:] and len(set(stores)) == 2


async def test_an_order_that_is_not_there_is_named_so(loans: Loans) -> None:
    with pytest.raises(Refusal) as refused:
        await loans.tell("nowhere", House.APPROVED)
    assert refused.value.code == "order_not_found"
