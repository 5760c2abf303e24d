"""A town that lends: two stores, a few titles, a reader with a card, and a hand on the clock."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from server.actions.dues import run_due
from server.actions.open_orders import Fact, OpenOrder
from server.actions.orders import absorb, tell
from server.domain.loan_fold import OrderState
from server.domain.loan_policies import LoanPolicy
from server.domain.loan_rows import Item, LoanLine, LoanOrder, Store
from server.domain.loans import House, OrderEvent, Stage
from server.store.loan_policies import keep_loan_policy
from server.store.orders import insert_order, lines_of, order_by_id
from server.store.rows import to_us
from server.store.values import insert_values
from tests.servers.clocks import FileClock
from tests.town import Town, open_town
from workers.promises import PROMISES


@dataclass
class Loans:
    """What a test of loan orders works with."""

    town: Town
    clock: FileClock
    stores: dict[str, str] = field(default_factory=dict)

    async def build(self) -> None:
        """A smart stack with a machine, and an ordinary store."""
        ctx = self.town.ctx
        now = ctx.clock.now()
        library = self.town.libraries["home"]
        kinds = {"stack": "smart", "store": "ordinary"}
        rows = [
            Store(ctx.ids.new(), library, code, name, code.title(), kinds[code], "centre", "", "", True, now)
            for code, name in (("stack", "智能立体书库"), ("store", "普通书库"))
        ]
        self.stores = {row.code: row.id for row in rows}
        async with ctx.transaction() as tx:
            await insert_values(tx, "store", rows)
            await tx.execute(
                "INSERT INTO stack_device (id, store_id, name, driver, address, options, active, state, state_at,"
                " paused_by, pause_reason, epoch, last_sequence, skew_ms, picture, lease_holder, lease_until_at)"
                " VALUES ('d1', $1, 'M1', 'simulator', '', '{}', TRUE, 'online', $2, '', '', '', 0, 0, '', '', 0)",
                self.stores["stack"],
                to_us(now),
            )

    async def item(self, record: int, store: str, barcode: str = "") -> str:
        """A free copy of a title."""
        ctx = self.town.ctx
        now, item_id = ctx.clock.now(), ctx.ids.new()
        code = barcode or f"B{record}-{store}-{item_id[-4:]}"
        library = self.town.libraries["home"]
        item = Item(
            id=item_id,
            record_id=record,
            barcode=code,
            library_id=library,
            store_id=self.stores[store],
            location="A-01-1",
            tote="T1",
            added_at=now,
        )
        async with ctx.transaction() as tx:
            await insert_values(tx, "item", [item])
        return item_id

    async def order(
        self, *records: int, policy: LoanPolicy | None = None, way: str = "delivery"
    ) -> LoanOrder:
        """A reader's order for these titles, awaiting review."""
        ctx = self.town.ctx
        now, order_id = ctx.clock.now(), ctx.ids.new()
        reader = self.town.people["reader"]
        async with ctx.transaction() as tx:
            policy_id = await keep_loan_policy(tx, policy or LoanPolicy())
            await tx.execute(
                "INSERT INTO reader_card (reader_id, kind, reader_group, held, barred, changed_at)"
                " VALUES ($1, 'city', '', $2, '', 0)"
                " ON CONFLICT (reader_id) DO UPDATE SET held = reader_card.held + $2",
                reader.id,
                len(records),
            )
            order = LoanOrder(
                *(
                    order_id,
                    f"N{order_id[-12:]}",
                    order_id,
                    reader.id,
                    self.town.libraries["home"],
                    "李读者",
                    "138",
                ),
                *("reader@readers.test", "zh", way, "人民路 1 号", "", "", "周六上午", "", 500, ""),
                *(OrderState.AWAITING_REVIEW, "", "", policy_id, 0, 0, now, now + timedelta(hours=24), False),
            )
            lines = [
                LoanLine(ctx.ids.new(), order_id, at, record, f"书 {record}", "某人", Stage.ASKED, now)
                for at, record in enumerate(records, start=1)
            ]
            await insert_order(tx, order, lines)
            await tell(ctx, tx, order_id, [Fact(House.SUBMITTED)])
        return await self.now(order_id)

    async def tell(self, order_id: str, kind: House, *line_ids: str, **data: Any) -> OpenOrder:
        ctx = self.town.ctx
        async with ctx.transaction() as tx:
            return await tell(ctx, tx, order_id, [Fact(kind, line_ids, data)])

    async def machine(self, order_id: str, kind: str, command: str, sequence: int, **data: Any) -> None:
        await self.hear(
            order_id, [OrderEvent("device:d1", kind, "1", sequence, command_id=command, data=data)]
        )

    async def courier(self, order_id: str, kind: str, waybill: str, at: int) -> None:
        await self.hear(order_id, [OrderEvent(f"courier:{waybill}", kind, at=at, body_hash=f"{kind}{at}")])

    async def hear(self, order_id: str, events: Sequence[OrderEvent]) -> None:
        ctx = self.town.ctx
        async with ctx.transaction() as tx:
            await absorb(ctx, tx, {order_id: events})

    async def now(self, order_id: str) -> LoanOrder:
        order = await order_by_id(self.town.ctx.db.read, order_id)
        assert order is not None
        return order

    async def lines(self, order_id: str) -> list[LoanLine]:
        return (await lines_of(self.town.ctx.db.read, [order_id]))[order_id]

    async def one(self, sql: str, *values: Any) -> Any:
        row = await self.town.ctx.db.read.row(sql, *values)
        return None if row is None else next(iter(dict(row).values()))

    async def item_state(self, item_id: str) -> str:
        return str(await self.one("SELECT state FROM item WHERE id = $1", item_id))

    async def held(self) -> int:
        reader = self.town.people["reader"].id
        return int(await self.one("SELECT held FROM reader_card WHERE reader_id = $1", reader))

    async def mails(self) -> list[str]:
        rows = await self.town.ctx.db.read.rows("SELECT template FROM mail_out ORDER BY created_at, id")
        return [row["template"] for row in rows]

    async def later(self, **span: float) -> None:
        """Time passes, and workers do what has fallen due."""
        self.clock.advance(timedelta(**span))
        while await run_due(self.town.ctx, PROMISES):
            pass


@pytest.fixture
async def loans(database_url: str, tmp_path: Path, clock_file: FileClock) -> AsyncIterator[Loans]:
    async with open_town(
        database_url, tmp_path, test_clock_file=str(clock_file.path), embedded_worker=False
    ) as town:
        kept = Loans(town, clock_file)
        await kept.build()
        yield kept
