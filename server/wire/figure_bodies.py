"""Figures as JSON."""

from msgspec import Struct

from server.wire.bodies import Names


class CountsView(Struct):
    """What was counted in a period. Times in seconds, shares of one; null where there is nothing to take one of."""

    submitted: int
    answered: int
    documents: int
    in_time: int
    late: int
    in_time_share: float | None
    median: float | None
    p90: float | None
    returns: int
    grades: dict[str, int]
    ratings: dict[str, int]


class FigureLine(Struct):
    """One line: a library, a library and person (`library/person`), a channel (`channel/material`), or a day."""

    id: str
    name: Names
    figures: CountsView


class FiguresView(Struct):
    """The figures of a period, over time, and line by line."""

    span: str
    first: str
    last: str
    library: str
    person: str
    channel: str
    material: str
    counted_at: str | None
    whole: CountsView
    earlier: CountsView
    over_time: dict[str, CountsView]
    lines: list[FigureLine]  # at most fifty: those of a page
    page: int
    lines_in_all: int
