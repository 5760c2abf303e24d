"""The program's parser: its help and its complaints are in the operator's language.

Its texts stand in the catalogue, each below the words that call the command: ``help.shuqiao.user.add.about``. One
that is not there is the command's above it (``help.shuqiao.user.mail``), so that a text is written once.
"""

import argparse
import re
import shutil
from collections.abc import Callable, Iterable, Mapping
from difflib import get_close_matches
from typing import Any, NoReturn

from server.commands.terminal import MISUSED, Failure, language_of, width, wrapped
from server.words.catalogue import text, words

Action = Callable[[argparse.Namespace], int]

WIDEST = 100  # columns: a longer line is hard to follow, however wide the terminal is
# What argparse says in English, and the text `help.wrong.<code>` that says it in ours; `kind` names a type's own.
_COMPLAINTS = {
    "missing": r"the following arguments are required: (?P<names>.+)",
    "ambiguous": r"ambiguous option: (?P<given>.+) could match (?P<names>.+)",
    "command": r"argument COMMAND: invalid choice: (?P<given>.+) \(choose from (?P<choices>.+)\)",
    "choice": r"argument (?P<name>.+?): invalid choice: (?P<given>.+) \(choose from (?P<choices>.+)\)",
    "kind": r"argument (?P<name>.+?): invalid (?P<kind>\w+) value: (?P<given>.+)",
    "empty": r"argument (?P<name>.+?): expected .+",
    "switch": r"argument (?P<name>.+?): ignored explicit argument (?P<given>.+)",
    "together": r"argument (?P<name>.+?): not allowed with argument (?P<other>.+)",
}


class Formatter(argparse.HelpFormatter):
    """Help that fills its lines by columns (Chinese takes two) and leaves indented lines, the examples, alone."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, width=min(shutil.get_terminal_size().columns, WIDEST) - 2)

    def format_help(self) -> str:
        # argparse ends headings with a colon; Chinese ones have theirs.
        return super().format_help().replace("：:", "：")

    def _format_usage(
        self, usage: str | None, actions: Iterable[Any], groups: Iterable[Any], prefix: str | None
    ) -> str:
        if prefix is not None:  # argparse wants the bare words, to name a command with
            return super()._format_usage(usage, actions, groups, prefix)
        said = text("help.usage", language_of())
        blanks = " " * width(said)  # further lines are indented by characters, so let it count blanks
        return super()._format_usage(usage, actions, groups, blanks).replace(blanks, said, 1)

    def _format_action(self, action: argparse.Action) -> str:
        if isinstance(action, argparse._SubParsersAction):  # no line that says COMMAND above the commands
            return "".join(self._format_action(each) for each in action._get_subactions())
        return super()._format_action(action)

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        return "\n".join(
            indent + line
            for part in text.splitlines()
            for line in (wrapped(part, width) if part[:1].strip() else [part])
        )

    def _split_lines(self, text: str, width: int) -> list[str]:
        return wrapped(text, width)


class Parser(argparse.ArgumentParser):
    """Parses the words of a command. What is wrong is raised as Failure with status 2: what, where, what to do."""

    def __init__(self, *, values: Mapping[str, object] | None = None, **options: Any) -> None:
        """``values`` fill what the command's lesson leaves open."""
        super().__init__(**options, add_help=False, formatter_class=Formatter)
        self._commands: argparse._SubParsersAction[Parser] | None = None
        self._positionals.title, self._optionals.title = self.told("arguments"), self.told("options")
        self.description, self.epilog = self.told("about"), self.told("lesson", **(values or {}))
        self.add_argument("-h", "--help", action="help")
        self.set_defaults(parser=self)

    def add_argument(self, *names: Any, **options: Any) -> argparse.Action:
        """Take an argument; its help is the catalogue's text of its name."""
        action = super().add_argument(*names, **options)
        if action.help is None:
            action.help = self.told(action.dest)
        return action

    def add_command(self, name: str, run: Action | None = None, **values: object) -> "Parser":
        """Teach a further command; without ``run`` it is a group of commands."""
        if self._commands is None:
            self._commands = self.add_subparsers(title=self.told("commands"), metavar="COMMAND")
        parser = self._commands.add_parser(name, help=self.told(f"{name}.short"), values=values)
        if run is not None:
            parser.set_defaults(run=run)
        return parser

    def told(self, name: str, **values: object) -> str:
        """What the catalogue says of this command, or of the one above it."""
        called, language = self.prog.split(), language_of()
        keys = [".".join(("help", *called[:n], name)) for n in range(len(called), 0, -1)]
        written = words().texts[language]
        return text(next((key for key in keys if key in written), keys[0]), language, **values)

    def named(self, field: str) -> str:
        """The argument of a field as it is typed; the field itself where no argument has this name."""
        typed = {
            action.dest: "/".join(action.option_strings) or str(action.metavar or action.dest)
            for action in self._actions
        }
        return typed.get(field, field)

    @property
    def advice(self) -> str:
        """Where to read how the command is used."""
        return text("help.advice", language_of(), command=f"{self.prog} --help")

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> tuple[Any, list[str]]:
        """What this command knows. Nothing is left over for the one above it, which could not name this command."""
        known, unknown = super().parse_known_args(args, namespace)
        if unknown:
            self._refuse(*_unknown(unknown[0], self._option_string_actions))
        return known, unknown

    def error(self, message: str) -> NoReturn:
        """Say in the operator's language what argparse complains of."""
        self._refuse(_complaint(message))

    def _refuse(self, *lines: str) -> NoReturn:
        raise Failure(*lines, self.advice, status=MISUSED)


def _complaint(message: str) -> str:
    language = language_of()
    for code, pattern in _COMPLAINTS.items():
        if found := re.fullmatch(pattern, message, re.DOTALL):
            # The texts have quotes of their own, and argparse sets its differently from version to version.
            said = {name: part.replace("', '", ", ").strip("'\"") for name, part in found.groupdict().items()}
            return text(f"help.wrong.{said.get('kind', code)}", language, **said)
    return message


def _unknown(given: str, options: Iterable[str]) -> list[str]:
    language = language_of()
    if not given.startswith("-"):
        return [text("help.wrong.surplus", language, given=given)]
    name = given.partition("=")[0]
    near = get_close_matches(name, options, n=1)
    return [
        text("help.wrong.option", language, name=name),
        *(text("help.wrong.near", language, name=option) for option in near),
    ]
