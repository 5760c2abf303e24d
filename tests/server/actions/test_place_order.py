"""Orders placed: what they take and give back, what bars them, and races over the last of anything."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import pytest

from server.actions.addresses import keep_address
from server.actions.cards import set_card
from server.actions.carts import drop_title, keep_title, show_cart
from server.actions.loan_catalogue import (
    browse,
    class_new_titles,
    classes,
    new_books,
    search_titles,
    title_page,
)
from server.actions.my_orders import my_orders
from server.actions.order_wishes import Return, book_return, cancel_lines, cancel_return, renew_line
from server.actions.orders import Fact, tell
from server.actions.place_order import Wanted, place_order
from server.actions.slots import order_step
from server.domain.errors import Conflict, Invalid, NotAllowed, NotFound, Refusal, TooMany
from server.domain.forms import Form
from server.domain.lending import List
from server.domain.loan_fold import OrderState
from server.domain.loan_rows import LoanOrder
from server.domain.loans import House, Stage
from server.domain.permissions import Actor, Role
from server.domain.search_words import Search
from server.store.cards import card_of
from server.store.dues import Due
from server.store.orders import lines_of, order_by_id
from tests.loan_day import ADDRESS, BACK, TO_READER, walk
from tests.server.actions.conftest import Alliance
from tests.shelves import ONE_ONLY, Shelves, add_coupon, add_notice, add_slots, stock


@dataclass
class Shop:
    """An alliance with books to lend and a reader with an address."""

    alliance: Alliance
    shelves: Shelves
    reader: Actor
    address: str

    def wanted(self, *titles: str, press: str = "p1", way: str = "delivery", **more: str) -> Wanted:
        ids = tuple(self.shelves.records[title] for title in titles)
        return Wanted(press, ids, way, address_id=self.address, **more)

    async def order(self, *titles: str, **more: str) -> LoanOrder:
        return await place_order(self.alliance.ctx, self.reader, self.wanted(*titles, **more))

    async def held(self, reader: Actor | None = None) -> int:
        return (await card_of(self.alliance.ctx.db.read, (reader or self.reader).account_id)).held

    async def state(self, order: LoanOrder) -> OrderState:
        found = await order_by_id(self.alliance.ctx.db.read, order.id)
        assert found is not None
        return found.state

    async def count(self, sql: str, *values: object) -> int:
        row = await self.alliance.ctx.db.read.row(sql, *values)
        return int(row["n"]) if row else 0


@pytest.fixture
async def shop(alliance: Alliance) -> Shop:
    shelves = await stock(alliance.ctx, alliance.libraries["home"])
    reader = await alliance.actor("wang", library="home")
    address = await keep_address(alliance.ctx, reader, Form(ADDRESS))
    return Shop(alliance, shelves, reader, address.id)


async def outcomes(shop: Shop, calls: Sequence[tuple[Actor, Wanted]]) -> list[str]:
    """What becomes of orders placed at once: ``ok``, or the refusal's code."""

    async def one(actor: Actor, wanted: Wanted) -> str:
        try:
            await place_order(shop.alliance.ctx, actor, wanted)
        except Refusal as refusal:
            return refusal.code
        return "ok"

    return sorted(await asyncio.gather(*(one(actor, wanted) for actor, wanted in calls)))


async def neighbour(shop: Shop, name: str) -> tuple[Actor, str]:
    actor = await shop.alliance.actor(name, library="home")
    return actor, (await keep_address(shop.alliance.ctx, actor, Form(ADDRESS))).id


async def test_an_order_is_approved_by_rule_and_its_copies_are_promised(shop: Shop) -> None:
    order = await shop.order("红楼梦", "时间简史")
    assert (order.state, order.why_review, order.postage_cents) == (OrderState.FETCHING, "", 500)
    assert len(order.number) == 11 and order.dispatch_due_at == shop.alliance.clock.now() + timedelta(
        hours=24
    )
    assert (order.name, order.address) == ("王奶奶", "深圳市福田区 福中路 1 号 3 栋")
    assert await shop.held() == 2
    lines = (await lines_of(shop.alliance.ctx.db.read, [order.id]))[order.id]
    assert [line.state for line in lines] == [Stage.TO_PICK, Stage.TO_PICK]
    title = (await title_page(shop.alliance.ctx, shop.reader, shop.shelves.records["红楼梦"])).title
    assert (title.copies.free, title.copies.whole) == (1, 2)


async def test_a_press_orders_once_however_often_and_at_once(shop: Shop) -> None:
    again = await asyncio.gather(*(shop.order("红楼梦") for _ in range(4)))
    assert len({order.id for order in again}) == 1
    assert await shop.held() == 1


async def test_what_is_ordered_leaves_the_cart_and_the_rest_stays(shop: Shop) -> None:
    for title in ("红楼梦", "时间简史"):
        await keep_title(shop.alliance.ctx, shop.reader, shop.shelves.records[title], List.CART)
    await shop.order("红楼梦")
    cart = await show_cart(shop.alliance.ctx, shop.reader)
    assert [title.record.title for title in cart.cart] == ["时间简史"]


async def test_a_card_takes_five_and_a_city_card_ten(shop: Shop) -> None:
    names = list(shop.shelves.records)
    with pytest.raises(TooMany, match="card_full"):
        await shop.order(*names[:6])
    manager = await shop.alliance.actor("manager", shop.alliance.grant(Role.MANAGER, "home"), library="home")
    await set_card(
        shop.alliance.ctx, manager, shop.reader.account_id, Form({"kind": "city", "group": "elder"})
    )
    order = await shop.order(*names[:6])
    assert await shop.held() == 6
    far = await shop.alliance.actor("far", shop.alliance.grant(Role.MANAGER, "other"), library="other")
    with pytest.raises(NotAllowed):
        await set_card(shop.alliance.ctx, far, shop.reader.account_id, Form({"kind": "city"}))
    await cancel_lines(shop.alliance.ctx, shop.reader, order.id)
    assert await shop.held() == 0


async def test_a_barred_card_orders_nothing(shop: Shop) -> None:
    manager = await shop.alliance.actor("manager", shop.alliance.grant(Role.MANAGER, "home"), library="home")
    form = Form({"kind": "neighbourhood", "barred": "证件过期"})
    await set_card(shop.alliance.ctx, manager, shop.reader.account_id, form)
    with pytest.raises(NotAllowed, match="card_barred"):
        await shop.order("红楼梦")


async def test_a_suspension_stops_orders_and_nothing_else(shop: Shop) -> None:
    await add_notice(shop.alliance.ctx, "suspension", "台风停运", stops=True)
    with pytest.raises(Conflict, match="loans_suspended"):
        await shop.order("红楼梦")
    await keep_title(shop.alliance.ctx, shop.reader, shop.shelves.records["红楼梦"], List.CART)
    assert (await order_step(shop.alliance.ctx, shop.reader)).stopped is not None


async def test_overdue_books_bar_orders_until_they_are_back(shop: Shop) -> None:
    order = await shop.order("红楼梦", way="collection")
    await walk(shop.alliance.ctx, order.id)
    shop.alliance.clock.advance(timedelta(days=29))
    await shop.order("时间简史", press="p2", way="collection")
    shop.alliance.clock.advance(timedelta(days=3))
    with pytest.raises(Conflict, match="loans_overdue"):
        await shop.order("算法导论", press="p3")
    await walk(shop.alliance.ctx, order.id, BACK)
    await shop.order("算法导论", press="p3")


async def test_many_books_a_known_one_or_the_policy_go_to_people(shop: Shop) -> None:
    manager = await shop.alliance.actor("manager", shop.alliance.grant(Role.MANAGER, "home"), library="home")
    await set_card(shop.alliance.ctx, manager, shop.reader.account_id, Form({"kind": "city"}))
    titles = [name for name in shop.shelves.records if name != "无本可借"]
    many = await shop.order(*titles[:9])
    assert (many.state, many.why_review) == (OrderState.AWAITING_REVIEW, "many")
    await cancel_lines(shop.alliance.ctx, shop.reader, many.id)
    await shop.order("红楼梦", press="p2")
    twice = await shop.order("红楼梦", press="p3")
    assert (twice.state, twice.why_review) == (OrderState.AWAITING_REVIEW, "twice")


async def test_what_is_missing_in_an_order_is_said_by_field(shop: Shop) -> None:
    shelves, ctx = shop.shelves, shop.alliance.ctx
    await add_slots(ctx, shelves, shop.alliance.libraries["home"], "delivery")
    red = (shelves.records["红楼梦"],)
    for wanted, field in (
        (Wanted("p", (), "delivery"), "titles"),
        (Wanted("p", red, "carrier pigeon"), "way"),
        (Wanted("p", red, "delivery"), "address"),
        (Wanted("p", red, "delivery", address_id="somebody's"), "address"),
        (Wanted("p", red, "delivery", address_id=shop.address), "slot"),
        (Wanted("p", red, "delivery", address_id=shop.address, slot_id="x", day="2026-11-24"), "slot"),
        (Wanted("p", red, "collection", note="字" * 501), "note"),
        (Wanted("p", (10**9,), "collection"), "titles"),
        (Wanted("", red, "collection"), "client_id"),
    ):
        with pytest.raises(Invalid) as caught:
            await place_order(ctx, shop.reader, wanted)
        assert caught.value.field == field, wanted
    assert await shop.held() == 0
    assert await shop.count("SELECT COUNT(*) AS n FROM loan_order") == 0


async def test_coupons_waive_postage_once_and_come_back_with_a_cancelled_order(shop: Shop) -> None:
    coupon = await add_coupon(shop.alliance.ctx, "READ2026", quota=5)
    order = await shop.order("红楼梦", coupon_code="read2026")
    assert (order.postage_cents, order.coupon_id) == (0, coupon)
    with pytest.raises(Conflict, match="coupon_used"):
        await shop.order("时间简史", press="p2", coupon_code="READ2026")
    with pytest.raises(Invalid, match="coupon_unknown"):
        await shop.order("时间简史", press="p2", coupon_code="NOPE")
    await add_coupon(shop.alliance.ctx, "ELDER", group="elder")
    with pytest.raises(Invalid, match="coupon_not_yours"):
        await shop.order("时间简史", press="p2", coupon_code="ELDER")
    await cancel_lines(shop.alliance.ctx, shop.reader, order.id)
    assert await shop.count("SELECT used AS n FROM coupon WHERE id = $1", coupon) == 0
    again = await shop.order("时间简史", press="p3", coupon_code="READ2026")
    assert again.postage_cents == 0


async def test_a_cancelled_order_gives_everything_back(shop: Shop) -> None:
    ctx, shelves = shop.alliance.ctx, shop.shelves
    await add_slots(ctx, shelves, shop.alliance.libraries["home"], "delivery", capacity=1)
    first = (await order_step(ctx, shop.reader)).openings["delivery"][0]
    slot = {"slot_id": first.slot.id, "day": first.day.isoformat()}
    order = await shop.order("红楼梦", **slot)
    assert order.slot_text.endswith("9:00–12:00")
    with pytest.raises(Conflict, match="slot_full"):
        await shop.order("时间简史", press="p2", **slot)
    await cancel_lines(ctx, shop.reader, order.id, reason="不用了")
    assert (await shop.state(order), await shop.held()) == (OrderState.CANCELLED, 0)
    assert (await shop.order("时间简史", press="p3", **slot)).slot_id == first.slot.id


async def test_of_two_orders_at_once_the_card_takes_what_fits(shop: Shop) -> None:
    names = list(shop.shelves.records)
    calls = [(shop.reader, shop.wanted(*names[at : at + 2], press=f"p{at}")) for at in (0, 2, 4)]
    assert await outcomes(shop, calls) == ["card_full", "ok", "ok"]
    assert await shop.held() == 4


async def test_the_last_place_of_a_slot_goes_to_one(shop: Shop) -> None:
    ctx = shop.alliance.ctx
    await add_slots(ctx, shop.shelves, shop.alliance.libraries["home"], "delivery", capacity=2)
    first = (await order_step(ctx, shop.reader)).openings["delivery"][0]
    calls = []
    for at, title in enumerate(("红楼梦", "时间简史", "算法导论", "中国建筑史")):
        actor, address = await neighbour(shop, f"n{at}")
        wanted = Wanted(
            "p", (shop.shelves.records[title],), "delivery", address, first.slot.id, first.day.isoformat()
        )
        calls.append((actor, wanted))
    assert await outcomes(shop, calls) == ["ok", "ok", "slot_full", "slot_full"]
    assert await shop.count("SELECT taken AS n FROM slot_day") == 2


async def test_the_last_coupon_goes_to_one(shop: Shop) -> None:
    coupon, calls = await add_coupon(shop.alliance.ctx, "LAST", quota=1), []
    for at, title in enumerate(("红楼梦", "时间简史", "算法导论")):
        actor, address = await neighbour(shop, f"n{at}")
        wanted = Wanted("p", (shop.shelves.records[title],), "delivery", address, coupon_code="LAST")
        calls.append((actor, wanted))
    assert await outcomes(shop, calls) == ["coupon_gone", "coupon_gone", "ok"]
    assert await shop.count("SELECT used AS n FROM coupon WHERE id = $1", coupon) == 1
    assert await shop.count("SELECT COUNT(*) AS n FROM loan_order") == 1


async def test_the_last_copy_is_promised_once(shop: Shop) -> None:
    calls = []
    for name in ("n1", "n2", "n3"):
        actor, address = await neighbour(shop, name)
        calls.append((actor, Wanted("p", (shop.shelves.records[ONE_ONLY],), "delivery", address)))
    assert "ok" in await outcomes(shop, calls)
    assert await shop.count("SELECT COUNT(*) AS n FROM loan_line WHERE item_id <> ''") == 1
    assert await shop.count("SELECT COUNT(*) AS n FROM item WHERE state = 'reserved'") == 1


async def test_a_loan_is_renewed_once_unless_somebody_waits(shop: Shop) -> None:
    ctx = shop.alliance.ctx
    order = await shop.order(ONE_ONLY, way="collection")
    (line,) = (await lines_of(ctx.db.read, [order.id]))[order.id]
    with pytest.raises(Conflict, match="loan_stage"):
        await renew_line(ctx, shop.reader, order.id, line.id)
    await walk(ctx, order.id)
    other, _ = await neighbour(shop, "waits")
    await keep_title(ctx, other, line.record_id, List.ASKED)
    with pytest.raises(Conflict, match="renew_asked_for"):
        await renew_line(ctx, shop.reader, order.id, line.id)
    (mine,) = (await my_orders(ctx, shop.reader)).at_home
    assert mine.why_not == "renew_asked_for"
    await drop_title(ctx, other, line.record_id, List.ASKED)
    before = (await lines_of(ctx.db.read, [order.id]))[order.id][0].due_at
    presses = [renew_line(ctx, shop.reader, order.id, line.id) for _ in range(3)]
    done = await asyncio.gather(*presses, return_exceptions=True)
    assert sorted(type(each).__name__ for each in done) == ["Conflict", "Conflict", "NoneType"]
    (renewed,) = (await lines_of(ctx.db.read, [order.id]))[order.id]
    assert before is not None and renewed.due_at == before + timedelta(days=30)
    with pytest.raises(NotFound):
        await renew_line(ctx, other, order.id, line.id)


async def test_a_courier_fetches_books_and_the_reader_may_think_again(shop: Shop) -> None:
    ctx = shop.alliance.ctx
    order = await shop.order("红楼梦", ONE_ONLY, way="collection")
    await walk(ctx, order.id)
    wanted = Return((), shop.address, "2026-11-21/720")
    parcels = await book_return(ctx, shop.reader, order.id, wanted)
    assert len(parcels) == 2  # each book goes back to its own store
    assert all(parcel.waybill and "福中路" in parcel.pickup for parcel in parcels)
    assert await shop.state(order) is OrderState.RETURNING
    with pytest.raises(Conflict, match="loan_stage"):
        await book_return(ctx, shop.reader, order.id, wanted)
    lines = (await lines_of(ctx.db.read, [order.id]))[order.id]
    called_off = "SELECT COUNT(*) AS n FROM parcel WHERE state = 'cancelled'"
    await cancel_return(ctx, shop.reader, order.id, [lines[0].id])
    assert await shop.count(called_off) == 1  # the courier still comes for the other
    await cancel_return(ctx, shop.reader, order.id)
    assert (await shop.state(order), await shop.count(called_off)) == (OrderState.ON_LOAN, 2)
    with pytest.raises(Invalid, match="pickup_needed"):
        await book_return(ctx, shop.reader, order.id, Return((), shop.address, "yesterday"))
    await walk(ctx, order.id, BACK)
    assert (await shop.state(order), await shop.held()) == (OrderState.CLOSED, 0)
    assert [own.order.id for own in (await my_orders(ctx, shop.reader)).over] == [order.id]


async def test_who_asked_is_told_once_when_a_copy_is_back(shop: Shop) -> None:
    ctx = shop.alliance.ctx
    order = await shop.order(ONE_ONLY, way="collection")
    other, _ = await neighbour(shop, "waits")
    record = shop.shelves.records[ONE_ONLY]
    await keep_title(ctx, other, record, List.ASKED)
    await walk(ctx, order.id, (*TO_READER, *BACK))
    told = [mail for mail in await shop.alliance.mails() if mail.template == "loan_back"]
    assert [mail.recipient for mail in told] == [other.mail]
    again = await shop.order(ONE_ONLY, press="p2", way="collection")
    await walk(ctx, again.id, (*TO_READER, *BACK))
    assert len([mail for mail in await shop.alliance.mails() if mail.template == "loan_back"]) == 1


async def test_titles_with_copies_come_first_and_others_can_be_asked_for(shop: Shop) -> None:
    ctx = shop.alliance.ctx
    found = await search_titles(ctx, shop.reader, Search("佚名"))
    assert [(title.record.title, title.copies.word) for title in found.titles] == [
        (ONE_ONLY, "free"),
        ("无本可借", "none"),
    ]
    with pytest.raises(Invalid, match="title_not_lent"):
        await keep_title(ctx, shop.reader, shop.shelves.records["无本可借"], List.CART)
    await keep_title(ctx, shop.reader, shop.shelves.records["无本可借"], List.SAVED)
    assert len((await show_cart(ctx, shop.reader)).saved) == 1


async def test_titles_come_into_their_classes_by_themselves(shop: Shop) -> None:
    ctx = shop.alliance.ctx
    due = Due("loan_titles", "all", shop.alliance.clock.now(), {})
    for _ in range(2):  # twice: nothing is counted double
        async with ctx.transaction() as tx:
            await class_new_titles(ctx, tx, due)
    assert {code: n for code, n in (await classes(ctx)).items() if code in ("I", "I2", "T", "TP", "TU")} == {
        "I": 3,
        "I2": 3,
        "T": 2,
        "TP": 1,
        "TU": 1,
    }
    titles = [title.record.title for title in (await browse(ctx, shop.reader, "I2")).titles]
    assert sorted(titles) == sorted(["红楼梦", "平凡的世界", ONE_ONLY])
    assert len(await new_books(ctx, shop.reader)) == 9
    with pytest.raises(NotFound):
        await browse(ctx, shop.reader, "ZZ")


async def test_a_refused_order_gives_its_slot_and_coupon_back(shop: Shop) -> None:
    ctx = shop.alliance.ctx
    coupon = await add_coupon(ctx, "READ2026", quota=1)
    await shop.order("红楼梦")
    order = await shop.order("红楼梦", press="p2", coupon_code="READ2026")
    assert order.state is OrderState.AWAITING_REVIEW
    await walk(ctx, order.id, (House.REFUSED,))
    assert (await shop.state(order), await shop.held()) == (OrderState.REFUSED, 1)
    assert await shop.count("SELECT used AS n FROM coupon WHERE id = $1", coupon) == 0


async def test_a_slot_is_given_back_once_however_many_books_come_back_later(shop: Shop) -> None:
    ctx = shop.alliance.ctx
    await add_slots(ctx, shop.shelves, shop.alliance.libraries["home"], "delivery", capacity=9)
    first = (await order_step(ctx, shop.reader)).openings["delivery"][0]
    slot = {"slot_id": first.slot.id, "day": first.day.isoformat()}
    order = await shop.order("红楼梦", "时间简史", **slot)
    await shop.order("算法导论", press="p2", **slot)
    await walk(ctx, order.id, (House.PICKED,))
    await cancel_lines(ctx, shop.reader, order.id)
    for line in await ctx.db.read.rows("SELECT id FROM loan_line WHERE order_id = $1", order.id):
        async with ctx.transaction() as tx:
            await tell(ctx, tx, order.id, [Fact(House.PUT_BACK, (line["id"],))])
    assert await shop.state(order) is OrderState.CANCELLED
    assert await shop.count("SELECT taken AS n FROM slot_day") == 1
