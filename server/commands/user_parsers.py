"""What `shuqiao user …` takes, and how it teaches that."""

import argparse
from collections.abc import Callable, Mapping

from server.commands.terminal import Help
from server.domain.permissions import Role

Action = Callable[[argparse.Namespace], int]

_ROLES = "\n  ".join(str(role) for role in Role if role is not Role.READER)
_GROUP = f"""\
A role is written role@scope: the scope is a library's short name or "alliance"; without one it is the
account's own library, and the alliance for administrator. Roles:
  {_ROLES}

examples:
  shuqiao user add li@example.org --name 李梅 --role administrator
  shuqiao user invite wang@example.org --name 王强 --library ningbo-lib --role librarian --desk ningbo-lib
  shuqiao user list --search example.org
"""
_ADD = """\
examples:
  shuqiao user add li@example.org --name 李梅 --role administrator
  shuqiao user add wang@example.org --name 王强 --library ningbo-lib --role librarian --desk ningbo-lib
  echo "$PASSWORD" | shuqiao user add demo@example.org --name 演示读者 --password-stdin

Without --role the account is a reader's. An address that has an account keeps it and gains the roles.
"""
_INVITE = """\
examples:
  shuqiao user invite wang@example.org --name 王强 --library ningbo-lib --role librarian --desk ningbo-lib
  shuqiao user invite zhao@example.org --name 赵敏 --library ningbo-lib --role manager@alliance

The link is mailed and printed; it works once, for seven days.
"""
_GRANT = """\
examples:
  shuqiao user grant wang@example.org manager@ningbo-lib
  shuqiao user grant wang@example.org inspector@alliance
"""
_REVOKE = """\
examples:
  shuqiao user revoke wang@example.org manager@ningbo-lib

It is in force with the next request. The last administrator cannot be revoked.
"""
_PASSWORD = """\
examples:
  shuqiao user password wang@example.org
  echo "$PASSWORD" | shuqiao user password wang@example.org --password-stdin

Every log-in of the account ends.
"""
_LIST = """\
examples:
  shuqiao user list
  shuqiao user list --search wang
"""
_SESSIONS = """\
examples:
  shuqiao user sessions --count 900 --role librarian > librarians.jsonl
  shuqiao user sessions --count 5000 --role reader --desk ningbo-lib > readers.jsonl

One JSON object a line: account_id, mail, name, role, desk, sid (the cookie), csrf (its token), and for
readers bearer (for Authorization: Bearer …). Staff are spread evenly over the desks, all open ones unless
--desk names some. Running it again logs the same accounts in. Production refuses without --in-production.
"""
_IMPORT = """\
examples:
  shuqiao user import-readers ningbo-lib readers.csv
  shuqiao user import-readers ningbo-lib readers.csv --good-only

The first line names the columns: mail and name (邮箱, 姓名), optional card_number and language
(读者证号, 语言); UTF-8 or GB 18030. Each new reader is mailed a link to choose a password, good for
seven days. With a bad line nothing is imported, unless --good-only asks for the good ones.
Importing a list again does no harm.
"""


def add_parsers(
    subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]", actions: Mapping[str, Action]
) -> None:
    """Teach the program `user` and what belongs to it."""
    group = subparsers.add_parser(
        "user",
        help="accounts, roles and log-ins",
        description="Accounts, their roles and log-ins.",
        epilog=_GROUP,
        formatter_class=Help,
    )
    group.set_defaults(parser=group)
    commands = group.add_subparsers(title="commands", metavar="COMMAND")

    def teach(name: str, does: str, epilog: str) -> argparse.ArgumentParser:
        parser = commands.add_parser(
            name, help=does, description=f"{does[0].upper()}{does[1:]}.", epilog=epilog, formatter_class=Help
        )
        parser.set_defaults(run=actions[name])
        return parser

    _person(teach("add", "make an account that can log in at once", _ADD), password=True)
    _person(teach("invite", "invite a member of staff by a link", _INVITE), password=False)
    for name, does, epilog in (
        ("grant", "give somebody a role", _GRANT),
        ("revoke", "take a role away", _REVOKE),
    ):
        parser = teach(name, does, epilog)
        parser.add_argument("mail", help="the account's mail address")
        parser.add_argument("role", metavar="ROLE[@SCOPE]", help="the role and where it holds")
    parser = teach("password", "set a new password", _PASSWORD)
    parser.add_argument("mail", help="the account's mail address")
    _password(parser)
    parser = teach("list", "print the staff with their roles", _LIST)
    parser.add_argument("--search", default="", help="only those whose name or mail address holds this")
    _sessions(teach("sessions", "print ready log-ins for load tests", _SESSIONS))
    parser = teach("import-readers", "import a library's readers from a CSV file", _IMPORT)
    parser.add_argument("library", help="the library's short name")
    parser.add_argument("file", help="the CSV file")
    parser.add_argument("--good-only", action="store_true", help="import the good lines in spite of bad ones")


def _person(parser: argparse.ArgumentParser, *, password: bool) -> None:
    parser.add_argument("mail", help="mail address, with which they log in")
    parser.add_argument("--name", required=True, help="the person's name")
    parser.add_argument(
        "--library", default="", metavar="SLUG", help="the library they belong to, by short name"
    )
    parser.add_argument(
        "--role",
        action="append",
        default=[],
        required=not password,
        metavar="ROLE[@SCOPE]",
        help="a role; may be given several times",
    )
    parser.add_argument(
        "--desk",
        action="append",
        default=[],
        metavar="SLUG",
        help="a desk where they answer; may be repeated",
    )
    parser.add_argument(
        "--language", choices=("zh", "en"), default="zh", help="the person's language (%(default)s)"
    )
    if password:
        _password(parser)


def _password(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--password-stdin",
        action="store_true",
        help="read the password from standard input instead of asking",
    )


def _sessions(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--count", type=int, required=True, help="how many log-ins")
    parser.add_argument(
        "--role", choices=[str(role) for role in Role], default="librarian", help="their role (%(default)s)"
    )
    parser.add_argument(
        "--desk",
        action="append",
        default=[],
        metavar="SLUG",
        help="a desk to serve or ask at; may be repeated",
    )
    parser.add_argument(
        "--password", default="", help="one password for all new ones; a random one otherwise"
    )
    parser.add_argument("--in-production", action="store_true", help="do it in a production installation too")
