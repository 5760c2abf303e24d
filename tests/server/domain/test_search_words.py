"""Words by which records are found: two characters that stand together, numbers, fields, facets."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.domain.catalogue import BibliographicRecord
from server.domain.citations import Material
from server.domain.errors import Invalid
from server.domain.search_words import (
    Candidate,
    Search,
    SearchField,
    is_beginning,
    ranked,
    record_words,
    search_from,
    words_of,
)

BOOK = BibliographicRecord(
    control_number="1",
    kind=Material.BOOK,
    title="数字图书馆导论",
    authors="王强; Smith, John",
    publisher="科学出版社",
    date="2019",
    isbns=("9787301150894",),
    subjects=("图书馆服务 -- 中国",),
    language="chi",
)


def finds(search: Search, record: BibliographicRecord = BOOK) -> bool:
    return set(search.words()) <= set(record_words(record).split(" "))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("数字图书馆", ["数字", "字图", "图书", "书馆"]),
        ("C++程序 设计", ["c++", "程序", "设计"]),
        ("家", ["家"]),
        ("２０１９年Ｃ语言", ["2019", "年", "c", "语言"]),
        ("O'Reilly-Müller", ["o", "reilly", "müller"]),
        ("ジフ", ["ジフ"]),
        ("——。、", []),
    ],
)
def test_texts_are_cut_into_words(text: str, words: list[str]) -> None:
    assert list(words_of(text)) == words


@pytest.mark.parametrize(
    "question", ["图书", "书馆", "字图书馆", "王强 导论", "smith", "2019", "科学出版社", "中国"]
)
def test_a_record_is_found_by_any_two_characters_of_it(question: str) -> None:
    assert finds(Search(question))


@pytest.mark.parametrize("question", ["数", "图", "论", "王"])
def test_a_character_alone_finds_words_that_begin_with_it_and_titles_that_end_in_it(question: str) -> None:
    (word,) = Search(question).words()
    assert is_beginning(word) and any(each.startswith(word) for each in record_words(BOOK).split(" "))
    (word,) = Search("论", SearchField.TITLE).words()
    assert is_beginning(word) and word in record_words(BOOK).split(" ")


def test_only_a_chinese_character_alone_stands_for_more_than_itself() -> None:
    assert not any(map(is_beginning, ["图书", "c", "7", "t:图书", "n:1", "l:zh", "=图"]))


def test_a_field_finds_only_what_stands_in_it() -> None:
    assert finds(Search("图书馆", SearchField.SUBJECT)) and finds(Search("王强", SearchField.AUTHOR))
    assert finds(search_from("科学出版社", also={"title": "导论", "author": "smith", "subject": "中国"}))
    assert not finds(search_from("导论", also={"title": "王强"})) and finds(
        search_from("", also={"author": "王强"})
    )
    with pytest.raises(Invalid) as refused:
        search_from("导论", also={"author": "。"}).words()
    assert refused.value.field == "author"
    assert not finds(Search("王强", SearchField.TITLE)) and not finds(Search("导论", SearchField.SUBJECT))


def test_type_and_language_narrow_a_search() -> None:
    assert finds(search_from("图书", kind="book", language="zh"))
    assert not finds(search_from("图书", kind="thesis")) and not finds(
        search_from("图书", language="foreign")
    )


def test_every_word_of_a_record_is_one_word_to_the_database() -> None:
    """Types were written with an underscore once, at which one database parted them."""
    for kind in Material:
        for word in search_from("", kind=kind).words():
            assert word.removeprefix("k:").isalpha()


def test_without_a_question_everything_of_a_type_is_found() -> None:
    assert search_from("", kind="book", language="zh").words() == ["k:book", "l:zh"]
    with pytest.raises(Invalid):
        search_from("。", kind="book").words()


@pytest.mark.parametrize("number", ["978-7-301-15089-4", "730115089X", "ISBN 9787301150894"])
def test_a_number_is_asked_for_alone(number: str) -> None:
    assert Search(number, SearchField.AUTHOR, "thesis").words() == ["n:9787301150894"]
    assert finds(Search(number))


@pytest.mark.parametrize("question", ["", "，。", "  "])
def test_nothing_cannot_be_looked_for(question: str) -> None:
    with pytest.raises(Invalid) as refused:
        Search(question).words()
    assert refused.value.code == "search_short"


@pytest.mark.parametrize("wrong", [{"field": "x"}, {"kind": "x"}, {"language": "x"}])
def test_an_unknown_field_type_or_language_is_refused(wrong: dict[str, str]) -> None:
    with pytest.raises(Invalid):
        search_from("图书", **wrong)


def test_the_very_title_comes_first_and_a_title_once() -> None:
    found = [
        Candidate(1, "中国数字图书馆", 2020, "a"),
        Candidate(2, "数字图书馆导论", 2001, "b"),
        Candidate(3, "数字图书馆", 1999, "c"),
        Candidate(4, "图书馆的数字化", 2024, "d"),
        Candidate(5, "数字图书馆", 1999, "c"),
    ]
    assert [candidate.id for candidate in ranked(Search("数字图书馆"), found)] == [5, 2, 1, 4]


@given(st.text(max_size=80))
def test_words_hold_nothing_that_a_database_could_take_for_a_sign(text: str) -> None:
    for word in words_of(text):
        assert word and not set(word) & set(" '\"\\&|!():*<>")


@given(st.text(alphabet=st.sampled_from("中国图书馆学ab1 ，C+"), min_size=2, max_size=30), st.data())
def test_every_part_of_a_title_finds_it(title: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(title) - 2))
    part = title[start : data.draw(st.integers(start + 2, len(title)))]
    record = BibliographicRecord("1", Material.BOOK, title)
    whole = [word for word in words_of(part) if len(word) > 1 and not word.isascii()]
    assert set(whole) <= set(record_words(record).split(" "))
