"""A year as twelve small months: what each square of the calendar shows."""

from calendar import Calendar as Weeks
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from server.domain.calendar import Calendar, Day, DayKind

_WEEKS = Weeks(firstweekday=0)
_SATURDAY = 5


@dataclass(frozen=True, slots=True)
class Square:
    """One day: what it is (holiday, workday, weekend, plain), and its name where it has one."""

    date: date
    kind: str
    day: Day | None


@dataclass(frozen=True, slots=True)
class Month:
    """A month's weeks, Monday first; None stands for a day of another month."""

    number: int
    weeks: tuple[tuple[Square | None, ...], ...]


@dataclass(frozen=True, slots=True)
class Run:
    """Holidays that follow each other, under the names they bear."""

    first: date
    last: date
    days: tuple[Day, ...]

    def name(self, language: str) -> str:
        """Each name once, in order."""
        return " · ".join(dict.fromkeys(name for day in self.days if (name := day.name(language))))


def months(calendar: Calendar, year: int) -> list[Month]:
    """The twelve months of a year."""
    return [
        Month(
            number,
            tuple(
                tuple(_square(calendar, day) if day.month == number else None for day in week)
                for week in _WEEKS.monthdatescalendar(year, number)
            ),
        )
        for number in range(1, 13)
    ]


def runs(calendar: Calendar, year: int) -> Iterator[Run]:
    """The holidays of a year, those that follow each other together."""
    days = sorted(
        (day for day in calendar.days.values() if day.date.year == year and day.kind is DayKind.HOLIDAY),
        key=lambda day: day.date,
    )
    run: list[Day] = []
    for day in days:
        if run and day.date - run[-1].date > timedelta(days=1):
            yield Run(run[0].date, run[-1].date, tuple(run))
            run = []
        run.append(day)
    if run:
        yield Run(run[0].date, run[-1].date, tuple(run))


def _square(calendar: Calendar, day: date) -> Square:
    known = calendar.days.get(day)
    if known is not None:
        return Square(day, str(known.kind), known)
    return Square(day, "weekend" if day.weekday() >= _SATURDAY else "plain", None)
