"""The outline of a web page from its first bytes: what it is, what it calls itself, what it says."""

import re
from dataclasses import dataclass
from html.parser import HTMLParser

_SILENT = frozenset({"script", "style", "noscript", "template", "svg", "head"})
_DOCUMENTS = (
    b"%PDF-",
    b"PK\x03\x04",
    b"\x89PNG",
    b"\xff\xd8\xff",
    b"AT&TFORM",
    b"CAJ",
    b"KDH",
    b"Rar!",
    b"7z\xbc\xaf",
)
_CHARSET = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([\w.:-]{2,30})", re.IGNORECASE)
_REFRESH = re.compile(r"\s*(\d{1,3})(?:\.\d*)?\s*[;,]\s*(?:url\s*=\s*)?[\"']?([^\"']+)", re.IGNORECASE)
_FREE = re.compile(r'"isAccessibleForFree"\s*:\s*"?(true|false)"?', re.IGNORECASE)
_SOON = 5  # seconds: a page that moves on so quickly is a redirect
_CHINESE = frozenset({"gb2312", "gbk", "gb18030", "x-gbk"})


@dataclass(frozen=True, slots=True)
class Outline:
    """A page as far as its kind can be told from it. ``free`` is what the page declares of itself (schema.org)."""

    is_page: bool
    document: str = ""  # what it is when it is no page
    title: str = ""
    headings: str = ""
    text: str = ""  # visible, blanks run together
    passwords: int = 0  # fields that ask for one
    moves_to: str = ""
    free: bool | None = None


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.title: list[str] = []
        self.headings: list[str] = []
        self.text: list[str] = []
        self.passwords = 0
        self.moves_to = ""
        self._open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attrs}
        if tag == "body":
            self._open = []
        elif tag in _SILENT or tag in ("title", "h1", "h2"):
            self._open.append(tag)
        elif tag == "input" and said.get("type", "").lower() == "password":
            self.passwords += 1
        elif tag == "meta" and said.get("http-equiv", "").lower() == "refresh":
            match = _REFRESH.match(said.get("content", ""))
            if match and int(match[1]) <= _SOON:
                self.moves_to = match[2].strip()

    def handle_endtag(self, tag: str) -> None:
        if tag in self._open:
            del self._open[len(self._open) - 1 - self._open[::-1].index(tag) :]

    def handle_data(self, data: str) -> None:
        where = self._open[-1] if self._open else ""
        if where == "title":
            self.title.append(data)
        elif where not in _SILENT:
            self.text.append(data)
            if where:
                self.headings.append(data)


def outline_of(head: bytes, kind: str) -> Outline:
    """What the first bytes tell; the bytes decide before what the server calls them."""
    declared = kind.partition(";")[0].strip().lower()
    if head.startswith(_DOCUMENTS):
        return Outline(is_page=False, document=declared or "application/octet-stream")
    looks = re.search(rb"<(?:!doctype|html|head|body|meta|script|title)\b", head[:4096], re.IGNORECASE)
    if not looks and "html" not in declared:
        return Outline(is_page=False, document=declared or "application/octet-stream")
    text = _decoded(head, kind)
    reader = _Reader()
    reader.feed(text)
    free = _FREE.search(text)
    return Outline(
        is_page=True,
        title=_plain(reader.title)[:200],
        headings=_plain(reader.headings)[:400],
        text=_plain(reader.text),
        passwords=reader.passwords,
        moves_to=reader.moves_to,
        free=free[1].lower() == "true" if free else None,
    )


def _decoded(head: bytes, kind: str) -> str:
    named = re.search(r"charset\s*=\s*[\"']?([\w.:-]+)", kind, re.IGNORECASE)
    found = _CHARSET.search(head[:4096])
    charset = (named[1] if named else found[1].decode("ascii") if found else "").lower()
    for name in ("gb18030" if charset in _CHINESE else charset, "utf-8"):
        try:
            # The last character may be cut in two where the bytes end.
            return head.decode(name, "ignore" if charset else "strict")
        except (LookupError, UnicodeDecodeError, ValueError):
            continue
    guess = head.decode("utf-8", "ignore")
    # What is no UTF-8 loses most of its Chinese in that reading.
    return guess if len(guess.encode()) > len(head) - 8 else head.decode("gb18030", "replace")


def _plain(parts: list[str]) -> str:
    return " ".join(" ".join(parts).split())
