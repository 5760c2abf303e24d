"""Member libraries and their consultation desks: what they are, which settings they may have (R-ORG.1)."""

import re
from dataclasses import dataclass
from datetime import datetime

from server.domain.errors import Invalid
from server.domain.forms import Form

LIBRARY_KINDS = ("public", "academic", "research")
POSITIONS = ("right", "left")
LANGUAGES = ("zh", "en")
DEFAULT_COLOUR = "#1f5f8b"
MAX_ORIGINS = 50
LEAST_CONTRAST = 4.5  # WCAG 2.1, 1.4.3 (AA): white text of normal size on the accent colour


@dataclass(frozen=True, slots=True)
class Library:
    """A member library and its home-library card: what a colleague 2 000 km away must know when answering."""

    id: str
    slug: str
    kind: str
    name_zh: str
    name_en: str
    city: str
    address: str
    phone: str
    website: str
    card_zh: str
    card_en: str
    card_checked_at: datetime | None
    created_at: datetime

    def name(self, language: str) -> str:
        return _either(self.name_zh, self.name_en, language)

    def card(self, language: str) -> str:
        return _either(self.card_zh, self.card_en, language)


@dataclass(frozen=True, slots=True)
class Desk:
    """A library's own consultation counter, embedded in its site; private until ``open`` (R-ORG.3)."""

    id: str
    library_id: str
    slug: str
    name_zh: str
    name_en: str
    greeting_zh: str
    greeting_en: str
    mail: str
    colour: str
    position: str
    language: str
    origins: tuple[str, ...]
    open: bool
    created_at: datetime

    def name(self, language: str) -> str:
        return _either(self.name_zh, self.name_en, language)

    def greeting(self, language: str) -> str:
        return _either(self.greeting_zh, self.greeting_en, language)


@dataclass(frozen=True, slots=True)
class DeskGroup:
    """A named set of desks that help each other before the whole alliance does."""

    id: str
    name_zh: str
    name_en: str
    desk_ids: tuple[str, ...]

    def name(self, language: str) -> str:
        return _either(self.name_zh, self.name_en, language)


@dataclass(frozen=True, slots=True)
class LibrarySettings:
    """What a manager may set about a library."""

    slug: str
    kind: str
    name_zh: str
    name_en: str
    city: str
    address: str
    phone: str
    website: str
    card_zh: str
    card_en: str


@dataclass(frozen=True, slots=True)
class DeskSettings:
    """What a manager may set about a desk."""

    slug: str
    name_zh: str
    name_en: str
    greeting_zh: str
    greeting_en: str
    mail: str
    colour: str
    position: str
    language: str
    origins: tuple[str, ...]
    open: bool


def library_settings(form: Form) -> LibrarySettings:
    """The library's settings as filled in; what is wrong is remembered in the form."""
    return LibrarySettings(
        slug=form.slug("slug"),
        kind=form.choice("kind", LIBRARY_KINDS, default="public"),
        name_zh=form.text("name_zh", limit=120, required=True),
        name_en=form.text("name_en", limit=160, required=True),
        city=form.text("city", limit=60),
        address=form.text("address", limit=300),
        phone=form.text("phone", limit=60),
        website=form.address("website"),
        card_zh=form.text("card_zh", limit=4000),
        card_en=form.text("card_en", limit=4000),
    )


def desk_settings(form: Form) -> DeskSettings:
    """The desk's settings as filled in; what is wrong is remembered in the form."""
    return DeskSettings(
        slug=form.slug("slug"),
        name_zh=form.text("name_zh", limit=120, required=True),
        name_en=form.text("name_en", limit=160, required=True),
        greeting_zh=form.text("greeting_zh", limit=500),
        greeting_en=form.text("greeting_en", limit=500),
        mail=form.mail("mail", required=True),
        colour=form.read(lambda: checked_colour(form.raw("colour")), DEFAULT_COLOUR),
        position=form.choice("position", POSITIONS, default="right"),
        language=form.choice("language", LANGUAGES, default="zh"),
        origins=form.read(lambda: checked_origins(form.raw("origins")), ()),
        open=form.switch("open"),
    )


_COLOUR = re.compile(r"#[0-9a-f]{6}")
_ORIGIN = re.compile(r"(https?)://([^\s/?#@:\[\]]+|\[[0-9a-f:.]+\])(?::([0-9]{1,5}))?/?")
_HOST_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9_-]{0,61}[a-z0-9])?")
_DEFAULT_PORTS = {"http": "80", "https": "443"}


def checked_colour(text: str) -> str:
    """The accent colour as #rrggbb, darkened as far as white text on it needs. Raises Invalid."""
    colour = text.lower() or DEFAULT_COLOUR
    if len(colour) == 4 and colour[0] == "#":
        colour = "#" + "".join(digit * 2 for digit in colour[1:])
    if not _COLOUR.fullmatch(colour):
        raise Invalid("colour_wrong", "colour", text=text)
    return readable_colour(colour)


def readable_colour(colour: str) -> str:
    """The same hue, dark enough for white text."""
    red, green, blue = (int(colour[start : start + 2], 16) for start in (1, 3, 5))
    for percent in range(100, 0, -2):
        shade = f"#{red * percent // 100:02x}{green * percent // 100:02x}{blue * percent // 100:02x}"
        if contrast_with_white(shade) >= LEAST_CONTRAST:
            return shade
    return "#000000"


def contrast_with_white(colour: str) -> float:
    """WCAG's contrast ratio between white and the colour, 1 to 21."""
    channels = (int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5))
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 1.05 / (0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2] + 0.05)


def checked_origins(text: str) -> tuple[str, ...]:
    """Web origins (RFC 6454), typed with blanks, commas or line ends between, in the form that browsers send.

    Raises Invalid naming the one that is none.
    """
    origins: list[str] = []
    for part in re.split(r"[\s,;，；]+", text):
        if part and (origin := checked_origin(part)) not in origins:
            origins.append(origin)
    if len(origins) > MAX_ORIGINS:
        raise Invalid("origins_too_many", "origins", limit=MAX_ORIGINS)
    return tuple(origins)


def checked_origin(text: str) -> str:
    """One origin: scheme, host and port that is not the scheme's own, without a path. Raises Invalid."""
    match = _ORIGIN.fullmatch(text.lower())
    if match is None:
        raise Invalid("origin_wrong", "origins", text=text)
    scheme, host, port = match.groups()
    if not host.startswith("["):
        host = _ascii_host(host, text)
    if port and not 1 <= int(port) <= 65535:
        raise Invalid("origin_wrong", "origins", text=text)
    return f"{scheme}://{host}" + (f":{int(port)}" if port and port != _DEFAULT_PORTS[scheme] else "")


def origin_of(website: str) -> str:
    """The origin of a web address: the first page of a library's site that will carry its widget."""
    scheme, slashes, rest = website.partition("://")
    return f"{scheme}://{rest.partition('/')[0]}" if slashes else ""


def _ascii_host(host: str, text: str) -> str:
    try:
        host = host.encode("idna").decode("ascii")  # browsers send 图书馆.cn as xn--…
    except UnicodeError:
        raise Invalid("origin_wrong", "origins", text=text) from None
    if not all(_HOST_LABEL.fullmatch(label) for label in host.split(".")):
        raise Invalid("origin_wrong", "origins", text=text)
    return host


def embed_snippet(public_url: str, slug: str) -> str:
    """The script tag that puts the desk's widget on a page."""
    return f'<script src="{public_url.rstrip("/")}/widget/loader.js" data-desk="{slug}" async></script>'


def embed_policy(origin: str) -> str:
    """What a host page with a strict Content-Security-Policy must allow, and nothing more."""
    socket = (
        "wss" + origin.removeprefix("https")
        if origin.startswith("https")
        else "ws" + origin.removeprefix("http")
    )
    return f"script-src {origin}; connect-src {origin} {socket}; img-src {origin}"


def _either(zh: str, en: str, language: str) -> str:
    return (en or zh) if language == "en" else (zh or en)
