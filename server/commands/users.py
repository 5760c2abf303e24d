"""`shuqiao user …`: accounts and roles from the command line."""

import argparse
import asyncio
import getpass
import json
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import asdict
from pathlib import Path

from server.actions.grants import add_account, give_password, grant_role, list_staff, revoke_role
from server.actions.invitations import Invitation, invite_staff
from server.actions.load_logins import issue_logins
from server.actions.operators import (
    account_named,
    desk_ids_named,
    grant_named,
    library_named,
    new_account,
    scope_names,
)
from server.actions.readers import ReaderImport, import_readers
from server.commands.parsers import Action, Parser
from server.commands.processes import demand_database
from server.commands.terminal import FAILED, MISUSED, Failure, language_of, reason_of, table
from server.commands.user_parsers import add_parsers
from server.context import Context, make_context
from server.domain.accounts import OPERATOR, checked_name
from server.domain.errors import Invalid
from server.domain.forms import checked_mail
from server.domain.permissions import Role
from server.domain.reader_lists import decoded_list
from server.settings import Settings, load_settings
from server.words.catalogue import say, text

Run = Callable[[Context, argparse.Namespace], Awaitable[int]]


def add_parser(program: Parser) -> None:
    """Teach the program `user`."""
    add_parsers(program, _ACTIONS)


@asynccontextmanager
async def open_context(settings: Settings) -> AsyncIterator[Context]:
    """A context for one command, on a database that is up to date. Raises Failure."""
    await demand_database(settings, language_of())
    ctx = make_context(settings)
    await ctx.db.open()
    try:
        yield ctx
    finally:
        await ctx.db.close()


def _running(run: Run) -> Action:
    def command(args: argparse.Namespace) -> int:
        async def with_context() -> int:
            async with open_context(load_settings()) as ctx:
                return await run(ctx, args)

        return asyncio.run(with_context())

    return command


async def add(ctx: Context, args: argparse.Namespace) -> int:
    """Make an account that can log in at once."""
    library_id = await library_named(ctx, args.library)
    grants = [await grant_named(ctx, role, library_id) for role in args.role]
    desk_ids = await desk_ids_named(ctx, args.desk)
    mail = checked_mail(args.mail)
    checked_name(args.name)  # before a password is typed for nothing
    account = await new_account(
        ctx,
        mail=mail,
        name=args.name,
        library_id=library_id,
        language=args.language,
        password=read_password(args.password_stdin),
    )
    async with ctx.transaction() as tx:
        added = await add_account(ctx, tx, OPERATOR, account, grants=grants, desk_ids=desk_ids)
    _say("user.added" if added.id == account.id else "user.known", mail=added.mail, id=added.id)
    return 0


async def invite(ctx: Context, args: argparse.Namespace) -> int:
    """Invite a member of staff; the link is printed too."""
    library_id = await library_named(ctx, args.library)
    invitation = Invitation(
        mail=args.mail,
        name=args.name,
        library_id=library_id,
        grants=tuple([await grant_named(ctx, role, library_id) for role in args.role]),
        desk_ids=tuple(await desk_ids_named(ctx, args.desk)),
        language=args.language,
    )
    link = await invite_staff(ctx, OPERATOR, invitation)
    _say("user.invited", mail=invitation.mail)
    print(link)
    return 0


async def grant(ctx: Context, args: argparse.Namespace) -> int:
    """Give a role."""
    account = await account_named(ctx, args.mail)
    await grant_role(ctx, OPERATOR, account.id, await grant_named(ctx, args.role, account.library_id))
    _say("user.granted", mail=account.mail, role=args.role)
    return 0


async def revoke(ctx: Context, args: argparse.Namespace) -> int:
    """Take a role away."""
    account = await account_named(ctx, args.mail)
    await revoke_role(ctx, OPERATOR, account.id, await grant_named(ctx, args.role, account.library_id))
    _say("user.revoked", mail=account.mail, role=args.role)
    return 0


async def password(ctx: Context, args: argparse.Namespace) -> int:
    """Set a new password; every log-in of the account ends."""
    account = await account_named(ctx, args.mail)
    await give_password(ctx, OPERATOR, account.id, password=read_password(args.password_stdin))
    _say("user.password_set", mail=account.mail)
    return 0


async def list_all(ctx: Context, args: argparse.Namespace) -> int:
    """Print the staff with their roles."""
    language, after = language_of(), ""
    while page := await list_staff(ctx, OPERATOR, search=args.search, after=after):
        names = await scope_names(ctx, [grant for _, grants in page for grant in grants])
        rows = [
            (
                account.mail,
                account.name,
                ", ".join(
                    f"{grant.role}@{names.get(grant.scope_id, grant.scope_id) or grant.scope}"
                    for grant in grants
                ),
                text(f"user.state.{account.state}", language),
            )
            for account, grants in page
        ]
        print(*table(rows, indent=0), sep="\n")
        after = page[-1][0].mail
    return 0


async def sessions(ctx: Context, args: argparse.Namespace) -> int:
    """Print ready log-ins, one JSON object a line."""
    ready = await issue_logins(
        ctx,
        OPERATOR,
        count=args.count,
        role=Role(args.role),
        desks=args.desk,
        password=args.password,
        allowed=args.in_production,
    )
    for login in ready:
        print(json.dumps({key: value for key, value in asdict(login).items() if value}, ensure_ascii=False))
    return 0


async def import_list(ctx: Context, args: argparse.Namespace) -> int:
    """Import a library's readers and say what became of each line."""
    listed = await asyncio.to_thread(_read_file, Path(args.file))
    library_id = await library_named(ctx, args.library)
    done = await import_readers(
        ctx, OPERATOR, library_id, listed, good_only=args.good_only, progress=_show_progress
    )
    return _report(done)


def read_password(from_stdin: bool) -> str:
    """The password from standard input, or typed twice without showing. Raises Failure."""
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    if not sys.stdin.isatty():
        raise Failure(text("user.no_terminal", language_of()), status=MISUSED)
    typed = getpass.getpass(text("user.type_password", language_of()))
    if getpass.getpass(text("user.type_again", language_of())) != typed:
        raise Failure(text("user.not_the_same", language_of()))
    return typed


def _read_file(path: Path) -> str:
    try:
        return decoded_list(path.read_bytes())
    except OSError as error:
        raise Failure(
            text("user.file_away", language_of(), path=path, reason=reason_of(error, language_of()))
        ) from None


def _report(done: ReaderImport) -> int:
    language = language_of()
    for found in done.problems:
        problem: Invalid = found.problem
        field = text(f"user.field.{problem.field}", language)
        said = say(problem, language)
        print(text("user.line", language, line=found.line, field=field, problem=said), file=sys.stderr)
    if done.left_out:
        _say("user.left_out", columns=", ".join(done.left_out))
    if not done.imported:
        _say("user.nothing_imported", bad=len({found.line for found in done.problems}), lines=done.lines)
        return FAILED
    _say("user.imported", created=done.created, known=done.known, lines=done.lines)
    return 0


def _show_progress(done: int, total: int) -> None:
    if sys.stderr.isatty():
        print(f"\r{done} / {total}", end="" if done < total else "\n", file=sys.stderr, flush=True)


def _say(key: str, **values: object) -> None:
    print(text(key, language_of(), **values), file=sys.stderr)


_ACTIONS = {
    "add": _running(add),
    "invite": _running(invite),
    "grant": _running(grant),
    "revoke": _running(revoke),
    "password": _running(password),
    "list": _running(list_all),
    "sessions": _running(sessions),
    "import-readers": _running(import_list),
}
