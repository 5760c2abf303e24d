"""The operator's screens: every stack at a glance, and one of them as a live drawing with what waits for people."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from starlette.responses import Response

from server.actions.access import access_store
from server.actions.stack import access_device
from server.actions.stack_screen import StackFigures, stack_figures
from server.domain.loan_rows import Store
from server.domain.permissions import Thing, Verb, may
from server.words.catalogue import script_json, text
from server.words.times import short_day
from web.pages.base import Page, PageRequest
from web.pages.console import menu
from web.script_words import words_of

_OF_CONSOLE = ("dialog.", "problem.", "line.")
_SHARED = ("common.", "time.", "stack.", "store.item_state.")
_IN_MINUTES = 600  # seconds: a longer wait is shown in minutes

Series = Sequence[tuple[str, Sequence[int]]]


@dataclass(frozen=True, slots=True)
class Drawn:
    """What the plots show: labels below, values by series, shares of a hundred with their target."""

    hours: Sequence[str]
    throughput: Series
    waiting: Series
    waiting_title: str
    days: Sequence[str]
    accuracy: Sequence[float | None]
    sent: int
    faulty: int
    target: int


async def stacks(page: PageRequest) -> Response:
    """Every stack that one may watch, live."""
    return page.render("stacks.html", nav_items=menu(page), data=_block(page))


async def stack(page: PageRequest) -> Response:
    """One stack: its drawing, what waits for people, its figures. Raises NotFound."""
    db, device_id = page.ctx.db.read, page.path["id"]
    device = await access_device(db, page.actor, device_id, Verb.WATCH_STACK)
    store = await access_store(db, page.actor, device.store_id, Verb.WATCH_STACK)
    return page.render(
        "stack.html",
        nav_items=menu(page),
        store=store,
        device=device,
        figures=_drawn(page, await stack_figures(page.ctx, page.actor, device_id)),
        data=_block(
            page,
            device=device_id,
            operates=_operates(page, store),
            reads_cases=may(page.actor, Verb.WATCH_CASES),
        ),
    )


async def parts(page: PageRequest) -> Response:
    """The plots alone, for a page that stays open."""
    figures = await stack_figures(page.ctx, page.actor, page.path["id"])
    return page.render("stack_figures.html", figures=_drawn(page, figures))


def _block(page: PageRequest, **more: Any) -> str:
    now = page.ctx.clock.now().isoformat()
    return script_json(
        {
            "language": page.language,
            "words": words_of(_SHARED, page.language, of_console=_OF_CONSOLE),
            "now": now,
            **more,
        }
    )


def _operates(page: PageRequest, store: Store) -> bool:
    return may(page.actor, Verb.OPERATE_STACK, Thing(store.library_id, store_id=store.id))


def _drawn(page: PageRequest, figures: StackFigures) -> Drawn:
    """Figures as the plots want them."""
    zone, hours = ZoneInfo(page.ctx.settings.zone), figures.hours
    minutes = max((hour.longest_seconds for hour in hours), default=0) > _IN_MINUTES
    unit = 60 if minutes else 1

    def said(key: str) -> str:
        return text(f"stack.figures.{key}", page.language)

    def clock(at: datetime) -> str:
        return at.astimezone(zone).strftime("%H:%M")

    return Drawn(
        [clock(hour.hour_at) for hour in hours],
        (
            (said("settled"), [hour.retrieved + hour.put_back for hour in hours]),
            (said("retrieved"), [hour.retrieved for hour in hours]),
        ),
        (
            (said("longest"), [round(hour.longest_seconds / unit) for hour in hours]),
            (
                said("mean"),
                [round(hour.wait_seconds / max(1, hour.retrieved) / unit) for hour in hours],
            ),
        ),
        said("waiting_minutes" if minutes else "waiting_seconds"),
        [short_day(day.day.astimezone(zone).date(), page.language) for day in figures.days],
        [(day.sent - day.faulty) * 10_000 // day.sent / 100 if day.sent else None for day in figures.days],
        sum(day.sent for day in figures.days),
        sum(day.faulty for day in figures.days),
        figures.target_percent,
    )


_HERE, _V = "/console/stack", Verb.WATCH_STACK
PAGES = [
    Page("GET", _HERE, _V, stacks),
    Page("GET", f"{_HERE}/{{id}}", _V, stack),
    Page("GET", f"{_HERE}/{{id}}/parts", _V, parts),
]
