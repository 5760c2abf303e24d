"""Endpoint of the figures."""

from datetime import date, timedelta

from server.actions.figures import counted_at, show_figures, today_of
from server.api.routes import ApiRequest, Endpoint
from server.api.views import names
from server.context import Context
from server.domain.errors import Invalid
from server.domain.figures import GRADED, RATED, Figures
from server.domain.permissions import Verb
from server.domain.reports import Choice
from server.wire import figure_bodies
from server.wire.frames import iso


async def show(r: ApiRequest) -> figure_bodies.FiguresView:
    """The figures that the address asks for; without anything this month's of one's own libraries."""
    query = r.query
    asked = Choice(
        span=query.get("span") or "month",
        day=_day(query.get("day", ""), r.ctx),
        library_id=query.get("library", ""),
        staff_id=query.get("person", ""),
        channel=query.get("channel", ""),
        material=query.get("material", ""),
        table=query.get("table") or "kind",
    )
    page = r.number("page", 1, low=1, high=10_000)
    report = await show_figures(r.ctx, r.actor, asked, page=page)
    choice, counted = report.choice, await counted_at(r.ctx)
    return figure_bodies.FiguresView(
        span=choice.span,
        first=choice.start.isoformat(),
        last=choice.last.isoformat(),
        library=choice.library_id,
        person=choice.staff_id,
        channel=choice.channel,
        material=choice.material,
        counted_at=iso(counted) if counted else None,
        whole=_counts(report.whole),
        earlier=_counts(report.earlier),
        over_time={start.isoformat(): _counts(figures) for start, figures in report.over_time},
        lines=[
            figure_bodies.FigureLine(line.id, names(line.name_zh, line.name_en), _counts(line.figures))
            for line in report.lines
        ],
        page=page,
        lines_in_all=report.lines_in_all,
    )


def _counts(figures: Figures) -> figure_bodies.CountsView:
    return figure_bodies.CountsView(
        submitted=figures["submitted"],
        answered=figures["answered"],
        documents=figures["documents"],
        in_time=figures["in_time"],
        late=figures["late"],
        in_time_share=figures.in_time_share,
        median=_seconds(figures.median),
        p90=_seconds(figures.p90),
        returns=figures["returns"],
        grades={name: figures[name] for name in GRADED},
        ratings={name: figures[name] for name in RATED},
    )


def _day(raw: str, ctx: Context) -> date:
    if not raw:
        return today_of(ctx)
    try:
        day = date.fromisoformat(raw[:10])
    except ValueError:
        raise Invalid("day_wrong", "day", text=raw[:40]) from None
    if not 1990 <= day.year <= 2200:
        raise Invalid("day_wrong", "day", text=raw[:40])
    return day


def _seconds(length: timedelta | None) -> float | None:
    return None if length is None else round(length.total_seconds(), 1)


ENDPOINTS = [
    Endpoint(
        "GET",
        "/api/figures",
        Verb.WATCH_FIGURES,
        show,
        "Figures of a period, by library, librarian, channel, type or time; lines come by the fifty (`page`)",
        answer=figure_bodies.FiguresView,
    )
]
