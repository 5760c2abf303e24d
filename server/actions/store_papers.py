"""What a store prints: labels, packing lists, pick lists, hold slips, as PDF (R-LOAN.6)."""

import asyncio
from datetime import date, timedelta

from server.actions.access import access_store
from server.actions.desks import zone_of
from server.actions.dispatch import parcel_at
from server.actions.store_lists import walk_of
from server.context import Context
from server.domain.couriers import OUT
from server.domain.errors import Conflict, NotFound
from server.domain.labels import HoldSlip, ItemLabel, Label, Mark, PackedItem, PackingList, PickList, PickRow
from server.domain.loan_rows import Store
from server.domain.permissions import Actor, Verb
from server.domain.store_work import Bundle, WorkLine
from server.store.libraries import library_by_id
from server.store.loan_policies import loan_policy
from server.store.shelves import find_item, title_of
from server.store.store_work import bundles_in, bundles_of
from server.words.fonts import PrintFont, print_font
from server.words.lists import packing_list, pick_list
from server.words.printing import hold_slip, item_labels, parcel_labels


async def label_pdf(ctx: Context, actor: Actor, store_id: str, parcel_id: str) -> bytes:
    """A parcel's label with its waybill, or the hold slip of what a reader comes for.

    Raises Conflict ``parcel_not_ready`` before it was labelled, NotFound.
    """
    store, bundle = await _bundle(ctx, actor, store_id, parcel_id)
    if bundle.parcel.state == "packed":
        raise Conflict("parcel_not_ready", "R-LOAN.6", state=bundle.parcel.state)
    if bundle.order.way == "collection":
        return await asyncio.to_thread(hold_slip, await _slip(ctx, store, bundle), _font(ctx))
    return await asyncio.to_thread(parcel_labels, [_label(store, bundle)], _font(ctx))


async def labels_pdf(ctx: Context, actor: Actor, store_id: str) -> bytes:
    """The labels of all parcels that wait for the courier, a page each. Raises NotFound where none does."""
    store = await access_store(ctx.db.read, actor, store_id, Verb.WORK_STORE)
    waiting = await bundles_in(ctx.db.read, store.id, OUT, ("labelled",))
    if not waiting:
        raise NotFound("parcel_not_found")
    labels = [_label(store, bundle) for bundle in waiting]
    return await asyncio.to_thread(parcel_labels, labels, _font(ctx))


async def packing_list_pdf(ctx: Context, actor: Actor, store_id: str, parcel_id: str) -> bytes:
    """What lies in a parcel, for the reader."""
    store, bundle = await _bundle(ctx, actor, store_id, parcel_id)
    order = bundle.order
    items = tuple(PackedItem(line.title, line.barcode, line.authors) for line in bundle.lines)
    packed_on = bundle.parcel.made_at.astimezone(zone_of(ctx)).date()
    listed = PackingList(
        order.number, order.name, store.name("zh"), packed_on, items, bundle.parcel.waybill, order.note
    )
    return await asyncio.to_thread(packing_list, listed, _font(ctx))


async def pick_list_pdf(ctx: Context, actor: Actor, store_id: str, number: int) -> bytes:
    """One walk on paper. Raises NotFound when there is no such walk any more."""
    store, walk = await walk_of(ctx, actor, store_id, number)
    if walk is None:
        raise NotFound("walk_not_found")
    rows = tuple(_row(line) for line in walk.lines)
    today = _today(ctx)
    listed = PickList(f"{store.code}-{today:%m%d}-{number}", store.name("zh"), today, rows, actor.name)
    return await asyncio.to_thread(pick_list, listed, _font(ctx))


async def item_label_pdf(ctx: Context, actor: Actor, store_id: str, code: str) -> bytes:
    """A book's own label. Raises NotFound."""
    await access_store(ctx.db.read, actor, store_id, Verb.WORK_STORE)
    item = await find_item(ctx.db.read, code)
    if item is None:
        raise NotFound("item_not_found", scanned=code[:60])
    library = await library_by_id(ctx.db.read, item.library_id)
    title = await title_of(ctx.db.read, item.record_id)
    label = ItemLabel(item.barcode, library.name_zh if library else "", "", title)
    return await asyncio.to_thread(item_labels, [label], _font(ctx))


async def _bundle(ctx: Context, actor: Actor, store_id: str, parcel_id: str) -> tuple[Store, Bundle]:
    store = await access_store(ctx.db.read, actor, store_id, Verb.WORK_STORE)
    parcel = await parcel_at(ctx.db.read, store, parcel_id)
    found = await bundles_of(ctx.db.read, [parcel])
    if not found:
        raise NotFound("parcel_not_found")
    return store, found[0]


def _label(store: Store, bundle: Bundle) -> Label:
    order = bundle.order
    return Label(
        order_number=order.number,
        to_name=order.name,
        to_address=order.address,
        from_store=store.name("zh"),
        to_phone=order.phone,
        from_address=store.address,
        from_phone=store.phone,
        waybill=bundle.parcel.waybill,
        slot=order.slot_text,
        items=bundle.parcel.items,
        mark=Mark.NONE,
    )


async def _slip(ctx: Context, store: Store, bundle: Bundle) -> HoldSlip:
    """What everybody may read on the shelf: the family name and the end of the number, not the reader's whole name."""
    order = bundle.order
    policy = await loan_policy(ctx.shelf, ctx.db.read, order.policy_id)
    items = tuple(PackedItem(line.title, line.barcode) for line in bundle.lines)
    until = bundle.parcel.made_at.astimezone(zone_of(ctx)).date() + timedelta(days=policy.hold_days)
    shown = f"{order.name[:1]}** {order.number[-4:]}"
    return HoldSlip(order.number, shown, order.slot_text or store.name("zh"), until, items)


def _row(line: WorkLine) -> PickRow:
    return PickRow(line.place, line.barcode, line.title, line.number, line.call_number)


def _today(ctx: Context) -> date:
    return ctx.clock.now().astimezone(zone_of(ctx)).date()


def _font(ctx: Context) -> PrintFont:
    return print_font(ctx.settings.label_font)
