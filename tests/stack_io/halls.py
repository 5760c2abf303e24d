"""A store with a device, books in it, and whoever speaks with it: what tests of the bridge start from."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from server.context import Context, make_context
from server.domain.stack import CommandKind, CommandState
from server.store.rows import Row, to_us
from server.store.stack_commands import CommandRow, NewCommand, command_by_id, insert_commands
from server.store.stack_devices import DeviceRow, device_by_id, insert_device, new_device
from stack_io.leases import run_stacks
from stack_io.simulator.devices import Device
from stack_io.simulator.journals import Journal
from stack_io.simulator.plans import Habits, Plan
from stack_io.simulator.serving import Host
from tests.hall import settings_for

CALM = Plan(speed=400.0, aisles=3, levels=3, bays=12, stuck_rate=0.0, fault_rate=0.0, missing_rate=0.0)
PATIENCE = 60.0


async def until(true: Callable[[], Awaitable[Any]], seconds: float = PATIENCE) -> Any:
    """Look again and again until it is so; what it then was."""
    async with asyncio.timeout(seconds):
        while not (found := await true()):
            await asyncio.sleep(0.05)
        return found


def books(count: int) -> list[str]:
    return [f"BK{number:06}" for number in range(1, count + 1)]


@dataclass
class Hall:
    """An installation with one store and its device."""

    ctx: Context
    store_id: str
    device_id: str
    announced: list[Any] = field(default_factory=list)

    async def device(self) -> DeviceRow:
        found = await device_by_id(self.ctx.db.read, self.device_id)
        assert found is not None
        return found

    async def command(
        self,
        barcode: str,
        kind: CommandKind = CommandKind.RETRIEVE,
        *,
        order_id: str = "",
        line_id: str = "",
        target_id: str = "",
    ) -> str:
        """A command in the outbox; its id."""
        new = NewCommand(
            id=self.ctx.ids.new(),
            device_id=self.device_id,
            kind=kind,
            order_id=order_id,
            line_id=line_id,
            item_id="",
            barcode=barcode,
            tote="",
            priority=5,
            created_at=self.ctx.clock.now(),
            target_id=target_id,
        )
        async with self.ctx.transaction() as tx:
            await insert_commands(tx, [new])
        return new.id

    async def stands(self, command_id: str) -> CommandRow:
        found = await command_by_id(self.ctx.db.read, command_id)
        assert found is not None
        return found

    async def settled(
        self, *command_ids: str, state: CommandState = CommandState.DONE, seconds: float = PATIENCE
    ) -> None:
        """Wait until all of them have come to this end."""

        async def all_are() -> bool:
            rows = await self.rows("SELECT id, state FROM stack_command")
            states = {row["id"]: row["state"] for row in rows}
            return all(states[command_id] == state for command_id in command_ids)

        await until(all_are, seconds)

    async def rows(self, sql: str, *values: Any) -> list[Row]:
        return list(await self.ctx.db.read.rows(sql, *values))

    async def letters(self, where: str = "TRUE") -> list[Row]:
        """What is in the inbox."""
        return await self.rows(f"SELECT * FROM stack_event WHERE {where} ORDER BY epoch, sequence")

    async def troubles(self) -> list[str]:
        """The kinds of troubles that wait for their cases."""
        rows = await self.rows("SELECT subject_id FROM due WHERE kind = 'stack_trouble' ORDER BY subject_id")
        return [str(row["subject_id"]).partition(":")[0] for row in rows]

    async def shelve(self, barcodes: Iterable[str], state: str = "available", tote: str = "") -> None:
        """Items of ours in this store."""
        async with self.ctx.transaction() as tx:
            for barcode in barcodes:
                await tx.execute(
                    "INSERT INTO item (id, record_id, barcode, library_id, store_id, location, tote, state, order_id,"
                    " line_id, added_at, note) VALUES ($1, 1, $2, '', $3, '', $4, $5, '', '', 0, '')",
                    self.ctx.ids.new(),
                    barcode,
                    self.store_id,
                    tote,
                    state,
                )

    async def connect(self, address: str, driver: str = "simulator", **options: Any) -> None:
        """Tell the bridge where its device is."""
        async with self.ctx.transaction() as tx:
            await tx.execute("DELETE FROM stack_device WHERE id = $1", self.device_id)
            device = new_device(self.device_id, self.store_id, "test stack", driver, self.ctx.clock.now())
            await insert_device(tx, replace(device, address=address, options=options))

    @asynccontextmanager
    async def bridged(self) -> AsyncIterator[None]:
        """The bridge runs in this process."""
        stop = asyncio.Event()
        task = asyncio.create_task(run_stacks(self.ctx, stop))
        try:
            yield
        finally:
            stop.set()
            await task


@asynccontextmanager
async def open_hall(database_url: str, folder: Path) -> AsyncIterator[Hall]:
    """A store with a device that is not reachable yet."""
    announced: list[Any] = []
    ctx = make_context(settings_for(database_url, folder), announced.append)
    await ctx.db.open()
    try:
        hall = Hall(ctx, ctx.ids.new(), ctx.ids.new(), announced)
        async with ctx.transaction() as tx:
            await tx.execute(
                "INSERT INTO store (id, library_id, code, name_zh, name_en, kind, tier, address, phone, active, turn,"
                " created_at) VALUES ($1, '', 'T1', '测试书库', 'Test', 'smart', 'district', '', '', TRUE, 0, $2)",
                hall.store_id,
                to_us(ctx.clock.now()),
            )
        await hall.connect("127.0.0.1:1")
        yield hall
    finally:
        await ctx.db.close()


@asynccontextmanager
async def simulated(
    stock: Iterable[str] = (),
    *,
    plan: Plan = CALM,
    journal: Path | None = None,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
    port: int = 0,
    **habits: Any,
) -> AsyncIterator[Host]:
    """A simulated store at a TCP port."""
    totes = {barcode: str(plan.home_of(barcode)) for barcode in stock}
    device = Device(plan, Journal(journal), totes, now, habits=Habits(**habits))
    async with Host(device) as host:
        await host.listen("127.0.0.1", port)
        yield host
