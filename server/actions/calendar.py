"""The calendar by which the loan clocks run: who keeps it, and how a year is begun."""

from collections.abc import Sequence
from dataclasses import dataclass

from server.actions.access import audit
from server.actions.desks import zone_of
from server.actions.known_holidays import known_year
from server.context import Context
from server.domain.accounts import OPERATOR
from server.domain.calendar import Calendar, CalendarYear, Day
from server.domain.calendar_lists import checked_date, checked_year, day_from, read_days
from server.domain.forms import Form
from server.domain.permissions import Actor, Thing, Verb, demand
from server.domain.reader_lists import LineProblem
from server.store.calendar import (
    known_years,
    read_calendar,
    remove_day,
    replace_year,
    save_day,
    save_year,
)

__all__ = ["read_calendar"]  # what others ask for: `await read_calendar(db, ctx.clock.now())`
_LOCK = "calendar"  # two managers who save at once must not mix their years


@dataclass(frozen=True, slots=True)
class CalendarImport:
    """What became of a list; with problems nothing was changed."""

    days: int
    years: tuple[int, ...]
    problems: tuple[LineProblem, ...]


async def show_calendar(ctx: Context, actor: Actor) -> Calendar:
    """The whole calendar, for whoever keeps it. Raises NotAllowed."""
    demand(actor, Verb.KEEP_CALENDAR, Thing())
    return await read_calendar(ctx.db.read, ctx.clock.now())


async def set_day(ctx: Context, actor: Actor, *, form: Form) -> Day | None:
    """Make the day ``date`` a holiday, a make-up workday, or (``plain``: None) an ordinary one again.

    Raises NotAllowed, FormRefused.
    """
    demand(actor, Verb.KEEP_CALENDAR, Thing())
    day = day_from(form)
    form.demand()
    date = checked_date(form.raw("date"))
    async with ctx.transaction() as tx:
        await tx.lock(_LOCK)
        if day is None:
            await remove_day(tx, date)
        else:
            await save_day(tx, day)
        if date.year not in await known_years(tx):
            await save_year(tx, CalendarYear(date.year))
        detail = f"{date.isoformat()} {day.kind if day else 'plain'}"
        await audit(ctx, tx, actor, "calendar.day", "alliance", detail=detail)
    return day


async def mark_year(ctx: Context, actor: Actor, year: str, *, form: Form) -> CalendarYear:
    """Say that a year's days are the official ones (``official``), or that they are provisional after all."""
    demand(actor, Verb.KEEP_CALENDAR, Thing())
    marked = CalendarYear(checked_year(year), not form.switch("official"), form.text("source", limit=60))
    form.demand()
    async with ctx.transaction() as tx:
        await tx.lock(_LOCK)
        await save_year(tx, marked)
        await audit(ctx, tx, actor, "calendar.year", "alliance", detail=_said(marked))
    return marked


async def begin_year(ctx: Context, actor: Actor, year: str) -> CalendarYear:
    """Fill a year anew with what is known of it; days entered by hand are replaced. Raises NotAllowed, Invalid."""
    demand(actor, Verb.KEEP_CALENDAR, Thing())
    begun, days = known_year(checked_year(year))
    async with ctx.transaction() as tx:
        await tx.lock(_LOCK)
        await replace_year(tx, begun, days)
        await audit(ctx, tx, actor, "calendar.begin", "alliance", detail=_said(begun))
    return begun


async def begin_missing_years(ctx: Context) -> list[CalendarYear]:
    """Fill this year and the next where nobody has entered them: a new installation's clocks know the holidays."""
    this = ctx.clock.now().astimezone(zone_of(ctx)).year
    missing = {this, this + 1} - await known_years(ctx.db.read)
    return [await begin_year(ctx, OPERATOR, str(year)) for year in sorted(missing)]


async def import_days(
    ctx: Context, actor: Actor, text: str, *, official: bool = False, source: str = ""
) -> CalendarImport:
    """Take the days of a list in CSV or TSV; it is the whole of every year that it names.

    A list with problems changes nothing. Raises NotAllowed, Invalid for a list that cannot be read at all.
    """
    demand(actor, Verb.KEEP_CALENDAR, Thing())
    listed = read_days(text)
    years = tuple(listed.years)
    if not listed.problems:
        async with ctx.transaction() as tx:
            await tx.lock(_LOCK)
            for year in years:
                days = _of_year(listed.days, year)
                await replace_year(tx, CalendarYear(year, not official, source[:60]), days)
            detail = ", ".join(str(year) for year in years)
            await audit(ctx, tx, actor, "calendar.import", "alliance", detail=detail[:500])
    return CalendarImport(len(listed.days), years, listed.problems)


def _of_year(days: Sequence[Day], year: int) -> list[Day]:
    return [day for day in days if day.date.year == year]


def _said(year: CalendarYear) -> str:
    return f"{year.year} {'provisional' if year.provisional else 'official'}"
