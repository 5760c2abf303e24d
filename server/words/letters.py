"""Mails as people read them: subject, plain text and HTML, from one template in each language.

``mails/<name>.<language>.txt`` holds the subject in its first line and the text after a blank one. The HTML
is made from the text: an address alone in its paragraph becomes a button, lines that begin with ``> `` a
quotation.
"""

import re
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from typing import Any

from jinja2 import Environment, PackageLoader, Undefined

from server.words.catalogue import MissingText, known_language, text

_FOLDER = "mails"
_LONG = frozenset(
    {"question", "transcript", "note", "reason", "comment", "body"}
)  # what people wrote at length: always quoted
_SUBJECT = 200
_GAPS = re.compile(r"\n{3,}")
_HEADLINE = 40  # characters of a question in the subject
_PERSON = 60
_LINKISH = re.compile(r"[/:@<>]|\.(?=\S)")


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail's words."""

    subject: str
    text: str
    html: str


@dataclass(frozen=True, slots=True)
class Block:
    """A part of the text: a paragraph, a quote, or a link that stands alone."""

    kind: str
    lines: tuple[str, ...]


class _Blank(Undefined):
    """A value that nobody gave: reads as nothing, and warns."""

    def __str__(self) -> str:
        warnings.warn(f"no value for {self._undefined_name!r} in a mail", MissingText, stacklevel=2)
        return ""


def letter(template: str, language: str, data: Mapping[str, Any]) -> Letter:
    """The mail's words in a language. Raises jinja2.TemplateNotFound for a template that nobody wrote."""
    language = known_language(language)
    values = {name: value if name in _LONG else _line(value) for name, value in data.items()}
    source = _texts(language).get_template(f"{template}.{language}.txt").render(values)
    head, _, body = source.partition("\n")
    subject = _line(head)[:_SUBJECT]
    footer = text("mails.footer", language)
    lines = "\n".join(line.rstrip() for line in body.strip().splitlines())
    body = _GAPS.sub("\n\n", lines)  # what a template leaves where a part has nothing to say
    html = (
        _pages()
        .get_template("frame.html")
        .render(
            language=language,
            subject=subject,
            blocks=_blocks(body),
            open=text("mails.open", language),
            footer=footer,
        )
    )
    return Letter(subject, f"{body}\n\n-- \n{footer}\n", html)


def _blocks(body: str) -> list[Block]:
    """The text's paragraphs; a quotation keeps its blank lines."""
    blocks: list[Block] = []
    for quoted, lines in groupby(body.split("\n"), key=lambda line: line.startswith(">")):
        if quoted:
            blocks.append(Block("quote", tuple(line[1:].removeprefix(" ") for line in lines)))
            continue
        for blank, paragraph in groupby(lines, key=lambda line: not line):
            if not blank:
                said = tuple(paragraph)
                alone = len(said) == 1 and said[0].startswith(("https://", "http://"))
                blocks.append(Block("link" if alone else "text", said))
    return blocks


@cache
def _texts(language: str) -> Environment:
    env = Environment(
        loader=PackageLoader("server.words", _FOLDER),
        autoescape=False,  # plain text; the page made of it escapes
        undefined=_Blank,
        keep_trailing_newline=True,
    )
    env.filters["quoted"] = _quoted
    env.filters["headline"] = _headline
    env.filters["person"] = _person
    env.filters["roles"] = lambda roles: text("common.and", language).join(
        text(f"role.{role}", language) for role in roles
    )
    env.filters["grade"] = lambda grade: text(f"grade.{grade}", language)
    env.filters["topic"] = lambda topic: text(f"topic.{topic}", language)
    return env


@cache
def _pages() -> Environment:
    return Environment(loader=PackageLoader("server.words", _FOLDER), autoescape=True)


def _quoted(said: object) -> str:
    """What a person wrote, marked so that it cannot pass for our own words or our link."""
    return "\n".join(f"> {line}".rstrip() for line in str(said).strip().splitlines())


def _line(value: Any) -> Any:
    """A value on one line, so that it can bring in neither a header nor a paragraph of its own."""
    return " ".join(value.split()) if isinstance(value, str) else value


def _person(name: object) -> str:
    """A name that leads nowhere: who registers a stranger's address cannot mail them a link as a name."""
    return _line(_LINKISH.sub(" ", str(name)))[:_PERSON]  # type: ignore[no-any-return]


def _headline(said: object) -> str:
    line = " ".join(str(said).split())
    return line if len(line) <= _HEADLINE else line[: _HEADLINE - 1] + "…"
