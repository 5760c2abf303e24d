"""The Chinese font of labels and lists: found once, embedded as far as it is used."""

from dataclasses import dataclass
from pathlib import Path

from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfbase.ttfonts import TTFError, TTFont

# Where systems keep a TrueType font with Chinese; outlines of the other kind (CFF, as Noto CJK has) are not taken.
USUAL = (
    "/usr/share/fonts/truetype/wqy/wqy-microhei.ttc",
    "/usr/share/fonts/wqy-microhei/wqy-microhei.ttc",
    "/usr/share/fonts/truetype/wqy/wqy-zenhei.ttc",
    "/usr/share/fonts/wqy-zenhei/wqy-zenhei.ttc",
    "/usr/share/fonts/truetype/droid/DroidSansFallbackFull.ttf",
    "/usr/share/fonts/truetype/arphic/uming.ttc",
    "/Library/Fonts/Arial Unicode.ttf",
    "/System/Library/Fonts/Supplemental/Arial Unicode.ttf",
)
SPARE = "STSong-Light"  # every reader of PDF brings its own for this name; nothing is embedded
MISSING = "〓"  # printers' sign for a character that the case does not hold
_SAMPLE = "书桥借阅"


@dataclass(frozen=True, slots=True)
class PrintFont:
    """A font that the PDF writer knows. ``problem`` says why it is the spare one (missing, unusable, none)."""

    name: str
    path: str = ""
    problem: str = ""

    def width(self, text: str, size: float) -> float:
        """How wide the text is at a size, both in points."""
        return float(pdfmetrics.stringWidth(text, self.name, size))

    def printable(self, text: str) -> str:
        """The text with what cannot be printed replaced: controls by blanks, unknown characters by 〓."""
        known = _glyphs(self.name)
        plain = "".join(char if char.isprintable() else " " for char in text)
        if known is None:
            return "".join(char if ord(char) <= 0xFFFF else MISSING for char in plain)
        return "".join(char if ord(char) in known or char == " " else MISSING for char in plain)


def print_font(path: str = "") -> PrintFont:
    """The font at the path, or the first of the usual ones; a spare one, with the reason, where that fails."""
    if path:
        name = _registered(path)
        if name:
            return PrintFont(name, path)
        return _spare("unusable" if Path(path).is_file() else "missing")
    for usual in USUAL:
        if Path(usual).is_file() and (name := _registered(usual)):
            return PrintFont(name, usual)
    return _spare("none")


def _registered(path: str) -> str:
    """The name under which the font is known to the PDF writer; empty where it cannot be used."""
    name = f"label {path}"
    if name in pdfmetrics.getRegisteredFontNames():
        return name  # read once; the PDF writer keeps it
    try:
        font = TTFont(name, path)
        if not all(ord(char) in font.face.charToGlyph for char in _SAMPLE):
            return ""
        pdfmetrics.registerFont(font)
    except (TTFError, OSError, ValueError, KeyError, IndexError):
        return ""
    return name


def _spare(problem: str) -> PrintFont:
    if SPARE not in pdfmetrics.getRegisteredFontNames():
        pdfmetrics.registerFont(UnicodeCIDFont(SPARE))
    return PrintFont(SPARE, problem=problem)


def _glyphs(name: str) -> dict[int, int] | None:
    face = getattr(pdfmetrics.getFont(name), "face", None)
    glyphs: dict[int, int] | None = getattr(face, "charToGlyph", None)
    return glyphs
