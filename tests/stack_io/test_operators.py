"""What an operator sees of a stack and does by hand (server/actions/stack.py)."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from server.actions import stack
from server.actions.stack_events import record_events
from server.actions.stack_lists import compare_page
from server.domain.errors import Conflict, Invalid, NotAllowed, NotFound
from server.domain.loans import House, Stage
from server.domain.permissions import Actor, Grant, Role, ScopeKind
from server.domain.stack import CommandKind, CommandState, EventKind, Garbage, Liveness
from server.store.stack_commands import open_commands
from server.store.stack_devices import device_by_id
from tests.server.loans.conftest import Loans
from tests.servers.clocks import FileClock
from tests.stack_io.test_inbox import fetching
from tests.town import open_town


@pytest.fixture
async def loans(sqlite_url: str, tmp_path: Path, clock_file: FileClock) -> AsyncIterator[Loans]:
    async with open_town(
        sqlite_url, tmp_path, test_clock_file=str(clock_file.path), embedded_worker=False
    ) as town:
        kept = Loans(town, clock_file)
        await kept.build()
        yield kept


def operator(loans: Loans, store: str = "stack") -> Actor:
    """The operator of one store."""
    grant = Grant(Role.STACK_OPERATOR, ScopeKind.STORE, loans.stores[store])
    return Actor(loans.town.people["operator"].id, "Op", grants=frozenset({grant}))


async def test_an_operator_sees_the_stacks_of_their_store_and_no_others(loans: Loans) -> None:
    ctx = loans.town.ctx
    (view,) = await stack.devices_view(ctx, operator(loans))
    assert (view.device.id, view.store.code) == ("d1", "stack")
    assert (view.state, view.served, view.age) == (Liveness.OFFLINE, False, None), "nobody speaks with it"
    assert await stack.devices_view(ctx, operator(loans, "store")) == []
    with pytest.raises(NotFound):
        await stack.open_commands(ctx, operator(loans, "store"), "d1")
    with pytest.raises(NotAllowed):
        await stack.devices_view(ctx, Actor("somebody"))


async def test_who_may_watch_a_store_may_not_operate_its_machine(loans: Loans) -> None:
    grant = Grant(Role.STORE_KEEPER, ScopeKind.STORE, loans.stores["stack"])
    keeper = Actor("keeper", grants=frozenset({grant}))
    assert len(await stack.devices_view(loans.town.ctx, keeper)) == 1
    with pytest.raises(NotFound):
        await stack.pause_device(loans.town.ctx, keeper, "d1", "维修")


async def test_a_dead_letter_is_settled_once(loans: Loans) -> None:
    ctx = loans.town.ctx
    await record_events(ctx, "d1", [Garbage(b"noise", "no frame")])
    (letter,) = await stack.dead_letters(ctx, operator(loans), "d1")
    assert (letter.problem, letter.body) == ("unreadable", "noise")
    assert (await stack.devices_view(ctx, operator(loans)))[0].dead == 1
    await stack.settle_dead_letter(ctx, operator(loans), letter.id)
    assert await stack.dead_letters(ctx, operator(loans), "d1") == []
    with pytest.raises(Conflict, match="letter_settled"):
        await stack.settle_dead_letter(ctx, operator(loans), letter.id)
    with pytest.raises(NotFound):
        await stack.settle_dead_letter(ctx, operator(loans), "none")


async def test_a_pause_has_a_reason_and_an_end(loans: Loans) -> None:
    ctx = loans.town.ctx
    with pytest.raises(Invalid):
        await stack.pause_device(ctx, operator(loans), "d1", "  ")
    await stack.pause_device(ctx, operator(loans), "d1", "更换 皮带")
    (view,) = await stack.devices_view(ctx, operator(loans))
    assert view.device.paused and view.device.pause_reason == "更换 皮带"
    await stack.resume_device(ctx, operator(loans), "d1")
    (view,) = await stack.devices_view(ctx, operator(loans))
    assert not view.device.paused
    sql = "SELECT COUNT(*) FROM audit_entry WHERE verb IN ('stack.pause', 'stack.resume')"
    assert await loans.one(sql) == 2


async def test_what_was_fetched_by_hand_goes_on_as_if_the_machine_had_brought_it(loans: Loans) -> None:
    ctx = loans.town.ctx
    desk = await fetching(loans)
    await stack.take_over(ctx, operator(loans), desk.command_id, "retrieved", "提升机停了，人工取出")
    assert (await desk.stage(), (await desk.command()).state) == (Stage.RETRIEVED, CommandState.DONE)
    assert (await desk.command()).taken_over_by == operator(loans).account_id
    with pytest.raises(Conflict, match=r"command_settled|loan_stage"):
        await stack.take_over(ctx, operator(loans), desk.command_id, "retrieved", "再点一次")


async def test_what_is_given_up_is_looked_for_elsewhere_and_the_machine_told_to_let_it_be(
    loans: Loans,
) -> None:
    ctx = loans.town.ctx
    desk = await fetching(loans, copies=2)
    async with ctx.transaction() as tx:  # it was sent
        await tx.execute("UPDATE stack_command SET state = 'accepted', sends = 1")
    await stack.take_over(ctx, operator(loans), desk.command_id, "failed", "货箱卡死")
    line = (await loans.lines(desk.order_id))[0]
    assert (line.state, line.command_id != desk.command_id) == (Stage.REQUESTED, True)
    commands = await open_commands(ctx.db.read, "d1", limit=10)
    assert sorted(c.kind for c in commands) == [CommandKind.CANCEL, CommandKind.RETRIEVE]
    assert next(c.target_id for c in commands if c.kind is CommandKind.CANCEL) == desk.command_id
    # Brought in spite of that, nobody waits for it: the order knows, and stands where it stood.
    await desk.hear(desk.event(EventKind.RETRIEVED, 1))
    assert (await loans.lines(desk.order_id))[0].state is Stage.REQUESTED


async def test_an_outcome_that_is_none_for_this_command_is_refused(loans: Loans) -> None:
    desk = await fetching(loans)
    with pytest.raises(Invalid):
        await stack.take_over(loans.town.ctx, operator(loans), desk.command_id, "put_away", "放回")
    assert (await desk.command()).state is CommandState.PENDING


async def test_hours_count_what_was_brought_and_how_long_it_took(loans: Loans) -> None:
    ctx = loans.town.ctx
    first, second = await fetching(loans, 1), await fetching(loans, 2)
    await loans.later(seconds=90)
    await record_events(ctx, "d1", [first.event(EventKind.RETRIEVED, 1), second.event(EventKind.FAILED, 2)])
    (hour,) = await stack.hours(ctx, operator(loans), "d1")
    assert (hour.retrieved, hour.failed, hour.put_back) == (1, 1, 0)
    assert 90 <= hour.wait_seconds <= 150 and hour.longest_seconds == hour.wait_seconds


async def test_a_command_that_was_cancelled_before_it_was_sent_says_nothing_to_the_machine(
    loans: Loans,
) -> None:
    desk = await fetching(loans)
    await loans.tell(desk.order_id, House.CANCELLED)
    assert (await desk.command()).state is CommandState.CANCELLED
    assert await open_commands(loans.town.ctx.db.read, "d1", limit=10) == []


async def test_a_reader_is_told_first_when_the_machine_has_a_book_that_their_order_has(loans: Loans) -> None:
    """Found again each night it stays one case; of a book that nobody waits for nobody is told."""
    ctx = loans.town.ctx
    desk = await fetching(loans)
    await desk.hear(desk.event(EventKind.RETRIEVED, 1))
    await loans.tell(desk.order_id, House.PICKED, desk.line_id)
    await loans.item(2, "store", "B2")  # and the machine has it
    loans.clock.advance(timedelta(minutes=11))
    device = await device_by_id(ctx.db.read, "d1")
    assert device is not None
    for _ in range(2):
        assert (await compare_page(ctx, device, {desk.barcode: "T1", "B2": "T2"}, room=10))[0] == 2
        await loans.later(seconds=1)
    rows = await ctx.db.read.rows("SELECT kind, order_id, reader_id FROM support_case")
    assert [tuple(row) for row in rows] == [("difference", desk.order_id, loans.town.people["reader"].id)]
    assert (await loans.mails()).count("case_found") == 1
