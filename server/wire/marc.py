"""MARC 21 and UNIMARC (CNMARC) records as bibliographic records: which of the two is decided for each record."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from server.domain.catalogue import BibliographicRecord
from server.domain.errors import Invalid
from server.domain.item_lists import MarcItem
from server.wire import marc21, unimarc
from server.wire.marc_fields import Fields
from server.wire.marc_items import items_of
from server.wire.marc_pieces import Broken, Cutter, Piece, RawRecord
from server.wire.marc_texts import decoder_for


@dataclass(frozen=True, slots=True)
class Entry:
    """The n-th record of a file, from 1, at a byte offset: what it says, or why it cannot be read."""

    number: int
    offset: int
    record: BibliographicRecord | None
    problem: Invalid | None = None
    items: tuple[MarcItem, ...] = ()


def read_marc(chunks: Iterable[bytes]) -> Iterator[Entry]:
    """The records of a file, one by one, whatever stands between them."""
    for number, piece in enumerate(_pieces(chunks), start=1):
        if isinstance(piece, Broken):
            yield Entry(number, piece.offset, None, piece.problem)
            continue
        try:
            record, items = _record(piece)
            yield Entry(number, piece.offset, record, items=items)
        except Invalid as problem:
            yield Entry(number, piece.offset, None, problem)


def _pieces(chunks: Iterable[bytes]) -> Iterator[Piece]:
    cutter = Cutter()
    for chunk in chunks:
        yield from cutter.feed(chunk)
    yield from cutter.close()


def _record(raw: RawRecord) -> tuple[BibliographicRecord, tuple[MarcItem, ...]]:
    is_unimarc = _is_unimarc(raw)
    data = b"\x1e".join(field.body for field in raw.fields)
    decode = decoder_for(data, claims_utf8=raw.leader[9:10] == b"a", unimarc=is_unimarc)
    fields = Fields.decoded(raw, decode)
    record = unimarc.record_of(fields) if is_unimarc else marc21.record_of(fields)
    if not record.title:
        raise Invalid("marc_no_title", "record", control_number=record.control_number)
    return record, items_of(fields, unimarc=is_unimarc)


def _is_unimarc(raw: RawRecord) -> bool:
    """The title stands in 245 or in 200; where both are there, coded data at the start of 100 mean UNIMARC."""
    tags = {field.tag for field in raw.fields}
    if "200" not in tags or "245" not in tags:
        return "200" in tags
    return any(field.tag == "100" and field.body[4:12].isdigit() for field in raw.fields)
