"""A library's own colour, made legible: the accent tokens for light and dark, as a style sheet.

Pages allow no inline styles, so the colour is part of an address: ``/accent/1f5f8b.css``.
"""

import re

COLOUR = re.compile(r"#?([0-9a-fA-F]{6})")
READABLE = 4.5  # contrast of small text (WCAG 2.2, 1.4.3)
_LIGHT, _DARK = (246, 244, 238), (29, 36, 41)  # --paper in the light, --surface in the dark
_WHITE, _BLACK = (255, 255, 255), (0, 0, 0)

Rgb = tuple[int, int, int]


def accent_css(colour: str) -> str:
    """The style sheet that sets a colour as accent. Raises ValueError unless it is six hexadecimal digits."""
    match = COLOUR.fullmatch(colour)
    if match is None:
        raise ValueError(colour)
    rgb = _from_hex(match[1])
    light, dark = legible(rgb, on=_LIGHT), legible(rgb, on=_DARK)
    by_day = _tokens(light, strong=_mix(light, _BLACK, 0.22), soft=_mix(light, _WHITE, 0.88), on=_WHITE)
    by_night = _tokens(
        dark, strong=_mix(dark, _WHITE, 0.35), soft=_mix(dark, _DARK, 0.8), on=_mix(dark, _BLACK, 0.87)
    )
    return (
        f":root{{{by_day}}}\n"
        f"@media (prefers-color-scheme: dark){{:root:not([data-theme=light]){{{by_night}}}}}\n"
        f":root[data-theme=dark]{{{by_night}}}\n"
    )


def legible(colour: Rgb, *, on: Rgb) -> Rgb:
    """The colour, darkened on a light ground or lightened on a dark one until it is fit for small text."""
    towards = _BLACK if luminance(on) > 0.4 else _WHITE
    for share in range(0, 101, 2):
        mixed = _mix(colour, towards, share / 100)
        if contrast(mixed, on) >= READABLE:
            return mixed
    return towards


def contrast(one: Rgb, other: Rgb) -> float:
    """The contrast of two colours, from 1 to 21 (WCAG 2.2)."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def luminance(colour: Rgb) -> float:
    """Relative luminance of an sRGB colour, from 0 to 1 (WCAG 2.2)."""
    linear = [(c / 255 / 12.92) if c <= 10 else ((c / 255 + 0.055) / 1.055) ** 2.4 for c in colour]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _tokens(accent: Rgb, *, strong: Rgb, soft: Rgb, on: Rgb) -> str:
    named = {"accent": accent, "accent-strong": strong, "accent-soft": soft, "on-accent": on}
    return "".join(f"--{name}:{_hex(colour)};" for name, colour in named.items())


def _mix(colour: Rgb, other: Rgb, share: float) -> Rgb:
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(colour, other, strict=True))
    return red, green, blue


def _from_hex(digits: str) -> Rgb:
    return int(digits[0:2], 16), int(digits[2:4], 16), int(digits[4:6], 16)


def _hex(colour: Rgb) -> str:
    return "#{:02x}{:02x}{:02x}".format(*colour)
