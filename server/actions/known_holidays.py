"""What the `holidays` package knows of China's calendar, to begin the editable one with."""

from collections.abc import Callable
from datetime import date, timedelta

from server.domain.calendar import CalendarYear, Day, DayKind

SOURCE = "holidays"
_DAY = timedelta(days=1)
_SATURDAY = 5
_OBSERVED = ("（补假）", " (observed)")
_EVES = {"农历除夕": "春节", "Chinese New Year's Eve": "Chinese New Year (Spring Festival)"}
_SWAPPED = ("休息日", "Day off")  # a day off in return for a weekend: it goes by the name of its neighbours


def known_year(year: int) -> tuple[CalendarYear, list[Day]]:
    """The holidays and make-up workdays of a year; provisional where its official swaps are not yet known.

    A holiday is the whole run that is announced: the statutory days, those swapped against a weekend, and the
    weekend days between and beside them, which are no plain weekend.
    """
    # Here, because it knows 300 countries: every process would pay for them, and few ever ask.
    from holidays import country_holidays
    from holidays.countries.china import China

    around = range(year - 1, year + 2)  # a run may reach over New Year
    zh, en = (country_holidays("CN", years=around, language=code) for code in ("zh_CN", "en_US"))
    assert isinstance(zh, China)
    workdays = {day for day in zh.weekend_workdays if day.year == year}
    off = _with_weekends(set(zh), set(zh.weekend_workdays))
    names_zh, names_en = (_namer(off, {day: known[day] for day in known}) for known in (zh, en))
    days = [
        Day(day, DayKind.HOLIDAY, names_zh(day), names_en(day)) for day in sorted(off) if day.year == year
    ]
    days += [Day(day, DayKind.WORKDAY, "调休上班", "Make-up workday") for day in sorted(workdays)]
    swapped = any(zh[day].startswith(_SWAPPED) for day in zh if day.year == year)
    return CalendarYear(year, not (workdays or swapped), SOURCE), sorted(days, key=lambda day: day.date)


def _with_weekends(off: set[date], workdays: set[date]) -> set[date]:
    """The days off with the weekends that touch them."""
    run = set(off)
    for day in off:
        for step in (_DAY, -_DAY):
            beside = day + step
            while beside.weekday() >= _SATURDAY and beside not in workdays and beside not in off:
                run.add(beside)
                beside += step
    return run


def _namer(off: set[date], names: dict[date, str]) -> Callable[[date], str]:
    """Names for every day off; one without a festival of its own takes the nearest before it, else after it."""
    festivals = {day: _plain(name) for day, name in names.items() if not name.startswith(_SWAPPED)}

    def name(day: date) -> str:
        if day in festivals:
            return festivals[day]
        for step in (-_DAY, _DAY):
            at = day + step
            while at in off:
                if at in festivals:
                    return _EVES.get(festivals[at], festivals[at])
                at += step
        return ""

    return name


def _plain(name: str) -> str:
    for ending in _OBSERVED:
        name = name.replace(ending, "")
    return name
