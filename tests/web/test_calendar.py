"""The calendar's screen in a real browser: a year to look at, a day to change, a list to bring in."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import expect

from server.actions.calendar import begin_year
from server.domain.accounts import OPERATOR
from tests.servers.browsers import DESKTOP, PHONE, Visits, accessibility_faults, sit_down
from tests.servers.machine import free_port
from tests.town import Town, open_town

pytestmark = pytest.mark.browser


@pytest.fixture
async def town(sqlite_url: str, tmp_path: Path) -> AsyncIterator[Town]:
    """A settled installation whose calendar knows 2026 and the year after, whenever this runs."""
    async with open_town(sqlite_url, tmp_path, port=free_port()) as town:
        for year in ("2026", "2027"):
            await begin_year(town.ctx, OPERATOR, year)
        yield town


@pytest.mark.parametrize(("language", "size", "dark"), [("zh", DESKTOP, False), ("en", PHONE, True)])
async def test_the_calendar_is_accessible_and_fits(
    visits: Visits, town: Town, language: str, size: tuple[int, int], dark: bool
) -> None:
    page = await sit_down(
        visits, town, "administrator", f"/manage/calendar?lang={language}", size=size, dark=dark
    )
    for path in ("?year=nonsense", "?day=2026-02-30", "", "?year=2031", "?day=2026-10-01"):
        answer = await page.goto(f"{town.base}/manage/calendar{path}")
        assert answer is not None and answer.status == 200, path
        assert not await page.evaluate("document.documentElement.scrollWidth > innerWidth"), path
        if path not in ("?year=nonsense", "?day=2026-02-30"):  # the same screens
            assert await accessibility_faults(page) == [], path


async def test_a_day_is_made_a_holiday_and_the_year_official(visits: Visits, town: Town) -> None:
    page = await sit_down(visits, town, "administrator", "/manage/calendar?year=2031")
    await page.get_by_role("button", name="按内置资料填写这一年").click()
    await expect(page.get_by_text("暂定", exact=True)).to_be_visible()
    await page.get_by_role("link", name="2031年10月8日").click()
    await page.get_by_role("radio", name="节假日").check()
    await page.get_by_label("名称（中文）").fill("馆庆日")
    await page.get_by_role("button", name="保存这一天").click()
    await expect(page.get_by_role("link", name="2031年10月8日, 馆庆日, 节假日")).to_be_visible()
    await page.locator("#f-official").check()
    await page.get_by_role("button", name="保存", exact=True).click()
    await expect(page.get_by_role("heading", level=1)).to_contain_text("已按官方公布")


async def test_a_list_is_brought_in_or_says_line_by_line_what_is_wrong(visits: Visits, town: Town) -> None:
    page = await sit_down(visits, town, "administrator", "/manage/calendar?year=2031")
    bad = {
        "name": "days.csv",
        "mimeType": "text/csv",
        "buffer": "日期,类型\n2031-01-01,休\n2031-02-30,玩\n".encode(),
    }
    await page.locator("input[type=file]").set_input_files(bad)  # type: ignore[arg-type]
    await page.get_by_role("button", name="导入", exact=True).click()
    await expect(page.get_by_role("row").filter(has_text="2031-02-30")).to_contain_text("3")
    await expect(page.get_by_role("row").filter(has_text="“玩”应写成")).to_be_visible()
    visits.faults.clear()  # the browser notes the refusal
    good = {**bad, "buffer": "date\tkind\tname_zh\n2031-01-01\tholiday\t元旦\n".encode("gb18030")}
    await page.locator("input[type=file]").set_input_files(good)  # type: ignore[arg-type]
    await page.get_by_role("button", name="导入", exact=True).click()
    await expect(page.get_by_role("link", name="2031年1月1日, 元旦, 节假日")).to_be_visible()


async def test_a_manager_of_one_library_has_no_calendar_to_keep(town: Town) -> None:
    http = town.people["manager"].http
    assert (await http.get("/manage/calendar")).status_code == 403
    assert "/manage/calendar" not in (await http.get("/manage/desks")).text
    assert (await http.get("/api/manage/calendar/2026")).status_code == 403


async def test_programs_keep_the_calendar_too(town: Town) -> None:
    http = town.people["administrator"].http
    year = (await http.get("/api/manage/calendar/2026")).json()
    assert year["entered"] and not year["provisional"] and len(year["days"]) > 30
    put = await http.put("/api/manage/calendar/days/2026-12-24", json={"kind": "holiday", "name_zh": "闭馆"})
    assert put.json()["kind"] == "holiday"
    refused = await http.put("/api/manage/calendar/days/2026-12-32", json={"kind": "holiday"})
    assert refused.status_code == 422
    done = (await http.post("/api/manage/calendar/import", json={"text": "date,kind\n2030-01-01,x\n"})).json()
    assert done["faults"][0]["line"] == 2 and done["faults"][0]["code"] == "calendar_kind"
