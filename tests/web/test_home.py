"""The first page: finding whom to ask."""

from pathlib import Path

import pytest
from starlette.responses import Response
from starlette.routing import Route

from server.api.crossing import Answering
from server.assembly import build_app
from server.domain.permissions import Verb
from tests.servers.browsers import DESKTOP, PHONE, Visits, accessibility_faults
from tests.servers.machine import http_client
from tests.town import open_town, serving, settings_for
from web.pages.base import Page, PageRequest, respond


async def test_every_open_desk_is_found_by_library_and_no_other(database_url: str, tmp_path: Path) -> None:
    async with open_town(database_url, tmp_path) as town:
        both = (await town.http.get("/")).text
        assert 'href="/d/home"' in both and 'href="/d/other"' in both
        one = (await town.http.get("/", params={"q": "远方"})).text
        assert 'href="/d/home"' not in one and 'href="/d/other"' in one
        assert "没有找到" in (await town.http.get("/", params={"q": "100%_"})).text
        async with town.ctx.transaction() as tx:
            await tx.execute("UPDATE desk SET open = FALSE WHERE slug = 'other'")
        assert 'href="/d/other"' not in (await town.http.get("/")).text


async def test_staff_go_on_to_their_work(sqlite_url: str, tmp_path: Path) -> None:
    async with open_town(sqlite_url, tmp_path) as town:
        librarian = next(p for p in town.people.values() if p.name != "reader")
        answer = await librarian.http.get("/", follow_redirects=False)
        assert answer.status_code == 303 and answer.headers["location"] in ("/console", "/manage")


async def test_a_page_that_is_not_there_says_so(sqlite_url: str, tmp_path: Path) -> None:
    async with open_town(sqlite_url, tmp_path) as town:
        answer = await town.http.get("/nowhere")
        assert answer.status_code == 404 and "找不到这个内容" in answer.text


async def test_whoever_meets_a_bug_of_ours_gets_a_page_in_their_language(
    sqlite_url: str, tmp_path: Path
) -> None:
    """It was JSON, in the middle of a reader's visit."""

    async def broken(page: PageRequest) -> Response:
        raise ZeroDivisionError("12345")

    app = build_app(settings_for(sqlite_url, tmp_path))
    page = respond(Page("GET", "/broken", Verb.ENTER, broken), app.state.ctx)
    app.router.routes.insert(0, Route("/broken", Answering(page)))
    async with serving(app) as base, http_client(base) as http:
        answer = await http.get("/broken", params={"lang": "en"})
        assert (answer.status_code, answer.headers["content-type"]) == (500, "text/html; charset=utf-8")
        assert "recorded" in answer.text and 'href="/"' in answer.text and "12345" not in answer.text
        assert "default-src 'none'" in answer.headers["content-security-policy"]


@pytest.mark.browser
@pytest.mark.parametrize(("size", "dark"), [(PHONE, False), (DESKTOP, True)], ids=["phone", "desktop"])
async def test_the_first_page_is_accessible(
    visits: Visits, sqlite_url: str, tmp_path: Path, size: tuple[int, int], dark: bool
) -> None:
    async with open_town(sqlite_url, tmp_path) as town:
        page = await visits.page(town.base, size=size, dark=dark)
        assert await accessibility_faults(page) == []
        await page.screenshot(path=tmp_path / "home.png")
        await visits.leave()
