"""Loans belong to what a reader may take along and have forgotten; books of ours come back first (R-LIVE.6)."""

import json

import pytest

from server.actions.own_data import erase_own_account, export_own_data
from server.actions.passwords import passwords_of
from server.actions.retention import promise_retention
from server.domain.errors import Conflict
from server.domain.loans import House
from server.domain.permissions import Actor, Grant, Role, ScopeKind
from tests.server.loans.conftest import Loans
from tests.server.loans.test_orders import sent

PASSWORD = "a password for this test"
PERSONAL = ("人民路 1 号", "李读者", "reader@readers.test")


async def reader_of(loans: Loans) -> Actor:
    """The reader, whose password is known."""
    ctx, person = loans.town.ctx, loans.town.people["reader"]
    async with ctx.transaction() as tx:
        hashed = await passwords_of(ctx).hash(PASSWORD)
        await tx.execute("UPDATE account SET password_hash = $2 WHERE id = $1", person.id, hashed)
        await tx.execute(
            "INSERT INTO reader_address (id, reader_id, name, phone, region, line, is_default, used_at)"
            " VALUES ('a1', $1, '李读者', '13800000000', '', '人民路 1 号', TRUE, 0)",
            person.id,
        )
    return Actor(
        person.id,
        person.name,
        reader_key=person.id,
        grants=frozenset({Grant(Role.READER, ScopeKind.ALLIANCE)}),
    )


async def everything(loans: Loans) -> str:
    """All that the tables of loans hold."""
    tables = (
        "loan_order",
        "loan_line",
        "order_event",
        "parcel",
        "reader_address",
        "reader_card",
        "cart_line",
    )
    db = loans.town.ctx.db.read
    rows = [dict(row) for table in tables for row in await db.rows(f"SELECT * FROM {table}")]
    return json.dumps(rows, ensure_ascii=False)


async def test_a_reader_takes_orders_and_addresses_along(loans: Loans) -> None:
    actor = await reader_of(loans)
    await loans.item(1, "store")
    order = await loans.order(1)
    await loans.tell(order.id, House.APPROVED)
    told = json.loads(await export_own_data(loans.town.ctx, actor))["loans"]
    assert told["orders"][0]["number"] == order.number
    assert told["orders"][0]["books"][0]["title"] == "书 1"
    assert [event["kind"] for event in told["orders"][0]["events"]][:2] == ["submitted", "approved"]
    assert told["addresses"][0]["line"] == "人民路 1 号"


async def test_who_has_books_of_ours_returns_them_before_being_forgotten(loans: Loans) -> None:
    actor = await reader_of(loans)
    await loans.item(1, "store")
    order = await loans.order(1)
    await loans.tell(order.id, House.APPROVED)
    await sent(loans, order.id)
    with pytest.raises(Conflict) as refused:
        await erase_own_account(loans.town.ctx, actor, current=PASSWORD)
    assert (refused.value.code, refused.value.data) == ("erase_loans", {"n": 1})
    for kind in (House.RECEIVED, House.INSPECTED, House.PUT_BACK):
        await loans.tell(order.id, kind)
    await erase_own_account(loans.town.ctx, actor, current=PASSWORD)
    left = await everything(loans)
    assert not [word for word in (*PERSONAL, actor.account_id) if word in left]
    assert order.number in left, "the order itself stays in the figures"


async def test_closed_orders_forget_their_readers_in_time(loans: Loans) -> None:
    await loans.item(1, "store")
    order = await loans.order(1)
    await loans.tell(order.id, House.CANCELLED)
    await promise_retention(loans.town.ctx)
    await loans.later(days=179)
    assert (await loans.now(order.id)).name == "李读者"
    await loans.later(days=2)
    await loans.later(days=1)
    assert (await loans.now(order.id)).name == ""
