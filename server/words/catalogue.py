"""What people read, in Chinese and English: texts by key, and refusals that say what to do next."""

import json
import tomllib
import warnings
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from babel import Locale

from server.domain.errors import Refusal

# What refusals tell by a code, and where its words stand.
_NAMED = {
    "stage": "loans.stage",
    "action": "loans.action",
    "why": "refusal.why",
    "other": "policy.name",
    "stands": "refusal.policy_stands",
    "because": "refusal.policy_why",
}
LANGUAGES = ("zh", "en")
LOCALES = {"zh": Locale.parse("zh_CN"), "en": Locale.parse("en_GB")}
_PLURAL_FORMS = {language: locale.plural_form for language, locale in LOCALES.items()}
PLURALS = ("one", "other")


class MissingText(UserWarning):
    """A text that nobody wrote: a warning to the operator, a failure in the tests, never an error page."""


class Words:
    """All texts of both languages, read once.

    They stand in ``zh/<area>.toml`` and ``en/<area>.toml``; nested tables become dotted keys, and the name of
    the file is no part of them. ``{name}`` is filled from the values. A table of ``one`` and ``other`` is one
    text, chosen by the value ``n``.
    """

    def __init__(self, texts: Mapping[str, Mapping[str, str]]) -> None:
        self.texts = texts

    @classmethod
    def load(cls) -> "Words":
        """The texts that come with the product."""
        return cls({language: _folder(language) for language in LANGUAGES})

    def text(self, key: str, language: str, values: Mapping[str, Any]) -> str:
        """The text of a key, filled; the key itself where nobody wrote one."""
        language = known_language(language)
        pattern = self._pattern(key, language, values)
        if pattern is None:
            warnings.warn(f"no text {key!r} in {language}", MissingText, stacklevel=3)
            return key
        return _filled(pattern, values) if "{" in pattern else pattern

    def starting(self, prefix: str, language: str) -> dict[str, str]:
        """The unfilled texts below a prefix, without it: what a page hands to its script."""
        texts = self.texts[known_language(language)]
        return {key.removeprefix(prefix): text for key, text in texts.items() if key.startswith(prefix)}

    def _pattern(self, key: str, language: str, values: Mapping[str, Any]) -> str | None:
        texts = self.texts[language]
        if key in texts:
            return texts[key]
        form = _PLURAL_FORMS[language](values.get("n", 2))
        return texts.get(f"{key}.{form}", texts.get(f"{key}.other"))


@cache
def words() -> Words:
    """The product's texts; they are constants, read at the first use."""
    return Words.load()


def text(key: str, language: str, /, **values: Any) -> str:
    """The text of a key in a language, filled with the values."""
    return words().text(key, language, values)


def texts_for_script(prefix: str, language: str) -> str:
    """The texts below a prefix (``"chat."``) as JSON that may stand in a page's data block."""
    return script_json(words().starting(prefix, language))


def script_json(value: Any) -> str:
    """JSON for ``<script type="application/json">``: nothing in it can end the element."""
    return json.dumps(value, ensure_ascii=False).replace("<", "\\u003c").replace("\u2028", "\\u2028")


def say(refusal: Refusal, language: str) -> str:
    """A refusal in words: what is the matter, what to do next, and the rule behind it where there is one."""
    key = f"refusal.{refusal.code}"
    if key in words().texts["zh"]:
        values = {"field": refusal.field, **refusal.data, **_own_names(refusal.data, language)}
        said = text(key, language, **{name: _named(name, values, language) for name in values})
    else:
        warnings.warn(f"no text {key!r}", MissingText, stacklevel=2)
        said = text("refusal.unknown", language, code=refusal.code)
    if not refusal.rule_id or refusal.rule_id in said:  # some name it where it matters
        return said
    return said + text("common.rule", language, rule=refusal.rule_id)


def _own_names(data: Mapping[str, Any], language: str) -> dict[str, Any]:
    """What has a name in each language (``library_zh``, ``library_en``), by its name in this one."""
    ending = f"_{known_language(language)}"
    return {name.removesuffix(ending): value for name, value in data.items() if name.endswith(ending)}


def _named(name: str, values: Mapping[str, Any], language: str) -> Any:
    """A state, an action or a reason in words, where a refusal tells it by its code."""
    key = f"{_NAMED.get(name)}.{values[name]}"
    return text(key, language, **values) if key in words().texts["zh"] else values[name]


def known_language(language: str) -> str:
    """The language we have that is nearest: English for any English, else Chinese."""
    return "en" if language[:2].lower() == "en" else "zh"


def language_from(accept_language: str, default: str = "zh") -> str:
    """The language that a browser's ``Accept-Language`` prefers among ours (RFC 9110, section 12.5.4)."""
    preferred: tuple[float, str] = (0.0, default)
    for choice in accept_language[:500].split(","):
        tag, _, quality = choice.strip().partition(";q=")
        try:
            weight = float(quality or 1)
        except ValueError:
            continue
        if tag[:2].lower() in LANGUAGES and weight > preferred[0]:
            preferred = (weight, tag[:2].lower())
    return preferred[1]


def _folder(language: str) -> dict[str, str]:
    texts: dict[str, str] = {}
    for file in sorted(files("server.words").joinpath(language).iterdir(), key=lambda file: file.name):
        if file.name.endswith(".toml"):
            texts.update(_flat(tomllib.loads(file.read_text(encoding="utf-8"))))
    return texts


def _flat(table: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    for name, value in table.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield prefix + name, str(value)


class _Gaps(dict[str, Any]):
    """Leaves a placeholder standing where its value is missing."""

    def __missing__(self, name: str) -> str:
        warnings.warn(f"no value for {{{name}}}", MissingText, stacklevel=2)
        return f"{{{name}}}"


def _filled(pattern: str, values: Mapping[str, Any]) -> str:
    try:
        return pattern.format_map(_Gaps(values))
    except (ValueError, IndexError, AttributeError, TypeError) as error:
        warnings.warn(f"cannot fill {pattern!r}: {error}", MissingText, stacklevel=2)
        return pattern
