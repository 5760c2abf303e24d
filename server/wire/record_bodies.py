"""Bodies of the HTTP API about bibliographic records and citations."""

from typing import Annotated

from msgspec import Meta, Struct

from server.wire.bodies import Names


class ParseCitation(Struct):
    """What was pasted (a citation, DOI, ISBN, ISSN or address) or what a link resolver sent; ``openurl`` goes first."""

    text: Annotated[str, Meta(max_length=4000)] = ""
    openurl: Annotated[str, Meta(max_length=8000)] = ""


class HolderView(Struct):
    """A library that has the title."""

    slug: str
    name: Names


class RecordView(Struct):
    """A title of the alliance's catalogues; ``record`` is what a request for it begins with."""

    record: int
    material: str
    title: str
    authors: str
    container: str
    publisher: str
    date: str
    edition: str
    isbns: list[str]
    issn: str
    doi: str
    language: str
    subjects: list[str]
    class_number: str
    serial: bool
    held_by: list[HolderView]


class Records(Struct):
    """A page of hits; ``more``: there are others besides those counted, say more to see them. ``next`` is a cursor."""

    records: list[RecordView]
    total: int
    more: bool
    next: int | None


class ProblemView(Struct):
    """What is wrong with one field."""

    field: str
    code: str
    rule: str
    message: str


class Citation(Struct):
    """What a citation means: the fields of a request's form, what is wrong with them, what the alliance holds."""

    material: str
    fields: dict[str, str]
    problems: list[ProblemView]
    held: list[RecordView]
