"""Endpoints for the calendar of holidays and make-up workdays (R-LOAN.4)."""

from server.actions.calendar import begin_year, import_days, mark_year, set_day, show_calendar
from server.api.routes import ApiRequest, Endpoint
from server.api.views import names
from server.domain.calendar_lists import checked_year
from server.domain.forms import Form
from server.domain.permissions import Verb
from server.wire import calendar_bodies as b
from server.words.catalogue import say


async def year(r: ApiRequest) -> b.CalendarYearView:
    return await _year(r, checked_year(r.path["year"]))


async def put_day(r: ApiRequest) -> b.KeepDay:
    body: b.KeepDay = r.body
    values = {"date": r.path["date"], "kind": body.kind, "name_zh": body.name_zh, "name_en": body.name_en}
    day = await set_day(r.ctx, r.actor, form=Form(values))
    return b.KeepDay(str(day.kind), day.name_zh, day.name_en) if day else b.KeepDay("plain")


async def put_year(r: ApiRequest) -> b.CalendarYearView:
    body: b.MarkYear = r.body
    form = Form({"official": "1" if body.official else "", "source": body.source})
    return await _year(r, (await mark_year(r.ctx, r.actor, r.path["year"], form=form)).year)


async def post_begin(r: ApiRequest) -> b.CalendarYearView:
    return await _year(r, (await begin_year(r.ctx, r.actor, r.path["year"])).year)


async def post_list(r: ApiRequest) -> b.ImportedDays:
    body: b.ImportDays = r.body
    done = await import_days(r.ctx, r.actor, body.text, official=body.official, source=body.source)
    faults = [
        b.LineFault(found.line, found.problem.field, found.problem.code, say(found.problem, r.language))
        for found in done.problems
    ]
    return b.ImportedDays(done.days, list(done.years), faults)


async def _year(r: ApiRequest, number: int) -> b.CalendarYearView:
    kept = await show_calendar(r.ctx, r.actor)
    known = kept.years.get(number)
    return b.CalendarYearView(
        year=number,
        entered=known is not None,
        provisional=known is None or known.provisional,
        source=known.source if known else "",
        weekends_count=kept.weekends_count,
        days=[
            b.CalendarDayView(day.date.isoformat(), str(day.kind), names(day.name_zh, day.name_en))
            for day in sorted(kept.days.values(), key=lambda day: day.date)
            if day.date.year == number
        ],
    )


_C, _KEEP = "/api/manage/calendar", Verb.KEEP_CALENDAR
ENDPOINTS = [
    Endpoint("GET", f"{_C}/{{year}}", _KEEP, year, "A year's holidays", None, b.CalendarYearView),
    Endpoint("PUT", f"{_C}/{{year}}", _KEEP, put_year, "Mark a year", b.MarkYear, b.CalendarYearView),
    Endpoint(
        "POST", f"{_C}/{{year}}/begin", _KEEP, post_begin, "Fill from what is known", None, b.CalendarYearView
    ),
    Endpoint("PUT", f"{_C}/days/{{date}}", _KEEP, put_day, "Set a day", b.KeepDay, b.KeepDay),
    Endpoint("POST", f"{_C}/import", _KEEP, post_list, "Import days", b.ImportDays, b.ImportedDays),
]
