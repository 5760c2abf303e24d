"""`shuqiao calendar`: begins years of the calendar by which the loan clocks run."""

import argparse
import asyncio

from server.actions.calendar import begin_missing_years, begin_year, read_calendar
from server.commands.parsers import Parser
from server.commands.terminal import language_of
from server.commands.users import open_context
from server.context import Context
from server.domain.accounts import OPERATOR
from server.domain.calendar import CalendarYear
from server.domain.calendar_lists import checked_year
from server.settings import Settings, load_settings
from server.words.catalogue import text


def add_parser(program: Parser) -> None:
    """Teach the program `calendar`."""
    parser = program.add_command("calendar", run)
    parser.add_argument("--year", metavar="YEAR", default="")
    parser.add_argument("--again", action="store_true")


def run(args: argparse.Namespace) -> int:
    """Fill in what was asked for and say what became of it."""
    return asyncio.run(_fill(load_settings(), args.year, again=args.again))


async def begin_calendar(settings: Settings) -> None:
    """A new database's calendar: this year and the next, where nobody has entered them."""
    async with open_context(settings) as ctx:
        await _say(ctx, await begin_missing_years(ctx))


async def _fill(settings: Settings, said: str, *, again: bool) -> int:
    if not said:
        await begin_calendar(settings)
        return 0
    year = checked_year(said)
    async with open_context(settings) as ctx:
        if not again and year in (await read_calendar(ctx.db.read, ctx.clock.now())).years:
            print(text("command.calendar.kept", language_of(), year=year))
            return 0
        await _say(ctx, [await begin_year(ctx, OPERATOR, said)])
    return 0


async def _say(ctx: Context, begun: list[CalendarYear]) -> None:
    calendar = await read_calendar(ctx.db.read, ctx.clock.now())
    for year in begun:
        key = "command.calendar.begun_provisional" if year.provisional else "command.calendar.begun_official"
        count = sum(day.year == year.year for day in calendar.days)
        print(text(key, language_of(), year=year.year, n=count))
