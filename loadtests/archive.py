"""Fills a database with an archive of answered consultations, their tasks, answers and claims, and a pool that waits.

    python -m loadtests.archive postgresql://… --consultations 5000000
    python -m loadtests.archive sqlite:///var/tmp/archive.db --consultations 200000 --years 2

The database must be empty and migrated (`shuqiao migrate`). PostgreSQL is filled by COPY, a stream for each table, over
psql. What is written is believable rather than true: 269 libraries, 900 librarians of whom some answer far more than
others, frequent words and rare ones, answers within and beyond 72 hours, ratings, grades and hand-backs.
The figures and the search index are the product's own work: its worker makes them when it starts.
"""

import argparse
import sqlite3
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from typing import IO, Any

from loadtests.archive_rows import COLUMNS, Maker


def fill_postgres(url: str, psql: str, rows: Iterator[tuple[str, Sequence[Any]]]) -> int:
    """One COPY for each table, all fed at once; the number of rows."""
    count = 0
    with ExitStack() as stack:
        streams: dict[str, IO[str]] = {}
        running = []
        for table, columns in COLUMNS.items():
            command = [psql, "-XqAt", "-v", "ON_ERROR_STOP=1", "--dbname", url]
            copy = f"COPY {table} ({', '.join(columns)}) FROM STDIN"
            process = subprocess.Popen(
                [*command, "-c", copy], stdin=subprocess.PIPE, text=True, encoding="utf-8"
            )
            assert process.stdin is not None
            streams[table] = stack.enter_context(process.stdin)
            running.append(process)
        for table, row in rows:
            streams[table].write("\t".join(map(_copied, row)) + "\n")
            count += 1
    for process in running:
        if process.wait():
            raise RuntimeError("a COPY failed")
    tell(psql, url, "VACUUM ANALYZE")
    return count


def tell(psql: str, url: str, *statements: str) -> str:
    """What the database answers to statements, each in a transaction of its own."""
    told = (word for statement in statements for word in ("-c", statement))
    command = [psql, "-XqAt", "--dbname", url, *told]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def fill_sqlite(path: str, rows: Iterator[tuple[str, Sequence[Any]]]) -> int:
    """One transaction for every fifty thousand rows; their number."""
    count = 0
    waiting: dict[str, list[Sequence[Any]]] = {table: [] for table in COLUMNS}
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA synchronous=OFF")

    def write() -> None:
        for table, columns in COLUMNS.items():
            marks = ", ".join("?" * len(columns))
            connection.executemany(
                f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})", waiting[table]
            )
            waiting[table].clear()
        connection.commit()

    for table, row in rows:
        waiting[table].append(row)
        count += 1
        if count % 50_000 == 0:
            write()
    write()
    connection.execute("ANALYZE")
    connection.close()
    return count


def fill(url: str, psql: str, args: argparse.Namespace) -> int:
    """Write everything; the number of rows."""
    maker = Maker(args.seed, time.time_ns() // 1000, args.years)

    def rows() -> Iterator[tuple[str, Sequence[Any]]]:
        yield from maker.alliance()
        yield from maker.archive(args.consultations)
        yield from maker.waiting(args.waiting)

    if url.startswith("sqlite://"):
        return fill_sqlite(url.removeprefix("sqlite://"), rows())
    return fill_postgres(url, psql, rows())


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--consultations", type=int, default=5_000_000)
    parser.add_argument("--waiting", type=int, default=3_000, help="tasks in the pool")
    parser.add_argument("--years", type=float, default=3.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--psql", default="psql")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("database_url")
    arguments(parser)
    args = parser.parse_args()
    began = time.monotonic()
    count = fill(args.database_url, args.psql, args)
    seconds = time.monotonic() - began
    print(
        f"{args.consultations:,} consultations, {count:,} rows in {seconds:.0f} s: {count / seconds:,.0f} rows/s"
    )


def _copied(value: Any) -> str:
    if value is None:
        return r"\N"
    if value is True or value is False:
        return "t" if value else "f"
    return str(value)


if __name__ == "__main__":
    main()
