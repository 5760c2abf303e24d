"""OpenURLs of both versions, as resolvers really send them."""

import json
from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.domain.citations import Citation, Material, read_citation
from server.domain.forms import Form
from server.wire.openurl import read_openurl, version_1
from tests.vectors import vectors

Flat = dict[str, str | int]


def citation_of(text: str) -> Citation:
    """The citation that a form is filled with."""
    return read_citation(Form(read_openurl(text).fields() or {"material": str(Material.BOOK)}))


def flat(text: str) -> Flat:
    """What a resolver with one title field makes of it."""
    said = read_openurl(text)
    first, _, last = said.first("pages").partition("-")
    wanted: dict[str, str | int] = {
        "id": said.first("ctx_id"),
        "title": said.first("title", "btitle", "atitle", "jtitle"),
        "author": said.first("au", "author", "aulast", "aufirst"),
        "volume": said.first("volume"),
        "issue": said.first("issue"),
        "startPage": said.first("spage") or first,
        "numberOfPages": int(last) - int(first) + 1 if first and last else "",
    }
    return {name: value for name, value in wanted.items() if value}


def test_what_resolvers_send_is_understood() -> None:
    lines = (vectors("openurl") / "cases.jsonl").read_text(encoding="utf-8").splitlines()
    for case in map(json.loads, lines):
        if case["kind"] == "to_request":
            assert flat(case["input"]) == case["output"], case["input"]
        else:
            assert version_1(case["input"]) == case["output"], case["input"]


def test_article_and_source_are_kept_apart() -> None:
    article = read_openurl(
        "rft.genre=article&rft.atitle=fish&rft.jtitle=water&rft.au=Kern&rft.spage=3&rft.epage=9"
    )
    assert article.fields() == {
        "material": "journal_article",
        "title": "fish",
        "container": "water",
        "authors": "Kern",
        "pages": "3-9",
    }
    chapter = citation_of("rft.btitle=water&rft.atitle=fish")
    assert (chapter.material, chapter.title, chapter.container) == (Material.BOOK, "fish", "water")
    assert chapter.is_part


def test_both_versions_mean_the_same() -> None:
    old = "genre=article&atitle=Fish&title=Water&aulast=Kern&aufirst=B.&date=2019-03&issn=1002-1167&volume=2&pages=1-9"
    new = "&".join(f"rft.{part}" for part in old.replace("&title=", "&jtitle=").split("&"))
    assert citation_of(old) == citation_of(f"https://r.test/openurl?url_ver=Z39.88-2004&{new}#top")
    assert citation_of(old).authors == "Kern, B."


@pytest.mark.parametrize(
    ("query", "material"),
    [
        ("genre=book&title=water", Material.BOOK),
        ("genre=bookitem&atitle=fish&title=water", Material.BOOK),
        ("genre=proceeding&atitle=fish&title=water", Material.CONFERENCE_PAPER),
        ("rft_val_fmt=info:ofi/fmt:kev:mtx:dissertation&rft.title=water&rft.inst=Wuhan", Material.THESIS),
        ("rft_val_fmt=info:ofi/fmt:kev:mtx:patent&rft.title=pump&rft.number=US123", Material.PATENT),
        ("rft_val_fmt=info%3Aofi%2Ffmt%3Akev%3Amtx%3Ajournal&rft.atitle=fish", Material.JOURNAL_ARTICLE),
        ("issn=1002-1167&atitle=fish", Material.JOURNAL_ARTICLE),
        ("genre=unknown&title=water", Material.BOOK),
    ],
)
def test_the_type_is_worked_out(query: str, material: Material) -> None:
    assert citation_of(query).material is material


def test_numbers_are_found_where_they_stand() -> None:
    told = citation_of(
        "rft.genre=article&rft_id=info:doi/10.1000/ABC&rft_id=urn:ISSN:1002-1167&rft.atitle=a&rft.jtitle=b"
    )
    assert (told.doi, told.issn) == ("10.1000/abc", "1002-1167")
    assert citation_of("rft.btitle=b&rft_id=urn:ISBN:7-301-15089-X").isbn == "9787301150894"


def test_chinese_comes_through_in_either_escape() -> None:
    for encoding in ("utf-8", "gb18030"):
        escaped = "".join(f"%{byte:02X}" for byte in "数字图书馆".encode(encoding))
        assert citation_of(f"genre=book&title={escaped}").title == "数字图书馆"


@pytest.mark.parametrize("text", ["", "hello", "https://x.test/", "a&b&c", "==&=", "?"])
def test_what_is_no_openurl_says_nothing(text: str) -> None:
    assert read_openurl(text).fields().keys() <= {"material"}


@given(st.text(max_size=200))
def test_anything_can_be_pasted(text: str) -> None:
    citation_of(text)
    assert parse_qsl(version_1(text)) is not None
