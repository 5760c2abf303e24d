"""MARC 21: where a bibliographic record finds what in which field."""

from collections.abc import Iterator

from server.domain.catalogue import BibliographicRecord
from server.domain.citations import Material
from server.domain.identifiers import find_doi
from server.wire.marc_fields import Field, Fields, date_in, isbns_in, issn_in, joined, once, trimmed, year_in

_SUBJECTS = ("600", "610", "611", "630", "650", "651", "653", "655")
_OTHER_TITLES = ("130", "240", "246", "740", "830")
_NAMES = ("100", "110", "111", "700", "710", "711")
_CLASSES = ("093", "084", "090", "082", "080", "050")  # Chinese Library Classification first
_CONTENTS = {"u": Material.STANDARD, "m": Material.THESIS, "j": Material.PATENT}  # 008/24-27


def record_of(fields: Fields) -> BibliographicRecord:
    """The record that the fields describe. A title in the document's own script (880) goes before its transcription."""
    coded = fields.control("008").ljust(40)
    kind, serial = _kind(fields, coded)
    titles, parallel = _title_proper(fields)
    others = [title for field in _with_own_script(fields, *_OTHER_TITLES) for title in _titles(field)]
    return BibliographicRecord(
        control_number=fields.control("001"),
        kind=kind,
        serial=serial,
        title=titles[0] if titles else "",
        other_titles=once([*titles[1:], *parallel, *others], 8),
        authors=_authors(fields),
        container=fields.text("773", "t") if not serial else "",
        publisher=_publisher(fields, kind),
        date=_date(fields, coded),
        volume=trimmed(" ".join(part for field in fields.tagged("245") for part in field.all("n"))),
        edition=fields.text("250"),
        isbns=isbns_in(fields.texts("020", "a")),
        issn=issn_in([*fields.texts("022", "a"), *fields.texts("773", "x")]),
        doi=_doi(fields),
        number=fields.text("013") or (fields.text("027") if kind is Material.STANDARD else ""),
        language=_language(fields, coded),
        subjects=once([" -- ".join(field.all("axyz")) for field in fields.tagged(*_SUBJECTS)], 20),
        class_number=next((number for tag in _CLASSES if (number := fields.text(tag))), ""),
    )


def _own_script(fields: Fields, tag: str) -> list[Field]:
    return [field for field in fields.tagged("880") if field.first("6").startswith(tag)]


def _with_own_script(fields: Fields, *tags: str) -> Iterator[Field]:
    for tag in tags:
        yield from _own_script(fields, tag)
        yield from fields.tagged(tag)


def _title_proper(fields: Fields) -> tuple[list[str], list[str]]:
    """The title in its own script and its transcription, and the parallel titles of both."""
    found = [titles for field in _with_own_script(fields, "245") if (titles := _titles(field))]
    return [titles[0] for titles in found], [title for titles in found for title in titles[1:]]


def _titles(field: Field) -> list[str]:
    """The title with what belongs to it; a parallel title, which an equals sign announces, is another one."""
    titles: list[list[str]] = [[]]
    for text in field.all("abnp"):
        titles[-1].append(trimmed(text))
        if text.rstrip().endswith("="):
            titles.append([])
    return [joined(parts) for parts in titles if any(parts)]


def _authors(fields: Fields) -> str:
    """Names in the document's own script where they are given, at most ten."""
    names: list[str] = []
    for tag in _NAMES:
        own = _own_script(fields, tag)
        names += [trimmed(" ".join(field.all("ab"))) for field in own or fields.tagged(tag)]
    if not names:
        names = [trimmed(text) for text in fields.texts("245", "c")[:1]]
    return "; ".join(dict.fromkeys(name for name in names if name))[:600]


def _publisher(fields: Fields, kind: Material) -> str:
    if kind is Material.THESIS and (school := fields.text("502", "c")):
        return school
    for tag in ("264", "260"):
        for field in _with_own_script(fields, tag):
            if name := trimmed("; ".join(trimmed(text) for text in field.all("b"))):
                return name[:300]
    return ""


def _date(fields: Fields, coded: str) -> str:
    written = next(
        (date for tag in ("264", "260") for text in fields.texts(tag, "c") if (date := date_in(text))), ""
    )
    return (
        written
        or year_in(coded[7:11])
        or year_in(fields.text("502", "d"))
        or year_in(fields.text("773", "g"))
    )


def _doi(fields: Fields) -> str:
    named = [field.first("a") for field in fields.tagged("024") if field.first("2").lower() == "doi"]
    return next((doi for text in [*named, *fields.texts("856", "u")] if (doi := find_doi(text))), "")[:250]


def _language(fields: Fields, coded: str) -> str:
    code = coded[35:38].strip(" |#-")
    return (code if len(code) == 3 and code.isalpha() else fields.text("041", "a")[:3]).lower()


def _kind(fields: Fields, coded: str) -> tuple[Material, bool]:
    form, level = fields.leader[6:7], fields.leader[7:8]
    if level in "si":
        return (Material.NEWSPAPER_ARTICLE if coded[21] == "n" else Material.JOURNAL_ARTICLE), True
    if form in "gijr" and form:
        return Material.VIDEO, False
    if any(True for _ in fields.tagged("502")):
        return Material.THESIS, False
    if any(True for _ in fields.tagged("013")):
        return Material.PATENT, False
    if level == "b" or (level == "a" and fields.texts("773", "x")):
        return Material.JOURNAL_ARTICLE, False
    if form in "at":
        return next((_CONTENTS[code] for code in coded[24:28] if code in _CONTENTS), Material.BOOK), False
    return Material.BOOK, False
