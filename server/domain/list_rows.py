"""Lists in CSV as rows that know their line: what a forgotten quotation mark swallows is never taken for a cell."""

import csv
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from server.domain.errors import Invalid

_END = "\x1e"  # follows the last line; whatever holds more than this one sign was never closed


class Row(NamedTuple):
    """One row: the line of the file it begins in (the head is line 1), the one it ends in, its cells."""

    line: int
    last: int
    cells: list[str]

    def runs_on(self, name: str, cell: str) -> list[Invalid]:
        """What is to be said of a cell that should stand in one line and does not: ``cell_lines``."""
        return [Invalid("cell_lines", name, last=self.last)] if "\n" in cell.strip() else []


def rows_of(lines: Iterable[str], *, delimiter: str = ",") -> Iterator[Row]:
    """The rows that hold anything, of lines without or with their ends.

    Raises Invalid ``list_quotes`` for a quotation mark that is never closed, naming the line: all that follows would
    be part of one cell, and be lost without a word. Raises Invalid ``list_unreadable`` for what is no CSV.
    """
    ended = False

    def fed() -> Iterator[str]:
        nonlocal ended
        for line in lines:
            yield line.rstrip("\r\n") + "\n"
        ended = True
        yield _END

    rows, begins = csv.reader(fed(), delimiter=delimiter), 1
    try:
        for cells in rows:
            if ended and cells != [_END]:
                raise Invalid("list_quotes", "file", line=begins)
            if not ended and any(cell.strip() for cell in cells):
                yield Row(begins, rows.line_num, cells)
            begins = rows.line_num + 1
    except csv.Error:
        raise Invalid("list_unreadable", "file") from None
