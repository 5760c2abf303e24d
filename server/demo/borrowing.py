"""What readers of the demo have ordered before it begins, played with the real actions at its own times."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from server.actions.cases import Complaint, complain
from server.actions.couriers import take_reports
from server.actions.dispatch import hand_over, label
from server.actions.place_order import Wanted, place_order
from server.actions.slots import openings_at
from server.actions.store_returns import inspect, put_back, receive
from server.actions.store_work import pack, pick, scan_to_pack
from server.context import Context
from server.demo.cast import Cast
from server.demo.loans import LIBRARY, SOURCE, read_loans
from server.demo.then import Then, actor_in
from server.domain.cases import CaseKind
from server.domain.couriers import Report
from server.domain.loan_orders import Address
from server.domain.loan_rows import LoanLine, LoanOrder
from server.domain.loans import Tracked
from server.domain.permissions import Actor
from server.domain.store_work import Condition, Finding
from server.store.cards import save_address
from server.store.orders import lines_of, parcels_of

_PLACES = {
    "reader": ("深圳市福田区", "景田路 8 号 3 栋 502"),
    "grandma.li": ("佛山市禅城区", "祖庙路 21 号 101"),
    "reader2": ("上海市杨浦区", "四平路 1239 号 7 号楼"),
    "tan.jie": ("东莞市南城区", "鸿福路 200 号 1106"),
    "gu.ming": ("杭州市上城区", "解放东路 58 号"),
}
_DELIVERED = (
    (Tracked.PICKED_UP, 1, "深圳福田"),
    (Tracked.IN_TRANSIT, 5, "深圳转运中心"),
    (Tracked.DELIVERED, 16, "本人签收"),
)
Told = Mapping[str, Any]


async def play_orders(ctx: Context, cast: Cast, now: datetime) -> int:
    """Let everything happen in its order and at its time; returns how many were ordered."""
    orders: list[Told] = read_loans()["order"]
    scenes: list[tuple[datetime, int, list[Any]]] = []
    for number, told in enumerate(orders):
        scenes.append((now - timedelta(hours=told["hours"]), number, ["order"]))
        scenes += [(now - timedelta(hours=hours), number, deed) for hours, *deed in told.get("then", ())]
    placed: dict[int, LoanOrder] = {}
    for at, number, deed in sorted(scenes, key=lambda scene: scene[:2]):
        there = replace(ctx, clock=Then(at), shelf={})
        reader = await actor_in(there, cast, orders[number]["reader"])
        if deed[0] == "order":
            placed[number] = await _order(there, cast, reader, orders[number])
        else:
            await _do(there, cast, reader, placed[number], deed)
    return len(orders)


async def _order(ctx: Context, cast: Cast, reader: Actor, told: Told) -> LoanOrder:
    titles, way = told["titles"], told["way"]
    found = {
        row["title"]: row["id"]
        for row in await ctx.db.read.rows(
            "SELECT id, title FROM bibliographic_record WHERE library_id = $1 AND source = $2",
            cast.libraries[LIBRARY].id,
            SOURCE,
        )
    }
    address = await _address(ctx, reader, told["reader"])
    offered = await openings_at(ctx, ctx.db.read, way, reader.library_id, ctx.clock.now())
    wanted = Wanted(
        ctx.ids.new(),
        tuple(found[title] for title in titles),
        way,
        address.id if way == "delivery" else "",
        offered[0].slot.id if offered else "",
        offered[0].day.isoformat() if offered else "",
        note=told.get("note", ""),
    )
    return await place_order(ctx, reader, wanted)


async def _address(ctx: Context, reader: Actor, key: str) -> Address:
    """The address book's first entry: made once."""
    region, line = _PLACES[key]
    address = Address(f"demo-{key}", reader.account_id, reader.name, "13800000000", region, line, True)
    async with ctx.transaction() as tx:
        await save_address(tx, address, ctx.clock.now())
    return address


async def _do(ctx: Context, cast: Cast, reader: Actor, order: LoanOrder, deed: list[Any]) -> None:
    keeper = await actor_in(ctx, cast, "keeper")
    match deed:
        case ["send"]:
            await _send(ctx, keeper, order)
        case ["deliver"]:
            await _report(ctx, order, "out", _DELIVERED)
        case ["return"]:
            for line in await _lines(ctx, order):
                await receive(ctx, keeper, line.store_id, line.barcode)
        case ["shelve"]:
            for line in await _lines(ctx, order):
                await inspect(ctx, keeper, line.store_id, line.id, Finding(Condition.OK))
                await put_back(ctx, keeper, line.store_id, line.id, line.location)
        case ["complain", text]:
            wanted = Complaint(ctx.ids.new(), text, CaseKind.QUESTION, order.id)
            await complain(ctx, reader, wanted)
        case _:
            raise ValueError(f"nobody knows how to {deed}")


async def _send(ctx: Context, keeper: Actor, order: LoanOrder) -> None:
    """Pick, pack, label; what is delivered is handed over, what is collected stands on the hold shelf then."""
    lines = await _lines(ctx, order)
    for line in lines:
        await pick(ctx, keeper, line.store_id, line.id, line.barcode)
    for line in lines:
        bench = await scan_to_pack(ctx, keeper, line.store_id, line.barcode, order.id)
    parcel = bench.parcel or await pack(ctx, keeper, lines[0].store_id, order.id)
    labelled = await label(ctx, keeper, parcel.store_id, parcel.id)
    if order.way == "delivery":
        await hand_over(ctx, keeper, parcel.store_id, ctx.ids.new(), labelled.waybill)


async def _report(
    ctx: Context, order: LoanOrder, direction: str, told: tuple[tuple[Tracked, int, str], ...]
) -> None:
    """What the courier said on the way, all of it told now."""
    parcel = next(each for each in await parcels_of(ctx.db.read, order.id) if each.direction == direction)
    begun = parcel.handed_at or ctx.clock.now()
    reports = [
        Report(parcel.waybill, status, begun + timedelta(hours=hours), place) for status, hours, place in told
    ]
    await take_reports(ctx, parcel.courier, reports)


async def _lines(ctx: Context, order: LoanOrder) -> list[LoanLine]:
    return (await lines_of(ctx.db.read, [order.id]))[order.id]
