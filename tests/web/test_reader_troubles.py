"""What goes wrong around a reader's chat: it says so truthfully, and nothing written is lost or asked twice."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from playwright.async_api import Page, expect

from tests.servers.browsers import PHONE, Visits, accessibility_faults
from tests.web.libraries import Host, ask, librarian, open_chat, open_host, said, say, shown, write

pytestmark = pytest.mark.browser

QUESTION = "请问怎样查民国报纸？"


@pytest.fixture
async def host(sqlite_url: str, tmp_path: Path) -> AsyncIterator[Host]:
    async with open_host(sqlite_url, tmp_path) as host:
        yield host


async def in_conversation(host: Host, visits: Visits, **how: object) -> tuple[Page, str]:
    page = await visits.page(host.url, **how)
    await open_chat(page)
    return page, await accepted(host, page)


async def accepted(host: Host, page: Page) -> str:
    await ask(page)
    session = await host.town.take("lin")
    await expect(page.get_by_role("log")).to_contain_text("正在为您服务")
    return session


async def known_to_us(host: Host, page: Page) -> None:
    """The reader is logged in at our address."""
    async with host.town.ctx.transaction() as tx:  # an account without a password cannot log in anywhere
        await tx.execute("UPDATE account SET password_hash = 'x' WHERE name = 'Reader'")
    cookie = {"name": "sid", "value": host.town.people["reader"].cookie, "url": host.town.base}
    await page.context.add_cookies([cookie])


async def log_in(host: Host, page: Page) -> None:
    """By the window, for who is logged in at our address."""
    await known_to_us(host, page)
    async with page.expect_popup() as opened:
        await page.get_by_role("button", name="登录").click()
    await (await opened.value).locator("main button").first.click()
    await expect(page.get_by_role("alert").filter(has_text="已登录：Reader")).to_be_visible()


async def end_by_librarian(host: Host, session: str) -> None:
    answer = await host.town.people["lin"].http.post(f"/api/sessions/{session}/end", json={})
    assert answer.status_code == 200, answer.text


async def test_a_conversation_that_is_no_more_gives_way_to_a_new_one(host: Host, visits: Visits) -> None:
    async with librarian(host.town):
        page, session = await in_conversation(host, visits, size=PHONE)
        await page.context.set_offline(True)
        await write(page, "离线时写的")
        await page.get_by_label("写消息").fill("写了一半")
        await page.goto("about:blank")
        async with host.town.ctx.transaction() as tx:  # what erasing somebody leaves
            await tx.execute("UPDATE chat_session SET reader_key = '' WHERE id = $1", session)
        await page.context.set_offline(False)
        await page.goto(host.url)
        await expect(page.get_by_role("alert").filter(has_text="找不到这次咨询")).to_be_visible()
        await expect(page.get_by_label("您的问题")).to_have_value("离线时写的\n写了一半")
        assert await accessibility_faults(page) == []
        await page.get_by_role("button", name="开始咨询").click()
        await expect(page.get_by_role("log")).to_contain_text("写了一半")
        await expect(page.get_by_label("写消息")).to_have_value("")
        assert await shown(page) == ["离线时写的\n写了一半"]
    visits.faults.clear()  # the browser reports what was not found


async def test_a_proxy_that_finds_nothing_takes_no_conversation_away(host: Host, visits: Visits) -> None:
    async with librarian(host.town):
        page, _ = await in_conversation(host, visits)
        missing = "**/api/sessions/*/token*"
        headers = {"Access-Control-Allow-Origin": "*", "Content-Type": "text/html"}
        answer = {"status": 404, "headers": headers, "body": "<h1>404 Not Found</h1>"}
        await page.route(missing, lambda route: route.fulfill(**answer))
        await page.reload()
        await expect(page.locator("shuqiao-chat .status")).to_contain_text("离线")
        await page.unroute(missing)
        await expect(page.get_by_role("log")).to_contain_text(QUESTION)
    visits.faults.clear()  # the browser reports what was not found


async def test_after_a_log_in_that_ran_out_the_next_one_finds_the_conversation(
    host: Host, visits: Visits
) -> None:
    async with librarian(host.town):
        page = await visits.page(host.url)
        await open_chat(page)
        await log_in(host, page)
        session = await accepted(host, page)
        await page.context.set_offline(True)
        await write(page, "夜里写的")
        await page.goto("about:blank")
        await page.clock.set_fixed_time(datetime.now(UTC) + timedelta(hours=12))
        await page.context.set_offline(False)
        await page.goto(host.url)
        await expect(page.get_by_role("alert").filter(has_text="登录已结束")).to_be_visible()
        await log_in(host, page)
        await expect(page.locator(".waits")).to_have_count(0)
        assert await shown(page) == [QUESTION, "夜里写的"]
        assert await said(host.town, session) == [QUESTION, "夜里写的"]
    visits.faults.clear()  # the browser reports what was not found


async def test_whoever_logs_out_leaves_no_list_of_their_conversations(host: Host, visits: Visits) -> None:
    async with librarian(host.town):
        page = await visits.page(host.url)
        await open_chat(page)
        await log_in(host, page)
        await end_by_librarian(host, await accepted(host, page))
        await expect(page.get_by_text("馆员结束了咨询")).to_be_visible()
        await page.get_by_role("button", name="更多").click()
        await page.get_by_role("button", name="退出").click()
        await expect(page.get_by_text("匿名咨询")).to_be_visible()
        await expect(page.get_by_text("以前的咨询")).to_be_hidden()
        await log_in(host, page)
        await expect(page.get_by_role("heading", name="以前的咨询")).to_be_visible()
        await page.get_by_role("button", name="退出").click()
        await expect(page.get_by_text("以前的咨询")).to_be_hidden()


async def test_no_other_page_gets_the_code_of_a_log_in(host: Host, visits: Visits) -> None:
    """A page that no desk lists opens our window in the name of one that is: the reader logs in, it hears nothing."""
    stranger = host.url.replace("127.0.0.1", "stranger.test")
    assert stranger != host.url
    page = await visits.page(stranger)
    await known_to_us(host, page)
    await page.evaluate("heard = []; addEventListener('message', ({ data }) => heard.push(data))")
    window = f"{host.town.base}/login/window?desk=home&origin={host.url}"
    async with page.expect_popup() as opened:
        await page.evaluate("(address) => void open(address)", window)
    popup = await opened.value
    async with popup.expect_event("close"):
        await popup.locator("main button").first.click()
    await page.evaluate("new Promise((fulfil) => setTimeout(fulfil))")  # what was posted has arrived
    assert await page.evaluate("heard") == []
    visits.faults.clear()  # the stranger's desk is out of reach, and the browser reports whom the code was not for


async def test_the_chat_takes_no_code_but_from_its_own_window(host: Host, visits: Visits) -> None:
    page = await visits.page(host.url)
    await open_chat(page)
    await known_to_us(host, page)
    async with page.expect_popup() as opened:
        await page.get_by_role("button", name="登录").click()
    popup = await opened.value
    # A script of the page, an advertisement in a frame: they may post what they like.
    await page.evaluate("postMessage({ shuqiao: 'login', code: 'forged' }, '*')")
    await popup.locator("main button").first.click()
    await expect(page.get_by_role("alert").filter(has_text="已登录：Reader")).to_be_visible()


async def test_a_browser_that_opens_no_window_is_no_silence(host: Host, visits: Visits) -> None:
    page = await visits.page(host.url)
    await open_chat(page)
    await page.evaluate("window.open = () => null")  # what a blocked window is to the page
    await page.get_by_role("button", name="登录").click()
    await expect(page.get_by_role("alert").filter(has_text="浏览器拦住了登录窗口")).to_be_visible()


async def test_what_was_half_written_at_the_end_is_said_once_in_the_next_conversation(
    host: Host, visits: Visits
) -> None:
    async with librarian(host.town):
        page, session = await in_conversation(host, visits)
        await page.get_by_label("写消息").fill("还没写完的话")
        await end_by_librarian(host, session)
        await page.get_by_role("button", name="接着咨询").click()
        await expect(page.get_by_label("您的问题")).to_have_value("还没写完的话")
        await page.get_by_role("button", name="开始咨询").click()
        await expect(page.get_by_role("log")).to_contain_text("接着上一次咨询")
        await expect(page.get_by_label("写消息")).to_have_value("")


async def test_a_file_that_came_too_late_goes_into_the_next_conversation(host: Host, visits: Visits) -> None:
    async with librarian(host.town):
        page, session = await in_conversation(host, visits)
        await page.context.set_offline(True)
        file = {"name": "书单.txt", "mimeType": "text/plain", "buffer": b"1927"}
        await page.locator("shuqiao-chat input[type=file]").set_input_files(file)
        await write(page, "请看书单")
        await end_by_librarian(host, session)
        await page.context.set_offline(False)
        await expect(page.locator(".waits .wrong")).to_contain_text("之前的对话会一并带上")
        await page.get_by_role("button", name="接着咨询并发送").click()
        await page.get_by_role("button", name="开始咨询").click()
        await expect(page.get_by_role("link", name="书单.txt")).to_be_visible()
        await expect(page.locator(".waits")).to_have_count(0)
    visits.faults.clear()  # the browser reports the outage and the refusal


async def test_too_many_files_at_once_are_refused_together(host: Host, visits: Visits) -> None:
    async with librarian(host.town):
        page, _ = await in_conversation(host, visits)
        files = [{"name": f"{n}.txt", "mimeType": "text/plain", "buffer": b"1927"} for n in range(11)]
        pick = page.locator("shuqiao-chat input[type=file]")
        await pick.set_input_files(files)
        await expect(page.get_by_role("alert").filter(has_text="最多选 10 个文件")).to_be_visible()
        await expect(page.locator(".row .file")).to_have_count(0)
        await pick.set_input_files(files[:10])
        await expect(page.get_by_role("link", name=".txt")).to_have_count(10)


async def test_the_last_words_stay_in_sight_in_large_type_and_over_a_keyboard(
    host: Host, visits: Visits
) -> None:
    async with librarian(host.town) as lin:
        page, session = await in_conversation(host, visits, size=PHONE)
        await lin.say(t="sub", topic=f"chat/{session}", after=0)
        for number in range(12):
            await say(lin, session, f"words-{number}", f"第 {number} 条：请到三楼地方文献室，带上读者证。")
        last = page.get_by_text("第 11 条")
        await expect(last).to_be_in_viewport(ratio=1)
        await page.get_by_role("button", name="放大文字").click()
        await expect(last).to_be_in_viewport(ratio=1)
        await page.set_viewport_size({"width": PHONE[0], "height": 480})  # as a keyboard leaves it
        await expect(last).to_be_in_viewport(ratio=1)
        await page.get_by_label("写消息").fill("一\n二\n三\n四\n五")
        await expect(last).to_be_in_viewport(ratio=1)


async def test_who_waits_past_closing_time_hears_the_next_hours(host: Host, visits: Visits) -> None:
    async with librarian(host.town):
        page = await visits.page(host.url)
        await open_chat(page)
        await ask(page)
        await expect(page.get_by_text("下一位就是您")).to_be_visible()
        far = (datetime.now(ZoneInfo("Asia/Shanghai")).hour + 12) % 24
        answer = await host.town.people["manager"].http.put(
            f"/api/manage/desks/{host.town.desks['home']}/hours", json={"days": [f"{far}:00-{far}:30"] * 7}
        )
        assert answer.status_code == 200, answer.text
        await page.clock.set_fixed_time(datetime.now(UTC) + timedelta(hours=1))
        await host.town.available("lin", availability="away")
        wait = page.get_by_role("status").filter(has_text="现在没有馆员值班")
        await expect(wait).to_contain_text("下次值班")
        await expect(wait).to_contain_text(f"{far:02}:00")


async def test_a_desk_out_of_reach_is_said_in_full_beside_the_button(host: Host, visits: Visits) -> None:
    page = await visits.page(host.url, size=PHONE)
    await page.route("**/widget/chat.js", lambda route: route.abort())
    button = page.locator("shuqiao-launcher button")
    await expect(button).to_be_visible()
    before = await button.bounding_box()
    await button.click()
    note = page.get_by_role("alert").filter(has_text="咨询暂时无法打开")
    await expect(note).to_be_in_viewport(ratio=1)
    await expect(note.get_by_role("link")).to_have_attribute("href", f"{host.town.base}/d/home/ask")
    assert await button.bounding_box() == before, "the button stays under the finger"
    visits.faults.clear()  # the browser reports what did not arrive
