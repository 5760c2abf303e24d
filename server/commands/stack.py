"""`shuqiao stack`: speaks with the automated stores, apart from servers and workers."""

import argparse
import asyncio

from server.assembly import run_stack
from server.commands.parsers import Parser
from server.commands.processes import demand_database, run_until_stopped
from server.commands.terminal import language_of
from server.observing.logs import configure_logs
from server.settings import load_settings


def add_parser(program: Parser) -> None:
    """Teach the program `stack`."""
    program.add_command("stack", run)


def run(args: argparse.Namespace) -> int:
    """Speak with them until told to stop."""
    settings = load_settings()
    asyncio.run(demand_database(settings, language_of()))
    configure_logs(settings)
    run_until_stopped(settings, run_stack)
    return 0
