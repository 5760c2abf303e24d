"""What a drawn cover looks like behind its words: colours by subject, and a quiet picture chosen by the title."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import pi, sin

WIDTH, HEIGHT = 240, 320
PAPER, INK = "#f8f4ea", "#232a2e"
_HORIZON = 214  # pictures keep below it, titles above

# A ground for each class of the Chinese Library Classification: dark enough for cream letters, not for night alone.
_GROUNDS: Mapping[str, tuple[str, ...]] = {
    "A": ("#8c2f2b",),
    "B": ("#5b4a7d", "#4c4a78"),
    "C": ("#7a5230", "#6a5a3a"),
    "D": ("#833a3f", "#6d3b4c"),
    "E": ("#4f5b3a",),
    "F": ("#8f5a24", "#7d6327"),
    "G": ("#2f6f6a", "#2c6673"),
    "H": ("#93465f", "#7d4470"),
    "I": ("#2d5d8a", "#28506f", "#405487", "#2f6a6e", "#6a4a6e"),
    "J": ("#a04a2a", "#8d4636"),
    "K": ("#6b4f3a", "#5d5640", "#72483c"),
    "N": ("#31688a",),
    "O": ("#2a6286", "#355c8c"),
    "P": ("#3a705b",),
    "Q": ("#46713a",),
    "R": ("#9a4444", "#35706b"),
    "S": ("#54742f",),
    "T": ("#3d5a80", "#46566e", "#2f6274"),
    "U": ("#505f73",),
    "V": ("#3a4d7a",),
    "X": ("#36704f",),
    "Z": ("#5a5a6e", "#4f6068"),
}
_DEWEY = "ZBBDHNTJIK"  # the nearest letter for each hundred
_ACCENTS = ("#e0b866", "#e8d7a8", "#d98f6a", "#a9c7c2", "#c9b3d4", "#b7cf9a")


@dataclass(frozen=True, slots=True)
class Colours:
    """A ground and what is drawn on it."""

    ground: str
    shade: str  # the spine
    accent: str


def colours_for(class_number: str, seed: bytes) -> Colours:
    """The colours of a subject; of the title alone where the class says nothing."""
    first = class_number.strip()[:1].upper()
    letter = _DEWEY[int(first)] if first.isascii() and first.isdigit() else first
    grounds = _GROUNDS.get(letter) or tuple(ground for some in _GROUNDS.values() for ground in some)
    ground = grounds[seed[0] % len(grounds)]
    return Colours(ground, _darker(ground), _ACCENTS[seed[1] % len(_ACCENTS)])


def picture(colours: Colours, seed: bytes) -> str:
    """A picture for the lower third, as SVG shapes."""
    return _PICTURES[seed[2] % len(_PICTURES)](colours, seed[3:])


def _arches(colours: Colours, seed: bytes) -> str:
    """Spans of a bridge over water: the product's own sign."""
    spans, width = 2 + seed[0] % 3, WIDTH + 24
    span = width / spans
    drawn = []
    for ring in range(4):
        inset = ring * span * 0.09
        for number in range(spans):
            left, right = number * span - 12 + inset, (number + 1) * span - 12 - inset
            across = (right - left) / 2
            up = min(across, 88 - ring * 9)
            drawn.append(
                f'<path d="M{left:.1f} {HEIGHT} A{across:.1f} {up:.1f} 0 0 1 {right:.1f} {HEIGHT}" '
                f'fill="none" stroke="{colours.accent}" stroke-width="{3.4 - ring * 0.6:.1f}" '
                f'opacity="{0.95 - ring * 0.2:.2f}"/>'
            )
    return "".join(drawn)


def _hills(colours: Colours, seed: bytes) -> str:
    """Ridges one behind the other."""
    drawn = []
    for ridge in range(3):
        base, swing = _HORIZON + 24 + ridge * 30, 10 + seed[ridge] % 16
        turn, wave = seed[ridge + 3] / 255 * 2 * pi, 0.018 + seed[ridge + 6] / 255 * 0.02
        points = " ".join(f"{x} {base + swing * sin(x * wave + turn):.1f}" for x in range(0, WIDTH + 1, 12))
        drawn.append(
            f'<polygon points="0 {HEIGHT} {points} {WIDTH} {HEIGHT}" fill="{colours.accent}" '
            f'opacity="{0.25 + ridge * 0.25:.2f}"/>'
        )
    return "".join(drawn)


def _sun(colours: Colours, seed: bytes) -> str:
    """A disc over lines of water."""
    x, radius = 60 + seed[0] % 120, 26 + seed[1] % 20
    lines = "".join(
        f'<rect x="{12 + seed[row + 2] % 60}" y="{_HORIZON + 58 + row * 11}" '
        f'width="{90 + seed[row + 7] % 80}" height="2.5" rx="1.25"/>'
        for row in range(4)
    )
    return (
        f'<circle cx="{x}" cy="{_HORIZON + 40}" r="{radius}" fill="{colours.accent}" opacity="0.9"/>'
        f'<rect x="10" y="{_HORIZON + 44}" width="230" height="70" fill="{colours.ground}"/>'
        f'<g fill="{colours.accent}" opacity="0.75">{lines}</g>'
    )


def _shelf(colours: Colours, seed: bytes) -> str:
    """Backs of books on a board."""
    drawn, x, number = [], 22.0, 0
    while x < WIDTH - 26:
        width, height = 9 + seed[number % 20] % 12, 44 + seed[(number + 5) % 20] % 36
        shade = 0.35 + seed[(number + 9) % 20] % 60 / 100
        drawn.append(
            f'<rect x="{x:.0f}" y="{HEIGHT - 22 - height}" width="{width}" height="{height}" rx="1.5" '
            f'fill="{colours.accent}" opacity="{shade:.2f}"/>'
        )
        x, number = x + width + 3, number + 1
    return (
        "".join(drawn)
        + f'<rect x="18" y="{HEIGHT - 21}" width="204" height="3" fill="{PAPER}" opacity="0.8"/>'
    )


def _dots(colours: Colours, seed: bytes) -> str:
    """A field of dots that grow along one way."""
    drawn = []
    for row in range(6):
        for column in range(11):
            near = row if seed[0] % 2 else (column / 2 if seed[1] % 2 else 5 - column / 2)
            drawn.append(
                f'<circle cx="{25 + column * 20}" cy="{_HORIZON + 6 + row * 18}" r="{1.4 + near * 1.1:.1f}"/>'
            )
    return f'<g fill="{colours.accent}" opacity="0.8">{"".join(drawn)}</g>'


def _bands(colours: Colours, seed: bytes) -> str:
    """Bands across, as on a bound series."""
    drawn, y = [], float(_HORIZON + 8)
    for number in range(5):
        height, thick = 3 + seed[number] % 17, 0.35 + seed[number + 5] % 60 / 100
        drawn.append(f'<rect x="10" y="{y:.0f}" width="230" height="{height}" opacity="{thick:.2f}"/>')
        y += height + 6
    return f'<g fill="{colours.accent}">{"".join(drawn)}</g>'


_PICTURES: tuple[Callable[[Colours, bytes], str], ...] = (_arches, _hills, _sun, _shelf, _dots, _bands)


def _darker(colour: str) -> str:
    parts = (round(int(colour[at : at + 2], 16) * 0.78) for at in (1, 3, 5))
    return "#" + "".join(f"{part:02x}" for part in parts)
