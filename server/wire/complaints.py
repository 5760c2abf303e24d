"""What is wrong with a body or frame that cannot be read: its field, a reason of our own, and the limit.

msgspec tells developers in English. People are told in their language (``refusal.why.<reason>``); its own sentence goes
along as ``detail``.
"""

import re
from ast import literal_eval
from typing import Any

import msgspec

from server.domain.errors import Invalid

UNREADABLE = (msgspec.DecodeError, UnicodeError, RecursionError)

_PLACE = re.compile(r" ?- at (?:`key` in )?`\$\.?(?P<path>[^`]*)`\Z")
_NUMBER = r"(?P<limit>[-+.\de]+)"
# The sentences of msgspec 0.22, with the reason that people are told. A group becomes a value of the reason's text.
_REASONS = [
    (re.compile(pattern + r"\Z", re.DOTALL), reason)
    for pattern, reason in (
        (r"Object missing required field `(?P<name>.*)`", "missing"),
        (r"Object contains unknown field `(?P<name>.*)`", "unknown"),
        (r"Expected `(?P<kind>int|float|str|bool|array|object|null)(?: \| null)?`(?:, got .*)?", ""),
        (r"Expected `(?:int \| float|float \| int)(?: \| null)?`, got .*", "number"),
        (r"Expected `.*`, got .*", "another_kind"),
        (r"Expected `str` of length >= 1", "empty"),
        (rf"Expected `str` of length >= {_NUMBER}", "text_short"),
        (rf"Expected `str` of length <= {_NUMBER}", "text_long"),
        (rf"Expected `\w+` of (?:at least length|length >=) {_NUMBER}(?:, got .*)?", "list_short"),
        (rf"Expected `\w+` of (?:at most length|length <=) {_NUMBER}(?:, got .*)?", "list_long"),
        (r"Expected `\w+` of length (?P<low>\d+) to (?P<high>\d+)(?:, got .*)?", "list_between"),
        (rf"Expected `\w+` of length {_NUMBER}(?:, got .*)?", "list_exactly"),
        (r"Expected `str` matching regex (?P<limit>'.*'|\".*\")", "pattern"),
        (rf"Expected `\w+` >= {_NUMBER}", "at_least"),
        (rf"Expected `\w+` <= {_NUMBER}", "at_most"),
        (rf"Expected `\w+` > {_NUMBER}", "more_than"),
        (rf"Expected `\w+` < {_NUMBER}", "less_than"),
        (rf"Expected `\w+` that's a multiple of {_NUMBER}", "multiple"),
        (r"(?:Integer value|Number) out of range", "out_of_range"),
        (r"Invalid (?:enum )?value .*", "choice"),
        (r"Invalid (?:RFC3339|ISO8601|epoch) .*|Only units .*", "moment"),
        (r"(?:Timestamp|Duration) is out of range|Expected `\w+` with (?:a|no) timezone component", "moment"),
        (r"Input data was truncated", "cut_off"),
        (r"JSON is malformed: .* \(byte (?P<byte>\d+)\)", "not_json"),
    )
]
_KINDS = {
    "int": "whole_number",
    "float": "number",
    "str": "text",
    "bool": "true_or_false",
    "array": "list",
    "object": "object",
    "null": "nothing",
}


def complaint_of(error: Exception, whole: str) -> Invalid:
    """What is wrong with a ``body`` or ``frame``: ``…_invalid`` where it is JSON, ``…_malformed`` where it is none.

    Its field is a path (``entries[0].outcome``), or ``whole`` where it is about all of it. A sentence of msgspec's that
    is not in the table is told as ``other``.
    """
    said = str(error)
    code = f"{whole}_invalid" if isinstance(error, msgspec.ValidationError) else f"{whole}_malformed"
    if not isinstance(error, msgspec.DecodeError):
        why = "not_utf8" if isinstance(error, UnicodeError) else "too_deep"
        return Invalid(code, whole, why=why, detail=said)
    place = _PLACE.search(said)
    why, values = _reason(said[: place.start()] if place else said)
    path = [place["path"] if place else "", values.pop("name", "")]
    return Invalid(code, ".".join(filter(None, path)) or whole, why=why, **values, detail=said)


def _reason(said: str) -> tuple[str, dict[str, Any]]:
    """The reason for a sentence without its place, and what fills the reason's text."""
    for pattern, reason in _REASONS:
        if found := pattern.match(said):
            values: dict[str, Any] = found.groupdict()
            why = reason or _KINDS[values.pop("kind")]
            return why, {
                key: value if key == "name" else literal_eval(value) for key, value in values.items()
            }
    return "other", {}
