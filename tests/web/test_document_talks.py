"""From a live conversation to a document request, in real browsers: the librarian's way and the reader's (R-LIVE.4)."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.servers.browsers import PHONE, Visits, accessibility_faults
from tests.servers.machine import free_port
from tests.town import Town, open_town
from tests.web.test_console import desk, said, taken

pytestmark = pytest.mark.browser

WANTED = "我想找《图书馆学导论》，于良芝著，2003年版"
FILLED = "您在对话里提到的内容已经填好"


@pytest.fixture
async def town(sqlite_url: str, tmp_path: Path) -> AsyncIterator[Town]:
    async with open_town(sqlite_url, tmp_path, port=free_port()) as town:
        yield town


async def test_a_librarian_files_the_readers_request_from_the_conversation(
    town: Town, visits: Visits
) -> None:
    page = await desk(visits, town)
    await page.locator('.duty__choice[data-value="available"]').click()
    await expect(page.locator(".duty")).to_have_attribute("data-availability", "available")
    reader = town.people["reader"].http
    body = {"topic": "reference", "question": WANTED, "client_id": "c1"}
    session = (await reader.post("/api/desks/home/sessions", json=body)).json()["session"]["id"]
    await page.wait_for_selector(".offer")
    await page.keyboard.press("Alt+a")
    await page.get_by_label("更多操作").click()
    await page.get_by_role("button", name="转为文献咨询").click()
    dialog = page.get_by_role("dialog")
    await expect(dialog.get_by_label("书名")).to_have_value("图书馆学导论")
    assert await accessibility_faults(page) == []
    await dialog.get_by_role("button", name="向读者发送这段话").click()
    await dialog.get_by_label("作者").fill("于良芝")
    await dialog.get_by_role("button", name="转为文献咨询").click()
    await expect(dialog.locator(".flash")).to_be_visible()  # the reader's consent first
    await dialog.get_by_label("读者已在对话中表示同意").check()
    await dialog.get_by_role("button", name="转为文献咨询").click()
    await expect(page.get_by_text("已转为文献咨询，对话随之结束")).to_be_visible()
    await expect(page.locator(".wrap-up")).to_be_visible()
    row = await town.ctx.db.read.row("SELECT channel, citation, session_id FROM consultation")
    assert row is not None and (row["channel"], row["session_id"]) == ("document", session)
    assert "于良芝" in row["citation"]


async def test_a_stranger_gets_the_link_in_the_conversation(town: Town, visits: Visits) -> None:
    page = await desk(visits, town)
    reader = await taken(town, page, WANTED)
    await page.get_by_label("更多操作").click()
    await page.get_by_role("button", name="转为文献咨询").click()
    await expect(page.get_by_role("dialog")).to_contain_text("读者还没有登录")
    assert await accessibility_faults(page) == []
    await page.get_by_role("button", name="把链接发给读者").click()
    await expect(page.get_by_text("链接已写进对话")).to_be_visible()
    await expect(page.get_by_role("link", name="/d/home/request?talk=").last).to_be_visible()
    await expect(page.locator(".bubble--waiting")).to_have_count(0)  # shown at once, said when acknowledged
    link = (await said(town, reader))[-1].split("：")[-1]
    form = await (await visits.person(size=PHONE)).new_page()
    await form.goto(link)
    await expect(form.get_by_text(FILLED)).to_be_visible()
    await expect(form.get_by_label("书名")).to_have_value("图书馆学导论")


async def test_the_readers_own_chat_leads_to_the_filled_form(town: Town, visits: Visits) -> None:
    """Somebody who waits at the desk's own page; the request opens beside the conversation."""
    async with town.socket(town.people["lin"]):
        await town.available("lin")
        page = await (await visits.person()).new_page()
        await page.goto(town.base + "/d/home")
        await page.get_by_label("您的问题").fill(WANTED)
        await page.get_by_role("button", name="开始咨询").click()
        await expect(page.get_by_role("log")).to_contain_text("图书馆学导论")
        await page.get_by_role("button", name="更多").click()
        assert await accessibility_faults(page) == []
        async with page.expect_popup() as opened:
            await page.get_by_role("button", name="申请文献").click()
        form = await opened.value
        await expect(form.get_by_text(FILLED)).to_be_visible()
        await expect(form.get_by_label("书名")).to_have_value("图书馆学导论")
        await expect(page.get_by_role("log")).to_contain_text("图书馆学导论")  # it goes on meanwhile
