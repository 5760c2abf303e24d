"""The `shuqiao` program: `python -m server` is the same."""

import argparse
import os
import sys
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version

from server.commands import (
    calendar,
    demo,
    doctor,
    items,
    libraries,
    migrate,
    records,
    serve,
    simulate_stack,
    stack,
    users,
    worker,
)
from server.commands.setting_texts import problem_text
from server.commands.terminal import FAILED, MISUSED, Failure, Help, complain, language_of
from server.domain.errors import Refusal
from server.domain.forms import FormRefused
from server.settings import SettingsError
from server.words.catalogue import say, text

_EPILOG = """\
The first steps:
  shuqiao demo                  try everything with a lively alliance of made-up people
  shuqiao doctor                check settings, database, Redis, mail, clock and files
  shuqiao migrate               make or renew the database
  shuqiao serve                 answer readers and librarians

Settings come from environment variables SHUQIAO_… and one TOML file named by SHUQIAO_CONFIG;
`shuqiao doctor --settings` lists them all. `shuqiao COMMAND --help` teaches each command.
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit status and never shows a traceback to who did nothing wrong."""
    parser = make_parser()
    args = parser.parse_args(argv)
    if not hasattr(args, "run"):
        (getattr(args, "parser", None) or parser).print_help(sys.stderr)
        return MISUSED
    try:
        return int(args.run(args))
    except Failure as failure:
        complain(*failure.lines)
        return failure.status
    except SettingsError as error:
        language = language_of()
        problems = (f"  {problem_text(problem, language)}" for problem in error.problems)
        complain(text("command.settings_wrong", language), *problems)
        return MISUSED
    except Refusal as refusal:
        refused = refusal.problems if isinstance(refusal, FormRefused) else [refusal]
        complain(*(_said(each) for each in refused))
        return FAILED
    except KeyboardInterrupt:
        return 130  # as shells have it for SIGINT
    except BrokenPipeError:
        # Who read us has gone (`… | head`); what is still buffered must not fail once more at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except Exception as error:
        if os.environ.get("SHUQIAO_LOG_LEVEL") == "debug":
            raise
        complain(
            f"this should not have happened: {type(error).__name__}: {error}",
            "Run it again with SHUQIAO_LOG_LEVEL=debug to see where, and report that.",
        )
        return FAILED


def _said(refusal: Refusal) -> str:
    """The refusal in the operator's language, with what it is about before it."""
    said = say(refusal, language_of())
    return f"{refusal.field}: {said}" if refusal.field else said


def make_parser() -> argparse.ArgumentParser:
    """The parser of the whole program."""
    parser = argparse.ArgumentParser(
        prog="shuqiao",
        description="The live desk of a library alliance: readers talk with the right librarian.",
        epilog=_EPILOG,
        formatter_class=Help,
    )
    parser.add_argument("--version", action="version", version=f"shuqiao {_version()}")
    subparsers = parser.add_subparsers(title="commands", metavar="COMMAND")
    everyday = (serve, worker, stack, migrate, demo, doctor, users, libraries, records, items, calendar)
    for module in (*everyday, simulate_stack):
        module.add_parser(subparsers)
    return parser


def _version() -> str:
    try:
        return version("shuqiao")
    except PackageNotFoundError:  # run from a folder that nobody installed
        return "(not installed)"


if __name__ == "__main__":
    sys.exit(main())
