"""In which character set a MARC record is written: decided for each record, whatever its leader claims."""

import re
import unicodedata
from collections.abc import Callable

from server.domain.errors import Invalid

Decode = Callable[[bytes], str]
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ufeff]")
_FEW = 0.02  # of a text's characters may be unreadable; with more, it is another character set


def decoder_for(data: bytes, *, claims_utf8: bool, unimarc: bool) -> Decode:
    """How to read a record's texts. Raises Invalid when no character set fits.

    Chinese catalogues leave the flag blank or set it to anything: strict UTF-8 goes first, then GB 18030 where the
    bytes make common Chinese characters, then MARC-8 for MARC 21 (its accents before letters make rare ones).
    """
    if data.isascii() and b"\x1b" not in data:
        return _plain("ascii")
    if _fits(data, "utf-8"):
        return _plain("utf-8")
    if b"\x1b" in data and not unimarc and not claims_utf8:
        return _marc8
    if _is_chinese(data):
        return _plain("gb18030")
    if claims_utf8:
        return _mended(data)
    if not unimarc:
        return _marc8
    if _fits(data, "gb18030"):
        return _plain("gb18030")
    return _mended(data)


def _plain(encoding: str) -> Decode:
    return lambda body: _clean(body.decode(encoding))


def _mended(data: bytes) -> Decode:
    """UTF-8 with a few spoilt bytes."""
    text = data.decode("utf-8", "replace")
    if text.count("\ufffd") > _FEW * len(text):
        raise Invalid("marc_encoding", "record")
    return lambda body: _clean(body.decode("utf-8", "replace"))


def _marc8(body: bytes) -> str:
    # Its tables take a while to load, and most catalogues never need them.
    from pymarc.marc8 import marc8_to_unicode

    return _clean(marc8_to_unicode(body, hide_utf8_warnings=True))


def _fits(data: bytes, encoding: str) -> bool:
    try:
        data.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def _is_chinese(data: bytes) -> bool:
    """Whether the bytes are GB 18030: read so, most of what is not ASCII are the 7 000 common characters and signs."""
    try:
        text = data.decode("gb18030")
    except UnicodeDecodeError:
        return False
    strange = [character for character in text if character > "\x7f"]
    common = sum(1 for character in strange if _in_gb2312(character))
    return common >= 0.8 * len(strange)


def _in_gb2312(character: str) -> bool:
    try:
        character.encode("gb2312")
    except UnicodeEncodeError:
        return False
    return True


def _clean(text: str) -> str:
    """Composed characters, without control characters: those that mark articles not to be sorted by are some."""
    return unicodedata.normalize("NFC", _CONTROL.sub("", text)).strip()
