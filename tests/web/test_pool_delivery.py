"""How a document reaches its reader, in a real browser: a link that no machine can judge, a file on a broken line."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Route, expect

from tests.server.pool.conftest import Pool
from tests.servers.browsers import Visits, accessibility_faults
from tests.servers.clocks import FileClock
from tests.servers.machine import free_port
from tests.town import open_town
from tests.web.test_pool import fill_document, sit

pytestmark = pytest.mark.browser

PIECE = 4 * 1024 * 1024
LINK = "https://repository.example.org/papers/7"


@pytest.fixture
async def pool(sqlite_url: str, tmp_path: Path, clock_file: FileClock) -> AsyncIterator[Pool]:
    """An installation that has no way out: of no link it can tell."""
    async with open_town(
        sqlite_url,
        tmp_path,
        port=free_port(),
        test_clock_file=str(clock_file.path),
        embedded_worker=False,
        probe_links=False,
    ) as town:
        yield Pool(town, clock_file)


async def test_a_link_of_which_no_machine_can_tell_waits_for_the_librarians_word(
    pool: Pool, visits: Visits
) -> None:
    asked = await pool.ask()
    await pool.claim("lin", asked.task_id)
    page = await sit(visits, pool, task=asked.task_id)
    await page.locator(".segments__one", has_text="链接").click()
    await fill_document(page)
    tick = page.get_by_label("我已亲自打开")
    await expect(tick).to_be_hidden()
    link = page.locator('.answer input[type="url"]')
    await link.fill(LINK)
    await page.get_by_label("给读者的话").focus()  # leaving the field has it looked at
    await expect(page.locator(".probe")).to_have_attribute("data-meaning", "unsure")
    await expect(tick).to_be_visible()
    assert await accessibility_faults(page) == []
    await page.get_by_role("button", name="发送答复").click()
    await expect(page.locator(".answer > .flash--bad")).to_be_visible()
    await expect(tick).to_be_focused()
    await tick.check()
    await expect(page.locator(".preview__problems")).to_contain_text("可以发送")
    await link.fill(LINK + "0")
    await expect(tick).not_to_be_checked()  # another link, another look
    await page.get_by_label("给读者的话").focus()
    await tick.check()
    await page.get_by_role("button", name="发送答复").click()
    await expect(page.locator(".task-notice")).to_contain_text("答复已发送")
    row = await pool.row("consultation", asked.id)
    answer = await pool.row("answer", row["answer_id"])
    assert (row["state"], answer["link_url"]) == ("answered", LINK + "0")
    visits.faults.clear()  # the browser reports the refusal (422)


async def test_a_large_document_goes_on_where_the_line_broke_and_is_sent(
    pool: Pool, visits: Visits, tmp_path: Path
) -> None:
    asked = await pool.ask()
    await pool.claim("lin", asked.task_id)
    page = await sit(visits, pool, task=asked.task_id)
    paper = tmp_path / "古籍整理.pdf"
    paper.write_bytes(b"%PDF-1.4\n" + bytes(2 * PIECE))
    offsets: list[str] = []

    async def breaks_once(route: Route) -> None:
        if route.request.method != "PATCH":
            return await route.continue_()
        offset = route.request.headers["upload-offset"]
        offsets.append(offset)
        if offset != "0" and offsets.count(offset) == 1 and len(offsets) == 2:
            return await route.abort("connectionreset")
        return await route.continue_()

    await page.route("**/api/tasks/*/files/**", breaks_once)
    await page.locator(".segments__one", has_text="附件").click()
    await page.get_by_label("选择文件").set_input_files([str(paper)])
    await expect(page.locator(".answer-files")).to_contain_text("古籍整理.pdf")
    await page.get_by_role("button", name="与读者所要的完全相同").click()
    await expect(page.locator(".preview__problems")).to_contain_text("可以发送")
    assert offsets == ["0", str(PIECE), str(PIECE), str(2 * PIECE)], "the first piece was not sent again"
    await page.get_by_role("button", name="发送答复").click()
    await expect(page.locator(".version")).to_contain_text("古籍整理.pdf")
    files = await pool.town.ctx.db.read.rows("SELECT size FROM stored_file WHERE state = 'whole'")
    assert [row["size"] for row in files] == [paper.stat().st_size]
    visits.faults.clear()  # the browser reports the line that we broke
