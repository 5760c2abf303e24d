"""`shuqiao import-libraries`: takes the alliance's members and their desks from a CSV file."""

import argparse
import asyncio
import sys
from pathlib import Path

from server.actions.library_lists import LibraryImport, import_libraries
from server.commands.parsers import Parser
from server.commands.terminal import FAILED, Failure, language_of, reason_of
from server.commands.users import open_context
from server.domain.accounts import OPERATOR
from server.domain.desks import LANGUAGES, LIBRARY_KINDS, POSITIONS
from server.domain.errors import Invalid
from server.domain.library_lists import HEADS, KIND_WORDS
from server.domain.reader_lists import decoded_list
from server.settings import Settings, load_settings
from server.words.catalogue import say, text

_COLUMNS = "\n".join(f"  {name:<14}{', '.join(heads[1:])}" for name, heads in HEADS.items())


def add_parser(program: Parser) -> None:
    """Teach the program `import-libraries`."""
    parser = program.add_command(
        "import-libraries",
        run,
        columns=_COLUMNS,
        kinds=", ".join(LIBRARY_KINDS),
        kind_words=", ".join(KIND_WORDS),
        positions=", ".join(POSITIONS),
        languages=", ".join(LANGUAGES),
        answers="yes, no, 是, 否",
    )
    parser.add_argument("file", metavar="FILE.csv")
    parser.add_argument("--good-only", action="store_true")
    old_name = "--good-rows"
    parser.add_argument(old_name, dest="good_only", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--check", action="store_true")


def run(args: argparse.Namespace) -> int:
    """Import the list; status 1 when problems kept it from being imported."""
    listed = _read(Path(args.file))
    return asyncio.run(_import(load_settings(), listed, args))


async def _import(settings: Settings, listed: str, args: argparse.Namespace) -> int:
    async with open_context(settings) as ctx:
        done = await import_libraries(
            ctx, OPERATOR, listed, good_only=args.good_only, check_only=args.check, progress=_show_progress
        )
    return _report(done, check_only=args.check)


def _read(path: Path) -> str:
    try:
        return decoded_list(path.read_bytes())
    except OSError as error:
        raise Failure(
            text("user.file_away", language_of(), path=path, reason=reason_of(error, language_of()))
        ) from None


def _report(done: LibraryImport, *, check_only: bool) -> int:
    language = language_of()
    for found in done.problems:
        said = say(found.problem, language)
        print(
            text(
                "libraries.line",
                language,
                line=found.line,
                column=_head(found.problem, language),
                problem=said,
            ),
            file=sys.stderr,
        )
    bad = len({found.line for found in done.problems})
    key = "imported" if done.imported else "checked" if check_only else "nothing_imported"
    print(
        text(
            f"libraries.{key}",
            language,
            lines=done.lines,
            bad=bad,
            libraries_added=done.libraries_added,
            libraries_changed=done.libraries_changed,
            desks_added=done.desks_added,
            desks_changed=done.desks_changed,
        ),
        file=sys.stderr,
    )
    return FAILED if bad and not done.imported else 0


def _head(problem: Invalid, language: str) -> str:
    """The column by our name, beside it the Chinese one: the operator's list may have either."""
    heads = HEADS.get(problem.field, ())
    return f"{problem.field}（{heads[1]}）" if language == "zh" and heads else problem.field


def _show_progress(done: int, total: int) -> None:
    if sys.stderr.isatty():
        print(f"\r{done} / {total}", end="" if done < total else "\n", file=sys.stderr, flush=True)
