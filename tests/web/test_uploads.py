"""Files on their way in a real browser: with progress, after a break in the line, cancelled, refused, tried again."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page, Route, expect

from tests.server.outside.clamd import Clamd, open_clamd
from tests.servers.browsers import PHONE, Visits, accessibility_faults
from tests.town import Town, open_town

pytestmark = pytest.mark.browser

WHOLE = b"%PDF-1.7 " + b"0123456789" * 1_700_000  # three pieces


@pytest.fixture
async def clamd(tmp_path: Path) -> AsyncIterator[Clamd]:
    async with open_clamd(tmp_path) as clamd:
        yield clamd


@pytest.fixture
async def town(sqlite_url: str, tmp_path: Path, clamd: Clamd) -> AsyncIterator[Town]:
    async with open_town(sqlite_url, tmp_path, clamd_socket=clamd.socket) as town:
        yield town


@pytest.fixture
def pdf(tmp_path: Path) -> Callable[..., Path]:
    """A file on the reader's disk."""

    def make(name: str = "论文.pdf", content: bytes = WHOLE) -> Path:
        path = tmp_path / name
        path.write_bytes(content)
        return path

    return make


async def opened(visits: Visits, town: Town, language: str = "zh", **how: Any) -> Page:
    return await visits.page(f"{town.base}/demo/gallery?lang={language}", **how)


def item(page: Page, name: str = "论文.pdf") -> Any:
    return page.locator(".uploads__item", has_text=name)


async def kept(town: Town) -> list[tuple[str, int]]:
    rows = await town.ctx.db.read.rows(
        "SELECT name, size FROM stored_file WHERE state = 'whole' ORDER BY name"
    )
    return [(row["name"], row["size"]) for row in rows]


async def test_several_files_go_ahead_of_their_form_with_progress(
    visits: Visits, town: Town, pdf: Callable[..., Path]
) -> None:
    page = await opened(visits, town)
    await page.locator("#files").set_input_files(
        [pdf("甲.pdf"), pdf("乙.pdf", b"%PDF-1"), pdf("丙.pdf", b"%PDF-2")]
    )
    for name in ("甲.pdf", "乙.pdf", "丙.pdf"):
        await expect(item(page, name)).to_have_attribute("data-state", "done")
    await expect(item(page, "甲.pdf")).to_contain_text("已上传（16.2 MB）")
    assert await kept(town) == [("丙.pdf", 6), ("乙.pdf", 6), ("甲.pdf", len(WHOLE))]
    assert len(await page.evaluate("document.querySelector('#files').uploads.ids")) == 3
    assert await page.locator("#files").get_attribute("name") is None, "the form does not carry them again"


async def test_after_a_break_in_the_line_it_goes_on_where_it_stopped(
    visits: Visits, town: Town, pdf: Callable[..., Path]
) -> None:
    page = await opened(visits, town)
    broken: list[str] = []

    async def breaks(route: Route) -> None:
        offset = route.request.headers["upload-offset"]
        if offset != "0" and len(broken) < 2:
            broken.append(offset)
            await route.abort("connectionreset")
        else:
            await route.continue_()

    await page.route(
        re.compile("/api/requests/"), lambda r: breaks(r) if r.request.method == "PATCH" else r.continue_()
    )
    await page.locator("#files").set_input_files([pdf()])
    await expect(item(page)).to_have_attribute("data-state", "done")
    assert broken == ["8388608", "8388608"], "the first piece was not sent again"
    assert await kept(town) == [("论文.pdf", len(WHOLE))]
    visits.faults.clear()  # the browser reports the lines that we broke


async def test_without_a_line_it_waits_and_says_so(
    visits: Visits, town: Town, pdf: Callable[..., Path]
) -> None:
    page = await opened(visits, town)
    await page.context.set_offline(True)
    await page.locator("#files").set_input_files([pdf(content=b"%PDF-1")])
    await expect(item(page)).to_contain_text("网络中断，恢复后自动续传")
    await page.context.set_offline(False)
    await expect(item(page)).to_have_attribute("data-state", "done")
    visits.faults.clear()


async def test_what_is_cancelled_leaves_nothing(visits: Visits, town: Town, pdf: Callable[..., Path]) -> None:
    page = await opened(visits, town)
    held = asyncio.Event()

    async def holds(route: Route) -> None:
        if route.request.method == "PATCH":
            await held.wait()
        await route.continue_()

    await page.route(re.compile("/api/requests/"), holds)
    await page.locator("#files").set_input_files([pdf()])
    await item(page).get_by_role("button", name="取消").click()
    await expect(item(page)).to_have_count(0)
    held.set()
    async with asyncio.timeout(60):
        while await town.ctx.db.read.rows("SELECT id FROM stored_file"):
            await asyncio.sleep(0.05)  # the farewell is on its way
    visits.faults.clear()


async def test_a_refused_file_says_why_and_can_be_taken_away(
    visits: Visits, town: Town, pdf: Callable[..., Path]
) -> None:
    page = await opened(visits, town, "en")
    await page.locator("#files").set_input_files([pdf("tool.exe", b"MZ\x90\x00"), pdf("empty.pdf", b"")])
    await expect(item(page, "tool.exe")).to_contain_text("tool.exe")
    await expect(item(page, "tool.exe")).to_have_attribute("data-state", "failed")
    await expect(item(page, "empty.pdf")).to_contain_text("This file is empty.")
    assert await accessibility_faults(page) == []
    for name in ("tool.exe", "empty.pdf"):
        await item(page, name).get_by_role("button", name="Remove").click()
    await expect(page.locator(".uploads__item")).to_have_count(0)
    visits.faults.clear()  # 415 is noted by the browser


async def test_a_scanner_that_is_away_is_tried_again(
    visits: Visits, town: Town, pdf: Callable[..., Path], clamd: Clamd
) -> None:
    page = await opened(visits, town, size=PHONE)
    clamd.silent = True
    await page.locator("#files").set_input_files([pdf(content=b"%PDF-1")])
    await expect(item(page)).to_have_attribute("data-state", "failed")
    await expect(item(page)).to_contain_text("病毒扫描程序暂时没有应答")
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    clamd.silent = False
    await item(page).get_by_role("button", name="重试").click()
    await expect(item(page)).to_have_attribute("data-state", "done")
    visits.faults.clear()
