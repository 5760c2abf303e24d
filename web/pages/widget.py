"""What a library's page fetches to carry the chat: the loader, and at the first click the chat itself.

The chat is written as small modules and served as one, in the order in which they build on each other: one request
instead of fifteen. Joining drops comments, blanks that mean nothing, ``import`` lines and the word ``export``, so a
name may stand for one thing only across all modules; private names become short. There is nothing to build: it happens
once, at the first request.
"""

import json
import re
from collections import Counter
from functools import lru_cache
from pathlib import Path
from string import ascii_letters

from starlette.responses import Response

from server.domain.errors import NotFound
from server.domain.permissions import Verb
from web.accents import accent_css
from web.pages.base import Page, PageRequest
from web.served import FOR_A_YEAR, Served, answer, pack

WIDGET = Path(__file__).parents[1] / "widget"
MODULES = (
    "dom",
    "words",
    "keeping",
    "api",
    "conversation",
    "link",
    "uploads",
    "consultation",
    "login",
    "contact",
    "ask",
    "leave",
    "log",
    "farewell",
    "room",
    "chat",
)
_SUFFIXES = (".js", ".css", ".json")
# Asked for again at every page, answered with 304 while nothing has changed: a library's page never needs an edit.
_ASK_AGAIN = "public, max-age=300, stale-while-revalidate=86400"
_IMPORT = re.compile(r"^import .*?;\n", re.MULTILINE)
_COMMENT = re.compile(r"^\s*//.*\n|[ ]+// [^\n\"'`]*$", re.MULTILINE)
_CSS_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_CSS_BLANK = re.compile(r"\s*([{};:,>])\s+|\s+(?=[{}])")
_CSS_QUOTED = re.compile(r'(?<==)"([a-z]+)"(?=\])')  # the value of an attribute that is one word
_INDENT = re.compile(r"^\s+", re.MULTILINE)
# Blanks around signs, in lines that hold nothing but code, plain strings and templates (never one in the other).
_PLAIN_LINE = re.compile(r"""^(?:"[^"\\\n]*"|`[^`\\\n]*`|[^"'`/\\\n])+$""", re.MULTILINE)
_BLANK = re.compile(
    r"""("[^"]*"|`[^`]*`)|[ ]*([=,;:?(){}|&<>]+)[ ]*|(?<=[\w)\]])[ ]([-+*%]|!==)[ ](?=[\w(\["`])"""
)
_OPEN_LINE = re.compile(r"([(,{\[;}:&>?])\n|,?\n(?=[)\]])|\n(?=[.?:&|])")
_CONST = re.compile(
    r"\bconst (?=[\w{\[])"
)  # one word for both kinds packs better; nothing assigns to a constant
_TRUTH = re.compile(r"""(?<![\w"'.])(?:(true)|false)(?![\w"':])""")
_DIGITS = re.compile(r"(?<=\d)_(?=\d)")
_LAST_COMMA = re.compile(r",(?=[}\])])")
_PRIVATE = re.compile(
    r"#[a-z]\w*", re.IGNORECASE
)  # JavaScript's own privacy: nothing outside its class can say it


async def file(page: PageRequest) -> Response:
    """One of the widget's files, for the pages of every library."""
    return _answer(page, served(page.path["name"]), _ASK_AGAIN)


async def accent(page: PageRequest) -> Response:
    """A desk's colour as the accent tokens of a shadow root."""
    try:
        css = accent_css(page.path["colour"])
    except ValueError:
        raise NotFound() from None
    css = css.replace(":root:not([data-theme=light])", ":host").replace(
        ":root[data-theme=dark]", ":host([dark])"
    )
    return _answer(page, pack(css.replace(":root{", ":host{").encode(), ".css"), FOR_A_YEAR)


@lru_cache(maxsize=32)
def served(name: str) -> Served:
    """A file of the widget by name. Raises NotFound for any other name."""
    path = WIDGET / name
    if name not in {file.name for file in WIDGET.iterdir()} or path.suffix not in _SUFFIXES:
        raise NotFound()
    text = path.read_text(encoding="utf-8")
    if name == "chat.js":
        text = joined()
    elif path.suffix == ".js":
        text = _squeezed(text)
    elif path.suffix == ".css":
        text = _CSS_BLANK.sub(r"\1", _CSS_COMMENT.sub("", text)).strip().replace(";}", "}")
        text = _CSS_QUOTED.sub(r"\1", text)
    elif path.suffix == ".json":
        text = json.dumps(json.loads(text), ensure_ascii=False, separators=(",", ":"))
    return pack(text.encode(), path.suffix)


def joined() -> str:
    """All modules of the chat as one; only ``mount`` is exported."""
    texts = [(WIDGET / f"{module}.js").read_text(encoding="utf-8") for module in MODULES]
    text = re.sub(r"^export ", "", _IMPORT.sub("", "".join(texts)), flags=re.MULTILINE)
    short = {name: f"#{ascii_letters[at % 52]}{at // 52 or ''}" for at, name in enumerate(_by_use(text))}
    return _PRIVATE.sub(lambda name: short[name[0]], _squeezed(text)) + "export { mount };\n"


def _by_use(text: str) -> list[str]:
    return [name for name, _ in Counter(_PRIVATE.findall(text)).most_common()]


def _squeezed(text: str) -> str:
    text = _DIGITS.sub("", _INDENT.sub("", _COMMENT.sub("", text)))
    text = _TRUTH.sub(lambda truth: "!0" if truth[1] else "!1", _CONST.sub("let ", text))
    text = _PLAIN_LINE.sub(lambda line: _BLANK.sub(lambda m: m[1] or m[2] or m[3], line[0]), text)
    return _LAST_COMMA.sub("", _OPEN_LINE.sub(r"\1", text)).replace(";}", "}")  # no body of ours is empty


def _answer(page: PageRequest, file: Served, keep: str) -> Response:
    # Public texts, the same for every page.
    everywhere = {"Access-Control-Allow-Origin": "*", "Cross-Origin-Resource-Policy": "cross-origin"}
    return answer(page.request, file, keep, **everywhere)


PAGES = [
    Page("GET", "/widget/accent/{colour}.css", Verb.ENTER, accent),
    Page("GET", "/widget/{name}", Verb.ENTER, file),
]
