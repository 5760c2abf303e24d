"""How stores, work lists, parcels and figures are shown over the API."""

from collections.abc import Iterable

from server.actions.holdings import Holdings
from server.actions.item_imports import ItemImport
from server.actions.shelving import Shelved
from server.actions.store_work import Bench
from server.api.views import names
from server.domain.loan_rows import LoanLine, LoanOrder, Store
from server.domain.loans import Stage
from server.domain.store_work import Bundle, Work, WorkLine
from server.wire import store_bodies as b
from server.wire.frames import iso
from server.words.catalogue import say
from server.words.places import place_in_words


def store_view(store: Store) -> b.StoreView:
    return b.StoreView(store.id, store.code, names(store.name_zh, store.name_en), store.kind, store.tier)


def work_view(store: Store, work: Work, language: str = "zh") -> b.WorkView:
    return b.WorkView(
        store=store_view(store),
        counts=work.counts,
        walks=[b.WalkView(walk.number, walk.urgent, _lines(walk.lines, language)) for walk in work.walks],
        pack=[
            _pack_view(each.order, _lines(each.lines), each.packed_scans, coming=each.coming)
            for each in work.pack
        ],
        label=[parcel_view(each) for each in work.label],
        hand_over=[parcel_view(each) for each in work.hand_over],
        hold=[parcel_view(each) for each in work.hold],
        returns=[parcel_view(each) for each in work.returns],
        inspect=_lines(work.inspect),
        put_back=_lines(work.put_back),
        strays=[
            b.StrayView(s.command_id, s.barcode, s.tote, s.title, s.state, iso(s.brought_at))
            for s in work.strays
        ],
        on_the_way=[parcel_view(each) for each in work.on_the_way],
    )


def parcel_view(bundle: Bundle) -> b.ParcelView:
    parcel, order = bundle.parcel, bundle.order
    return b.ParcelView(
        parcel=parcel.id,
        order=order.id,
        number=order.number,
        direction=parcel.direction,
        state=parcel.state,
        courier=parcel.courier,
        waybill=parcel.waybill,
        items=parcel.items,
        way=order.way,
        name=order.name,
        slot=order.slot_text,
        due_at=iso(order.dispatch_due_at),
        made_at=iso(parcel.made_at),
        confirm_due_at=iso(parcel.confirm_due_at) if parcel.confirm_due_at else None,
        recalled=any(line.stage is Stage.RECALLED for line in bundle.lines),
        lines=_lines(bundle.lines),
    )


def bench_view(bench: Bench) -> b.PackView:
    order = bench.order
    lines = [
        b.LineView(
            line=line.id,
            order=line.order_id,
            number=order.number,
            way=order.way,
            slot=order.slot_text,
            due_at=iso(order.dispatch_due_at),
            title=line.title,
            authors=line.authors,
            stage=str(line.state),
            stage_at=iso(line.stage_at),
            barcode=line.barcode,
            place=line.location,
            location=line.location,
            station="",
            tote="",
            call_number="",
        )
        for line in bench.lines
    ]
    return _pack_view(order, lines, bench.scanned, parcel=bench.parcel.id if bench.parcel else "")


def stage_view(line: LoanLine) -> b.StageView:
    return b.StageView(line.id, line.order_id, str(line.state), line.barcode, line.title, line.location)


def item_view(shelved: Shelved) -> b.ItemView:
    item = shelved.item
    return b.ItemView(
        item.id,
        item.barcode,
        shelved.title,
        item.state,
        item.store_id,
        item.location,
        item.tote,
        item.note,
        shelved.fresh,
    )


def list_view(done: ItemImport, language: str) -> b.ItemListDone:
    faults = [
        b.ListFault(found.line, found.problem.field, found.problem.code, say(found.problem, language))
        for found in done.problems
    ]
    return b.ItemListDone(done.imported, done.lines, done.added, done.moved, done.kept, done.bad, faults)


def holdings_view(held: Holdings) -> b.HoldingsView:
    counted = held.counted
    return b.HoldingsView(
        store=store_view(held.store),
        states=dict(counted.states),
        idle=counted.idle,
        figures=[
            b.TargetView(t.name, t.value, t.target, t.binding, t.rule, t.met, t.basis) for t in held.targets
        ],
        sent=counted.sent,
        faulty=counted.faulty,
        scans=counted.scans,
        wrong_scans=counted.wrong_scans,
        since=iso(held.period.since),
        until=iso(held.period.until),
        wanted=[
            b.WantedView(w.record_id, w.title, w.readers, iso(w.since), w.copies, w.here) for w in held.wanted
        ],
    )


def _pack_view(
    order: LoanOrder, lines: list[b.LineView], scanned: frozenset[str], *, coming: int = 0, parcel: str = ""
) -> b.PackView:
    return b.PackView(
        order=order.id,
        number=order.number,
        way=order.way,
        name=order.name,
        due_at=iso(order.dispatch_due_at),
        coming=coming,
        lines=lines,
        scanned=sorted(scanned),
        parcel=parcel,
    )


def _lines(lines: Iterable[WorkLine], language: str = "zh") -> list[b.LineView]:
    return [_line(line, language) for line in lines]


def _line(line: WorkLine, language: str) -> b.LineView:
    return b.LineView(
        line=line.line_id,
        order=line.order_id,
        number=line.number,
        way=line.way,
        slot=line.slot_text,
        due_at=iso(line.due_at),
        title=line.title,
        authors=line.authors,
        stage=str(line.stage),
        stage_at=iso(line.stage_at),
        barcode=line.barcode,
        place=place_in_words(line.place, language),
        location=line.location,
        station=line.station,
        tote=line.tote,
        call_number=line.call_number,
    )
