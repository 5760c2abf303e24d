"""`shuqiao import-libraries`: takes the alliance's members and their desks from a CSV file."""

import argparse
import asyncio
import sys
from pathlib import Path

from server.actions.library_lists import LibraryImport, import_libraries
from server.commands.terminal import FAILED, Failure, Help, language_of
from server.commands.users import open_context
from server.domain.accounts import OPERATOR
from server.domain.desks import LANGUAGES, LIBRARY_KINDS, POSITIONS
from server.domain.library_lists import HEADS, KIND_WORDS
from server.domain.reader_lists import decoded_list
from server.settings import Settings, load_settings
from server.words.catalogue import say, text

_KINDS = ", ".join((*LIBRARY_KINDS, *KIND_WORDS))
_COLUMNS = "\n".join(f"  {name:<14}{', '.join(heads[1:])}" for name, heads in HEADS.items())
_LESSON = f"""\
The file is CSV in UTF-8 (with or without BOM) or GB 18030, as spreadsheets save it. Its first line names the
columns, in any order, ours or the Chinese ones beside them; slug and name_zh are needed:
{_COLUMNS}

A library that is new needs name_en as well, a desk that is new mail. Some columns take certain words only:
  kind          {_KINDS}; public where nothing stands
  position      {", ".join(POSITIONS)}
  language      {", ".join(LANGUAGES)}
  open          yes, no, 是, 否

A line is a library and, with desk_slug, one of its desks; a second desk takes a second line. Libraries and desks
are known by their short names: importing the list again renews them, and an empty cell changes nothing. A new desk
stays private until its column open says yes. origins may hold several web origins with blanks between them.

A list with problems changes nothing and every problem is named by line and column, unless --good-only is given.

examples:
  shuqiao import-libraries members.csv --check         only say what is wrong
  shuqiao import-libraries members.csv
  shuqiao import-libraries members.csv --good-only     leave the bad lines out
"""


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Teach the program `import-libraries`."""
    parser = subparsers.add_parser(
        "import-libraries",
        help="take member libraries and their desks from a CSV file",
        description="Take member libraries and their desks from a CSV file.",
        epilog=_LESSON,
        formatter_class=Help,
    )
    parser.add_argument("file", metavar="FILE.csv", help="the list")
    parser.add_argument(
        "--good-only", action="store_true", help="import the good lines of a list with problems"
    )
    parser.add_argument(
        "--good-rows", dest="good_only", action="store_true", help=argparse.SUPPRESS
    )  # its old name
    parser.add_argument("--check", action="store_true", help="say what is wrong, change nothing")
    parser.set_defaults(run=run)


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
        raise Failure(text("user.file_away", language_of(), path=path, reason=error.strerror)) from None


def _report(done: LibraryImport, *, check_only: bool) -> int:
    language = language_of()
    for found in done.problems:
        said = say(found.problem, language)
        print(
            text("libraries.line", language, line=found.line, column=found.problem.field, problem=said),
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


def _show_progress(done: int, total: int) -> None:
    if sys.stderr.isatty():
        print(f"\r{done} / {total}", end="" if done < total else "\n", file=sys.stderr, flush=True)
