"""After the end: the whole conversation by mail."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.servers.browsers import Visits
from tests.web.libraries import Host, ask, librarian, open_chat, open_host, write

pytestmark = pytest.mark.browser


@pytest.fixture
async def host(sqlite_url: str, tmp_path: Path) -> AsyncIterator[Host]:
    async with open_host(sqlite_url, tmp_path) as host:
        yield host


async def test_a_reader_has_the_conversation_sent_by_mail(host: Host, visits: Visits) -> None:
    async with librarian(host.town):
        page = await visits.page(host.url)
        await open_chat(page)
        await ask(page)
        await host.town.take("lin")
        await expect(page.get_by_role("log")).to_contain_text("正在为您服务")
        await write(page, "请把这些都寄给我。")
        await expect(page.locator(".tick.sent").last).to_be_visible()
        await page.get_by_role("button", name="更多").click()
        await page.get_by_role("button", name="结束咨询").click()
        await page.locator(".confirm").get_by_role("button", name="结束咨询").click()
        await page.get_by_role("button", name="发到邮箱").click()
        mail = page.locator("form.inline").get_by_label("邮箱")
        await expect(mail).to_be_focused()
        await mail.fill("reader@")
        await mail.press("Enter")
        await expect(mail).to_have_attribute("aria-invalid", "true")
        await mail.fill("reader@example.org")
        await mail.press("Enter")
        await expect(page.get_by_text("对话记录将发往 reader@example.org")).to_be_visible()
    visits.faults[:] = [fault for fault in visits.faults if "/transcript?" not in fault]  # the half address
    rows = await host.town.ctx.db.read.rows(
        "SELECT recipient, data FROM mail_out WHERE template = 'transcript'"
    )
    assert [row["recipient"] for row in rows] == ["reader@example.org"]
    assert "请把这些都寄给我。" in json.dumps(json.loads(rows[0]["data"]), ensure_ascii=False)
