"""The pool's scripts find every text that they name, in both languages, and no text lies about unused."""

import re
from pathlib import Path

import pytest

from server.words.catalogue import LANGUAGES, words
from web.pages.pool import script_words

WEB = Path(__file__).parents[2] / "web"
SCRIPTS = sorted((WEB / "static" / "pool").glob("*.js"))
NAMED = re.compile(r"""\bt\(\s*["'`]([\w.]+)["'`]""")
# what is chosen at run time: the part before the gap must lead somewhere
CHOSEN = re.compile(r"`(pool\.[\w.]*)\$\{")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_every_text_that_a_script_names_is_written(script: Path, language: str) -> None:
    texts = script_words(language)
    source = script.read_text(encoding="utf-8")
    lacking = [key for key in NAMED.findall(source) if key not in texts and f"{key}.other" not in texts]
    assert not lacking
    assert not [start for start in CHOSEN.findall(source) if not any(key.startswith(start) for key in texts)]


def test_every_text_of_the_pool_is_used() -> None:
    pages = [*(WEB / "templates").glob("*.html"), *(WEB / "pages").glob("*.py"), *SCRIPTS]
    sources = "\n".join(path.read_text(encoding="utf-8") for path in pages)
    patterns = [
        re.compile(r"[\w.]+".join(map(re.escape, re.split(r"\$\{[^}]*\}", found))))
        for found in re.findall(r"`(pool\.[^`\s]*\$\{[^`]*)`", sources)
    ]

    def named(key: str) -> bool:
        return f'"{key}"' in sources or any(pattern.fullmatch(key) for pattern in patterns)

    keys = ["pool." + key for key in words().starting("pool.", "zh")]
    assert not [key for key in keys if not named(key) and not named(re.sub(r"\.(one|other)$", "", key))]
