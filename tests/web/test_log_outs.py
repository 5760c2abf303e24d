"""Who logs out at our address has left the chats of that browser, and reads there that it is so (R-LIVE.6)."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from tests.servers.browsers import Visits, sit_down
from tests.web.libraries import Host, ask, librarian, open_host, said
from tests.web.test_two_devices import known

pytestmark = pytest.mark.browser


@pytest.fixture
async def host(sqlite_url: str, tmp_path: Path) -> AsyncIterator[Host]:
    async with open_host(sqlite_url, tmp_path) as host:
        yield host


async def log_out_in_another_tab(host: Host, page: Page) -> None:
    tab = await page.context.new_page()
    await tab.goto(f"{host.town.base}/")
    await tab.locator("form[action='/logout'] button").click()
    await tab.wait_for_url("**/login?out=1")


async def test_the_chats_that_stand_open_end_with_the_log_in_and_say_so(host: Host, visits: Visits) -> None:
    """It stood there as before, and what the next person wrote was said in the name of the one who had left."""
    async with librarian(host.town) as lin:
        on_the_librarys_page = await known(host, visits)  # by a window of the same browser
        await ask(on_the_librarys_page, "我的私事")
        session = await host.town.take("lin")
        page = await sit_down(visits, host.town, "reader", "/d/home")
        await expect(page.get_by_role("log")).to_contain_text("我的私事")
        await log_out_in_another_tab(host, page)
        chats = (page, on_the_librarys_page)
        told = (expect(chat.get_by_role("alert").filter(has_text="登录")).to_be_visible() for chat in chats)
        await asyncio.gather(*told)  # it is told for some seconds only
        for chat in chats:
            await expect(chat.get_by_text("我的私事")).to_have_count(0)
            await expect(chat.locator(".identity")).to_contain_text("匿名咨询")
        await lin.say(t="post", session=session, id="m1", text="查到了您的私事")
        await lin.hear("ack", id="m1")
        assert await said(host.town, session) == ["我的私事", "查到了您的私事"]
    visits.faults.clear()  # the browser reports that the log-in is over
