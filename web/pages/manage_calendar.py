"""The screen for holidays and make-up workdays, by which the loan clocks run (R-LOAN.4)."""

from datetime import date
from zoneinfo import ZoneInfo

from starlette.datastructures import UploadFile
from starlette.responses import Response

from server.actions.calendar import begin_year, import_days, mark_year, set_day, show_calendar
from server.domain.calendar import FIRST_YEAR, LAST_YEAR, Calendar
from server.domain.calendar_lists import checked_date, checked_year
from server.domain.errors import Invalid
from server.domain.permissions import Verb
from server.domain.reader_lists import BYTES, LineProblem, decoded_list
from server.words.catalogue import say, text
from web.calendars import months, runs
from web.pages.base import Page, PageRequest
from web.pages.managing import CORRECTABLE, Fill, filled, refill, show

_HERE = "/manage/calendar"
SHOWN = 200  # problems on the page; a list with more is put right in parts


async def calendar(page: PageRequest) -> Response:
    """A year, and the form of one day where one was picked."""
    return await _page(page)


async def save_day(page: PageRequest) -> Response:
    """Make a day a holiday, a make-up workday, or an ordinary one."""
    form = await filled(page)
    try:
        await set_day(page.ctx, page.actor, form=form)
    except CORRECTABLE as refusal:
        return await _page(page, picked=form.raw("date"), day=await refill(page, refusal, fallback="date"))
    return page.redirect(_HERE, year=str(checked_date(form.raw("date")).year), done="saved")


async def save_year(page: PageRequest) -> Response:
    """Say where a year's days come from, and whether they are the official ones."""
    try:
        await mark_year(page.ctx, page.actor, page.path["year"], form=await filled(page))
    except CORRECTABLE as refusal:
        return await _page(
            page, year=page.path["year"], marked=await refill(page, refusal, fallback="source")
        )
    return page.redirect(_HERE, year=page.path["year"], done="saved")


async def begin(page: PageRequest) -> Response:
    """Fill a year from what is known of it."""
    begun = await begin_year(page.ctx, page.actor, page.path["year"])
    return page.redirect(_HERE, year=str(begun.year), done="saved")


async def bring_in(page: PageRequest) -> Response:
    """Import the announced days and say what became of them, line by line."""
    form = await page.form()
    sent, source = form.get("file"), str(form.get("source", ""))
    try:
        if not isinstance(sent, UploadFile) or not sent.filename:
            raise Invalid("field_required", "file")
        listed = decoded_list(await sent.read(BYTES + 1))
        done = await import_days(
            page.ctx, page.actor, listed, official=bool(form.get("official")), source=source
        )
    except CORRECTABLE as refusal:
        return await _page(page, brought=await refill(page, refusal, fallback="file"))
    if done.problems:
        return await _page(page, brought=Fill({"source": source}), problems=done.problems)
    shown = {"year": str(done.years[0])} if done.years else {}
    return page.redirect(_HERE, done="saved", **shown)


async def _page(
    page: PageRequest,
    *,
    year: str = "",
    picked: str = "",
    day: Fill | None = None,
    marked: Fill | None = None,
    brought: Fill | None = None,
    problems: tuple[LineProblem, ...] = (),
) -> Response:
    kept = await show_calendar(page.ctx, page.actor)
    today = page.ctx.clock.now().astimezone(ZoneInfo(page.ctx.settings.zone)).date()
    chosen = _day_in(picked or page.query.get("day", ""))
    shown = chosen.year if chosen else _year_in(year or page.query.get("year", ""), today.year)
    known = kept.years.get(shown)
    return show(
        page,
        "manage_calendar.html",
        status=422 if day or marked or brought else 200,
        year=shown,
        known=known,
        months=months(kept, shown),
        runs=list(runs(kept, shown)),
        today=today,
        chosen=chosen,
        day=day or _filled_day(kept, chosen),
        marked=marked or _filled_year(kept, shown),
        brought=brought or Fill(),
        problems=[_line(page, problem) for problem in problems[:SHOWN]],
        weekends_count=kept.weekends_count,
        earlier=shown - 1 if shown > FIRST_YEAR else 0,
        later=shown + 1 if shown < LAST_YEAR else 0,
    )


def _filled_day(kept: Calendar, chosen: date | None) -> Fill:
    known = kept.days.get(chosen) if chosen else None
    if known is None:
        return Fill({"kind": "plain"})
    return Fill({"kind": str(known.kind), "name_zh": known.name_zh, "name_en": known.name_en})


def _filled_year(kept: Calendar, year: int) -> Fill:
    known = kept.years.get(year)
    return Fill({"official": "" if known.provisional else "1", "source": known.source}) if known else Fill()


def _day_in(said: str) -> date | None:
    """The day that the address names; anything else is none."""
    try:
        return checked_date(said) if said else None
    except Invalid:
        return None


def _year_in(said: str, otherwise: int) -> int:
    try:
        return checked_year(said) if said else otherwise
    except Invalid:
        return otherwise


def _line(page: PageRequest, found: LineProblem) -> tuple[int, str, str]:
    column = text(f"calendar.field.{found.problem.field}", page.language)
    return found.line, column, say(found.problem, page.language)


PAGES = [
    Page("GET", _HERE, Verb.KEEP_CALENDAR, calendar),
    Page("POST", f"{_HERE}/days", Verb.KEEP_CALENDAR, save_day),
    Page("POST", f"{_HERE}/years/{{year}}", Verb.KEEP_CALENDAR, save_year),
    Page("POST", f"{_HERE}/years/{{year}}/begin", Verb.KEEP_CALENDAR, begin),
    Page("POST", f"{_HERE}/import", Verb.KEEP_CALENDAR, bring_in, body_limit=2 * BYTES),
]
