"""The doors to the alliance's records: search and the reading of citations, for everybody."""

import re
from html import unescape

import pytest

from server.actions.record_imports import import_records
from server.domain.accounts import OPERATOR
from tests.server.wire.records import cnmarc, marc21
from tests.town import Town

ISBN = ("010", "  $a978-7-301-15089-4")


@pytest.fixture
async def stocked(town: Town) -> Town:
    """A town whose library of home has a few titles."""
    journal = marc21("图书馆论坛", "j", ("022", "  $a1002-1167"), leader="00000nas a2200000 a 4500")
    books = [cnmarc("数字图书馆导论", "1", ISBN, ("701", " 0$a王$b强"))]
    books += [cnmarc(f"丛书第{number}种", str(number)) for number in range(2, 30)]
    await import_records(town.ctx, OPERATOR, [b"".join([*books, journal])], library="home")
    return town


async def test_anybody_finds_what_the_alliance_holds(stocked: Town) -> None:
    answer = await stocked.http.get("/api/records", params={"q": "图书馆导"})
    assert answer.status_code == 200
    found = answer.json()
    (record,) = found["records"]
    assert (record["title"], record["material"], record["isbns"]) == (
        "数字图书馆导论",
        "book",
        ["9787301150894"],
    )
    assert [holder["slug"] for holder in record["held_by"]] == ["home"]
    assert (found["total"], found["more"], found["next"]) == (1, False, None)


async def test_pages_follow_each_other(stocked: Town) -> None:
    first = (await stocked.http.get("/api/records", params={"q": "丛书"})).json()
    second = (await stocked.http.get("/api/records", params={"q": "丛书", "cursor": first["next"]})).json()
    assert (len(first["records"]), len(second["records"]), second["next"]) == (20, 8, None)


async def test_a_search_that_cannot_be_made_names_the_field(stocked: Town) -> None:
    for query, field in (
        ({}, "q"),
        ({"q": "。"}, "q"),
        ({"q": "图书", "field": "x"}, "field"),
        ({"q": "图书", "kind": "x"}, "kind"),
        ({"q": "图书", "language": "x"}, "language"),
        ({"q": "图书", "cursor": "-1"}, "cursor"),
    ):
        answer = await stocked.http.get("/api/records", params=query)
        assert (answer.status_code, answer.json()["error"]["field"]) == (422, field)


async def test_a_pasted_citation_comes_back_as_fields(stocked: Town) -> None:
    text = "李梅. 咨询服务研究[J]. 图书馆论坛, 2019, 39(3): 1-5."
    answer = await stocked.http.post("/api/citations/parse", json={"text": text})
    assert answer.status_code == 200
    read = answer.json()
    assert read["material"] == "journal_article"
    assert (read["fields"]["title"], read["fields"]["container"], read["fields"]["issue"]) == (
        "咨询服务研究",
        "图书馆论坛",
        "3",
    )
    assert [record["serial"] for record in read["held"]] == [True]
    assert read["problems"] == []


async def test_a_number_alone_brings_our_own_record(stocked: Town) -> None:
    read = (await stocked.http.post("/api/citations/parse", json={"text": "7-301-15089-X"})).json()
    assert (read["fields"]["title"], read["fields"]["authors"]) == ("数字图书馆导论", "王强")


async def test_a_wrong_check_digit_is_said_by_field_with_its_rule(stocked: Town) -> None:
    sent = {"openurl": "https://r.test/?rft.genre=book&rft.btitle=water&rft.isbn=9787301150895"}
    read = (
        await stocked.http.post("/api/citations/parse", json=sent, headers={"Accept-Language": "en"})
    ).json()
    (problem,) = read["problems"]
    assert (problem["field"], problem["code"], problem["rule"]) == ("isbn", "isbn_check", "R-72.2")
    assert "check digit" in problem["message"]


def _link(page: str, start: str) -> str:
    """The page's first link that begins so."""
    found = re.search(f'href="({re.escape(start)}[^"]*)"', page)
    assert found is not None, start
    return unescape(found[1])


async def test_the_search_page_says_who_holds_it_and_leads_to_a_request(stocked: Town) -> None:
    page = await stocked.http.get("/search", params={"q": "数字图书馆", "lang": "zh"})
    assert page.status_code == 200
    assert "本联盟有藏" in page.text and "/request?record=" in page.text
    precise = await stocked.http.get("/search", params={"author": "王强", "title": "导论", "lang": "zh"})
    assert "找到 1 种" in precise.text and "<details open" in precise.text.replace(' class="fold"', "")
    empty = await stocked.http.get("/search", params={"q": "没有的书", "desk": "home", "lang": "en"})
    assert "Nothing was found" in empty.text and "/d/home/request" in empty.text
    form = await stocked.http.get(_link(empty.text, "/d/home/request"))
    assert 'value="没有的书"' in form.text or ">没有的书</textarea>" in form.text
    anywhere = await stocked.http.get("/search", params={"q": "978-7-302-32981-7", "author": "王"})
    chosen = await stocked.http.get(_link(anywhere.text, "/portal/libraries?for=document"))
    form = await stocked.http.get(_link(chosen.text, "/d/home/request"))
    assert "978-7-302-32981-7" in form.text and 'value="王"' in form.text
    chosen = await stocked.http.get("/portal/libraries", params={"for": "document", "record": "7"})
    assert 'href="/d/home/request?record=7"' in chosen.text
    journals = await stocked.http.get("/search", params={"kind": "journal_article", "lang": "zh"})
    assert "图书馆论坛" in journals.text and "请求其中的文章" in journals.text
    short = await stocked.http.get("/search", params={"q": "，", "lang": "zh"})
    assert short.status_code == 200 and "至少输入两个汉字" in short.text
    assert (await stocked.http.get("/search", params={"q": "x", "desk": "nowhere"})).status_code == 404
