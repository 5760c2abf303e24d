"""A reader borrows in a browser: find, cart, order, watch it move; with and without scripts, in every look."""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from html import unescape
from pathlib import Path

import pytest
from playwright.async_api import expect

from server.domain.loans import House
from tests.loan_day import ADDRESS, BACK, TO_READER, opened, walk
from tests.servers.browsers import DESKTOP, PHONE, Visits, accessibility_faults, sit_down
from tests.servers.machine import free_port
from tests.shelves import Shelves, add_notice
from tests.town import Town, open_town

OVERFLOW = "document.documentElement.scrollWidth > innerWidth + 1"
LOOKS = {
    "zh light desktop": {"language": "zh-CN", "size": DESKTOP, "dark": False},
    "en dark phone large": {"language": "en-GB", "size": PHONE, "dark": True},
}
pytestmark = pytest.mark.browser


@dataclass
class Library:
    """A town that lends, and its shelves."""

    town: Town
    shelves: Shelves


@pytest.fixture
async def library(sqlite_url: str, tmp_path: Path) -> AsyncIterator[Library]:
    async with open_town(sqlite_url, tmp_path, port=free_port()) as town:
        yield Library(town, await opened(town))


async def ordered(library: Library, *titles: str, way: str = "collection") -> str:
    """An order placed over the API; its id."""
    http = library.town.people["reader"].http
    step = (await http.get("/api/me/order-step")).json()
    records = [library.shelves.records[title] for title in titles]
    body = {"client_id": f"o{titles[0]}".encode().hex()[:30], "records": records, "way": way}
    answer = await http.post("/api/me/orders", json={**body, "slot": step[way][0]["id"]})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def test_a_reader_finds_a_book_orders_it_and_watches_it_come(library: Library, visits: Visits) -> None:
    page = await sit_down(visits, library.town, "reader", size=PHONE)
    await page.goto(f"{library.town.base}/loans")
    await page.get_by_role("searchbox").fill("红楼")
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/loans?q=*")  # and until its script runs
    await page.get_by_role("button", name="放入借书车：红楼梦").click()
    await expect(page.get_by_role("link", name="已在借书车")).to_be_focused()  # in place, no jump
    await page.get_by_role("link", name="借书车（1）").click()
    await page.get_by_role("link", name="下一步").click()
    await page.get_by_label("电话").fill(ADDRESS["phone"])
    await page.get_by_label("详细地址").fill(ADDRESS["line"])
    await page.locator("input[name=slot_delivery]").nth(1).check()
    await page.get_by_role("button", name="提交订单").dblclick()
    await expect(page.get_by_role("heading", level=1)).to_have_text("正在取书")
    await expect(page.locator(".way__step--now")).to_contain_text("从书库取出")
    orders = (await library.town.people["reader"].http.get("/api/me/orders")).json()
    (order,) = orders["under_way"]  # pressed twice, ordered once
    await page.evaluate("window.stayed = true")
    await page.locator("summary", has_text="投诉或提问").click()
    await page.locator("#f-help").fill("还要多久？")
    await walk(library.town.ctx, order["id"], (House.PICKED, House.PACKED))
    await expect(page.get_by_role("heading", level=1)).to_have_text("已打包")
    await expect(page.locator(".way__step--done")).to_have_count(4)
    await expect(page.locator(".story li").first).to_contain_text("已装箱")
    assert await page.locator("#f-help").input_value() == "还要多久？"  # what is being written stays
    assert await page.evaluate("window.stayed")
    assert not await page.evaluate(OVERFLOW)


async def test_without_scripts_everything_can_be_borrowed_too(library: Library, visits: Visits) -> None:
    page = await sit_down(visits, library.town, "reader", java_script_enabled=False)
    await page.goto(f"{library.town.base}/loans/titles/{library.shelves.records['时间简史']}")
    await page.get_by_role("button", name="放入借书车：时间简史").click()
    await expect(page.get_by_role("status").first).to_contain_text("已放入借书车")
    await page.goto(f"{library.town.base}/loans/cart/order")
    await expect(page.locator(".for-collection")).to_be_hidden()
    await page.get_by_label("到馆自取").check()
    await expect(page.locator(".for-collection")).to_be_visible()
    await expect(page.get_by_label("详细地址")).to_be_hidden()
    await page.get_by_role("button", name="提交订单").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("正在取书")


async def test_what_is_missing_is_said_at_its_field_and_nothing_is_lost(
    library: Library, visits: Visits
) -> None:
    http = library.town.people["reader"].http
    await http.post("/api/me/lists/cart", json={"record": library.shelves.records["时间简史"]})
    page = await sit_down(visits, library.town, "reader")
    await page.goto(f"{library.town.base}/loans/cart/order")
    await page.get_by_label("给图书馆的话").fill("请放门卫处")
    await page.get_by_label("电话").fill("123")
    await page.get_by_role("button", name="提交订单").click()
    await expect(page.locator("#problems li")).to_have_count(2)
    await expect(page.locator("#f-phone-error")).to_contain_text("0755")
    assert await page.get_by_label("给图书馆的话").input_value() == "请放门卫处"
    visits.faults.clear()  # the browser notes the refusal


async def test_books_are_renewed_and_fetched_by_a_courier(library: Library, visits: Visits) -> None:
    http = library.town.people["reader"].http
    await http.post("/api/me/addresses", json=ADDRESS)
    order = await ordered(library, "红楼梦", "时间简史")
    await walk(library.town.ctx, order, TO_READER)
    page = await sit_down(visits, library.town, "reader")
    await page.goto(f"{library.town.base}/loans/orders")
    await page.get_by_role("button", name="续借：红楼梦").click()
    await expect(page.get_by_role("status").first).to_contain_text("已续借")
    await page.get_by_role("checkbox", name="时间简史").uncheck()
    await page.get_by_role("button", name="约快递来取").click()
    await expect(page.locator("#return")).to_contain_text("已约好")
    await expect(page.locator(".way[aria-label=还书的路] .way__step--done")).to_have_count(1)
    await page.get_by_role("button", name="先不还了").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("在借")


async def test_the_list_of_orders_moves_by_itself(library: Library, visits: Visits) -> None:
    order = await ordered(library, "红楼梦")
    page = await sit_down(visits, library.town, "reader")
    await page.goto(f"{library.town.base}/loans/orders")
    await expect(page.locator(".order-card .chip")).to_have_text("正在取书")
    await page.locator(".order-card").focus()
    await walk(library.town.ctx, order, (House.PICKED, House.PACKED, House.SHELVED))
    await expect(page.locator(".order-card .chip")).to_have_text("可以来取了")
    await expect(page.locator(".order-card")).to_be_focused()
    await expect(page.locator("#renewed")).to_have_text("订单有变化。")
    await walk(library.town.ctx, order, (House.COLLECTED,))
    await expect(page.get_by_role("heading", name="在您手上的书")).to_be_visible()


async def test_another_readers_order_does_not_exist(library: Library, visits: Visits) -> None:
    order = await ordered(library, "红楼梦")
    stranger = library.town.people["wu"].http
    assert (await stranger.get(f"/api/me/orders/{order}")).status_code == 404
    assert (await stranger.post(f"/api/me/orders/{order}/cancel", json={})).status_code == 404
    assert (await stranger.get(f"/loans/orders/{order}")).status_code == 404


@pytest.mark.parametrize("look", LOOKS)
async def test_every_page_is_whole_in_every_look(library: Library, visits: Visits, look: str) -> None:
    http, base, records = library.town.people["reader"].http, library.town.base, library.shelves.records
    order = await ordered(library, "红楼梦", "时间简史")
    await walk(library.town.ctx, order, TO_READER)
    await add_notice(library.town.ctx, "suspension", "台风停运", stops=True)
    await add_notice(library.town.ctx, "news", "冬天读什么")
    await http.post("/api/me/addresses", json=ADDRESS)
    await http.post("/api/me/lists/saved", json={"record": records["无本可借"]})
    await http.post("/api/me/lists/cart", json={"record": records["算法导论"]})
    await http.post(f"/api/loans/titles/{records['红楼梦']}/comments", json={"text": "值得重读。"})
    page = await sit_down(visits, library.town, "reader", **LOOKS[look])
    large = "?type=large" if "large" in look else ""
    for path in (
        f"/loans{large}",
        "/loans?q=红楼",
        "/loans?q=没有的书",
        "/loans/classes/I",
        f"/loans/titles/{records['红楼梦']}",
        f"/loans/titles/{records['无本可借']}",
        "/loans/cart",
        "/loans/cart/order",
        "/loans/addresses",
        "/loans/orders",
        f"/loans/orders/{order}",
    ):
        await page.goto(base + path)
        assert not await page.evaluate(OVERFLOW), path
        assert await accessibility_faults(page) == [], path


async def test_who_asks_about_an_order_of_theirs_need_not_log_in_again(library: Library) -> None:
    people = library.town.people
    await ordered(library, "红楼梦")
    (order,) = (await people["reader"].http.get("/api/me/orders")).json()["under_way"]
    page = f"/d/home?topic=order&order={order['number']}"
    texts = {name: (await people[name].http.get(page)).text for name in ("reader", "agent")}
    assert all("data-about=" in text for text in texts.values())
    assert "data-login=" in texts["reader"] and "data-login=" not in texts["agent"]
    assert "data-login=" not in (await people["reader"].http.get("/d/home")).text, (
        "other questions need no name"
    )
    assert order["number"] in (
        await people["agent"].http.get(f"/console/orders/{order['number']}")
    ).text.replace(" ", "")


async def test_from_a_book_staff_find_its_orders_and_readers_do_not(library: Library) -> None:
    """R-COM.6: the way from a book to a talk with its reader leads over its orders."""
    people = library.town.people
    order = await ordered(library, "红楼梦")
    title = f"/loans/titles/{library.shelves.records['红楼梦']}"
    link = re.search(r'href="(/console/orders\?[^"]+)"', (await people["manager"].http.get(title)).text)
    assert link and f"/console/orders/{order}" in (await people["manager"].http.get(unescape(link[1]))).text
    assert "/console/orders" not in (await people["reader"].http.get(title)).text


async def test_my_orders_say_how_long_books_may_stay_what_is_saved_and_whom_to_call(library: Library) -> None:
    """R-COM.4 and R-LOAN.17: number of books, loan time, the saved list; a service phone under every page."""
    town, http = library.town, library.town.people["reader"].http
    async with town.ctx.transaction() as tx:
        await tx.execute("UPDATE library SET phone = '0755 8284' WHERE id = $1", town.libraries["home"])
    saved = {"record": library.shelves.records["算法导论"]}
    await http.post("/api/me/lists/saved", json=saved)
    order = await ordered(library, "红楼梦")
    text = (await http.get("/loans/orders")).text
    assert all(words in text for words in ("借期 30 天", "算法导论", 'href="tel:07558284"'))
    await walk(town.ctx, order, (*TO_READER, *BACK))
    assert "借阅 20" in (await http.get("/loans/orders")).text
    assert "各馆服务电话" in (await town.http.get("/loans")).text
