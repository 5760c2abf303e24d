"""Staff play the reader for an intern (R-ORG.5); pages and choices around it."""

from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.town import Town, open_town


@pytest.fixture
async def town(sqlite_url: str, tmp_path: Path) -> AsyncIterator[Town]:
    async with open_town(sqlite_url, tmp_path) as town:
        yield town


async def code_of(town: Town, name: str) -> str:
    """The code that the console's menu gives somebody."""
    answer = await town.people[name].http.get("/console/practice")
    assert answer.status_code == 303
    where = urlsplit(answer.headers["location"])
    assert where.path == "/d/home"
    return parse_qs(where.query)["practice"][0]


async def test_the_menu_leads_to_ones_own_desk_where_the_page_says_that_it_is_practice(town: Town) -> None:
    code = await code_of(town, "lin")
    page = await town.http.get("/d/home", params={"practice": code})
    assert "练习会话" in page.text
    assert "练习会话" not in (await town.http.get("/d/home")).text


async def test_an_intern_is_offered_what_a_colleague_asks_for_practice(town: Town) -> None:
    code = await code_of(town, "lin")
    async with town.socket(town.people["intern"]):
        await town.available("intern")
        reader = await town.ask("练习：怎样查硕士论文？", practice=code)
        assert (await town.offer("intern"))["session"]["id"] == reader.session
        assert (await town.offer("intern"))["session"]["practice"]


async def test_who_answers_nowhere_is_told_so(town: Town) -> None:
    answer = await town.people["inspector"].http.get("/console/practice")
    assert answer.status_code == 403


async def test_the_language_changes_and_the_address_keeps_its_other_fields(town: Town) -> None:
    page = await town.http.get("/login", params={"next": "/account", "lang": "en"})
    assert 'href="?next=%2Faccount&amp;lang=zh"' in page.text


async def test_a_colleague_is_found_by_name_in_any_library(town: Town) -> None:
    lin = town.people["lin"].http
    found = (await lin.get("/api/staff", params={"name": "WU"})).json()["staff"]
    assert [one["name"] for one in found] == ["Wu"]
    assert (await lin.get("/api/staff", params={"name": "%"})).json()["staff"] == []
