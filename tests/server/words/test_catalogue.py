"""The catalogue: both languages complete, every text that the code asks for, refusals in full."""

import re
import tomllib
import warnings
from pathlib import Path
from string import Formatter

import pytest

from server.domain.errors import Conflict, NotAllowed
from server.words.catalogue import MissingText, _flat, language_from, say, script_json, text, words

ROOT = Path(__file__).parents[3]
WORDS = ROOT / "server" / "words"
SOURCES = [path for room in ("server", "web", "workers") for path in sorted((ROOT / room).rglob("*.py"))]
TEMPLATES = sorted((ROOT / "web" / "templates").rglob("*.html"))
_KINDS = "NotAllowed|NotFound|Invalid|Conflict|TooMany|Unavailable|Refusal"
_REFUSED = re.compile(rf'\b(?:{_KINDS})\(\s*"([a-z_0-9]+)"')
_DEFAULT = re.compile(r'code: str = "([a-z_]+)"')
_ASKED = re.compile(r'\b(?:t|text|\w+\.text)\(\s*"([a-z_0-9]+(?:\.[a-z_0-9]+)+)"')


def _plain(keys: set[str]) -> set[str]:
    """Keys without the plural's form."""
    return {re.sub(r"\.(one|other)$", "", key) for key in keys}


def _placeholders(pattern: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(pattern) if name is not None}


def test_both_languages_have_the_same_keys() -> None:
    zh, en = (_plain(set(words().texts[language])) for language in ("zh", "en"))
    assert zh - en == set(), "not in English"
    assert en - zh == set(), "not in Chinese"


@pytest.mark.parametrize("language", ["zh", "en"])
def test_no_key_stands_in_two_files(language: str) -> None:
    tables = [tomllib.loads(path.read_text("utf-8")) for path in sorted((WORDS / language).glob("*.toml"))]
    assert sum(len(dict(_flat(table))) for table in tables) == len(words().texts[language])


def test_a_text_takes_the_same_values_in_both_languages() -> None:
    used: dict[str, set[str]] = {}
    for key, form in words().texts["en"].items():
        used.setdefault(_plain({key}).pop(), set()).update(_placeholders(form))
    for key, pattern in words().texts["zh"].items():
        assert used[_plain({key}).pop()] == _placeholders(pattern), key


def test_no_text_is_empty_or_left_in_the_other_language() -> None:
    # These name a thing in its own language: a language, or the other language to change to.
    own = {"language.zh", "language.en", "language.switch"}
    for language, texts in words().texts.items():
        for key, pattern in texts.items():
            assert pattern.strip(), f"{language}: {key}"
            if language == "en" and key not in own:
                assert not re.search(r"[\u3400-\u9fff]", pattern), f"en: {key}: {pattern}"


def test_every_refusal_that_the_code_knows_is_said_in_both_languages() -> None:
    codes = {code for path in SOURCES for code in _REFUSED.findall(path.read_text(encoding="utf-8"))}
    codes |= set(_DEFAULT.findall((ROOT / "server/domain/errors.py").read_text(encoding="utf-8")))
    for language in ("zh", "en"):
        missing = {code for code in codes if f"refusal.{code}" not in words().texts[language]}
        assert not missing, f"{language}: write refusal.<code> for {sorted(missing)}"


@pytest.mark.parametrize("path", [*SOURCES, *TEMPLATES], ids=lambda path: str(path.relative_to(ROOT)))
def test_every_text_that_a_file_asks_for_is_written(path: Path) -> None:
    known = _plain(set(words().texts["zh"]))
    asked = set(_ASKED.findall(path.read_text(encoding="utf-8")))
    assert not asked - known, f"write {sorted(asked - known)} in server/words/zh and en"


def test_a_refusal_ends_with_its_rule_and_is_filled() -> None:
    refusal = Conflict("documents_limit", "R-LIVE.4", limit=3)
    assert "3 篇" in say(refusal, "zh") and say(refusal, "zh").endswith("（依据 R-LIVE.4）")
    assert say(refusal, "en").endswith("(R-LIVE.4)")
    named = say(Conflict("answer_replaced", "R-QC.4"), "zh")  # where the text names it, it is not said twice
    assert named.count("R-QC.4") == 1


def test_an_unknown_refusal_or_text_warns_and_still_reads_like_one() -> None:
    with pytest.warns(MissingText):
        assert "no_such_code" in say(NotAllowed("no_such_code"), "zh")
    with pytest.warns(MissingText):
        assert text("no.such.key", "en") == "no.such.key"
    with pytest.warns(MissingText):
        assert text("time.remaining", "zh") == "还剩 {length}"


def test_a_value_is_never_read_as_a_pattern() -> None:
    assert text("time.remaining", "zh", length="{0.__class__}") == "还剩 {0.__class__}"


def test_english_counts_one_and_many() -> None:
    said = [text("stores.items", "en", n=n) for n in (0, 1, 2)]
    assert said == ["0 volumes", "1 volume", "2 volumes"]
    assert text("stores.items", "zh", n=1) == "1 册"


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", "zh"),
        ("en-GB,en;q=0.9,zh-CN;q=0.8", "en"),
        ("zh-CN,en;q=0.9", "zh"),
        ("fr, en;q=0.5, zh;q=0.6", "zh"),
        ("en;q=nonsense", "zh"),
        ("fr", "zh"),
    ],
)
def test_the_browser_says_which_language(header: str, language: str) -> None:
    assert language_from(header) == language


def test_data_for_a_script_cannot_end_its_element() -> None:
    assert "</script>" not in script_json({"text": "</script><script>"})


def test_all_texts_can_be_filled() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for language, texts in words().texts.items():
            for key, pattern in texts.items():
                text(key, language, **dict.fromkeys(_placeholders(pattern), "1"))
