"""A copy that its order gave up while the machine may bring it: nobody is promised what is not in its place."""

import pytest

from server.actions.orders import retry_allocation
from server.actions.shelving import NewItem, put_on_shelf
from server.actions.store_lists import store_work
from server.actions.store_returns import put_stray_back
from server.domain.errors import NotFound
from server.domain.loan_rows import ItemPlace
from server.domain.loans import House, Stage
from server.domain.permissions import Actor, Grant, Role, ScopeKind
from server.domain.stack import CommandKind, EventKind, StackEvent
from server.store.stack_commands import open_commands
from tests.server.loans.conftest import Loans
from tests.stack_io.test_inbox import Desk, fetching

K = EventKind


async def given_up(loans: Loans) -> tuple[Desk, str]:
    """A book that the machine has been told to bring, given up by its order for a copy of another store."""
    desk = await fetching(loans)
    await loans.item(1, "store")
    async with loans.town.ctx.transaction() as tx:
        await tx.execute("UPDATE stack_command SET state = 'accepted', sends = 1")
    item_id = (await loans.lines(desk.order_id))[0].item_id
    await loans.tell(desk.order_id, House.TAKEN_OVER, outcome="elsewhere", store_id=loans.stores["stack"])
    assert await desk.stage() is Stage.TO_PICK
    assert await loans.item_state(item_id) == "available"
    return desk, item_id


async def wanted_too(loans: Loans) -> str:
    """Another order for the same title, of which no other copy is free."""
    order = await loans.order(1)
    await loans.tell(order.id, House.APPROVED)
    assert (await loans.lines(order.id))[0].state is Stage.APPROVED, "it waits"
    return order.id


async def tried_again(loans: Loans, order_id: str) -> Stage:
    async with loans.town.ctx.transaction() as tx:
        await retry_allocation(loans.town.ctx, tx, order_id)
    return (await loans.lines(order_id))[0].state


async def machine_says(loans: Loans, desk: Desk, command: CommandKind, kind: EventKind, number: int) -> None:
    """The device's word about the open command of this kind."""
    (open_one,) = [c for c in await open_commands(loans.town.ctx.db.read, "d1", limit=9) if c.kind is command]
    await desk.hear(
        StackEvent(kind, "1", number, open_one.id, open_one.barcode, body=f"{kind}{number}".encode())
    )


def keeper(loans: Loans) -> Actor:
    grant = Grant(Role.STORE_KEEPER, ScopeKind.STORE, loans.stores["stack"])
    return Actor(loans.town.people["keeper"].id, "K", grants=frozenset({grant}))


async def strays(loans: Loans) -> list[str]:
    _, work = await store_work(loans.town.ctx, keeper(loans), loans.stores["stack"])
    return [stray.command_id for stray in work.strays]


async def test_a_copy_that_was_given_up_is_free_when_the_machine_has_let_it_be(loans: Loans) -> None:
    """It was promised at once to the next order, whose command then found nothing there."""
    desk, _ = await given_up(loans)
    other = await wanted_too(loans)
    async with loans.town.ctx.transaction() as tx:
        await tx.execute("UPDATE stack_command SET state = 'unsure'")
    assert await tried_again(loans, other) is Stage.APPROVED, "nobody knows where it is"
    await desk.hear(desk.event(K.CANCELLED, 1))
    assert await tried_again(loans, other) is Stage.REQUESTED


async def test_a_copy_that_comes_after_all_is_put_back_before_anybody_has_it(loans: Loans) -> None:
    desk, item_id = await given_up(loans)
    other = await wanted_too(loans)
    await desk.hear(desk.event(K.RETRIEVED, 1, place="P1"))
    assert (await loans.item_state(item_id), await strays(loans)) == ("stray", [desk.command_id])
    assert await tried_again(loans, other) is Stage.APPROVED
    await put_stray_back(loans.town.ctx, keeper(loans), loans.stores["stack"], desk.command_id)
    assert await strays(loans) == []
    await machine_says(loans, desk, CommandKind.PUT_BACK, K.FAILED, 2)
    assert await strays(loans) == [desk.command_id], "it stands there still"
    await put_stray_back(loans.town.ctx, keeper(loans), loans.stores["stack"], desk.command_id)
    with pytest.raises(NotFound, match="stray_not_found"):
        await put_stray_back(loans.town.ctx, keeper(loans), loans.stores["stack"], desk.command_id)
    assert await tried_again(loans, other) is Stage.APPROVED
    await machine_says(loans, desk, CommandKind.PUT_BACK, K.PUT_AWAY, 3)
    assert (await loans.item_state(item_id), await strays(loans)) == ("available", [])
    assert await tried_again(loans, other) is Stage.REQUESTED


@pytest.mark.parametrize("together", [True, False])
async def test_a_copy_that_is_brought_after_it_was_said_to_have_failed_stands_aside(
    loans: Loans, together: bool
) -> None:
    desk, item_id = await given_up(loans)
    said = [desk.event(K.FAILED, 1), desk.event(K.RETRIEVED, 2)]
    for some in [said] if together else [[each] for each in said]:
        await desk.hear(*some)
    assert (await loans.item_state(item_id), await strays(loans)) == ("stray", [desk.command_id])


async def test_what_a_reader_cancelled_on_its_way_is_nobody_elses_until_it_is_back(loans: Loans) -> None:
    desk = await fetching(loans)
    async with loans.town.ctx.transaction() as tx:
        await tx.execute("UPDATE stack_command SET state = 'accepted', sends = 1")
    await loans.tell(desk.order_id, House.CANCELLED, reason="不要了")
    other = await wanted_too(loans)
    await desk.hear(desk.event(K.RETRIEVED, 1))
    assert (await desk.stage(), await strays(loans)) == (Stage.RECALLED, []), "its own line is on the list"
    assert await tried_again(loans, other) is Stage.APPROVED


async def test_what_failed_is_put_back_when_it_comes_though_no_other_copy_was_to_be_had(loans: Loans) -> None:
    """The order waits for a copy and still names the command by which this one came."""
    desk = await fetching(loans)
    await desk.hear(desk.event(K.FAILED, 1))
    assert await desk.stage() is Stage.APPROVED
    await desk.hear(desk.event(K.RETRIEVED, 2))
    assert await strays(loans) == [desk.command_id]
    await put_stray_back(loans.town.ctx, keeper(loans), loans.stores["stack"], desk.command_id)
    await machine_says(loans, desk, CommandKind.PUT_BACK, K.PUT_AWAY, 3)
    await loans.later(minutes=16)
    assert await desk.stage() is Stage.REQUESTED, "the only copy there is, once more"


async def cancelled_on_its_way(loans: Loans) -> tuple[Desk, str]:
    """A reader cancelled while the machine was at it: in our books the copy stands free in its place."""
    desk = await fetching(loans)
    async with loans.town.ctx.transaction() as tx:
        await tx.execute("UPDATE stack_command SET state = 'accepted', sends = 1")
    await loans.tell(desk.order_id, House.CANCELLED, reason="不要了")
    item_id = (await loans.lines(desk.order_id))[0].item_id
    assert await loans.item_state(item_id) == "available"
    return desk, item_id


@pytest.mark.parametrize("answered", [False, True])
async def test_a_copy_that_was_not_there_when_its_order_had_given_it_up_is_missing(
    loans: Loans, answered: bool
) -> None:
    """It stood free in our books, and the next reader was promised what nobody has."""
    desk, item_id = await cancelled_on_its_way(loans)
    other = await wanted_too(loans)
    if answered:  # when it was asked, it said no more than this
        await desk.hear(desk.event(K.FAILED, 1, code="item_missing"))
    await desk.hear(desk.event(K.NOT_FOUND, 2, code="item_missing"))
    await machine_says(loans, desk, CommandKind.CANCEL, K.REJECTED, 3)
    assert await loans.item_state(item_id) == "missing"
    assert await tried_again(loans, other) is Stage.APPROVED


@pytest.mark.parametrize(
    "place", [ItemPlace("A-01-1"), ItemPlace(tote="T77")], ids=["a shelf", "another tote"]
)
@pytest.mark.parametrize("tote", ["T1", ""], ids=["", "without totes"])
async def test_a_copy_that_people_found_before_the_machine_said_that_it_had_not_stays_free(
    loans: Loans, place: ItemPlace, tote: str
) -> None:
    desk, item_id = await cancelled_on_its_way(loans)
    async with loans.town.ctx.transaction() as tx:
        await tx.execute("UPDATE item SET tote = $1", tote)
        await tx.execute("UPDATE stack_command SET tote = $1", tote)
    await loans.later(minutes=1)
    found = NewItem((await loans.lines(desk.order_id))[0].barcode, place)
    await put_on_shelf(loans.town.ctx, keeper(loans), loans.stores["stack"], found)
    await desk.hear(desk.event(K.NOT_FOUND, 1, code="not_in_stock"))
    assert await loans.item_state(item_id) == "available"
