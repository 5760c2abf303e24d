"""Bodies of the HTTP API about the calendar of holidays and make-up workdays."""

from typing import Annotated

from msgspec import Meta, Struct

from server.wire.bodies import Names, Short, Tag


class KeepDay(Struct):
    """What a day is: ``holiday``, ``workday`` (a make-up one), or ``plain`` again."""

    kind: Tag
    name_zh: Short = ""
    name_en: Short = ""


class MarkYear(Struct):
    """Whether a year's days are those officially announced, and where they come from."""

    official: bool
    source: Short = ""


class ImportDays(Struct):
    """A list in CSV or TSV with columns date, kind, name_zh, name_en; the whole of every year that it names."""

    text: Annotated[str, Meta(max_length=200_000)]
    official: bool = False
    source: Short = ""


class CalendarDayView(Struct):
    """A day that differs from its weekday."""

    date: str
    kind: str
    name: Names


class CalendarYearView(Struct):
    """A year of the calendar; not ``entered``: nobody has filled it in. ``weekends_count``: by policy."""

    year: int
    entered: bool
    provisional: bool
    source: str
    weekends_count: bool
    days: list[CalendarDayView]


class LineFault(Struct):
    """What is wrong with a line of a list; the line of heads is number 1."""

    line: int
    field: str
    code: str
    message: str


class ImportedDays(Struct):
    """What became of a list; with faults nothing was changed."""

    days: int
    years: list[int]
    faults: list[LineFault]
