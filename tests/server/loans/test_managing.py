"""What managers keep of the loan service: stores, coupons, times, notices, suggestions, readers' cards."""

from datetime import timedelta

import pytest

from server.actions.accounts import resolve_actor
from server.actions.borrowers import borrower_page, find_borrowers
from server.actions.case_deeds import give_coupon
from server.actions.case_letters import Letter, write_to_reader
from server.actions.case_talks import talked_of
from server.actions.cases import TakenDown, claim_case, post_to_case, take_down_case
from server.actions.loan_offers import add_coupon, add_slots, edit_coupon, edit_slot, kept_coupons, kept_times
from server.actions.notices import change_notice, put_up_notice, shown_notices
from server.actions.order_views import event_words, order_story
from server.actions.stores import change_store, kept_stores, machine_of, open_store, set_store_open
from server.actions.suggestions import answer_suggestion, forward_suggestion, kept_suggestions
from server.domain.errors import Conflict, Invalid, NotAllowed, NotFound
from server.domain.events import NoticesChanged
from server.domain.forms import Form, FormRefused
from server.domain.loans import House, Stage
from server.domain.order_numbers import order_number
from server.domain.permissions import Actor
from server.store.policies import loan_policy_at
from server.store.told import keep_suggestion
from tests.server.loans.conftest import Loans
from tests.server.loans.test_cases import complained

STORE = {"code": "east", "name_zh": "东区书库", "kind": "smart", "tier": "district", "driver": "simulator"}
COUPON = {
    "code": "read",
    "name_zh": "读书月",
    "amount": "3.00",
    "quota": "2",
    "from": "2026-11-01",
    "until": "2026-11-30",
}


async def actor(loans: Loans, name: str) -> Actor:
    return await resolve_actor(loans.town.ctx, cookie=loans.town.people[name].cookie)


async def test_a_manager_gives_the_work_of_one_store_and_takes_it_again(loans: Loans) -> None:
    """Once no page could: stores asked for the role, and only tests and seeds could give it."""
    lin, store, other = loans.town.people["lin"], loans.stores["store"], loans.stores["stack"]
    here = f"/manage/staff/{lin.id}"
    role = {"role": "store_keeper", "scope": "store", "store": store}

    async def says(name: str, path: str, **fields: str) -> int:
        answer = await loans.town.people[name].http.post(f"{here}/roles{path}", data=fields)
        return answer.status_code

    async def stores_of_lin() -> list[str]:
        return [each["id"] for each in (await lin.http.get("/api/stores")).json().get("stores", [])]

    assert await says("far_manager", "", **role) == 404
    assert await says("manager", "", **{**role, "role": "librarian"}) == 422
    assert await says("manager", "", **{**role, "store": "01nowhere"}) == 422
    assert await stores_of_lin() == []
    assert await says("manager", "", **role) == 303
    assert await stores_of_lin() == [store] and other != store
    page = (await loans.town.people["manager"].http.get(f"{here}?lang=zh")).text
    assert "普通书库" in page and "只在所选书库" in page
    assert await says("manager", "/remove", **role) == 303
    assert await stores_of_lin() == []


async def test_a_store_is_opened_changed_and_closed(loans: Loans) -> None:
    ctx, manager, home = loans.town.ctx, await actor(loans, "manager"), loans.town.libraries["home"]
    store = await open_store(ctx, manager, home, Form(STORE))
    machine = await machine_of(ctx, store)
    assert machine is not None and machine.driver == "simulator"
    with pytest.raises(Conflict, match="store_code_taken"):
        await open_store(ctx, manager, home, Form(STORE))
    with pytest.raises(FormRefused):
        await open_store(ctx, manager, home, Form({"kind": "smart"}))
    wrong = {"code": "w" * 21, "driver": "homemade", "device": "D" * 121, "device_address": "a" * 201}
    with pytest.raises(FormRefused) as refused:
        await open_store(ctx, manager, home, Form(STORE | wrong))
    assert {problem.field for problem in refused.value.problems} == set(wrong)
    with pytest.raises(NotFound):
        await open_store(ctx, manager, loans.town.libraries["other"], Form(STORE | {"code": "west"}))
    with pytest.raises(NotFound):
        await change_store(ctx, await actor(loans, "far_manager"), store.id, Form(STORE))
    changed = await change_store(ctx, manager, store.id, Form(STORE | {"name_zh": "东区立体书库"}))
    assert (changed.name_zh, changed.active) == ("东区立体书库", True)
    await set_store_open(ctx, manager, store.id, is_open=False)
    assert {each.code: each.active for each in await kept_stores(ctx, manager)}["east"] is False


async def test_nothing_is_taken_from_a_closed_store(loans: Loans) -> None:
    await loans.item(1, "stack")
    kept = await loans.item(1, "store")
    await set_store_open(loans.town.ctx, await actor(loans, "manager"), loans.stores["stack"], is_open=False)
    order = await loans.order(1)
    await loans.tell(order.id, House.APPROVED)
    line = (await loans.lines(order.id))[0]
    assert (line.state, line.item_id) == (Stage.TO_PICK, kept)


async def test_money_is_filled_in_in_yuan_and_kept_in_cents(loans: Loans) -> None:
    """As amounts stand everywhere else; three decimals, letters and debts are refused beside the field."""
    ctx, town = loans.town.ctx, loans.town

    async def sent(who: str, path: str, **fields: str) -> str:
        answer = await town.people[who].http.post(path, data={"csrf": town.people[who].csrf} | fields)
        assert answer.status_code in (303, 422), answer.text
        return answer.text

    wanted = COUPON | {"library": town.libraries["home"]}
    for wrong in ("3.001", "三元", "-3"):
        assert "两位小数" in await sent("manager", "/manage/coupons", **(wanted | {"amount": wrong}))
    await sent("manager", "/manage/coupons", **(wanted | {"amount": "3.5"}))
    (coupon,) = await kept_coupons(ctx, await actor(loans, "manager"))
    assert coupon.cents == 350
    assert 'value="3.50"' in (await town.people["manager"].http.get("/manage/coupons")).text
    price = {"name": "postage_cents", "library": ""}
    assert "100000.00" in await sent("duty_manager", "/manage/policies", value="6.005", **price)
    await sent("duty_manager", "/manage/policies", value="6.00", **price)
    assert (await loan_policy_at(ctx.db.read, "", ctx.clock.now())).postage_cents == 600
    assert "¥6.00" in (await town.people["duty_manager"].http.get("/manage/policies")).text
    agent, case = await actor(loans, "agent"), await complained(loans, await loans.order(1))
    await claim_case(ctx, agent, case.id)
    door = f"/console/cases/{case.id}/coupon"
    assert "两位小数" in await sent("agent", door, amount="1.999", reason="致歉")
    await sent("agent", door, amount="2.00", reason="致歉")
    assert await loans.one("SELECT cents FROM coupon WHERE reader_id <> ''") == 200


async def test_a_coupon_belongs_to_who_keeps_its_library(loans: Loans) -> None:
    ctx, manager, home = loans.town.ctx, await actor(loans, "manager"), loans.town.libraries["home"]
    coupon = await add_coupon(ctx, manager, home, Form(COUPON))
    assert (coupon.code, coupon.valid_until - coupon.valid_from) == ("READ", timedelta(days=30))
    with pytest.raises(Conflict, match="coupon_code_taken"):
        await add_coupon(ctx, manager, home, Form(COUPON))
    with pytest.raises(NotAllowed):
        await add_coupon(ctx, manager, "", Form(COUPON | {"code": "all"}))
    with pytest.raises(FormRefused):
        await add_coupon(ctx, manager, home, Form(COUPON | {"code": "x", "from": "2026-12-01"}))
    with pytest.raises(NotFound):
        await edit_coupon(ctx, await actor(loans, "far_manager"), coupon.id, Form(COUPON))
    await edit_coupon(ctx, manager, coupon.id, Form(COUPON | {"quota": "5"}))
    assert [(each.code, each.quota) for each in await kept_coupons(ctx, manager)] == [("READ", 5)]


async def test_times_are_offered_by_weekday(loans: Loans) -> None:
    ctx, manager, home = loans.town.ctx, await actor(loans, "manager"), loans.town.libraries["home"]
    times = {"way": "collection", "place": "一楼大厅", "opens": "9:00", "closes": "20:30", "capacity": "10"}
    slots = await add_slots(ctx, manager, home, Form(times), ["5", "6", "x"])
    assert [(slot.weekday, slot.clock) for slot in slots] == [(5, "9:00–20:30"), (6, "9:00–20:30")]
    for wrong in ({"closes": "8:00"}, {"opens": "25:00"}, {"place": ""}, {"capacity": "0"}):
        with pytest.raises(FormRefused):
            await add_slots(ctx, manager, home, Form(times | wrong), ["1"])
    with pytest.raises(FormRefused):
        await add_slots(ctx, manager, home, Form(times), [])
    await edit_slot(ctx, manager, slots[0].id, Form({"capacity": "3"}))
    assert [(kept.slot.capacity, kept.active) for kept in await kept_times(ctx, manager)] == [
        (3, False),
        (10, True),
    ]


async def test_a_suspension_that_begins_later_is_told_when_it_begins_and_ends(loans: Loans) -> None:
    ctx, manager, home = loans.town.ctx, await actor(loans, "manager"), loans.town.libraries["home"]
    reader = await actor(loans, "reader")
    told: list[object] = []
    before = ctx.announce
    object.__setattr__(ctx, "announce", lambda event: (told.append(event), before(event)))
    begins, ends = ctx.clock.now() + timedelta(hours=2), ctx.clock.now() + timedelta(hours=3)
    form = {"kind": "suspension", "title_zh": "检修", "from": begins.isoformat(), "until": ends.isoformat()}
    notice = await put_up_notice(ctx, manager, home, Form(form))
    assert not await shown_notices(ctx, reader)
    shown = []
    for _ in range(2):
        told.clear()
        await loans.later(hours=1, minutes=2)
        await loans.later(minutes=58)
        shown.append((len(await shown_notices(ctx, reader)), NoticesChanged() in told))
    assert shown == [(1, True), (0, True)]
    with pytest.raises(FormRefused):
        await change_notice(ctx, manager, notice.id, Form(form | {"until": begins.isoformat()}))


async def test_a_suggestion_is_forwarded_and_answered_once(loans: Loans) -> None:
    ctx, manager, home = loans.town.ctx, await actor(loans, "manager"), loans.town.libraries["home"]
    reader = loans.town.people["reader"].id
    async with ctx.transaction() as tx:
        await keep_suggestion(
            tx, "s1", "p1", reader_id=reader, library_id=home, text="周末送书", at=ctx.clock.now()
        )
    with pytest.raises(NotFound):
        await answer_suggestion(ctx, await actor(loans, "far_manager"), "s1", "好")
    with pytest.raises(Invalid):
        await forward_suggestion(ctx, manager, "s1", to="nobody", note="")
    await forward_suggestion(ctx, manager, "s1", to="main@library.test", note="请看")
    await answer_suggestion(ctx, manager, "s1", "已安排")
    with pytest.raises(Conflict, match="suggestion_answered"):
        await answer_suggestion(ctx, manager, "s1", "再答")
    assert [each.answer for each in await kept_suggestions(ctx, manager, "answered")] == ["已安排"]
    assert await loans.mails() == ["suggestion_forward", "suggestion_answer"]


async def test_readers_are_found_by_who_keeps_their_cards(loans: Loans) -> None:
    ctx, manager = loans.town.ctx, await actor(loans, "manager")
    await loans.order(1)
    found = await find_borrowers(ctx, manager, "READER")
    assert [(account.name, card.kind) for account, card in found] == [("Reader", "city")]
    assert len((await borrower_page(ctx, manager, found[0][0].id)).orders) == 1
    far = await actor(loans, "far_manager")
    assert await find_borrowers(ctx, far, "reader") == []
    assert await find_borrowers(ctx, manager, "%") == []
    with pytest.raises(NotFound):
        await borrower_page(ctx, far, found[0][0].id)


async def test_a_manager_writes_to_the_reader_of_an_order_and_the_talk_is_theirs(loans: Loans) -> None:
    ctx, manager, reader = loans.town.ctx, await actor(loans, "manager"), await actor(loans, "reader")
    order = await loans.order(1)
    letter = Letter("w", "请问可以换成平装本吗？", order.id)
    first, second = [await write_to_reader(ctx, manager, letter) for _ in range(2)]
    assert (first.id, first.holder_id, first.reply_due_at) == (second.id, manager.account_id, None)
    assert (await loans.mails()).count("case_reply") == 1
    await post_to_case(ctx, reader, first.id, client_id="a", text="可以")
    await post_to_case(ctx, manager, first.id, client_id="b", text="谢谢")
    with pytest.raises(NotAllowed):
        await give_coupon(ctx, manager, first.id, cents=0, reason="谢谢")
    for name in ("far_manager", "keeper", "wu"):
        with pytest.raises((NotFound, NotAllowed)):
            await write_to_reader(ctx, await actor(loans, name), letter)
        with pytest.raises((NotFound, NotAllowed)):
            await write_to_reader(ctx, await actor(loans, name), Letter("x", "?", "", reader.account_id))
    await write_to_reader(ctx, manager, Letter("y", "您的卡已升级", "", reader.account_id))
    assert await loans.one("SELECT count(*) FROM support_case") == 2


async def test_a_live_talk_becomes_one_case_of_the_order_it_names(loans: Loans) -> None:
    ctx, agent = loans.town.ctx, await actor(loans, "agent")
    order = await loans.order(1)
    number = order_number(ctx.clock.now().date(), "K7Q4")
    asked = await loans.town.ask(f"订单 {number[:6]} {number[6:].lower()} 还没有到", topic="order")
    async with ctx.transaction() as tx:  # nobody routes conversations in this town
        await tx.execute("UPDATE loan_order SET number = $2 WHERE id = $1", order.id, number)
        await tx.execute("UPDATE chat_session SET staff_id = $1, state = 'active'", agent.account_id)
    talked = await talked_of(ctx, agent, asked.session)
    assert (talked.order_number, talked.case) == (number, None)
    wanted = TakenDown("c", talked.text, "complaint", talked.order_number, asked.session)
    case = await take_down_case(ctx, agent, wanted)
    again = await take_down_case(ctx, agent, TakenDown("d", "again", session_id=asked.session))
    assert (case.channel, case.order_id, again.id) == ("widget", order.id, case.id)
    for session, name in (("unknown", "agent"), (asked.session, "operator")):
        with pytest.raises((NotFound, NotAllowed)):
            await talked_of(ctx, await actor(loans, name), session)


async def test_the_story_says_everything_in_both_languages_and_readers_get_its_public_part(
    loans: Loans,
) -> None:
    await loans.item(1, "stack")
    order = await loans.order(1, 2)
    await loans.tell(order.id, House.APPROVED)
    line = (await loans.lines(order.id))[0]
    await loans.machine(order.id, "moving", line.command_id, 1, place="A1")
    await loans.machine(order.id, "failed", line.command_id, 2, code="E7")
    whole = await order_story(loans.town.ctx, await actor(loans, "agent"), order.id)
    public = await order_story(loans.town.ctx, await actor(loans, "reader"), order.id)
    assert [event.number for event in whole.events] == list(range(1, len(whole.events) + 1))
    assert {event.kind for event in whole.events} - {event.kind for event in public.events} == {"shortage"}
    for event in whole.events:
        for language in ("zh", "en"):
            words = event_words(event, language)
            assert words and "{" not in words and "story." not in words, event.kind
    with pytest.raises(NotFound):
        await order_story(loans.town.ctx, await actor(loans, "wu"), order.id)
