"""Managers' figures, the statement, and the file for spreadsheets: scope, words, and nothing that runs in Excel."""

from collections import Counter
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from server.actions.figure_keeping import keep_day
from server.actions.figures import today_of
from server.domain.figures import Key
from server.store.figures import add_counts
from server.store.rows import to_us
from tests.servers.browsers import DESKTOP, PHONE, Visits, accessibility_faults, sit_down
from tests.town import Town, open_town
from web.pages.manage_figures import harmless


@pytest.fixture
async def town(sqlite_url: str, tmp_path: Path) -> AsyncIterator[Town]:
    """A settled installation in which lin answered three readers today and wu one."""
    async with open_town(sqlite_url, tmp_path, embedded_worker=False) as town:
        for name, library in (("lin", "home"), ("lin", "home"), ("lin", "home"), ("wu", "other")):
            await answered(town, name, library)
        async with town.ctx.transaction() as tx:
            await keep_day(town.ctx, tx, today_of(town.ctx))
        yield town


async def answered(town: Town, who: str, library: str, /, **more: Any) -> str:
    """An answered document request, an hour after it was asked at the same library's desk."""
    now = town.ctx.clock.now()
    number = town.ctx.ids.new()
    row = {
        **dict.fromkeys(
            ("reader_id", "session_id", "name", "mail", "phone", "topic", "citation", "question"), ""
        ),
        **dict.fromkeys(("transcript", "record_id", "submitted_by", "answer_id", "rating_comment"), ""),
        **{"id": number, "task_id": number, "state": "answered", "channel": "document", "material": "book"},
        **{"desk_id": town.desks[library], "library_id": town.libraries[library], "language": "zh"},
        **{
            "title": "红楼梦",
            "foreign_document": False,
            "show_title": False,
            "client_id": number,
            "stage": 0,
        },
        **{"policy_id": "none", "submitted_at": to_us(now - timedelta(hours=1)), "answered_at": to_us(now)},
        **{"answer_kind": "exact", "answered_by": town.people[who].id},
        **{
            "answered_library_id": town.libraries[library],
            "rating": "satisfied",
            "grade": "",
            "grade_row": "",
        },
        **more,
    }
    marks = ", ".join(f"${n}" for n in range(1, len(row) + 1))
    async with town.ctx.transaction() as tx:
        await tx.execute(f"INSERT INTO consultation ({', '.join(row)}) VALUES ({marks})", *row.values())
    return number


async def test_a_manager_sees_their_own_library_and_the_alliances_manager_all(town: Town) -> None:
    manager, duty_manager = town.people["manager"].http, town.people["duty_manager"].http
    own = (await manager.get("/api/figures?table=person")).json()
    assert own["library"] == town.libraries["home"] and own["whole"]["answered"] == 3
    assert [(line["name"]["zh"], line["figures"]["documents"]) for line in own["lines"]] == [("Lin", 3)]
    whole = (await duty_manager.get("/api/figures?table=library")).json()
    assert {line["name"]["zh"]: line["figures"]["answered"] for line in whole["lines"]} == {
        "书桥图书馆": 3,
        "远方图书馆": 1,
    }
    assert whole["whole"]["in_time_share"] == 1 and whole["whole"]["ratings"]["satisfied"] == 4
    assert 3000 <= whole["whole"]["median"] <= 4400
    other = await manager.get(f"/api/figures?library={town.libraries['other']}")
    assert other.status_code == 404
    assert (await town.people["lin"].http.get("/api/figures")).status_code == 403


async def test_every_combination_can_be_asked_for_and_nonsense_is_said(town: Town) -> None:
    http = town.people["duty_manager"].http
    for span in ("day", "week", "month", "year"):
        for table in ("library", "person", "kind", "time"):
            answer = await http.get(
                f"/manage/figures?span={span}&table={table}&channel=document&material=book"
            )
            assert answer.status_code == 200, (span, table)
    for wrong in (
        "span=century",
        "day=yesterday",
        "day=0001-01-01",
        "channel=pigeon",
        "material=cat",
        "table=x",
    ):
        assert (await http.get(f"/api/figures?{wrong}")).status_code == 422, wrong


async def test_hundreds_of_librarians_come_by_the_page_and_all_in_the_file(town: Town) -> None:
    year = today_of(town.ctx).replace(month=1, day=1)
    async with town.ctx.transaction() as tx:
        counts = {
            Key(town.libraries["home"], f"p{n:03}", "", ""): Counter(answered=1000 - n) for n in range(150)
        }
        await add_counts(tx, "year", year, counts)
    http = town.people["manager"].http
    pages = [(await http.get(f"/api/figures?span=year&table=person&page={n}")).json() for n in (1, 2, 3, 4)]
    answered = [line["figures"]["answered"] for page in pages for line in page["lines"]]
    assert [len(page["lines"]) for page in pages] == [50, 50, 50, 1]
    assert {page["lines_in_all"] for page in pages} == {151} and answered == sorted(answered, reverse=True)
    shown = await http.get("/manage/figures?span=year&table=person&page=3")
    assert "第 3 页，共 4 页" in shown.text and shown.text.count("person=p1") == 50
    assert len((await http.get("/manage/figures.csv?span=year&table=person")).text.splitlines()) == 153
    for wrong in ("0", "x", "-1"):
        assert (await http.get(f"/api/figures?page={wrong}")).status_code == 422


async def test_the_file_opens_in_excel_and_runs_nothing(town: Town) -> None:
    async with town.ctx.transaction() as tx:
        await tx.execute("UPDATE account SET name = '=1+2' WHERE id = $1", town.people["lin"].id)
    answer = await town.people["manager"].http.get("/manage/figures.csv?table=person")
    assert (
        answer.content.startswith(b"\xef\xbb\xbf") and "attachment" in answer.headers["content-disposition"]
    )
    lines = answer.content.decode("utf-8-sig").splitlines()
    assert lines[1].startswith("'=1+2,") and len(lines) == 3


@pytest.mark.parametrize("text", ["=cmd()", "+1", "-1", "@x", "\tx"])
def test_text_is_never_a_formula(text: str) -> None:
    assert harmless(text) == f"'{text}"
    assert harmless("书桥") == "书桥"


async def test_the_statement_is_for_oneself_ones_library_or_the_alliance(town: Town) -> None:
    lin, wu = town.people["lin"], town.people["wu"]
    mine = await lin.http.get("/statement")
    assert mine.status_code == 200 and "Lin" in mine.text and "R-ORG.6" in mine.text
    assert (await lin.http.get(f"/statement?person={wu.id}")).status_code == 404
    assert (await lin.http.get(f"/statement?library={town.libraries['home']}")).status_code == 404
    manager = town.people["manager"].http
    assert "书桥图书馆" in (await manager.get("/statement")).text
    assert (await manager.get(f"/statement?library={town.libraries['other']}")).status_code == 404
    day = datetime.now().year + 1
    assert (await manager.get(f"/statement?first={day}-01-01&last={day - 2}-01-01")).status_code == 422


async def test_an_archived_consultation_is_read_over_the_pages(town: Town) -> None:
    number = (await town.ctx.db.read.rows("SELECT id FROM consultation ORDER BY id LIMIT 1"))[0]["id"]
    lin = town.people["lin"].http
    found = await lin.get(f"/console/consultations?q={number}")
    assert found.status_code == 200 and "红楼梦" in found.text
    assert (await lin.get(f"/console/consultations/{number}")).status_code == 200
    assert (await town.people["wu"].http.get(f"/console/consultations/{number}")).status_code == 404
    assert (await lin.get("/console/consultations?q=。")).status_code == 200
    assert (await lin.get("/console/consultations?first=then")).status_code == 200
    assert (await lin.get("/console/consultations?kind=cat&below=999999999999999999999")).status_code == 200


@pytest.mark.browser
@pytest.mark.parametrize(
    ("language", "size", "dark"), [("zh", DESKTOP, False), ("en", PHONE, True)], ids=["desktop", "phone"]
)
async def test_the_screens_are_accessible_and_fit(
    visits: Visits, town: Town, language: str, size: tuple[int, int], dark: bool
) -> None:
    page = await sit_down(visits, town, "duty_manager", size=size, dark=dark)
    faults = []
    home = town.libraries["home"]
    for path in ("/manage/figures?", "/manage/figures?table=library&", f"/statement?library={home}&"):
        await page.goto(f"{town.base}{path}lang={language}")
        if await page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            faults.append(f"{path}: scrolls sideways")
        faults += [f"{path}: {fault}" for fault in await accessibility_faults(page)]
    assert faults == []
