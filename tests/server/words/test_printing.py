"""Labels and lists: bar codes read back at a label printer's resolution, and nothing runs over its place."""

from dataclasses import replace
from datetime import date

import pypdfium2
import pytest
import zxingcpp
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from server.domain.errors import Invalid
from server.domain.labels import (
    HoldSlip,
    ItemLabel,
    Label,
    Mark,
    PackedItem,
    PackingList,
    PickList,
    PickRow,
    checked_code,
    walking_order,
)
from server.words.fonts import SPARE, print_font
from server.words.lists import packing_list, pick_list
from server.words.printing import hold_slip, item_labels, parcel_labels
from server.words.sheets import Box, fitted, wrapped

FONT = print_font()
DOTS = 203.2  # an inch of a usual label printer
ORDER, WAYBILL = "L20261121-000123", "SF1234567890123"
TODAY = date(2026, 11, 21)
LONG = "中华人民共和国成立以来图书馆事业发展史料汇编（1949—2019）第三卷上册：" * 9
WORD = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft" * 3
LABEL = Label(
    ORDER,
    "欧阳文静",
    "广东省深圳市福田区福中一路2001号书城小区 3 栋 12B",
    "深圳图书馆 · 智能立体书库",
    to_phone="138-0013-8000",
    waybill=WAYBILL,
    slot="11月22日 14:00–16:00",
    items=3,
)
OVERFULL = Label(
    "A" * 30,
    f"Maximilian von Hohenzollern-Sigmaringen {WORD}",
    LONG * 3,
    LONG,
    to_phone="0" * 90,
    from_address=WORD,
    from_phone=LONG,
    waybill="z" * 30,
    slot=LONG,
    items=10**12,
    mark=Mark.COLLECTION,
)


def pages(pdf: bytes) -> list[Image.Image]:
    """The document as the printer sets it: dots that are black or white."""
    document = pypdfium2.PdfDocument(pdf)
    shades = [page.render(scale=DOTS / 72, grayscale=True).to_pil() for page in document]
    document.close()
    return [shade.point(lambda value: 255 if value > 127 else 0) for shade in shades]


def codes(page: Image.Image) -> list[tuple[str, str]]:
    """What a reader of bar codes finds, by kind and text."""
    return sorted((str(found.format), found.text) for found in zxingcpp.read_barcodes(page))


def margin(page: Image.Image) -> int:
    """How many dots at the edges are white all around."""
    left, top, right, bottom = page.point(lambda value: 255 - value).getbbox() or (99, 99, 0, 0)
    return min(left, top, page.width - right, page.height - bottom)


def test_a_parcel_label_is_read_back() -> None:
    (page,) = pages(parcel_labels([LABEL], FONT))
    assert codes(page) == [("Code 128", ORDER), ("Code 128", WAYBILL), ("QR Code", ORDER)]


def test_the_longest_numbers_are_read_back_and_nothing_runs_over() -> None:
    (page,) = pages(parcel_labels([OVERFULL], FONT))
    assert codes(page) == [("Code 128", "A" * 30), ("Code 128", "z" * 30), ("QR Code", "A" * 30)]
    assert margin(page) >= 12


def test_a_label_without_phone_waybill_and_slot_leaves_room_to_write() -> None:
    bare = replace(LABEL, to_phone="", waybill="", slot="", items=0)
    (page,) = pages(parcel_labels([bare], FONT))
    assert codes(page) == [("Code 128", ORDER), ("QR Code", ORDER)]


def test_a_batch_has_a_page_for_each_and_the_same_values_give_the_same_bytes() -> None:
    batch = [LABEL, replace(LABEL, order_number="L2"), replace(LABEL, mark=Mark.FRAGILE)]
    printed = parcel_labels(batch, FONT)
    assert [("QR Code", "L2") in codes(page) for page in pages(printed)] == [False, True, False]
    assert printed == parcel_labels(batch, FONT)


@pytest.mark.parametrize(
    ("barcode", "kind"),
    [
        ("04400510123456", "Code 128"),
        ("A", "Code 128"),
        ("SZL-2019-7", "Code 128"),
        ("0" * 30, "QR Code"),
        ("X" * 30, "QR Code"),
        ("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|", "QR Code"),
    ],
)
def test_an_item_label_carries_any_barcode_of_a_library(barcode: str, kind: str) -> None:
    (page,) = pages(item_labels([ItemLabel(barcode, LONG, WORD, LONG)], FONT))
    assert codes(page) == [(kind, barcode)]
    assert margin(page) >= 8


@settings(deadline=None, max_examples=40)
@given(st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=30))
def test_every_barcode_of_visible_ascii_is_read_back(barcode: str) -> None:
    (page,) = pages(item_labels([ItemLabel(barcode, "书桥图书馆")], FONT))
    assert [text for _, text in codes(page)] == [barcode]


def test_a_hold_slip_is_read_back_and_counts_what_it_does_not_name() -> None:
    items = tuple(PackedItem(title, "1") for title in ["三体", LONG, WORD] * 20)
    (page,) = pages(hold_slip(HoldSlip(ORDER, "王* 8000" * 9, LONG, TODAY, items, shelf="A-12"), FONT))
    assert codes(page) == [("Code 128", ORDER)]
    assert margin(page) >= 12


@pytest.mark.parametrize("paper", ["A5", "A4"])
def test_a_packing_list_takes_as_many_pages_as_it_needs(paper: str) -> None:
    items = tuple(
        PackedItem((LONG, WORD, "三体")[n % 3], f"0440051{n:07}", "刘慈欣" * (n % 2), TODAY)
        for n in range(50)
    )
    packed = PackingList(ORDER, LONG, WORD, TODAY, items, waybill=WAYBILL, note=LONG)
    printed = pages(packing_list(packed, FONT, paper=paper))
    assert 2 <= len(printed) <= 8
    assert codes(printed[0]) == [("Code 128", ORDER)]
    assert all(margin(page) >= 24 for page in printed)
    document = pypdfium2.PdfDocument(packing_list(packed, FONT, paper=paper))
    said = "".join(page.get_textpage().get_text_range() for page in document)
    assert all(f"0440051{n:07}" in said for n in range(50))


def test_an_empty_list_is_one_page_and_a_long_number_stands_as_a_qr_code() -> None:
    (page,) = pages(packing_list(PackingList("B" * 30, "", "", TODAY, ()), FONT))
    assert codes(page) == [("QR Code", "B" * 30)]


def test_a_pick_list_has_its_number_in_bars_and_its_items_without() -> None:
    rows = tuple(PickRow(f"A-{n}", f"{n:010}", LONG, ORDER, "I247.5") for n in range(60))
    printed = pages(pick_list(PickList("P20261121-07", "普通网借书库", TODAY, rows, "王敏"), FONT))
    assert len(printed) > 1 and all(margin(page) >= 24 for page in printed)
    assert [codes(page) for page in printed] == [[("Code 128", "P20261121-07")], *[[]] * (len(printed) - 1)]


def test_shelves_are_walked_in_their_order() -> None:
    places = ["B-1", "A-10-2", "A-2", "a-2-3", "A-10-1", "", "密集架 3", "密集架 12"]
    walked = [row.location for row in walking_order(PickRow(place, "", "", "") for place in places)]
    assert walked == ["", "A-2", "a-2-3", "A-10-1", "A-10-2", "B-1", "密集架 3", "密集架 12"]


@pytest.mark.parametrize("text", ["", " ", "条码", "a\nb", "x" * 31, "é", "a  b", "\x00"])
def test_what_no_bar_code_can_carry_is_refused(text: str) -> None:
    with pytest.raises(Invalid) as refused:
        checked_code(text)
    assert refused.value.code == "barcode_wrong"
    with pytest.raises(Invalid):
        parcel_labels([replace(LABEL, order_number=text)], FONT)


def test_what_the_font_does_not_hold_is_marked_and_controls_are_blanks() -> None:
    assert FONT.printable("龘𠮷\n\u202e🙂é") == "龘〓  〓é"


@given(st.text(max_size=120), st.floats(4, 60), st.floats(6, 30))
def test_text_is_wrapped_within_its_width(text: str, width: float, size: float) -> None:
    text = " ".join(FONT.printable(text).split())
    lines = wrapped(FONT, text, size, width)
    assert "".join("".join(lines).split()) == "".join(text.split())
    assert all(FONT.width(line, size) <= width / 25.4 * 72 + 1e-6 or len(line) == 1 for line in lines)


@given(st.text(max_size=200), st.floats(10, 60), st.floats(4, 40))
def test_text_is_fitted_to_its_box(text: str, width: float, height: float) -> None:
    size, lines = fitted(FONT, text, Box(0, 0, width, height), 20, 6)
    assert len(lines) <= max(1, int((height + 0.01) / (size * 1.25 * 25.4 / 72)))
    assert all(FONT.width(line, size) <= width / 25.4 * 72 + 1e-6 or len(line) == 1 for line in lines)


@pytest.mark.parametrize(("path", "problem"), [("/nowhere/font.ttc", "missing"), (__file__, "unusable")])
def test_without_a_usable_font_the_spare_one_prints_all_the_same(path: str, problem: str) -> None:
    font = print_font(path)
    assert (font.name, font.problem) == (SPARE, problem)
    (page,) = pages(parcel_labels([LABEL], font))
    assert codes(page) == [("Code 128", ORDER), ("Code 128", WAYBILL), ("QR Code", ORDER)]
    pages(parcel_labels([replace(OVERFULL, to_name="𠮷🙂")], font))
