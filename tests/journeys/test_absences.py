"""Somebody goes away for longer than one waits: time is moved for every process, nothing is slept away."""

from datetime import timedelta
from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.journeys.installations import PASSWORD, MakeProduct, open_installation
from tests.journeys.people import (
    accept,
    answer,
    ask,
    console_is_current,
    forget_outage,
    go_on_duty,
    is_current,
    log_in,
    open_widget,
    reader_sees,
    write,
)
from tests.servers.browsers import PHONE, Visits
from tests.servers.clocks import FileClock

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

QUESTION = "想借《四库全书》的影印本"
LONG = 60_000.0  # ms: a worker that was told nothing looks by itself within seconds


async def test_a_reader_gone_for_long_reads_everything_and_goes_on_in_a_new_conversation(
    sqlite_url: str, tmp_path: Path, product: MakeProduct, visits: Visits, clock_file: FileClock
) -> None:
    async with open_installation(product, tmp_path, sqlite_url, clock=clock_file) as place:
        console = await log_in(visits, place.last.url, "lin")
        await go_on_duty(console)
        page = await visits.page(place.site)
        await open_widget(page)
        await ask(page, QUESTION)
        await accept(console, QUESTION)
        await expect(page.get_by_role("log")).to_contain_text("正在为您服务")
        before = await place.only_session()
        await page.context.set_offline(True)
        await expect(page.locator("shuqiao-chat .status")).to_contain_text("离线")
        await write(page, "我在路上写的")
        await answer(console, "找到了，在二楼特藏室。")
        await expect(console.get_by_text("找到了，在二楼特藏室。").last).to_be_visible()
        await expect(console.locator(".bubble--waiting")).to_have_count(0)  # it was said in time
        await place.has_lost("reader")
        clock_file.advance(timedelta(minutes=4))
        await expect(console.get_by_role("form", name="整理记录")).to_have_count(0)
        clock_file.advance(timedelta(minutes=2))
        await expect(console.get_by_role("form", name="整理记录")).to_be_visible(timeout=LONG)
        await page.context.set_offline(False)
        log = page.get_by_role("log")
        await expect(log).to_contain_text("找到了，在二楼特藏室。", timeout=LONG)
        await expect(log).to_contain_text("您离开较久，咨询已结束")
        assert (await place.said(before))[-1] == "找到了，在二楼特藏室。"
        await page.get_by_role("button", name="接着咨询并发送").click()
        await page.get_by_role("button", name="开始咨询").click()
        await accept(console, "我在路上写的")
        await expect(log).to_contain_text("接着上一次咨询")
        await page.get_by_role("button", name="查看之前的对话").click()
        await expect(page.locator(".earlier")).to_contain_text("找到了，在二楼特藏室。")
        rows = await place.town.ctx.db.read.rows(
            "SELECT id, previous_id FROM chat_session ORDER BY created_at"
        )
        assert [row["previous_id"] for row in rows] == ["", before]
        assert (await place.said(str(rows[1]["id"])))[0] == "我在路上写的"
        forget_outage(visits)


async def test_a_librarian_lost_for_long_gives_the_reader_back_at_the_head_of_the_queue(
    sqlite_url: str, tmp_path: Path, product: MakeProduct, visits: Visits, clock_file: FileClock
) -> None:
    async with open_installation(product, tmp_path, sqlite_url, clock=clock_file) as place:
        lin = await log_in(visits, place.last.url, "lin")
        await go_on_duty(lin)
        page = await visits.page(place.site)
        await open_widget(page)
        await ask(page, QUESTION)
        await accept(lin, QUESTION)
        await answer(lin, "请稍等，我去查一下。")
        log = page.get_by_role("log")
        await expect(log).to_contain_text("我去查一下")
        asked = await place.town.ctx.db.read.row("SELECT queued_at FROM chat_session")
        await lin.context.set_offline(True)
        await expect(lin.locator('.line[data-state="offline"]')).to_be_visible()
        await place.has_lost("staff")
        clock_file.advance(timedelta(seconds=45))
        await expect(log).to_contain_text("您的位置和对话都在", timeout=LONG)
        mei = await log_in(visits, place.last.url, "mei")
        await go_on_duty(mei)
        await accept(mei, QUESTION)
        await expect(log).to_contain_text("Mei 正在为您服务")
        await expect(mei.get_by_text("我去查一下").last).to_be_visible()  # the transcript came along
        await lin.context.set_offline(False)
        # It stands there for seconds only: looked for from now on, not once the rest has been seen.
        await expect(lin.get_by_text("的对话已不在您手上").first).to_be_attached(timeout=LONG)
        await console_is_current(lin)
        await expect(lin.locator(".entry")).to_have_count(0)
        await write(page, "谢谢您接手")
        await expect(mei.get_by_text("谢谢您接手").last).to_be_visible()
        again = await place.town.ctx.db.read.row("SELECT queued_at FROM chat_session")
        assert asked is not None and again is not None and asked["queued_at"] == again["queued_at"]
        forget_outage(visits)


async def test_a_reader_logs_in_beside_the_librarys_page_and_goes_on_with_the_phone(
    sqlite_url: str, tmp_path: Path, product: MakeProduct, visits: Visits
) -> None:
    async with open_installation(product, tmp_path, sqlite_url) as place:
        console = await log_in(visits, place.last.url, "lin")
        await go_on_duty(console)
        page = await visits.page(place.site)
        await open_widget(page)
        async with page.expect_popup() as opened:
            await page.locator("shuqiao-chat").get_by_role("button", name="登录").first.click()
        window = await opened.value
        await window.get_by_label("邮箱").fill("reader@library.test")
        await window.get_by_label("密码", exact=True).fill(PASSWORD)
        await window.get_by_role("button", name="登录").click()
        await expect(page.get_by_text("已登录：Reader").first).to_be_visible()
        await ask(page, QUESTION)
        await accept(console, QUESTION)
        await write(page, "我换手机继续")
        await is_current(page)
        phone = await visits.page(f"{place.first.url}/d/home", size=PHONE)
        async with phone.expect_popup() as opened:
            await phone.get_by_role("button", name="登录").first.click()
        window = await opened.value
        await window.get_by_label("邮箱").fill("reader@library.test")
        await window.get_by_label("密码", exact=True).fill(PASSWORD)
        await window.get_by_role("button", name="登录").click()
        await expect(phone.get_by_role("log")).to_contain_text("我换手机继续")
        await write(phone, "手机上写的")
        await expect(page.get_by_role("log")).to_contain_text("手机上写的")
        await is_current(phone)
        assert (
            await reader_sees(phone)
            == await reader_sees(page)
            == await place.said(await place.only_session())
        )
