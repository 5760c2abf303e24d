"""`shuqiao worker`: does what falls due and sends mail, apart from the servers."""

import argparse
import asyncio

from server.assembly import run_worker
from server.commands.processes import demand_database, demand_folder, run_until_stopped
from server.commands.terminal import Help, language_of
from server.observing.logs import configure_logs
from server.settings import load_settings

_EXAMPLES = """\
examples:
  shuqiao worker                        with the settings of the environment
  SHUQIAO_EMBEDDED_WORKER=false shuqiao serve      … and servers that leave this work to workers

Any number may run at once: each due row is acted on once. A worker that is killed loses nothing.
"""


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Teach the program `worker`."""
    parser = subparsers.add_parser(
        "worker",
        help="do what falls due and send mail",
        description="Offers that run out, circles that widen, lost librarians, overdue records, mail.",
        epilog=_EXAMPLES,
        formatter_class=Help,
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Work until told to stop."""
    settings = load_settings()
    language = language_of()
    asyncio.run(demand_database(settings, language))
    demand_folder(settings, language)
    configure_logs(settings)
    run_until_stopped(settings, run_worker)
    return 0
