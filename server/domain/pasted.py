"""Fields out of a citation that somebody pasted: GB/T 7714, the common Western styles, or a bare number or address."""

import re
from collections.abc import Iterable, Mapping

from server.domain.citations import LIMITS, Material, normal_date
from server.domain.identifiers import checked_issn, find_doi, is_isbn, is_issn, plain

LONGEST = 2_000
_SIGNS: Mapping[str, Material] = {
    "J": Material.JOURNAL_ARTICLE,
    "M": Material.BOOK,
    "D": Material.THESIS,
    "C": Material.CONFERENCE_PAPER,
    "A": Material.CONFERENCE_PAPER,  # the older standard's sign for a part of proceedings
    "N": Material.NEWSPAPER_ARTICLE,
    "P": Material.PATENT,
    "S": Material.STANDARD,
    "R": Material.BOOK,
    "G": Material.BOOK,
    "V": Material.VIDEO,
}
_SIGN = re.compile(r"\s*\[([JMDCANPSRGV])(?:/[A-Z]+)?\]\s*(//|\.|,)?\s*", re.IGNORECASE)
_NUMBERED = re.compile(r"^\s*(?:\[\d{1,4}\]|\(\d{1,4}\)|\d{1,4}\.(?=\s))\s*")
_BARE_DOI = re.compile(r"(?:doi\s*:?\s*)?(?:https?://|10\.)\S+", re.IGNORECASE)
_ADDRESS = re.compile(r"https?://[^\s]+")
_YEAR = r"(?:1[5-9]|20)\d{2}"
_VOLUME = rf"(?P<date>{_YEAR})[^,(:]{{0,12}}(?:,\s*(?P<volume>[\w.]+))?\s*(?:\((?P<issue>[^)]{{1,30}})\))?"
_JOURNAL = re.compile(rf"^(?P<container>.{{1,200}}?)[,.]\s*{_VOLUME}\s*(?::\s*(?P<pages>[\w,+ -]{{1,40}}))?")
_PAPER = re.compile(
    rf"^(?P<container>.{{1,100}}?)[,.]\s*(?P<date>{_YEAR}[\d./年月日 -]*)\s*(?:\((?P<pages>[^)]{{1,30}})\))?"
)
_IMPRINT = re.compile(
    rf"^(?:(?P<place>[^:,]{{1,60}}?):\s*)?(?P<house>[^,:]{{1,150}}?),\s*"
    rf"(?P<date>{_YEAR}[\d./年月日 -]*)\s*(?::\s*(?P<pages>[\w,+ -]{{1,40}}))?"
)
_EDITION = re.compile(r"^(?P<edition>[^.:,]{0,20}(?:版|\bed(?:ition|n)?))\.?\s*", re.IGNORECASE)
_STANDARD = re.compile(
    r"\b(?:GB|DB|JB|YY|HJ|WH|ISO|IEC|IEEE|ANSI|DIN|T)(?:/[A-Z]+)?\s*[\d.]+(?:\s*-\s*\d{4})?", re.IGNORECASE
)
_PATENT = re.compile(r"\b(?:CN|ZL|US|EP|JP|WO|DE|KR|GB)\s?[\d.]{6,15}\s?[A-Z]?\d?\b")
_APPLICATION = re.compile(r"\b\d{8,13}(?:\.[\dX])?$")
_APA = re.compile(rf"^(?P<authors>.{{2,250}}?)\s*\((?P<date>{_YEAR})[^)]*\)\.\s*(?P<rest>.+)$")
_APA_JOURNAL = re.compile(
    r"^(?P<title>.{3,400}?)[.?!]\s+(?P<container>[^.]{2,150}?),\s*(?P<volume>\d+)\s*(?:\((?P<issue>[^)]{1,30})\))?(?:,\s*(?P<pages>[\w-]+))?"
)
_APA_BOOK = re.compile(
    r"^(?P<title>[^.(]{3,400}?)\s*(?:\((?P<edition>[^)]{1,40})\))?\.\s+(?P<publisher>[^.]{2,150})\.?$"
)
_QUOTED = re.compile(
    rf"^(?P<authors>[^\"“”]{{2,200}}?)[.,]\s*[\"“](?P<title>[^\"“”]{{3,400}}?)[.,]?[\"”][.,]?\s*(?P<container>[^\d,]{{2,150}}?),?\s+(?:vol\.\s*)?(?P<volume>\d+)(?:,\s*no\.\s*(?P<issue>\w+))?[,\s]*\(?[^()\d]{{0,12}}(?P<date>{_YEAR})\)?(?:[:,]\s*(?:pp?\.\s*)?(?P<pages>[\w-]+))?"
)
_VANCOUVER = re.compile(
    rf"^(?P<authors>[^.]{{2,250}}?)\.\s+(?P<title>[^.]{{3,400}}?)\.\s+(?P<container>[^.]{{2,150}}?)\.?\s+(?P<date>{_YEAR})[^;]{{0,12}};(?P<volume>\w+)(?:\((?P<issue>[^)]{{1,30}})\))?(?::(?P<pages>[\w-]+))?"
)
_HAN = re.compile(r"[\u3400-\u9fff]")
_LONG_NUMBER = re.compile(r"\d[\dXx -]{8,18}[\dXx]")
_TITLED = re.compile(r"《([^《》]{1,300})》")


def pasted_fields(text: str) -> dict[str, str]:
    """The fields of a request's form as far as they can be read out of the text; best effort, and unchecked.

    ``material`` is always there. A text that no style fits is taken for a title.
    """
    text = " ".join(text[:LONGEST].split())
    fields = _bare_number(text)
    if not fields:
        doi, address = find_doi(text), _ADDRESS.search(plain(text))
        line = _NUMBERED.sub("", _spaced(_without_numbers(plain(text))))
        fields = _chinese_style(line) or _western_style(line) or _loose(line)
        fields |= {"doi": doi, "url": "" if doi or not address else address[0].rstrip(".,;")}
    cleaned = {name: _restored(value) for name, value in fields.items() if value}
    return {name: value[: LIMITS.get(name, 60)] for name, value in cleaned.items() if value}


def said_fields(said: Iterable[str]) -> dict[str, str]:
    """The document that somebody named in a conversation, line by line; empty where none was named for certain.

    A line counts that holds a number, a 《title》 or a whole citation; of several the one that says most.
    """
    best: dict[str, str] = {}
    for line in (line.strip() for text in said for line in text.splitlines()):
        found = _said_in(line)
        if len(found) > len(best):
            best = found
    return best


def _said_in(line: str) -> dict[str, str]:
    isbn = next((number for number in _LONG_NUMBER.findall(plain(line)) if is_isbn(number)), "")
    if isbn:
        title = _TITLED.search(line)
        return {"material": Material.BOOK, "isbn": isbn} | ({"title": title[1]} if title else {})
    found = pasted_fields(line)
    if found.keys() == {"material", "title", "doi"}:  # the words around a number are no title
        return {"material": Material.JOURNAL_ARTICLE, "doi": found["doi"]}
    return found if len(found) > 2 or _TITLED.search(line) else {}


def _bare_number(text: str) -> dict[str, str]:
    """A text that is nothing but a DOI, ISBN or ISSN, or an address with a DOI in it."""
    if is_isbn(text):
        return {"material": Material.BOOK, "isbn": text}
    if is_issn(text):
        return {"material": Material.JOURNAL_ARTICLE, "issn": checked_issn(text)}
    if _BARE_DOI.fullmatch(plain(text)) and (doi := find_doi(text)):
        return {"material": Material.JOURNAL_ARTICLE, "doi": doi}
    if _ADDRESS.fullmatch(text):
        return {"material": Material.BOOK, "url": text}
    return {}


def _chinese_style(line: str) -> dict[str, str]:
    """GB/T 7714: the sign in brackets after the title says what it is and how the rest is written."""
    sign = _SIGN.search(line)
    if not sign:
        return {}
    material = _SIGNS[sign[1].upper()]
    authors, title = _parted(line[: sign.start()])
    rest = re.sub(r"^(?:见|In)\s*:\s*", "", line[sign.end() :], flags=re.IGNORECASE)
    fields: dict[str, str] = {"material": material, "authors": authors, "title": title}
    match material:
        case Material.JOURNAL_ARTICLE:
            return fields | _named(_JOURNAL, rest)
        case Material.NEWSPAPER_ARTICLE:
            return fields | _named(_PAPER, rest)
        case Material.THESIS:
            return fields | _imprint(rest, house="institution")
        case Material.PATENT:
            return fields | _patent(title, rest)
        case Material.STANDARD:
            return fields | _standard(authors, title, rest)
    if sign[2] == "//" or sign[1].upper() == "A":
        return fields | _part(material, rest)
    if material is Material.CONFERENCE_PAPER:
        return fields | {"conference": title} | _imprint(rest)
    return fields | _imprint(rest)


def _parted(head: str) -> tuple[str, str]:
    """Authors and title, which a full stop parts; a full stop after an initial does not."""
    stops = (found for found in re.finditer(r"\.\s*(?=\S)(?![A-Z]\.)", head) if found.start() >= 2)
    found = next(stops, None)
    if found is None:
        return "", head.strip(" .")
    return _semicolons(head[: found.start()]), head[found.end() :].strip(" .")


def _semicolons(authors: str) -> str:
    """Commas part names in GB/T 7714, semicolons in our forms."""
    names = [name.strip() for name in re.split(r"[,;]", authors)]
    return "; ".join(name for name in names if name and name not in ("等", "et al", "et al."))


def _named(style: re.Pattern[str], text: str) -> dict[str, str]:
    found = style.match(text)
    if not found:
        return {"container": text.strip(" .")[:200]}
    fields = {name: (value or "").strip(" .,;") for name, value in found.groupdict().items()}
    return fields | {"date": normal_date(fields["date"])}


def _imprint(rest: str, house: str = "publisher") -> dict[str, str]:
    """Edition, place, publisher or school, year, pages."""
    fields: dict[str, str] = {}
    if edition := _EDITION.match(rest):
        fields["edition"], rest = edition["edition"], rest[edition.end() :]
    found = _IMPRINT.match(rest)
    if found:
        fields |= {house: found["house"].strip(), "date": normal_date(found["date"].strip(" .,"))}
        fields["pages"] = (found["pages"] or "").strip(" .,")
    elif year := re.search(_YEAR, rest):
        fields |= {house: rest[: year.start()].strip(" .,:"), "date": year[0]}
    return fields


def _part(material: Material, rest: str) -> dict[str, str]:
    """The book or proceedings that a part stands in: editors, title, imprint."""
    whole, _, imprint = rest.partition("[C]") if "[C]" in rest else _before_imprint(rest)
    _, title = _parted(whole)
    fields = {"container": title} | _imprint(imprint.lstrip(" .,"))
    return fields | ({"conference": title} if material is Material.CONFERENCE_PAPER else {})


def _before_imprint(rest: str) -> tuple[str, str, str]:
    found = re.search(rf"\.\s*(?=[^.:]{{1,40}}:\s*[^.,:]{{2,80}},\s*{_YEAR})", rest)
    return (rest[: found.start()], "", rest[found.end() :]) if found else (rest, "", "")


def _patent(title: str, rest: str) -> dict[str, str]:
    number = _PATENT.search(title) or _PATENT.search(rest) or _APPLICATION.search(title)
    date = re.search(rf"{_YEAR}-\d{{1,2}}-\d{{1,2}}|{_YEAR}", rest.replace(number[0], "") if number else rest)
    bare = re.split(r"\s*[:：,]\s*(?=中国|[\u3400-\u9fff]{2,4}专利|CN|ZL|US|EP|JP|WO|\d{8})", title)[0]
    return {
        "title": bare,
        "patent_number": number[0].replace(" ", "") if number else "",
        "date": normal_date(date[0]) if date else "",
    }


def _standard(authors: str, title: str, rest: str) -> dict[str, str]:
    number = _STANDARD.search(f"{authors} {title}")
    fields = _imprint(rest)
    if number:
        fields["standard_number"] = number[0]
        title = title.replace(number[0], "").strip(" :,.")
        authors = "" if number[0] in authors else authors
    return fields | {"title": title, "publisher": authors or fields.get("publisher", ""), "authors": ""}


def _western_style(line: str) -> dict[str, str]:
    """APA, MLA, Chicago, Vancouver."""
    if quoted := _QUOTED.match(line):
        return _article(quoted.groupdict()) | {"authors": quoted["authors"].replace(", and ", "; ")}
    if apa := _APA.match(line):
        authors = (
            "; ".join(re.findall(r"[^\W\d_][^,&]*,\s*(?:[A-Z]\.[\s-]?)+", apa["authors"])) or apa["authors"]
        )
        named = {"authors": re.sub(r"\s+;", ";", authors), "date": apa["date"]}
        if article := _APA_JOURNAL.match(apa["rest"]):
            return _article(article.groupdict()) | named
        if book := _APA_BOOK.match(apa["rest"]):
            return {"material": Material.BOOK, **_values(book.groupdict()), **named}
        return {"material": Material.BOOK, "title": apa["rest"].partition(". ")[0].strip(" ."), **named}
    if vancouver := _VANCOUVER.match(line):
        return _article(vancouver.groupdict()) | {"authors": _semicolons(vancouver["authors"])}
    return {}


def _article(found: Mapping[str, str | None]) -> dict[str, str]:
    return {"material": Material.JOURNAL_ARTICLE, **_values(found)}


def _values(found: Mapping[str, str | None]) -> dict[str, str]:
    return {name: (value or "").strip(" .,;") for name, value in found.items()}


def _loose(line: str) -> dict[str, str]:
    """No style: what stands between book-title marks, the number of a standard or patent, else a title."""
    number = _STANDARD.search(line)
    if number and re.search(r"\d{3}", number[0]):
        rest = line.replace(number[0], "").strip(" :,.")
        return {"material": Material.STANDARD, "standard_number": number[0], "title": rest}
    titles = _TITLED.findall(line)
    year = re.search(_YEAR, line)
    if len(titles) > 1:  # 《刊名》 stands after the article's own title
        return {"material": Material.JOURNAL_ARTICLE, "title": titles[0], "container": titles[1],
                "date": year[0] if year else ""}  # fmt: skip
    if titles:
        return {"material": Material.BOOK, "title": titles[0], "date": year[0] if year else ""}
    return {"material": Material.BOOK, "title": line.strip(" .,;")}


def _spaced(text: str) -> str:
    """A blank after every sign of a Chinese citation, which are often written without."""
    return re.sub(r"\s*([.,:;])(?=[^\s\d])", r"\1 ", text) if _HAN.search(text) else text


def _without_numbers(line: str) -> str:
    """The line without its addresses, DOI and CN numbers, which every style puts at the end."""
    line = re.sub(r"(?:doi\s*:\s*|https?://\S*?)?10\.\d{4,9}/\S+", "", line, flags=re.IGNORECASE)
    return _ADDRESS.sub("", re.sub(r"\bdoi\s*:\s*$", "", line, flags=re.IGNORECASE)).strip()


def _restored(value: str) -> str:
    """Chinese signs again where a text is Chinese."""
    value = str(value).strip()
    if not _HAN.search(value):
        return value
    return re.sub(r"(?<=[\u3400-\u9fff])\s*:\s*(?=[\u3400-\u9fff])", "：", value)
