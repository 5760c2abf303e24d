"""The calendar's own life: begun, changed day by day, imported, and by whom; on both databases."""

from datetime import date

import pytest

from server.actions.calendar import (
    begin_missing_years,
    begin_year,
    import_days,
    mark_year,
    read_calendar,
    set_day,
    show_calendar,
)
from server.actions.known_holidays import known_year
from server.actions.policies import set_policy
from server.domain.calendar import DayKind
from server.domain.errors import NotAllowed
from server.domain.forms import Form, FormRefused
from server.domain.permissions import Role
from tests.server.actions.conftest import Alliance
from tests.vectors import vectors

NATIONAL_DAY = date(2026, 10, 1)


def test_what_is_known_is_the_public_calendar_day_by_day() -> None:
    """Work and rest agree on every day; make-up workdays and statutory ones are named as such."""
    lines = (vectors("holidays-cn") / "2024-2026.tsv").read_text().splitlines()[1:]
    days = {day.date: day for year in (2024, 2025, 2026) for day in known_year(year)[1]}
    for line in lines:
        text, works, kind = line.split("\t")
        day = date.fromisoformat(text)
        known = days.get(day)
        assert (known.kind is DayKind.WORKDAY if known else day.weekday() < 5) == (works == "1"), line
        assert (kind == "makeup_workday") == (known is not None and known.kind is DayKind.WORKDAY), line
        if kind == "statutory_or_bridge":
            assert known is not None and known.kind is DayKind.HOLIDAY and known.name_zh and known.name_en
        elif known is not None and known.kind is DayKind.HOLIDAY:
            assert kind == "weekend", line  # a weekend that belongs to the run announced


def test_a_year_without_official_swaps_is_provisional() -> None:
    assert [known_year(year)[0].provisional for year in (2024, 2025, 2026, 2099)] == [False] * 3 + [True]


async def test_a_new_installation_knows_this_year_and_the_next(alliance: Alliance) -> None:
    begun = await begin_missing_years(alliance.ctx)
    assert [year.year for year in begun] == [2026, 2027]
    assert await begin_missing_years(alliance.ctx) == []
    calendar = await read_calendar(alliance.ctx.db.read, alliance.clock.now())
    assert calendar.is_holiday(NATIONAL_DAY) and calendar.days[NATIONAL_DAY].name("en") == "National Day"
    assert 2026 not in calendar.provisional


async def test_a_day_is_set_and_made_plain_again(alliance: Alliance) -> None:
    ctx, admin = alliance.ctx, await alliance.actor("admin", alliance.grant(Role.ADMINISTRATOR))
    await set_day(ctx, admin, form=Form({"date": "2028-05-06", "kind": "workday", "name_zh": "补班"}))
    calendar = await show_calendar(ctx, admin)
    assert calendar.days[date(2028, 5, 6)].name_zh == "补班"
    assert calendar.provisional == {2028}
    await set_day(ctx, admin, form=Form({"date": "2028-05-06", "kind": "holiday"}))
    assert (await show_calendar(ctx, admin)).is_holiday(date(2028, 5, 6))
    await set_day(ctx, admin, form=Form({"date": "2028-05-06"}))
    assert not (await show_calendar(ctx, admin)).days
    with pytest.raises(FormRefused):
        await set_day(ctx, admin, form=Form({"date": "never", "kind": "holiday"}))
    marked = await mark_year(ctx, admin, "2028", form=Form({"official": "1", "source": "国务院办公厅通知"}))
    assert not marked.provisional
    assert (await show_calendar(ctx, admin)).years[2028] == marked


async def test_only_who_keeps_the_whole_alliance_keeps_the_calendar(alliance: Alliance) -> None:
    everywhere = await alliance.actor("boss", alliance.grant(Role.MANAGER))
    await begin_year(alliance.ctx, everywhere, "2026")
    for name, grants in (
        ("manager", [alliance.grant(Role.MANAGER, "home")]),
        ("librarian", [alliance.grant(Role.LIBRARIAN)]),
        ("reader", []),
    ):
        actor = await alliance.actor(name, *grants)
        for asking in (
            show_calendar(alliance.ctx, actor),
            set_day(alliance.ctx, actor, form=Form({"date": "2026-01-01"})),
            mark_year(alliance.ctx, actor, "2026", form=Form({})),
            begin_year(alliance.ctx, actor, "2026"),
            import_days(alliance.ctx, actor, "date,kind\n"),
        ):
            with pytest.raises(NotAllowed):
                await asking


async def test_a_list_is_the_whole_of_its_years_and_changes_nothing_with_problems(alliance: Alliance) -> None:
    ctx, admin = alliance.ctx, await alliance.actor("admin", alliance.grant(Role.ADMINISTRATOR))
    await begin_year(ctx, admin, "2027")
    bad = await import_days(ctx, admin, "date,kind\n2027-01-01,holiday\n2027-01-40,holiday\n")
    assert [found.line for found in bad.problems] == [3]
    assert len((await show_calendar(ctx, admin)).days) > 10
    good = await import_days(
        ctx, admin, "日期,类型,名称\n2027-10-01,休,国庆节\n2027-10-09,班,\n", official=True
    )
    assert good.years == (2027,) and good.days == 2
    calendar = await show_calendar(ctx, admin)
    assert sorted(calendar.days) == [date(2027, 10, 1), date(2027, 10, 9)] and not calendar.provisional


async def test_policy_says_whether_plain_weekends_count(alliance: Alliance) -> None:
    ctx, admin = alliance.ctx, await alliance.actor("admin", alliance.grant(Role.ADMINISTRATOR))
    saturday = date(2026, 11, 21)
    assert not (await show_calendar(ctx, admin)).is_holiday(saturday)
    await set_policy(ctx, admin, "", form=Form({"name": "weekends_count", "value": "true"}))
    assert (await show_calendar(ctx, admin)).is_holiday(saturday)
