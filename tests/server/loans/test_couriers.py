"""Couriers: signed pushes of unsorted lists, polling where a push stays away, and one that is only simulated."""

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from server.actions.accounts import resolve_actor
from server.actions.order_views import order_story, told
from server.actions.store_lists import store_work
from server.actions.store_returns import receive
from server.domain.couriers import BACK, OUT, OnTheWay, Report, last_word
from server.domain.loans import Stage, Tracked
from server.outside.couriers import courier_named
from server.outside.couriers.simulator import SimulatedCourier
from server.store.parcels import parcel_by_id
from server.wire.courier_reports import HEADER, signature_of
from tests.server.loans.conftest import Loans
from tests.server.loans.test_store_work import keeper, sent, stages
from tests.servers.clocks import FileClock
from tests.town import open_town
from workers.couriers import ask_due

SECRET = "what courier and library agreed on"
START = datetime(2026, 11, 20, 1, 0, tzinfo=UTC)
# What becomes of the parcel and its book, and how many still ask for it: a parcel astray may be found.
FATES = {
    Tracked.DELIVERED: ("delivered", Stage.ON_LOAN, 0),
    Tracked.SENT_BACK: ("arrived", Stage.RETURN_ARRIVED, 0),
    Tracked.ASTRAY: ("astray", Stage.ASTRAY, 1),
}


@pytest.fixture
async def loans(database_url: str, tmp_path: Path, clock_file: FileClock) -> AsyncIterator[Loans]:
    """A town whose parcels a simulated courier carries."""
    settings = {"courier": "simulator", "courier_secret": SECRET, "courier_seed": "3"}
    async with open_town(
        database_url, tmp_path, test_clock_file=str(clock_file.path), embedded_worker=False, **settings
    ) as town:
        kept = Loans(town, clock_file)
        await kept.build()
        yield kept


async def push(loans: Loans, *parcels: tuple[str, list[tuple[str, str]]], secret: str = SECRET) -> int:
    """A courier pushes; returns the status of our answer."""
    body = json.dumps(
        {
            "parcels": [
                {"waybill": waybill, "events": [{"status": status, "at": at} for status, at in events]}
                for waybill, events in parcels
            ]
        }
    ).encode()
    answer = await loans.town.http.post(
        "/api/couriers/simulator/push", content=body, headers={HEADER: signature_of(secret, body)}
    )
    return answer.status_code


async def waybill_of(loans: Loans, order_id: str) -> str:
    return str(await loans.one("SELECT waybill FROM parcel WHERE order_id = $1", order_id))


async def test_an_unsorted_list_pushed_twice_moves_the_order_once(loans: Loans) -> None:
    order_id = await sent(loans, 1)
    waybill = await waybill_of(loans, order_id)
    told = [
        ("delivered", "2026-11-21T09:00:00+08:00"),
        ("picked_up", "2026-11-20T10:00:00+08:00"),
        ("a word of their own", "2026-11-20T11:00:00+08:00"),
        ("in_transit", "2026-11-20T12:00:00+08:00"),
    ]
    for _ in range(2):
        assert await push(loans, (waybill, told), ("not ours", told)) == 200
    assert await stages(loans, order_id) == [Stage.ON_LOAN]
    assert await loans.one("SELECT COUNT(*) FROM order_event WHERE source = $1", f"courier:{waybill}") == 3
    assert await loans.one("SELECT state FROM parcel") == "delivered"
    assert await push(loans, (waybill, told[1:2])) == 200
    assert await loans.one("SELECT state FROM parcel") == "delivered"


async def test_a_parcel_that_the_courier_lost_opens_one_case_and_its_reader_is_told(loans: Loans) -> None:
    order_id = await sent(loans, 1)
    waybill = await waybill_of(loans, order_id)
    for at in ("2026-11-21T09:00:00+08:00", "2026-11-22T09:00:00+08:00"):
        assert await push(loans, (waybill, [("astray", at)])) == 200
    assert await stages(loans, order_id) == [Stage.ASTRAY]
    assert await loans.one("SELECT COUNT(*) FROM support_case WHERE order_id = $1", order_id) == 1
    assert "case_found" in await loans.mails()


async def test_a_parcel_that_nobody_took_stands_on_the_list_of_returns(loans: Loans) -> None:
    order_id = await sent(loans, 1)
    told = [("refused", "2026-11-21T09:00:00+08:00"), ("sent_back", "2026-11-21T12:00:00+08:00")]
    assert await push(loans, (await waybill_of(loans, order_id), told)) == 200
    assert await stages(loans, order_id) == [Stage.RETURN_ARRIVED]
    ctx, actor, store = loans.town.ctx, keeper(loans, "store"), loans.stores["store"]
    _, work = await store_work(ctx, actor, store)
    assert [line.stage for bundle in work.returns for line in bundle.lines] == [Stage.RETURN_ARRIVED]
    await receive(ctx, actor, store, work.returns[0].lines[0].barcode)
    _, work = await store_work(ctx, actor, store)
    assert (work.returns, len(work.inspect)) == ((), 1)


async def test_who_does_not_know_the_secret_pushes_nothing(loans: Loans) -> None:
    order_id = await sent(loans, 1)
    told = [("delivered", "2026-11-21T09:00:00+08:00")]
    assert await push(loans, (await waybill_of(loans, order_id), told), secret="guessed") == 403
    assert await stages(loans, order_id) == [Stage.WITH_COURIER]
    http = loans.town.http
    assert (await http.post("/api/couriers/simulator/push", content=b"{}")).status_code == 403
    for body in (b"{}", b"[", b'{"parcels": [{"waybill": "x", "events": [{"status": "a", "at": "soon"}]}]}'):
        headers = {HEADER: signature_of(SECRET, body)}
        answer = await http.post("/api/couriers/simulator/push", content=body, headers=headers)
        assert answer.status_code == 422, body
        assert (await http.post("/api/couriers/other/push", content=body, headers=headers)).status_code == 404


async def test_where_no_push_comes_the_courier_is_asked(loans: Loans) -> None:
    order_id = await sent(loans, 1)
    assert await ask_due(loans.town.ctx) == 0  # not yet
    parcel_id, waybill = await loans.one("SELECT id FROM parcel"), await waybill_of(loans, order_id)
    courier = courier_named(loans.town.ctx.settings, "simulator")
    fate = last_word(await courier.track(OnTheWay(waybill, OUT, START), START + timedelta(days=1)))
    assert fate is not None
    for _ in range(80):
        loans.clock.advance(timedelta(minutes=3))
        await ask_due(loans.town.ctx)
    parcel = await parcel_by_id(loans.town.ctx.db.read, parcel_id)
    state, stage, watched = FATES[fate.status]
    assert parcel is not None and parcel.state == state
    assert await stages(loans, order_id) == [stage]
    assert await loans.one("SELECT COUNT(*) FROM due WHERE kind = 'courier_poll'") == watched


async def test_a_list_that_comes_late_and_mixed_up_is_read_in_its_own_order(loans: Loans) -> None:
    order_id = await sent(loans, 1)
    waybill, now = await waybill_of(loans, order_id), loans.town.ctx.clock.now()
    way = [Tracked.PICKED_UP, Tracked.IN_TRANSIT, Tracked.DELIVERING, Tracked.DELIVERED]
    said = [(str(step), (now + timedelta(hours=hour)).isoformat()) for hour, step in enumerate(way)]
    loans.clock.advance(timedelta(hours=9))
    assert await push(loans, (waybill, [said[2], said[0], said[3], said[1]])) == 200
    reader = await resolve_actor(loans.town.ctx, cookie=loans.town.people["reader"].cookie)
    newest = told(await order_story(loans.town.ctx, reader, order_id), "zh")[: len(way)]
    assert [event.kind for event, _ in newest] == [str(step) for step in reversed(way)]
    assert [event.at.isoformat() for event, _ in newest] == [at for _, at in reversed(said)]


async def test_simulated_parcels_mostly_arrive_always_the_same_way() -> None:
    ends: dict[Tracked, int] = {}
    for number in range(2000):
        parcel = OnTheWay(f"SQ{number}", OUT, START)
        told = await SimulatedCourier("s", 30).track(parcel, START + timedelta(days=1))
        assert told == await SimulatedCourier("s", 30).track(parcel, START + timedelta(days=1))
        last = last_word(told)
        assert last is not None
        ends[last.status] = ends.get(last.status, 0) + 1
    assert ends.keys() == {Tracked.DELIVERED, Tracked.SENT_BACK, Tracked.ASTRAY}
    assert ends[Tracked.DELIVERED] > 1850 and ends[Tracked.SENT_BACK] > 30 and ends[Tracked.ASTRAY] > 5
    assert await SimulatedCourier("s", 30).track(OnTheWay("SQ1", BACK, START), START) == []


def test_the_same_report_is_known_by_its_content() -> None:
    report = Report("SQ1", Tracked.DELIVERED, START, "门口")
    assert report.body_hash == replace(report).body_hash != replace(report, place="").body_hash


async def test_a_courier_that_is_not_set_up_is_refused(loans: Loans) -> None:
    from server.domain.errors import Unavailable

    with pytest.raises(Unavailable, match="courier_unknown"):
        courier_named(loans.town.ctx.settings, "nobody")
