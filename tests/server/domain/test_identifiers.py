"""ISBN, ISSN and DOI in every spelling, and what is wrong with the wrong ones."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.domain.errors import Invalid
from server.domain.identifiers import checked_doi, checked_isbn, checked_issn, find_doi


@pytest.mark.parametrize(
    "text",
    [
        "9787301150894",
        "978-7-301-15089-4",
        "7-301-15089-X",
        "ISBN：９７８－７－３０１－１５０８９－４",
        "isbn-13: 978 7301 150894",
        "ISBN 7–301–15089–X",
    ],
)
def test_an_isbn_has_thirteen_digits_however_it_is_typed(text: str) -> None:
    assert checked_isbn(text) == "9787301150894"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("9787301150895", "isbn_check"),
        ("7301150890", "isbn_check"),
        ("978730115089", "isbn_form"),
        ("1234567890128", "isbn_form"),
        ("书号", "isbn_form"),
        ("", "isbn_form"),
    ],
)
def test_a_wrong_isbn_is_told_from_a_mistyped_one(text: str, code: str) -> None:
    with pytest.raises(Invalid) as refused:
        checked_isbn(text)
    assert (refused.value.code, refused.value.field, refused.value.rule_id) == (code, "isbn", "R-72.2")


def test_an_x_closes_old_numbers() -> None:
    assert checked_isbn("0-8044-2957-X") == "9780804429573"
    assert checked_issn("issn 2434－561ｘ") == "2434-561X"


@pytest.mark.parametrize(("text", "code"), [("1002-1354", "issn_check"), ("1002", "issn_form")])
def test_a_wrong_issn_is_refused(text: str, code: str) -> None:
    with pytest.raises(Invalid) as refused:
        checked_issn(text)
    assert refused.value.code == code


def test_an_issn_has_its_hyphen() -> None:
    assert checked_issn("１００１０００９") == "1001-0009"


@pytest.mark.parametrize(
    "text",
    [
        "10.13266/J.ISSN.0252-3116.2019.05.001",
        "https://doi.org/10.13266/j.issn.0252-3116.2019.05.001",
        "DOI：１０.13266/j.issn.0252-3116.2019.05.001。",
        "见 doi: 10.13266/j.issn.0252-3116.2019.05.001，第 3 页",
        "https://x.test/article?doi=10.13266%2Fj.issn.0252-3116.2019.05.001&from=search",
        "(doi:10.13266/j.issn.0252-3116.2019.05.001).",
    ],
)
def test_a_doi_is_found_in_what_people_paste(text: str) -> None:
    assert checked_doi(text) == "10.13266/j.issn.0252-3116.2019.05.001"


def test_brackets_of_a_doi_belong_to_it() -> None:
    assert find_doi("(see 10.1016/S0140-6736(05)71146-6)") == "10.1016/s0140-6736(05)71146-6"


def test_a_text_without_doi_has_none() -> None:
    assert find_doi("第10.5节/图书馆") == find_doi("") == ""
    with pytest.raises(Invalid) as refused:
        checked_doi("10.5/x")
    assert refused.value.code == "doi_form"


@given(st.text(max_size=60))
def test_any_text_is_a_number_or_is_refused(text: str) -> None:
    for check in (checked_isbn, checked_issn, checked_doi):
        try:
            assert check(check(text)) == check(text)
        except Invalid:
            continue
