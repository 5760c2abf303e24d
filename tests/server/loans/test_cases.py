"""Cases: opened once, answered in time or counted, worked on by one agent, with deeds that keep to the rules."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from server.actions.accounts import resolve_actor
from server.actions.case_deeds import (
    Deed,
    fetch_elsewhere,
    give_coupon,
    judge_complaint,
    mark_lost,
    send_again,
)
from server.actions.cases import (
    Complaint,
    TakenDown,
    case_counts,
    case_page,
    claim_case,
    close_case,
    complain,
    hand_back_case,
    list_cases,
    note_in_case,
    post_to_case,
    take_down_case,
)
from server.actions.notices import put_up_notice, shown_notices, take_down_notice
from server.actions.order_review import approve_order, refuse_order, review_page
from server.actions.order_views import order_story
from server.domain.cases import Case, CaseState, Channel
from server.domain.errors import Conflict, Invalid, NotAllowed, NotFound, Refusal
from server.domain.forms import Form
from server.domain.loan_fold import OrderState
from server.domain.loan_rows import LoanOrder
from server.domain.loans import House, Stage
from server.domain.permissions import Actor, Grant, Role, ScopeKind
from server.store.accounts import add_grant
from server.store.cases import case_by_id
from server.store.coupons import coupons_for
from tests.server.loans.conftest import Loans


async def actor(loans: Loans, name: str) -> Actor:
    return await resolve_actor(loans.town.ctx, cookie=loans.town.people[name].cookie)


async def complained(
    loans: Loans, order: LoanOrder, text: str = "书还没有到", kind: str = "question"
) -> Case:
    reader = await actor(loans, "reader")
    return await complain(loans.town.ctx, reader, Complaint(f"press-{text}", text, kind, order.id))


async def second_agent(loans: Loans) -> Actor:
    """Another of the staff becomes a support agent."""
    ctx, person = loans.town.ctx, loans.town.people["mei"]
    async with ctx.transaction() as tx:
        grant = Grant(Role.SUPPORT_AGENT, ScopeKind.ALLIANCE)
        await add_grant(tx, person.id, grant, grant_id=ctx.ids.new(), by="", at=ctx.clock.now())
    return await actor(loans, "mei")


async def seen(loans: Loans, case: Case) -> Case:
    kept = await case_by_id(loans.town.ctx.db.read, case.id)
    assert kept is not None
    return kept


async def test_pressed_twice_a_complaint_opens_one_case(loans: Loans) -> None:
    order = await loans.order(1)
    reader = await actor(loans, "reader")
    wanted = Complaint("one-press", "书皮破了", "complaint", order.id)
    first, second = await asyncio.gather(*(complain(loans.town.ctx, reader, wanted) for _ in range(2)))
    assert first.id == second.id
    assert await loans.one("SELECT count(*) FROM support_case") == 1
    assert await loans.one("SELECT count(*) FROM case_message") == 1


async def test_nobody_complains_about_somebody_elses_order(loans: Loans) -> None:
    order = await loans.order(1)
    with pytest.raises(NotFound, match="order_not_found"):
        await complain(loans.town.ctx, await actor(loans, "wu"), Complaint("p", "?", "question", order.id))
    case = await complained(loans, order)
    with pytest.raises(NotFound, match="case_not_found"):
        await case_page(loans.town.ctx, await actor(loans, "wu"), case.id)
    with pytest.raises(NotAllowed):
        await claim_case(loans.town.ctx, await actor(loans, "manager"), case.id)


async def test_of_two_agents_one_gets_the_case(loans: Loans) -> None:
    case = await complained(loans, await loans.order(1))
    agents = [await actor(loans, "agent"), await second_agent(loans)]
    took = await asyncio.gather(
        *(claim_case(loans.town.ctx, agent, case.id) for agent in agents), return_exceptions=True
    )
    assert sorted(type(each).__name__ for each in took) == ["Case", "Conflict"]
    late = agents[1] if isinstance(took[1], Refusal) else agents[0]
    with pytest.raises(NotAllowed, match="case_held"):
        await post_to_case(loans.town.ctx, late, case.id, client_id="a", text="您好")


async def test_a_reply_stops_the_clock_and_one_that_comes_too_late_is_counted_once(loans: Loans) -> None:
    ctx, agent, reader = loans.town.ctx, await actor(loans, "agent"), await actor(loans, "reader")
    case = await complained(loans, await loans.order(1))
    assert case.reply_due_at and case.waiting_since_at
    assert case.reply_due_at - case.waiting_since_at == timedelta(hours=24), "no relief on holidays (R-ANS.6)"
    await claim_case(ctx, agent, case.id)
    await loans.later(hours=23)
    await post_to_case(ctx, agent, case.id, client_id="1", text="正在查")
    assert ((await seen(loans, case)).reply_due_at, (await seen(loans, case)).missed) == (None, 0)
    await post_to_case(ctx, reader, case.id, client_id="2", text="查到了吗？")
    waiting = (await case_page(ctx, agent, case.id)).case.reply_due_at
    await loans.later(hours=2)
    await post_to_case(ctx, reader, case.id, client_id="3", text="还在吗？")
    assert (await seen(loans, case)).reply_due_at == waiting, "the oldest unanswered message counts"
    await loans.later(hours=30)
    assert (await seen(loans, case)).missed == 1
    await loans.later(hours=30)
    await post_to_case(ctx, agent, case.id, client_id="4", text="抱歉，让您久等了")
    assert (await seen(loans, case)).missed == 1
    assert (await loans.mails()).count("case_missed_manager") == 1
    assert (await loans.mails()).count("case_reply") == 2


async def test_what_staff_note_leaves_no_trace_with_the_reader(loans: Loans) -> None:
    ctx, agent, reader = loans.town.ctx, await actor(loans, "agent"), await actor(loans, "reader")
    case = await complained(loans, await loans.order(1))
    await claim_case(ctx, agent, case.id)
    await note_in_case(ctx, agent, case.id, client_id="n", text="读者很急")
    await post_to_case(ctx, agent, case.id, client_id="1", text="您好")
    theirs = (await case_page(ctx, reader, case.id)).lines
    assert [(line.number, line.text) for line in theirs] == [(1, "书还没有到"), (2, "您好")]
    ours = (await case_page(ctx, agent, case.id)).lines
    assert [line.number for line in ours] == [1, -1, -2, 2]


async def test_a_message_sent_again_is_kept_once(loans: Loans) -> None:
    ctx, reader = loans.town.ctx, await actor(loans, "reader")
    case = await complained(loans, await loans.order(1))
    lines = await asyncio.gather(
        *(post_to_case(ctx, reader, case.id, client_id="same", text="还有一本") for _ in range(3))
    )
    assert {line.number for line in lines} == {2}


async def test_what_an_agent_does_for_the_reader_keeps_to_the_orders_stages(loans: Loans) -> None:
    ctx, agent = loans.town.ctx, await actor(loans, "agent")
    await loans.item(1, "stack")
    await loans.item(1, "stack")  # of the very machine that stands
    elsewhere = await loans.item(1, "store")
    order = await loans.order(1)
    await loans.tell(order.id, House.APPROVED)
    case = await complained(loans, order, "取书太慢", "complaint")
    line = (await loans.lines(order.id))[0]
    deed = Deed("设备故障", (line.id,))
    with pytest.raises(Conflict, match="case_not_claimed"):
        await fetch_elsewhere(ctx, agent, case.id, deed)
    await claim_case(ctx, agent, case.id)
    for wrong in (Deed(" ", (line.id,)), Deed("设备故障")):
        with pytest.raises(Invalid):
            await fetch_elsewhere(ctx, agent, case.id, wrong)
    await fetch_elsewhere(ctx, agent, case.id, deed)
    moved = (await loans.lines(order.id))[0]
    assert (moved.state, moved.item_id) == (Stage.TO_PICK, elsewhere)
    with pytest.raises(Conflict, match="loan_stage"):
        await send_again(ctx, agent, case.id, deed)
    await loans.tell(order.id, House.PICKED, line.id)
    await mark_lost(ctx, agent, case.id, deed)
    assert (await loans.lines(order.id))[0].state is Stage.LOST
    await send_again(ctx, agent, case.id, deed)
    coupon = await give_coupon(ctx, agent, case.id, cents=0, reason="向您致歉")
    reader = loans.town.people["reader"].id
    offered = await coupons_for(
        ctx.db.read, reader, group="", library_id=loans.town.libraries["home"], now=ctx.clock.now()
    )
    assert [each.code for each in offered] == [coupon.code]
    await judge_complaint(ctx, agent, case.id, confirmed=True, fault_store_id=loans.stores["stack"])
    kept = await seen(loans, case)
    assert (kept.confirmed, kept.fault_store_id) == (True, loans.stores["stack"])
    verbs = [row["verb"] for row in await ctx.db.read.rows("SELECT verb FROM audit_entry ORDER BY at, id")]
    assert {"case.elsewhere", "case.lost", "case.sent_again", "case.coupon", "case.judge"} <= set(verbs)
    story = await order_story(ctx, agent, order.id)
    assert [event.number for event in story.events] == list(range(1, len(story.events) + 1))
    assert story.cases[0].id == case.id


async def test_a_copy_is_not_given_up_where_there_is_no_other(loans: Loans) -> None:
    ctx, agent = loans.town.ctx, await actor(loans, "agent")
    await loans.item(1, "store")
    order = await loans.order(1)
    await loans.tell(order.id, House.APPROVED)
    case = await complained(loans, order, "取书太慢", "complaint")
    await claim_case(ctx, agent, case.id)
    line = (await loans.lines(order.id))[0]
    with pytest.raises(Conflict, match="no_other_copy"):
        await fetch_elsewhere(ctx, agent, case.id, Deed("闭馆", (line.id,)))
    assert (await loans.lines(order.id))[0].state is Stage.TO_PICK
    await loans.item(1, "stack")
    await fetch_elsewhere(ctx, agent, case.id, Deed("闭馆", (line.id,)))
    assert (await loans.lines(order.id))[0].state is Stage.REQUESTED
    with pytest.raises(Conflict, match="no_other_copy"):  # the only other one was had before
        await fetch_elsewhere(ctx, agent, case.id, Deed("设备检修", (line.id,)))
    assert (await loans.lines(order.id))[0].state is Stage.REQUESTED


async def test_lists_of_orders_and_cases_move_before_the_eyes_of_managers_and_of_no_reader(
    loans: Loans,
) -> None:
    people = loans.town.people
    async with loans.town.socket(people["manager"], topics={"cases": 0, "review": 0}) as line:
        await line.hear("subbed")
        await line.hear("subbed")
        order = await loans.order(1)
        assert (await line.hear("review"))["order"] == order.id
        case = await complained(loans, order)
        assert (await line.hear("cases"))["case"] == case.id
    for topic in ("cases", "review"):
        async with loans.town.socket(people["reader"], topics={topic: 0}) as line:
            assert (await line.hear("err"))["code"] == "topic_not_found"


async def test_managers_see_the_cases_of_their_libraries(loans: Loans) -> None:
    ctx, agent = loans.town.ctx, await actor(loans, "agent")
    case = await complained(loans, await loans.order(1), "取书太慢", "complaint")

    def manager(library: str) -> Actor:
        grant = Grant(Role.MANAGER, ScopeKind.LIBRARY, loans.town.libraries[library])
        return replace(agent, account_id="m", grants=frozenset({grant}))

    assert [each.id for each in await list_cases(ctx, manager("home"), "waiting")] == [case.id]
    assert (await case_counts(ctx, manager("home")))["open"] == 1
    assert await list_cases(ctx, manager("other"), "waiting") == []
    assert (await case_counts(ctx, manager("other")))["open"] == 0
    with pytest.raises(NotAllowed):
        await claim_case(ctx, manager("home"), case.id)


async def test_an_order_that_does_not_leave_opens_its_case_and_tells_the_reader(loans: Loans) -> None:
    agent, reader = await actor(loans, "agent"), await actor(loans, "reader")
    order = await loans.order(7)
    await loans.tell(order.id, House.APPROVED)
    await loans.item(7, "store")
    await loans.later(minutes=16)
    assert (await loans.lines(order.id))[0].state is Stage.TO_PICK
    await loans.later(hours=25)
    await loans.later(hours=25)
    cases = await list_cases(loans.town.ctx, agent, "all")
    assert [(case.kind, case.channel, case.order_id) for case in cases] == [
        ("late", Channel.SYSTEM, order.id)
    ]
    assert (await loans.mails()).count("case_found") == 1
    page = await case_page(loans.town.ctx, reader, cases[0].id)
    assert [line.author_kind for line in page.lines] == ["system"]


async def test_a_machine_that_comes_to_no_end_opens_its_case(loans: Loans) -> None:
    await loans.item(1, "stack")
    order = await loans.order(1)
    await loans.tell(order.id, House.APPROVED)
    line = (await loans.lines(order.id))[0]
    await loans.machine(order.id, "accepted", line.command_id, 1)
    await loans.later(minutes=21)
    cases = await list_cases(loans.town.ctx, await actor(loans, "agent"), "all", "stuck")
    assert [(case.order_id, case.line_id) for case in cases] == [(order.id, line.id)]


async def test_a_case_that_is_closed_is_open_again_when_its_reader_writes(loans: Loans) -> None:
    ctx, agent, reader = loans.town.ctx, await actor(loans, "agent"), await actor(loans, "reader")
    case = await complained(loans, await loans.order(1))
    await claim_case(ctx, agent, case.id)
    closed = await close_case(ctx, agent, case.id, outcome="已重新寄出")
    assert (closed.state, closed.reply_due_at) == (CaseState.CLOSED, None)
    await post_to_case(ctx, reader, case.id, client_id="x", text="还是没有收到")
    again = await seen(loans, case)
    assert (again.state, again.holder_id) == (CaseState.CLAIMED, agent.account_id)
    await hand_back_case(ctx, agent, case.id, "换班")
    assert (await seen(loans, case)).state is CaseState.OPEN


async def test_what_was_said_on_the_phone_is_a_case_of_its_order(loans: Loans) -> None:
    ctx, agent = loans.town.ctx, await actor(loans, "agent")
    with pytest.raises(Invalid, match="order_number_unknown"):
        await take_down_case(ctx, agent, TakenDown("c1", "电话说书错了", "wrong_item", "12345"))
    case = await take_down_case(ctx, agent, TakenDown("c2", "电话说书错了", "wrong_item"))
    assert (case.channel, case.state, case.holder_id) == ("phone", "claimed", agent.account_id)


async def test_a_manager_reviews_orders_and_the_reason_is_kept(loans: Loans) -> None:
    ctx, manager = loans.town.ctx, await actor(loans, "manager")
    await loans.item(1, "store")
    first, second = await loans.order(1), await loans.order(2)
    page = await review_page(ctx, manager, "review")
    assert [order.id for order in page.orders] == [first.id, second.id]
    assert (await review_page(ctx, await actor(loans, "far_manager"), "review")).orders == []
    await approve_order(ctx, manager, first.id)
    with pytest.raises(Conflict, match="loan_stage"):
        await approve_order(ctx, manager, first.id)
    with pytest.raises(Invalid):
        await refuse_order(ctx, manager, second.id, "  ")
    await refuse_order(ctx, manager, second.id, "请先归还逾期图书")
    kept = await loans.now(second.id)
    assert (kept.state, kept.reason) == (OrderState.REFUSED, "请先归还逾期图书")
    with pytest.raises(NotFound):
        await approve_order(ctx, await actor(loans, "far_manager"), second.id)
    found = await review_page(ctx, manager, "all", search="李读")
    assert {order.id for order in found.orders} == {first.id, second.id}


async def test_a_suspension_is_shown_until_it_is_taken_down(loans: Loans) -> None:
    ctx, manager, reader = loans.town.ctx, await actor(loans, "manager"), await actor(loans, "reader")
    form = Form({"kind": "suspension", "title_zh": "暂停借阅", "stops_orders": "on"})
    with pytest.raises(NotAllowed):
        await put_up_notice(ctx, manager, "", form)
    notice = await put_up_notice(ctx, manager, loans.town.libraries["home"], form)
    assert [told.stops for told in await shown_notices(ctx, reader)] == [True]
    assert not await shown_notices(ctx, await actor(loans, "wu"))
    await take_down_notice(ctx, manager, notice.id)
    assert not await shown_notices(ctx, reader)
