"""Figures over time as shapes: where each bar, tick and label of a server-made SVG stands."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

from markupsafe import Markup

WIDTH, HEIGHT = 400, 168
_LEFT, _RIGHT, _TOP, _BOTTOM = 34, 398, 10, 146
_ROWS = 4  # at most so many steps of the axis
_LABELS = 8  # at most about so many labels below


@dataclass(frozen=True, slots=True)
class Bar:
    """One value of one series (0 behind, 1 in front)."""

    series: int
    x: float
    y: float
    width: float
    height: float
    text: str

    @property
    def place(self) -> Markup:
        """Where it stands, as attributes: a page of figures has hundreds of bars."""
        return Markup(f'x="{self.x}" y="{self.y}" width="{self.width}" height="{self.height}"')


@dataclass(frozen=True, slots=True)
class Tick:
    """A line across at a round value."""

    y: float
    value: int


@dataclass(frozen=True, slots=True)
class Label:
    """What stands below a place."""

    x: float
    text: str


@dataclass(frozen=True, slots=True)
class Plot:
    """A drawn figure; lengths in units of the SVG's own grid."""

    bars: tuple[Bar, ...]
    ticks: tuple[Tick, ...]
    labels: tuple[Label, ...]


def bars(labels: Sequence[str], series: Sequence[tuple[str, Sequence[float]]]) -> Plot:
    """Bars over the labels, one or two series; the second stands in front of the first, narrower."""
    highest = max((max(values, default=0) for _, values in series), default=0)
    step = _step(highest)
    top = step * max(1, ceil(highest / step))
    scale = (_BOTTOM - _TOP) / top
    place = (_RIGHT - _LEFT) / max(1, len(labels))
    drawn = []
    for order, (_, values) in enumerate(series):
        inset = min(place * (0.15 if order == 0 else 0.3), place / 2 - 0.5)
        for at, value in enumerate(values):
            if value:
                x, height = _LEFT + at * place + inset, value * scale
                text = f"{labels[at]}: {value}"
                drawn.append(Bar(order, _r(x), _r(_BOTTOM - height), _r(place - 2 * inset), _r(height), text))
    every = -(-len(labels) // _LABELS)
    below = [Label(_r(_LEFT + (at + 0.5) * place), text) for at, text in enumerate(labels) if at % every == 0]
    ticks = [Tick(_r(_BOTTOM - value * scale), value) for value in range(0, top + 1, step)]
    return Plot(tuple(drawn), tuple(ticks), tuple(below))


@dataclass(frozen=True, slots=True)
class Dot:
    """A share of a hundred at its place; ``met``: it reaches the target."""

    x: float
    y: float
    text: str
    met: bool


@dataclass(frozen=True, slots=True)
class Shares:
    """Shares over time as dots on a line, and where the target lies; days without a value leave a gap."""

    dots: tuple[Dot, ...]
    lines: tuple[str, ...]
    target: float
    ticks: tuple[Tick, ...]
    labels: tuple[Label, ...]


def shares(labels: Sequence[str], values: Sequence[float | None], target: float) -> Shares:
    """Percentages near a hundred: the axis begins at 90, or at the ten below the lowest value."""
    known = [value for value in values if value is not None]
    floor = int(min([90.0, target, *known]) // 10 * 10)
    place, scale = (_RIGHT - _LEFT) / max(1, len(labels)), (_BOTTOM - _TOP) / (100 - floor)

    def height(value: float) -> float:
        return _r(_BOTTOM - (value - floor) * scale)

    dots: list[Dot] = []
    runs: list[list[str]] = [[]]
    for at, value in enumerate(values):
        if value is None:
            runs.append([])
            continue
        x, y = _r(_LEFT + (at + 0.5) * place), height(value)
        dots.append(Dot(x, y, f"{labels[at]}: {value:g} %", value >= target))
        runs[-1].append(f"{x},{y}")
    every = -(-len(labels) // _LABELS)
    below = [Label(_r(_LEFT + (at + 0.5) * place), text) for at, text in enumerate(labels) if at % every == 0]
    step = 2 if floor == 90 else -(-(100 - floor) // 5)
    ticks = [Tick(height(value), value) for value in range(floor, 101, step)]
    return Shares(
        tuple(dots),
        tuple(" ".join(run) for run in runs if len(run) > 1),
        height(target),
        tuple(ticks),
        tuple(below),
    )


def line(values: Sequence[float], *, width: int = 96, height: int = 24) -> str:
    """The points of a small line without axes, for ``<polyline points>``."""
    if not values:
        return ""
    low, high = min(values), max(values)
    spread = (high - low) or 1
    across = (width - 2) / max(1, len(values) - 1)
    return " ".join(
        f"{_r(1 + at * across)},{_r(height - 2 - (value - low) / spread * (height - 4))}"
        for at, value in enumerate(values)
    )


def _step(top: float) -> int:
    """The smallest of 1, 2, 5, 10, 20 … that reaches the top in a few steps."""
    unit = 1
    while True:
        for factor in (1, 2, 5):
            if unit * factor * _ROWS >= top:
                return unit * factor
        unit *= 10


def _r(length: float) -> float:
    return round(length, 1)
