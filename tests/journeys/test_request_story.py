"""A document request from the pasted citation to the grade, with the server killed while it is being answered."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from server.domain.policies import PolicyEntry
from server.store.policies import add_entry
from tests.journeys.installations import PASSWORD, Installation, MakeProduct, open_installation
from tests.journeys.people import forget_outage
from tests.servers.browsers import Visits

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

CITATION = "于良芝, 李晓新. 论图书馆的公共性[J]. 中国图书馆学报, 2019, 45(2): 4-16."
TITLE = "论图书馆的公共性"
GIVEN = (TITLE, "于良芝, 李晓新", "中国图书馆学报", "2019")


async def enter(visits: Visits, base: str, name: str, path: str) -> Page:
    """Somebody of the cast logs in and comes to a page."""
    page = await visits.page(f"{base}/login?lang=zh&next={path}")
    await page.get_by_label("邮箱").fill(f"{name}@library.test")
    await page.get_by_label("密码", exact=True).fill(PASSWORD)
    await page.get_by_role("button", name="登录").click()
    await page.wait_for_url(f"**{path}*")
    return page


async def ask(page: Page) -> str:
    """The reader pastes a citation and sends the request; its number."""
    await page.get_by_label("粘贴引文").fill(CITATION)
    await page.get_by_label("粘贴引文").press("Enter")
    await expect(page.get_by_role("textbox", name="题名")).to_have_value(TITLE)
    await page.get_by_role("button", name="提交文献请求").last.click()
    await expect(page.get_by_role("heading", name=TITLE)).to_be_visible()
    return page.url.partition("?")[0].rpartition("/")[2]


async def answer(console: Page, place: Installation) -> None:
    """The librarian claims, writes while the server dies and comes back, and sends."""
    await console.wait_for_selector('.line[data-state="current"]')
    await expect(console.get_by_role("button", name="领取", exact=True)).to_be_visible()
    await console.keyboard.press("c")
    await expect(console.locator(".holding__lease")).to_contain_text("领取还剩")
    await console.locator(".segments__one", has_text="邮件正文").click()
    await console.get_by_label("邮件正文（文献内容写在这里）").fill("全文如下……")
    await expect(console.locator('.draft-state[data-state="saved"]')).to_be_visible()
    place.last.kill()
    place.last.start()
    fields = await console.locator(".document-fields__row input").all()
    for field, text in zip(fields, GIVEN, strict=True):
        await field.fill(text)
    await expect(console.locator('[data-verdict="agree"]')).to_have_count(4)
    await expect(console.locator(".preview__grade")).to_contain_text("G-E4")
    await console.get_by_role("button", name="发送答复").click()
    await expect(console.locator(".task-notice")).to_contain_text("答复已发送")


async def the_story(place: Installation, visits: Visits) -> None:
    """Reader and inspector at the first server, the librarian at the last."""
    async with place.town.ctx.transaction() as tx:  # every answer comes before an inspector
        await add_entry(
            tx, PolicyEntry("every", "", "sample_percent", 100, datetime(2026, 1, 1, tzinfo=UTC), "")
        )
    reader = await enter(visits, place.first.url, "reader", "/d/home/request")
    number = await ask(reader)
    lin = await enter(visits, place.last.url, "lin", f"/console/pool/{number}")
    await answer(lin, place)
    forget_outage(visits)

    await reader.reload()
    await expect(reader.get_by_text("全文如下……")).to_be_visible()
    await reader.get_by_label("满意", exact=True).check()
    await reader.get_by_role("button", name="提交评价").click()
    await expect(reader.locator("main")).to_contain_text("满意")

    inspector = await enter(visits, place.first.url, "inspector", f"/console/inspection/{number}")
    await expect(inspector.locator("main")).to_contain_text("G-E4")
    await inspector.get_by_role("button", name="评定等级").click()
    await expect(inspector.get_by_role("status").first).to_be_visible()
    row = await place.town.ctx.db.read.row(
        "SELECT grade, grade_row, rating FROM consultation WHERE id = $1", number
    )
    assert row is not None
    assert (row["grade"], row["grade_row"], row["rating"]) == ("excellent", "G-E4", "satisfied")


async def test_a_request_is_asked_answered_rated_and_graded_on_sqlite(
    product: MakeProduct, sqlite_url: str, visits: Visits, tmp_path: Path
) -> None:
    async with open_installation(product, tmp_path, sqlite_url) as place:
        await the_story(place, visits)


@pytest.mark.cluster
async def test_a_request_is_asked_answered_rated_and_graded_on_postgresql_and_redis(
    product: MakeProduct, postgres_url: str, redis_url: str, visits: Visits, tmp_path: Path
) -> None:
    async with open_installation(
        product, tmp_path, postgres_url, servers=2, workers=1, redis_url=redis_url
    ) as place:
        await the_story(place, visits)
