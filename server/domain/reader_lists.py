"""A library's list of readers as CSV: what each line says, and what is wrong with it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from server.domain.accounts import CARD_LIMIT, checked_name
from server.domain.errors import Invalid
from server.domain.forms import Form, checked_mail
from server.domain.list_rows import Row, rows_of

LINES = 20_000
BYTES = 5 * 1024 * 1024
# Heads of columns as libraries write them.
_CARDS = ("读者证号", "证号", "借阅证号", "借书证号", "读者卡号", "借书卡号", "卡号", "一卡通号")
_HEADS: Mapping[str, str] = {
    **dict.fromkeys(("mail", "email", "e-mail", "邮箱", "电子邮箱", "邮件", "电子邮件"), "mail"),
    **dict.fromkeys(("name", "姓名", "读者姓名"), "name"),
    **dict.fromkeys(("card_number", "card", *_CARDS), "card_number"),
    **dict.fromkeys(("language", "语言"), "language"),
}
_LANGUAGES = {
    "": "zh",
    "zh": "zh",
    "中文": "zh",
    "汉语": "zh",
    "en": "en",
    "英文": "en",
    "英语": "en",
    "english": "en",
}


@dataclass(frozen=True, slots=True)
class ListedReader:
    """One good line."""

    line: int
    mail: str
    name: str
    card_number: str
    language: str


@dataclass(frozen=True, slots=True)
class LineProblem:
    """What is wrong with one field of one line: the head is line 1, and a row is where it begins."""

    line: int
    problem: Invalid


@dataclass(frozen=True, slots=True)
class ReaderList:
    """Everything the list says, good and bad."""

    readers: tuple[ListedReader, ...]
    problems: tuple[LineProblem, ...]
    left_out: tuple[str, ...]  # heads of columns that we do not know; one of them may be a card number's


@dataclass(slots=True)
class _Reading:
    readers: list[ListedReader] = field(default_factory=list)
    problems: list[LineProblem] = field(default_factory=list)
    lines: dict[str, int] = field(default_factory=dict)  # where each mail address was seen first


def decoded_list(raw: bytes) -> str:
    """The text of an uploaded list: UTF-8, or GB 18030 as spreadsheets on Chinese Windows write it. Raises Invalid."""
    if len(raw) > BYTES:
        raise Invalid("list_too_large", "file", megabytes=BYTES // 1024 // 1024)
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise Invalid("list_unreadable", "file")


def read_list(text: str) -> ReaderList:
    """Read the list line by line. Raises Invalid when it has no usable head or is too long."""
    reading = _Reading()
    columns: list[str] | None = None
    left_out: tuple[str, ...] = ()
    for row in rows_of(text.split("\n")):
        if columns is None:
            columns = _columns(row.cells)
            heads = [cell.strip() for cell in row.cells]
            left_out = tuple(head[:40] for head in heads if head and head.lower() not in _HEADS)
            continue
        if len(reading.readers) + len(reading.problems) >= LINES:
            raise Invalid("list_too_long", "file", limit=LINES)
        _read_line(row, dict(zip(columns, row.cells, strict=False)), reading)
    if columns is None:
        raise Invalid("list_empty", "file")
    return ReaderList(tuple(reading.readers), tuple(reading.problems), left_out)


def _columns(cells: list[str]) -> list[str]:
    columns = [_HEADS.get(cell.strip().lower(), "") for cell in cells]
    for needed in ("mail", "name"):
        if columns.count(needed) != 1:
            raise Invalid("list_head", "file", column=needed)
    return columns


def _read_line(row: Row, cells: Mapping[str, str], reading: _Reading) -> None:
    line = row.line
    found = [problem for name, cell in cells.items() if name for problem in row.runs_on(name, cell)]
    if found:  # whatever else could be said of it is a consequence
        reading.problems += [LineProblem(line, problem) for problem in found]
        return

    def read(rule: Callable[[], str]) -> str:
        try:
            return rule()
        except Invalid as problem:
            found.append(problem)
            return ""

    form = Form(cells)
    mail = read(lambda: checked_mail(cells.get("mail", "")))
    name = read(lambda: checked_name(cells.get("name", "")))
    language = read(lambda: _language(form.raw("language").lower()))
    card = form.text("card_number", limit=CARD_LIMIT)
    found += form.problems
    if mail and mail in reading.lines:
        found.append(Invalid("list_twice", "mail", line=reading.lines[mail]))
    elif mail:
        reading.lines[mail] = line
    if found:
        reading.problems += [LineProblem(line, problem) for problem in found]
    else:
        reading.readers.append(ListedReader(line, mail, name, card, language))


def _language(text: str) -> str:
    if text not in _LANGUAGES:
        raise Invalid("choice_wrong", "language", choices="zh, en, 中文, 英文", text=text)
    return _LANGUAGES[text]
