"""Numbers of loan orders and the like: short enough to be read out, wrong ones found at once."""

from datetime import date

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's base 32: no I, L, O, U
_MEANT = str.maketrans({"I": "1", "L": "1", "O": "0", "-": "", " ": ""})
CHANCE = 4  # characters of chance behind the day: a million orders a day differ


def order_number(day: date, chance: str) -> str:
    """The day, four characters of chance, a check character: 261121K7Q4M. ``chance`` is of the alphabet, any case."""
    body = f"{day:%y%m%d}{chance[-CHANCE:].upper()}"
    return body + _check(body)


def read_number(text: str) -> str:
    """The number that somebody typed or scanned, as it is kept; empty where it cannot be one."""
    number = text.strip().upper().translate(_MEANT)
    if len(number) != 7 + CHANCE or any(char not in ALPHABET for char in number):
        return ""
    return number if _check(number[:-1]) == number[-1] else ""


def spoken(number: str) -> str:
    """The number in groups, as people read it out: 261121 K7Q4M."""
    return f"{number[:6]} {number[6:]}"


def _check(body: str) -> str:
    """Luhn's sum in base 32: finds every single wrong character, and nearly every two that changed places."""
    total = 0
    for place, char in enumerate(reversed(body)):
        value = ALPHABET.index(char) * (2 if place % 2 == 0 else 1)
        total += value // 32 + value % 32
    return ALPHABET[-total % 32]
