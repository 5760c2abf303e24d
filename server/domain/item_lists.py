"""A store's items as CSV: what each line says, and what is wrong with it. Read line by line, however long it is."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from server.domain.errors import Invalid
from server.domain.identifiers import checked_isbn, is_isbn
from server.domain.labels import checked_code
from server.domain.list_rows import Row, rows_of
from server.domain.reader_lists import LineProblem

BATCH = 500
PROBLEMS = 1000  # kept of one list; the rest is counted
_LIMITS = {"control_number": 100, "store": 20, "location": 40, "tote": 30, "library": 60}
# Heads of columns as libraries write them.
_HEADS: Mapping[str, str] = {
    **dict.fromkeys(("barcode", "条码", "条码号", "馆藏条码", "登录号"), "barcode"),
    **dict.fromkeys(("control_number", "记录号", "控制号", "001"), "control_number"),
    **dict.fromkeys(("isbn",), "isbn"),
    **dict.fromkeys(("store", "书库", "书库代码"), "store"),
    **dict.fromkeys(("location", "架位", "库位", "排架位置"), "location"),
    **dict.fromkeys(("tote", "料箱", "料箱号"), "tote"),
    **dict.fromkeys(("library", "馆", "所属馆", "所属图书馆"), "library"),
    **dict.fromkeys(("new", "新书"), "new"),
}
_YES = frozenset({"yes", "y", "1", "true", "是", "√"})


@dataclass(frozen=True, slots=True)
class ListedItem:
    """One good line; ``line`` counts as a spreadsheet does: the head is line 1."""

    line: int
    barcode: str
    control_number: str
    isbn: str
    store: str
    location: str
    tote: str
    library: str
    new: bool


@dataclass(frozen=True, slots=True)
class MarcItem:
    """A volume that a MARC record names."""

    barcode: str
    location: str


@dataclass(frozen=True, slots=True)
class Lines:
    """A part of a list: good lines, and what is wrong with the others."""

    items: Sequence[ListedItem]
    problems: Sequence[LineProblem]
    bad_lines: int


def read_items(lines: Iterable[str]) -> Iterator[Lines]:
    """The list in parts of some hundred lines. Raises Invalid when it has no usable head."""
    rows = rows_of(line.replace("\x00", "") for line in lines)
    columns: list[str] | None = None
    for head in islice(rows, 1):
        columns = _columns(head.cells)
    if columns is None:
        raise Invalid("list_empty", "file")
    while part := list(islice(rows, BATCH)):
        yield _read(part, columns)


def _columns(cells: Sequence[str]) -> list[str]:
    columns = [_HEADS.get(cell.strip().lstrip("\ufeff").lower(), "") for cell in cells]
    if columns.count("barcode") != 1:
        raise Invalid("item_list_head", "file", column="barcode")
    if "control_number" not in columns and "isbn" not in columns:
        raise Invalid("item_list_head", "file", column="control_number / isbn")
    return columns


def _read(part: Sequence[Row], columns: Sequence[str]) -> Lines:
    items: list[ListedItem] = []
    problems: list[LineProblem] = []
    seen: dict[str, int] = {}
    bad = 0
    for row in part:
        given = {name: cell.strip() for name, cell in zip(columns, row.cells, strict=False) if name}
        broken = [problem for name, cell in given.items() for problem in row.runs_on(name, cell)]
        found = broken or _problems(given, seen)
        if found:
            bad += 1
            problems += [LineProblem(row.line, problem) for problem in found]
            continue
        seen[given["barcode"]] = row.line
        items.append(_item(row.line, given))
    return Lines(items, problems, bad)


def _problems(given: Mapping[str, str], seen: Mapping[str, int]) -> list[Invalid]:
    found: list[Invalid] = []
    barcode = given.get("barcode", "")
    try:
        checked_code(barcode)
    except Invalid as problem:
        found.append(problem)
    if barcode in seen:
        found.append(Invalid("list_twice", "barcode", line=seen[barcode]))
    if not given.get("control_number") and not given.get("isbn"):
        found.append(Invalid("field_required", "control_number"))
    isbn = given.get("isbn", "")
    if isbn and not is_isbn(isbn):
        found.append(Invalid("isbn_form", "isbn", text=isbn[:40]))
    for name, limit in _LIMITS.items():
        if len(given.get(name, "")) > limit:
            found.append(Invalid("field_too_long", name, limit=limit, length=len(given[name])))
    return found


def _item(line: int, given: Mapping[str, str]) -> ListedItem:
    isbn = given.get("isbn", "")
    return ListedItem(
        line,
        given["barcode"],
        given.get("control_number", ""),
        checked_isbn(isbn) if isbn else "",
        given.get("store", ""),
        given.get("location", ""),
        given.get("tote", ""),
        given.get("library", ""),
        given.get("new", "").lower() in _YES,
    )
