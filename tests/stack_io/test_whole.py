"""An order, the machine and the reader's page in one process: what `shuqiao serve` does by itself."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from server.domain.loans import House, Stage
from tests.server.loans.conftest import Loans
from tests.servers.clocks import FileClock
from tests.stack_io.halls import until
from tests.town import open_town

OPTIONS = {"speed": 400.0, "stuck_rate": 0.0, "fault_rate": 0.0, "missing_rate": 0.0}


@pytest.fixture
async def loans(sqlite_url: str, tmp_path: Path, clock_file: FileClock) -> AsyncIterator[Loans]:
    async with open_town(sqlite_url, tmp_path, test_clock_file=str(clock_file.path)) as town:
        kept = Loans(town, clock_file)
        await kept.build()
        yield kept


async def test_an_approved_order_s_books_come_to_a_station_by_themselves(loans: Loans) -> None:
    ctx = loans.town.ctx
    for record in (1, 2):
        await loans.item(record, "stack")
    order = await loans.order(1, 2)
    async with ctx.transaction() as tx:  # a device that is moved elsewhere is connected anew
        await tx.execute(
            "UPDATE stack_device SET address = 'in-process', options = $1 WHERE id = 'd1'",
            json.dumps(OPTIONS),
        )
    await loans.tell(order.id, House.APPROVED)

    async def at_a_station() -> bool:
        return {line.state for line in await loans.lines(order.id)} == {Stage.RETRIEVED}

    await until(at_a_station)
    heard = await ctx.db.read.rows(
        "SELECT kind FROM order_event WHERE order_id = $1 AND source = 'device:d1'", order.id
    )
    assert {row["kind"] for row in heard} == {"accepted", "moving", "retrieved"}
