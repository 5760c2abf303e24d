"""What a reader types, presses and hears while the chat changes around them: nothing is lost, nothing slips away."""

import json
import re
from collections.abc import AsyncIterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page, expect

from server.domain.events import QueueMoved
from tests.servers.browsers import Visits, accessibility_faults
from tests.web.libraries import Host, ask, librarian, open_chat, open_host
from tests.web.test_reader_chat import left_behind
from tests.web.test_reader_returns import end
from tests.web.test_two_devices import press_launcher

pytestmark = pytest.mark.browser

ROOT = "document.querySelector('shuqiao-chat').shadowRoot"


@pytest.fixture
async def host(sqlite_url: str, tmp_path: Path) -> AsyncIterator[Host]:
    async with open_host(sqlite_url, tmp_path) as host:
        yield host


async def speak_english(page: Page) -> None:
    await page.get_by_role("button", name="更多").click()
    await page.get_by_role("button", name="English").click()


async def ended(host: Host, visits: Visits) -> Page:
    """A reader whose conversation is over."""
    page = await visits.page(host.url)
    await open_chat(page)
    await ask(page)
    await end(host, await host.town.take("lin"))
    await expect(page.get_by_role("button", name="接着咨询")).to_be_visible()
    return page


async def test_after_a_form_question_the_chat_is_there_in_the_other_language(
    host: Host, visits: Visits
) -> None:
    """It showed a line to write in that led nowhere: what was sent there was gone."""
    page = await visits.page(host.url)
    await open_chat(page)
    await page.get_by_label("您的问题").fill("夜里的问题")
    await page.get_by_label("邮箱").fill("reader@example.org")
    await page.get_by_role("button", name="提交问题").click()
    await expect(page.get_by_text("您的问题已收到")).to_be_visible()
    await speak_english(page)
    await expect(page.get_by_label("Your question")).to_have_value("")
    await expect(page.get_by_label("Write a message")).to_have_count(0)
    assert await accessibility_faults(page) == []


async def test_another_language_leaves_a_reader_where_they_were(host: Host, visits: Visits) -> None:
    async with librarian(host.town):
        page = await ended(host, visits)
        await page.get_by_role("button", name="接着咨询").click()
        await page.get_by_label("您的问题").fill("还有一个问题")
        await speak_english(page)
        await expect(page.get_by_label("Your question")).to_have_value("还有一个问题")
        await expect(page.get_by_text("Please go on")).to_be_visible()
        await page.get_by_role("button", name="Start the chat").click()
        await expect(page.get_by_role("log")).to_contain_text("Continues an earlier chat")
        await page.get_by_role("button", name="Leave the question instead").click()
        await page.get_by_role("button", name="More").click()
        await page.get_by_role("button", name="中文").click()
        await expect(page.get_by_role("heading", name="留下问题，稍后回复")).to_be_visible()
        await page.get_by_role("button", name="返回对话").click()
        await expect(page.get_by_role("log")).to_contain_text("还有一个问题")


async def test_a_further_question_waits_on_the_next_page(host: Host, visits: Visits) -> None:
    async with librarian(host.town):
        page = await ended(host, visits)
        await page.get_by_role("button", name="接着咨询").click()
        await page.get_by_label("您的问题").fill("写了很久的一个后续问题")
        await page.reload()
        await press_launcher(page)
        await page.get_by_role("button", name="接着咨询").click()
        await expect(page.get_by_label("您的问题")).to_have_value("写了很久的一个后续问题")
        await page.get_by_role("button", name="开始咨询").click()
        await expect(page.get_by_role("log")).to_contain_text("接着上一次咨询")


async def test_and_so_does_what_was_written_offline_once_with_what_was_added_to_it(
    host: Host, visits: Visits
) -> None:
    async with librarian(host.town):
        page, _ = await left_behind(host, visits)
        await page.get_by_role("button", name="接着咨询并发送").click()
        await page.reload()
        await press_launcher(page)
        await page.get_by_role("button", name="接着咨询并发送").click()
        await expect(page.get_by_label("您的问题")).to_have_value("离线一\n离线二")
        await page.get_by_label("您的问题").fill("离线一\n离线二\n又补一句")
        await page.reload()
        await press_launcher(page)
        await page.get_by_role("button", name="接着咨询并发送").click()
        await expect(page.get_by_label("您的问题")).to_have_value("离线一\n离线二\n又补一句")


async def test_a_file_on_its_way_is_cancelled_at_any_moment(
    host: Host, visits: Visits, tmp_path: Path
) -> None:
    """With every step of its progress the row was drawn anew: the button went from under the finger."""
    large = tmp_path / "地图.pdf"
    large.write_bytes(b"%PDF-1.7" + bytes(12 * 2**20))
    slow = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": 200_000}
    async with librarian(host.town):
        page = await visits.page(host.url)
        await open_chat(page)
        await ask(page)
        session = await host.town.take("lin")
        await expect(page.get_by_role("log")).to_contain_text("正在为您服务")
        network = await page.context.new_cdp_session(page)
        await network.send("Network.enable")
        await network.send("Network.emulateNetworkConditions", slow)
        await page.locator("shuqiao-chat input[type=file]").set_input_files(large)
        bar = page.get_by_role("progressbar", name="地图.pdf")
        cancel = page.get_by_role("button", name="取消")
        await expect(bar).not_to_have_js_property("value", 0)
        await cancel.focus()
        await expect(bar).not_to_have_js_property("value", await bar.evaluate("bar => bar.value"))
        await expect(cancel).to_be_focused()
        assert await accessibility_faults(page) == []
        await page.keyboard.press("Enter")
        await expect(page.locator(".waits")).to_have_count(0)
        events = (await host.town.people["lin"].http.get(f"/api/sessions/{session}/events")).json()["events"]
        assert "file" not in {event["kind"] for event in events}


async def test_a_refused_file_is_said_aloud_and_hides_no_way_on(host: Host, visits: Visits) -> None:
    async with librarian(host.town):
        page = await visits.page(host.url, size=(390, 480))  # as a phone's keyboard leaves it
        await open_chat(page)
        await ask(page)
        await host.town.take("lin")
        await expect(page.get_by_role("log")).to_contain_text("正在为您服务")
        program = {"name": "bad.exe", "mimeType": "application/octet-stream", "buffer": b"MZ\0\0"}
        await page.locator("shuqiao-chat input[type=file]").set_input_files(program)
        why = page.locator(".waits .wrong span").first
        told = page.get_by_role("alert").filter(has_text=await why.inner_text())
        await expect(told).to_be_visible()
        cancel = page.get_by_role("button", name="取消")
        await expect(cancel).to_be_in_viewport(ratio=1)
        over, under = await told.bounding_box(), await cancel.bounding_box()
        assert over and under and over["y"] + over["height"] <= under["y"]
    visits.faults.clear()  # the browser reports the refusal


async def test_who_waits_hears_each_thing_once_and_keeps_the_way_out(host: Host, visits: Visits) -> None:
    """Every few seconds of the estimate the words were read out again, and the button lost its focus."""
    async with librarian(host.town):
        page = await visits.page(host.url)
        await open_chat(page)
        await ask(page)
        way_out = page.get_by_role("button", name="改为留下问题")
        await way_out.focus()
        await page.evaluate(
            f"""() => {{
                const wait = {ROOT}.querySelector(".wait");
                const heard = [];
                const listen = () => {{
                    heard.push(wait.querySelector("[role=status]").innerText.replace("\\n", "，").replaceAll(" ", ""));
                    document.documentElement.dataset.heard = heard.join(" ");
                }};
                new MutationObserver(listen).observe(wait, {{ childList: true, subtree: true }});
            }}"""
        )
        for position, seconds in ((7, 181), (7, 187), (7, 193), (6, 193)):
            host.town.ctx.announce(QueueMoved(await talk(page), position, seconds, 1))
        told = page.locator("html")
        await expect(told).to_have_attribute("data-heard", re.compile("您排在第6位，预计等待约3分钟"))
        heard = (await told.get_attribute("data-heard") or "").split()
        assert "您排在第7位，预计等待约3分钟" in heard
        assert not any(one == two for one, two in pairwise(heard)), heard
        await expect(way_out).to_be_focused()


async def talk(page: Page) -> str:
    kept: dict[str, Any] = await page.evaluate("({...localStorage})")
    return str(next(json.loads(kept[key])["id"] for key in kept if key.endswith(" talk")))
