"""The store keeper's screens, made for a hand scanner and a phone: lists live over the API, figures as a page."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from starlette.responses import Response

from server.actions.access import access_store
from server.actions.holdings import Holdings, store_holdings, watched_stores
from server.actions.store_lists import my_stores
from server.domain.errors import NotFound
from server.domain.loan_rows import Store
from server.domain.permissions import Thing, Verb, may
from server.words.catalogue import script_json
from server.words.times import day_text
from web.pages.base import Page, PageRequest
from web.pages.console import menu
from web.script_words import words_of

PERIODS = (30, 90, 365)  # days
STEPS = ("pick", "pack", "dispatch", "hold", "returns", "put-back", "shelf")
_OF_CONSOLE = ("dialog.", "problem.", "line.")
_SHARED = ("common.", "time.", "store.", "loans.stage.")


@dataclass(frozen=True, slots=True)
class Tab:
    """A step in the bar above each of a store's screens."""

    name: str
    address: str


async def chooser(page: PageRequest) -> Response:
    """The stores where one works; who works in one goes straight in."""
    stores = await my_stores(page.ctx, page.actor)
    if len(stores) == 1:
        return page.redirect(f"/console/store/{stores[0].id}/pick")
    return page.render("store_chooser.html", nav_items=menu(page), stores=stores)


async def home(page: PageRequest) -> Response:
    """A store without a step: its first one."""
    return page.redirect(f"/console/store/{page.path['id']}/pick")


async def step(page: PageRequest) -> Response:
    """One step of the work in a store. Raises NotFound."""
    store = await access_store(page.ctx.db.read, page.actor, page.path["id"], Verb.WORK_STORE)
    if page.path["step"] not in STEPS:
        raise NotFound()
    block = {
        "language": page.language,
        "words": words_of(_SHARED, page.language, of_console=_OF_CONSOLE),
        "store": {"id": store.id, "kind": store.kind, "code": store.code},
        "step": page.path["step"],
    }
    return page.render(
        "store_work.html",
        nav_items=menu(page),
        store=store,
        step=page.path["step"],
        tabs=_tabs(page, store),
        several=len(await my_stores(page.ctx, page.actor)) > 1,
        data=script_json(block),
    )


async def figures(page: PageRequest) -> Response:
    """Holdings and accuracy of the stores one may watch, one of them at a time (R-LOAN.2, R-LOAN.5)."""
    stores = await watched_stores(page.ctx, page.actor)
    chosen = page.path.get("id") or (stores[0].id if stores else "")
    asked = page.query.get("days", "")
    days = int(asked) if asked in map(str, PERIODS) else PERIODS[0]
    since = page.ctx.clock.now() - timedelta(days=days)
    held: Holdings | None = await store_holdings(page.ctx, page.actor, chosen, since) if chosen else None
    works = held is not None and may(
        page.actor, Verb.WORK_STORE, Thing(held.store.library_id, store_id=held.store.id)
    )
    return page.render(
        "store_figures.html",
        nav_items=menu(page),
        held=held,
        stores=stores,
        store=held.store if held else None,
        step="figures",
        tabs=_tabs(page, held.store) if held and works else [],
        several=len(stores) > 1,
        days=days,
        periods=PERIODS,
        since=_day(page, held.period.since) if held else "",
        until=_day(page, held.period.until) if held else "",
    )


def _day(page: PageRequest, moment: datetime) -> str:
    return day_text(moment.astimezone(ZoneInfo(page.ctx.settings.zone)).date(), page.language)


def _tabs(page: PageRequest, store: Store) -> list[Tab]:
    tabs = [Tab(name, f"/console/store/{store.id}/{name}") for name in STEPS]
    if may(page.actor, Verb.WATCH_HOLDINGS, Thing(store.library_id, store_id=store.id)):
        tabs.append(Tab("figures", f"/console/holdings/{store.id}"))
    return tabs


PAGES = [
    Page("GET", "/console/store", Verb.WORK_STORE, chooser),
    Page("GET", "/console/store/{id}", Verb.WORK_STORE, home),
    Page("GET", "/console/store/{id}/{step}", Verb.WORK_STORE, step),
    Page("GET", "/console/holdings", Verb.WATCH_HOLDINGS, figures),
    Page("GET", "/console/holdings/{id}", Verb.WATCH_HOLDINGS, figures),
]
