"""The size check finds what it should, so that its silence means something."""

import ast
from pathlib import Path

from tools import sizes


def test_a_docstring_is_no_part_of_the_body() -> None:
    assert _sizes('def f():\n    """One.\n\n    Two.\n    """\n    a = 1\n    return a\n') == [(2, 0)]


def test_keyword_only_parameters_and_self_are_free() -> None:
    assert _sizes("class C:\n    def f(self, a, b, *, c, d, e, f): ...\n") == [(1, 2)]


def test_tests_may_be_longer_than_modules() -> None:
    text = "x = 1\n" * 500
    assert sizes.module_finding(Path("server/words.py"), text).over
    assert not sizes.module_finding(Path("tests/test_words.py"), text).over


def _sizes(source: str) -> list[tuple[int, int]]:
    findings = sizes.function_findings(Path("x.py"), ast.parse(source))
    return [(body.size, count.size) for body, count in findings]
