"""How a file is sent: in whole or in part, under its own name, never run (RFC 9110, RFC 6266, RFC 8187)."""

import re
from dataclasses import dataclass
from urllib.parse import quote

_RANGE = re.compile(r"bytes=([0-9]{0,18})-([0-9]{0,18})")


@dataclass(frozen=True, slots=True)
class Part:
    """What is sent of a file: so many bytes from ``start`` on, with these headers."""

    status: int
    start: int
    length: int
    headers: dict[str, str]


def part_of(*, name: str, kind: str, size: int, tag: str, asked: str = "", only_if: str = "") -> Part:
    """The part that a request asks for by ``Range``; the whole where it asks for several, or for another version.

    ``tag`` names the content (a strong validator), ``only_if`` is the request's ``If-Range``.
    """
    headers = {
        "Content-Type": "text/plain; charset=utf-8" if kind == "text/plain" else kind,
        "Content-Disposition": disposition(name),
        "Accept-Ranges": "bytes",
        "ETag": f'"{tag}"',
        "Cache-Control": "private, no-store",
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "X-Content-Type-Options": "nosniff",
        "X-Robots-Tag": "noindex",
        "Referrer-Policy": "no-referrer",
    }
    span = _span(asked, size) if only_if in ("", f'"{tag}"') else None
    if span is None:
        return Part(200, 0, size, {**headers, "Content-Length": str(size)})
    start, end = span
    if start >= end:
        return Part(416, 0, 0, {**headers, "Content-Range": f"bytes */{size}", "Content-Length": "0"})
    headers["Content-Range"] = f"bytes {start}-{end - 1}/{size}"
    return Part(206, start, end - start, {**headers, "Content-Length": str(end - start)})


def disposition(name: str) -> str:
    """``Content-Disposition`` that keeps a Chinese file name; old programs get one in ASCII."""
    plain = re.sub(r"[^A-Za-z0-9 ._()-]", "_", name)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"


def _span(asked: str, size: int) -> tuple[int, int] | None:
    """From, to (exclusive): nothing between them where the file has no such bytes.

    None stands for the whole: no range, several of them, or nonsense (RFC 9110, 14.2).
    """
    match = _RANGE.fullmatch(asked.strip())
    if (
        match is None
        or not (match[1] or match[2])
        or (match[1] and match[2] and int(match[2]) < int(match[1]))
    ):
        return None
    if not match[1]:
        return max(0, size - int(match[2])), size
    return int(match[1]), min(size, int(match[2]) + 1) if match[2] else size
