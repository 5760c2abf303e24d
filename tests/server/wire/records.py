"""MARC records made for tests, whole or broken to order."""

from collections.abc import Sequence

Given = tuple[str, str]


def marc(
    fields: Sequence[Given],
    *,
    encoding: str = "utf-8",
    leader: str = "00000nam a2200000 a 4500",
    shift: int = 0,
) -> bytes:
    """A record of (tag, text) pairs; ``$a`` begins a subfield. ``shift`` makes the directory's lengths wrong."""
    directory, data = b"", b""
    for tag, text in fields:
        body = text.replace("$", "\x1f").encode(encoding) + b"\x1e"
        directory += f"{tag}{len(body) + shift:04}{len(data):05}".encode()
        data += body
    base = 24 + len(directory) + 1
    head = f"{base + len(data) + 1:05}{leader[5:12]}{base:05}{leader[17:]}".encode()
    return head + directory + b"\x1e" + data + b"\x1d"


def marc21(title: str, number: str = "1", *more: Given, **how: object) -> bytes:
    """A MARC 21 book."""
    coded = "850101s2019    cc            000 0 chi d"
    given = [("001", number), ("008", coded), ("245", f"10$a{title}"), *more]
    return marc(given, **how)  # type: ignore[arg-type]


def cnmarc(title: str, number: str = "1", *more: Given, **how: object) -> bytes:
    """A CNMARC book; its leader has blanks where MARC 21 says what the character set is."""
    coded = "  $a20190101d2019    em y0chiy50      ea"
    given = [("001", number), ("100", coded), ("101", "0 $achi"), ("200", f"1 $a{title}"), *more]
    return marc(given, **{"leader": "00000nam0 2200000   450 ", **how})  # type: ignore[arg-type]
