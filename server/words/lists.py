"""Lists of a store as PDF (R-LOAN.6): what lies in a parcel, and where to walk; on as many pages as it takes."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from server.domain.labels import PackingList, PickList, checked_code
from server.words.catalogue import text
from server.words.fonts import PrintFont
from server.words.sheets import Box, Sheet, fitted

PAPERS = {"A5": (148.0, 210.0), "A4": (210.0, 297.0)}
_MARGIN = 12.0
_FOOT = 12.0
_LEAST = 7.5  # points
_PAD = 1.2  # above and below what stands in a row
_CODE_WIDTH, _CODE_HEIGHT = 74.0, 11.0


@dataclass(frozen=True, slots=True)
class Cell:
    """What stands in one place of a row: at most ``lines`` lines of this size in points."""

    text: str
    size: float = 9
    lines: int = 1
    strong: bool = False


@dataclass(frozen=True, slots=True)
class Column:
    """A column by its head and its part of the width."""

    head: str
    share: float


@dataclass(frozen=True, slots=True)
class _Table:
    columns: Sequence[Column]
    rows: Sequence[Sequence[Cell]]


@dataclass(frozen=True, slots=True)
class _Facts:
    """The head of the first page: title, the number in bars, captions with values."""

    title: str
    code: str
    pairs: Sequence[tuple[str, str]]


def packing_list(packed: PackingList, font: PrintFont, *, paper: str = "A5") -> bytes:
    """What lies in a parcel, with due dates, on A5 or A4. Raises Invalid for an order number without bars."""
    facts = _Facts(
        _both("packing_list"),
        checked_code(packed.order_number, field="order_number"),
        [
            ("reader", packed.reader),
            ("store", packed.store),
            ("packed_on", packed.packed_on.isoformat()),
            *([("waybill", packed.waybill)] if packed.waybill else []),
            *([("note", packed.note)] if packed.note else []),
            ("items", text("label.total", "zh", n=len(packed.items))),
        ],
    )
    columns = [
        Column("", 0.07),
        Column(_both("title"), 0.5),
        Column(_both("barcode"), 0.25),
        Column(_both("due_on"), 0.18),
    ]
    rows = [
        [
            Cell(str(number), 9),
            Cell(f"{item.title}{f' / {item.author}' if item.author else ''}", 9, lines=3),
            Cell(item.barcode, 8.5, lines=2),
            Cell(_day(item.due_on), 8.5),
        ]
        for number, item in enumerate(packed.items, start=1)
    ]
    return _document(PAPERS[paper], font, facts, _Table(columns, rows))


def pick_list(walk: PickList, font: PrintFont) -> bytes:
    """A store keeper's walk on A4, in the order of its rows, each with a box to tick. Raises Invalid.

    Items stand there without bars: a pick is proved by the book's own code, not by the list's.
    """
    facts = _Facts(
        _both("pick_list"),
        checked_code(walk.number, field="number"),
        [
            ("store", walk.store),
            ("made_on", walk.made_on.isoformat()),
            *([("keeper", walk.keeper)] if walk.keeper else []),
            ("items", text("label.total", "zh", n=len(walk.rows))),
        ],
    )
    columns = [
        Column("", 0.05),
        Column(_both("location"), 0.2),
        Column(_both("title"), 0.36),
        Column(_both("barcode"), 0.2),
        Column(_both("picked_order"), 0.19),
    ]
    rows = [
        [
            Cell(_TICK, 11),
            Cell(row.location, 11, lines=2, strong=True),
            Cell(f"{row.title}  {row.call_number}".strip(), 9.5, lines=2),
            Cell(row.barcode, 9.5, lines=2),
            Cell(row.order_number, 8.5, lines=2),
        ]
        for row in walk.rows
    ]
    return _document(PAPERS["A4"], font, facts, _Table(columns, rows))


_TICK = "\N{BALLOT BOX}"  # drawn, not set: fonts rarely have it


def _document(paper: tuple[float, float], font: PrintFont, facts: _Facts, table: _Table) -> bytes:
    sheet = Sheet(*paper, font, f"{facts.title} {facts.code}")
    pages = list(_pages(sheet, table, _head_height(facts)))
    for number, rows in enumerate(pages, start=1):
        if number > 1:
            sheet.turn()
        y = _head(sheet, facts) if number == 1 else _short_head(sheet, facts)
        y = _heads(sheet, table.columns, y)
        for row, height in rows:
            _row(sheet, table.columns, row, Box(_MARGIN, y, sheet.width - 2 * _MARGIN, height))
            y += height
        foot = Box(_MARGIN, sheet.height - _FOOT + 3, sheet.width - 2 * _MARGIN, 5)
        sheet.text(foot, f"{facts.code}", 8, grey=0.35)
        said = " · ".join(
            text("label.page", language, page=number, pages=len(pages)) for language in ("zh", "en")
        )
        sheet.text(foot, said, 8, align="right", grey=0.35)
    return sheet.done()


def _pages(sheet: Sheet, table: _Table, head: float) -> Iterator[list[tuple[Sequence[Cell], float]]]:
    """Rows with their heights, page by page; an empty list still has its page."""
    room = sheet.height - _MARGIN - _FOOT - _HEADS
    page: list[tuple[Sequence[Cell], float]] = []
    left = room - head
    for row in table.rows:
        height = _height(sheet, table.columns, row)
        if height > left and page:
            yield page
            page, left = [], room - _SHORT
        page.append((row, height))
        left -= height
    yield page


_HEADS = 8.0  # the columns' heads
_SHORT = 9.0  # the head of a further page
_PAIR = 11.0  # a caption with its value


def _head_height(facts: _Facts) -> float:
    return 22 + -(-len(facts.pairs) // 3) * _PAIR


def _head(sheet: Sheet, facts: _Facts) -> float:
    """Title and bars, below them what the list is about; returns where it ends."""
    left = sheet.width - 2 * _MARGIN - _CODE_WIDTH
    sheet.text(Box(_MARGIN, _MARGIN, left - 2, 8), facts.title, 18, least=9, strong=True)
    bars = Box(sheet.width - _MARGIN - _CODE_WIDTH, _MARGIN - 2, _CODE_WIDTH + _MARGIN, _CODE_HEIGHT)
    if not sheet.code_128(bars, facts.code):
        sheet.qr(Box(sheet.width - _MARGIN - 20, _MARGIN - 6, 20, 20), facts.code)
        below = Box(_MARGIN, _MARGIN + 15, sheet.width - 2 * _MARGIN, 5)
        sheet.text(below, facts.code, 10, least=7, align="right")
    else:
        sheet.text(Box(bars.x, _MARGIN + 10, bars.width, 5), facts.code, 10, least=7, align="centre")
    width = (sheet.width - 2 * _MARGIN) / 3
    for number, (name, value) in enumerate(facts.pairs):
        x, y = _MARGIN + number % 3 * width, _MARGIN + 20 + number // 3 * _PAIR
        sheet.text(Box(x, y, width - 2, 3.6), _both(name), 7.5, grey=0.35)
        sheet.text(Box(x, y + 3.6, width - 2, 6.8), value, 11, least=7)
    return _MARGIN + _head_height(facts)


def _short_head(sheet: Sheet, facts: _Facts) -> float:
    sheet.text(
        Box(_MARGIN, _MARGIN, sheet.width - 2 * _MARGIN, 6), f"{facts.title}  {facts.code}", 11, least=8
    )
    return _MARGIN + _SHORT


def _heads(sheet: Sheet, columns: Sequence[Column], y: float) -> float:
    for column, x, width in _placed(sheet, columns):
        sheet.text(Box(x, y + 1.5, width, 4), column.head, 8, least=6, grey=0.35)
    sheet.rule(y + _HEADS - 1, left=_MARGIN, right=_MARGIN, width=0.4)
    return y + _HEADS


def _row(sheet: Sheet, columns: Sequence[Column], row: Sequence[Cell], box: Box) -> None:
    for cell, (_, x, width) in zip(row, _placed(sheet, columns), strict=True):
        if cell.text == _TICK:
            sheet.frame(Box(x, box.y + _PAD, 4.2, 4.2))
        else:
            inner = _inner(Box(x, box.y, width, 0), cell)
            sheet.text(inner, cell.text, cell.size, least=min(cell.size, _LEAST), strong=cell.strong)
    sheet.rule(box.y + box.height, left=_MARGIN, right=_MARGIN, width=0.1, grey=0.6)


def _height(sheet: Sheet, columns: Sequence[Column], row: Sequence[Cell]) -> float:
    heights = []
    for cell, (_, x, width) in zip(row, _placed(sheet, columns), strict=True):
        size, lines = fitted(
            sheet.font, cell.text, _inner(Box(x, 0, width, 0), cell), cell.size, min(cell.size, _LEAST)
        )
        heights.append(max(1, len(lines)) * _line(size))
    return max(heights) + 2 * _PAD


def _inner(box: Box, cell: Cell) -> Box:
    """Where a cell's text may stand: its own number of lines of its full size."""
    return Box(box.x, box.y + _PAD, box.width, cell.lines * _line(cell.size))


def _line(size: float) -> float:
    return size * 1.25 * 25.4 / 72


def _placed(sheet: Sheet, columns: Sequence[Column]) -> Iterator[tuple[Column, float, float]]:
    x, whole = _MARGIN, sheet.width - 2 * _MARGIN
    for column in columns:
        yield column, x, column.share * whole - 2
        x += column.share * whole


def _day(day: date | None) -> str:
    return day.isoformat() if day else "—"


def _both(name: str) -> str:
    """A word in both languages, Chinese first."""
    return f"{text(f'label.{name}', 'zh')} {text(f'label.{name}', 'en')}"
