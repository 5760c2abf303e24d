"""Days of the calendar as somebody fills them in, one by one or as a list in CSV or TSV."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from server.domain.calendar import FIRST_YEAR, LAST_YEAR, Day, DayKind
from server.domain.errors import Invalid
from server.domain.forms import Form
from server.domain.list_rows import Row, rows_of
from server.domain.reader_lists import LineProblem

LINES = 2_000
NAME_LIMIT = 60
# Heads of columns as offices write them; the first of each is ours, and what the manual says.
HEADS: Mapping[str, tuple[str, ...]] = {
    "date": ("date", "日期"),
    "kind": ("kind", "类型", "类别"),
    "name_zh": ("name_zh", "名称", "中文名称", "节日", "节假日名称"),
    "name_en": ("name_en", "英文名称"),
}
_KNOWN = {head: column for column, heads in HEADS.items() for head in heads}
_KINDS: Mapping[str, DayKind] = {
    **dict.fromkeys(("holiday", "节假日", "假日", "放假", "休息", "休"), DayKind.HOLIDAY),
    **dict.fromkeys(("workday", "补班", "上班", "工作日", "调休上班", "班"), DayKind.WORKDAY),
}


@dataclass(frozen=True, slots=True)
class DayList:
    """Everything the list says, good and bad; a good list is the whole of every year that it names."""

    days: tuple[Day, ...]
    problems: tuple[LineProblem, ...]

    @property
    def years(self) -> list[int]:
        return sorted({day.date.year for day in self.days})


@dataclass(slots=True)
class _Reading:
    days: list[Day] = field(default_factory=list)
    problems: list[LineProblem] = field(default_factory=list)
    lines: dict[date, int] = field(default_factory=dict)  # where each day was seen first


def read_days(text: str) -> DayList:
    """Read the list line by line. Raises Invalid when it has no usable head, an unknown column, or is too long."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    columns: list[str] | None = None
    reading, seen = _Reading(), 0
    for row in rows_of(text.split("\n"), delimiter=_separator(text)):
        if columns is None:
            columns = _columns(row.cells)
            continue
        seen += 1
        if seen > LINES:
            raise Invalid("list_too_long", "file", limit=LINES)
        _take(reading, row, dict(zip(columns, row.cells, strict=False)))
    if columns is None:
        raise Invalid("calendar_empty", "file")
    return DayList(tuple(sorted(reading.days, key=lambda day: day.date)), tuple(reading.problems))


def day_from(form: Form) -> Day | None:
    """The day as filled in: date, kind (empty: a plain day again, None), names. Problems stay in the form."""
    day = form.read(lambda: checked_date(form.raw("date")), date.min)
    kind = form.choice("kind", (*DayKind, "plain"), default="plain")
    name_zh, name_en = (form.text(name, limit=NAME_LIMIT) for name in ("name_zh", "name_en"))
    return None if kind not in tuple(DayKind) else Day(day, DayKind(kind), name_zh, name_en)


def checked_date(text: str) -> date:
    """A day within the years that a calendar holds: 2026-10-01, 2026/10/1, 20261001. Raises Invalid."""
    parts = text.replace("/", "-").replace(".", "-").split("-")
    if len(parts) == 1 and len(text) == 8:
        parts = [text[:4], text[4:6], text[6:]]
    try:
        if len(parts) != 3 or not all(part.isascii() and part.isdigit() for part in parts):
            raise ValueError
        day = date(*(int(part) for part in parts))
    except (ValueError, OverflowError):
        raise Invalid("date_wrong", "date", text=text[:40]) from None
    return _within(day)


def checked_year(text: str) -> int:
    """A year that a calendar holds. Raises Invalid."""
    if not (text.isascii() and text.isdigit() and len(text) == 4):
        raise Invalid("calendar_year", "year", first=FIRST_YEAR, last=LAST_YEAR)
    return _within(date(max(1, int(text)), 1, 1), "year").year


def _within(day: date, name: str = "date") -> date:
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise Invalid("calendar_year", name, first=FIRST_YEAR, last=LAST_YEAR)
    return day


def _separator(text: str) -> str:
    head = next((line for line in text.split("\n") if line.strip()), "")
    return "\t" if "\t" in head else ","


def _columns(cells: list[str]) -> list[str]:
    heads = [cell.strip().lower() for cell in cells]
    for head in heads:
        if head and head not in _KNOWN:
            raise Invalid("calendar_column", "file", column=head[:40], columns=", ".join(HEADS))
    columns = [_KNOWN.get(head, "") for head in heads]
    for needed in ("date", "kind"):
        if columns.count(needed) != 1:
            raise Invalid("calendar_head", "file", column=needed)
    return columns


def _take(reading: _Reading, row: Row, cells: dict[str, str]) -> None:
    said = cells.get("kind", "").strip().lower()
    kind = _KINDS.get(said)
    form = Form({**cells, "kind": kind or "plain"})
    for name, cell in cells.items():
        for problem in row.runs_on(name, cell):
            form.refuse(problem)
    day = day_from(form)
    if kind is None:
        form.refuse(Invalid("calendar_kind", "kind", text=said[:40]))
    known = reading.lines.get(day.date) if day and not form.problems else None
    if known is not None:
        form.refuse(Invalid("calendar_twice", "date", line=known))
    reading.problems += [LineProblem(row.line, problem) for problem in form.problems]
    if day is not None and not form.problems:
        reading.lines[day.date] = row.line
        reading.days.append(day)
