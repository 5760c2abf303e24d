"""Stores as managers keep them: where they are, their kind and tier, the machine behind a smart one (R-LOAN.2)."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from server.actions.access import access_store, audit
from server.actions.libraries import access_library
from server.context import Context
from server.domain.errors import Conflict
from server.domain.forms import Form
from server.domain.loan_rows import Store
from server.domain.permissions import Actor, Verb, demand, store_scopes
from server.domain.stack import DRIVERS
from server.store.rows import Transaction
from server.store.stack_devices import DeviceRow, device_of_store, insert_device, new_device
from server.store.store_keeping import change_device, close_store_row, code_taken, count_items, save_store
from server.store.stores import stores_within

KINDS, TIERS = ("smart", "ordinary"), ("centre", "district")


async def kept_stores(ctx: Context, actor: Actor) -> list[Store]:
    """The stores that the actor keeps, closed ones too, by code."""
    demand(actor, Verb.KEEP_STORE)
    return await stores_within(ctx.db.read, store_scopes(actor, Verb.KEEP_STORE), closed=True)


async def items_in_stores(ctx: Context, stores: Sequence[Store]) -> Mapping[str, int]:
    """How many volumes stand in each of these stores."""
    return await count_items(ctx.db.read, [store.id for store in stores])


async def machine_of(ctx: Context, store: Store) -> DeviceRow | None:
    """The machine of a smart stack, where one is linked."""
    return await device_of_store(ctx.db.read, store.id) if store.smart else None


async def open_store(ctx: Context, actor: Actor, library_id: str, form: Form) -> Store:
    """Open a store of a library: ``code``, ``name_zh``, ``name_en``, ``kind``, ``tier``, ``address``, ``phone``,
    and for a smart stack ``device``, ``driver``, ``device_address``.

    The driver is one of those that there are; without one, people fetch the books. Raises NotFound, FormRefused,
    Conflict ``store_code_taken``.
    """
    library = await access_library(ctx, actor, library_id, Verb.KEEP_STORE)
    store = _read(form, Store(ctx.ids.new(), library.id, "", "", "", "", "", "", "", True, ctx.clock.now()))
    async with ctx.transaction() as tx:
        await _keep(ctx, tx, store, form)
        await audit(ctx, tx, actor, "store.open", f"store:{store.id}", detail=store.code)
    return store


async def change_store(ctx: Context, actor: Actor, store_id: str, form: Form) -> Store:
    """Change a store's data and machine; whose it is stays. Raises as `open_store`."""
    before = await access_store(ctx.db.read, actor, store_id, Verb.KEEP_STORE)
    store = _read(form, before)
    async with ctx.transaction() as tx:
        await _keep(ctx, tx, store, form)
        await audit(ctx, tx, actor, "store.change", f"store:{store.id}", detail=store.code)
    return store


async def set_store_open(ctx: Context, actor: Actor, store_id: str, *, is_open: bool) -> Store:
    """Close a store, or open it again: no new books are taken from a closed one, what is under way goes on."""
    store = await access_store(ctx.db.read, actor, store_id, Verb.KEEP_STORE)
    async with ctx.transaction() as tx:
        await close_store_row(tx, store_id, active=is_open)
        verb = "store.reopen" if is_open else "store.close"
        await audit(ctx, tx, actor, verb, f"store:{store.id}", detail=store.code)
    return replace(store, active=is_open)


def _read(form: Form, before: Store) -> Store:
    kind = form.choice("kind", KINDS)
    store = replace(
        before,
        code=form.slug("code", limit=20),
        name_zh=form.text("name_zh", limit=120, required=True),
        name_en=form.text("name_en", limit=120),
        kind=kind,
        tier=form.choice("tier", TIERS),
        address=form.text("address", limit=200),
        phone=form.text("phone", limit=60),
    )
    if kind == "smart" and form.has("driver"):
        form.choice("driver", DRIVERS)
        form.text("device", limit=120)
        form.text("device_address", limit=200)
    form.demand()
    return store


async def _keep(ctx: Context, tx: Transaction, store: Store, form: Form) -> None:
    if await code_taken(tx, store.code, store.id):
        raise Conflict("store_code_taken", "R-LOAN.2", taken=store.code)
    await save_store(tx, store)
    driver = form.raw("driver")
    if not store.smart or not driver:
        return
    known = await device_of_store(tx, store.id)
    name = form.raw("device") or store.code
    if known is None:
        device = new_device(ctx.ids.new(), store.id, name, driver, ctx.clock.now())
        await insert_device(tx, replace(device, address=form.raw("device_address")))
    else:
        await change_device(tx, known.id, name=name, driver=driver, address=form.raw("device_address"))
