"""ISBN, ISSN and DOI as people type them: full-width digits, Chinese punctuation, prefixes, wrong check digits."""

import re
import unicodedata
from collections.abc import Callable

from server.domain.errors import Invalid

_DASHES = dict.fromkeys(map(ord, "‐‑‒–—―−－﹣"), "-")
_STOPS = {ord("。"): ".", ord("．"): ".", ord("、"): ",", ord("\u3000"): " "}
_BLANKS = re.compile(r"[\s-]+")
_DOI = re.compile(r"10\.[0-9]{4,9}(?:\.[0-9]+)*/[!#-~]+")  # older ones hold < and >
_ESCAPE = re.compile(r"(?:%[0-9a-fA-F]{2})+")
_PREFIX = re.compile(r"^(?:e-?)?(?:isbn|issn)(?:-?1[03])?\s*[:=]?\s*", re.IGNORECASE)
_PAIRS = {")": "(", "]": "[", "}": "{", ">": "<"}


def plain(text: str) -> str:
    """The text with half-width letters, digits and signs (NFKC), every dash a hyphen, without outer blanks."""
    return unicodedata.normalize("NFKC", text.translate(_STOPS)).translate(_DASHES).strip()


def checked_isbn(text: str, field: str = "isbn") -> str:
    """An ISBN as thirteen digits (ISO 2108); ten-digit ones are converted. Raises Invalid."""
    digits = _BLANKS.sub("", _PREFIX.sub("", plain(text))).upper()
    if re.fullmatch(r"[0-9]{9}[0-9X]", digits):
        if _isbn10_sum(digits) % 11:
            raise Invalid("isbn_check", field, "R-72.2", text=text[:40])
        return _isbn13(digits)
    if not re.fullmatch(r"97[89][0-9]{10}", digits):
        raise Invalid("isbn_form", field, "R-72.2", text=text[:40])
    if _isbn13(digits[3:], digits[:3]) != digits:
        raise Invalid("isbn_check", field, "R-72.2", text=text[:40])
    return digits


def checked_issn(text: str, field: str = "issn") -> str:
    """An ISSN as ``1234-567X`` (ISO 3297). Raises Invalid."""
    digits = _BLANKS.sub("", _PREFIX.sub("", plain(text))).upper()
    if not re.fullmatch(r"[0-9]{7}[0-9X]", digits):
        raise Invalid("issn_form", field, "R-72.2", text=text[:40])
    total = sum(int(digit) * weight for digit, weight in zip(digits[:7], range(8, 1, -1), strict=True))
    if (total + (10 if digits[7] == "X" else int(digits[7]))) % 11:
        raise Invalid("issn_check", field, "R-72.2", text=text[:40])
    return f"{digits[:4]}-{digits[4:]}"


def checked_doi(text: str, field: str = "doi") -> str:
    """A DOI in small letters without its resolver's address (ISO 26324: case means nothing). Raises Invalid."""
    doi = find_doi(text)
    if not doi:
        raise Invalid("doi_form", field, "R-72.2", text=text[:60])
    return doi


def find_doi(text: str) -> str:
    """The first DOI in a text or address, in its normal form; empty when there is none."""
    unescaped = plain(_ESCAPE.sub(_unescaped, text))
    found = _DOI.search(unescaped.replace(" /", "/"))
    return _without_tail(found[0]).lower() if found else ""


def is_isbn(text: str) -> bool:
    return _passes(checked_isbn, text)


def is_issn(text: str) -> bool:
    return _passes(checked_issn, text)


def _passes(check: Callable[[str], str], text: str) -> bool:
    try:
        check(text)
    except Invalid:
        return False
    return True


def _isbn10_sum(digits: str) -> int:
    values = [10 if digit == "X" else int(digit) for digit in digits]
    return sum(value * weight for value, weight in zip(values, range(10, 0, -1), strict=True))


def _isbn13(digits: str, prefix: str = "978") -> str:
    """Thirteen digits made of a prefix and the nine that follow it; what stands after those is the old check digit."""
    body = prefix + digits[:9]
    total = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(body))
    return f"{body}{-total % 10}"


def _unescaped(found: re.Match[str]) -> str:
    return bytes.fromhex(found[0].replace("%", "")).decode("utf-8", "replace")


def _without_tail(doi: str) -> str:
    """A DOI without the sentence's full stop or bracket after it: a bracket belongs to it when it was opened in it."""
    doi = re.split(r"[?&#](?=[a-zA-Z_]+=)|</", doi)[0]
    while doi and (
        doi[-1] in ".,;:'" or (doi[-1] in _PAIRS and doi.count(_PAIRS[doi[-1]]) < doi.count(doi[-1]))
    ):
        doi = doi[:-1]
    return doi
