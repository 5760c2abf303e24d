"""Words by which records are found: Chinese by any two characters that stand together, everything else by its words.

A record's words are letters-and-digits runs; a run of Chinese, Japanese or Korean characters gives each pair of
neighbours, alone standing characters themselves. A question gives words the same way, and finds what has all of them.
Both sides are folded alike (NFKC, small letters), so that the database only compares.
"""

import re
from collections.abc import Iterable, Iterator
from enum import StrEnum

from server.domain.catalogue import BibliographicRecord
from server.domain.citation_matching import folded
from server.domain.errors import Invalid
from server.domain.identifiers import checked_isbn, checked_issn, find_doi, is_isbn, is_issn, plain

QUERY_LIMIT = 200
WORDS_LIMIT = 24  # of a question: more than that says a whole abstract
_WORD_LENGTH = 40
_IDEOGRAPH = r"\u3005-\u3007\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff"
_RUNS = re.compile(rf"[{_IDEOGRAPH}]+|(?:(?![{_IDEOGRAPH}])[^\W_])+[+#]*")
_IDEOGRAPHS = re.compile(rf"[{_IDEOGRAPH}]")


class SearchField(StrEnum):
    """Where a question's words must stand (R-ANS.7)."""

    ALL = "all"
    TITLE = "title"
    AUTHOR = "author"
    SUBJECT = "subject"


_MARKS = {SearchField.ALL: "", SearchField.TITLE: "t:", SearchField.AUTHOR: "a:", SearchField.SUBJECT: "s:"}


def words_of(text: str) -> Iterator[str]:
    """The words of a text, again as often as they stand in it."""
    for run in _RUNS.findall(plain(text).casefold()):
        if len(run) == 1 or not _IDEOGRAPHS.match(run):
            yield run[:_WORD_LENGTH]
        else:
            yield from (run[at : at + 2] for at in range(len(run) - 1))


def record_words(record: BibliographicRecord) -> str:
    """Everything a record is found by, as one line: words bare and marked with their field, numbers, kind, language."""
    fields = {
        SearchField.TITLE: (record.title, *record.other_titles, record.container, record.volume),
        SearchField.AUTHOR: (record.authors,),
        SearchField.SUBJECT: (*record.subjects, record.class_number),
    }
    found: dict[str, None] = {}
    for field, texts in fields.items():
        for word in _all_words(texts):
            found[word] = found[_MARKS[field] + word] = None
    for word in _all_words((record.publisher, record.date[:4])):
        found[word] = None
    found |= dict.fromkeys(_number_words(record))
    found |= dict.fromkeys(facet_words(str(record.kind), record.in_chinese))
    return " ".join(found)


def facet_words(kind: str, in_chinese: bool | None) -> list[str]:
    """Words that stand for a type and for Chinese or foreign-language material (R-ANS.7)."""
    language = [] if in_chinese is None else ["l:zh" if in_chinese else "l:foreign"]
    return [*([f"k:{kind}"] if kind else []), *language]


def query_words(question: str, field: SearchField = SearchField.ALL) -> list[str]:
    """The words that a record must have to answer a question; an ISBN, ISSN or DOI asks for that number alone.

    Raises Invalid ``search_short`` for nothing but single characters of which no record is made.
    """
    number = number_word(question)
    if number:
        return [number]
    words = list(dict.fromkeys(words_of(question[:QUERY_LIMIT])))[:WORDS_LIMIT]
    if not words:
        raise Invalid("search_short", "q")
    return [_MARKS[field] + word for word in words]


def number_word(question: str) -> str:
    """The word for the ISBN, ISSN or DOI that the question consists of, or nothing."""
    text = question.strip()
    if doi := find_doi(text):
        return f"n:{folded(doi)}"
    if is_isbn(text):
        return f"n:{checked_isbn(text)}"
    return f"n:{folded(checked_issn(text))}" if is_issn(text) else ""


def _number_words(record: BibliographicRecord) -> list[str]:
    numbers = (*record.isbns, record.issn, record.doi, record.number)
    return [f"n:{folded(number)}" for number in numbers if number]


def _all_words(texts: Iterable[str]) -> Iterator[str]:
    return (word for text in texts for word in words_of(text))
