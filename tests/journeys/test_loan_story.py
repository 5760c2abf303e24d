"""A book from the search box to the reader and back: fetched by the machine, sent, asked about, helped, returned."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from server.domain.permissions import Grant, Role, ScopeKind
from server.store.accounts import add_grant
from server.store.stack_devices import insert_device, new_device
from tests.journeys.installations import Installation, MakeProduct, open_installation
from tests.journeys.people import PATIENCE, forget_outage
from tests.journeys.test_request_story import enter
from tests.journeys.test_store_day import go, scan
from tests.loan_day import ADDRESS
from tests.servers.browsers import PHONE, Visits
from tests.shelves import add_slots, stock

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]
MACHINE = {"speed": 20.0, "aisles": 2, "levels": 3, "bays": 8, "stuck_rate": 0.0, "fault_rate": 0.0}


async def furnish(place: Installation) -> str:
    """The first store becomes a smart stack, and somebody works there; its id."""
    ctx, library = place.town.ctx, place.town.libraries["home"]
    shelves = await stock(ctx, library)
    await add_slots(ctx, shelves, library, "delivery")
    store = shelves.stores["a"]
    async with ctx.transaction() as tx:
        await tx.execute("UPDATE store SET kind = 'smart' WHERE id = $1", store)
        device = new_device(ctx.ids.new(), store, "智能立体书库", "simulator", ctx.clock.now())
        await insert_device(tx, replace(device, address="in-process", options=MACHINE))
        grant = Grant(Role.STORE_KEEPER, ScopeKind.STORE, store)
        keeper = place.town.people["keeper"].id
        await add_grant(tx, keeper, grant, grant_id=ctx.ids.new(), by="", at=ctx.clock.now())
    return store


async def order(page: Page) -> None:
    """The reader finds the book with two characters, and has it sent home."""
    await page.get_by_role("searchbox").fill("红楼")
    await page.keyboard.press("Enter")
    await page.get_by_role("button", name="放入借书车：红楼梦").click()
    await page.get_by_role("link", name="借书车（1）").click()
    await page.get_by_role("link", name="下一步").click()
    await page.get_by_label("电话").fill(ADDRESS["phone"])
    await page.get_by_label("详细地址").fill(ADDRESS["line"])
    await page.get_by_role("button", name="提交订单").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("正在取书")


async def send(page: Page, place: Installation) -> str:
    """The store keeper picks what the machine has brought, packs it and hands it over; its barcode."""
    await expect(page.locator(".volume")).to_have_count(1, timeout=60_000)
    row = await place.town.ctx.db.read.row("SELECT barcode FROM loan_line")
    assert row is not None
    code = str(row["barcode"])
    for step in ("pick", "pack"):
        await go(page, step)
        await scan(page, code)
    await expect(page.get_by_text("已装箱")).to_be_visible()
    await go(page, "dispatch")
    await scan(page, await waybill(place))
    await expect(page.get_by_text("本批已交接 1 件")).to_be_visible()
    return code


async def waybill(place: Installation) -> str:
    row = await place.town.ctx.db.read.row("SELECT waybill FROM parcel WHERE direction = 'out'")
    assert row is not None
    return str(row["waybill"])


async def help_reader(reader: Page, agent: Page) -> None:
    """The reader asks what keeps the parcel, an agent answers while both look, and the case is closed."""
    orders = reader.url
    await reader.locator("summary", has_text="投诉或提问").click()
    await reader.locator("#f-help").fill("请问今天能送到吗？")
    await reader.locator("section[aria-labelledby=help] form").first.get_by_role("button").click()
    await agent.get_by_role("link", name="请问今天能送到吗？").click()  # it came by itself
    await agent.get_by_role("button", name="我来处理").click()
    await reader.get_by_role("link", name="请问今天能送到吗？").click()
    await agent.get_by_label("写给读者的话").fill("快递员说下午三点前到。")
    await agent.get_by_role("button", name="发送").click()
    await expect(reader.get_by_text("快递员说下午三点前到。")).to_be_visible()
    await reader.goto(orders)


async def the_story(place: Installation, visits: Visits) -> None:
    """The reader at the first server, those who help at the last."""
    store = await furnish(place)
    first, last = place.first.url, place.last.url
    keeper = await enter(visits, last, "keeper", f"/console/store/{store}/pick")
    agent = await enter(visits, last, "agent", "/console/cases")
    reader = await enter(visits, first, "reader", "/loans")
    await reader.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
    await order(reader)
    await reader.evaluate("window.stayed = true")
    code = await send(keeper, place)
    await expect(reader.get_by_role("heading", level=1)).to_have_text("快递途中")
    assert await reader.evaluate("window.stayed"), "the page moved without being loaded again"

    await help_reader(reader, agent)
    place.last.kill()
    place.last.start()
    await keeper.reload()
    await keeper.get_by_text("已送达", exact=True).click()
    await scan(keeper, await waybill(place))
    await expect(reader.get_by_role("heading", level=1)).to_have_text("在借", timeout=PATIENCE)
    await expect(reader.get_by_role("button", name="约快递来取")).to_be_visible()
    await agent.reload()
    forget_outage(visits)

    await reader.get_by_role("button", name="约快递来取").click()
    await expect(reader.locator("#return")).to_contain_text("已约好")
    await go(keeper, "returns")
    await scan(keeper, code)
    await scan(keeper, "OK")
    await go(keeper, "put-back")  # at once: what was scanned is not left behind
    await scan(keeper, code)
    await expect(reader.get_by_role("heading", level=1)).to_have_text("已完成", timeout=60_000)
    row = await place.town.ctx.db.read.row("SELECT state, order_id FROM item WHERE barcode = $1", code)
    assert row is not None and (row["state"], row["order_id"]) == ("available", "")


@asynccontextmanager
async def with_bridge(place: Installation, product: MakeProduct) -> AsyncIterator[None]:
    """The bridge as a process of its own, beside servers that do nothing but serve."""
    bridge = product("stack", **place.first.settings)
    bridge.start()
    try:
        yield
    finally:
        bridge.stop()


async def test_a_book_is_borrowed_and_returned_on_sqlite(
    product: MakeProduct, sqlite_url: str, visits: Visits, tmp_path: Path
) -> None:
    async with open_installation(product, tmp_path, sqlite_url) as place:
        await the_story(place, visits)


@pytest.mark.cluster
async def test_a_book_is_borrowed_and_returned_on_postgresql_and_redis(
    product: MakeProduct, postgres_url: str, redis_url: str, visits: Visits, tmp_path: Path
) -> None:
    async with (
        open_installation(
            product, tmp_path, postgres_url, servers=2, workers=1, redis_url=redis_url
        ) as place,
        with_bridge(place, product),
    ):
        await the_story(place, visits)
