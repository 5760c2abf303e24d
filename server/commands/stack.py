"""`shuqiao stack`: speaks with the automated stores, apart from servers and workers."""

import argparse
import asyncio

from server.assembly import run_stack
from server.commands.processes import demand_database, run_until_stopped
from server.commands.terminal import Help, language_of
from server.observing.logs import configure_logs
from server.settings import load_settings

_EXAMPLES = """\
examples:
  shuqiao stack                         with the settings of the environment
  SHUQIAO_EMBEDDED_WORKER=false shuqiao serve      … and servers that leave this work to others

Any number may run, on several machines: each device is spoken with by one of them, and by another within ten
seconds when that one dies. Whatever is killed, no event of a device is lost and no command is given twice.
"""


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Teach the program `stack`."""
    parser = subparsers.add_parser(
        "stack",
        help="speak with the automated stores",
        description="The bridge: commands to the machines, their events into the orders.",
        epilog=_EXAMPLES,
        formatter_class=Help,
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Speak with them until told to stop."""
    settings = load_settings()
    asyncio.run(demand_database(settings, language_of()))
    configure_logs(settings)
    run_until_stopped(settings, run_stack)
    return 0
