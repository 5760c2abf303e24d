"""The alliance's list of members as CSV: one line for a library and its desk, and what is wrong with it."""

from collections.abc import Mapping
from dataclasses import dataclass, fields

from server.domain.desks import (
    LIBRARY_KINDS,
    Desk,
    DeskSettings,
    Library,
    LibrarySettings,
    desk_settings,
    library_settings,
    origin_of,
)
from server.domain.errors import Invalid
from server.domain.forms import Form
from server.domain.list_rows import Row, rows_of
from server.domain.reader_lists import LineProblem

LINES = 5_000
# Heads of columns as libraries write them; the first is ours, and what the manual says.
HEADS: Mapping[str, tuple[str, ...]] = {
    "slug": ("slug", "地址名", "馆代码"),
    "name_zh": ("name_zh", "中文名称", "馆名", "图书馆名称"),
    "name_en": ("name_en", "英文名称", "英文馆名"),
    "kind": ("kind", "类型"),
    "city": ("city", "城市"),
    "address": ("address", "地址"),
    "phone": ("phone", "电话"),
    "website": ("website", "网站", "网址"),
    "card_zh": ("card_zh", "中文说明"),
    "card_en": ("card_en", "英文说明"),
    "desk_slug": ("desk_slug", "咨询台地址名", "咨询台代码"),
    "desk_name_zh": ("desk_name_zh", "咨询台中文名称"),
    "desk_name_en": ("desk_name_en", "咨询台英文名称"),
    "mail": ("mail", "邮箱", "咨询台邮箱"),
    "origins": ("origins", "网站来源"),
    "colour": ("colour", "主色", "颜色"),
    "position": ("position", "按钮位置"),
    "language": ("language", "语言"),
    "greeting_zh": ("greeting_zh", "中文问候语"),
    "greeting_en": ("greeting_en", "英文问候语"),
    "open": ("open", "开放", "对读者开放"),
}
_KNOWN = {head: column for column, heads in HEADS.items() for head in heads}
KIND_WORDS: Mapping[str, str] = {
    "公共": "public",
    "高校": "academic",
    "科研": "research",
    "公共图书馆": "public",
    "高校图书馆": "academic",
}
_YES = frozenset({"是", "开放", "y", "yes", "1", "true", "on"})
_NO = frozenset({"否", "不开放", "n", "no", "0", "false", "off"})
# What may hold line breaks: long texts, and lists.
_LONG = frozenset({"address", "card_zh", "card_en", "origins", "greeting_zh", "greeting_en"})
_DESK_FIELDS = {"slug": "desk_slug", "name_zh": "desk_name_zh", "name_en": "desk_name_en"}


@dataclass(frozen=True, slots=True)
class Listed:
    """One line as it was written: cells by our names of the columns, empty ones left out."""

    line: int
    cells: Mapping[str, str]
    broken: tuple[Invalid, ...] = ()  # cells that swallowed a line break


def read_libraries(text: str) -> list[Listed]:
    """The lines of the list. Raises Invalid when it has no usable head, an unknown column, or is too long."""
    columns: list[str] | None = None
    listed: list[Listed] = []
    for row in rows_of(text.replace("\r\n", "\n").replace("\r", "\n").split("\n")):
        if columns is None:
            columns = _columns(row.cells)
            continue
        if len(listed) >= LINES:
            raise Invalid("list_too_long", "file", limit=LINES)
        listed.append(_listed(row, columns))
    if columns is None:
        raise Invalid("libraries_empty", "file")
    return listed


def _listed(row: Row, columns: list[str]) -> Listed:
    cells = {name: cell.strip() for name, cell in zip(columns, row.cells, strict=False) if cell.strip()}
    short = [(name, cell) for name, cell in cells.items() if name not in _LONG]
    return Listed(row.line, cells, tuple(found for name, cell in short for found in row.runs_on(name, cell)))


def judge_library(listed: Listed, before: Library | None) -> tuple[LibrarySettings, list[LineProblem]]:
    """What a line says about its library, over what is known of it already: an empty cell changes nothing."""
    known = _texts(before, LibrarySettings)
    cells = dict(listed.cells)
    cells["kind"] = KIND_WORDS.get(cells.get("kind", ""), cells.get("kind", ""))
    form = Form({**known, **{name: cell for name, cell in cells.items() if cell}})
    for problem in listed.broken:
        form.refuse(problem)  # first: whatever else could be said of the cell is a consequence
    settings = library_settings(form)
    return settings, [LineProblem(listed.line, _in_list_words(problem)) for problem in form.problems]


def judge_desk(
    listed: Listed, library: LibrarySettings, before: Desk | None
) -> tuple[DeskSettings | None, list[LineProblem]]:
    """What a line says about its desk; None for a line without one. A new desk stays private unless it says so."""
    if "desk_slug" not in listed.cells:
        nameless = Invalid("libraries_no_desk", "desk_slug", columns=", ".join(_of_a_desk(listed)))
        return None, [LineProblem(listed.line, nameless)] if _of_a_desk(listed) else []
    known = _texts(before, DeskSettings) or {
        "name_zh": f"{library.name_zh}咨询台",
        "name_en": f"{library.name_en} desk",
        "origins": origin_of(library.website),
    }
    if before is not None:
        known |= {"origins": "\n".join(before.origins), "open": "1" if before.open else ""}
    said = {ours: listed.cells[theirs] for ours, theirs in _desk_columns().items() if theirs in listed.cells}
    opens = said.get("open", "").lower()
    if opens:
        said["open"] = "1" if opens in _YES else ""
    form = Form({**known, **said})
    settings = desk_settings(form)
    if opens and opens not in _YES | _NO:
        form.refuse(Invalid("choice_wrong", "open", choices="yes, no, 是, 否"))
    problems = [_renamed(problem) for problem in form.problems]
    return settings, [LineProblem(listed.line, problem) for problem in problems]


def _of_a_desk(listed: Listed) -> list[str]:
    """The columns of a line that describe a desk; what spreadsheets are filled with from top to bottom does not."""
    cells = {
        name: cell for name, cell in listed.cells.items() if name not in ("colour", "position", "language")
    }
    if cells.get("open", "").lower() in _NO:
        del cells["open"]
    return [name for name in _desk_columns().values() if name in cells]


def _columns(cells: list[str]) -> list[str]:
    columns = []
    for cell in cells:
        head = cell.strip().lower()
        if head and head not in _KNOWN:
            raise Invalid("libraries_column", "file", column=cell.strip(), columns=", ".join(HEADS))
        columns.append(_KNOWN.get(head, ""))
    for needed in ("slug", "name_zh"):
        if columns.count(needed) != 1:
            raise Invalid("libraries_head", "file", column=needed)
    return columns


def _desk_columns() -> dict[str, str]:
    own = ("mail", "origins", "colour", "position", "language", "greeting_zh", "greeting_en", "open")
    return {**_DESK_FIELDS, **{name: name for name in own}}


def _texts(thing: object, settings: type[LibrarySettings | DeskSettings]) -> dict[str, str]:
    """What is known already, as a form's texts."""
    if thing is None:
        return {}
    values = {field.name: getattr(thing, field.name) for field in fields(settings)}
    return {name: value for name, value in values.items() if isinstance(value, str)}


def _in_list_words(problem: Invalid) -> Invalid:
    """A kind may be written in Chinese here, so that is said, too."""
    if (problem.code, problem.field) != ("choice_wrong", "kind"):
        return problem
    return Invalid(
        "choice_wrong", "kind", **{**problem.data, "choices": ", ".join((*LIBRARY_KINDS, *KIND_WORDS))}
    )


def _renamed(problem: Invalid) -> Invalid:
    return Invalid(
        problem.code, _DESK_FIELDS.get(problem.field, problem.field), problem.rule_id, **problem.data
    )
