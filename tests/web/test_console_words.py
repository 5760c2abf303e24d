"""The librarian's scripts find every text that they name, in both languages."""

import re
from pathlib import Path

import pytest

from server.words.catalogue import LANGUAGES, words
from web.pages.console import script_words

SCRIPTS = Path(__file__).parents[2] / "web" / "static" / "console"
NAMED = re.compile(r"""\bt\(\s*["'`]([\w.]+)["'`]""")
# what is chosen at run time: the part before the gap must lead somewhere
CHOSEN = re.compile(r"\bt\(\s*`([\w.]+[._])\$\{")


def sources() -> list[Path]:
    return sorted(SCRIPTS.glob("*.js"))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("script", sources(), ids=lambda path: path.name)
def test_every_text_that_a_script_names_is_written(script: Path, language: str) -> None:
    texts = script_words(language)
    source = script.read_text(encoding="utf-8")
    lacking = [key for key in NAMED.findall(source) if key not in texts and f"{key}.other" not in texts]
    assert not lacking
    assert not [start for start in CHOSEN.findall(source) if not any(key.startswith(start) for key in texts)]


def test_every_text_of_the_console_is_used() -> None:
    web = SCRIPTS.parents[1]
    scripts = "\n".join(path.read_text(encoding="utf-8") for path in sources())
    pages = [*(web / "templates").glob("console*.html"), web / "pages" / "console.py"]
    others = "\n".join(path.read_text(encoding="utf-8") for path in pages)
    patterns = [
        re.compile(r"[\w.]+".join(map(re.escape, re.split(r"\$\{[^}]*\}", found))))
        for found in re.findall(r"`([\w.]+\.[^`\s]*\$\{[^`]*)`", scripts)
    ]
    unused = []
    for key in words().starting("console.", "zh"):
        short = key.removesuffix(".other").removesuffix(".one")
        named = f'"{short}"' in scripts or f"console.{short}" in others
        if not named and not short.startswith("said.") and not any(p.fullmatch(short) for p in patterns):
            unused.append(short)
    assert not unused
