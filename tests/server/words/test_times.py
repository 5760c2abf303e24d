"""Times as people say them."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from server.domain.hours import Shift
from server.words.times import (
    about,
    dated_moment,
    duration,
    exact_moment,
    hours_text,
    moment,
    remaining,
    size,
)

SHANGHAI = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 11, 21, 6, 5, tzinfo=UTC)  # 14:05 on Saturday in Shanghai
MORNING, AFTERNOON = Shift(9 * 60, 12 * 60), Shift(14 * 60, 17 * 60 + 30)


@pytest.mark.parametrize(
    ("length", "zh", "en"),
    [
        (timedelta(hours=3, minutes=20, seconds=5), "3 小时 20 分", "3 hours 20 minutes"),
        (timedelta(seconds=45), "45 秒", "45 seconds"),
        (timedelta(minutes=1, seconds=1), "1 分 1 秒", "1 minute 1 second"),
        (timedelta(days=1, minutes=3), "1 天", "1 day"),
        (timedelta(seconds=-5), "0 秒", "0 seconds"),
    ],
)
def test_a_length_is_said_by_its_two_largest_units(length: timedelta, zh: str, en: str) -> None:
    assert (duration(length, "zh"), duration(length, "en")) == (zh, en)


def test_what_is_left_and_what_is_over_read_differently() -> None:
    assert remaining(timedelta(hours=3, minutes=20), "zh") == "还剩 3 小时 20 分"
    assert remaining(timedelta(minutes=-5), "en") == "5 minutes overdue"


def test_an_estimate_is_rounded_up_to_minutes() -> None:
    assert [about(timedelta(seconds=s), "zh") for s in (0, 60, 61)] == ["约 1 分", "约 1 分", "约 2 分"]


@pytest.mark.parametrize(
    ("days", "zh", "en"),
    [
        (0, "今天 14:05", "today 14:05"),
        (-1, "昨天 14:05", "yesterday 14:05"),
        (1, "明天 14:05", "tomorrow 14:05"),
        (-2, "11月19日 14:05", "19 Nov, 14:05"),
        (-400, "2025年10月17日 14:05", "17 Oct 2025, 14:05"),
    ],
)
def test_a_moment_is_near_or_dated(days: int, zh: str, en: str) -> None:
    at = NOW + timedelta(days=days)
    assert (moment(at, SHANGHAI, "zh", NOW), moment(at, SHANGHAI, "en", NOW)) == (zh, en)


def test_yesterday_is_reckoned_in_the_installations_zone() -> None:
    just_after_midnight = datetime(2026, 11, 20, 16, 30, tzinfo=UTC)
    assert moment(just_after_midnight, SHANGHAI, "zh", NOW) == "今天 00:30"


def test_what_is_mailed_names_the_day_whenever_it_is_read() -> None:
    just_after_midnight = datetime(2026, 11, 20, 16, 30, tzinfo=UTC)
    assert dated_moment(just_after_midnight, SHANGHAI, "zh") == "2026年11月21日 00:30"
    assert dated_moment(NOW, SHANGHAI, "en") == "21 Nov 2026, 14:05"


def test_the_exact_moment_has_day_and_second() -> None:
    assert exact_moment(NOW, SHANGHAI, "zh") == "2026年11月21日 星期六 14:05:00"
    assert exact_moment(NOW, SHANGHAI, "en") == "Saturday, 21 November 2026, 14:05:00"


def test_a_week_joins_days_that_are_alike() -> None:
    week = [(MORNING, AFTERNOON)] * 5 + [(MORNING,), ()]
    assert hours_text(week, "zh") == "周一至周五 9:00–12:00、14:00–17:30；周六 9:00–12:00"
    assert hours_text(week, "en") == "Mon–Fri 9:00–12:00, 14:00–17:30; Sat 9:00–12:00"


def test_a_week_may_be_always_or_never() -> None:
    assert hours_text([(Shift(0, 1440),)] * 7, "zh") == "每天 全天"
    assert hours_text([()] * 7, "en") == "no hours set yet"


def test_sizes_take_the_unit_that_suits_them() -> None:
    assert [size(n, "zh") for n in (512, 1536, 20 * 1024 * 1024)] == ["512 B", "1.5 KB", "20 MB"]
