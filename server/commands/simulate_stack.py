"""`shuqiao simulate-stack`: a simulated automated store that the bridge can be connected to."""

import argparse
import asyncio

from server.commands.parsers import Parser
from server.commands.processes import not_listening
from server.commands.terminal import Failure, language_of, reason_of
from server.words.catalogue import text
from stack_io.simulator.__main__ import add_options, serve


def add_parser(program: Parser) -> None:
    """Teach the program `simulate-stack`."""
    parser = program.add_command("simulate-stack", run)
    add_options(parser, parser.told)


def run(args: argparse.Namespace) -> int:
    """Be one until told to stop. Raises Failure."""
    language = language_of()
    try:
        asyncio.run(serve(args))
    except OSError as error:
        if error.filename is None:
            raise not_listening(args.host, args.port, error, language) from error
        said = text("user.file_away", language, path=error.filename, reason=reason_of(error, language))
        raise Failure(said) from error
    return 0
