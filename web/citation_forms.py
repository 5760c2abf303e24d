"""The fields of a document request on a page: by material type, filled from addresses, records and pasted citations."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from server.domain.citations import LIMITS, CitationField, Material, citation_fields
from server.domain.identifiers import find_doi, is_isbn, is_issn
from server.wire.openurl import read_openurl
from server.words.catalogue import text

# What an address of ours may carry besides the keys of an OpenURL.
_OURS = frozenset({"lang", "type", "theme", "draft", "again", "record", "material", "done", "talk"})
_LONG = frozenset({"title", "note"})
_NAMES = frozenset({"title", "container", "doi", "isbn", "issn", "patent_number", "standard_number"})


@dataclass(frozen=True, slots=True)
class Kind:
    """A material type to choose, and whether it is the one shown."""

    name: str
    chosen: bool


def form_values(material: str, values: Mapping[str, str]) -> dict[str, Any]:
    """What the template ``citation_fields.html`` needs."""
    chosen = Material(material) if material in set(Material) else Material.BOOK
    fields: tuple[CitationField, ...] = citation_fields(chosen)
    return {
        "material": str(chosen),
        "kinds": [Kind(str(each), each is chosen) for each in Material],
        "fields": [field for field in fields if field.name not in ("url", "note")],
        "more_fields": [field for field in fields if field.name in ("url", "note")],
        "long_fields": _LONG,
        "citation": {name: values.get(name, "") for name in LIMITS},
    }


def fields_by_material(language: str) -> dict[str, list[dict[str, Any]]]:
    """The fields of each type with their names, for scripts that draw the form themselves."""
    return {
        str(material): [
            {
                "name": field.name,
                "label": text(field.label, language),
                "required": field.required,
                "limit": field.limit,
            }
            for field in citation_fields(material)
        ]
        for material in Material
    }


def fields_of_address(query: str, names: frozenset[str]) -> dict[str, str]:
    """The form's fields from an address that carries an OpenURL; nothing where it carries none."""
    if not names - _OURS:
        return {}
    fields = read_openurl(query).fields()
    return fields if _NAMES & fields.keys() else {}


def address_fields(words: str, *, author: str = "", material: str = "") -> dict[str, str]:
    """What was looked for as the keys of an address that `fields_of_address` reads: a number or a title, an author."""
    kind = "isbn" if is_isbn(words) else "issn" if is_issn(words) else "title"
    keys = {"id": f"doi:{doi}"} if (doi := find_doi(words)) else {kind: words}
    fields = keys | {"au": author, "material": material}
    return {name: value[:300] for name, value in fields.items() if value} if words else {}


def is_openurl(text: str) -> bool:
    """Whether what was pasted is the link of a resolver or database that names a document."""
    return "=" in text and ("?" in text or "&" in text) and bool(_NAMES & read_openurl(text).fields().keys())
