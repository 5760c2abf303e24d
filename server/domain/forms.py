"""Fields as people fill them in, on a page or in a line of a CSV file: everything wrong is said at once."""

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from hashlib import blake2b
from typing import TypeVar

from server.domain.errors import Conflict, Invalid, NotFound

T = TypeVar("T")
_SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?")
_MAIL = re.compile(r"[^@\s,;<>\"()]+@(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?\.)+[A-Za-z]{2,63}")
_ADDRESS = re.compile(r"https?://[^\s/?#@]+(?:[/?#]\S*)?")
_AMOUNT = re.compile(r"¥?\s*([0-9]{1,9})(?:\.([0-9]{1,2}))?\s*元?")
_LONGEST = 200  # part of an address: no id, name or secret of ours is that long
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


class FormRefused(Invalid):
    """One or more fields are wrong; reads like the first of its ``problems``, a page shows them all."""

    def __init__(self, problems: list[Invalid]) -> None:
        first = problems[0]
        super().__init__(first.code, first.field, first.rule_id, **first.data)
        self.problems = problems


class Form:
    """Reads named fields one by one, cleans them, and remembers what is wrong with each."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = values
        self.problems: list[Invalid] = []

    def raw(self, name: str) -> str:
        """What was filled in, without surrounding blanks and control characters."""
        return _CONTROL.sub("", self._values.get(name, "").replace("\r\n", "\n")).strip()

    def has(self, name: str) -> bool:
        return bool(self.raw(name))

    def text(self, name: str, *, limit: int, required: bool = False) -> str:
        """A text of at most ``limit`` characters."""
        text = self.raw(name)
        if required and not text:
            self.refuse(Invalid("field_required", name))
        if len(text) > limit:
            self.refuse(Invalid("field_too_long", name, limit=limit, length=len(text)))
        return text

    def slug(self, name: str, *, limit: int = 60) -> str:
        """A name for addresses: small letters, digits and hyphens."""
        text = self.text(name, limit=limit, required=True).lower()
        if text and not _SLUG.fullmatch(text):
            self.refuse(Invalid("slug_wrong", name, text=text))
        return text

    def mail(self, name: str, *, required: bool = False) -> str:
        """A mail address."""
        text = self.text(name, limit=200, required=required)
        if text and not _MAIL.fullmatch(text):
            self.refuse(Invalid("mail_wrong", name, text=text))
        return text

    def address(self, name: str) -> str:
        """The address of a web page, with http:// or https://; a bare host name is completed."""
        text = self.text(name, limit=300)
        if text and "://" not in text:
            text = f"https://{text}"
        if text and not _ADDRESS.fullmatch(text):
            self.refuse(Invalid("address_wrong", name, text=text))
        return text

    def choice(self, name: str, choices: tuple[str, ...], *, default: str = "") -> str:
        """One of the given values; the default where nothing is filled in."""
        text = self.raw(name) or default
        if text not in choices:
            self.refuse(Invalid("choice_wrong", name, choices=", ".join(choices), text=text))
        return text

    def switch(self, name: str) -> bool:
        """Whether a box is ticked."""
        return self.raw(name).lower() in ("1", "on", "true", "yes")

    def ticked(self, beginning: str) -> list[str]:
        """The boxes that are ticked of those whose names begin so, by the rest of their names."""
        return [
            name.removeprefix(beginning)
            for name in self._values
            if name.startswith(beginning) and self.switch(name)
        ]

    def number(self, name: str, *, low: int, high: int) -> int:
        """A whole number between low and high, both included."""
        text = self.raw(name)
        if text.isascii() and text.isdigit() and len(text) <= 12 and low <= int(text) <= high:
            return int(text)
        self.refuse(Invalid("number_wrong", name, low=low, high=high))
        return low

    def amount(self, name: str, *, high: int) -> int:
        """An amount of money in yuan, at most ``high`` cents; returned in cents."""
        return self.read(lambda: cents_of(self.raw(name), name, high=high), 0)

    def read(self, read: Callable[[], T], default: T) -> T:
        """What a rule makes of a field; its Invalid is remembered and the default used."""
        try:
            return read()
        except Invalid as problem:
            self.refuse(problem)
            return default

    def refuse(self, problem: Invalid) -> None:
        """Remember a problem, the first one of each field only."""
        if all(known.field != problem.field for known in self.problems):
            self.problems.append(problem)

    def demand_edition(self, now: object, wanted: object) -> None:
        """Whether nobody has saved something else since this form was filled in upon its ``edition``.

        Programs may leave that field out. Who saves the same twice is not told of themselves. Raises Conflict
        ``changed_meanwhile``.
        """
        if self.raw("edition") not in ("", edition_of(now)) and now != wanted:
            raise Conflict("changed_meanwhile")

    def demand(self) -> None:
        """Raise FormRefused when anything was wrong."""
        if self.problems:
            raise FormRefused(self.problems)


def edition_of(thing: object) -> str:
    """A short sign of a value as it stands: two that differ anywhere have different ones."""
    return blake2b(repr(thing).encode(), digest_size=8).hexdigest()


def checked_mail(text: str, field: str = "mail") -> str:
    """A mail address as it is stored: trimmed, lower case. Raises Invalid."""
    form = Form({field: text})
    mail = form.mail(field, required=True)
    if form.problems:
        raise form.problems[0]
    return mail.lower()


def cents_of(text: str, field: str, *, high: int) -> int:
    """An amount as people write it (5, 5.5, ¥5.00), in cents and at most ``high``. Raises Invalid ``amount_wrong``."""
    written = _AMOUNT.fullmatch(unicodedata.normalize("NFKC", text.strip()))
    cents = int(written[1]) * 100 + int((written[2] or "").ljust(2, "0")) if written else -1
    if not 0 <= cents <= high:
        raise Invalid("amount_wrong", field, high=yuan(high))
    return cents


def yuan(cents: int) -> str:
    """An amount in yuan with two decimals: 5.00."""
    return f"{cents // 100}.{cents % 100:02d}"


def is_number(text: str) -> bool:
    """Whether the text is a whole number as programs write them: ASCII digits, no more than 2^53 has."""
    return text.isascii() and text.isdigit() and len(text) <= 16


def number_in(raw: str, field: str, default: int, *, low: int = 0, high: int = 2**53) -> int:
    """A whole number out of an address; the default where nothing stands there. Raises Invalid ``query_number``."""
    if not raw:
        return default
    if not is_number(raw) or not low <= int(raw) <= high:
        raise Invalid("query_number", field, low=low, high=high)
    return int(raw)


def demand_readable(path: Mapping[str, str], query: Iterable[tuple[str, str]]) -> None:
    """Raise Invalid for an address with a NUL in it, which PostgreSQL cannot keep, and NotFound for an endless one."""
    for name, value in (*path.items(), *query):
        if "\x00" in value:
            raise Invalid("text_unreadable", name)
    if any(len(value) > _LONGEST for value in path.values()):
        raise NotFound()
