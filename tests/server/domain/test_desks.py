"""What a desk's settings may be."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.domain.desks import (
    LEAST_CONTRAST,
    checked_colour,
    checked_origin,
    checked_origins,
    contrast_with_white,
    desk_settings,
    embed_policy,
    embed_snippet,
    library_settings,
    origin_of,
)
from server.domain.errors import Invalid
from server.domain.forms import Form, FormRefused


@given(st.integers(0, 0xFFFFFF))
def test_white_text_is_legible_on_every_colour_that_is_kept(number: int) -> None:
    assert contrast_with_white(checked_colour(f"#{number:06x}")) >= LEAST_CONTRAST


def test_a_dark_colour_is_kept_as_it_is() -> None:
    assert checked_colour("#1F5F8B") == "#1f5f8b"
    assert checked_colour("#048") == "#004488"


@pytest.mark.parametrize("text", ["red", "#12345", "#12345g", "1f5f8b", "#1f5f8b;", "url(x)"])
def test_what_is_no_colour_is_refused(text: str) -> None:
    with pytest.raises(Invalid, match="colour_wrong"):
        checked_colour(text)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("https://www.nblib.cn", "https://www.nblib.cn"),
        ("HTTPS://WWW.nblib.cn/", "https://www.nblib.cn"),
        ("https://nblib.cn:443", "https://nblib.cn"),
        ("http://nblib.cn:8080", "http://nblib.cn:8080"),
        ("https://图书馆.cn", "https://xn--1jq52s681d.cn"),
        ("http://[::1]:3000", "http://[::1]:3000"),
        ("http://localhost:5500", "http://localhost:5500"),
    ],
)
def test_origins_are_kept_as_browsers_send_them(typed: str, kept: str) -> None:
    assert checked_origin(typed) == kept


@pytest.mark.parametrize(
    "typed",
    [
        "nblib.cn",
        "https://nblib.cn/page",
        "https://user@nblib.cn",
        "https://nblib.cn:0",
        "https://nblib.cn:99999",
        "https://*.nblib.cn",
        "javascript:alert(1)",
        "https://a..b",
        "null",
    ],
)
def test_what_is_no_origin_is_refused_by_name(typed: str) -> None:
    with pytest.raises(Invalid) as refused:
        checked_origins(f"https://good.cn {typed}")
    assert refused.value.data["text"] == typed


def test_origins_may_be_typed_with_anything_between_and_twice() -> None:
    assert checked_origins("https://a.cn, https://b.cn\n\nhttps://a.cn/；http://c.cn") == (
        "https://a.cn",
        "https://b.cn",
        "http://c.cn",
    )


def test_everything_wrong_with_a_form_is_said_at_once() -> None:
    form = Form(
        {"slug": "Bad Slug!", "name_en": "x" * 161, "mail": "nobody", "colour": "red", "origins": "x"}
    )
    desk_settings(form)
    with pytest.raises(FormRefused) as refused:
        form.demand()
    assert {problem.field for problem in refused.value.problems} == {
        *("slug", "name_zh", "name_en", "mail", "colour", "origins")
    }
    assert refused.value.field == refused.value.problems[0].field


def test_a_good_form_has_nothing_wrong_and_blanks_are_cut() -> None:
    form = Form(
        {"slug": " Ningbo-lib ", "name_zh": " 宁波市图书馆\x00 ", "name_en": "N", "website": "nblib.cn"}
    )
    settings = library_settings(form)
    form.demand()
    assert (settings.slug, settings.name_zh, settings.kind) == ("ningbo-lib", "宁波市图书馆", "public")
    assert settings.website == "https://nblib.cn"


def test_a_host_page_must_name_our_origin_in_three_places_and_nothing_else() -> None:
    assert embed_policy("https://ask.example.org") == (
        "script-src https://ask.example.org;"
        " connect-src https://ask.example.org wss://ask.example.org; img-src https://ask.example.org"
    )
    assert embed_snippet("https://ask.example.org/", "ningbo") == (
        '<script src="https://ask.example.org/widget/loader.js" data-desk="ningbo" async></script>'
    )


@pytest.mark.parametrize(
    ("website", "origin"), [("https://a.cn/x/y?z", "https://a.cn"), ("", ""), ("a.cn", "")]
)
def test_a_librarys_site_gives_the_first_origin(website: str, origin: str) -> None:
    assert origin_of(website) == origin
