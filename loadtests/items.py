"""Makes up the items of a store for records of `loadtests.titles`, as a list for `shuqiao import-items`.

    python -m loadtests.items 600000 --store SZ-STACK > items.csv
    python -m loadtests.items 600000 --store SZ-STACK --copies 700000 > items.csv

Each record has a copy, popular ones more. Totes hold twenty books; places sort along the walk: aisle, rack, level.
"""

import argparse
import random
import sys
from collections.abc import Iterator

HEAD = "barcode,control_number,store,location,tote\n"
PER_TOTE, LEVELS, RACKS = 20, 12, 80


def items(records: int, copies: int, store: str, seed: int = 1) -> Iterator[str]:
    """The lines of the list; the first record's first copy comes first."""
    rng = random.Random(seed)
    for number in range(copies):
        record = number + 1 if number < records else min(int(rng.paretovariate(0.6)), records)
        tote = number // PER_TOTE
        level, rack, aisle = tote % LEVELS + 1, tote // LEVELS % RACKS + 1, tote // LEVELS // RACKS + 1
        yield f"3244{number:09},{record:09},{store},{aisle:02}-{rack:03}-{level:02},T{tote:06}\n"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("records", type=int, help="how many records there are")
    parser.add_argument("--copies", type=int, default=0, help="how many items in all (as many as records)")
    parser.add_argument("--store", required=True, help="the store's code")
    parser.add_argument("--seed", type=int, default=1, help="(%(default)s)")
    args = parser.parse_args()
    sys.stdout.write(HEAD)
    sys.stdout.writelines(items(args.records, args.copies or args.records, args.store, args.seed))


if __name__ == "__main__":
    main()
