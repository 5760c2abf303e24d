"""A sheet of paper measured from its upper left corner in millimetres: text that fits its box, lines, bar codes."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO
from itertools import groupby

from reportlab.graphics.barcode.code128 import Code128Auto
from reportlab.graphics.barcode.qr import QrCodeWidget
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas

from server.words.fonts import PrintFont

DOT = 0.125  # of a label printer with 203 dots an inch, in mm: bars are whole dots, or readers fail
_NARROWEST, _WIDEST = 2, 4  # dots of a bar
QUIET = 10  # modules of white beside a code 128 (ISO/IEC 15417)
_QR_QUIET = 4
_POINT = 1 / mm  # in mm
_LEADING = 1.25
_STRONG = 0.03  # of the size: Chinese fonts with a bold cut are rare, so strong text gets an outline
_NO_START = frozenset("，。、；：？！）》」』】〉”’…,.;:?!)]}")  # these never begin a line
_NO_END = frozenset("（《「『【〈“‘([{")  # and these never end one


@dataclass(frozen=True, slots=True)
class Box:
    """A place on the sheet."""

    x: float
    y: float
    width: float
    height: float


class Sheet:
    """Draws one document page by page; everything is cut to fit, nothing runs over."""

    def __init__(self, width: float, height: float, font: PrintFont, title: str) -> None:
        self.width, self.height, self.font = width, height, font
        self._out = BytesIO()
        self._canvas = Canvas(self._out, pagesize=(width * mm, height * mm), invariant=1)
        self._canvas.setTitle(font.printable(title))
        self._canvas.setCreator("Shuqiao")

    def text(
        self,
        box: Box,
        text: str,
        size: float,
        *,
        least: float = 0,
        strong: bool = False,
        align: str = "left",
        grey: float = 0,
    ) -> float:
        """Set text into a box, smaller down to ``least`` points, then cut short; returns the height used in mm."""
        size, lines = fitted(self.font, text, box, size, least or size)
        canvas, leading = self._canvas, size * _LEADING * _POINT
        canvas.setFillGray(grey)
        canvas.setStrokeGray(grey)
        for number, line in enumerate(lines):
            spare = box.width - self.font.width(line, size) * _POINT
            x = box.x + {"left": 0.0, "centre": spare / 2, "right": spare}[align]
            y = self.height - box.y - number * leading - size * 0.95 * _POINT
            begun = canvas.beginText(x * mm, y * mm)
            begun.setFont(self.font.name, size)
            begun.setTextRenderMode(2 if strong else 0)
            canvas.setLineWidth(size * _STRONG)
            begun.textLine(line)
            begun.setTextRenderMode(0)
            canvas.drawText(begun)
        canvas.setFillGray(0)
        canvas.setStrokeGray(0)
        return float(len(lines) * leading)

    def rule(
        self, y: float, *, left: float = 0, right: float = 0, width: float = 0.3, grey: float = 0
    ) -> None:
        """A line across, from ``left`` to ``right`` mm of the margins."""
        self._canvas.setLineWidth(width * mm)
        self._canvas.setStrokeGray(grey)
        at = (self.height - y) * mm
        self._canvas.line(left * mm, at, (self.width - right) * mm, at)

    def fill(self, box: Box, *, grey: float) -> None:
        """A filled box; 0 is black."""
        self._canvas.setFillGray(grey)
        self._canvas.rect(*self._placed(box), stroke=0, fill=1)
        self._canvas.setFillGray(0)

    def frame(self, box: Box, *, width: float = 0.3) -> None:
        """An empty box to tick, or a frame."""
        self._canvas.setLineWidth(width * mm)
        self._canvas.rect(*self._placed(box), stroke=1, fill=0)

    def white_text(self, box: Box, text: str, size: float) -> None:
        """Text in a black box, as large as fits."""
        self.fill(box, grey=0)
        inner = Box(box.x + 1.5, box.y + 0.8, box.width - 3, box.height - 1.2)
        self.text(inner, text, size, least=6, strong=True, align="centre", grey=1)

    def code_128(self, box: Box, code: str) -> bool:
        """A bar code in the middle of the box with bars of whole dots; False where it does not fit."""
        modules = Code128Auto(code, barWidth=1, quiet=False).width
        dots = min(_WIDEST, int(box.width / DOT / (modules + 2 * QUIET)))
        if dots < _NARROWEST:
            return False
        bars = Code128Auto(code, barWidth=dots * DOT * mm, barHeight=box.height * mm, quiet=False)
        x = box.x + (box.width - modules * dots * DOT) / 2
        bars.drawOn(self._canvas, round(x / DOT) * DOT * mm, (self.height - box.y - box.height) * mm)
        return True

    def qr(self, box: Box, code: str) -> None:
        """A QR code with its white border, as large as the box holds in whole dots."""
        widget = QrCodeWidget(code, barLevel="M", barBorder=0)
        widget.qr.make()
        modules = widget.qr.getModuleCount()
        dots = max(1, int(min(box.width, box.height) / DOT / (modules + 2 * _QR_QUIET)))
        side = dots * DOT
        left = round((box.x + (box.width - modules * side) / 2) / DOT) * DOT
        top = round((box.y + (box.height - modules * side) / 2) / DOT) * DOT
        for row in range(modules):
            for first, last in _runs([widget.qr.isDark(row, column) for column in range(modules)]):
                self.fill(Box(left + first * side, top + row * side, (last - first) * side, side), grey=0)

    def turn(self) -> None:
        """The next page."""
        self._canvas.showPage()

    def done(self) -> bytes:
        """The finished document."""
        self._canvas.showPage()
        self._canvas.save()
        return self._out.getvalue()

    def _placed(self, box: Box) -> tuple[float, float, float, float]:
        return box.x * mm, (self.height - box.y - box.height) * mm, box.width * mm, box.height * mm


def _runs(dark: list[bool]) -> Iterator[tuple[int, int]]:
    """Where dark modules stand side by side: from, and just before."""
    at = 0
    for is_dark, run in groupby(dark):
        length = len(list(run))
        if is_dark:
            yield at, at + length
        at += length


def fitted(font: PrintFont, text: str, box: Box, size: float, least: float) -> tuple[float, Sequence[str]]:
    """The largest size, from ``size`` down to ``least`` points, at which the text fits, and its lines."""
    text = " ".join(font.printable(text).split())
    while True:
        room = max(1, int((box.height + 0.01) / (size * _LEADING * _POINT)))
        lines = wrapped(font, text, size, box.width)
        if len(lines) <= room:
            return size, lines
        if size <= least:
            return size, [*lines[: room - 1], shortened(font, _joined(lines[room - 1 :]), size, box.width)]
        size = max(least, size - 0.5)


def wrapped(font: PrintFont, text: str, size: float, width: float) -> list[str]:
    """The text in lines of a width in mm: between Chinese characters anywhere, Latin words whole where they fit."""
    points, lines, line = width / _POINT, [], ""
    for piece in _pieces(text):
        if font.width(line + piece.rstrip(), size) <= points:
            line += piece
            continue
        if line.strip():
            lines.append(line.rstrip())
        line = piece.lstrip()
        while font.width(line.rstrip(), size) > points and len(line) > 1:
            part = _beginning(font, line, size, points)
            lines.append(part)
            line = line[len(part) :]
    return [*lines, line.rstrip()] if line.strip() else lines


def shortened(font: PrintFont, text: str, size: float, width: float) -> str:
    """The beginning of a text that fits a width in mm, with an ellipsis where something is left out."""
    points = width / _POINT
    if font.width(text, size) <= points:
        return text
    return _beginning(font, text, size, points - font.width("…", size)).rstrip() + "…"


def _joined(lines: Sequence[str]) -> str:
    """Lines as one, with the blank between Latin words that their ends have lost."""
    whole = ""
    for line in lines:
        whole += f" {line}" if whole and whole[-1].isascii() and line[0].isascii() else line
    return whole


def _beginning(font: PrintFont, text: str, size: float, points: float) -> str:
    """As many characters as fit, at least one."""
    low, high = 1, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if font.width(text[:middle], size) <= points else (low, middle - 1)
    return text[:low]


def _pieces(text: str) -> list[str]:
    """What may not be parted: a Chinese character with the sign behind it, a Latin word with its blank."""
    pieces: list[str] = []
    for char in text:
        latin = pieces and char < "\u2e80" and pieces[-1][-1] < "\u2e80" and not pieces[-1].endswith(" ")
        if latin or (pieces and (char in _NO_START or pieces[-1] in _NO_END)):
            pieces[-1] += char
        else:
            pieces.append(char)
    return pieces
