"""What `shuqiao user …` takes."""

from collections.abc import Mapping

from server.commands.parsers import Action, Parser
from server.commands.terminal import language_of, table
from server.domain.permissions import Role
from server.words.catalogue import text

_COLUMNS = (("mail", "邮箱"), ("name", "姓名"), ("card_number", "读者证号"), ("language", "语言"))


def add_parsers(program: Parser, actions: Mapping[str, Action]) -> None:
    """Teach the program `user` and what belongs to it."""
    language = language_of()
    roles = [(role, text(f"role.{role}", language)) for role in Role if role is not Role.READER]
    group = program.add_command("user", roles="\n".join(table(roles)))
    _person(group.add_command("add", actions["add"]), staff=False)
    _person(group.add_command("invite", actions["invite"]), staff=True)
    for name in ("grant", "revoke"):
        parser = group.add_command(name, actions[name])
        parser.add_argument("mail", metavar="MAIL")
        parser.add_argument("role", metavar="ROLE[@SCOPE]")
    parser = group.add_command("password", actions["password"])
    parser.add_argument("mail", metavar="MAIL")
    parser.add_argument("--password-stdin", action="store_true")
    parser = group.add_command("list", actions["list"])
    parser.add_argument("--search", metavar="TEXT", default="")
    _sessions(group.add_command("sessions", actions["sessions"]))
    columns = "\n".join(table(_COLUMNS))
    parser = group.add_command("import-readers", actions["import-readers"], columns=columns)
    parser.add_argument("library", metavar="SLUG")
    parser.add_argument("file", metavar="FILE.csv")
    parser.add_argument("--good-only", action="store_true")


def _person(parser: Parser, *, staff: bool) -> None:
    parser.add_argument("mail", metavar="MAIL")
    parser.add_argument("--name", required=True)
    parser.add_argument("--library", default="", metavar="SLUG")
    parser.add_argument("--role", action="append", default=[], required=staff, metavar="ROLE[@SCOPE]")
    parser.add_argument("--desk", action="append", default=[], metavar="SLUG")
    parser.add_argument("--language", choices=("zh", "en"), default="zh")
    if not staff:  # who is invited chooses their own
        parser.add_argument("--password-stdin", action="store_true")


def _sessions(parser: Parser) -> None:
    roles = [str(role) for role in Role]
    parser.add_argument("--count", type=int, required=True, metavar="N")
    parser.add_argument(
        "--role",
        choices=roles,
        default="librarian",
        metavar="ROLE",
        help=parser.told("role", roles=", ".join(roles)),
    )
    parser.add_argument("--desk", action="append", default=[], metavar="SLUG")
    parser.add_argument("--password", default="")
    parser.add_argument("--in-production", action="store_true")
