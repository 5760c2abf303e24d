"""A library's own colour, made legible: the accent tokens for light and dark, as a style sheet.

Pages allow no inline styles, so the colour is part of an address: ``/accent/1f5f8b.css``.
"""

import re
from dataclasses import dataclass

COLOUR = re.compile(r"#?([0-9a-fA-F]{6})")
READABLE = 4.5  # contrast of small text (WCAG 2.2, 1.4.3)

Rgb = tuple[int, int, int]


def accent_css(colour: str) -> str:
    """The style sheet that sets a colour as accent. Raises ValueError unless it is six hexadecimal digits."""
    match = COLOUR.fullmatch(colour)
    if match is None:
        raise ValueError(colour)
    colour_asked = _from_hex(match[1])
    by_day = _tokens(_accent_on(_DAY, colour_asked), _DAY)
    by_night = _tokens(_accent_on(_NIGHT, colour_asked), _NIGHT)
    return (
        f":root{{{by_day}}}\n"
        f"@media (prefers-color-scheme: dark){{:root:not([data-theme=light]){{{by_night}}}}}\n"
        f":root[data-theme=dark]{{{by_night}}}\n"
    )


@dataclass(frozen=True, slots=True)
class _Ground:
    """What an accent stands on: every surface it is written on, and which way is more contrast."""

    surfaces: tuple[Rgb, ...]
    away: Rgb
    soften: tuple[Rgb, float]  # the accent's own tint is so far towards this colour


_DAY = _Ground(((246, 244, 238), (238, 235, 226)), (0, 0, 0), ((255, 255, 255), 0.88))
_NIGHT = _Ground(((29, 36, 41), (16, 21, 26)), (255, 255, 255), ((29, 36, 41), 0.8))


def _accent_on(ground: _Ground, colour: Rgb) -> Rgb:
    """The colour, moved away from the ground until small text in it can be read on all that it stands on."""
    for percent in range(0, 101, 2):
        mixed = _mix(colour, ground.away, percent / 100)
        if all(
            contrast(mixed, surface) >= READABLE
            for surface in (*ground.surfaces, _mix(mixed, *ground.soften))
        ):
            return mixed
    return ground.away


def contrast(one: Rgb, other: Rgb) -> float:
    """The contrast of two colours, from 1 to 21 (WCAG 2.2)."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def luminance(colour: Rgb) -> float:
    """Relative luminance of an sRGB colour, from 0 to 1 (WCAG 2.2)."""
    linear = [(c / 255 / 12.92) if c <= 10 else ((c / 255 + 0.055) / 1.055) ** 2.4 for c in colour]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _tokens(accent: Rgb, ground: _Ground) -> str:
    white = (255, 255, 255)
    named = {
        "accent": accent,
        "accent-strong": _mix(accent, ground.away, 0.25),
        "accent-soft": _mix(accent, *ground.soften),
        "on-accent": white if contrast(white, accent) >= READABLE else _mix(accent, (0, 0, 0), 0.87),
    }
    return "".join(f"--{name}:{_hex(colour)};" for name, colour in named.items())


def _mix(colour: Rgb, other: Rgb, share: float) -> Rgb:
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(colour, other, strict=True))
    return red, green, blue


def _from_hex(digits: str) -> Rgb:
    return int(digits[0:2], 16), int(digits[2:4], 16), int(digits[4:6], 16)


def _hex(colour: Rgb) -> str:
    return "#{:02x}{:02x}{:02x}".format(*colour)
