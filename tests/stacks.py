"""Smart stacks in a town: their devices, what they have to do, what nobody could read; and a day of their operator."""

from dataclasses import replace
from datetime import timedelta

from server.domain.stack import CommandKind
from server.store.rows import to_us
from server.store.stack_commands import NewCommand, insert_commands
from server.store.stack_devices import insert_device, new_device
from server.store.stack_events import InboxRow, keep_events
from tests.town import Town

STORE = "store-1"  # whose operator and keeper the town has
BRISK = {
    "speed": 3.0,
    "aisles": 2,
    "levels": 3,
    "bays": 12,
    "stations": 2,
    "open_stock": True,
    "pick": [6, 6],
}
CALM = {"stuck_rate": 0.0, "fault_rate": 0.0, "missing_rate": 0.0}
NOWHERE = "127.0.0.1:1"


async def build(town: Town, store_id: str, name: str, address: str, library: str = "home") -> None:
    """A smart stack with its device; the device has the store's id."""
    async with town.ctx.transaction() as tx:
        now = town.ctx.clock.now()
        await tx.execute(
            "INSERT INTO store (id, library_id, code, name_zh, name_en, kind, tier, address, phone, active, turn,"
            " created_at) VALUES ($1, $2, $1, $3, $3, 'smart', 'centre', '', '', TRUE, 0, $4)",
            store_id,
            town.libraries[library],
            name,
            to_us(now),
        )
        device = replace(new_device(store_id, store_id, name, "simulator", now), options=BRISK | CALM)
        await insert_device(tx, replace(device, address=address))


async def order(town: Town, *barcodes: str, device: str = STORE, minutes: float = 0) -> None:
    """Retrievals in the outbox, given so long ago."""
    async with town.ctx.transaction() as tx:
        given = town.ctx.clock.now() - timedelta(minutes=minutes)
        await insert_commands(
            tx,
            [
                NewCommand(f"command-{code}", device, CommandKind.RETRIEVE, "", "", "", code, "", 5, given)
                for code in barcodes
            ],
        )


async def letters(town: Town) -> None:
    """One number with two bodies, and something that nobody can read."""
    first = InboxRow(
        "first", STORE, "0001", 7, "a", "moving", "kept", "", False, "", "", "", "place: lift 2", None,
        town.ctx.clock.now(),
    )  # fmt: skip
    second = replace(
        first,
        id="second",
        body_hash="b",
        state="dead",
        problem="two_bodies",
        alarm=True,
        body="place: elsewhere",
    )
    noise = replace(
        second, id="noise", sequence=None, body_hash="c", problem="unreadable", alarm=False, body="@@@"
    )
    async with town.ctx.transaction() as tx:
        await keep_events(tx, [first, second, noise])


async def a_day_at_a_stack(town: Town) -> None:
    """What an operator asks and does; nobody reaches the machine meanwhile."""
    await build(town, STORE, "中心书库", NOWHERE)
    await order(town, "B001")
    await letters(town)
    http = town.people["operator"].http
    for path in ("", f"/{STORE}", f"/{STORE}/figures"):
        await http.get(f"/api/stacks{path}")
    for verb in ("pause", "resume", "compare"):
        await http.post(f"/api/stacks/{STORE}/{verb}", json={"reason": "检修"})
    await http.post("/api/stack-letters/noise/settle", json={"note": "已看过"})
    await http.post(
        "/api/stack-commands/command-B001/take-over", json={"outcome": "failed", "reason": "停机"}
    )
