"""Opening hours: split shifts, days that differ, any zone."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.domain.errors import Invalid
from server.domain.hours import (
    Closure,
    Hours,
    Shift,
    Shifts,
    checked_shifts,
    closes_at,
    format_shifts,
    hours_from,
    next_open,
    open_at,
    parse_shifts,
)

SHANGHAI = ZoneInfo("Asia/Shanghai")
BERLIN = ZoneInfo("Europe/Berlin")
MORNING, AFTERNOON = Shift(510, 720), Shift(810, 1050)  # 8:30-12:00, 13:30-17:30
WORKDAYS = Hours(((MORNING, AFTERNOON),) * 5 + ((), ()))
FRIDAY = date(2026, 11, 20)


def at(clock: str, day: date = FRIDAY, zone: ZoneInfo = SHANGHAI) -> datetime:
    """That time on the wall clock of the zone, in UTC."""
    return datetime.fromisoformat(f"{day}T{clock}").replace(tzinfo=zone).astimezone(UTC)


@pytest.mark.parametrize(
    ("clock", "is_open"),
    [
        ("08:29:59.999999", False),
        ("08:30", True),
        ("11:59:59", True),
        ("12:00", False),  # the lunch break
        ("13:29", False),
        ("13:30", True),
        ("17:30", False),
    ],
)
def test_a_desk_is_open_from_the_first_second_of_a_shift_until_before_its_end(
    clock: str, is_open: bool
) -> None:
    assert open_at(WORKDAYS, at(clock), SHANGHAI) is is_open


@pytest.mark.parametrize(
    ("now", "opens"),
    [
        (at("07:00"), at("08:30")),
        (at("08:30"), at("13:30")),  # open now: the next one after the lunch break
        (at("12:30"), at("13:30")),
        (at("18:00"), at("08:30", FRIDAY + timedelta(days=3))),  # over the weekend
    ],
)
def test_the_next_opening_is_told(now: datetime, opens: datetime) -> None:
    assert next_open(WORKDAYS, now, SHANGHAI) == opens


def test_the_end_of_the_shift_is_told_while_open() -> None:
    assert closes_at(WORKDAYS, at("09:00"), SHANGHAI) == at("12:00")
    assert closes_at(WORKDAYS, at("12:30"), SHANGHAI) is None


def test_a_closed_day_is_skipped_and_a_desks_own_arrangement_goes_before_the_alliances() -> None:
    shifts = [(weekday, MORNING) for weekday in range(7)]
    holiday = Closure("1", "", FRIDAY)
    assert next_open(hours_from(shifts, [holiday]), at("07:00"), SHANGHAI) == at(
        "08:30", FRIDAY + timedelta(days=1)
    )
    own = Closure("2", "desk", FRIDAY, (AFTERNOON,))
    for order in ([holiday, own], [own, holiday]):
        assert next_open(hours_from(shifts, order), at("07:00"), SHANGHAI) == at("13:30")


def test_a_desk_without_hours_never_opens() -> None:
    assert next_open(Hours(), at("09:00"), SHANGHAI) is None
    assert not open_at(Hours(), at("09:00"), SHANGHAI)


def test_around_the_clock_has_no_gap_at_midnight() -> None:
    always = Hours(((Shift(0, 1440),),) * 7)
    for clock in ("00:00", "23:59:59.999999"):
        assert open_at(always, at(clock), SHANGHAI)
        assert next_open(always, at(clock), SHANGHAI) is None  # midnight is no opening


def test_the_days_on_which_clocks_change_keep_the_hours_of_the_wall_clock() -> None:
    summer_begins, summer_ends = date(2026, 3, 29), date(2026, 10, 25)
    nine = Hours(((Shift(540, 600),),) * 7)
    for day in (summer_begins, summer_ends):
        assert open_at(nine, at("09:00", day, BERLIN), BERLIN)
        assert not open_at(nine, at("08:59", day, BERLIN), BERLIN)
        assert next_open(nine, at("00:30", day, BERLIN), BERLIN) == at("09:00", day, BERLIN)


@st.composite
def _shifts(draw: st.DrawFn) -> Shifts:
    times = sorted(draw(st.sets(st.integers(0, 1440), max_size=6)))
    return tuple(Shift(opens, closes) for opens, closes in zip(times[::2], times[1::2], strict=False))


WEEKS = st.builds(Hours, st.tuples(*[_shifts()] * 7))
MOMENTS = st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC))


@given(WEEKS, MOMENTS, st.floats(0, 1))
def test_the_desk_is_open_at_the_next_opening_and_closed_until_then(
    hours: Hours, now: datetime, part: float
) -> None:
    opens = next_open(hours, now, SHANGHAI)
    if opens is None:
        assert not any(hours.week)
        return
    assert opens > now and open_at(hours, opens, SHANGHAI)
    between = now + (opens - now) * part
    if between < opens and not open_at(hours, now, SHANGHAI):
        assert not open_at(hours, between, SHANGHAI)


@given(_shifts())
def test_what_is_shown_can_be_typed_again(shifts: Shifts) -> None:
    assert parse_shifts(format_shifts(shifts), field="day0") == checked_shifts(shifts, field="day0")


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("", ()),
        ("8:30-12:00, 13:30-17:30", (MORNING, AFTERNOON)),
        ("8：30—12：00，13：30～17：30", (MORNING, AFTERNOON)),  # as a Chinese input method writes it
        ("13:30至17:30、8:30至12:00", (MORNING, AFTERNOON)),
        ("0-24", (Shift(0, 1440),)),
        ("9-12,12-15", (Shift(540, 900),)),
    ],
)
def test_hours_are_understood_as_people_type_them(typed: str, meant: Shifts) -> None:
    assert parse_shifts(typed, field="day0") == meant


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("9", "shift_unreadable"),
        ("9:5-12", "shift_unreadable"),
        ("9:00-12:60", "shift_unreadable"),
        ("9:00-24:01", "shift_unreadable"),
        ("²-12", "shift_unreadable"),
        ("早上", "shift_unreadable"),
        ("12:00-9:00", "shift_backwards"),
        ("9:00-9:00", "shift_backwards"),
        ("9-12, 11-15", "shifts_overlap"),
    ],
)
def test_hours_that_make_no_sense_are_refused_at_their_field(typed: str, code: str) -> None:
    with pytest.raises(Invalid) as refused:
        parse_shifts(typed, field="day3")
    assert (refused.value.code, refused.value.field) == (code, "day3")
