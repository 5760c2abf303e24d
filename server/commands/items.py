"""`shuqiao import-items`: takes a store's items from a CSV file."""

import argparse
import asyncio
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from server.actions.item_imports import ItemImport, import_items
from server.commands.parsers import Parser
from server.commands.terminal import FAILED, Failure, language_of, reason_of
from server.commands.users import open_context
from server.context import Context
from server.domain.accounts import OPERATOR
from server.domain.errors import Invalid
from server.settings import Settings, load_settings
from server.store.stores import store_by_code
from server.words.catalogue import say, text

_HEADS = "条码, 记录号, 书库, 架位, 料箱, 所属馆, 新书"


def add_parser(program: Parser) -> None:
    """Teach the program `import-items`."""
    parser = program.add_command("import-items", run, heads=_HEADS)
    parser.add_argument("file", metavar="FILE.csv")
    parser.add_argument("--store", default="", metavar="CODE")
    parser.add_argument("--good-only", action="store_true")
    parser.add_argument("--new", action="store_true")


def run(args: argparse.Namespace) -> int:
    """Import the file; status 1 when nothing was imported because of problems."""
    settings = load_settings()
    if args.file != "-":
        return asyncio.run(_import(settings, args, Path(args.file)))
    with tempfile.NamedTemporaryFile(prefix="shuqiao-items-") as kept:
        shutil.copyfileobj(sys.stdin.buffer, kept)
        kept.flush()
        return asyncio.run(_import(settings, args, Path(kept.name)))


async def _import(settings: Settings, args: argparse.Namespace, path: Path) -> int:
    try:
        encoding = _encoding_of(path)
    except OSError as error:
        raise Failure(
            text("user.file_away", language_of(), path=path, reason=reason_of(error, language_of()))
        ) from None
    async with open_context(settings) as ctx:
        store_id = await store_id_of(ctx, args.store, "store") if args.store else ""
        done = await import_items(
            ctx,
            OPERATOR,
            lambda: _lines(path, encoding),
            store_id=store_id,
            good_only=args.good_only,
            new=args.new,
            progress=_show,
        )
    return _report(done)


async def store_id_of(ctx: Context, code: str, field: str) -> str:
    """The store of a code. Raises Invalid."""
    store = await store_by_code(ctx.db.read, code)
    if store is None:
        raise Invalid("item_store_unknown", field, store=code)
    return store.id


def _encoding_of(path: Path) -> str:
    """UTF-8, or GB 18030 as spreadsheets on Chinese Windows write it."""
    try:
        for _ in _lines(path, "utf-8-sig"):
            pass
    except UnicodeDecodeError:
        return "gb18030"
    return "utf-8-sig"


def _lines(path: Path, encoding: str) -> Iterator[str]:
    errors = "strict" if encoding == "utf-8-sig" else "replace"
    with path.open(encoding=encoding, errors=errors, newline="") as file:
        yield from file


def _show(done: ItemImport) -> None:
    if sys.stderr.isatty():
        print(f"\r{done.lines:>10,} {done.added + done.moved:>10,}", end="", file=sys.stderr, flush=True)


def _report(done: ItemImport) -> int:
    if sys.stderr.isatty():
        print(file=sys.stderr)
    language = language_of()
    for found in done.problems:
        said = say(found.problem, language)
        print(
            text("items.problem", language, line=found.line, column=found.problem.field, problem=said),
            file=sys.stderr,
        )
    key = "items.imported" if done.imported else "items.nothing"
    print(
        text(
            key, language, lines=done.lines, added=done.added, moved=done.moved, kept=done.kept, bad=done.bad
        ),
        file=sys.stderr,
    )
    return 0 if done.imported else FAILED
