"""Cuts a file of MARC records (ISO 2709) into records and their fields; a broken record never takes its neighbour.

The bytes that end records (1D), fields (1E) and subfields (1F) occur in none of the character sets in use (UTF-8,
GB 18030, MARC-8), so that they can be looked for before anybody knows which one it is.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from server.domain.errors import Invalid

LONGEST = 1 << 20  # ten times what the leader's five digits can say: what is longer is no record
_END = b"\x1d"
_FIELD_END = b"\x1e"
_PADDING = b"\r\n\t \x00\x1a\xef\xbb\xbf"  # what programs put between records, and a byte order mark
_LEADER = re.compile(rb"(?=[0-9]{5}[\x20-\x7e]{7}[0-9]{5}[\x20-\x7e]{7}[0-9A-Za-z]{3}[0-9]{9})")


@dataclass(frozen=True, slots=True)
class RawField:
    """A field's tag and bytes: indicators and subfields, or the text of a control field."""

    tag: str
    body: bytes


@dataclass(frozen=True, slots=True)
class RawRecord:
    """A record's place in the file, its leader and its fields."""

    offset: int
    leader: bytes
    fields: tuple[RawField, ...]


@dataclass(frozen=True, slots=True)
class Broken:
    """Bytes that are no whole record: where, and what is the matter."""

    offset: int
    problem: Invalid


Piece = RawRecord | Broken


class Cutter:
    """Takes a file in chunks of any size and yields its records; keeps no more than one record in memory."""

    def __init__(self) -> None:
        self._rest = bytearray()
        self._offset = 0  # of the rest's first byte in the file
        self._seen = 0  # bytes of the rest that hold no end of record

    def feed(self, chunk: bytes) -> Iterator[Piece]:
        """The records that end in this chunk."""
        self._rest += chunk
        start = 0
        while (end := self._rest.find(_END, max(start, self._seen))) >= 0:
            yield from _cut(bytes(self._rest[start:end]), self._offset + start)
            start = end + 1
        self._drop(start)
        self._seen = len(self._rest)
        if len(self._rest) > LONGEST:
            yield Broken(self._offset, Invalid("marc_endless", "record", bytes=len(self._rest)))
            self._drop(len(self._rest) - 64)  # a leader may just have begun

    def close(self) -> Iterator[Piece]:
        """What stands after the last end of record: nothing, or a record that was cut off."""
        yield from _cut(bytes(self._rest), self._offset)
        self._drop(len(self._rest))

    def _drop(self, count: int) -> None:
        del self._rest[:count]
        self._offset += count
        self._seen = 0


def _cut(segment: bytes, offset: int) -> Iterator[Piece]:
    """What stands between two ends of records: one record, or broken ones with a good one behind them."""
    record = segment.lstrip(_PADDING)
    offset += len(segment) - len(record)
    if not record:
        return
    starts = [0]
    if not _says_length(record, len(record) + 1):
        starts += [found.start() for found in _LEADER.finditer(record, 1) if _begins(record, found.start())]
    for start, end in zip(starts, [*starts[1:], len(record)], strict=True):
        yield _piece(record[start:end], offset + start)


def _says_length(record: bytes, length: int) -> bool:
    return record[:5].isdigit() and int(record[:5]) == length


def _begins(segment: bytes, start: int) -> bool:
    """Whether a record begins here: its base address leads to the end of its directory, which has whole entries."""
    base = int(segment[start + 12 : start + 17])
    return base > 24 and (base - 25) % 12 == 0 and segment[start + base - 1 : start + base] == _FIELD_END


def _piece(record: bytes, offset: int) -> Piece:
    try:
        return RawRecord(offset, record[:24], _fields(record.rstrip(_PADDING)))
    except Invalid as problem:
        return Broken(offset, problem)


def _fields(record: bytes) -> tuple[RawField, ...]:
    if not record[:5].isdigit() or len(record) < 26:
        raise Invalid("marc_no_leader", "record", start=record[:12].decode("ascii", "replace"))
    base = _base(record)
    directory, data = record[24 : base - 1], record[base:]
    declared = int(record[:5])
    if not data.endswith(_FIELD_END):
        raise Invalid("marc_cut_off", "record", declared=declared, bytes=len(record))
    entries = [directory[at : at + 12] for at in range(0, len(directory), 12)]
    if len(directory) % 12 or not entries or not all(entry[3:].isdigit() for entry in entries):
        raise Invalid("marc_directory", "record")
    return _by_places(entries, data) or _by_order(entries, data, declared, len(record))


def _base(record: bytes) -> int:
    """Where the data begin: as the leader says, or else after the directory's end."""
    if record[12:17].isdigit() and record[int(record[12:17]) - 1 : int(record[12:17])] == _FIELD_END:
        return int(record[12:17])
    end = record.find(_FIELD_END, 24)
    if end < 0:
        raise Invalid("marc_cut_off", "record", declared=int(record[:5]), bytes=len(record))
    return end + 1


def _by_places(entries: list[bytes], data: bytes) -> tuple[RawField, ...]:
    """The fields at the places that the directory gives; nothing when one of them is not a field."""
    fields = []
    for entry in entries:
        start, end = int(entry[7:12]), int(entry[7:12]) + int(entry[3:7])
        if data.find(_FIELD_END, start) != end - 1:
            return ()
        fields.append(RawField(entry[:3].decode("latin-1"), data[start : end - 1]))
    return tuple(fields)


def _by_order(entries: list[bytes], data: bytes, declared: int, length: int) -> tuple[RawField, ...]:
    """The fields in the directory's order: some programs count characters where bytes are meant."""
    bodies = data[:-1].split(_FIELD_END)
    if len(bodies) != len(entries) and declared > length + 1:
        raise Invalid("marc_cut_off", "record", declared=declared, bytes=length)
    if len(bodies) != len(entries):
        raise Invalid("marc_directory", "record")
    ordered = sorted(entries, key=lambda entry: int(entry[7:12]))
    return tuple(
        RawField(entry[:3].decode("latin-1"), body) for entry, body in zip(ordered, bodies, strict=True)
    )
