"""Help and complaints of the command line: complete in both languages, in lines that fit, with what to do next."""

import re
from collections.abc import Iterator

import pytest

from server.__main__ import make_parser
from server.commands.parsers import Parser
from server.commands.terminal import width, wrapped
from tests.server.commands.conftest import Shuqiao

ZH, EN = "zh_CN.UTF-8", "C"
CHINESE = re.compile(r"[\u3400-\u9fff]")
ENGLISH = re.compile(r"\b(usage|show|default|argument|invalid|expected|required|error|must)\b")


def _all(parser: Parser) -> Iterator[Parser]:
    yield parser
    for below in (parser._commands.choices if parser._commands else {}).values():
        yield from _all(below)


@pytest.mark.parametrize("lang", [ZH, EN])
def test_every_command_teaches_by_example_in_the_operators_language(
    monkeypatch: pytest.MonkeyPatch, lang: str
) -> None:
    monkeypatch.setenv("LC_ALL", lang)
    monkeypatch.setenv("COLUMNS", "80")
    parsers = list(_all(make_parser()))
    assert len(parsers) > 20
    for parser in parsers:
        said = parser.format_help()  # a text that nobody wrote is a warning, and fails here
        assert said.count(f"  {parser.prog} ") or said.count(f"  {parser.prog}\n"), (
            f"{parser.prog}: no example"
        )
        assert said.startswith("用法：" if lang == ZH else "usage: ")
        assert max(map(width, said.splitlines())) <= 79, parser.prog
        if lang == ZH:
            assert not ENGLISH.search(said), parser.prog


WRONG = (
    ("sing", "没有“sing”这个命令。可用的命令：serve, worker, "),
    ("serve --colour red", "没有 --colour 这个选项。"),
    ("serve --prot 80", "您要的可能是 --port。"),
    ("serve red", "多出了“red”，"),
    ("serve --port many", "--port：应为 0 到 65535 之间的整数，不能是“many”。"),
    ("serve --port", "--port：后面要写一个值。"),
    ("serve --migrate=yes", "--migrate：后面不带值，请去掉“yes”。"),
    ("user add --name 李梅", "缺少：MAIL。"),
    ("user add li@example.org --name 李梅 --language fr", "--language：应为 zh, en 之一，不能是“fr”。"),
    ("user add li@example.org --name 李梅 --l zh", "--l 可以是 --library, --language，"),
    ("user sessions --count many", "--count：应为整数，"),
    ("doctor --settings --new-secret", "--new-secret：不能与 --settings 同时使用，"),
    ("simulate-stack --speed 0", "--speed：应为大于 0、"),
    ("doctor --mail-to nobody", "--mail-to：邮箱地址不正确。"),
)


@pytest.mark.parametrize(("called", "said"), WRONG)
def test_what_is_written_wrongly_is_named_in_the_operators_language_with_where_to_read_on(
    shuqiao: Shuqiao, called: str, said: str
) -> None:
    chinese, english = (shuqiao(*called.split(), lang=lang) for lang in (ZH, EN))
    assert chinese.err.startswith("shuqiao: ") and said in chinese.err
    assert not ENGLISH.search(chinese.err) and not CHINESE.search(english.err.replace("李梅", ""))
    for answer in (chinese, english):
        assert answer.status == 2
        assert re.search(r"shuqiao (\S+ )*--help", answer.err.splitlines()[-1])


def test_where_to_read_on_is_the_command_that_was_called(shuqiao: Shuqiao) -> None:
    assert "shuqiao user add --help" in shuqiao("user", "add", "--colour", "x", "--name", "y").err


def test_lines_are_filled_by_columns_and_never_begin_with_a_stop() -> None:
    assert wrapped("一家图书馆，两家图书馆。", 11) == ["一家图书", "馆，两家图", "书馆。"]
    assert wrapped("run `shuqiao migrate` first", 12) == ["run `shuqiao", "migrate`", "first"]
