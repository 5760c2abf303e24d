"""Traditional and simplified Chinese characters meet: both are looked for as simplified ones (OpenCC).

Character by character, so that a word of two is the same whatever stood beside it, in a record as in a question.
"""

from functools import cache

import opencc

_HAN = ((0x3400, 0xA000), (0xF900, 0xFB00), (0x20000, 0x32000))


def simplified(text: str) -> str:
    """The text with simplified characters, for looking things up; never for showing."""
    return text if text.isascii() else text.translate(_table())


@cache
def _table() -> dict[int, str]:
    """Every character that has a simpler one; made once, in some hundredths of a second."""
    characters = [chr(number) for low, high in _HAN for number in range(low, high)]
    simpler = opencc.OpenCC("t2s").convert("\n".join(characters)).split("\n")
    pairs = zip(characters, simpler, strict=True)
    return {ord(one): other for one, other in pairs if one != other and len(other) == 1}
