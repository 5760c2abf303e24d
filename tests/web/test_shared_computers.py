"""One computer, one reader after another: nothing that one said or typed meets the next (R-LIVE.6)."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from server.domain.permissions import Grant, Role, ScopeKind
from tests.servers.browsers import Visits, sit_down
from tests.town import Person, add_person
from tests.web.libraries import Host, ask, librarian, open_host, said, write
from tests.web.test_reader_returns import end, log_in
from tests.web.test_two_devices import known, press_launcher

pytestmark = pytest.mark.browser

SECRET = "我父亲的病历在哪里查？"


@pytest.fixture
async def host(sqlite_url: str, tmp_path: Path) -> AsyncIterator[Host]:
    async with open_host(sqlite_url, tmp_path) as host:
        yield host


async def next_reader(host: Host) -> Person:
    town = host.town
    async with town.ctx.transaction() as tx:
        reader = Grant(Role.READER, ScopeKind.ALLIANCE, "")
        return await add_person(town.ctx, tx, town, "zhao", library="home", grant=reader)


async def log_out_in_the_head(host: Host, page: Page) -> None:
    await page.goto(f"{host.town.base}/account")
    await page.locator("form[action='/logout'] button").click()
    await page.wait_for_url("**/login?out=1")


async def come_as(host: Host, page: Page, person: Person | None) -> None:
    """Somebody logs in at our address, or (nobody) does not, and opens the desk's page."""
    await page.context.clear_cookies(name="sid")
    if person:
        await page.context.add_cookies([{"name": "sid", "value": person.cookie, "url": host.town.base}])
    await page.goto(f"{host.town.base}/d/home")


@pytest.mark.parametrize("logged_out", [True, False], ids=["who logged out", "who only left"])
@pytest.mark.parametrize("somebody", [True, False], ids=["somebody", "nobody"])
async def test_the_next_at_a_shared_computer_does_not_speak_as_the_one_before(
    host: Host, visits: Visits, somebody: bool, logged_out: bool
) -> None:
    """The page bore the next reader's name, its chat the conversation of the one before."""
    async with librarian(host.town):
        desktop = await known(host, visits)
        await ask(desktop, SECRET)
        session = await host.town.take("lin")
        page = await sit_down(visits, host.town, "reader", "/d/home")
        await expect(page.get_by_role("log")).to_contain_text(SECRET)
        await page.get_by_label("写消息").fill("还没写完的话")
        if logged_out:
            await log_out_in_the_head(host, page)
        await come_as(host, page, await next_reader(host) if somebody else None)
        await expect(page.get_by_label("您的问题")).to_have_value("")
        await expect(page.locator(".identity")).to_contain_text("匿名咨询")
        await ask(page, "我是下一位")
        await expect(page.get_by_label("写消息")).to_have_value("")
        assert await page.locator("shuqiao-chat .row.mine .text").all_inner_texts() == ["我是下一位"]
        assert await said(host.town, session) == [SECRET]
    visits.faults.clear()  # the browser may report that the log-in of the one before is over


async def test_who_logged_in_by_the_chats_own_window_logs_out_of_it_by_the_pages_head(
    host: Host, visits: Visits
) -> None:
    async with librarian(host.town):
        page = await visits.page(f"{host.town.base}/d/home")
        await log_in(host, page)
        await ask(page, SECRET)
        await host.town.take("lin")
        await page.reload()
        await expect(page.get_by_role("log")).to_contain_text(SECRET)
        await log_out_in_the_head(host, page)
        await come_as(host, page, None)
        await expect(page.get_by_label("您的问题")).to_have_value("")
        await expect(page.locator(".identity")).to_contain_text("匿名咨询")
        assert SECRET not in await page.evaluate("JSON.stringify(localStorage)")
    visits.faults.clear()  # the browser may report that the log-in of the one before is over


async def test_what_was_asked_without_a_name_under_ones_log_in_is_not_the_next_readers(
    host: Host, visits: Visits
) -> None:
    async with librarian(host.town):
        page = await sit_down(visits, host.town, "reader", "/d/home")
        await expect(page.locator(".identity")).to_contain_text("匿名咨询")
        await ask(page, SECRET)
        session = await host.town.take("lin")
        await page.reload()
        await expect(page.get_by_role("log")).to_contain_text(SECRET)  # it is still theirs
        await come_as(host, page, await next_reader(host))
        await expect(page.get_by_label("您的问题")).to_have_value("")
        await end(host, session)
        await page.reload()
        await expect(page.get_by_label("您的问题")).to_be_visible()
        await expect(page.get_by_role("heading", name="以前的咨询")).to_have_count(0)
    visits.faults.clear()


async def test_who_begins_without_a_log_in_and_logs_in_then_stays_in_their_conversation(
    host: Host, visits: Visits
) -> None:
    async with librarian(host.town):
        page = await visits.page(f"{host.town.base}/d/home")
        await ask(page, SECRET)
        session = await host.town.take("lin")
        await come_as(host, page, host.town.people["reader"])
        await expect(page.get_by_role("log")).to_contain_text(SECRET)
        await write(page, "现在登录了")
        await expect(page.locator(".waits")).to_have_count(0)
        assert await said(host.town, session) == [SECRET, "现在登录了"]


async def test_a_tab_that_the_one_before_left_open_becomes_the_next_readers(
    host: Host, visits: Visits
) -> None:
    async with librarian(host.town):
        desktop = await known(host, visits)
        await ask(desktop, SECRET)
        await host.town.take("lin")
        left = await sit_down(visits, host.town, "reader", "/d/home")
        await expect(left.get_by_role("log")).to_contain_text(SECRET)
        await come_as(host, await left.context.new_page(), await next_reader(host))
        await expect(left.get_by_label("您的问题")).to_be_visible()
        await expect(left.get_by_text(SECRET)).to_have_count(0)
    visits.faults.clear()  # the browser may report that the log-in of the one before is over


async def test_who_logs_out_of_the_chat_leaves_nothing_half_written(host: Host, visits: Visits) -> None:
    page = await known(host, visits)
    await page.get_by_label("您的问题").fill(SECRET)
    await page.get_by_role("button", name="退出").click()
    await expect(page.locator(".identity")).to_contain_text("匿名咨询")
    await expect(page.get_by_label("您的问题")).to_have_value("")
    await page.reload()
    await press_launcher(page)
    await expect(page.get_by_label("您的问题")).to_have_value("")
    visits.faults.clear()  # the browser may report that nobody is on duty


async def test_nor_after_a_conversation_that_ended_while_they_wrote(host: Host, visits: Visits) -> None:
    async with librarian(host.town):
        page = await known(host, visits)
        await ask(page, "甲的问题")
        session = await host.town.take("lin")
        await page.get_by_label("写消息").fill(SECRET)
        await end(host, session)
        await expect(page.get_by_role("button", name="接着咨询")).to_be_visible()
        await page.get_by_role("button", name="更多").click()
        await page.get_by_role("button", name="退出").click()
        await expect(page.get_by_label("您的问题")).to_have_value("")
        await ask(page, "我是下一位")
        await expect(page.get_by_label("写消息")).to_have_value("")


async def test_another_tab_forgets_their_earlier_conversations_and_what_they_wrote_too(
    host: Host, visits: Visits
) -> None:
    async with librarian(host.town):
        page = await known(host, visits)
        await ask(page, "甲的问题")
        await end(host, await host.town.take("lin"))
        await page.get_by_role("button", name="咨询新问题").click()
        earlier = "以前的咨询"
        tab = await page.context.new_page()
        for one in (page, tab):
            await one.goto(host.url)
            await press_launcher(one)
            await expect(one.get_by_role("heading", name=earlier)).to_be_visible()
        await tab.get_by_label("您的问题").fill(SECRET)
        await page.get_by_role("button", name="退出").click()
        await expect(tab.locator(".identity")).to_contain_text("匿名咨询")
        await expect(tab.get_by_role("heading", name=earlier)).to_have_count(0)
        await expect(tab.get_by_label("您的问题")).to_have_value("")


async def test_nor_does_another_tab_keep_what_they_wrote_to_go_on(host: Host, visits: Visits) -> None:
    """After a conversation that has ended a further question stands half written there."""
    async with librarian(host.town):
        page = await known(host, visits)
        await ask(page, "甲的问题")
        tab = await page.context.new_page()
        await tab.goto(host.url)
        await press_launcher(tab)
        await end(host, await host.town.take("lin"))
        await tab.get_by_role("button", name="接着咨询").click()
        await tab.get_by_label("您的问题").fill(SECRET)
        await expect(
            page.get_by_role("button", name="接着咨询")
        ).to_be_visible()  # its menu offers the way out now
        await page.get_by_role("button", name="更多").click()
        await page.get_by_role("button", name="退出").click()
        await expect(tab.get_by_label("您的问题")).to_have_value("")
        await expect(tab.get_by_text("请接着说")).to_have_count(0)
        await tab.get_by_label("您的问题").fill("我是下一位")
        assert "previous_id" not in await tab.evaluate("JSON.stringify(localStorage)")


async def test_a_log_in_that_ran_out_takes_nothing_from_another_tab(host: Host, visits: Visits) -> None:
    page = await known(host, visits)
    tab = await page.context.new_page()
    await tab.goto(host.url)
    await press_launcher(tab)
    await tab.get_by_label("您的问题").fill(SECRET)
    await page.evaluate(
        "for (const name of Object.keys(localStorage)) if (name.endsWith(' login')) localStorage.removeItem(name)"
    )
    await expect(tab.locator(".identity")).to_contain_text("匿名咨询")
    await expect(tab.get_by_label("您的问题")).to_have_value(SECRET)
    visits.faults.clear()  # the browser may report that nobody is on duty
