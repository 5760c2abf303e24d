"""A simulated store as a process of its own: ``python -m stack_io.simulator --port 7070 --seed 1``."""

import argparse
import asyncio
import csv
import signal
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from server.domain.arguments import above_nothing, none_or_more, one_or_more, port_number
from stack_io.simulator.devices import Device
from stack_io.simulator.journals import Journal
from stack_io.simulator.plans import Habits, Plan
from stack_io.simulator.serving import Host

EXAMPLES = """\
examples:
  python -m stack_io.simulator --port 7070 --stock items.csv --journal store.jsonl
  python -m stack_io.simulator --port 7070 --open-stock --speed 20     any barcode lies somewhere, twenty times as fast

items.csv holds a barcode in each line, and after a comma its tote if it matters (A01-L02-B003). With a journal the
device remembers over restarts what it was told and what it has said; each start is a new run with numbers from 1.
"""
_HELPS = {
    "host": "address to listen on (%(default)s)",
    "port": "port to listen on; 0 takes a free one (%(default)s)",
    "seed": "chance: the same seed, the same store (%(default)s)",
    "speed": "simulated seconds in a real one (%(default)s)",
    "aisles": "number of aisles (%(default)s)",
    "levels": "number of levels (%(default)s)",
    "bays": "number of bays in a level (%(default)s)",
    "stations": "number of pick stations (%(default)s)",
    "stock": "what it holds: barcode, tote",
    "open_stock": "it holds whatever it is asked for",
    "no_faults": "nothing breaks, sticks or is missing",
    "journal": "its memory over restarts",
    "habits": "habits that the bridge has to bear",
    "clock_offset": "its clock is off by so much",
    "forgetful": "does a command again that comes again",
    "deaf": "never takes an acknowledgement",
    "wrong_item_every": "every so many retrievals bring another book; 0: none",
    "unknown_every": "every so many events are of a kind that nobody knows; 0: none",
    "second_body_every": "every so many events come again with another body; 0: none",
}


def parser() -> argparse.ArgumentParser:
    """What can be asked for."""
    made = argparse.ArgumentParser(
        prog="stack_io.simulator",
        description="A simulated automated store that the bridge can be connected to.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_options(made, _HELPS.__getitem__)
    return made


def add_options(made: argparse.ArgumentParser, told: Callable[[str], str]) -> None:
    """The options of a simulated store, for whichever program offers them and tells of them in its own words."""
    plan, habits = Plan(), Habits()
    made.add_argument("--host", default="127.0.0.1", help=told("host"))
    made.add_argument("--port", type=port_number, default=7070, help=told("port"))
    made.add_argument("--seed", type=int, default=plan.seed, metavar="N", help=told("seed"))
    made.add_argument("--speed", type=above_nothing, default=plan.speed, metavar="N", help=told("speed"))
    for name in ("aisles", "levels", "bays", "stations"):
        default = getattr(plan, name)
        made.add_argument(f"--{name}", type=one_or_more, default=default, metavar="N", help=told(name))
    made.add_argument("--stock", type=Path, metavar="CSV", help=told("stock"))
    made.add_argument("--open-stock", action="store_true", help=told("open_stock"))
    made.add_argument("--no-faults", action="store_true", help=told("no_faults"))
    made.add_argument("--journal", type=Path, metavar="FILE", help=told("journal"))
    lies = made.add_argument_group(told("habits"))
    lies.add_argument(
        "--clock-offset",
        type=float,
        default=habits.clock_offset,
        metavar="SECONDS",
        help=told("clock_offset"),
    )
    lies.add_argument("--forgetful", action="store_true", help=told("forgetful"))
    lies.add_argument("--deaf", action="store_true", help=told("deaf"))
    for name in ("wrong_item_every", "unknown_every", "second_body_every"):
        option = f"--{name.replace('_', '-')}"
        lies.add_argument(option, type=none_or_more, default=0, metavar="N", help=told(name))


def device_of(args: argparse.Namespace) -> Device:
    """The device that the options describe."""
    plan = Plan(
        seed=args.seed,
        speed=args.speed,
        aisles=args.aisles,
        levels=args.levels,
        bays=args.bays,
        stations=args.stations,
        open_stock=args.open_stock,
    )
    if args.no_faults:
        plan = replace(plan, stuck_rate=0.0, fault_rate=0.0, missing_rate=0.0)
    habits = Habits(
        clock_offset=args.clock_offset,
        forgetful=args.forgetful,
        deaf=args.deaf,
        wrong_item_every=args.wrong_item_every,
        unknown_every=args.unknown_every,
        second_body_every=args.second_body_every,
    )
    stock = stock_of(args.stock, plan) if args.stock else {}
    return Device(plan, Journal(args.journal), stock, lambda: datetime.now(UTC), habits=habits)


def stock_of(path: Path, plan: Plan) -> dict[str, str]:
    """What a list of barcodes (and totes) says that the store holds."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.reader(file) if row and row[0].strip()]
    return {row[0].strip(): (row[1].strip() if row[1:] else "") or str(plan.home_of(row[0])) for row in rows}


async def serve(args: argparse.Namespace) -> None:
    """Be a store until told to stop."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with Host(device_of(args)) as host:
        port = await host.listen(args.host, args.port)
        print(f"listening on {args.host}:{port}, run {host.device.epoch}", flush=True)
        await stop.wait()


def main(argv: Sequence[str] | None = None) -> int:
    """Be a store, as the words on the command line say."""
    asyncio.run(serve(parser().parse_args(argv)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
