"""The store keeper's work, through its actions: nothing leaves without its scan, wrong books are refused and kept."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from server.actions.dispatch import collect, hand_over, label, report_round
from server.actions.store_lists import my_stores, store_work, walk_of
from server.actions.store_returns import inspect, line_of_code, put_back, receive
from server.actions.store_work import not_found, pack, pick, scan_to_pack
from server.domain.errors import Conflict, NotFound, Refusal
from server.domain.loan_rows import Parcel
from server.domain.loans import House, Stage, Tracked
from server.domain.permissions import Actor, Grant, Role, ScopeKind
from server.domain.store_work import Condition, Finding
from server.store.parcels import insert_parcel
from tests.server.loans.conftest import Loans


def keeper(loans: Loans, *stores: str) -> Actor:
    """A store keeper of these stores."""
    grants = frozenset(Grant(Role.STORE_KEEPER, ScopeKind.STORE, loans.stores[name]) for name in stores)
    return Actor(account_id="keeper-1", name="Keeper", grants=grants)


async def ready(loans: Loans, *records: int, way: str = "delivery") -> str:
    """An approved order for titles that only the ordinary store has."""
    for record in records:
        await loans.item(record, "store", f"BC{record}")
    order = await loans.order(*records, way=way)
    await loans.tell(order.id, House.APPROVED)
    return order.id


async def picked(loans: Loans, *records: int, way: str = "delivery") -> str:
    """The same, with every book picked."""
    order_id = await ready(loans, *records, way=way)
    for line in await loans.lines(order_id):
        await pick(loans.town.ctx, keeper(loans, "store"), loans.stores["store"], line.id, line.barcode)
    return order_id


async def sent(loans: Loans, *records: int) -> str:
    """The same, with the courier."""
    order_id = await picked(loans, *records)
    ctx, actor, store = loans.town.ctx, keeper(loans, "store"), loans.stores["store"]
    parcel = await label(ctx, actor, store, (await pack(ctx, actor, store, order_id)).id)
    await hand_over(ctx, actor, store, "batch-1", parcel.waybill)
    return order_id


async def stages(loans: Loans, order_id: str) -> list[Stage]:
    return [line.state for line in await loans.lines(order_id)]


async def test_a_wrong_book_is_refused_and_that_it_was_tried_is_kept(loans: Loans) -> None:
    order_id = await ready(loans, 1)
    await loans.item(2, "store", "OTHER")
    ctx, actor, store = loans.town.ctx, keeper(loans, "store"), loans.stores["store"]
    line = (await loans.lines(order_id))[0]
    with pytest.raises(Conflict) as refused:
        await pick(ctx, actor, store, line.id, "OTHER")
    assert refused.value.code == "wrong_item" and refused.value.rule_id == "R-LOAN.6"
    assert refused.value.data["expected"] == "BC1" and refused.value.data["scanned"] == "OTHER"
    assert await stages(loans, order_id) == [Stage.TO_PICK]
    assert await loans.one('SELECT COUNT(*) FROM scan_record WHERE "right" = FALSE') == 1
    assert (
        await loans.one("SELECT COUNT(*) FROM order_event WHERE kind = 'mispicked' AND public = FALSE") == 1
    )
    await pick(ctx, actor, store, line.id, " *bc1* ")  # as some scanners frame codes
    assert await stages(loans, order_id) == [Stage.PICKED]
    with pytest.raises(Conflict, match="loan_stage"):
        await pick(ctx, actor, store, line.id, "BC1")


async def test_walks_go_along_the_shelves_urgent_orders_first(loans: Loans) -> None:
    ctx, actor, store = loans.town.ctx, keeper(loans, "store"), loans.stores["store"]
    for record, location in ((1, "B-2"), (2, "A-10"), (3, "A-9")):
        await ready(loans, record)
        async with ctx.transaction() as tx:
            await tx.execute("UPDATE item SET location = $2 WHERE barcode = $1", f"BC{record}", location)
    late = await ready(loans, 4)
    async with ctx.transaction() as tx:
        await tx.execute("UPDATE loan_order SET dispatch_due_at = placed_at WHERE id = $1", late)
    _, work = await store_work(ctx, actor, store)
    assert [[line.barcode for line in walk.lines] for walk in work.walks] == [["BC4"], ["BC3", "BC2", "BC1"]]
    assert work.walks[0].urgent and work.counts["pick"] == 4
    assert (await walk_of(ctx, actor, store, 2))[1] == work.walks[1]


async def test_a_book_that_is_not_found_is_had_from_elsewhere(loans: Loans) -> None:
    order_id = await ready(loans, 1)
    await loans.item(1, "store", "SECOND")
    ctx, actor, store = loans.town.ctx, keeper(loans, "store"), loans.stores["store"]
    line = (await loans.lines(order_id))[0]
    await not_found(ctx, actor, store, line.id)
    line = (await loans.lines(order_id))[0]
    assert line.state is Stage.TO_PICK and line.barcode == "SECOND" and line.attempts == 2
    assert await loans.one("SELECT state FROM item WHERE barcode = 'BC1'") == "missing"


async def test_a_parcel_is_closed_by_its_last_scan_and_takes_no_book_of_another_order(loans: Loans) -> None:
    order_id, other = await picked(loans, 1, 2), await picked(loans, 3)
    ctx, actor, store = loans.town.ctx, keeper(loans, "store"), loans.stores["store"]
    bench = await scan_to_pack(ctx, actor, store, "BC1")
    assert bench.order.id == order_id and len(bench.scanned) == 1 and bench.parcel is None
    with pytest.raises(Conflict, match="wrong_item"):
        await scan_to_pack(ctx, actor, store, "BC3", order_id)
    with pytest.raises(NotFound, match="not_to_pack"):
        await scan_to_pack(ctx, actor, store, "NEVER")
    bench = await scan_to_pack(ctx, actor, store, "BC2", order_id)
    assert bench.parcel is not None and bench.parcel.items == 2
    assert await stages(loans, order_id) == [Stage.PACKED, Stage.PACKED]
    assert await stages(loans, other) == [Stage.PICKED]


async def test_an_order_leaves_whole_unless_a_part_is_asked_for(loans: Loans) -> None:
    order_id = await ready(loans, 1, 2)
    ctx, actor, store = loans.town.ctx, keeper(loans, "store"), loans.stores["store"]
    first, second = await loans.lines(order_id)
    with pytest.raises(Conflict, match="nothing_to_pack"):
        await pack(ctx, actor, store, order_id)
    await pick(ctx, actor, store, first.id, first.barcode)
    with pytest.raises(Conflict, match="pack_incomplete"):
        await pack(ctx, actor, store, order_id)
    assert (await pack(ctx, actor, store, order_id, part=True)).items == 1
    await pick(ctx, actor, store, second.id, second.barcode)
    assert (await pack(ctx, actor, store, order_id)).items == 1
    assert await loans.one("SELECT COUNT(*) FROM parcel") == 2


async def test_labelled_twice_is_one_waybill_and_handed_over_twice_is_one_handing_over(loans: Loans) -> None:
    order_id = await picked(loans, 1)
    ctx, actor, store = loans.town.ctx, keeper(loans, "store"), loans.stores["store"]
    parcel = await pack(ctx, actor, store, order_id)
    with pytest.raises(Conflict, match="parcel_not_ready"):
        await hand_over(ctx, actor, store, "b", (await loans.now(order_id)).number)
    labelled = await label(ctx, actor, store, parcel.id)
    assert labelled.waybill and await label(ctx, actor, store, parcel.id) == labelled
    assert await stages(loans, order_id) == [Stage.LABELLED]
    for _ in range(2):
        bundle = await hand_over(ctx, actor, store, "batch-1", labelled.waybill)
        assert bundle.parcel.state == "handed_over"
    with pytest.raises(Conflict, match="parcel_not_ready"):
        await hand_over(ctx, actor, store, "batch-2", labelled.waybill)
    assert await stages(loans, order_id) == [Stage.WITH_COURIER]
    assert (await loans.now(order_id)).dispatched_at is not None


async def test_the_librarys_own_people_scan_what_became_of_a_parcel(loans: Loans) -> None:
    order_id = await sent(loans, 1)
    ctx, actor, store = loans.town.ctx, keeper(loans, "store"), loans.stores["store"]
    number = (await loans.now(order_id)).number
    _, work = await store_work(ctx, actor, store)
    assert [bundle.order.number for bundle in work.on_the_way] == [number]
    await report_round(ctx, actor, store, number, Tracked.DELIVERED)
    assert await stages(loans, order_id) == [Stage.ON_LOAN]
    assert (await loans.lines(order_id))[0].due_at is not None


async def test_what_is_collected_waits_on_the_hold_shelf(loans: Loans) -> None:
    order_id = await picked(loans, 1, way="collection")
    ctx, actor, store = loans.town.ctx, keeper(loans, "store"), loans.stores["store"]
    number = (await loans.now(order_id)).number
    parcel = await pack(ctx, actor, store, order_id)
    with pytest.raises(Conflict, match="nothing_on_hold"):
        await collect(ctx, actor, store, number)
    assert (await label(ctx, actor, store, parcel.id)).state == "shelved"
    assert await stages(loans, order_id) == [Stage.ON_HOLD_SHELF]
    await collect(ctx, actor, store, number)
    assert await stages(loans, order_id) == [Stage.ON_LOAN]
    with pytest.raises(Conflict, match="nothing_on_hold"):
        await collect(ctx, actor, store, number)


async def test_a_cancelled_book_comes_out_of_its_parcel_before_it_leaves(loans: Loans) -> None:
    order_id = await picked(loans, 1)
    ctx, actor, store = loans.town.ctx, keeper(loans, "store"), loans.stores["store"]
    parcel = await label(ctx, actor, store, (await pack(ctx, actor, store, order_id)).id)
    await loans.tell(order_id, House.CANCELLED)
    with pytest.raises(Conflict, match="parcel_recalled"):
        await hand_over(ctx, actor, store, "b", parcel.waybill)
    line = (await loans.lines(order_id))[0]
    assert line.state is Stage.RECALLED
    _, work = await store_work(ctx, actor, store)
    assert [each.line_id for each in work.put_back] == [line.id]
    await put_back(ctx, actor, store, line.id, "A-01-1")
    assert await stages(loans, order_id) == [Stage.CANCELLED]
    assert await loans.one("SELECT state FROM parcel") == "cancelled"
    assert await loans.one("SELECT state FROM item") == "available"


async def test_a_book_comes_back_is_inspected_and_put_where_it_belongs(loans: Loans) -> None:
    order_id = await sent(loans, 1)
    ctx, actor, store = loans.town.ctx, keeper(loans, "store"), loans.stores["store"]
    await report_round(ctx, actor, store, (await loans.now(order_id)).number, Tracked.DELIVERED)
    with pytest.raises(NotFound, match="item_not_found"):
        await receive(ctx, actor, store, "NEVER")
    line = await receive(ctx, actor, store, "BC1")  # no return was booked: it counts all the same
    assert line.state is Stage.RECEIVED
    with pytest.raises(Conflict, match="not_on_loan"):
        await receive(ctx, actor, store, "BC1")
    assert (await line_of_code(ctx, actor, store, "BC1")).id == line.id
    await inspect(ctx, actor, store, line.id, Finding(Condition.OK))
    with pytest.raises(Conflict, match="location_needed"):
        await put_back(ctx, actor, store, line.id)
    with pytest.raises(Conflict, match="wrong_location"):
        await put_back(ctx, actor, store, line.id, "Z-99")
    await put_back(ctx, actor, store, line.id, "a-01-1")
    assert await stages(loans, order_id) == [Stage.CLOSED]
    assert await loans.one("SELECT state FROM item") == "available"
    assert await loans.held() == 0


async def test_a_damaged_book_is_not_lent_again(loans: Loans) -> None:
    order_id = await sent(loans, 1)
    ctx, actor, store = loans.town.ctx, keeper(loans, "store"), loans.stores["store"]
    line = await receive(ctx, actor, store, "BC1")
    await inspect(ctx, actor, store, line.id, Finding(Condition.DAMAGED, "书脊开裂"))
    assert await stages(loans, order_id) == [Stage.DAMAGED]
    assert await loans.one("SELECT state FROM item") == "damaged"


async def test_a_book_received_in_another_store_stands_there_from_now_on(loans: Loans) -> None:
    order_id = await sent(loans, 1)
    ctx, actor = loans.town.ctx, keeper(loans, "store", "stack")
    line = await receive(ctx, actor, loans.stores["stack"], "BC1")
    _, there = await store_work(ctx, actor, loans.stores["stack"])
    _, here = await store_work(ctx, actor, loans.stores["store"])
    assert [each.line_id for each in there.inspect] == [line.id] and not here.inspect
    await inspect(ctx, actor, loans.stores["stack"], line.id, Finding(Condition.OK))
    await put_back(ctx, actor, loans.stores["stack"], line.id)
    assert await stages(loans, order_id) == [Stage.PUTTING_BACK]


async def test_a_machine_takes_a_book_in_again_and_closes_the_line(loans: Loans) -> None:
    await loans.item(1, "stack", "BC1")
    order = await loans.order(1)
    await loans.tell(order.id, House.APPROVED)
    ctx, actor, store = loans.town.ctx, keeper(loans, "stack"), loans.stores["stack"]
    line = (await loans.lines(order.id))[0]
    await loans.machine(order.id, "retrieved", line.command_id, 1, place="P1")
    _, work = await store_work(ctx, actor, store)
    assert work.walks[0].lines[0].station == "P1"
    await pick(ctx, actor, store, line.id, "BC1")
    await loans.tell(order.id, House.CANCELLED)
    await put_back(ctx, actor, store, line.id)
    command = await loans.one("SELECT id FROM stack_command WHERE kind = 'put_back'")
    assert await stages(loans, order.id) == [Stage.PUTTING_BACK]
    await loans.machine(order.id, "put_away", command, 2)
    assert await stages(loans, order.id) == [Stage.CANCELLED]
    assert await loans.one("SELECT state FROM item") == "available"


async def test_a_store_is_there_only_for_those_who_work_in_it(loans: Loans) -> None:
    ctx, actor = loans.town.ctx, keeper(loans, "store")
    assert [store.code for store in await my_stores(ctx, actor)] == ["store"]
    for store_id in (loans.stores["stack"], "unknown"):
        with pytest.raises(NotFound, match="store_not_found"):
            await store_work(ctx, actor, store_id)
    order_id = await ready(loans, 1)
    with pytest.raises(NotFound, match="order_line_not_found"):
        line = (await loans.lines(order_id))[0]
        await pick(ctx, keeper(loans, "stack"), loans.stores["stack"], line.id, "BC1")
    assert (
        timedelta(hours=24)
        == (await loans.now(order_id)).dispatch_due_at - (await loans.now(order_id)).placed_at
    )


async def test_a_return_of_which_its_courier_never_told_is_closed_by_its_last_scan(loans: Loans) -> None:
    order_id = await sent(loans, 1, 2)
    ctx, actor, store = loans.town.ctx, keeper(loans, "store"), loans.stores["store"]
    await report_round(ctx, actor, store, (await loans.now(order_id)).number, Tracked.DELIVERED)
    back = Parcel(
        "back-1", order_id, store, "back", "booked", "own", "R-1", "", 2, "人民路 1 号", ctx.clock.now()
    )
    async with ctx.transaction() as tx:
        await insert_parcel(tx, back)
    await loans.tell(order_id, House.RETURN_BOOKED, parcel_id="back-1", waybill="R-1")
    _, work = await store_work(ctx, actor, store)
    assert [bundle.parcel.id for bundle in work.returns] == ["back-1"] and len(work.returns[0].lines) == 2
    await receive(ctx, actor, store, "BC1")
    assert len((await store_work(ctx, actor, store))[1].returns) == 1
    await receive(ctx, actor, store, "BC2")
    _, work = await store_work(ctx, actor, store)
    assert not work.returns and len(work.inspect) == 2 and work.counts["returns"] == 2
    assert await loans.one("SELECT state FROM parcel WHERE direction = 'out'") == "delivered"


async def test_what_two_do_at_once_is_done_once(loans: Loans) -> None:
    order_id = await ready(loans, 1)
    ctx, store = loans.town.ctx, loans.stores["store"]
    actor, line = keeper(loans, "store"), (await loans.lines(order_id))[0]

    async def both(make: Callable[[], Awaitable[object]]) -> list[object]:
        return await asyncio.gather(make(), make(), return_exceptions=True)

    def refusals(done: list[object]) -> list[str]:
        return [each.code for each in done if isinstance(each, Refusal)]

    assert refusals(await both(lambda: pick(ctx, actor, store, line.id, "BC1"))) == ["loan_stage"]
    assert refusals(await both(lambda: pack(ctx, actor, store, order_id))) == ["nothing_to_pack"]
    parcel = str(await loans.one("SELECT id FROM parcel"))
    assert refusals(await both(lambda: label(ctx, actor, store, parcel))) == []
    waybill = str(await loans.one("SELECT waybill FROM parcel"))
    assert refusals(await both(lambda: hand_over(ctx, actor, store, "b", waybill))) == []
    assert refusals(await both(lambda: receive(ctx, actor, store, "BC1"))) in (
        ["loan_stage"],
        ["not_on_loan"],
    )
    kinds = ("picked", "packed", "labelled", "handed_over", "received")
    for kind in kinds:
        assert await loans.one("SELECT COUNT(*) FROM order_event WHERE kind = $1", kind) == 1, kind
    assert await loans.one("SELECT COUNT(*) FROM parcel") == 1
