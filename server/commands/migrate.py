"""`shuqiao migrate`: makes the database, or brings it up to date."""

import argparse
import asyncio

from server.commands.calendar import begin_calendar
from server.commands.parsers import Parser
from server.commands.processes import away_lines
from server.commands.terminal import Failure, language_of
from server.domain.errors import Unavailable
from server.settings import Settings, load_settings
from server.store.checking import DatabaseAway, DatabaseFacts, look_at, migration_names
from server.words.catalogue import text


def add_parser(program: Parser) -> None:
    """Teach the program `migrate`."""
    parser = program.add_command("migrate", run)
    parser.add_argument("--check", action="store_true")


def run(args: argparse.Namespace) -> int:
    """Migrate, or with --check only look."""
    settings, language = load_settings(), language_of()
    if args.check:
        return asyncio.run(_check(settings, language))
    asyncio.run(bring_up_to_date(settings, language))
    asyncio.run(begin_calendar(settings))
    return 0


async def bring_up_to_date(settings: Settings, language: str) -> None:
    """Apply what is missing and say what was done. Raises Failure."""
    # Here, because every process would pay for Tortoise at its start, and only this one needs it.
    from server.store.migrating import migrate

    before = await _looked_at(settings, language)
    if before is not None and before.unknown:
        raise Failure(text("command.schema_ahead", language, names=", ".join(before.unknown)))
    if before is not None and not before.missing:
        print(text("command.schema_current", language, name=migration_names()[-1]))
        return
    try:
        copy = await migrate(settings.database_url)
    except Unavailable as error:
        cause = error.__cause__
        raise Failure(*away_lines(cause if isinstance(cause, Exception) else error, language)) from error
    if copy is not None:
        print(text("command.copied", language, path=copy))
    for name in before.missing if before else migration_names():
        print(text("command.applied", language, name=name))


async def _check(settings: Settings, language: str) -> int:
    facts = await _looked_at(settings, language)
    missing = facts.missing if facts else migration_names()
    if not missing:
        print(text("command.schema_current", language, name=migration_names()[-1]))
        return 0
    raise Failure(
        text("command.schema_behind", language, names=", ".join(missing)),
        text("command.run_migrate", language),
    )


async def _looked_at(settings: Settings, language: str) -> DatabaseFacts | None:
    """The database's facts; None for an SQLite file that is still to be made."""
    try:
        return await look_at(settings.database_url)
    except DatabaseAway as away:
        if away.code in ("no_file", "no_folder"):
            return None
        raise Failure(*away_lines(away, language)) from away
