"""The fields of one MARC record, decoded: tags, indicators, subfields in their order."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from server.domain.citations import normal_date
from server.domain.errors import Invalid
from server.domain.identifiers import checked_isbn, checked_issn
from server.wire.marc_pieces import RawRecord
from server.wire.marc_texts import Decode

_TAIL = re.compile(r"[\s/:;,=]+$|(?<=[^\W\d_]{3})\.$|(?<=[\u3400-\u9fff])\.$")
_SPACED = re.compile(
    r"(?<=[\u3400-\u9fff])\s+(?=[\u3400-\u9fff])"
)  # some catalogues part Chinese words by blanks
_HAN = re.compile(r"[\u3400-\u9fff]")
_YEAR = re.compile(r"[12][0-9]{3}")
_ISBN = re.compile(r"[0-9][0-9 -]{8,20}[0-9Xx]")


@dataclass(frozen=True, slots=True)
class Field:
    """One variable field. A control field has its text as the only subfield, named by an empty code."""

    tag: str
    indicators: str
    subfields: tuple[tuple[str, str], ...]

    def all(self, codes: str) -> list[str]:
        """The texts of the subfields with one of these codes, in the field's order."""
        return [text for code, text in self.subfields if code in codes and code and text]

    def first(self, code: str) -> str:
        """The first subfield with the code, or nothing."""
        return next((text for known, text in self.subfields if known == code), "")


@dataclass(frozen=True, slots=True)
class Fields:
    """A record's leader and fields."""

    leader: str
    fields: tuple[Field, ...]

    @classmethod
    def decoded(cls, raw: RawRecord, decode: Decode) -> "Fields":
        """The fields in a character set. Raises Invalid where it does not fit after all."""
        try:
            fields = tuple(_field(field.tag, field.body, decode) for field in raw.fields)
        except (UnicodeDecodeError, KeyError):
            raise Invalid("marc_encoding", "record") from None
        return cls(raw.leader.decode("latin-1"), fields)

    def tagged(self, *tags: str) -> Iterator[Field]:
        """The fields with one of these tags, in the record's order."""
        return (field for field in self.fields if field.tag in tags)

    def texts(self, tag: str, codes: str = "a") -> list[str]:
        """Texts of these subfields of all fields with the tag."""
        return [text for field in self.tagged(tag) for text in field.all(codes)]

    def text(self, tag: str, codes: str = "a") -> str:
        """The first of ``texts``, trimmed, or nothing."""
        return next((trimmed(text) for text in self.texts(tag, codes)), "")

    def control(self, tag: str) -> str:
        """The text of a control field."""
        return next((field.first("") for field in self.tagged(tag)), "")


def trimmed(text: str) -> str:
    """A text without the signs that cataloguing rules put before the next element ( / : ; , )."""
    return _SPACED.sub("", _TAIL.sub("", text)).strip()


def joined(parts: list[str]) -> str:
    """A title proper and what follows it, with the colon of its script, at most 1 000 characters."""
    said = [part for part in parts if part]
    return ("：" if _HAN.search("".join(said)) else ": ").join(said)[:1000]


def year_in(text: str) -> str:
    """The first year that a text names: 1993 for 1993[民82], c2005 and [2005?]."""
    found = _YEAR.search(text)
    return found[0] if found else ""


def date_in(text: str) -> str:
    """The date as it is written where it can be read, else its year."""
    date = normal_date(trimmed(text).strip("[]().c "))
    return date if re.fullmatch(r"[12][0-9]{3}(-[0-9]{2}){0,2}", date) else year_in(text)


def isbns_in(texts: list[str]) -> tuple[str, ...]:
    """The valid ISBNs of these texts, once each: catalogues write prices and bindings behind them."""
    found: dict[str, None] = {}
    for text in texts:
        for number in _ISBN.findall(text):
            try:
                found[checked_isbn(number)] = None
            except Invalid:
                continue  # a mistyped one helps nobody to find the book
    return tuple(found)


def issn_in(texts: list[str]) -> str:
    """The first valid ISSN of these texts."""
    for text in texts:
        try:
            return checked_issn(text.split(" ")[0])
        except Invalid:
            continue
    return ""


def once(texts: list[str], limit: int) -> tuple[str, ...]:
    """The texts trimmed, once each, no more than a bound."""
    return tuple(dict.fromkeys(short for text in texts if (short := trimmed(text))))[:limit]


def _field(tag: str, body: bytes, decode: Decode) -> Field:
    if tag.startswith("00"):
        return Field(tag, "", (("", decode(body)),))
    head, *parts = body.split(b"\x1f")
    subfields = tuple((chr(part[0]), decode(part[1:])) for part in parts if part)
    return Field(tag, head.decode("latin-1"), subfields)
