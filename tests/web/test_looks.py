"""The look: legible in every colour, the same by day and night, without inline styles."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from web import plots
from web.accents import READABLE, accent_css, contrast

WEB = Path(__file__).parents[2] / "web"
TOKENS = (WEB / "static" / "tokens.css").read_text(encoding="utf-8")
STYLES = sorted((WEB / "static").rglob("*.css")) + sorted((WEB / "widget").rglob("*.css"))
_BLOCK = re.compile(r"\{([^{}]*)\}")
_TOKEN = re.compile(r"(--[\w-]+):\s*([^;]+);")


def _tokens(selector: str) -> dict[str, str]:
    block = _BLOCK.search(TOKENS, TOKENS.index(selector))
    assert block is not None
    return dict(_TOKEN.findall(block[1]))


def _rgb(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


DAY = _tokens(":root {")
NIGHT = DAY | _tokens(':root[data-theme="dark"]')
WRITTEN_ON = [
    ("ink", "paper surface sunken accent-soft good-soft warn-soft bad-soft info-soft note-soft"),
    ("ink-soft", "paper surface sunken accent-soft"),
    ("accent", "paper surface sunken accent-soft"),
    ("accent-strong", "paper surface accent-soft"),
    ("on-accent", "accent accent-strong"),
    ("good", "paper surface good-soft"),
    ("warn", "paper surface warn-soft"),
    ("bad", "paper surface bad-soft"),
    ("info", "paper surface info-soft"),
    ("surface", "bad"),
    ("paper", "ink"),
]


@pytest.mark.parametrize("tokens", [DAY, NIGHT], ids=["day", "night"])
@pytest.mark.parametrize(("ink", "grounds"), WRITTEN_ON)
def test_small_text_can_be_read_on_all_it_stands_on(tokens: dict[str, str], ink: str, grounds: str) -> None:
    for ground in grounds.split():
        found = contrast(_rgb(tokens[f"--{ink}"]), _rgb(tokens[f"--{ground}"]))
        assert found >= READABLE, f"{ink} on {ground}: {found:.2f}"


@pytest.mark.parametrize("tokens", [DAY, NIGHT], ids=["day", "night"])
def test_the_borders_of_inputs_and_the_focus_can_be_seen(tokens: dict[str, str]) -> None:
    for line in ("line-strong", "focus"):
        for ground in ("paper", "surface"):
            assert contrast(_rgb(tokens[f"--{line}"]), _rgb(tokens[f"--{ground}"])) >= 3


def test_night_is_the_same_by_the_systems_wish_and_by_the_readers() -> None:
    assert _tokens(':root:not([data-theme="light"])') == _tokens(':root[data-theme="dark"]')


@given(st.integers(0, 0xFFFFFF))
def test_every_library_colour_becomes_a_legible_accent(colour: int) -> None:
    day, night = (dict(_TOKEN.findall(part)) for part in accent_css(f"{colour:06x}").splitlines()[::2])
    for own, ground in ((day, DAY), (night, NIGHT)):
        accent = _rgb(own["--accent"])
        for surface in ("--surface", "--sunken"):
            assert contrast(accent, _rgb(ground[surface])) >= READABLE
        assert contrast(accent, _rgb(own["--accent-soft"])) >= READABLE
        for filled in ("--accent", "--accent-strong"):
            assert contrast(_rgb(own["--on-accent"]), _rgb(own[filled])) >= READABLE


@pytest.mark.parametrize("colour", ["", "12345", "zzzzzz", "1f5f8b}body{display:none", "1f5f8b\n"])
def test_what_is_no_colour_becomes_no_style(colour: str) -> None:
    with pytest.raises(ValueError):
        accent_css(colour)


def test_every_token_that_a_style_uses_is_defined() -> None:
    defined = {name for path in STYLES for name in re.findall(r"(--[\w-]+):", path.read_text("utf-8"))}
    for path in STYLES:
        used = set(re.findall(r"var\((--[\w-]+)\)", path.read_text("utf-8")))
        assert not used - defined, path


@pytest.mark.parametrize("path", sorted((WEB / "templates").rglob("*.html")), ids=lambda path: path.name)
def test_no_page_has_inline_styles_or_scripts_or_foreign_addresses(path: Path) -> None:
    page = re.sub(r"\{#.*?#\}", "", path.read_text("utf-8"), flags=re.DOTALL)
    assert not re.search(r"<[^>]*\sstyle=", page), "an inline style is stopped by our own policy"
    assert not re.search(r"<[^>]*\son[a-z]+=", page), "an inline handler is stopped by our own policy"
    assert "<style" not in page
    for script in re.findall(r"<script[^>]*>", page):
        assert "src=" in script or 'type="application/json"' in script, script
    assert not re.search(r'(?:src|href)="(?:https?:)?//', page), "a page loads nothing from elsewhere"


def test_bars_stand_within_the_picture_and_reach_the_value() -> None:
    drawn = plots.bars(["8", "9", "10"], [("asked", [0, 7, 13]), ("answered", [0, 7, 12])])
    assert [bar.text for bar in drawn.bars] == ["9: 7", "10: 13", "9: 7", "10: 12"]
    assert all(bar.y >= 0 and bar.y + bar.height <= plots.HEIGHT for bar in drawn.bars)
    assert [tick.value for tick in drawn.ticks] == [0, 5, 10, 15]
    assert [tick.value for tick in plots.bars(["8"], [("hours", [2.4])]).ticks] == [0, 1, 2, 3]


@given(st.lists(st.integers(0, 10**7), max_size=60))
def test_any_figures_can_be_drawn(values: list[int]) -> None:
    labels = [str(at) for at in range(len(values))]
    drawn = plots.bars(labels, [("n", values)])
    assert len(drawn.bars) == sum(value > 0 for value in values)
    assert len(drawn.ticks) <= 6 and len(drawn.labels) <= 8
    assert plots.line(values).count(",") == len(values)
