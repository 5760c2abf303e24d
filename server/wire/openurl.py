"""OpenURL 0.1 and 1.0 (ANSI/NISO Z39.88, KEV) as the fields of a request: what a link resolver knows of a document."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import quote, unquote_to_bytes

from server.domain.citations import LIMITS, Material, normal_date
from server.domain.identifiers import find_doi

LONGEST = 8_000  # characters; longer ones are cut by browsers and servers on their way
_RENAMED = {"sid": "rfr_id", "id": "rft_id", "pid": "rft_dat"}
_STANDALONE = ("ctx_", "url_", "rfr_", "req_", "svc_", "rfe_", "res_", "rft_")
_OF_JOURNALS = frozenset({"article", "journal", "issue", "preprint", "proceeding", "conference"})
_MATERIALS: Mapping[str, Material] = {
    **dict.fromkeys(("article", "preprint", "journal", "issue"), Material.JOURNAL_ARTICLE),
    **dict.fromkeys(("proceeding", "conference"), Material.CONFERENCE_PAPER),
    **dict.fromkeys(("book", "bookitem", "report", "document"), Material.BOOK),
    "dissertation": Material.THESIS,
    "patent": Material.PATENT,
}


@dataclass(frozen=True, slots=True)
class OpenUrl:
    """The keys of an OpenURL, whichever version it was, as version 1.0 names them without ``rft.``."""

    keys: Mapping[str, tuple[str, ...]]

    def first(self, *names: str) -> str:
        """The first value of the first of these keys that has one."""
        return next((value for name in names for value in self.keys.get(name, ()) if value), "")

    @property
    def material(self) -> Material:
        """The type that genre, format or the kind of title say; a book where nothing does."""
        named = _MATERIALS.get(self.first("genre").lower())
        if named:
            return named
        form = self.first("rft_val_fmt").rpartition(":")[2].lower()
        if form in ("dissertation", "patent"):
            return _MATERIALS[form]
        in_journal = form == "journal" or self.first("jtitle", "stitle", "issn", "eissn")
        return Material.JOURNAL_ARTICLE if in_journal else Material.BOOK

    @property
    def pages(self) -> str:
        """First to last page as it is written, or put together."""
        start, end = self.first("spage"), self.first("epage")
        return self.first("pages") or (f"{start}-{end}" if start and end else start)

    def fields(self) -> dict[str, str]:
        """The form's fields: article, book and source titles kept apart, unchecked."""
        material = self.material
        title, container = self._titles(material)
        fields = {
            "material": str(material),
            "title": title,
            "container": container,
            "authors": self._authors(),
            "publisher": self.first("assignee") if material is Material.PATENT else self.first("pub"),
            "date": normal_date(self.first("date", "pubdate", "appldate")),
            "volume": self.first("volume"),
            "issue": self.first("issue"),
            "pages": self.pages,
            "edition": self.first("edition"),
            "institution": self.first("inst"),
            "degree": self.first("degree"),
            "conference": container if material is Material.CONFERENCE_PAPER else "",
            "patent_number": self.first("number") if material is Material.PATENT else "",
            "doi": find_doi(" ".join(self.keys.get("rft_id", ()))) or find_doi(self.first("doi")),
            "isbn": self._number("isbn"),
            "issn": self._number("issn") or self.first("eissn"),
        }
        return {name: value[: LIMITS.get(name, 60)] for name, value in fields.items() if value}

    def _titles(self, material: Material) -> tuple[str, str]:
        """The document's title and that of what it stands in."""
        whole = self.first("btitle", "title", "jtitle", "stitle")
        if material in (Material.JOURNAL_ARTICLE, Material.CONFERENCE_PAPER):
            source = self.first("jtitle", "title", "btitle", "stitle")
            return self.first("atitle"), source
        part = self.first("atitle")
        return (part, whole) if part and whole else (part or whole, "")

    def _authors(self) -> str:
        last, first = self.first("aulast"), self.first("aufirst", "auinit", "auinit1")
        whole = f"{last}, {first}" if last and first else last or first
        others = [*self.keys.get("au", ()), *self.keys.get("author", ()), *self.keys.get("inventor", ())]
        names = [whole, *(name for name in others if not (last and last in name)), self.first("aucorp")]
        return "; ".join(dict.fromkeys(name for name in names if name))

    def _number(self, kind: str) -> str:
        """An ISBN or ISSN of its own key, or from the identifier urn:ISBN:…"""
        urns = (
            value.rpartition(":")[2]
            for value in self.keys.get("rft_id", ())
            if f"urn:{kind}:" in value.lower()
        )
        return self.first(kind) or next(urns, "")


def read_openurl(text: str) -> OpenUrl:
    """The keys of an OpenURL: a whole address or what follows its question mark; nothing for what is none."""
    pairs = _pairs(text)
    if not any(name.startswith("rft") for name, _ in pairs):
        pairs = _upgraded(pairs)
    keys: dict[str, tuple[str, ...]] = {}
    for name, value in pairs:
        name = name.removeprefix("rft.")
        keys[name] = (*keys.get(name, ()), value)
    return OpenUrl(keys)


def version_1(text: str) -> str:
    """An OpenURL 0.1 as one of version 1.0."""
    return "&".join(f"{name}={quote(value, safe='')}" for name, value in _upgraded(_pairs(text)))


def _upgraded(pairs: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    pairs = list(pairs)
    genre = next((value.lower() for name, value in pairs if name == "genre"), "")
    names = {name for name, _ in pairs}
    in_journal = genre in _OF_JOURNALS or (not genre and bool(names & {"issn", "eissn", "atitle"}))
    title = "rft.jtitle" if in_journal else "rft.btitle"
    return [(title if name == "title" else _new_name(name), value) for name, value in pairs]


def _new_name(name: str) -> str:
    return _RENAMED.get(name) or (name if name.startswith(_STANDALONE) else f"rft.{name}")


def _pairs(text: str) -> list[tuple[str, str]]:
    """Keys and values; those of some Chinese databases are escaped in GB 18030."""
    query = text.strip()[:LONGEST].partition("#")[0]
    query = query.rpartition("?")[2]
    parts = (part.partition("=") for part in query.split("&"))
    pairs = ((_decoded(name).strip(), _decoded(value).strip()) for name, equals, value in parts if equals)
    return [(name.lower(), value) for name, value in pairs if name and value]


def _decoded(escaped: str) -> str:
    raw = unquote_to_bytes(escaped.replace("+", " "))
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("gb18030", "replace")
