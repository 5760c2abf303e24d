"""Times, numbers and sizes as people say them."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta, tzinfo
from decimal import Decimal

from babel.dates import format_date, format_datetime, get_day_names, get_month_names
from babel.numbers import format_decimal

from server.domain.hours import DAY_MINUTES, Shifts
from server.words.catalogue import LOCALES, known_language, text

_EXACT = {"zh": "y年M月d日 EEEE HH:mm:ss", "en": "EEEE, d MMMM y, HH:mm:ss"}
_THIS_YEAR = {"zh": "M月d日 HH:mm", "en": "d MMM, HH:mm"}
_ANY_YEAR = {"zh": "y年M月d日 HH:mm", "en": "d MMM y, HH:mm"}
_NEAR = {-1: "time.yesterday", 0: "time.today", 1: "time.tomorrow"}


def duration(length: timedelta, language: str) -> str:
    """A length of time by its two largest units: 3 小时 20 分. A negative one counts as none."""
    seconds = max(0, round(length.total_seconds()))
    days, rest = divmod(seconds, 86_400)
    hours, rest = divmod(rest, 3_600)
    minutes, seconds = divmod(rest, 60)
    units = (("day", days), ("hour", hours), ("minute", minutes), ("second", seconds))
    first = next((at for at, (_, count) in enumerate(units) if count), len(units) - 1)
    said = [units[first], *(unit for unit in units[first + 1 : first + 2] if unit[1])]
    return " ".join(text(f"time.{name}", language, n=count) for name, count in said)


def remaining(length: timedelta, language: str) -> str:
    """What is left: 还剩 3 小时 20 分; 已超过 5 分 once it is over."""
    key = "time.remaining" if length >= timedelta() else "time.overdue"
    return text(key, language, length=duration(abs(length), language))


def about(length: timedelta, language: str) -> str:
    """A length that is only an estimate, rounded up to minutes: 约 2 分."""
    minutes = max(1, -(-round(length.total_seconds()) // 60))
    return text("time.about", language, length=duration(timedelta(minutes=minutes), language))


def moment(at: datetime, zone: tzinfo, language: str, now: datetime) -> str:
    """An instant as people say it: 今天 14:05, 11月20日 14:05; with the year when it is not this one."""
    local, today = at.astimezone(zone), now.astimezone(zone).date()
    days = (local.date() - today).days
    if days in _NEAR:
        return text(_NEAR[days], language, clock=f"{local:%H:%M}")
    language = known_language(language)
    pattern = (_THIS_YEAR if local.year == today.year else _ANY_YEAR)[language]
    return format_datetime(local, pattern, locale=LOCALES[language])


def dated_moment(at: datetime, zone: tzinfo, language: str) -> str:
    """An instant by its date, for mails and files: on the day when they are read, "today" would be a lie."""
    language = known_language(language)
    return format_datetime(at.astimezone(zone), _ANY_YEAR[language], locale=LOCALES[language])


def exact_moment(at: datetime, zone: tzinfo, language: str) -> str:
    """An instant to the second, for the hint on hover: 2026年11月20日 星期五 14:05:09."""
    language = known_language(language)
    return format_datetime(at.astimezone(zone), _EXACT[language], locale=LOCALES[language])


def day_text(day: date, language: str) -> str:
    """A day of the calendar: 2026年11月20日, 20 November 2026."""
    return format_date(day, "long", locale=LOCALES[known_language(language)])


def short_day(day: date, language: str) -> str:
    """A near day: 11月20日, 20 Nov."""
    language = known_language(language)
    return format_date(day, {"zh": "M月d日", "en": "d MMM"}[language], locale=LOCALES[language])


def month_text(month: int, language: str) -> str:
    """A month by its name: 十月, October."""
    names = get_month_names("wide", context="stand-alone", locale=LOCALES[known_language(language)])
    return str(names[month])


def weekday_letter(weekday: int, language: str) -> str:
    """A day of the week (0: Monday) as it stands above a small calendar: 一, M."""
    locale = LOCALES[known_language(language)]
    return str(get_day_names("narrow", context="stand-alone", locale=locale)[weekday])


def hours_text(week: Sequence[Shifts], language: str) -> str:
    """A week's shifts, Monday first, in one line: 周一至周五 9:00–12:00、14:00–17:30；周六 9:00–12:00."""
    runs: list[tuple[int, int, Shifts]] = []
    for weekday, shifts in enumerate(week):
        if shifts and runs and runs[-1][1] == weekday - 1 and runs[-1][2] == shifts:
            runs[-1] = (runs[-1][0], weekday, shifts)
        elif shifts:
            runs.append((weekday, weekday, shifts))
    if not runs:
        return text("time.no_hours", language)
    said = (f"{_days(first, last, language)} {shifts_text(shifts, language)}" for first, last, shifts in runs)
    return text("time.between_days", language).join(said)


def shifts_text(shifts: Shifts, language: str) -> str:
    """One day's shifts: 9:00–12:00、14:00–17:30; 全天 for the whole day."""
    said = (
        text("time.all_day", language)
        if (shift.opens, shift.closes) == (0, DAY_MINUTES)
        else f"{_clock(shift.opens)}–{_clock(shift.closes)}"
        for shift in shifts
    )
    return text("time.between_spans", language).join(said)


def number(value: float, language: str) -> str:
    """A number with its groups: 1,678,000. Both languages write whole ones alike."""
    if isinstance(value, int):
        return f"{value:,}"  # a page of figures has hundreds of them
    return format_decimal(value, locale=LOCALES[known_language(language)])


def percent(share: float, language: str) -> str:
    """A share of one: 0.45 is 45%, in both languages."""
    return f"{Decimal(str(share)):,.0%}"


def size(octets: int, language: str) -> str:
    """A file's size in the unit that suits it: 20 MB, in both languages. One KB is 1024 bytes."""
    value, unit = float(octets), "B"
    for larger in ("KB", "MB", "GB"):
        if value < 1024:
            break
        value, unit = value / 1024, larger
    digits = 1 if unit != "B" and value < 100 else 0
    return f"{value:.{digits}f}".removesuffix(".0") + f" {unit}"


def _days(first: int, last: int, language: str) -> str:
    if (first, last) == (0, 6):
        return text("time.every_day", language)
    named = text(f"time.weekday.{first}", language)
    return named if first == last else _span(named, text(f"time.weekday.{last}", language), language)


def _span(first: str, last: str, language: str) -> str:
    return text("time.days", language, first=first, last=last)


def _clock(minutes: int) -> str:
    return f"{minutes // 60}:{minutes % 60:02d}"
