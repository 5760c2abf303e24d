"""What somebody wants to see of the figures, and the periods that answer it."""

from dataclasses import dataclass, replace
from datetime import date, timedelta

from server.domain.citations import Material
from server.domain.errors import Invalid
from server.domain.figures import CHANNELS, SPANS, Figures, Key, after_end, start_of

TABLES = ("library", "person", "kind", "time")
# Within a year the months are shown, within a month its days; a single day stands among those before it.
_INNER = {"year": "month", "month": "day", "week": "day"}
_DAYS_BEFORE = 13
LINES = 50  # of libraries or people on a page


@dataclass(frozen=True, slots=True)
class Choice:
    """A period and whose figures; empty parts stand for all. ``table`` is what the lines are."""

    span: str = "month"
    day: date = date(1970, 1, 1)
    library_id: str = ""
    staff_id: str = ""
    channel: str = ""
    material: str = ""
    table: str = "kind"

    @property
    def start(self) -> date:
        return start_of(self.span, self.day)

    @property
    def last(self) -> date:
        return after_end(self.span, self.start) - timedelta(days=1)

    @property
    def key(self) -> Key:
        return Key(self.library_id, self.staff_id, self.channel, self.material)

    @property
    def before(self) -> date:
        """A day of the period before."""
        return self.start - timedelta(days=1)

    @property
    def after(self) -> date:
        """The first day of the period after."""
        return after_end(self.span, self.start)

    @property
    def inner(self) -> list[tuple[str, date]]:
        """The smaller periods of the plots: (span, start) each."""
        if self.span == "day":
            return [("day", self.start - timedelta(days=n)) for n in range(_DAYS_BEFORE, -1, -1)]
        span, found = _INNER[self.span], list[tuple[str, date]]()
        day = self.start
        while day <= self.last:
            found.append((span, day))
            day = after_end(span, day)
        return found


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the table: whose or what (names in both languages, ids), and its figures."""

    id: str
    name_zh: str
    name_en: str
    figures: Figures

    def name(self, language: str) -> str:
        return self.name_en if language == "en" and self.name_en else self.name_zh


@dataclass(frozen=True, slots=True)
class Report:
    """The figures that were asked for: all together, over time, and line by line."""

    choice: Choice
    whole: Figures
    earlier: Figures  # the period before
    over_time: tuple[tuple[date, Figures], ...]
    lines: tuple[Line, ...]  # of libraries and people those of one page
    lines_in_all: int
    subject_zh: str  # whose; nothing for the alliance
    subject_en: str

    def subject(self, language: str) -> str:
        return self.subject_en if language == "en" and self.subject_en else self.subject_zh


def checked(choice: Choice) -> Choice:
    """The choice, as far as figures are kept for it. Raises Invalid for words that mean nothing.

    A person's figures do not tell materials apart, and only document requests have one.
    """
    for value, known, field in (
        (choice.span, SPANS, "span"),
        (choice.channel, ("", *CHANNELS), "channel"),
        (choice.material, ("", *map(str, Material)), "material"),
        (choice.table, TABLES, "table"),
    ):
        if value not in known:
            raise Invalid("figures_choice", field, value=value)
    if choice.material:
        choice = replace(choice, channel="document")
    if choice.table == "person" or choice.staff_id:
        choice = replace(choice, material="")
    return choice
