"""What commands share: how they fail in plain sentences, which language they speak, tables that line up."""

import errno
import os
import re
import sys
import unicodedata
from collections.abc import Mapping, Sequence

from server.words.catalogue import text

FAILED = 1
MISUSED = 2
# What the operating system says most when a file or an address is not to be had; the rest stays in its own words.
_SPOKEN = frozenset(
    (
        "EACCES",
        "EADDRINUSE",
        "EADDRNOTAVAIL",
        "EEXIST",
        "EISDIR",
        "ENOENT",
        "ENOSPC",
        "ENOTDIR",
        "EPERM",
        "EROFS",
    )
)
_OPENING, _CLOSING = "（“《「", "、，。；：！？）”》」…"
# What no line breaks within: a word or one Chinese character, with the brackets and stops that touch it.
_PIECE = re.compile(
    rf"\s+|[{_OPENING}]*(?:[\u3400-\u9fff]|[^\s\u3400-\u9fff{_OPENING}{_CLOSING}]*)[{_CLOSING}]*"
)


class Failure(Exception):
    """A command cannot do what it was asked; ``lines`` say why and what to do next."""

    def __init__(self, *lines: str, status: int = FAILED) -> None:
        super().__init__("\n".join(lines))
        self.lines = lines
        self.status = status


def complain(*lines: str) -> None:
    """Say what is wrong, on standard error, the first line with the program's name."""
    for number, line in enumerate(lines):
        print(line if number else f"shuqiao: {line}", file=sys.stderr)


def language_of(environ: Mapping[str, str] = os.environ) -> str:
    """The operator's language, from the locale (POSIX order); English where it says nothing of Chinese."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if environ.get(name):
            return "zh" if environ[name].startswith("zh") else "en"
    return "en"


def reason_of(error: OSError, language: str) -> str:
    """What the operating system refused, in the operator's language where we know the words."""
    name = errno.errorcode.get(error.errno or 0, "")
    return text(f"system.{name}", language) if name in _SPOKEN else error.strerror or str(error)


def width(text: str) -> int:
    """How many columns a terminal gives the text: Chinese characters take two."""
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)


def padded(text: str, columns: int) -> str:
    """The text with blanks up to so many columns."""
    return text + " " * max(0, columns - width(text))


def wrapped(text: str, columns: int) -> list[str]:
    """The text as lines of at most so many columns, where no single word is longer."""
    lines = [""]
    for piece in _PIECE.findall(text):
        if lines[-1] and width(lines[-1] + piece.rstrip()) > columns:
            lines.append("")
        lines[-1] += piece if lines[-1] else piece.lstrip()
    return [line.rstrip() for line in lines]


def table(rows: Sequence[Sequence[str]], *, indent: int = 2) -> list[str]:
    """The rows as lines whose columns stand under each other."""
    widths = [max(width(cell) for cell in column) for column in zip(*rows, strict=True)]
    return [
        " " * indent + "  ".join(padded(*pair) for pair in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
