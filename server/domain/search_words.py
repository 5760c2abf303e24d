"""Words by which records are found: Chinese by any two characters that stand together, everything else by its words.

A record's words are letters-and-digits runs; a run of Chinese, Japanese or Korean characters gives each pair of
neighbours, alone standing characters themselves. A question gives words the same way, and finds what has all of them.
A character alone in a question stands for each word that begins with it; so the last one of a title is a word, too.
Both sides are folded alike (NFKC, small letters), so that the database only compares.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256

from server.domain.catalogue import BibliographicRecord
from server.domain.citation_matching import folded
from server.domain.citations import Material
from server.domain.errors import Invalid
from server.domain.identifiers import checked_isbn, checked_issn, find_doi, is_isbn, is_issn, plain

QUERY_LIMIT = 200
WORDS_LIMIT = 24  # of a question: more than that says a whole abstract
_WORD_LENGTH = 40
SERIAL = "f:serial"  # a journal or newspaper as a whole
_IDEOGRAPH = r"\u3005-\u3007\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff"
_RUNS = re.compile(rf"[{_IDEOGRAPH}]+|(?:(?![{_IDEOGRAPH}])[^\W_])+[+#]*")
_IDEOGRAPHS = re.compile(rf"[{_IDEOGRAPH}]")
_LAST = re.compile(rf"[{_IDEOGRAPH}](?![{_IDEOGRAPH}])")
_LONE = re.compile(rf"(?:[tas]:)?[{_IDEOGRAPH}]")


class SearchField(StrEnum):
    """Where a question's words must stand (R-ANS.7)."""

    ALL = "all"
    TITLE = "title"
    AUTHOR = "author"
    SUBJECT = "subject"


_MARKS = {SearchField.ALL: "", SearchField.TITLE: "t:", SearchField.AUTHOR: "a:", SearchField.SUBJECT: "s:"}


ALSO = (
    SearchField.TITLE,
    SearchField.AUTHOR,
    SearchField.SUBJECT,
)  # what an advanced search asks for besides


def words_of(text: str) -> Iterator[str]:
    """The words of a text, again as often as they stand in it."""
    for run in _RUNS.findall(plain(text).casefold()):
        if len(run) == 1 or not _IDEOGRAPHS.match(run):
            yield run[:_WORD_LENGTH]
        else:
            yield from (run[at : at + 2] for at in range(len(run) - 1))


def is_beginning(word: str) -> bool:
    """Whether a question's word stands for every word that begins with it: one Chinese character alone."""
    return _LONE.fullmatch(word) is not None


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
    for character in _LAST.findall(plain(" ".join(fields[SearchField.TITLE])).casefold()):
        found[character] = found[_MARKS[SearchField.TITLE] + character] = None
    for word in _all_words((record.publisher, record.date[:4], record.number)):
        found[word] = None
    found |= dict.fromkeys(title_word(title) for title in (record.title, *record.other_titles))
    found |= dict.fromkeys(number_words(*record.isbns, record.issn, record.doi, record.number))
    found |= dict.fromkeys(facet_words(str(record.kind), record.in_chinese))
    if record.serial:
        found[SERIAL] = None
    return " ".join(found)


def facet_words(kind: str, in_chinese: bool | None) -> list[str]:
    """Words that stand for a type and for Chinese or foreign-language material (R-ANS.7)."""
    language = [] if in_chinese is None else ["l:zh" if in_chinese else "l:foreign"]
    # No underscore: a database may take it for the end of a word.
    return [*([f"k:{kind.replace('_', '')}"] if kind else []), *language]


def title_word(title: str) -> str:
    """The word of records with exactly this title: what everybody else's words are too common for."""
    return f"={sha256(folded(title).encode()).hexdigest()[:16]}"


@dataclass(frozen=True, slots=True)
class Search:
    """What somebody looks for: a question, where its words stand, of which type, in Chinese or not (None: either).

    ``also``: what must stand in title, author or subject besides (R-ANS.7).
    """

    question: str
    field: SearchField = SearchField.ALL
    kind: str = ""
    in_chinese: bool | None = None
    also: tuple[tuple[SearchField, str], ...] = ()

    def words(self) -> list[str]:
        """The words that a record must have; an ISBN, ISSN or DOI asks for that number alone.

        Without any words, everything of the type and language. Raises Invalid ``search_short`` for a text of which no
        word can be made.
        """
        if number := number_word(self.question):
            return [number]
        words: dict[str, None] = {}
        for name, field, text in (("q", self.field, self.question), *((str(f), f, t) for f, t in self.also)):
            made = [_MARKS[field] + word for word in words_of(text[:QUERY_LIMIT])]
            if text.strip() and not made:
                raise Invalid("search_short", name)
            words |= dict.fromkeys(made)
        if not words and not self._facets:
            raise Invalid("search_short", "q")
        return [*list(words)[:WORDS_LIMIT], *self._facets]

    def title_words(self) -> list[str]:
        """The words of records with exactly this title; none where the question is not for a title."""
        whole = self.field in (SearchField.ALL, SearchField.TITLE) and folded(self.question)
        if not whole or self.also or number_word(self.question):
            return []
        return [title_word(self.question), *self._facets]

    @property
    def _facets(self) -> list[str]:
        return facet_words(self.kind, self.in_chinese)


def search_from(
    question: str,
    *,
    field: str = "",
    kind: str = "",
    language: str = "",
    also: Mapping[str, str] | None = None,
) -> Search:
    """A search as a form or an address names it; ``language`` is zh, foreign or nothing. Raises Invalid.

    Of ``also`` those that are named as in ``ALSO`` count.
    """
    if field and field not in set(SearchField):
        raise Invalid("choice_wrong", "field", choices=", ".join(SearchField), text=field[:40])
    if kind and kind not in set(Material):
        raise Invalid("material_unknown", "kind", text=kind[:40])
    if language not in ("", "zh", "foreign"):
        raise Invalid("choice_wrong", "language", choices="zh, foreign", text=language[:40])
    in_chinese = language == "zh" if language else None
    besides = tuple((each, also[each][:QUERY_LIMIT]) for each in ALSO if also.get(each)) if also else ()
    return Search(question[:QUERY_LIMIT], SearchField(field or "all"), kind, in_chinese, besides)


@dataclass(frozen=True, slots=True)
class Candidate:
    """As much of a found record as its rank depends on."""

    id: int
    title: str
    year: int
    match_key: str


def ranked(search: Search, found: Iterable[Candidate]) -> list[Candidate]:
    """The best first, one for each title: this very title, titles that begin so, that hold it, then newer ones."""
    wanted = folded(search.question)

    def rank(candidate: Candidate) -> tuple[int, int, int]:
        title = folded(candidate.title)
        nearness = 0 if title == wanted else 1 if title.startswith(wanted) else 2 if wanted in title else 3
        return nearness, -candidate.year, -candidate.id

    best: dict[str, Candidate] = {}
    for candidate in sorted(found, key=rank):
        best.setdefault(candidate.match_key, candidate)
    return list(best.values())


def number_word(question: str) -> str:
    """The word for the ISBN, ISSN or DOI that the question consists of, or nothing."""
    text = question.strip()
    if doi := find_doi(text):
        return number_words(doi)[0]
    if is_isbn(text):
        return number_words(checked_isbn(text))[0]
    return number_words(checked_issn(text))[0] if is_issn(text) else ""


def number_words(*numbers: str) -> list[str]:
    """The words for numbers in their normal form, those left out that are empty."""
    return [f"n:{folded(number)}" for number in numbers if number]


def _all_words(texts: Iterable[str]) -> Iterator[str]:
    return (word for text in texts for word in words_of(text))
