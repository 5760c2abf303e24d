"""The loan clocks: 24 hours, over holidays 72 or the end of the first working day; and lists of days."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.domain.calendar import (
    SHANGHAI,
    Calendar,
    CalendarYear,
    Day,
    DayKind,
    begins,
    calendar_from,
    deadline,
    years_to_mend,
)
from server.domain.calendar_lists import checked_date, read_days
from server.domain.errors import Invalid

HOUR = timedelta(hours=1)
BERLIN, LORD_HOWE = ZoneInfo("Europe/Berlin"), ZoneInfo("Australia/Lord_Howe")
DAYS = st.dates(date(2026, 1, 1), date(2026, 12, 31))
INSTANTS = st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 31), timezones=st.just(UTC))
ZONES = st.sampled_from([SHANGHAI, BERLIN, LORD_HOWE, ZoneInfo("America/New_York")])


def span(first: str, last: str, kind: DayKind = DayKind.HOLIDAY) -> list[Day]:
    begin, end = date.fromisoformat(first), date.fromisoformat(last)
    return [Day(begin + timedelta(days=n), kind) for n in range((end - begin).days + 1)]


# The announced days of 2026.
CALENDAR = calendar_from(
    [
        *span("2026-02-15", "2026-02-23"),
        *span("2026-06-19", "2026-06-21"),
        *span("2026-10-01", "2026-10-07"),
        *span("2026-02-14", "2026-02-14", DayKind.WORKDAY),
        *span("2026-02-28", "2026-02-28", DayKind.WORKDAY),
        *span("2026-10-10", "2026-10-10", DayKind.WORKDAY),
    ]
)


def wall(text: str, zone: ZoneInfo = SHANGHAI) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone)


def due(placed: str, calendar: Calendar = CALENDAR, zone: ZoneInfo = SHANGHAI) -> str:
    return deadline(wall(placed, zone), calendar=calendar, zone=zone).astimezone(zone).strftime("%m-%d %H:%M")


@pytest.mark.parametrize(
    ("placed", "wanted"),
    [
        ("2026-09-28 10:00", "09-29 10:00"),  # an ordinary Monday
        ("2026-09-29 23:59", "09-30 23:59"),  # the window ends a minute before the holiday
        ("2026-09-30 00:00", "10-01 00:00"),  # it ends where the holiday begins, and does not meet it
        ("2026-09-30 00:01", "10-03 00:01"),  # it meets National Day by a minute: 72 hours
        ("2026-09-30 23:59", "10-03 23:59"),  # the eve, at the last minute
        ("2026-10-04 10:00", "10-07 10:00"),  # in the middle, on a Sunday
        ("2026-10-05 08:00", "10-08 08:00"),  # 72 hours end before the first working day does
        ("2026-10-06 08:00", "10-09 00:00"),  # 24:00 of 8 October comes before 72 hours are over
        ("2026-10-07 23:59", "10-09 00:00"),
        ("2026-10-08 00:00", "10-09 00:00"),  # the holiday is over: 24 hours
        ("2026-10-10 09:00", "10-11 09:00"),  # a make-up workday is an ordinary one
        ("2026-10-17 09:00", "10-18 09:00"),  # so is a plain weekend, unless policy says otherwise
        ("2026-02-13 20:00", "02-14 20:00"),  # the make-up Saturday before Spring Festival
        ("2026-02-14 20:00", "02-17 20:00"),
        ("2026-02-22 12:00", "02-25 00:00"),
        ("2026-06-18 12:00", "06-21 12:00"),  # Dragon Boat Festival, a Friday and its weekend
        ("2026-06-20 12:00", "06-23 00:00"),
    ],
)
def test_an_order_leaves_by(placed: str, wanted: str) -> None:
    assert due(placed) == wanted


def test_plain_weekends_count_where_policy_says_so() -> None:
    counting = calendar_from([*CALENDAR.days.values()], weekends_count=True)
    assert due("2026-10-16 12:00", counting) == "10-19 12:00"  # Friday noon: 72 hours, Monday's end is later
    assert due("2026-10-17 12:00", counting) == "10-20 00:00"
    assert due("2026-10-10 09:00", counting) == "10-13 00:00"  # the make-up Saturday meets a plain Sunday
    assert due("2026-02-27 23:00", counting) == "02-28 23:00"  # a make-up Saturday is no weekend


def test_a_weekend_after_a_lone_holiday_is_no_working_day() -> None:
    friday = calendar_from(span("2026-11-13", "2026-11-13"))
    assert due("2026-11-12 12:00", friday) == "11-15 12:00"
    assert due("2026-11-13 23:00", friday) == "11-16 23:00"  # 72 hours; Monday's end would be an hour later


def test_hours_are_real_ones_where_clocks_are_changed() -> None:
    christmas = calendar_from(span("2026-12-25", "2026-12-26"))
    assert due("2026-12-24 12:00", christmas, BERLIN) == "12-27 12:00"
    nothing = Calendar()
    assert due("2026-03-28 12:00", nothing, BERLIN) == "03-29 13:00"  # the night is an hour short
    assert due("2026-10-24 12:00", nothing, BERLIN) == "10-25 11:00"  # and in autumn an hour long
    monday = calendar_from(span("2026-10-26", "2026-10-26"))
    assert due("2026-10-25 00:30", monday, BERLIN) == "10-25 23:30"  # 24 hours of a day of 25
    assert due("2026-10-25 01:30", monday, BERLIN) == "10-28 00:00"
    assert due("2026-10-04 12:00", nothing, LORD_HOWE) == "10-05 12:00"


@given(INSTANTS, st.sets(DAYS, max_size=40), ZONES, st.booleans())
def test_a_deadline_lies_between_one_day_and_three(
    start: datetime, off: set[date], zone: ZoneInfo, weekends: bool
) -> None:
    calendar = calendar_from([Day(day, DayKind.HOLIDAY) for day in off], weekends_count=weekends)
    until = deadline(start, calendar=calendar, zone=zone)
    assert until.tzinfo is UTC
    # 24:00 of the first working day comes at least a day after the order, but for the hour of a short night.
    assert start + 23 * HOUR <= until <= start + 72 * HOUR
    window = {(start + n * HOUR / 2).astimezone(zone).date() for n in range(48)}
    if not any(calendar.is_holiday(day) for day in window):
        assert until in (start + 24 * HOUR, start + 72 * HOUR) or until == begins(
            until.astimezone(zone).date(), zone
        )
    elif until < start + 72 * HOUR:
        last = (until - HOUR).astimezone(zone).date()
        assert calendar.is_working_day(last) and until == begins(last + timedelta(days=1), zone)


@given(INSTANTS, st.sets(DAYS, max_size=40), ZONES)
def test_no_holiday_means_one_day_and_more_holidays_mean_no_shorter_time(
    start: datetime, off: set[date], zone: ZoneInfo
) -> None:
    calendar = calendar_from([Day(day, DayKind.HOLIDAY) for day in off])
    plain, longer = (deadline(start, calendar=known, zone=zone, hours=24) for known in (Calendar(), calendar))
    assert plain == start + 24 * HOUR
    assert longer >= plain - HOUR


@given(INSTANTS, st.integers(1, 200), st.integers(0, 200))
def test_a_run_without_end_ends_the_search_at_the_longest_time(
    start: datetime, hours: int, more: int
) -> None:
    forever = calendar_from(span("2025-12-01", "2027-12-31"))
    until = deadline(start, calendar=forever, zone=SHANGHAI, hours=hours, holiday_hours=hours + more)
    assert until == start + timedelta(hours=hours + more)


def test_years_are_to_be_mended_now_and_from_october_the_next_too() -> None:
    calendar = calendar_from([], [CalendarYear(2026, False), CalendarYear(2027, True)])
    assert years_to_mend(calendar, date(2026, 9, 30)) == []
    assert years_to_mend(calendar, date(2026, 10, 1)) == [(2027, True)]
    assert years_to_mend(calendar, date(2027, 10, 1)) == [(2027, True), (2028, False)]
    assert calendar.provisional == {2027}


def test_a_list_is_read_in_chinese_and_english_with_commas_and_tabs() -> None:
    listed = read_days("\ufeff日期,类型,名称\n2027/10/1,放假,国庆节\n\n2027-10-09,补班,\n".lstrip("\ufeff"))
    assert listed.problems == () and listed.years == [2027]
    assert [(day.date.isoformat(), day.kind, day.name_zh) for day in listed.days] == [
        ("2027-10-01", DayKind.HOLIDAY, "国庆节"),
        ("2027-10-09", DayKind.WORKDAY, ""),
    ]
    tabs = read_days("date\tkind\tname_zh\tname_en\r\n20270101\tholiday\t元旦\tNew Year's Day\r\n")
    assert tabs.days[0].name_en == "New Year's Day"


def test_what_is_wrong_is_said_line_by_line() -> None:
    listed = read_days(
        "date,kind\n2027-02-30,holiday\n2027-01-01,party\n2027-01-02,休\n2027-01-02,班\n1999-01-01,休\n"
    )
    assert [(found.line, found.problem.field, found.problem.code) for found in listed.problems] == [
        (2, "date", "date_wrong"),
        (3, "kind", "calendar_kind"),
        (5, "date", "calendar_twice"),
        (6, "date", "calendar_year"),
    ]
    swallowed = read_days('date,kind,name_zh\n2027-10-01,休,"国庆\n2027-10-02,休,国庆"\n2027-10-03,休,\n')
    assert [(found.line, found.problem.code) for found in swallowed.problems] == [(2, "cell_lines")]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "calendar_empty"),
        ("date,colour\n", "calendar_column"),
        ("date,name_zh\n", "calendar_head"),
        ("date,kind\n" + "x,y\n" * 2001, "list_too_long"),
        ("date,kind\n" + '"' + "x" * 200_000, "list_unreadable"),
        ('date,kind\n2027-10-01,"休\n2027-10-02,休\n', "list_quotes"),
    ],
)
def test_a_list_that_cannot_be_read_at_all_is_refused(text: str, code: str) -> None:
    with pytest.raises(Invalid) as refused:
        read_days(text)
    assert refused.value.code == code


@given(st.text(max_size=300))
def test_no_list_breaks_the_reader(text: str) -> None:
    for head in ("", "date,kind\n", "date\tkind\n"):
        try:
            read_days(head + text)
        except Invalid:
            continue


@pytest.mark.parametrize(
    "text", ["", "2026-13-01", "二〇二六", "2026-1-1-1", "²026-01-01", "-1-1-1", "9" * 50]
)
def test_what_is_no_date_is_refused(text: str) -> None:
    with pytest.raises(Invalid):
        checked_date(text)
