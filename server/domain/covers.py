"""A cover for a title that has none: drawn from its record, always the same for the same title."""

from dataclasses import dataclass
from hashlib import sha256
from html import escape

from server.domain.catalogue import BibliographicRecord
from server.domain.cover_art import HEIGHT, INK, PAPER, WIDTH, Colours, colours_for, picture

_SERIF = (
    "Songti SC, Noto Serif CJK SC, Source Han Serif SC, STSong, SimSun, WenQuanYi Micro Hei, Georgia, serif"
)
_SPINE = 10
_LEFT, _INNER = 26, 192  # where words stand
_NARROW, _WIDE = "fijlrtI.,:;'|!()[] -", "mwMW@%"
_NO_START = "，。、；：？！）》」』】,.;:?!)]"
_SUBTITLES = ("：", " : ", ": ", "——", " / ")
_STRIP = 8  # Chinese characters that may stand one below the other on a strip


@dataclass(frozen=True, slots=True)
class _Words:
    """Lines of a size in units of the drawing."""

    lines: tuple[str, ...]
    size: float

    @property
    def height(self) -> float:
        return len(self.lines) * self.size * 1.28


def cover_svg(record: BibliographicRecord) -> str:
    """The record's cover as an SVG document of 240 x 320: colour by its class, picture by its title, its words.

    Only attributes and shapes, no style, script or reference: it may stand under the strictest policy.
    """
    title, subtitle = _parted(_plain(record.title) or "—")
    author = _plain(record.authors)
    seed = sha256(f"{title}\n{subtitle}\n{author}".encode()).digest()
    colours = colours_for(record.class_number, seed)
    if 2 <= len(title) <= _STRIP and all(map(_is_chinese, title)) and seed[-1] % 3:
        words = _on_strip(title, subtitle, author, left=bool(seed[-2] % 2))
    elif seed[-1] % 2:
        words = _on_plate(title, subtitle, author)
    else:
        words = _on_ground(title, subtitle, author, colours)
    named = escape(f"{title} {author}".strip(), quote=True)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" '
        f'height="{HEIGHT}" role="img" aria-label="{named}" font-family="{_SERIF}">'
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="{colours.ground}"/>{picture(colours, seed)}'
        f'<rect width="{_SPINE}" height="{HEIGHT}" fill="{colours.shade}"/>{words}'
        f'<rect x="0.5" y="0.5" width="{WIDTH - 1}" height="{HEIGHT - 1}" fill="none" stroke="#000" '
        'stroke-opacity="0.18"/></svg>\n'
    )


def _on_plate(title: str, subtitle: str, author: str) -> str:
    """Dark words on a cream plate."""
    set_title, set_subtitle, set_author = _set(title, subtitle, author, width=_INNER - 24)
    height = 34 + sum(part.height for part in (set_title, set_subtitle, set_author)) + 14
    return (
        f'<rect x="{_LEFT - 4}" y="24" width="{_INNER + 4}" height="{height:.0f}" fill="{PAPER}"/>'
        f'<rect x="{_LEFT}" y="28" width="{_INNER - 4}" height="{height - 8:.0f}" fill="none" '
        f'stroke="{INK}" stroke-opacity="0.35"/>'
        + _stacked((set_title, set_subtitle, set_author), x=_LEFT - 4 + (_INNER + 4) / 2, y=42, fill=INK)
    )


def _on_ground(title: str, subtitle: str, author: str, colours: Colours) -> str:
    """Cream words on the ground itself, under a short rule."""
    parts = _set(title, subtitle, author, width=_INNER)
    return (
        f'<rect x="{_LEFT}" y="28" width="36" height="4" fill="{colours.accent}"/>'
        f"{_stacked(parts, x=_LEFT, y=42, fill=PAPER, anchor='start')}"
    )


def _on_strip(title: str, subtitle: str, author: str, *, left: bool) -> str:
    """A Chinese title one character below the other on a strip of paper, as on a thread-bound book."""
    size = min(34.0, 190 / len(title))
    strip = size + 22
    x = _LEFT if left else WIDTH - 18 - strip
    middle, height = x + strip / 2, len(title) * size * 1.14 + 22
    down = "".join(
        f'<tspan x="{middle:.1f}" y="{22 + 11 + size * 0.9 + n * size * 1.14:.1f}">{escape(char)}</tspan>'
        for n, char in enumerate(title)
    )
    beside = _LEFT + strip + 12 if left else _LEFT
    width = _INNER - strip - 12
    more = _wrapped(subtitle, 14, width, 4) if subtitle else _Words((), 14)
    names = _wrapped(author, 14, width, 3) if author else _Words((), 14)
    return (
        f'<rect x="{x:.1f}" y="22" width="{strip:.1f}" height="{height:.1f}" fill="{PAPER}"/>'
        f'<rect x="{x + 3:.1f}" y="25" width="{strip - 6:.1f}" height="{height - 6:.1f}" fill="none" '
        f'stroke="{INK}" stroke-opacity="0.4"/>'
        f'<text font-size="{size:.1f}" font-weight="700" fill="{INK}" text-anchor="middle">{down}</text>'
        f"{_stacked((more, names), x=beside, y=26, fill=PAPER, anchor='start')}"
    )


def _set(title: str, subtitle: str, author: str, *, width: float) -> tuple[_Words, _Words, _Words]:
    """Title, subtitle and author in the sizes that their lengths allow."""
    small = _wrapped(subtitle, 14.5, width, 2) if subtitle else _Words((), 14.5)
    names = _wrapped(author, 14.5, width, 1) if author else _Words((), 14.5)
    room = 160 - small.height - names.height
    for size in (38.0, 33.0, 29.0, 26.0, 23.0):
        words = _balanced(title, size, width)
        if words.height <= room and (len(words.lines) <= 4 or size <= 23):
            return words, small, names
    return _wrapped(title, 21, width, int(room / 21 / 1.28)), small, names


def _stacked(parts: tuple[_Words, ...], *, x: float, y: float, fill: str, anchor: str = "middle") -> str:
    """The parts one below the other; the first is the title."""
    drawn = []
    for number, part in enumerate(parts):
        if not part.lines:
            continue
        weight = ' font-weight="700"' if part.size > 20 else ' opacity="0.85"'
        lines = "".join(
            f'<tspan x="{x:.1f}" y="{y + part.size * (0.92 + at * 1.28):.1f}">{escape(line)}</tspan>'
            for at, line in enumerate(part.lines)
        )
        drawn.append(
            f'<text font-size="{part.size:g}" fill="{fill}" text-anchor="{anchor}"{weight}>{lines}</text>'
        )
        y += part.height + (10 if number == 0 else 6)
    return "".join(drawn)


def _wrapped(text: str, size: float, width: float, most: int) -> _Words:
    """At most so many lines; what is left out shows as an ellipsis."""
    lines: list[str] = []
    line = ""
    for piece in _pieces(text):
        if _width(line + piece.rstrip(), size) <= width:
            line += piece
            continue
        if line.strip():
            lines.append(line.rstrip())
        line = piece.lstrip()
        while _width(line.rstrip(), size) > width and len(line) > 1:
            fits = max(1, sum(_width(line[: n + 1], size) <= width for n in range(len(line))))
            lines.append(line[:fits])
            line = line[fits:]
    if line.strip():
        lines.append(line.rstrip())
    if len(lines) > most:
        last = lines[most - 1]
        while last and _width(f"{last}…", size) > width:
            last = last[:-1]
        lines = [*lines[: most - 1], f"{last.rstrip()}…"]
    return _Words(tuple(lines), size)


def _balanced(text: str, size: float, width: float) -> _Words:
    """As few lines as there must be, of about the same length: no character is left alone on the last."""
    words = _wrapped(text, size, width, 99)
    longest = max(_width(piece.rstrip(), size) for piece in _pieces(text))
    for narrower in (0.92, 0.84, 0.76, 0.68, 0.6):
        if longest > width * narrower:
            break  # it would part a word
        tried = _wrapped(text, size, width * narrower, 99)
        if len(tried.lines) > len(words.lines):
            break
        words = tried
    return words


def _pieces(text: str) -> list[str]:
    pieces: list[str] = []
    for char in text:
        inside = (
            pieces and not _is_chinese(char) and not _is_chinese(pieces[-1][-1]) and pieces[-1][-1] != " "
        )
        if inside or (pieces and char in _NO_START):
            pieces[-1] += char
        else:
            pieces.append(char)
    return pieces


def _width(text: str, size: float) -> float:
    """About how wide a text stands in a serif face; rather too wide than too narrow."""
    return size * sum(
        1.0 if ord(char) >= 0x2E80 else 0.36 if char in _NARROW else 0.95 if char in _WIDE
        else 0.74 if char.isupper() else 0.57
        for char in text
    )  # fmt: skip


def _parted(title: str) -> tuple[str, str]:
    """Title and subtitle, where the record names both in one."""
    for sign in _SUBTITLES:
        first, found, rest = title.partition(sign)
        if found and len(first.strip()) >= 2 and rest.strip():
            return first.strip(), rest.strip()
    return title, ""


def _plain(text: str) -> str:
    """One line without what XML cannot hold."""
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())[:300]


def _is_chinese(char: str) -> bool:
    return "\u3400" <= char <= "\u9fff" or "\U00020000" <= char <= "\U0003ffff"
