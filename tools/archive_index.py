"""Puts an archive that `loadtests.archive` made into its search index, at once instead of little by little.

    python -m tools.archive_index postgresql://… --at-once 5000 --psql …/bin/psql

The product's worker does the same within a running service, some hundred answers every few seconds, and keeps the
index of words meanwhile; here nobody searches yet, so that it is made when all words are there. PostgreSQL only.
"""

import argparse
import time

import uvloop

from loadtests.archive import tell
from server.actions.archive_keeping import OVERLAP
from server.context import Context, make_context
from server.settings import Settings
from server.store.consultation_archive import add_entries, entries_to_add
from server.store.figures import mark_of, set_mark
from server.store.rows import from_us

_NO_WORDS = "DROP INDEX IF EXISTS archive_words_gin"
_WORDS = (
    "SET maintenance_work_mem = '2GB'",
    "CREATE INDEX archive_words_gin ON archive_words USING gin (words)",
    "VACUUM ANALYZE archive_entry, archive_words",
)


async def fill(ctx: Context, at_once: int) -> int:
    """All answers that the index lacks, in their order; how many."""
    await ctx.db.open()
    try:
        count = 0
        while taken := await _take(ctx, at_once):
            count += taken
            print(f"  {count:,}", end="\r", flush=True)
        return count
    finally:
        await ctx.db.close()


async def _take(ctx: Context, at_once: int) -> int:
    async with ctx.transaction() as tx:
        come_to = await mark_of(tx, "archive") or from_us(0) + OVERLAP
        entries = await entries_to_add(tx, come_to - OVERLAP, limit=at_once)
        await add_entries(tx, entries)
        if entries:
            await set_mark(tx, "archive", entries[-1].answered_at)
        return len(entries)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("database_url")
    parser.add_argument("--at-once", type=int, default=5_000, help="answers in a transaction (%(default)s)")
    parser.add_argument("--psql", default="psql")
    args = parser.parse_args()
    ctx = make_context(Settings(environment="test", database_url=args.database_url))
    began = time.monotonic()
    tell(args.psql, args.database_url, _NO_WORDS)
    count = uvloop.run(fill(ctx, args.at_once))
    tell(args.psql, args.database_url, *_WORDS)  # longer than the product lets any statement take
    print(f"{count:,} answers indexed in {time.monotonic() - began:.0f} s")


if __name__ == "__main__":
    main()
