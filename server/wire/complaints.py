"""Which field of a body or frame a decoder complains of."""

import re

import msgspec

_MISSING = re.compile(r"missing required field `([^`]+)`")
_AT = re.compile(r"at `\$\.?([^`]*)`$")


def field_of(error: msgspec.ValidationError, whole: str) -> str:
    """The field that the error is about, as a path (``entries[0].outcome``); ``whole`` where it is about all of it."""
    found = [pattern.search(str(error)) for pattern in (_AT, _MISSING)]
    return ".".join(match[1] for match in found if match and match[1]) or whole
