"""A reader comes back: to a desk that has closed, with a log-in, without one any more. Nothing said is lost."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Page, Route, expect

from server.domain.events import QueueMoved
from tests.servers.browsers import PHONE, Visits, accessibility_faults
from tests.web.libraries import Host, ask, librarian, open_chat, open_host, said, say, write

pytestmark = pytest.mark.browser


@pytest.fixture
async def host(sqlite_url: str, tmp_path: Path) -> AsyncIterator[Host]:
    async with open_host(sqlite_url, tmp_path) as host:
        yield host


async def close_desk(host: Host) -> None:
    async with host.town.ctx.transaction() as tx:
        await tx.execute("UPDATE desk SET open = FALSE WHERE slug = 'home'")


async def log_in(host: Host, page: Page, name: str = "登录") -> None:
    """By the window, for who is logged in at our address."""
    async with host.town.ctx.transaction() as tx:  # an account without a password cannot log in anywhere
        await tx.execute("UPDATE account SET password_hash = 'x' WHERE name = 'Reader'")
    cookie = {"name": "sid", "value": host.town.people["reader"].cookie, "url": host.town.base}
    await page.context.add_cookies([cookie])
    async with page.expect_popup() as opened:
        await page.get_by_role("button", name=name).click()
    await (await opened.value).locator("main button").first.click()


async def end(host: Host, session: str) -> None:
    answer = await host.town.people["lin"].http.post(f"/api/sessions/{session}/end", json={})
    assert answer.status_code == 200, answer.text


async def pass_on(host: Host, session: str) -> None:
    wish = {"to": "desk", "id": host.town.desks["other"], "reason": "那里有这份报纸的原件"}
    async with librarian(host.town, "wu"):
        await host.town.available("wu", availability="busy")  # somebody is there, who takes nobody yet
        moved = await host.town.people["lin"].http.post(f"/api/sessions/{session}/transfer", json=wish)
    assert moved.status_code == 200, moved.text


@pytest.mark.parametrize("own_page", [False, True], ids=["on a library's page", "on our own"])
async def test_a_desk_that_closes_lets_who_talks_there_finish(
    host: Host, visits: Visits, own_page: bool
) -> None:
    address = f"{host.town.base}/d/home" if own_page else host.url
    async with librarian(host.town):
        page = await visits.page(address)
        if not own_page:
            await open_chat(page)
        await ask(page)
        session = await host.town.take("lin")
        await close_desk(host)
        await page.reload()
        await expect(page.get_by_role("log")).to_contain_text("民国报纸")
        await expect(page.get_by_text("找不到这个咨询台")).to_have_count(0)
        assert await accessibility_faults(page) == []
        await write(page, "还没问完")
        await expect(page.locator(".row.mine .text").last).to_have_text("还没问完")
        await expect(page.locator(".waits")).to_have_count(0)
        assert await said(host.town, session) == ["请问怎样查民国报纸？", "还没问完"]
        await end(host, session)
        await expect(page.get_by_role("button", name="下载对话")).to_be_visible()  # the page has heard of it
        await page.reload()
        if not own_page:
            await page.locator("shuqiao-launcher button").click()
        await expect(page.get_by_role("button", name="下载对话")).to_be_visible()
        await page.get_by_role("button", name="接着咨询").click()
        await expect(page.get_by_role("status").filter(has_text="不接受新问题")).to_be_visible()
        await expect(page.get_by_label("您的问题")).to_be_hidden()
        assert await accessibility_faults(page) == []
    visits.faults.clear()  # the browser reports that a stranger finds no desk


async def test_a_closed_desk_shows_nothing_to_who_begins(host: Host, visits: Visits) -> None:
    await host.town.ask()
    await close_desk(host)
    page = await visits.page(host.url)
    await expect(page.locator("shuqiao-launcher")).to_have_count(0)
    await page.goto(f"{host.town.base}/d/home")
    await expect(page.get_by_text("找不到这个咨询台")).to_be_visible()
    await expect(page.locator("shuqiao-chat")).to_have_count(0)
    visits.faults.clear()  # the browser reports what was not found


async def test_what_was_asked_before_logging_in_goes_along_by_going_on(host: Host, visits: Visits) -> None:
    async with librarian(host.town):
        page = await visits.page(host.url)
        await open_chat(page)
        await ask(page)
        session = await host.town.take("lin")
        await end(host, session)
        await page.get_by_role("button", name="更多").click()
        await log_in(host, page)
        await expect(page.get_by_role("alert").filter(has_text="已登录：Reader")).to_be_visible()
        await page.get_by_role("button", name="接着咨询").click()
        await page.get_by_label("您的问题").fill("接着上次的问")
        await page.get_by_role("button", name="开始咨询").click()
        await page.get_by_role("button", name="查看之前的对话").click()
        await expect(page.get_by_text("请问怎样查民国报纸？")).to_be_visible()
    mine = (await host.town.people["reader"].http.get("/api/me/sessions")).json()["sessions"]
    assert session in {one["id"] for one in mine}, "the reader finds it wherever they log in"
    visits.faults.clear()  # the browser reports that logging in alone did not move it


@pytest.mark.parametrize("late", ["**/api/widget/login?*", "**/api/desks/home/sessions?*"])
async def test_who_logs_in_and_asks_in_one_breath_asks_under_their_name(
    host: Host, visits: Visits, late: str
) -> None:
    """Whichever answer came late, the chat took the question for one that it was not, and lost the conversation."""
    done = asyncio.Event()

    async def hold(route: Route) -> None:
        await done.wait()
        await route.continue_()

    async with librarian(host.town):
        page = await visits.page(f"{host.town.base}/d/home")
        await page.get_by_label("您的问题").fill("请问怎样查民国报纸？")
        await page.route(late, hold)
        async with page.expect_request(late):
            if "login" in late:
                await log_in(host, page)
            else:
                await page.get_by_role("button", name="开始咨询").click()
        if "login" in late:
            await page.get_by_role("button", name="开始咨询").click()
        else:
            async with page.expect_popup() as opened:
                await log_in(host, page)
            window = await opened.value
            if not window.is_closed():
                await window.wait_for_event("close")
        done.set()
        await expect(page.get_by_role("log")).to_contain_text("民国报纸")
        await expect(page.get_by_text("已登录：Reader")).to_be_visible()
        session = await host.town.take("lin")
        await expect(page.get_by_text("lin 正在为您服务")).to_be_visible()
        await page.reload()
        await expect(page.get_by_role("log")).to_contain_text("民国报纸")
    mine = (await host.town.people["reader"].http.get("/api/me/sessions")).json()["sessions"]
    assert [one["id"] for one in mine] == [session]


@pytest.mark.parametrize("reloads", [False, True], ids=["asks again", "reloads"])
async def test_an_answer_that_is_lost_makes_no_second_conversation(
    host: Host, visits: Visits, reloads: bool
) -> None:
    """The question came in, its answer did not arrive: a librarian was offered a reader who was not there any more."""

    async def lose(route: Route) -> None:
        await route.fetch()
        await route.abort("connectionreset")

    async with librarian(host.town):
        page = await visits.page(host.url)
        await open_chat(page)
        await page.get_by_label("您的问题").fill("请问怎样查民国报纸？")
        await page.route("**/api/desks/home/sessions?*", lose, times=1)
        await page.get_by_role("button", name="开始咨询").click()
        await expect(page.get_by_role("alert").filter(has_text="现在连不上服务器")).to_be_visible()
        if reloads:
            await page.reload()
            await open_chat(page)
        else:
            await page.get_by_role("button", name="开始咨询").click()
        await expect(page.get_by_role("log")).to_contain_text("民国报纸")
        session = await host.town.take("lin")
        await expect(page.get_by_text("lin 正在为您服务")).to_be_visible()
    rows = await host.town.ctx.db.read.rows("SELECT id FROM chat_session")
    assert [row["id"] for row in rows] == [session]
    assert await said(host.town, session) == ["请问怎样查民国报纸？"]
    visits.faults.clear()  # the browser reports the line that broke


async def test_a_log_in_that_was_ended_elsewhere_is_not_shown_any_longer(host: Host, visits: Visits) -> None:
    page = await visits.page(host.url)
    await open_chat(page)
    await log_in(host, page)
    await expect(page.locator(".identity")).to_contain_text("已登录：Reader")
    async with host.town.ctx.transaction() as tx:  # by changing the password, or logging out everywhere
        await tx.execute("DELETE FROM web_session WHERE kind = 'widget'")
    await page.reload()
    await open_chat(page)
    await expect(page.locator(".identity")).to_contain_text("匿名咨询")
    await expect(page.get_by_role("alert").filter(has_text="登录已结束")).to_be_visible()
    visits.faults.clear()  # the browser reports the refusal


async def test_the_log_in_window_speaks_as_the_chat_does(host: Host, visits: Visits) -> None:
    page = await visits.page(host.url)
    await open_chat(page)
    await page.get_by_role("button", name="更多").click()
    await page.get_by_role("button", name="English").click()
    async with page.expect_popup() as opened:
        await page.get_by_role("button", name="Log in").click()
    window = await opened.value
    await expect(window.locator("html")).to_have_attribute("lang", "en")
    await window.get_by_role("button").first.click()  # nothing filled in: it comes back, in the same language
    await expect(window.locator("html")).to_have_attribute("lang", "en")
    visits.faults.clear()  # the browser reports the refusal


async def test_only_where_somebody_answered_is_asked_how_it_was(host: Host, visits: Visits) -> None:
    async with librarian(host.town) as lin:
        page = await visits.page(host.url)
        await open_chat(page)
        await ask(page)
        session = await host.town.take("lin")
        await pass_on(host, session)  # without a word
        await page.get_by_role("button", name="更多").click()
        await page.get_by_role("button", name="结束咨询").click()
        await page.get_by_role("alertdialog").get_by_role("button", name="结束咨询").click()
        await expect(page.get_by_role("button", name="下载对话")).to_be_visible()
        await expect(page.get_by_text("对您有帮助吗")).to_have_count(0)
        await page.get_by_role("button", name="咨询新问题").click()
        await ask(page, "这次有人回答")
        session = await host.town.take("lin")
        await lin.say(t="sub", topic=f"chat/{session}", after=0)
        await say(lin, session, "m1", "您好，请稍等。")
        await end(host, session)
        await expect(page.get_by_text("对您有帮助吗")).to_be_visible()


async def test_back_in_the_queue_the_last_line_stays_in_sight(host: Host, visits: Visits) -> None:
    async with librarian(host.town) as lin:
        page = await visits.page(host.url, size=PHONE)
        await open_chat(page)
        await ask(page)
        session = await host.town.take("lin")
        await lin.say(t="sub", topic=f"chat/{session}", after=0)
        for number in range(12):
            await say(lin, session, f"m{number}", f"第 {number} 条：请到三楼地方文献室，带上读者证。")
        await expect(page.get_by_text("第 11 条")).to_be_in_viewport(ratio=1)
        await pass_on(host, session)
        last = page.locator(".line").filter(has_text="原件")
        host.town.ctx.announce(QueueMoved(session, 1, 90, 1))  # as the worker tells it a moment later
        await expect(page.get_by_role("status").filter(has_text="下一位就是您")).to_be_visible()
        await expect(last).to_be_in_viewport(ratio=1)
        hidden = await last.evaluate(
            "line => line.getBoundingClientRect().bottom - line.closest('.log').getBoundingClientRect().bottom"
        )
        assert hidden <= 0, f"{hidden} px of the last line are under the edge"
