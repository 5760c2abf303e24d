"""Managers' figures: a period, whose and of what, with plots, a table, a file for spreadsheets, and the statement."""

import csv
from collections.abc import Iterable
from datetime import date, timedelta
from io import StringIO
from typing import Any
from urllib.parse import urlencode

from starlette.responses import Response

from server.actions.figures import (
    counted_at,
    libraries_to_choose,
    make_statement,
    show_figures,
    today_of,
)
from server.domain.citations import Material
from server.domain.errors import Invalid
from server.domain.figures import CHANNELS, SPANS, Figures, start_of
from server.domain.forms import number_in
from server.domain.permissions import Verb, library_scopes
from server.domain.reports import LINES, TABLES, Choice, Line, Report
from server.words import times
from server.words.catalogue import text
from web.pages.base import Page, PageRequest
from web.pages.managing import show

_NOTHING = "–"
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
COLUMNS = (
    *("submitted", "answered", "documents", "in_time", "late", "in_time_share", "median_hours", "p90_hours"),
    *("returns", "excellent", "pass", "fail", "satisfied", "fair", "unsatisfied"),
)


async def figures(page: PageRequest) -> Response:
    """The screen."""
    number = number_in(page.query.get("page", ""), "page", 1, low=1, high=10_000)
    report = await show_figures(page.ctx, page.actor, choice_of(page), page=number)
    choice, language = report.choice, page.language
    tables = [name for name in TABLES if _offered(name, choice)]
    wide = library_scopes(page.actor, Verb.WATCH_FIGURES) is None
    return show(
        page,
        "manage_figures.html",
        report=report,
        choice=choice,
        lines=report.lines,
        on_page=number,
        pages=-(-report.lines_in_all // LINES),
        tables_named=[
            (_address(choice, table=name), text(f"figures.table.{name}", language)) for name in tables
        ],
        here=_address(choice),
        file=_address(choice, path="/manage/figures.csv"),
        period=period_name(choice.span, choice.start, language),
        earlier=_address(choice, day=choice.before),
        later=_address(choice, day=choice.after) if choice.after <= today_of(page.ctx) else "",
        labels=[short_name(span, start, language) for span, start in choice.inner],
        hours_over_time=lambda name: [_hours(getattr(each, name)) or 0 for _, each in report.over_time],
        line_name=lambda line: line_name(report, line, language),
        line_link=lambda line: _line_link(choice, line),
        number=lambda count: times.number(count, language) if count else _NOTHING,
        share=lambda part: times.percent(part, language) if part is not None else _NOTHING,
        length=lambda took: times.duration(took, language) if took is not None else _NOTHING,
        libraries=await libraries_to_choose(page.ctx, page.actor),
        wide=wide,
        spans=SPANS,
        channels=CHANNELS,
        materials=[str(material) for material in Material],
        counted_at=await counted_at(page.ctx),
    )


async def file(page: PageRequest) -> Response:
    """The table for a spreadsheet: UTF-8 with the mark that Excel looks for, all lines."""
    report = await show_figures(page.ctx, page.actor, choice_of(page), page=None)
    out = StringIO()
    out.write("\ufeff")
    writer = csv.writer(out)
    first = text(f"figures.table.{report.choice.table}", page.language)
    writer.writerow([first, *(text(f"figures.column.{name}", page.language) for name in COLUMNS)])
    lines = [(line_name(report, line, page.language), line.figures) for line in report.lines]
    for name, counted in [*lines, (text("figures.whole", page.language), report.whole)]:
        writer.writerow([harmless(name), *map(_cell, cells(counted))])
    name = f"figures-{report.choice.span}-{report.choice.start.isoformat()}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return Response(out.getvalue(), media_type="text/csv; charset=utf-8", headers=headers)


async def statement(page: PageRequest) -> Response:
    """The official statement, a page to be printed (R-ORG.6)."""
    today = today_of(page.ctx)
    first = _day(page, "first", today.replace(month=1, day=1))
    last = _day(page, "last", today)
    library_id, staff_id = page.query.get("library", ""), page.query.get("person", "")
    if not library_id and not staff_id and Verb.WATCH_FIGURES not in _verbs(page):
        staff_id = page.actor.account_id
    library_id = library_id or page.actor.library_id
    made = await make_statement(page.ctx, page.actor, library_id, staff_id, (first, last))
    return page.render("statement.html", made=made, library_id=library_id, staff_id=staff_id)


def choice_of(page: PageRequest) -> Choice:
    """What the address asks for; without anything this month. Raises Invalid."""
    query = page.query
    return Choice(
        span=query.get("span") or "month",
        day=_day(page, "day", today_of(page.ctx)),
        library_id=query.get("library", ""),
        staff_id=query.get("person", ""),
        channel=query.get("channel", ""),
        material=query.get("material", ""),
        table=query.get("table") or "kind",
    )


def cells(figures: Figures) -> list[float | int | None]:
    """A line's values in the order of the columns."""
    values: dict[str, float | int | None] = {
        "in_time_share": None if figures.in_time_share is None else round(figures.in_time_share, 4),
        "median_hours": _hours(figures.median),
        "p90_hours": _hours(figures.p90),
    }
    return [values[name] if name in values else figures[name] for name in COLUMNS]


def harmless(value: str) -> str:
    """Text that no spreadsheet takes for a formula."""
    return f"'{value}" if value.startswith(_FORMULA) else value


def period_name(span: str, start: date, language: str) -> str:
    """2026年11月, 2026年11月16日这一周, …"""
    end = start + timedelta(days=6)
    fields = {"year": start.year, "month": start.month, "day": start.day}
    return text(f"figures.period.{span}", language, **fields, to_month=end.month, to_day=end.day)


def short_name(span: str, start: date, language: str) -> str:
    """What stands below a bar."""
    return text(f"figures.short.{span}", language, month=start.month, day=start.day)


def line_name(report: Report, line: Line, language: str) -> str:
    """What stands before a line of the table."""
    match report.choice.table:
        case "time":
            return period_name(report.choice.inner[0][0], date.fromisoformat(line.id), language)
        case "kind":
            channel, _, material = line.id.partition("/")
            said = channel_name(channel, language)
            return f"{said} · {text(f'material.{material}', language)}" if material else said
    return line.name(language) or text("figures.somebody", language)


def channel_name(channel: str, language: str) -> str:
    return (
        text("figures.live", language)
        if channel == "live"
        else text(f"consultation.channel.{channel}", language)
    )


def _line_link(choice: Choice, line: Line) -> str:
    """Where a line leads: into its library, person, channel, material or period."""
    first, _, second = line.id.partition("/")
    match choice.table:
        case "library":
            return _address(choice, library_id=first, table="person")
        case "person":
            return _address(choice, library_id=first, staff_id=second, table="kind")
        case "kind":
            return _address(choice, channel=first, material=second, table="time")
    span = choice.inner[0][0]
    return "" if span == choice.span else _address(choice, span=span, day=date.fromisoformat(first))


def _address(choice: Choice, *, path: str = "/manage/figures", **changed: Any) -> str:
    values = {name: getattr(choice, name) for name in Choice.__dataclass_fields__} | changed
    values["day"] = start_of(values["span"], values["day"]).isoformat()
    names = {"library_id": "library", "staff_id": "person"}
    query = {names.get(name, name): value for name, value in values.items() if value}
    return f"{path}?{urlencode(query)}"


def _offered(table: str, choice: Choice) -> bool:
    match table:
        case "library":
            return not choice.library_id
        case "person":
            return not choice.staff_id
    return True


def _day(page: PageRequest, name: str, otherwise: date) -> date:
    raw = page.query.get(name, "")
    if not raw:
        return otherwise
    try:
        day = date.fromisoformat(raw[:10])
    except ValueError:
        raise Invalid("day_wrong", name, text=raw[:40]) from None
    if not 1990 <= day.year <= 2200:
        raise Invalid("day_wrong", name, text=raw[:40])
    return day


def _verbs(page: PageRequest) -> Iterable[Verb]:
    scope = library_scopes(page.actor, Verb.WATCH_FIGURES)
    return () if scope == frozenset() else (Verb.WATCH_FIGURES,)


def _hours(length: timedelta | None) -> float | None:
    return None if length is None else round(length.total_seconds() / 3600, 1)


def _cell(value: float | int | None) -> str:
    return "" if value is None else str(value)


PAGES = [
    Page("GET", "/manage/figures", Verb.WATCH_FIGURES, figures),
    Page("GET", "/manage/figures.csv", Verb.WATCH_FIGURES, file),
    Page("GET", "/statement", Verb.READ_STATEMENT, statement),
]
