"""`shuqiao worker`: does what falls due and sends mail, apart from the servers."""

import argparse
import asyncio

from server.assembly import run_worker
from server.commands.parsers import Parser
from server.commands.processes import demand_database, demand_folder, run_until_stopped
from server.commands.terminal import language_of
from server.observing.logs import configure_logs
from server.settings import load_settings


def add_parser(program: Parser) -> None:
    """Teach the program `worker`."""
    program.add_command("worker", run)


def run(args: argparse.Namespace) -> int:
    """Work until told to stop."""
    settings = load_settings()
    language = language_of()
    asyncio.run(demand_database(settings, language))
    demand_folder(settings, language)
    configure_logs(settings)
    run_until_stopped(settings, run_worker)
    return 0
