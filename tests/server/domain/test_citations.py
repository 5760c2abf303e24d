"""Citations: the fields of the eight types, what is missing or wrong, requests that meet, documents that agree."""

import itertools
from collections.abc import Mapping

import pytest

from server.domain.citation_matching import (
    Agreement,
    Comparison,
    compare,
    contradict,
    match_key,
    match_keys,
    names_of,
    same_name,
)
from server.domain.citations import (
    LIMITS,
    Citation,
    Material,
    check_citation,
    citation_fields,
    citation_from,
    normal_date,
    split_authors,
    texts_of,
)
from server.domain.forms import FormRefused

ARTICLE = {
    "material": "journal_article",
    "title": "公共图书馆联合参考咨询服务研究",
    "authors": "王强；李梅",
    "container": "《图书馆论坛》",
    "date": "２０１９年３月",
    "volume": "39",
    "issue": "3",
    "pages": "12-18",
    "issn": "１００２－１１６７",
}


def problems_of(texts: Mapping[str, str]) -> dict[str, str]:
    with pytest.raises(FormRefused) as refused:
        check_citation(texts)
    assert all(problem.rule_id for problem in refused.value.problems if problem.field != "url")
    return {problem.field: problem.code for problem in refused.value.problems}


def cite(material: str = "journal_article", **texts: str) -> Citation:
    return check_citation({"material": material, **texts})


def test_a_filled_form_becomes_a_citation_in_normal_form() -> None:
    citation = check_citation(ARTICLE)
    assert citation == Citation(
        material=Material.JOURNAL_ARTICLE,
        title="公共图书馆联合参考咨询服务研究",
        authors="王强; 李梅",
        container="图书馆论坛",
        date="2019-03",
        volume="39",
        issue="3",
        pages="12-18",
        issn="1002-1167",
    )
    assert citation_from(texts_of(citation)) == citation


@pytest.mark.parametrize("material", list(Material))
def test_an_empty_form_names_what_is_required(material: Material) -> None:
    required = {field.name for field in citation_fields(material) if field.required}
    assert problems_of({"material": material}) == dict.fromkeys(required, "field_required")
    assert required >= {"title"}


@pytest.mark.parametrize("material", list(Material))
def test_every_field_of_a_type_is_kept_and_no_other(material: Material) -> None:
    shown = {field.name for field in citation_fields(material)}
    numbers = {"doi": "10.1000/182", "isbn": "9787301150894", "issn": "1001-0009", "url": "https://a.test/"}
    texts = {name: numbers.get(name, f"2001 {name}") for name in LIMITS}
    kept = texts_of(check_citation({"material": material, **texts}))
    assert kept.keys() - {"material"} == shown


def test_a_number_that_names_the_document_is_enough() -> None:
    assert cite(doi="10.1000/182").name == "10.1000/182"
    assert cite("book", isbn="7-301-15089-X").name == "9787301150894"
    assert cite("standard", standard_number="GB/T 7714—2015").source == "GB/T 7714—2015"
    assert problems_of({"material": "journal_article", "issn": "1001-0009"}).keys() == {"title", "container"}


def test_every_problem_is_said_at_once() -> None:
    wrong = {**ARTICLE, "title": "", "issn": "1002-1161", "doi": "无", "pages": "1" * 61, "url": "ftp://x"}
    assert problems_of(wrong) == {
        "title": "field_required",
        "issn": "issn_check",
        "doi": "doi_form",
        "pages": "field_too_long",
        "url": "address_wrong",
    }


@pytest.mark.parametrize("material", ["", "film", "图书"])
def test_an_unknown_type_is_refused(material: str) -> None:
    assert problems_of({**ARTICLE, "material": material}) == {"material": "material_unknown"}


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("2019", "2019"),
        ("2019年", "2019"),
        ("2019.3", "2019-03"),
        ("2019/03/05", "2019-03-05"),
        ("２０１９年１２月３１日", "2019-12-31"),
        ("c2003", "2003"),
        ("20190305", "2019-03-05"),
        ("1998-2001", "1998-2001"),
        ("民国二十三年", "民国二十三年"),
        ("", ""),
    ],
)
def test_dates_read_alike(text: str, normal: str) -> None:
    assert normal_date(text) == normal


def test_authors_are_parted_where_they_are_several() -> None:
    assert split_authors("王强、李梅，张三") == ["王强", "李梅", "张三"]
    assert split_authors("Smith, John; Lee, Ann") == ["Smith, John", "Lee, Ann"]
    assert split_authors("Smith, John") == ["Smith, John"]
    assert names_of("［美］ 约翰 著；王强 主编 等") == ["约翰", "王强"]
    assert names_of("John Smith and Ann Lee, et al.") == ["John Smith", "Ann Lee"]


def test_equal_requests_share_a_key() -> None:
    again = {
        **ARTICLE,
        "title": " 公共图书馆 联合参考咨询服务研究 ",
        "authors": "王强 等",
        "issue": "第03期",
        "pages": "",
        "issn": "",
    }
    assert match_key(check_citation(again)) == match_key(check_citation(ARTICLE))
    assert len(match_key(check_citation(ARTICLE))) <= 60


def test_a_number_brings_requests_together_that_are_worded_differently() -> None:
    one = cite("book", title="C程序设计", isbn="7-301-15089-X", edition="第三版")
    other = cite("book", title="C 语言程序设计", isbn="978-7-301-15089-4", authors="谭浩强")
    assert match_key(one) == match_key(other) and not contradict(one, other)
    assert match_key(cite(doi="10.1000/ABC")) == match_key(cite(doi="https://doi.org/10.1000/abc", title="T"))
    worded = cite("book", title="C程序设计", edition="3")
    assert set(match_keys(one)) & set(match_keys(worded))


@pytest.mark.parametrize(
    "other",
    [
        {"title": "C++程序设计"},
        {"title": "C#程序设计"},
        {"container": "程序设计大全"},  # only a part of that book
        {"pages": "20-35"},
        {"volume": "下册"},
        {"edition": "2"},
        {"publisher": "清华大学出版社"},
        {"date": "2001"},
        {"authors": "谭浩强"},
    ],
)
def test_another_document_has_another_key(other: dict[str, str]) -> None:
    one = cite("book", title="C程序设计")
    assert not set(match_keys(one)) & set(match_keys(cite("book", **{"title": "C程序设计", **other})))


def test_a_book_part_is_not_the_book_under_the_same_number() -> None:
    isbn = "9787301150894"
    book, part = cite("book", isbn=isbn), cite("book", isbn=isbn, title="第三章", container="全书")
    pages = cite("book", isbn=isbn, pages="20-35")
    assert len({match_key(book), match_key(part), match_key(pages)}) == 3


def test_the_same_column_of_two_issues_is_two_documents() -> None:
    three, four = (check_citation({**ARTICLE, "title": "编者的话", "issue": issue}) for issue in "34")
    assert match_key(three) != match_key(four) and contradict(three, four)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Smith, J.", "John Smith", True),
        ("Smith, John Paul", "J. P. Smith", True),
        ("Smith, J.", "Jane Smythe", False),
        ("J. S.", "John Smith", False),
        ("王 强", "王强", True),
        ("王强", "王强强", False),
        ("SMITH J", "Smith, Ann", False),
    ],
)
def test_names_are_alike_across_their_spellings(one: str, other: str, same: bool) -> None:
    assert same_name(one, other) is same is same_name(other, one)


def test_the_very_document_agrees_in_all_four() -> None:
    asked = check_citation(ARTICLE)
    found = check_citation({**ARTICLE, "authors": "王强;李梅;张三", "date": "2019-03-20"})
    assert compare(asked, found) == Comparison(*[Agreement.AGREE] * 4)
    assert compare(asked, found).exact


@pytest.mark.parametrize(
    ("field", "changed", "place"),
    [
        ("title", "公共图书馆联合参考咨询服务综述", "title"),
        ("authors", "李四", "author"),
        ("container", "图书馆杂志", "source"),
        ("date", "2018-03", "date"),
        ("issue", "4", "date"),
        ("volume", "38", "date"),
    ],
)
def test_one_field_that_differs_makes_it_another_document(field: str, changed: str, place: str) -> None:
    asked = check_citation({**ARTICLE, "issn": ""})
    found = compare(asked, check_citation({**ARTICLE, "issn": "", field: changed}))
    assert getattr(found, place) is Agreement.DIFFER and not found.exact


def test_what_the_request_does_not_say_is_not_held_against_a_document() -> None:
    asked, found = (
        cite(title="甲", container="乙"),
        cite(title="甲", container="乙", authors="丙", date="2001"),
    )
    assert compare(asked, found) == Comparison(
        Agreement.AGREE, Agreement.UNASKED, Agreement.AGREE, Agreement.UNASKED
    )
    assert compare(asked, found).exact and not compare(found, asked).exact
    assert compare(found, asked).date is Agreement.MISSING


def test_a_newspaper_of_an_unknown_day_is_not_proved() -> None:
    asked = cite("newspaper_article", title="甲", container="乙报", date="2019-03-05")
    assert (
        compare(asked, cite("newspaper_article", title="甲", container="乙报", date="2019")).date == "missing"
    )


def test_a_document_asked_for_by_number_is_proved_by_it() -> None:
    asked = cite(doi="10.1000/182")
    assert compare(asked, cite(doi="10.1000/182", title="甲", container="乙")).exact
    assert not compare(asked, cite(title="甲", container="乙")).exact


def test_comparing_is_defined_for_all_pairs_of_types() -> None:
    for one, other in itertools.product(Material, Material):
        mine, theirs = (
            cite(kind, title="甲", authors="乙", container="丙", conference="丁") for kind in (one, other)
        )
        assert compare(mine, theirs).title is Agreement.AGREE
