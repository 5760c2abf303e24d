"""One reader, two devices: what is said on one is on the other, also where the desk has closed meanwhile."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.async_api import Page, Route, expect

from tests.servers.browsers import PHONE, Visits, accessibility_faults, sit_down
from tests.web.libraries import Host, ask, librarian, open_chat, open_host, said, say, shown, write
from tests.web.test_reader_returns import close_desk, end, log_in

pytestmark = pytest.mark.browser


@pytest.fixture
async def host(sqlite_url: str, tmp_path: Path) -> AsyncIterator[Host]:
    async with open_host(sqlite_url, tmp_path) as host:
        yield host


async def known(host: Host, visits: Visits, **how: object) -> Page:
    """A device at the library's page, logged in by the window."""
    page = await visits.page(host.url, **how)
    await open_chat(page)
    await log_in(host, page)
    await expect(page.locator(".identity")).to_contain_text("已登录：Reader")
    return page


async def press_launcher(page: Page) -> None:
    await page.locator("shuqiao-launcher button").click()


async def look_again(page: Page) -> None:
    """Somebody comes back to this device a while later, where the page stood open."""
    await page.clock.set_fixed_time(datetime.now(UTC) + timedelta(minutes=5))
    await page.evaluate("document.dispatchEvent(new Event('visibilitychange', { bubbles: true }))")


async def test_the_phone_finds_the_conversation_at_a_desk_that_has_closed(host: Host, visits: Visits) -> None:
    """The library's page showed no button there any more, for the phone had no conversation of its own."""
    async with librarian(host.town):
        phone = await known(host, visits, size=PHONE)
        desktop = await known(host, visits)
        await ask(desktop)
        session = await host.town.take("lin")
        await close_desk(host)
        await phone.evaluate(
            "Object.keys(localStorage).filter(k => k.endsWith('look')).map(k => localStorage.removeItem(k))"
        )
        await phone.reload()
        await press_launcher(phone)
        await expect(phone.get_by_role("log")).to_contain_text("民国报纸")
        await write(phone, "从手机上接着问")
        await expect(desktop.get_by_role("log")).to_contain_text("从手机上接着问")
        assert await said(host.town, session) == ["请问怎样查民国报纸？", "从手机上接着问"]
        await end(host, session)
        for page in (phone, desktop):
            await expect(page.get_by_role("button", name="下载对话")).to_be_visible()
    visits.faults.clear()  # the browser reports that a stranger finds no desk


async def test_the_desks_own_page_finds_it_by_the_log_in(host: Host, visits: Visits) -> None:
    async with librarian(host.town):
        desktop = await known(host, visits)
        await ask(desktop)
        session = await host.town.take("lin")
        await close_desk(host)
        phone = await sit_down(visits, host.town, "reader", "/d/home", size=PHONE)
        await expect(phone.get_by_role("log")).to_contain_text("民国报纸")
        assert await accessibility_faults(phone) == []
        await write(phone, "从手机上接着问")
        await expect(desktop.get_by_role("log")).to_contain_text("从手机上接着问")
        await end(host, session)
        await expect(phone.get_by_role("button", name="下载对话")).to_be_visible()
        stranger = await visits.page(f"{host.town.base}/d/home", size=PHONE)
        await expect(stranger.get_by_text("登录后可以继续和查看")).to_be_visible()
        assert await accessibility_faults(stranger) == []
    visits.faults.clear()  # the browser reports what a stranger does not find


async def test_what_is_over_at_a_closed_desk_is_read_and_rated_from_the_other_device(
    host: Host, visits: Visits
) -> None:
    async with librarian(host.town) as lin:
        desktop = await known(host, visits)
        await ask(desktop)
        session = await host.town.take("lin")
        await lin.say(t="sub", topic=f"chat/{session}", after=0)
        await say(lin, session, "m1", "请到三楼地方文献室。")
        await end(host, session)
        await close_desk(host)
        phone = await sit_down(visits, host.town, "reader", "/d/home", size=PHONE)
        await expect(phone.get_by_role("status").filter(has_text="不接受新问题")).to_be_visible()
        assert await accessibility_faults(phone) == []
        await phone.get_by_role("button", name="参考咨询").click()
        await expect(phone.get_by_role("log")).to_contain_text("三楼地方文献室")
        await phone.get_by_role("button", name="满意", exact=True).click()
        await phone.get_by_role("button", name="提交评价").click()
        await expect(phone.get_by_text("谢谢您的评价：满意")).to_be_visible()
        await expect(desktop.get_by_text("谢谢您的评价：满意")).to_be_visible()
    visits.faults.clear()  # the browser reports that a stranger finds no desk


async def test_earlier_conversations_are_there_however_late_the_answer_comes(
    host: Host, visits: Visits
) -> None:
    """Who waited for it no longer than a moment saw the form, and never what they had asked before."""
    drawn = asyncio.Event()

    async def late(route: Route) -> None:
        await drawn.wait()
        await route.continue_()

    async with librarian(host.town):
        desktop = await known(host, visits)
        await ask(desktop)
        await end(host, await host.town.take("lin"))
    await desktop.get_by_role("button", name="咨询新问题").click()
    await desktop.goto("about:blank")
    await desktop.route("**/api/me/sessions?*", late)
    await desktop.goto(host.url)
    await press_launcher(desktop)
    await desktop.get_by_label("您的问题").fill("另一个问题")
    drawn.set()
    await expect(desktop.get_by_role("heading", name="以前的咨询")).to_be_visible()
    await expect(desktop.get_by_label("您的问题")).to_have_value("另一个问题")


async def test_who_is_logged_in_finds_it_at_the_desks_own_page_without_another_word(
    host: Host, visits: Visits
) -> None:
    """The page bore the reader's name, and its chat asked a stranger for a question."""
    async with librarian(host.town):
        desktop = await known(host, visits)
        phone = await sit_down(visits, host.town, "reader", "/d/home", size=PHONE)
        await expect(phone.locator(".identity")).to_contain_text("匿名咨询")  # who begins may stay unknown
        await ask(desktop)
        await phone.reload()
        await expect(phone.get_by_role("log")).to_contain_text("民国报纸")
        await write(phone, "从手机上接着问")
        await expect(desktop.get_by_role("log")).to_contain_text("从手机上接着问")


async def test_what_is_open_on_the_desktop_comes_before_what_is_over_on_the_phone(
    host: Host, visits: Visits
) -> None:
    """The phone went on to show last week's conversation, while the reader waited for an answer at their desk."""
    async with librarian(host.town):
        phone = await known(host, visits, size=PHONE)
        await ask(phone, "上周问过的事")
        await end(host, await host.town.take("lin"))
        await expect(phone.get_by_role("button", name="下载对话")).to_be_visible()
        await phone.goto("about:blank")
        desktop = await known(host, visits)
        await ask(desktop, "今天的问题")
        await host.town.take("lin")
        await phone.goto(host.url)
        await press_launcher(phone)
        await expect(phone.get_by_role("log")).to_contain_text("今天的问题")
        assert await shown(phone) == ["今天的问题"]
        await write(phone, "还有一点")
        await expect(desktop.get_by_role("log")).to_contain_text("还有一点")


async def test_a_page_left_open_at_the_end_moves_on_with_the_reader(host: Host, visits: Visits) -> None:
    async with librarian(host.town):
        phone = await known(host, visits, size=PHONE)
        await ask(phone, "上午问过的事")
        await end(host, await host.town.take("lin"))
        await expect(phone.get_by_role("button", name="下载对话")).to_be_visible()
        desktop = await known(host, visits)
        await ask(desktop, "下午的问题")
        await look_again(phone)
        await expect(phone.get_by_role("log")).to_contain_text("下午的问题")
        assert await shown(phone) == ["下午的问题"]


async def test_what_is_half_written_stays_where_it_is(host: Host, visits: Visits) -> None:
    async with librarian(host.town):
        phone = await known(host, visits, size=PHONE)
        desktop = await known(host, visits)
        await phone.get_by_label("您的问题").fill("写到一半")
        await ask(desktop, "桌面上的问题")
        async with phone.expect_response("**/api/desks/home?*"):
            await look_again(phone)
        await expect(phone.get_by_label("您的问题")).to_have_value("写到一半")
        await phone.get_by_role("button", name="开始咨询").click()
        for page in (phone, desktop):
            await expect(page.get_by_role("log")).to_contain_text("写到一半")
        assert await shown(phone) == ["桌面上的问题", "写到一半"]


async def test_a_rating_given_on_one_is_known_on_the_other(host: Host, visits: Visits) -> None:
    """The line of an ended conversation is closed: the other device went on asking how it was."""
    async with librarian(host.town) as lin:
        desktop = await known(host, visits)
        await ask(desktop)
        session = await host.town.take("lin")
        await lin.say(t="sub", topic=f"chat/{session}", after=0)
        await say(lin, session, "m1", "您好，请稍等。")
        await end(host, session)
        await expect(desktop.get_by_role("button", name="下载对话")).to_be_visible()
        await desktop.reload()
        async with desktop.expect_websocket() as opened:
            await press_launcher(desktop)
        await expect(desktop.get_by_text("对您有帮助吗")).to_be_visible()
        line = await opened.value
        if not line.is_closed():
            await line.wait_for_event("close")
        rated = await host.town.people["reader"].http.post(
            f"/api/sessions/{session}/rating", json={"rating": "fair"}
        )
        assert rated.status_code == 200, rated.text
        await look_again(desktop)
        await expect(desktop.get_by_text("谢谢您的评价：一般")).to_be_visible()


async def test_what_was_read_on_the_desktop_is_not_new_on_the_phone(host: Host, visits: Visits) -> None:
    async with librarian(host.town) as lin:
        phone = await known(host, visits, size=PHONE)
        desktop = await known(host, visits)
        await ask(desktop)
        session = await host.town.take("lin")
        await phone.reload()
        await press_launcher(phone)
        await expect(phone.get_by_role("log")).to_contain_text("民国报纸")
        for page in (desktop, phone):
            await page.get_by_role("button", name="收起").click()
        await lin.say(t="sub", topic=f"chat/{session}", after=0)
        await say(lin, session, "m1", "您好，请稍等。")
        await say(lin, session, "m2", "请到三楼。")
        badge = phone.locator("shuqiao-launcher b")
        await expect(badge).to_have_text("2")
        await press_launcher(desktop)
        await expect(badge).to_be_hidden()


async def test_who_goes_on_hears_who_is_there_now(host: Host, visits: Visits) -> None:
    """It was said as of the morning, when the page was opened."""
    async with librarian(host.town):
        page = await visits.page(host.url)
        await open_chat(page)
        await ask(page)
        await end(host, await host.town.take("lin"))
        await expect(page.get_by_role("button", name="接着咨询")).to_be_visible()
        await page.clock.set_fixed_time(datetime.now(UTC) + timedelta(minutes=5))
        await host.town.available("lin", availability="away")
        await page.get_by_role("button", name="接着咨询").click()
        await expect(page.get_by_role("button", name="提交问题")).to_be_visible()
        await expect(page.get_by_role("status").filter(has_text="现在没有馆员值班")).to_be_visible()


async def test_the_other_tab_hears_that_its_reader_has_logged_in(host: Host, visits: Visits) -> None:
    """Its line named the visitor, to whom nothing was said any more; and it called itself up to date."""
    async with librarian(host.town) as lin:
        one = await visits.page(host.url)
        await open_chat(one)
        await ask(one)
        session = await host.town.take("lin")
        two = await one.context.new_page()
        await two.goto(host.url)
        await press_launcher(two)
        await expect(two.get_by_role("log")).to_contain_text("民国报纸")
        await one.get_by_role("button", name="更多").click()
        await log_in(host, one)
        await expect(one.get_by_role("alert").filter(has_text="已登录：Reader")).to_be_visible()
        await lin.say(t="sub", topic=f"chat/{session}", after=0)
        await say(lin, session, "m1", "您好，请稍等。")
        for page in (one, two):
            await expect(page.get_by_role("log")).to_contain_text("请稍等")
        await write(two, "另一个标签页写的")
        for page in (one, two):
            await expect(page.get_by_role("log")).to_contain_text("另一个标签页写的")
        await end(host, session)
        for page in (one, two):
            await expect(page.get_by_role("button", name="下载对话")).to_be_visible()


async def test_what_has_just_ended_is_among_the_earlier_ones(host: Host, visits: Visits) -> None:
    async with librarian(host.town):
        page = await known(host, visits)
        await ask(page)
        await end(host, await host.town.take("lin"))
        await expect(page.get_by_role("button", name="咨询新问题")).to_be_visible()
        await page.clock.set_fixed_time(datetime.now(UTC) + timedelta(minutes=5))
        await page.get_by_role("button", name="咨询新问题").click()
        await page.get_by_role("button", name="参考咨询").click()
        await expect(page.get_by_role("log")).to_contain_text("民国报纸")
