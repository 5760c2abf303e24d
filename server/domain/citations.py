"""What a reader asks for: one document of eight material types, named so that another person can find that very one."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from enum import StrEnum

from server.domain.errors import Invalid
from server.domain.forms import Form
from server.domain.identifiers import checked_doi, checked_isbn, checked_issn, plain


class Material(StrEnum):
    """The eight material types of the alliance (rulebook, section 2)."""

    BOOK = "book"
    JOURNAL_ARTICLE = "journal_article"
    NEWSPAPER_ARTICLE = "newspaper_article"
    THESIS = "thesis"
    CONFERENCE_PAPER = "conference_paper"
    PATENT = "patent"
    STANDARD = "standard"
    VIDEO = "video"


@dataclass(frozen=True, slots=True)
class Citation:
    """One document as it is asked for, or as it was found; what is not known is empty.

    ``title`` is always that of the document itself and ``container`` what it stands in: the journal, the newspaper,
    the proceedings, or the book of which only a part is wanted. Several ``authors`` stand with "; " between them.
    ``date`` is 2019, 2019-03 or 2019-03-05 wherever it could be read so, ``isbn`` has thirteen digits, ``doi`` small
    letters. ``note`` is what else the reader says; it does not name the document.
    """

    material: Material
    title: str = ""
    authors: str = ""
    container: str = ""
    publisher: str = ""
    date: str = ""
    volume: str = ""
    issue: str = ""
    pages: str = ""
    edition: str = ""
    institution: str = ""
    degree: str = ""
    conference: str = ""
    patent_number: str = ""
    standard_number: str = ""
    doi: str = ""
    isbn: str = ""
    issn: str = ""
    url: str = ""
    note: str = ""

    @property
    def name(self) -> str:
        """What to call it in a list: its title, or the number that stands for it."""
        return self.title or self.standard_number or self.patent_number or self.doi or self.isbn

    @property
    def source(self) -> str:
        """Where it was published: journal, newspaper, book or proceedings, school, number, publisher."""
        match self.material:
            case Material.THESIS:
                return self.institution
            case Material.PATENT:
                return self.patent_number
            case Material.STANDARD:
                return self.standard_number
            case Material.CONFERENCE_PAPER:
                return self.container or self.conference
        return self.container or self.publisher

    @property
    def is_part(self) -> bool:
        """Whether only a chapter or some pages of a book are wanted: a book part is not the book."""
        return self.material is Material.BOOK and bool(self.container or self.pages)

    @property
    def in_chinese(self) -> bool:
        """Whether the document is in Chinese, by its title: Han characters and no kana."""
        return bool(_HAN.search(self.name)) and not _KANA.search(self.name)


LIMITS: Mapping[str, int] = {
    **{
        "title": 500,
        "authors": 300,
        "container": 300,
        "publisher": 200,
        "date": 40,
        "volume": 40,
        "issue": 40,
    },
    **{"pages": 60, "edition": 60, "institution": 200, "degree": 60, "conference": 300, "patent_number": 60},
    **{"standard_number": 80, "doi": 250, "isbn": 40, "issn": 30, "url": 1000, "note": 2000},
}
_EVERY = ("doi", "url", "note")
_ASKED: Mapping[Material, tuple[str, ...]] = {
    Material.BOOK: (
        "title",
        "authors",
        "publisher",
        "date",
        "edition",
        "volume",
        "isbn",
        "container",
        "pages",
    ),
    Material.JOURNAL_ARTICLE: ("title", "authors", "container", "date", "volume", "issue", "pages", "issn"),
    Material.NEWSPAPER_ARTICLE: ("title", "authors", "container", "date", "pages", "issn"),
    Material.THESIS: ("title", "authors", "institution", "degree", "date", "pages"),
    Material.CONFERENCE_PAPER: (
        *("title", "authors", "conference", "container", "publisher", "date", "pages", "isbn"),
    ),
    Material.PATENT: ("title", "patent_number", "authors", "publisher", "date"),
    Material.STANDARD: ("title", "standard_number", "publisher", "date", "edition"),
    Material.VIDEO: ("title", "authors", "publisher", "date", "edition", "isbn"),
}
_REQUIRED: Mapping[Material, tuple[str, ...]] = {
    Material.JOURNAL_ARTICLE: ("title", "container"),
    Material.NEWSPAPER_ARTICLE: ("title", "container"),
    Material.THESIS: ("title", "authors"),
    Material.CONFERENCE_PAPER: ("title", "conference"),
}
# Any of these names the document by itself: then nothing else must be filled in.
_NAMING: Mapping[Material, tuple[str, ...]] = {
    Material.BOOK: ("isbn", "doi"),
    Material.PATENT: ("patent_number", "doi"),
    Material.STANDARD: ("standard_number", "doi"),
    Material.VIDEO: ("isbn", "doi"),
}
# Fields that are called something else with some types: the inventor of a patent, the publisher of a film.
_OWN_WORDS: Mapping[str, frozenset[Material]] = {
    "title": frozenset({Material.BOOK, Material.PATENT, Material.STANDARD}),
    "container": frozenset(
        {Material.BOOK, Material.JOURNAL_ARTICLE, Material.NEWSPAPER_ARTICLE, Material.CONFERENCE_PAPER}
    ),
    "authors": frozenset({Material.PATENT, Material.VIDEO}),
    "publisher": frozenset({Material.PATENT, Material.STANDARD, Material.VIDEO}),
    "pages": frozenset({Material.BOOK, Material.NEWSPAPER_ARTICLE}),
    "date": frozenset({Material.NEWSPAPER_ARTICLE, Material.THESIS, Material.PATENT}),
}


@dataclass(frozen=True, slots=True)
class CitationField:
    """One field of a material type's form; ``label`` is the key of its name in the catalogue."""

    name: str
    required: bool
    limit: int
    label: str


def citation_fields(material: Material) -> tuple[CitationField, ...]:
    """The fields that the form of a type shows, in order. A number that names the document lifts what is required."""
    return tuple(
        CitationField(name, name in _required(material), LIMITS[name], label_key(material, name))
        for name in (*_ASKED[material], *_EVERY)
    )


def label_key(material: Material, name: str) -> str:
    """The catalogue's key for a field's name with this type."""
    if material in _OWN_WORDS.get(name, frozenset()):
        return f"citation.own.{material}.{name}"
    return f"citation.field.{name}"


def check_citation(form: Form | Mapping[str, str]) -> Citation:
    """The citation that was filled in. Raises FormRefused with every field that is missing or wrong."""
    form = form if isinstance(form, Form) else Form(form)
    citation = read_citation(form)
    form.demand()
    return citation


def read_citation(form: Form) -> Citation:
    """The citation that was filled in; what is wrong with it is remembered by the form."""
    material = form.raw("material")
    if material not in set(Material):
        form.refuse(Invalid("material_unknown", "material", "R-72.2", text=material[:40]))
        return Citation(Material.BOOK)
    return _of_type(form, Material(material))


def _of_type(form: Form, material: Material) -> Citation:
    asked = {*_ASKED[material], *_EVERY}
    texts = {name: _line(form, name) for name in _ASKED[material] if name not in _NUMBERS and name != "date"}
    numbers = {name: _number(form, name) for name in _NUMBERS if name in asked}
    citation = Citation(
        material=material,
        **texts,
        **numbers,
        date=normal_date(_line(form, "date")),
        url=form.address("url"),
        note=form.text("note", limit=LIMITS["note"]),
    )
    wrong = {problem.field for problem in form.problems}
    if not any(getattr(citation, name) and name not in wrong for name in _NAMING.get(material, ("doi",))):
        for name in _required(material):
            if not getattr(citation, name):
                form.refuse(Invalid("field_required", name, "R-72.2"))
    return citation


def _required(material: Material) -> tuple[str, ...]:
    return _REQUIRED.get(material, ("title",))


def _line(form: Form, name: str) -> str:
    """A field's text as one line, its outer book-title marks and blanks gone."""
    text = _BLANKS.sub(" ", form.raw(name))
    if name in ("title", "container") and re.fullmatch(r"《[^《》]*》", text):
        text = text[1:-1].strip()
    if name == "authors":
        text = "; ".join(split_authors(text))
    if len(text) > LIMITS[name]:
        form.refuse(Invalid("field_too_long", name, "R-72.2", limit=LIMITS[name], length=len(text)))
    return text


_NUMBERS = {"doi": checked_doi, "isbn": checked_isbn, "issn": checked_issn}


def _number(form: Form, name: str) -> str:
    text = form.raw(name)
    return form.read(lambda: _NUMBERS[name](text), text[: LIMITS[name]]) if text else ""


def split_authors(text: str) -> list[str]:
    """One name each. Semicolons part names wherever they stand; commas only where no name is turned round by one."""
    marks = r"[;；]" if re.search(r"[;；]", text) else r"[、，]|,(?=\s*[^\sa-zA-Z])"
    return [name.strip() for name in re.split(marks, text) if name.strip()]


def normal_date(text: str) -> str:
    """2019, 2019-03 or 2019-03-05 for what people write (2019年3月5日, 2019/3/5); else the text itself."""
    found = _DATE.fullmatch(plain(text))
    if not found or not (found["month"] is None or 1 <= int(found["month"]) <= 12):
        return text
    parts = [found["year"], *(part.zfill(2) for part in (found["month"], found["day"]) if part)]
    return "-".join(parts)


_FIELDS = tuple(field.name for field in fields(Citation))


def texts_of(citation: Citation) -> dict[str, str]:
    """The fields that are filled, as they are stored and as a form shows them again."""
    return {name: str(text) for name in _FIELDS if (text := getattr(citation, name))}


def citation_from(texts: Mapping[str, str]) -> Citation:
    """The citation stored by ``texts_of``; unchecked, and fields of later versions are left out."""
    known = {field.name for field in fields(Citation)} - {"material"}
    return Citation(Material(texts["material"]), **{name: texts[name] for name in known & texts.keys()})


_HAN = re.compile(r"[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
_KANA = re.compile(r"[\u3040-\u30ff]")
_BLANKS = re.compile(r"\s+")
_DATE = re.compile(
    r"c?(?P<year>[12][0-9]{3})\s*年?(?:\s*[-/.]?\s*(?P<month>[0-9]{1,2})\s*月?(?:\s*[-/.]?\s*(?P<day>[0-9]{1,2})\s*日?)?)?"
)
