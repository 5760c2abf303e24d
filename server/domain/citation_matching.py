"""When two citations mean one document: requests that meet, and a found document held against the request (R-72.2)."""

import re
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256

from server.domain.citations import Citation, Material, split_authors
from server.domain.identifiers import plain

# C, C++ and C# are three languages with three shelves of textbooks: these two signs after a letter are part of a title.
_SIGNS = re.compile(r"(?<=[^\W_])[+#]+|[^\W_]+")
_ROLE = re.compile(
    r"[\[(（【〔［][^\])）】〕］]*[\])）】〕］]|(?:\s|(?<=\w\w))(?:主编|编著|编译|译著|等著|等编|等译|主审)$|\s+[著编译撰辑绘等]+$"
)
_OTHERS = re.compile(r"\s*(?:等\.?|(?:,\s*)?et\s+al\.?|and others)$", re.IGNORECASE)
_COUNTERS = re.compile(r"第|期|卷|版|册|辑|vol(?:ume)?|no|issue|ed(?:ition)?$|(?<=\d)(?:st|nd|rd|th)")
_HAN_DIGITS = str.maketrans("一二三四五六七八九", "123456789")
_BETWEEN = "\x1f"  # parts of a key: no folded text holds it
_HAN_NAME = re.compile(r"[\u3400-\u9fff]")


class Agreement(StrEnum):
    """How one field of a found document stands to the request."""

    AGREE = "agree"
    DIFFER = "differ"
    MISSING = "missing"  # the request names it, the found document's particulars do not
    UNASKED = "unasked"  # the request does not name it: nothing can contradict


@dataclass(frozen=True, slots=True)
class Comparison:
    """Title, author, source and date, field by field."""

    title: Agreement
    author: Agreement
    source: Agreement
    date: Agreement

    @property
    def exact(self) -> bool:
        """Whether it is the very document asked for: all four agree, as far as the request names them (R-72.2)."""
        four = (self.title, self.author, self.source, self.date)
        return Agreement.AGREE in four and not {Agreement.DIFFER, Agreement.MISSING} & set(four)


def match_key(citation: Citation) -> str:
    """A key of at most 60 characters that equal requests share; the strongest of ``match_keys``."""
    return match_keys(citation)[0]


def match_keys(citation: Citation) -> tuple[str, ...]:
    """Every key under which an equal request may be known: by its number, and by title, author, source and date.

    Two requests are equal when they share one of these and ``contradict`` finds nothing against it. A part of a book
    never shares a key with the book.
    """
    keys = [_key("number", number, *_part(citation)) for number in _numbers(citation)]
    author = _name_key(first_author(citation.authors))
    date = citation.date
    if citation.issue:  # the fifth issue of 2019 is a date; two people rarely write its month alike
        date = f"{citation.date[:4]} {_counted(citation.issue)}"
    # An untitled request is its number; where the number is not known to be one, everything that was said counts.
    what = (folded(citation.title), author, folded(citation.source), folded(date), *_part(citation))
    if citation.material in (Material.BOOK, Material.VIDEO):
        what += (_counted(citation.edition),)  # an ISBN has an edition of its own
    if citation.title or not keys:
        keys.append(_key("words", str(citation.material), *what))
    return tuple(keys)


def contradict(one: Citation, other: Citation) -> bool:
    """Whether both name the same number, issue or volume and name it differently: then they are two documents."""
    names = ("doi", "isbn", "patent_number", "standard_number", "issue", "volume", "edition")
    pairs = ((_counted(getattr(one, name)), _counted(getattr(other, name))) for name in names)
    return any(mine and theirs and mine != theirs for mine, theirs in pairs)


def compare(asked: Citation, delivered: Citation) -> Comparison:
    """The found document's particulars against the request's, field by field (R-72.2)."""
    title = _agreement(folded(asked.title), folded(delivered.title))
    if title is Agreement.UNASKED and set(_numbers(asked)) & set(_numbers(delivered)):
        title = Agreement.AGREE  # asked for by number alone, and this is the number
    return Comparison(
        title=title,
        author=_authors(asked.authors, delivered.authors),
        source=_sources(asked, delivered),
        date=_dates(asked, delivered),
    )


def folded(text: str) -> str:
    """The letters and digits of a text, alike for every width, case, punctuation and spacing."""
    return "".join(_SIGNS.findall(plain(text).casefold()))


def first_author(authors: str) -> str:
    """The first name, without country, role or "and others"."""
    names = names_of(authors)
    return names[0] if names else ""


def names_of(authors: str) -> list[str]:
    """Who wrote it, one name each, without what catalogues add: ［美］, 著, 等, et al."""
    parts = [
        part
        for name in split_authors(_OTHERS.sub("", authors))
        for part in re.split(r"\s+(?:and|&)\s+", name)
    ]
    bare = [_OTHERS.sub("", _ROLE.sub("", part).strip()).strip(" ,;") for part in parts]
    return [name for name in bare if name and name != "等"]


def same_name(one: str, other: str) -> bool:
    """Whether two spellings can be one person: ``Smith, J.`` and ``John Smith`` can."""
    if _HAN_NAME.search(one + other):
        return folded(one) == folded(other)
    few, many = sorted((_tokens(one), _tokens(other)), key=len)
    if not few or not any(len(token) > 1 and token in many for token in few):
        return False
    left = list(many)
    for token in sorted(few, key=len, reverse=True):
        fitting = [known for known in left if known == token or _initial(token, known)]
        if not fitting:
            return False
        left.remove(token if token in fitting else fitting[0])
    return True


def _numbers(citation: Citation) -> list[str]:
    """Numbers that name the document by themselves."""
    numbers = [
        ("doi", citation.doi),
        ("patent", citation.patent_number),
        ("standard", citation.standard_number),
    ]
    if citation.material in (Material.BOOK, Material.VIDEO):
        numbers.append(("isbn", citation.isbn))
    return [f"{kind}:{folded(number)}" for kind, number in numbers if number]


def _part(citation: Citation) -> tuple[str, ...]:
    """What tells a part or a volume of a book from the others under the same number or title."""
    if citation.material not in (Material.BOOK, Material.VIDEO):
        return ()
    part = (citation.title, citation.pages) if citation.is_part else ("", "")
    return (*(folded(text) for text in part), _counted(citation.volume))


def _counted(text: str) -> str:
    """A volume, issue or edition without its counter: 第05期 and 5, 第二版 and 2nd ed. are alike."""
    bare = _COUNTERS.sub("", folded(text).translate(_HAN_DIGITS)) or folded(text)
    return re.sub(r"(?<![0-9])0+(?=[0-9])", "", bare)


def _key(kind: str, *parts: str) -> str:
    return f"{kind}:{sha256(_BETWEEN.join(parts).encode()).hexdigest()[:40]}"


def _name_key(name: str) -> str:
    return folded(name) if _HAN_NAME.search(name) else " ".join(sorted(_tokens(name)))


def _tokens(name: str) -> list[str]:
    return re.findall(r"[^\W_]+", plain(name).casefold())


def _initial(one: str, other: str) -> bool:
    return (len(one) == 1 or len(other) == 1) and one[0] == other[0]


def _agreement(asked: str, delivered: str) -> Agreement:
    if not asked:
        return Agreement.UNASKED
    if not delivered:
        return Agreement.MISSING
    return Agreement.AGREE if asked == delivered else Agreement.DIFFER


def _authors(asked: str, delivered: str) -> Agreement:
    wanted, found = names_of(asked), names_of(delivered)
    if not wanted or not found:
        return _agreement("".join(wanted), "".join(found))
    all_there = all(any(same_name(name, known) for known in found) for name in wanted)
    return Agreement.AGREE if all_there else Agreement.DIFFER


def _sources(asked: Citation, delivered: Citation) -> Agreement:
    if asked.issn and asked.issn == delivered.issn:
        return Agreement.AGREE
    return _agreement(folded(asked.source), folded(delivered.source))


def _dates(asked: Citation, delivered: Citation) -> Agreement:
    """A year agrees with a day in it; a day is not proved by a year alone where it tells two papers apart."""
    wanted, found = asked.date, delivered.date
    for name in ("issue", "volume"):
        if _agreement(_counted(getattr(asked, name)), _counted(getattr(delivered, name))) is Agreement.DIFFER:
            return Agreement.DIFFER
    if not wanted or not found:
        return _agreement(wanted, found)
    if found.startswith(wanted):
        return Agreement.AGREE
    if wanted.startswith(found):
        return Agreement.MISSING if asked.material is Material.NEWSPAPER_ARTICLE else Agreement.AGREE
    return _agreement(folded(wanted), folded(found))
