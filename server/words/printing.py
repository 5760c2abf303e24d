"""Labels and slips of a store as PDF (R-LOAN.6): one page each, Chinese first, with codes for hand scanners.

Every function takes frozen values and a font and returns the document; the same values give the same bytes.
"""

from collections.abc import Sequence

from server.domain.labels import HoldSlip, ItemLabel, Label, Mark, checked_code
from server.words.catalogue import text
from server.words.fonts import PrintFont
from server.words.sheets import Box, Sheet
from server.words.times import day_text

LABEL = (100.0, 150.0)  # mm, the roll that couriers use
ITEM_LABEL = (50.0, 30.0)
_MARGIN = 5.0
_INNER = LABEL[0] - 2 * _MARGIN
_SLIP_ITEMS = 5  # titles on a hold slip; the rest are counted


def parcel_labels(labels: Sequence[Label], font: PrintFont) -> bytes:
    """A label of 100 x 150 mm on each page. Raises Invalid for numbers that no bar code can carry."""
    sheet = Sheet(*LABEL, font, _both("order"))
    for number, label in enumerate(labels):
        if number:
            sheet.turn()
        _parcel(sheet, label)
    return sheet.done()


def item_labels(labels: Sequence[ItemLabel], font: PrintFont) -> bytes:
    """A book's label on each page, for a roll."""
    sheet = Sheet(*ITEM_LABEL, font, _both("barcode"))
    for number, label in enumerate(labels):
        if number:
            sheet.turn()
        _item(sheet, label)
    return sheet.done()


def hold_slip(slip: HoldSlip, font: PrintFont) -> bytes:
    """The slip of an order on the hold shelf, 100 x 150 mm: read from a step away. Raises Invalid."""
    order = checked_code(slip.order_number, field="order_number")
    sheet = Sheet(*LABEL, font, f"{_both('hold_slip')} {order}")
    sheet.white_text(Box(_MARGIN, 5, _INNER, 11), _both("hold_slip"), 20)
    sheet.text(Box(_MARGIN, 20, _INNER, 26), slip.shelf_name, 60, least=16, strong=True, align="centre")
    half = _INNER / 2
    _pair(sheet, Box(_MARGIN, 48, half - 2, 15), "collect_by", day_text(slip.collect_by, "zh"), 14)
    _pair(sheet, Box(_MARGIN + half, 48, half, 15), "place", f"{slip.place} {slip.shelf}".strip(), 14)
    sheet.rule(65, left=_MARGIN, right=_MARGIN)
    y = 67.0
    for item in slip.items[:_SLIP_ITEMS]:
        y += sheet.text(Box(_MARGIN, y, _INNER, 8.5), f"· {item.title}", 10, least=8) + 0.6
    if len(slip.items) > _SLIP_ITEMS:
        sheet.text(Box(_MARGIN, y, _INNER, 5), "…", 10)
    _pair(sheet, Box(_MARGIN, 115, 28, 12), "items", str(len(slip.items)), 16)
    sheet.rule(128, left=_MARGIN, right=_MARGIN)
    _code(sheet, Box(0, 130, LABEL[0], 11), order, caption=_both("order"))
    return sheet.done()


def _parcel(sheet: Sheet, label: Label) -> None:
    order = checked_code(label.order_number, field="order_number")
    _head(sheet, label.mark)
    sheet.text(Box(_MARGIN, 17, 12, 10), text("label.to", "zh"), 22, strong=True)
    sheet.text(Box(_MARGIN, 26, 12, 5), text("label.to", "en"), 9, grey=0.35)
    body = _MARGIN + 13
    width = LABEL[0] - body - _MARGIN
    sheet.text(Box(body, 17, width, 10 if label.to_phone else 17), label.to_name, 22, least=12, strong=True)
    sheet.text(Box(body, 27, width, 8), label.to_phone, 17, least=10, strong=True)
    sheet.text(Box(body, 35, width, 22), label.to_address, 16, least=8)
    sheet.rule(58, left=_MARGIN, right=_MARGIN, width=0.5)
    sheet.text(Box(_MARGIN, 60, 12, 6), text("label.from", "zh"), 12, strong=True)
    sheet.text(Box(_MARGIN, 65, 12, 4), text("label.from", "en"), 7, grey=0.35)
    sheet.text(Box(body, 60, width, 5.5), f"{label.from_store}  {label.from_phone}", 11, least=8)
    sheet.text(Box(body, 66, width, 8), label.from_address, 9, least=7, grey=0.2)
    sheet.rule(75, left=_MARGIN, right=_MARGIN)
    left = _INNER - 32
    _pair(sheet, Box(_MARGIN, 77, left, 15), "slot", label.slot or "—", 15)
    _pair(sheet, Box(_MARGIN, 93, left, 12), "items", str(label.items) if label.items else "—", 16)
    sheet.qr(Box(LABEL[0] - _MARGIN - 30, 76, 30, 30), order)
    sheet.rule(107, left=_MARGIN, right=_MARGIN)
    if label.waybill:
        waybill = checked_code(label.waybill, field="waybill")
        _code(sheet, Box(0, 109, LABEL[0], 14), waybill, caption=_both("waybill"))
    else:
        sheet.text(Box(_MARGIN, 113, _INNER, 8), _both("waybill"), 12)
        sheet.rule(121, left=_MARGIN + 32, right=_MARGIN)
    sheet.rule(129.5, left=_MARGIN, right=_MARGIN)
    _code(sheet, Box(0, 131.5, LABEL[0], 10), order, caption=_both("order"))


def _head(sheet: Sheet, mark: Mark) -> None:
    sheet.text(Box(_MARGIN, 6, 42, 5), _both("brand"), 10, least=6)
    if mark is not Mark.NONE:
        sheet.white_text(Box(LABEL[0] - _MARGIN - 46, 4, 46, 9.5), _both(mark.value), 15)
    sheet.rule(15, left=_MARGIN, right=_MARGIN, width=0.5)


def _item(sheet: Sheet, label: ItemLabel) -> None:
    barcode = checked_code(label.barcode)
    width, height = ITEM_LABEL
    sheet.text(Box(2, 1.5, width - 4, 4), label.library, 8, least=6, strong=True, align="centre")
    if sheet.code_128(Box(0, 6, width, 11.5), barcode):
        sheet.text(Box(2, 18, width - 4, 4.2), barcode, 9, least=6, align="centre")
        sheet.text(Box(2, 22, width - 4, 3.4), label.call_number, 7, align="centre")
        sheet.text(Box(2, 25.4, width - 4, 3.2), label.title, 6.5, align="centre", grey=0.2)
        return
    # Bars of such a long number would be finer than the printer: a QR code holds it, the scanner reads both.
    sheet.qr(Box(1, 6, 22, height - 7), barcode)
    sheet.text(Box(23.5, 7, width - 25, 8), barcode, 8, least=5.5)
    sheet.text(Box(23.5, 15.5, width - 25, 6), label.call_number, 7, least=6)
    sheet.text(Box(23.5, 21.5, width - 25, 7), label.title, 6.5, least=6, grey=0.2)


def _pair(sheet: Sheet, box: Box, name: str, value: str, size: float) -> None:
    """A caption and, below it, what it stands for."""
    sheet.text(Box(box.x, box.y, box.width, 4), _both(name), 8, grey=0.35)
    sheet.text(Box(box.x, box.y + 4, box.width, box.height - 4), value, size, least=8, strong=True)


def _code(sheet: Sheet, box: Box, code: str, *, caption: str) -> None:
    """A bar code with its number below, for eyes and keyboards."""
    sheet.code_128(box, code)
    below = Box(_MARGIN, box.y + box.height + 0.5, _INNER, 5)
    sheet.text(below, f"{caption}  {code}", 10, least=7, align="centre")


def _both(name: str) -> str:
    """A word in both languages, Chinese first."""
    return f"{text(f'label.{name}', 'zh')} {text(f'label.{name}', 'en')}"
