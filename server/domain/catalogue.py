"""The alliance's bibliographic records: what a member library's catalogue says of one title."""

from dataclasses import dataclass

from server.domain.citation_matching import match_keys
from server.domain.citations import Citation, Material


@dataclass(frozen=True, slots=True)
class BibliographicRecord:
    """One title as its catalogue describes it; lists stand as tuples, what is not said is empty.

    ``kind`` is the material type that a reader would ask for. ``serial`` marks a journal or newspaper as a whole: a
    reader asks for something in it. ``language`` is the catalogue's three-letter code (ISO 639-2), ``isbns`` have
    thirteen digits. ``number`` is that of a standard or patent. ``control_number`` is the catalogue's own, by which a
    record is known again.
    """

    control_number: str
    kind: Material
    title: str
    other_titles: tuple[str, ...] = ()
    authors: str = ""
    container: str = ""
    publisher: str = ""
    date: str = ""
    volume: str = ""
    edition: str = ""
    isbns: tuple[str, ...] = ()
    issn: str = ""
    doi: str = ""
    number: str = ""
    language: str = ""
    subjects: tuple[str, ...] = ()
    class_number: str = ""
    serial: bool = False

    @property
    def year(self) -> int:
        """The year of publication; 0 when the record does not say."""
        return int(self.date[:4]) if self.date[:4].isdigit() else 0

    @property
    def in_chinese(self) -> bool:
        """Whether the document is in Chinese: by the catalogue's code, else by its title."""
        if self.language:
            return self.language in ("chi", "zho")
        return citation_of_record(self).in_chinese

    @property
    def match_key(self) -> str:
        """Alike for the same title at several libraries."""
        return match_keys(citation_of_record(self))[0]


@dataclass(frozen=True, slots=True)
class Holder:
    """A library that has the title."""

    library_id: str
    slug: str
    name_zh: str
    name_en: str

    def name(self, language: str) -> str:
        """Its name in a language, the other one's where it has none."""
        first, second = (self.name_en, self.name_zh) if language == "en" else (self.name_zh, self.name_en)
        return first or second


@dataclass(frozen=True, slots=True)
class Holding:
    """A record and all libraries that have the same title."""

    id: int
    record: BibliographicRecord
    holders: tuple[Holder, ...]


def citation_of_record(record: BibliographicRecord) -> Citation:
    """What a request for this title starts from. For a journal or newspaper its name is given, the article is asked."""
    whole = {"publisher": record.publisher, "date": record.date, "doi": record.doi}
    if record.serial:
        return Citation(record.kind, container=record.title, issn=record.issn)
    title, authors, container = record.title, record.authors, record.container
    isbn = record.isbns[0] if record.isbns else ""
    match record.kind:
        case Material.BOOK:
            named = {"isbn": isbn, "edition": record.edition, "volume": record.volume, "container": container}
        case Material.VIDEO:
            named = {"isbn": isbn, "edition": record.edition}
        case Material.THESIS:
            return Citation(
                record.kind, title, authors, institution=record.publisher, date=record.date, doi=record.doi
            )
        case Material.STANDARD:
            named = {"standard_number": record.number, "edition": record.edition}
        case Material.PATENT:
            named = {"patent_number": record.number}
        case Material.CONFERENCE_PAPER:
            named = {"container": container, "isbn": isbn}
        case _:
            named = {"container": container, "volume": record.volume, "issn": record.issn}
            whole.pop("publisher")
    return Citation(record.kind, title, authors, **{**whole, **named})
