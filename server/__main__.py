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
from server.commands.parsers import Parser
from server.commands.setting_texts import problem_text
from server.commands.terminal import FAILED, MISUSED, Failure, complain, language_of
from server.domain.errors import Invalid, Refusal
from server.domain.forms import FormRefused
from server.settings import SettingsError
from server.words.catalogue import say, text


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit status and never shows a traceback to who did nothing wrong."""
    try:
        args = make_parser().parse_args(argv)
        if not hasattr(args, "run"):
            args.parser.print_help(sys.stderr)
            return MISUSED
        return _run(args)
    except Failure as failure:
        complain(*failure.lines)
        return failure.status
    except KeyboardInterrupt:
        return 130  # as shells have it for SIGINT
    except BrokenPipeError:
        # Who read us has gone (`… | head`); what is still buffered must not fail once more at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except Exception as error:
        if os.environ.get("SHUQIAO_LOG_LEVEL") == "debug":
            raise
        kind, language = type(error).__name__, language_of()
        complain(
            text("command.unforeseen", language, kind=kind, reason=error),
            text("command.unforeseen_next", language),
        )
        return FAILED


def _run(args: argparse.Namespace) -> int:
    """Run the command. Raises Failure for everything that it refuses."""
    language = language_of()
    try:
        return int(args.run(args))
    except SettingsError as error:
        each_setting = (f"  {problem_text(problem, language)}" for problem in error.problems)
        raise Failure(text("command.settings_wrong", language), *each_setting, status=MISUSED) from None
    except Invalid as refusal:
        problems = refusal.problems if isinstance(refusal, FormRefused) else [refusal]
        said = (
            text(
                "command.argument", language, name=args.parser.named(each.field), problem=say(each, language)
            )
            for each in problems
        )
        raise Failure(*said, args.parser.advice, status=MISUSED) from None
    except Refusal as refusal:
        raise Failure(say(refusal, language)) from None


def make_parser() -> Parser:
    """The parser of the whole program."""
    parser = Parser(prog="shuqiao")
    said = f"shuqiao {_version()}"
    parser.add_argument("--version", action="version", version=said, help=parser.told("version"))
    everyday = (serve, worker, stack, migrate, demo, doctor, users, libraries, records, items, calendar)
    for module in (*everyday, simulate_stack):
        module.add_parser(parser)
    return parser


def _version() -> str:
    try:
        return version("shuqiao")
    except PackageNotFoundError:  # run from a folder that nobody installed
        return "(not installed)"


if __name__ == "__main__":
    sys.exit(main())
