"""Prints the ten largest modules and functions, and fails over the limits: a module or function that must be
scrolled through holds two ideas.

A module counts its lines, a function the lines of its body without the docstring, parameters those that can
be given by position (`self` aside). What is declared by ``@overload`` is a type, not a function.
"""

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOMS = ("server", "web", "workers", "stack_io", "migrations", "loadtests", "tools", "tests")
MODULE_LINES = 400
TEST_MODULE_LINES = 600
BODY_LINES = 60
PARAMETERS = 5
SHOWN = 10

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, order=True)
class Finding:
    """A size, where it was found, and the limit it is held against."""

    size: int
    limit: int
    where: str

    @property
    def over(self) -> bool:
        return self.size > self.limit

    def __str__(self) -> str:
        return f"{self.size:5}  {self.where}" + (f"  << over {self.limit}" if self.over else "")


def module_finding(path: Path, source: str) -> Finding:
    """The lines of a module. Migrations are written by a tool, so that they have no limit."""
    limit = TEST_MODULE_LINES if path.parts[0] == "tests" else MODULE_LINES
    if path.parts[0] == "migrations":
        limit = sys.maxsize
    return Finding(source.count("\n"), limit, str(path))


def function_findings(path: Path, tree: ast.Module) -> Iterator[tuple[Finding, Finding]]:
    """For each function: the lines of its body, and how many parameters can be given by position."""
    for node in ast.walk(tree):
        if isinstance(node, Function) and not _is_overload(node):
            where = f"{path}:{node.lineno} {node.name}"
            yield (
                Finding(_body_lines(node), BODY_LINES, where),
                Finding(_parameters(node), PARAMETERS, where),
            )


def _is_overload(node: Function) -> bool:
    return any(isinstance(each, ast.Name) and each.id == "overload" for each in node.decorator_list)


def _body_lines(node: Function) -> int:
    body = node.body[1:] if ast.get_docstring(node) is not None else node.body
    return (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0


def _parameters(node: Function) -> int:
    names = [argument.arg for argument in (*node.args.posonlyargs, *node.args.args)]
    return len(names) - (names[:1] in (["self"], ["cls"]))


def main() -> int:
    """Read every module of ours, print the largest, and answer 1 when a limit is broken."""
    modules: list[Finding] = []
    bodies: list[Finding] = []
    parameters: list[Finding] = []
    for path in sorted(file for room in ROOMS for file in Path(room).rglob("*.py")):
        source = path.read_text(encoding="utf-8")
        modules.append(module_finding(path, source))
        for body, count in function_findings(path, ast.parse(source, str(path))):
            bodies.append(body)
            parameters.append(count)
    for title, findings in (("modules, lines", modules), ("functions, lines of body", bodies)):
        print(f"largest {title}")
        print(*sorted(findings, reverse=True)[:SHOWN], sep="\n")
    broken = [finding for finding in modules + bodies if finding.over]
    too_many = [finding for finding in parameters if finding.over]
    print(*(f"too large: {finding}" for finding in broken), sep="\n", end="\n" if broken else "")
    print(*(f"too many parameters: {f}" for f in too_many), sep="\n", end="\n" if too_many else "")
    return 1 if broken or too_many else 0


if __name__ == "__main__":
    sys.exit(main())
