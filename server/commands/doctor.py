"""`shuqiao doctor`: looks at everything that the product needs and says what to do."""

import argparse
import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from server.clocks import SystemClock
from server.commands import checks
from server.commands.findings import Finding, Level
from server.commands.parsers import Parser
from server.commands.setting_texts import problem_text, setting_rows
from server.commands.terminal import FAILED, MISUSED, language_of, padded, table
from server.context import Context, make_context
from server.domain.forms import checked_mail
from server.settings import Settings, SettingsError, load_settings
from server.words.catalogue import text


def add_parser(program: Parser) -> None:
    """Teach the program `doctor`."""
    parser = program.add_command("doctor", run)
    choice = parser.add_mutually_exclusive_group()
    choice.add_argument("--mail-to", metavar="ADDRESS", default="", help=parser.told("mail_to"))
    choice.add_argument("--settings", action="store_true", help=parser.told("settings"))
    choice.add_argument("--new-secret", action="store_true", help=parser.told("new_secret"))


def run(args: argparse.Namespace) -> int:
    """Examine, or print what was asked for."""
    language = language_of()
    if args.new_secret:
        print(secrets.token_urlsafe(48))
        return 0
    if args.settings:
        print(*table(setting_rows(language), indent=0), sep="\n")
        return 0
    if args.mail_to:
        checked_mail(args.mail_to, "mail_to")
    try:
        settings = load_settings()
    except SettingsError as error:
        for problem in error.problems:
            said = problem_text(problem, language)
            show(Finding(Level.FAIL, "settings", said, text("doctor.settings_next", language)))
        return MISUSED
    return asyncio.run(_examine(settings, language, args.mail_to))


def show(finding: Finding) -> None:
    """One finding, at once: the next examination may take a while."""
    print(f"{finding.level.value:<5} {padded(finding.area, 9)} {finding.said}", flush=True)
    if finding.todo:
        print(" " * 16 + f"→ {finding.todo}", flush=True)
    if finding.detail:
        print(" " * 16 + finding.detail, flush=True)


async def _examine(settings: Settings, language: str, mail_to: str) -> int:
    worst = Level.OK
    async for finding in _findings(settings, language, mail_to):
        show(finding)
        worst = max(worst, finding.level, key=list(Level).index)
    print(text(f"doctor.all_{worst.value.lower()}", language))
    return FAILED if worst is Level.FAIL else 0


async def _findings(settings: Settings, language: str, mail_to: str) -> AsyncIterator[Finding]:
    for finding in checks.check_settings(settings, language):
        yield finding
    yield checks.check_secret(settings, language)
    found, facts = await checks.check_database(settings, language)
    for finding in found:
        yield finding
    redis, drift = await checks.check_redis(settings, language)
    yield redis
    if facts is not None:
        yield checks.check_clock([drift, facts.drift], language)
    for finding in checks.check_files(settings, language):
        yield finding
    yield await checks.check_scanner(settings, language)
    yield checks.check_label_font(settings, language)
    async with _opened(settings, usable=facts is not None and not facts.missing) as ctx:
        if ctx is not None:
            async for finding in checks.check_shared_files(ctx, language):
                yield finding
            async for finding in checks.check_work(ctx, language):
                yield finding
            async for finding in checks.check_address(ctx, language):
                yield finding
            async for finding in checks.check_calendar(ctx, language):
                yield finding
    yield await checks.check_mail(settings, language, mail_to=mail_to, now=SystemClock().now())


@asynccontextmanager
async def _opened(settings: Settings, *, usable: bool) -> AsyncIterator[Context | None]:
    if not usable:
        yield None
        return
    ctx = make_context(settings)
    await ctx.db.open()
    try:
        yield ctx
    finally:
        await ctx.db.close()
