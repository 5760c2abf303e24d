"""Drawn covers: well-formed for any record, always the same, and nothing in them but shapes and words."""

import re
from dataclasses import replace
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.domain.catalogue import BibliographicRecord
from server.domain.citations import Material
from server.domain.covers import cover_svg

SVG = "{http://www.w3.org/2000/svg}"
BOOK = BibliographicRecord("1", Material.BOOK, "三体", authors="刘慈欣", class_number="I247.5")


def words(drawn: str) -> str:
    return "".join("".join(text.itertext()) for text in ElementTree.fromstring(drawn).iter(f"{SVG}text"))


def test_the_same_title_has_the_same_cover_and_others_have_others() -> None:
    assert cover_svg(BOOK) == cover_svg(replace(BOOK, control_number="2", publisher="重庆出版社"))
    titles = ["三体", "红楼梦", "围城", "活着", "百年孤独", "Pride and Prejudice", "时间简史", "论语译注"]
    assert len({cover_svg(replace(BOOK, title=title)) for title in titles}) == len(titles)


def test_a_class_keeps_its_colours() -> None:
    def ground(class_number: str, title: str) -> str:
        found = re.search(
            r'fill="(#\w{6})"', cover_svg(replace(BOOK, class_number=class_number, title=title))
        )
        assert found
        return found[1]

    poems = {ground("I22", f"诗选 {n}") for n in range(40)}
    assert len(poems) == 5 and {ground("823", f"诗选 {n}") for n in range(40)} == poems
    assert {ground("A41", f"选集 {n}") for n in range(9)} == {"#8c2f2b"}


def test_title_subtitle_and_author_stand_on_it() -> None:
    said = words(cover_svg(replace(BOOK, title="时间简史：从大爆炸到黑洞", authors="史蒂芬·霍金")))
    assert all(part in said for part in ("时间简史", "从大爆炸到黑洞", "史蒂芬·霍金"))


@pytest.mark.parametrize(
    "title", ["", "<b>&\"'</b>", "\x00\x0b\ufffe", "汉" * 5000, "W" * 5000, "a b " * 900]
)
def test_odd_titles_are_drawn_all_the_same(title: str) -> None:
    drawn = cover_svg(replace(BOOK, title=title, authors=title))
    assert len(drawn) < 12_000
    assert ElementTree.fromstring(drawn).tag == f"{SVG}svg"


@given(st.text(max_size=80), st.text(max_size=40), st.text(max_size=8))
def test_any_record_makes_a_well_formed_and_harmless_picture(title: str, authors: str, number: str) -> None:
    drawn = cover_svg(replace(BOOK, title=title, authors=authors, class_number=number))
    for element in ElementTree.fromstring(drawn).iter():
        assert element.tag.removeprefix(SVG) in {
            "svg", "rect", "circle", "path", "polygon", "g", "text", "tspan",
        }  # fmt: skip
        assert not {name for name in element.attrib if name.startswith("on") or name in ("style", "href")}
        if element.tag == f"{SVG}tspan" and element.get("y"):
            assert float(element.attrib["y"]) < 320
