"""The calendar of holidays and make-up workdays, and the loan clocks that run by it (R-LOAN.3, R-LOAN.4)."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import StrEnum
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")
FIRST_YEAR, LAST_YEAR = 2000, 2100  # what a calendar may hold
WARNS_FROM_MONTH = 10  # the next year's swaps are announced in autumn
_DAY = timedelta(days=1)
_SATURDAY = 5


class DayKind(StrEnum):
    """What sets a day apart from its weekday."""

    HOLIDAY = "holiday"
    WORKDAY = "workday"  # a weekend day on which people work, in return for a holiday


@dataclass(frozen=True, slots=True)
class Day:
    """A day that differs from its weekday, with its name in both languages."""

    date: date
    kind: DayKind
    name_zh: str = ""
    name_en: str = ""

    def name(self, language: str) -> str:
        """Its name in the language, or in the other where only that is known."""
        zh, en = self.name_zh, self.name_en
        return en or zh if language == "en" else zh or en


@dataclass(frozen=True, slots=True)
class CalendarPolicy:
    """What the alliance decides about the calendar."""

    weekends_count: bool = False  # a plain weekend is as good as a holiday to the loan clocks (R-LOAN.4)


@dataclass(frozen=True, slots=True)
class CalendarYear:
    """What is known of a year; provisional until the official swaps of its days are entered."""

    year: int
    provisional: bool = True
    source: str = ""


@dataclass(frozen=True, slots=True)
class Calendar:
    """The days that differ, the years that somebody has entered, and whether a plain weekend counts as a holiday."""

    days: Mapping[date, Day] = field(default_factory=dict)
    years: Mapping[int, CalendarYear] = field(default_factory=dict)
    weekends_count: bool = False

    def is_working_day(self, day: date) -> bool:
        """Whether people work that day: Monday to Friday but for holidays, and make-up workdays."""
        known = self.days.get(day)
        return day.weekday() < _SATURDAY if known is None else known.kind is DayKind.WORKDAY

    def is_holiday(self, day: date) -> bool:
        """Whether the longer clock holds that day: a holiday, and by policy a plain weekend too."""
        known = self.days.get(day)
        if known is not None:
            return known.kind is DayKind.HOLIDAY
        return self.weekends_count and day.weekday() >= _SATURDAY

    @property
    def provisional(self) -> frozenset[int]:
        """The years whose official swaps are not yet entered."""
        return frozenset(year for year, known in self.years.items() if known.provisional)


def calendar_from(
    days: Iterable[Day], years: Iterable[CalendarYear] = (), *, weekends_count: bool = False
) -> Calendar:
    """The calendar that these days and years make."""
    return Calendar({day.date: day for day in days}, {year.year: year for year in years}, weekends_count)


def deadline(
    start: datetime,
    *,
    calendar: Calendar,
    zone: tzinfo = SHANGHAI,
    hours: int = 24,
    holiday_hours: int = 72,
) -> datetime:
    """When an order must have left, or a return must be confirmed (UTC), by R-LOAN.3 and R-LOAN.4.

    ``start + hours`` when no holiday meets that window; else the earlier of ``start + holiday_hours`` and 24:00 of
    the first working day after the run of holidays. Hours are real ones, also where clocks are put forward or back;
    days are those of the zone. A window that ends at midnight does not meet the day that begins there. The working
    day is an ordinary one: a weekend between the holidays and Monday is passed over.
    """
    start = start.astimezone(UTC)
    plain, longest = start + timedelta(hours=hours), start + timedelta(hours=holiday_hours)
    first = next(filter(calendar.is_holiday, _days_met(start, plain, zone)), None)
    if first is None:
        return plain
    day = first + _DAY
    while not calendar.is_working_day(day):
        day += _DAY
        if begins(day, zone) >= longest:
            return longest
    return min(longest, begins(day + _DAY, zone))


def begins(day: date, zone: tzinfo) -> datetime:
    """The first instant of a day in the zone (UTC); 24:00 of the day before it."""
    return datetime.combine(day, time.min, zone).astimezone(UTC)


def years_to_mend(calendar: Calendar, today: date) -> list[tuple[int, bool]]:
    """The years that somebody should see to, each with whether it is there but provisional.

    This year always; from October the next one, because its swaps are announced in autumn.
    """
    wanted = [today.year, *([today.year + 1] if today.month >= WARNS_FROM_MONTH else [])]
    return [
        (year, year in calendar.years)
        for year in wanted
        if year not in calendar.years or calendar.years[year].provisional
    ]


def _days_met(start: datetime, end: datetime, zone: tzinfo) -> Iterator[date]:
    """The days of the zone of which a part lies in the window, its end left out."""
    day = start.astimezone(zone).date()
    while begins(day, zone) < end:
        yield day
        day += _DAY
