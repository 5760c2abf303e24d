"""The managers' screens of stores (R-LOAN.2)."""

from starlette.responses import Response

from server.actions.access import access_store
from server.actions.stores import (
    KINDS,
    TIERS,
    change_store,
    items_in_stores,
    kept_stores,
    machine_of,
    open_store,
    set_store_open,
)
from server.domain.permissions import Verb
from server.domain.stack import DRIVERS
from server.words.catalogue import text
from web.pages.base import Page, PageRequest
from web.pages.managing import CORRECTABLE, Fill, filled, refill
from web.pages.managing_loans import kept_libraries, show_loans

_HERE = "/manage/stores"


async def stores(page: PageRequest) -> Response:
    """All stores that the manager keeps."""
    found = await kept_stores(page.ctx, page.actor)
    items = await items_in_stores(page.ctx, found)
    return show_loans(page, "manage_stores.html", _HERE, stores=found, items=items)


async def new(page: PageRequest, *, fill: Fill | None = None, status: int = 200) -> Response:
    """The form for a new store."""
    return await _form(page, None, fill or Fill({"kind": "ordinary", "tier": "district"}), status)


async def add(page: PageRequest) -> Response:
    form = await filled(page)
    try:
        store = await open_store(page.ctx, page.actor, form.raw("library"), form)
    except CORRECTABLE as refusal:
        return await new(page, fill=await refill(page, refusal, fallback="code"), status=422)
    return page.redirect(f"{_HERE}/{store.id}", done="added")


async def edit(page: PageRequest, *, fill: Fill | None = None, status: int = 200) -> Response:
    """The form for a store that is there."""
    store = await access_store(page.ctx.db.read, page.actor, page.path["id"], Verb.KEEP_STORE)
    machine = await machine_of(page.ctx, store)
    values = {
        name: str(getattr(store, name))
        for name in ("code", "name_zh", "name_en", "kind", "tier", "address", "phone")
    }
    if machine:
        values |= {"device": machine.name, "driver": machine.driver, "device_address": machine.address}
    return await _form(page, store, fill or Fill(values), status)


async def change(page: PageRequest) -> Response:
    try:
        await change_store(page.ctx, page.actor, page.path["id"], await filled(page))
    except CORRECTABLE as refusal:
        return await edit(page, fill=await refill(page, refusal, fallback="code"), status=422)
    return page.redirect(_HERE, done="saved")


async def shut(page: PageRequest) -> Response:
    """Close a store, or open it again."""
    is_open = (await filled(page)).raw("open") == "1"
    await set_store_open(page.ctx, page.actor, page.path["id"], is_open=is_open)
    return page.redirect(_HERE, done="saved")


async def _form(page: PageRequest, store: object, fill: Fill, status: int) -> Response:
    return show_loans(
        page,
        "manage_store.html",
        _HERE,
        status=status,
        store=store,
        fill=fill,
        libraries=[
            (each.id, each.name(page.language)) for each in await kept_libraries(page, Verb.KEEP_STORE)
        ],
        kinds=[(kind, text(f"stores.{kind}", page.language)) for kind in KINDS],
        drivers=[
            ("", text("stores.no_device", page.language)),
            *((name, text(f"stores.drivers.{name}", page.language)) for name in DRIVERS),
        ],
        tiers=[(tier, text(f"stores.{tier}", page.language)) for tier in TIERS],
    )


PAGES = [
    Page("GET", _HERE, Verb.KEEP_STORE, stores),
    Page("GET", f"{_HERE}/new", Verb.KEEP_STORE, new),
    Page("POST", _HERE, Verb.KEEP_STORE, add),
    Page("GET", f"{_HERE}/{{id}}", Verb.KEEP_STORE, edit),
    Page("POST", f"{_HERE}/{{id}}", Verb.KEEP_STORE, change),
    Page("POST", f"{_HERE}/{{id}}/open", Verb.KEEP_STORE, shut),
]
