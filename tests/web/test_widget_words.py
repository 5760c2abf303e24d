"""The chat's words: both languages say the same things, and everything that is said has words."""

import json
import re

import pytest

from web.pages.widget import WIDGET

TEXTS = {
    language: json.loads((WIDGET / f"words.{language}.json").read_text("utf-8")) for language in ("zh", "en")
}
SOURCES = "\n".join(path.read_text("utf-8") for path in WIDGET.glob("*.js"))


def test_both_languages_have_the_same_keys_in_the_same_order() -> None:
    assert list(TEXTS["zh"]) == list(TEXTS["en"])


@pytest.mark.parametrize("key", TEXTS["zh"])
def test_both_languages_name_the_same_values(key: str) -> None:
    named = [set(re.findall(r"\{(\w+)\}", TEXTS[language][key])) for language in ("zh", "en")]
    assert named[0] == named[1]


def test_everything_that_is_said_has_words() -> None:
    areas = {key.partition(".")[0] for key in TEXTS["zh"]}
    said = {f"{area}.{key}" for area, key in re.findall(r'"([a-z]+)\.([a-z_]+)"', SOURCES) if area in areas}
    assert said <= set(TEXTS["zh"])


def test_every_word_is_said() -> None:
    begun = tuple(re.findall(r"`([a-z]+\.[a-z_]*)\$", SOURCES))
    unsaid = [key for key in TEXTS["zh"] if f'"{key}"' not in SOURCES and not key.startswith(begun)]
    assert not unsaid
