"""`shuqiao simulate-stack`: a simulated automated store that the bridge can be connected to."""

import argparse
import asyncio

from server.commands.terminal import Help
from stack_io.simulator.__main__ import EXAMPLES, add_options, serve


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Teach the program `simulate-stack`."""
    parser = subparsers.add_parser(
        "simulate-stack",
        help="be an automated store, to try the bridge with",
        description="A believable store on a seed: aisles, shuttles, lifts, pick stations and faults.",
        epilog=EXAMPLES.replace("python -m stack_io.simulator", "shuqiao simulate-stack"),
        formatter_class=Help,
    )
    add_options(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Be one until told to stop."""
    asyncio.run(serve(args))
    return 0
