"""Endpoints of stores: work lists, scans, parcels, papers, shelves, figures (R-LOAN.2, R-LOAN.5, R-LOAN.6)."""

from typing import Any

from starlette.responses import Response

from server.actions import dispatch, holdings, shelving, store_papers, store_returns, store_work
from server.actions.item_imports import import_items
from server.actions.store_lists import my_stores
from server.actions.store_lists import store_work as all_work
from server.api.routes import ApiRequest, Endpoint
from server.api.store_views import (
    bench_view,
    holdings_view,
    item_view,
    list_view,
    parcel_view,
    stage_view,
    store_view,
    work_view,
)
from server.domain.errors import Invalid
from server.domain.loan_rows import ItemPlace
from server.domain.loans import Tracked
from server.domain.permissions import Verb
from server.domain.store_work import Condition, Finding
from server.wire import store_bodies as b


async def stores(r: ApiRequest) -> b.Stores:
    return b.Stores([store_view(store) for store in await my_stores(r.ctx, r.actor)])


async def work(r: ApiRequest) -> b.WorkView:
    store, work = await all_work(r.ctx, r.actor, r.path["id"])
    return work_view(store, work, r.language)


async def pick(r: ApiRequest) -> b.StageView:
    body: b.PickScan = r.body
    return stage_view(await store_work.pick(r.ctx, r.actor, r.path["id"], body.line, body.code))


async def missing(r: ApiRequest) -> b.StageView:
    return stage_view(await store_work.not_found(r.ctx, r.actor, r.path["id"], r.body.line))


async def pack_scan(r: ApiRequest) -> b.PackView:
    body: b.PackScan = r.body
    return bench_view(await store_work.scan_to_pack(r.ctx, r.actor, r.path["id"], body.code, body.order))


async def pack(r: ApiRequest) -> b.ParcelOnly:
    body: b.PackOrder = r.body
    return b.ParcelOnly((await store_work.pack(r.ctx, r.actor, r.path["id"], body.order, part=body.part)).id)


async def label(r: ApiRequest) -> dict[str, Any]:
    parcel = await dispatch.label(r.ctx, r.actor, r.path["id"], r.body.parcel)
    return {"parcel": parcel.id, "state": parcel.state, "courier": parcel.courier, "waybill": parcel.waybill}


async def hand_over(r: ApiRequest) -> b.ParcelView:
    body: b.HandOverScan = r.body
    return parcel_view(await dispatch.hand_over(r.ctx, r.actor, r.path["id"], body.batch, body.code))


async def collect(r: ApiRequest) -> b.ParcelView:
    return parcel_view(await dispatch.collect(r.ctx, r.actor, r.path["id"], r.body.code))


async def report_round(r: ApiRequest) -> b.ParcelView:
    body: b.RoundScan = r.body
    outcome = _choice(body.outcome, "outcome", Tracked)
    return parcel_view(await dispatch.report_round(r.ctx, r.actor, r.path["id"], body.code, outcome))


async def receive(r: ApiRequest) -> b.StageView:
    return stage_view(await store_returns.receive(r.ctx, r.actor, r.path["id"], r.body.code))


async def standing(r: ApiRequest) -> b.StageView:
    return stage_view(await store_returns.line_of_code(r.ctx, r.actor, r.path["id"], r.body.code))


async def inspect(r: ApiRequest) -> b.StageView:
    body: b.Inspection = r.body
    found = Finding(_choice(body.condition, "condition", Condition), body.note)
    return stage_view(await store_returns.inspect(r.ctx, r.actor, r.path["id"], body.line, found))


async def put_back(r: ApiRequest) -> b.StageView:
    body: b.PutBack = r.body
    return stage_view(
        await store_returns.put_back(r.ctx, r.actor, r.path["id"], body.line, body.location, move=body.move)
    )


async def stray(r: ApiRequest) -> dict[str, str]:
    await store_returns.put_stray_back(r.ctx, r.actor, r.path["id"], r.path["command"])
    return {}


async def item(r: ApiRequest) -> b.ItemView:
    return item_view(await shelving.look_up(r.ctx, r.actor, r.path["id"], r.query.get("code", "")))


async def shelve(r: ApiRequest) -> b.ItemView:
    body: b.ShelfItem = r.body
    wanted = shelving.NewItem(body.barcode, ItemPlace(body.location, body.tote), body.number, body.new)
    return item_view(await shelving.put_on_shelf(r.ctx, r.actor, r.path["id"], wanted))


async def take_off(r: ApiRequest) -> b.ItemView:
    body: b.OffShelf = r.body
    wanted = shelving.TakenOff(body.code, body.reason, body.note)
    return item_view(await shelving.take_off_shelf(r.ctx, r.actor, r.path["id"], wanted))


async def relocate(r: ApiRequest) -> b.ItemView:
    body: b.Relocation = r.body
    to = ItemPlace(body.location, body.tote)
    return item_view(await shelving.relocate(r.ctx, r.actor, r.path["id"], body.code, to))


async def bring_in(r: ApiRequest) -> b.ItemListDone:
    body: b.ItemList = r.body
    done = await import_items(
        r.ctx,
        r.actor,
        body.text.splitlines,
        store_id=r.path["id"],
        good_only=body.good_only,
        new=body.new,
    )
    return list_view(done, r.language)


async def figures(r: ApiRequest) -> b.HoldingsView:
    since = r.instant("since")
    until = r.instant("until")
    return holdings_view(await holdings.store_holdings(r.ctx, r.actor, r.path["id"], since, until))


async def label_pdf(r: ApiRequest) -> Response:
    return _pdf(await store_papers.label_pdf(r.ctx, r.actor, r.path["id"], r.path["parcel"]), "label")


async def labels_pdf(r: ApiRequest) -> Response:
    return _pdf(await store_papers.labels_pdf(r.ctx, r.actor, r.path["id"]), "labels")


async def packing_list_pdf(r: ApiRequest) -> Response:
    made = await store_papers.packing_list_pdf(r.ctx, r.actor, r.path["id"], r.path["parcel"])
    return _pdf(made, "packing-list")


async def pick_list_pdf(r: ApiRequest) -> Response:
    made = await store_papers.pick_list_pdf(
        r.ctx, r.actor, r.path["id"], r.number("walk", 1, low=1, high=999)
    )
    return _pdf(made, "pick-list")


async def item_label_pdf(r: ApiRequest) -> Response:
    made = await store_papers.item_label_pdf(r.ctx, r.actor, r.path["id"], r.query.get("code", ""))
    return _pdf(made, "item-label")


def _pdf(made: bytes, name: str) -> Response:
    headers = {"Content-Disposition": f'inline; filename="{name}.pdf"', "Cache-Control": "no-store"}
    return Response(made, media_type="application/pdf", headers=headers)


def _choice(said: str, name: str, kind: Any) -> Any:
    try:
        return kind(said)
    except ValueError:
        raise Invalid("choice_wrong", name, choices=", ".join(kind), text=said) from None


_S, _V = "/api/stores/{id}", Verb.WORK_STORE
_LINE = ("store_not_found", "order_line_not_found", "loan_stage")
ENDPOINTS = [
    Endpoint("GET", "/api/stores", _V, stores, "The stores where one works", answer=b.Stores),
    Endpoint(
        "GET",
        f"{_S}/work",
        _V,
        work,
        "All that waits at a store",
        answer=b.WorkView,
        errors=("store_not_found",),
    ),
    Endpoint(
        "POST",
        f"{_S}/pick",
        _V,
        pick,
        "Pick a book, proved by its barcode",
        b.PickScan,
        b.StageView,
        errors=(*_LINE, "wrong_item"),
    ),
    Endpoint(
        "POST",
        f"{_S}/missing",
        _V,
        missing,
        "A book is not in its place: another copy is looked for",
        b.LineOnly,
        b.StageView,
        errors=_LINE,
    ),
    Endpoint(
        "POST",
        f"{_S}/pack-scans",
        _V,
        pack_scan,
        "Put a book into its order's parcel; the last one closes it",
        b.PackScan,
        b.PackView,
        errors=("wrong_item", "not_to_pack"),
    ),
    Endpoint(
        "POST",
        f"{_S}/parcels",
        _V,
        pack,
        "Close an order's parcel",
        b.PackOrder,
        b.ParcelOnly,
        errors=("pack_incomplete", "nothing_to_pack", "not_scanned"),
    ),
    Endpoint(
        "POST",
        f"{_S}/labels",
        _V,
        label,
        "Book the courier, or put it on the hold shelf",
        b.ParcelOnly,
        dict[str, str],
        errors=("parcel_not_found", "parcel_recalled", "courier_unknown"),
    ),
    Endpoint(
        "POST",
        f"{_S}/hand-over",
        _V,
        hand_over,
        "Hand a parcel to the courier, as one of a batch",
        b.HandOverScan,
        b.ParcelView,
        errors=("parcel_not_found", "parcel_not_ready", "parcel_recalled"),
    ),
    Endpoint(
        "POST",
        f"{_S}/collections",
        _V,
        collect,
        "A reader has come for an order",
        b.CodeOnly,
        b.ParcelView,
        errors=("parcel_not_found", "nothing_on_hold"),
    ),
    Endpoint(
        "POST",
        f"{_S}/round",
        _V,
        report_round,
        "What became of a parcel that our own people carry",
        b.RoundScan,
        b.ParcelView,
        errors=("parcel_not_found", "parcel_not_ours"),
    ),
    Endpoint(
        "POST",
        f"{_S}/returns",
        _V,
        receive,
        "Confirm that a book is back",
        b.CodeOnly,
        b.StageView,
        errors=("item_not_found", "not_on_loan"),
    ),
    Endpoint(
        "POST",
        f"{_S}/standing",
        _V,
        standing,
        "Which returned book was scanned",
        b.CodeOnly,
        b.StageView,
        errors=("not_standing",),
    ),
    Endpoint(
        "POST",
        f"{_S}/inspections",
        _V,
        inspect,
        "Say how a book has come back",
        b.Inspection,
        b.StageView,
        errors=_LINE,
    ),
    Endpoint(
        "POST",
        f"{_S}/put-back",
        _V,
        put_back,
        "Put a book where it belongs, or tell the machine to",
        b.PutBack,
        b.StageView,
        errors=(*_LINE, "wrong_location", "location_needed"),
    ),
    Endpoint(
        "POST",
        f"{_S}/strays/{{command}}/put-back",
        _V,
        stray,
        "Have the machine take in what nobody waits for",
        answer=dict[str, str],
        errors=("stray_not_found",),
    ),
    Endpoint(
        "GET", f"{_S}/items", _V, item, "A book by its barcode", answer=b.ItemView, errors=("item_not_found",)
    ),
    Endpoint(
        "POST",
        f"{_S}/items",
        _V,
        shelve,
        "Put a book on the shelf",
        b.ShelfItem,
        b.ItemView,
        errors=("item_busy", "item_record_unknown"),
    ),
    Endpoint(
        "POST",
        f"{_S}/items/off",
        _V,
        take_off,
        "Take a book off the shelf",
        b.OffShelf,
        b.ItemView,
        errors=("item_not_found", "item_busy"),
    ),
    Endpoint(
        "POST",
        f"{_S}/items/move",
        _V,
        relocate,
        "Give a book another place",
        b.Relocation,
        b.ItemView,
        errors=("item_not_found", "item_busy", "location_needed"),
    ),
    Endpoint(
        "POST", f"{_S}/items/import", _V, bring_in, "Take items from a list", b.ItemList, b.ItemListDone
    ),
    Endpoint(
        "GET",
        f"{_S}/holdings",
        Verb.WATCH_HOLDINGS,
        figures,
        "Holdings and accuracy against the standard",
        answer=b.HoldingsView,
        errors=("store_not_found", "period_backwards"),
    ),
    Endpoint(
        "GET", f"{_S}/labels.pdf", _V, labels_pdf, "The labels of all parcels that wait for the courier"
    ),
    Endpoint("GET", f"{_S}/parcels/{{parcel}}/label.pdf", _V, label_pdf, "A parcel's label or hold slip"),
    Endpoint(
        "GET", f"{_S}/parcels/{{parcel}}/packing-list.pdf", _V, packing_list_pdf, "What lies in a parcel"
    ),
    Endpoint("GET", f"{_S}/pick-list.pdf", _V, pick_list_pdf, "A walk on paper"),
    Endpoint("GET", f"{_S}/item-label.pdf", _V, item_label_pdf, "A book's own label"),
]
