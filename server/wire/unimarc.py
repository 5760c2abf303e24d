"""UNIMARC and its Chinese form CNMARC: where a bibliographic record finds what in which field."""

import re

from server.domain.catalogue import BibliographicRecord
from server.domain.citations import Material
from server.domain.identifiers import find_doi
from server.wire.marc_fields import Field, Fields, date_in, isbns_in, issn_in, joined, once, trimmed, year_in

_SUBJECTS = ("600", "601", "604", "605", "606", "607", "610")
_OTHER_TITLES = ("500", "510", "512", "513", "514", "515", "516", "517", "540", "541")
_NAMES = ("700", "701", "702", "710", "711", "712", "730")
_CLASSES = ("690", "692", "686", "675", "676", "681", "680")  # 690: Chinese Library Classification
_CONTENTS = {
    "k": Material.PATENT,
    "l": Material.STANDARD,
    "m": Material.THESIS,
    "v": Material.THESIS,
}  # 105/4-7
_HAN = re.compile(r"[\u3400-\u9fff]")


def record_of(fields: Fields) -> BibliographicRecord:
    """The record that the fields describe."""
    coded = fields.text("100")
    kind, serial = _kind(fields)
    return BibliographicRecord(
        control_number=fields.control("001"),
        kind=kind,
        serial=serial,
        title=next((title for field in fields.tagged("200") if (title := _title(field))), ""),
        other_titles=once([*fields.texts("200", "d"), *_other_titles(fields)], 8),
        authors=_authors(fields),
        container=(fields.text("463", "t") or fields.text("461", "t")) if not serial else "",
        publisher=_publisher(fields, kind),
        date=_date(fields, coded),
        volume=trimmed(" ".join(part for field in fields.tagged("200") for part in field.all("h"))),
        edition=fields.text("205"),
        isbns=isbns_in(fields.texts("010", "a")),
        issn=issn_in([*fields.texts("011", "a"), *fields.texts("461", "x"), *fields.texts("463", "x")]),
        doi=_doi(fields),
        number=fields.text("094") if kind is Material.STANDARD else "",
        language=fields.text("101")[:3].lower() or coded[22:25].strip().lower(),
        subjects=once([" -- ".join(field.all("axyz")) for field in fields.tagged(*_SUBJECTS)], 20),
        class_number=next((number for tag in _CLASSES if (number := fields.text(tag))), ""),
    )


def _title(field: Field) -> str:
    """Title proper, what follows it, and the part's number and name; a second work's title is another title."""
    return joined([trimmed(text) for text in field.all("aehi")])


def _other_titles(fields: Fields) -> list[str]:
    return [text for tag in _OTHER_TITLES for text in fields.texts(tag, "a")]


def _authors(fields: Fields) -> str:
    """Names of people and bodies, or the statement of responsibility where no name is entered; at most ten or so."""
    names = [_name(field) for tag in _NAMES for field in fields.tagged(tag)]
    if not any(names):
        names = [trimmed(text) for text in fields.texts("200", "f")[:1]]
    return "; ".join(dict.fromkeys(name for name in names if name))[:600]


def _name(field: Field) -> str:
    """Surname and forename: Chinese names are written in one, others turned round."""
    entry, rest = trimmed(field.first("a")), trimmed(field.first("b"))
    if not rest:
        return entry
    return entry + rest if _HAN.search(entry) else f"{entry}, {rest}"


def _publisher(fields: Fields, kind: Material) -> str:
    if kind is Material.THESIS and (school := fields.text("328", "ec")):
        return school
    return (fields.text("210", "c") or fields.text("214", "c"))[:300]


def _date(fields: Fields, coded: str) -> str:
    written = next(
        (date for tag in ("210", "214") for text in fields.texts(tag, "d") if (date := date_in(text))), ""
    )
    return written or year_in(coded[9:13])


def _doi(fields: Fields) -> str:
    named = [*fields.texts("017", "a"), *fields.texts("856", "u")]
    return next((doi for text in named if (doi := find_doi(text))), "")[:250]


def _kind(fields: Fields) -> tuple[Material, bool]:
    form, level = fields.leader[6:7], fields.leader[7:8]
    if level == "s":
        newspaper = any(text[:1] == "c" for text in fields.texts("110"))
        return (Material.NEWSPAPER_ARTICLE if newspaper else Material.JOURNAL_ARTICLE), True
    if form in "gij" and form:
        return Material.VIDEO, False
    if any(True for _ in fields.tagged("328")):
        return Material.THESIS, False
    if level == "a" and (fields.text("463", "t") or fields.texts("461", "x")):
        return Material.JOURNAL_ARTICLE, False
    codes = fields.text("105").ljust(8)[4:8]
    return next((_CONTENTS[code] for code in codes if code in _CONTENTS), Material.BOOK), False
