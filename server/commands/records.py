"""`shuqiao import-records` takes a library's catalogue from a file of MARC records; `reindex` makes its words anew."""

import argparse
import asyncio
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from server.actions.record_imports import Progress, import_records
from server.actions.reindexing import reindex
from server.commands.items import store_id_of
from server.commands.parsers import Parser
from server.commands.terminal import FAILED, Failure, language_of, reason_of
from server.commands.users import open_context
from server.domain.accounts import OPERATOR
from server.settings import Settings, load_settings
from server.wire.marc import Entry
from server.words.catalogue import say, text

CHUNK = 256 * 1024


def add_parser(program: Parser) -> None:
    """Teach the program `import-records` and `reindex`."""
    parser = program.add_command("import-records", run)
    parser.add_argument("file", metavar="FILE.mrc")
    parser.add_argument("--library", required=True, metavar="SLUG")
    parser.add_argument("--source", default="", metavar="NAME")
    parser.add_argument("--items-store", default="", metavar="CODE")
    program.add_command("reindex", run_reindex)


def run_reindex(args: argparse.Namespace) -> int:
    """Go over the whole index."""
    return asyncio.run(_reindex(load_settings()))


async def _reindex(settings: Settings) -> int:
    done = 0

    def show(some: int) -> None:
        nonlocal done
        done += some
        if sys.stderr.isatty():
            print(f"\r{done:>10,}", end="", file=sys.stderr, flush=True)

    async with open_context(settings) as ctx:
        await reindex(ctx, OPERATOR, show)
    print(text("records.reindexed", language_of()), file=sys.stderr)
    return 0


def run(args: argparse.Namespace) -> int:
    """Import the file; status 1 when not one record of it could be read."""
    settings = load_settings()
    if args.file == "-":
        return asyncio.run(_import(settings, args, sys.stdin.buffer, 0))
    path = Path(args.file)
    try:
        with path.open("rb") as file:
            return asyncio.run(_import(settings, args, file, path.stat().st_size))
    except OSError as error:
        raise Failure(
            text("user.file_away", language_of(), path=path, reason=reason_of(error, language_of()))
        ) from None


async def _import(settings: Settings, args: argparse.Namespace, file: BinaryIO, size: int) -> int:
    def show(done: Progress) -> None:
        if sys.stderr.isatty():
            share = f"{min(done.offset * 100 // size, 100)} %" if size else ""
            print(f"\r{done.read:>10,} {share}", end="", file=sys.stderr, flush=True)

    async with open_context(settings) as ctx:
        store_id = await store_id_of(ctx, args.items_store, "items_store") if args.items_store else ""
        done = await import_records(
            ctx,
            OPERATOR,
            _chunks(file),
            library=args.library,
            source=args.source[:40],
            store_id=store_id,
            told=_tell,
            progress=show,
        )
    return _report(done)


def _chunks(file: BinaryIO) -> Iterator[bytes]:
    while chunk := file.read(CHUNK):
        yield chunk


def _tell(entry: Entry) -> None:
    assert entry.problem is not None
    language = language_of()
    said = say(entry.problem, language)
    print(
        text("records.broken", language, number=entry.number, offset=entry.offset, problem=said),
        file=sys.stderr,
    )


def _report(done: Progress) -> int:
    if sys.stderr.isatty():
        print(file=sys.stderr)
    said = text(
        "records.imported",
        language_of(),
        read=done.read,
        added=done.added,
        renewed=done.renewed,
        broken=done.broken,
    )
    print(said, file=sys.stderr)
    if done.items:
        print(text("items.of_records", language_of(), n=done.items), file=sys.stderr)
    return FAILED if done.read == done.broken else 0
