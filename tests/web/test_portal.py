"""The public portal: what everybody may see of the service, and nothing of any reader."""

from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.servers.browsers import DESKTOP, PHONE, Visits, accessibility_faults
from tests.town import open_town
from tests.web.test_figures import answered


async def test_the_feed_never_names_the_reader_and_shows_titles_only_where_they_agreed(
    database_url: str, tmp_path: Path
) -> None:
    async with open_town(database_url, tmp_path, embedded_worker=False) as town:
        await answered(town, "lin", "home", title="不给看的题名", name="张三", mail="zhang@reader.test")
        await answered(town, "lin", "home", title="给看的题名", show_title=True, name="李四")
        page = (await town.http.get("/portal")).text
        assert "给看的题名" in page and "不给看的题名" not in page
        assert "张三" not in page and "李四" not in page and "zhang@" not in page
        assert "Lin" not in page and "书桥图书馆" in page


@pytest.mark.parametrize(("of", "named"), [("", True), ("home", True), ("other", False)])
async def test_librarians_are_named_as_the_alliance_or_their_library_decides(
    sqlite_url: str, tmp_path: Path, of: str, named: bool
) -> None:
    async with open_town(sqlite_url, tmp_path, embedded_worker=False) as town:
        await answered(town, "lin", "home")
        library = town.libraries[of] if of else ""
        async with town.ctx.transaction() as tx:
            await tx.execute(
                "INSERT INTO policy (id, library_id, name, value, valid_from_at, set_by)"
                " VALUES ('p', $1, 'portal_names_librarians', 'true', 0, '')",
                library,
            )
        assert ("Lin" in (await town.http.get("/portal/parts")).text) is named


async def test_every_way_to_ask_leads_to_a_desk(sqlite_url: str, tmp_path: Path) -> None:
    async with open_town(sqlite_url, tmp_path, embedded_worker=False) as town:
        assert "/portal/libraries?for=document" in (await town.http.get("/portal")).text
        for way in ("document", "form", "knowledge", "live", "phone"):
            chosen = (await town.http.get("/portal/libraries", params={"for": way, "q": "远方"})).text
            assert 'href="/d/other' in chosen and 'href="/d/home' not in chosen
        mine = (await town.people["reader"].http.get("/portal")).text
        assert 'href="/d/home/request"' in mine  # one's own library's desk, without a choice
        for way in ("/d/home/request", "/d/home/ask?channel=knowledge", "/d/home/ask?kind=phone", "/d/home"):
            assert (await town.http.get(way)).status_code == 200, way


async def test_the_texts_stand_in_both_languages(sqlite_url: str, tmp_path: Path) -> None:
    async with open_town(sqlite_url, tmp_path, embedded_worker=False) as town:
        for name in ("charter", "guide", "join"):
            for language in ("zh", "en"):
                assert (await town.http.get(f"/portal/{name}?lang={language}")).status_code == 200
        assert (await town.http.get("/portal/nothing")).status_code == 404


@pytest.mark.browser
@pytest.mark.parametrize("look", [("zh", PHONE, False), ("en", DESKTOP, True)], ids=["phone", "desktop"])
async def test_the_portal_is_accessible_and_renews_itself(
    visits: Visits, sqlite_url: str, tmp_path: Path, look: tuple[str, tuple[int, int], bool]
) -> None:
    language, size, dark = look
    async with open_town(sqlite_url, tmp_path, embedded_worker=False) as town:
        person = await visits.person(size=size, dark=dark)
        page = await person.new_page()
        await page.clock.install()
        for path in ("/portal", "/portal/libraries", "/portal/guide"):
            await page.goto(f"{town.base}{path}?lang={language}")
            assert not await page.evaluate("document.documentElement.scrollWidth > innerWidth"), path
            assert await accessibility_faults(page) == [], path
        await page.goto(f"{town.base}/portal?lang={language}")
        await answered(town, "lin", "home", title="刚答复的", show_title=True)
        town.ctx.shelf.pop("portal")
        await page.clock.fast_forward(11_000)
        await expect(page.locator("#living")).to_contain_text("刚答复的")
        await visits.leave()
