"""Frames of the simulator's dialect: one line of text each, with length and checksum, so that damage shows.

    @000028 7f8033af {"t":"ack","e":"0001","n":7}

``@``, six digits: bytes of the body; eight hex digits: its CRC-32; the body, JSON without line breaks; a line feed.
"""

import json
import re
from typing import Any, NamedTuple
from zlib import crc32

MAX_BODY = 256 * 1024
_HEAD = re.compile(rb"@(\d{6}) ([0-9a-f]{8}) ")
_LONGEST = MAX_BODY + 17 + 1  # no frame's line reaches this


class Cut(NamedTuple):
    """Bytes that are no frame."""

    body: bytes
    problem: str


def frame(body: dict[str, Any]) -> bytes:
    """The bytes of one frame."""
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
    return b"@%06d %08x %s\n" % (len(text), crc32(text), text)


class Frames:
    """Cuts a stream of bytes into frames' bodies; what is none is cut out. The buffer holds one line at most."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> list[bytes | Cut]:
        """The frames that are complete with these bytes."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        found: list[bytes | Cut] = []
        for line in lines:
            found += _too_long(line)
            found += _read(line[len(line) // _LONGEST * _LONGEST :])
        found += _too_long(self._rest)
        self._rest = self._rest[len(self._rest) // _LONGEST * _LONGEST :]
        return found


def _too_long(line: bytes) -> list[bytes | Cut]:
    """What no frame can reach, in pieces of one length, so that it does not matter how it arrived."""
    return [
        Cut(line[start : start + _LONGEST], "too long")
        for start in range(0, len(line) // _LONGEST * _LONGEST, _LONGEST)
    ]


def _read(line: bytes) -> list[bytes | Cut]:
    """A line's frame, if it holds one to its end; what stands before that is cut out."""
    for head in _HEAD.finditer(line):
        body = line[head.end() :]
        if len(body) == int(head[1]) and crc32(body) == int(head[2], 16):
            before = line[: head.start()]
            return [Cut(before, "no frame"), body] if before else [body]
    return [Cut(line, "checksum" if _HEAD.match(line) else "no frame")] if line else []
