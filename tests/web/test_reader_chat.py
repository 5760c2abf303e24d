"""The reader's chat in a real browser, on a library's page of another origin with the strictest policy."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Page, Route, expect

from server.actions.sessions import end_in
from server.domain.chat import EndReason
from server.store.chat import session_by_id
from tests.servers.browsers import PHONE, Visits, accessibility_faults, compose
from tests.web.libraries import (
    Host,
    ask,
    connection,
    librarian,
    open_chat,
    open_host,
    said,
    say,
    shown,
    write,
)

pytestmark = pytest.mark.browser

QUESTION = "请问怎样查民国报纸？"
UP_TO_DATE = "内容是最新的"


@pytest.fixture
async def host(sqlite_url: str, tmp_path: Path) -> AsyncIterator[Host]:
    async with open_host(sqlite_url, tmp_path) as host:
        yield host


async def in_conversation(host: Host, visits: Visits, url: str = "", **how: object) -> tuple[Page, str]:
    """A reader whom Lin has accepted; the page and the session. Lin must be at the desk."""
    page = await visits.page(url or host.url, **how)
    await open_chat(page)
    await ask(page)
    session = await host.town.take("lin")
    await expect(page.get_by_role("log")).to_contain_text("正在为您服务")
    return page, session


async def test_a_reader_asks_talks_and_rates_on_a_page_of_another_origin(host: Host, visits: Visits) -> None:
    async with librarian(host.town) as lin:
        page = await visits.page(host.url)
        await open_chat(page)
        assert await accessibility_faults(page) == []
        await ask(page)
        await expect(page.get_by_text("下一位就是您")).to_be_visible()
        session = await host.town.take("lin")
        log = page.get_by_role("log")
        await expect(log).to_contain_text("书桥图书馆 · Lin 正在为您服务")
        await expect(connection(page)).to_contain_text(UP_TO_DATE)
        await lin.say(t="sub", topic=f"chat/{session}", after=0)
        await lin.say(t="typing", session=session)
        await expect(page.get_by_text("Lin 正在输入")).to_be_visible()
        await say(lin, session, "l1", "您好，请看 https://example.org/papers 。")
        await expect(page.get_by_role("link", name="https://example.org/papers")).to_be_visible()
        await write(page, "太好了，谢谢！")
        heard = await lin.hear("ev", kind="message", text="太好了，谢谢！")
        await expect(page.locator(".tick.sent").last).to_be_visible()
        await lin.say(t="receipt", session=session, delivered=heard["seq"], read=0)
        await expect(page.locator(".tick.delivered").last).to_contain_text("已送达")
        await lin.say(t="receipt", session=session, delivered=heard["seq"], read=heard["seq"])
        await expect(page.locator(".tick.read").last).to_contain_text("已读")
        assert await accessibility_faults(page) == []
        await page.get_by_role("button", name="更多").click()
        await page.get_by_role("button", name="结束咨询").click()
        await page.locator(".confirm").get_by_role("button", name="结束咨询").click()
        await page.get_by_role("button", name="满意", exact=True).click()
        await page.get_by_label("想对馆员说点什么").fill("非常耐心")
        await page.get_by_role("button", name="提交评价").click()
        await expect(page.get_by_text("谢谢您的评价：满意")).to_be_visible()
        async with page.expect_download() as download:
            await page.get_by_role("button", name="下载对话").click()
        transcript = Path(await (await download.value).path()).read_text("utf-8-sig")
        assert "太好了，谢谢！" in transcript
        assert await accessibility_faults(page) == []
    stored = await session_by_id(host.town.ctx.db.read, session)
    assert stored is not None and (stored.rating, stored.rating_comment) == ("satisfied", "非常耐心")


async def test_a_policy_that_names_only_our_https_origin_gets_the_event_stream(
    host: Host, visits: Visits
) -> None:
    async with librarian(host.town) as lin:
        page, session = await in_conversation(host, visits, host.strict_url)
        await expect(connection(page)).to_contain_text(UP_TO_DATE)
        assert await page.evaluate("document.querySelector('shuqiao-chat').consultation.link.way") == "stream"
        await write(page, "一")
        await write(page, "二")
        await expect(page.locator(".waits")).to_have_count(0)
        await say(lin, session, "l1", "三")
        await expect(page.get_by_role("log")).to_contain_text("三")
        assert await said(host.town, session) == [QUESTION, "一", "二", "三"] == await shown(page)
    assert all("Content Security Policy" in fault for fault in visits.faults) and len(visits.faults) == 1
    visits.faults.clear()  # the browser reports the one attempt; it is remembered and not made again


async def test_enter_that_ends_a_composition_sends_nothing(host: Host, visits: Visits) -> None:
    async with librarian(host.town):
        page, session = await in_conversation(host, visits)
        field = page.get_by_label("写消息")
        await compose(page, field, "zaijian", "再见")
        assert await field.input_value() == "再见"
        await field.fill("nihao")
        for composing in ({"isComposing": True}, {"keyCode": 229}):
            await field.dispatch_event("keydown", {"key": "Enter", "bubbles": True, **composing})
        await field.press("Shift+Enter")
        await field.press_sequentially("你好")
        assert await field.input_value() == "nihao\n你好"
        await field.press("Enter")
        await expect(page.locator(".row.mine .text").last).to_have_text("nihao\n你好")
        await expect(page.locator(".waits")).to_have_count(0)
        assert await said(host.town, session) == [QUESTION, "nihao\n你好"]


async def test_reload_page_change_and_a_second_tab_show_the_same_conversation(
    host: Host, visits: Visits
) -> None:
    async with librarian(host.town) as lin:
        page, session = await in_conversation(host, visits)
        await write(page, "一")
        await expect(page.locator(".tick.sent").last).to_be_visible()
        await page.reload()
        await expect(page.locator("shuqiao-chat")).to_be_visible()
        await expect(page.locator(".row.mine .text").last).to_have_text("一")
        await page.goto(host.url + "/hours")
        await expect(page.locator(".row.mine .text").last).to_have_text("一")
        second = await page.context.new_page()
        await second.goto(host.url)
        await open_chat(second)
        await expect(second.locator(".row.mine .text").last).to_have_text("一")
        await write(second, "二")
        await expect(page.locator(".row.mine .text").last).to_have_text("二")
        await expect(page.locator(".waits")).to_have_count(0)
        await say(lin, session, "l1", "三")
        for tab in (page, second):
            await expect(tab.locator(".row .text").last).to_have_text("三")
            assert await shown(tab) == [QUESTION, "一", "二", "三"]
        assert await said(host.town, session) == [QUESTION, "一", "二", "三"]


async def test_a_minimised_chat_counts_what_is_new(host: Host, visits: Visits) -> None:
    async with librarian(host.town) as lin:
        page, session = await in_conversation(host, visits)
        await page.keyboard.press("Escape")
        launcher = page.locator("shuqiao-launcher button")
        await expect(launcher).to_be_focused()
        await say(lin, session, "l1", "一")
        await say(lin, session, "l2", "二")
        await expect(launcher).to_have_accessible_name("咨询馆员，2 条新消息")
        await page.goto(host.url + "/hours")
        await expect(page.locator("shuqiao-launcher b")).to_have_text("2")
        await page.locator("shuqiao-launcher button").press("Enter")
        await expect(page.locator(".row .text").last).to_be_visible()
        await expect(page.locator("shuqiao-launcher b")).to_be_hidden()
        await lin.say(t="sub", topic=f"chat/{session}", after=0)


async def test_what_is_written_offline_is_sent_once_and_in_order(host: Host, visits: Visits) -> None:
    async with librarian(host.town):
        page, session = await in_conversation(host, visits)
        await page.context.set_offline(True)
        await expect(connection(page)).to_contain_text("离线")
        for text in ("一", "二", "三"):
            await write(page, text)
        await expect(page.get_by_text("已保存，恢复连接后自动发送").last).to_be_visible()
        await page.get_by_label("写消息").fill("还没写完")
        await page.context.set_offline(False)
        await expect(connection(page)).to_contain_text(UP_TO_DATE)
        await expect(page.locator(".waits")).to_have_count(0)
        assert await said(host.town, session) == [QUESTION, "一", "二", "三"] == await shown(page)
        await page.reload()
        await expect(page.get_by_label("写消息")).to_have_value("还没写完")
        await expect(page.locator(".row.mine .text").last).to_have_text("三")
        assert await shown(page) == [QUESTION, "一", "二", "三"]
    visits.faults.clear()  # the browser reports each attempt while it was offline


async def gone(host: Host, session: str) -> None:
    """The reader stayed away longer than their grace: what the worker does then."""
    ctx = host.town.ctx
    async with ctx.transaction() as tx:
        stored = await session_by_id(tx, session)
        assert stored is not None
        assert await end_in(ctx, tx, stored, EndReason.READER_GONE, by="system")


async def left_behind(host: Host, visits: Visits) -> tuple[Page, str]:
    """A reader who wrote two messages offline while their conversation was ended, and is back."""
    page, session = await in_conversation(host, visits)
    await page.context.set_offline(True)
    await write(page, "离线一")
    await write(page, "离线二")
    await gone(host, session)
    await page.context.set_offline(False)
    await expect(page.get_by_text("您离线时写的 2 条还没有送出")).to_be_visible()
    visits.faults.clear()
    return page, session


async def test_who_comes_back_after_the_end_continues_with_what_was_written_offline(
    host: Host, visits: Visits
) -> None:
    async with librarian(host.town):
        page, session = await left_behind(host, visits)
        await expect(page.get_by_role("log")).to_contain_text("内容都在这里")
        assert await accessibility_faults(page) == []
        await page.get_by_role("button", name="接着咨询并发送").click()
        await expect(page.get_by_label("您的问题")).to_have_value("离线一\n离线二")
        await page.get_by_role("button", name="开始咨询").click()
        await expect(page.get_by_role("log")).to_contain_text("接着上一次咨询")
        await page.get_by_role("button", name="查看之前的对话").click()
        await expect(page.locator(".earlier")).to_contain_text(QUESTION)
        answer = await host.town.people["lin"].http.get(f"/api/sessions/{session}/events")
        assert answer.json()["events"][-1]["kind"] == "ended"
        following = await host.town.take("lin")
        stored = await session_by_id(host.town.ctx.db.read, following)
        assert stored is not None and stored.previous_id == session
        assert await said(host.town, following) == ["离线一\n离线二"]


async def test_or_leaves_it_as_a_form_question(host: Host, visits: Visits) -> None:
    async with librarian(host.town):
        page, _ = await left_behind(host, visits)
        await page.get_by_role("button", name="留作表单咨询").click()
        await expect(page.locator("blockquote")).to_have_text("离线一\n离线二")
        await page.get_by_label("邮箱").fill("reader@example.org")
        await page.get_by_role("button", name="提交", exact=True).click()
        await expect(page.get_by_text("您的问题已收到")).to_be_visible()
        await page.get_by_role("button", name="查看对话").click()
        await expect(page.get_by_text("条还没有送出")).to_be_hidden()
    rows = await host.town.ctx.db.read.rows("SELECT question, mail FROM consultation")
    assert [(row["question"], row["mail"]) for row in rows] == [("离线一\n离线二", "reader@example.org")]


async def test_who_waits_leaves_the_question_without_writing_it_again(host: Host, visits: Visits) -> None:
    async with librarian(host.town):
        page = await visits.page(host.url)
        await open_chat(page)
        await ask(page)
        await write(page, "补充：1927 年的")
        await expect(page.locator(".waits")).to_have_count(0)
        await page.get_by_label("写消息").fill("还没来得及发的")
        await page.get_by_role("button", name="改为留下问题").click()
        await page.get_by_role("button", name="提交", exact=True).click()
        await expect(page.get_by_text("请填写邮箱")).to_be_visible()
        await expect(page.get_by_label("邮箱")).to_be_focused()
        await page.get_by_label("邮箱").fill("reader@example.org")
        assert await accessibility_faults(page) == []
        await page.get_by_role("button", name="提交", exact=True).click()
        await expect(page.get_by_text("馆员会回复到 reader@example.org")).to_be_visible()
    rows = await host.town.ctx.db.read.rows("SELECT question, session_id FROM consultation")
    assert [row["question"] for row in rows] == [f"{QUESTION}\n补充：1927 年的\n还没来得及发的"]
    visits.faults.clear()  # the browser reports the refusal (422)


async def test_a_question_left_while_the_librarian_ends_the_conversation_is_kept(
    host: Host, visits: Visits
) -> None:
    async with librarian(host.town):
        page, session = await in_conversation(host, visits)
        await page.get_by_role("button", name="更多").click()
        await page.get_by_role("button", name="改为留下问题").click()
        await page.get_by_label("邮箱").fill("reader@example.org")
        await host.town.people["lin"].http.post(f"/api/sessions/{session}/end", json={})
        await expect(page.get_by_text("咨询已结束")).to_be_visible()
        await page.get_by_role("button", name="提交", exact=True).click()
        await expect(page.get_by_text("您的问题已收到")).to_be_visible()
    rows = await host.town.ctx.db.read.rows("SELECT question FROM consultation")
    assert [row["question"] for row in rows] == [QUESTION]


async def test_nobody_on_duty_is_said_at_once_and_the_form_is_there(host: Host, visits: Visits) -> None:
    page = await visits.page(host.url, size=PHONE)
    await open_chat(page)
    await expect(page.get_by_role("status").filter(has_text="现在没有馆员值班").last).to_be_visible()
    await page.get_by_label("您的问题").fill(QUESTION)
    await page.get_by_role("radio", name="电话").check()
    await page.get_by_role("textbox", name="电话").fill("020 8381 0000")
    assert await accessibility_faults(page) == []
    await page.get_by_role("button", name="提交问题").click()
    await expect(page.get_by_text("馆员会在值班时间打给您")).to_be_visible()


async def test_who_is_there_but_speaks_another_language_is_said_before_the_question(
    host: Host, visits: Visits
) -> None:
    async with librarian(host.town):
        await host.town.available("lin", languages=["zh"])
        page = await visits.page(host.url)
        await open_chat(page)
        await page.get_by_label("您的问题").fill(QUESTION)
        await page.get_by_role("radio", name="English").check()
        await expect(page.get_by_text("这个主题或语言现在没有馆员值班")).to_be_visible()
        await expect(page.get_by_role("button", name="提交问题")).to_be_visible()
        await page.get_by_role("radio", name="中文").check()
        await page.get_by_role("button", name="开始咨询").click()
        await expect(page.get_by_role("log")).to_contain_text(QUESTION)


async def test_a_reader_logs_in_by_a_window_of_ours_and_finds_the_conversation_elsewhere(
    host: Host, visits: Visits
) -> None:
    async with host.town.ctx.transaction() as tx:  # an account without a password cannot log in anywhere
        await tx.execute("UPDATE account SET password_hash = 'x' WHERE name = 'Reader'")
    async with librarian(host.town):
        page, session = await in_conversation(host, visits)
        cookie = {"name": "sid", "value": host.town.people["reader"].cookie, "url": host.town.base}
        await page.context.add_cookies([cookie])
        await page.get_by_role("button", name="更多").click()
        async with page.expect_popup() as opened:
            await page.get_by_role("button", name="登录").click()
        window = await opened.value
        await window.locator("main button").first.click()
        await expect(page.get_by_role("alert").filter(has_text="已登录：Reader")).to_be_visible()
        await write(page, "登录以后")
        await expect(page.locator(".tick.sent").last).to_be_visible()
        stored = await session_by_id(host.town.ctx.db.read, session)
        assert stored is not None and stored.reader_id == host.town.people["reader"].id
        phone = await visits.page(f"{host.town.base}/d/home", size=PHONE)
        await phone.context.add_cookies([cookie])
        async with phone.expect_popup() as opened:
            await phone.get_by_role("button", name="登录").click()
        await (await opened.value).locator("main button").first.click()
        await expect(phone.locator(".row.mine .text").last).to_have_text("登录以后")
        assert await shown(phone) == [QUESTION, "登录以后"]


async def test_files_travel_with_progress_and_are_refused_kindly(host: Host, visits: Visits) -> None:
    async with librarian(host.town):
        page, session = await in_conversation(host, visits)
        pick = page.locator("shuqiao-chat input[type=file]")
        await pick.set_input_files({"name": "书单.txt", "mimeType": "text/plain", "buffer": "书单".encode()})
        await expect(page.get_by_role("link", name="书单.txt")).to_be_visible()
        await expect(page.locator(".waits")).to_have_count(0)
        await pick.set_input_files(
            {"name": "bad.exe", "mimeType": "application/octet-stream", "buffer": b"MZ\0\0"}
        )
        await expect(page.locator(".waits .wrong")).to_be_visible()
        await page.get_by_role("button", name="取消").click()
        await expect(page.locator(".waits")).to_have_count(0)
        await page.context.set_offline(True)
        await pick.set_input_files({"name": "later.txt", "mimeType": "text/plain", "buffer": b"later"})
        await expect(page.get_by_text("恢复连接后自动发送", exact=True)).to_be_visible()
        await page.context.set_offline(False)
        await expect(page.get_by_role("link", name="later.txt")).to_be_visible()
        answer = await host.town.people["lin"].http.get(f"/api/sessions/{session}/events")
        files = [e["data"]["file"]["name"] for e in answer.json()["events"] if e["kind"] == "file"]
        assert files == ["书单.txt", "later.txt"]
    visits.faults.clear()


async def test_a_large_file_goes_on_where_the_line_broke(host: Host, visits: Visits, tmp_path: Path) -> None:
    large = tmp_path / "民国地图.pdf"
    large.write_bytes(b"%PDF-1.7" + bytes(20 * 2**20 - 8))
    sent: list[int] = []

    async def breaks_once(route: Route) -> None:
        """The line breaks twice: a piece is lost on its way, and one arrives whose answer is lost."""
        offset = await route.request.header_value("upload-offset")
        sent.append(int(offset or 0))
        if len(sent) == 3:
            await route.abort("connectionreset")
            return
        if len(sent) == 6:
            await route.fetch()
            await route.abort("connectionreset")
            return
        await route.continue_()

    async with librarian(host.town):
        page, session = await in_conversation(host, visits)
        await page.route(
            "**/uploads/**",
            lambda route: breaks_once(route) if route.request.method == "PATCH" else route.continue_(),
        )
        await page.locator("shuqiao-chat input[type=file]").set_input_files(large)
        await expect(page.get_by_text("恢复连接后自动发送", exact=True)).to_be_visible()
        await expect(page.get_by_role("link", name="民国地图.pdf")).to_be_visible(timeout=60_000)
        await expect(page.locator(".waits")).to_have_count(0)
        pieces = [offset // 2**21 for offset in sent]
        assert pieces == [0, 1, 2, 2, 3, 4, 5, 6, 7, 8, 9], "nothing that had arrived is sent again"
        answer = await host.town.people["lin"].http.get(f"/api/sessions/{session}/events")
        files = [e["data"]["file"]["size"] for e in answer.json()["events"] if e["kind"] == "file"]
        assert files == [20 * 2**20]
    visits.faults.clear()


async def test_the_whole_chat_is_used_by_keyboard_in_english_large_and_dark(
    host: Host, visits: Visits
) -> None:
    async with librarian(host.town) as lin:
        page = await visits.page(host.url, language="en-GB", dark=True)
        launcher = page.locator("shuqiao-launcher button")
        await expect(launcher).to_be_visible()
        await launcher.focus()
        await page.keyboard.press("Enter")
        await page.get_by_role("button", name="更多").focus()
        await page.keyboard.press("Enter")
        await page.get_by_role("button", name="English").press("Enter")
        await page.get_by_role("button", name="Larger text").press("Enter")
        await page.get_by_label("Your question").focus()
        await page.keyboard.type("Where are the newspapers?")
        await page.keyboard.press("Tab")
        await page.get_by_role("button", name="Start the chat").press("Enter")
        session = await host.town.take("lin")
        await say(lin, session, "l1", "Hello!")
        await expect(page.get_by_role("log")).to_contain_text("Hello!")
        await expect(page.get_by_label("Write a message")).to_be_focused()
        await page.keyboard.type("Thank you")
        await page.keyboard.press("Enter")
        await expect(page.locator(".tick").last).to_contain_text("Sent")
        assert await accessibility_faults(page) == []
        size = await page.evaluate(
            "getComputedStyle(document.querySelector('shuqiao-chat').shadowRoot.querySelector('.text')).fontSize"
        )
        assert float(size.removesuffix("px")) >= 20
        await page.keyboard.press("Escape")
        await expect(launcher).to_be_focused()
        await expect(launcher).to_have_accessible_name("Ask a librarian")


async def test_nothing_is_asked_of_any_other_host_and_no_cookie_travels(host: Host, visits: Visits) -> None:
    asked: list[tuple[str, str | None]] = []
    async with librarian(host.town):
        person = await visits.person()
        page = await person.new_page()
        page.on("request", lambda request: asked.append((request.url, request.headers.get("cookie"))))
        await page.goto(host.url)
        await open_chat(page)
        await ask(page)
    assert {url.partition("/static")[0].split("/")[2] for url, _ in asked} == {
        host.url.split("/")[2],
        host.town.base.split("/")[2],
    }
    assert not [cookie for url, cookie in asked if url.startswith(host.town.base) and cookie]
    assert await person.cookies() == []
