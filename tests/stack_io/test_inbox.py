"""What a device said becomes durable and moves its order: promises 1 to 4, 7 and 9 of docs/stack.md."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import permutations
from pathlib import Path
from random import Random
from typing import Any

import pytest

from server.actions.orders import absorb
from server.actions.retention import promise_retention
from server.actions.stack_events import Recorded, record_apart, record_events, record_lost
from server.domain.loans import House, Stage
from server.domain.stack import CommandState, EventKind, Garbage, StackEvent
from server.store.stack_commands import CommandRow, command_by_id
from tests.server.loans.conftest import Loans
from tests.servers.clocks import FileClock
from tests.town import open_town

AT = datetime(2026, 11, 20, 1, 0, tzinfo=UTC)
K = EventKind


@dataclass
class Desk:
    """An order for one book, which a machine has been told to bring."""

    loans: Loans
    order_id: str
    line_id: str
    command_id: str
    barcode: str

    def event(self, kind: EventKind, number: int | None, **more: Any) -> StackEvent:
        """Something the machine says of the command."""
        values = {
            "epoch": "1",
            "command_id": self.command_id,
            "barcode": self.barcode,
            "at": AT + timedelta(seconds=number or 0),
            **more,
        }
        body = f"{kind} {number} {sorted(values.items())}".encode()
        return StackEvent(kind, sequence=number, **{"body": body, **values})

    async def hear(self, *said: StackEvent | Garbage) -> Recorded:
        return await record_events(self.loans.town.ctx, "d1", said)

    async def stage(self) -> Stage:
        return (await self.loans.lines(self.order_id))[0].state

    async def command(self, command_id: str = "") -> CommandRow:
        found = await command_by_id(self.loans.town.ctx.db.read, command_id or self.command_id)
        assert found is not None
        return found

    async def letters(self) -> list[dict[str, Any]]:
        rows = await self.loans.town.ctx.db.read.rows(
            "SELECT * FROM stack_event ORDER BY epoch, sequence, id"
        )
        return [dict(row) for row in rows]

    async def order_events(self) -> int:
        """How many events of the machine the order has."""
        sql = "SELECT COUNT(*) FROM order_event WHERE order_id = $1 AND source LIKE 'device:%'"
        return int(await self.loans.one(sql, self.order_id))

    async def troubles(self) -> list[str]:
        rows = await self.loans.town.ctx.db.read.rows(
            "SELECT subject_id FROM due WHERE kind = 'stack_trouble'"
        )
        return sorted(str(row["subject_id"]).partition(":")[0] for row in rows)


async def fetching(loans: Loans, record: int = 1, copies: int = 1) -> Desk:
    """An approved order whose book a machine fetches."""
    for _ in range(copies):
        await loans.item(record, "stack")
    order = await loans.order(record)
    await loans.tell(order.id, House.APPROVED)
    line = (await loans.lines(order.id))[0]
    assert line.command_id, "the machine was told"
    return Desk(loans, order.id, line.id, line.command_id, line.barcode)


@pytest.fixture
async def loans(database_url: str, tmp_path: Path, clock_file: FileClock) -> AsyncIterator[Loans]:
    async with open_town(
        database_url, tmp_path, test_clock_file=str(clock_file.path), embedded_worker=False
    ) as town:
        kept = Loans(town, clock_file)
        await kept.build()
        yield kept


async def test_an_event_counts_once_however_often_it_comes(loans: Loans) -> None:
    """Promise 1."""
    desk = await fetching(loans)
    retrieved = desk.event(K.RETRIEVED, 3)
    first = await desk.hear(retrieved, retrieved)
    again = await desk.hear(retrieved)
    assert (first.fresh, again.fresh) == (1, 0)
    assert (await desk.stage(), await desk.order_events()) == (Stage.RETRIEVED, 1)


async def test_a_device_that_does_not_count_is_known_by_its_words(loans: Loans) -> None:
    """Promise 1."""
    desk = await fetching(loans)
    said = desk.event(K.MOVING, None, epoch="", place="lift 1")
    assert (await desk.hear(said)).fresh == 1
    assert (await desk.hear(said)).fresh == 0
    assert (await desk.hear(desk.event(K.MOVING, None, epoch="", place="station 1"))).fresh == 1
    assert (await desk.stage(), await desk.order_events()) == (Stage.FETCHING, 2)


async def test_what_a_device_says_is_kept_whole_or_not_at_all(
    loans: Loans, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Promise 2: where the order can not be written, the event is not kept either, and comes again."""
    desk = await fetching(loans)

    async def fails(*_: Any) -> None:
        raise RuntimeError("the power is cut")

    monkeypatch.setattr("server.actions.stack_events.absorb", fails)
    with pytest.raises(RuntimeError):
        await desk.hear(desk.event(K.RETRIEVED, 1))
    assert await desk.letters() == []
    assert (await desk.command()).state is CommandState.PENDING
    monkeypatch.undo()
    await desk.hear(desk.event(K.RETRIEVED, 1))
    assert (await desk.stage(), (await desk.command()).state) == (Stage.RETRIEVED, CommandState.DONE)


async def test_what_nobody_understands_is_a_dead_letter(loans: Loans) -> None:
    """Promise 3."""
    desk = await fetching(loans)
    done = await desk.hear(
        Garbage(b"\xff\x00noise", "no frame"),
        desk.event(K.UNKNOWN, 1, code="self_test"),
        desk.event(K.RETRIEVED, 2, command_id="of-somebody-else"),
        desk.event(K.RETRIEVED, 3, command_id=""),
        desk.event(K.FAULT, 4, command_id="", place="lift 1"),  # about no command, and well understood
    )
    assert (done.fresh, done.dead) == (5, 4)
    problems = sorted(letter["problem"] for letter in await desk.letters() if letter["state"] == "dead")
    assert problems == ["no_command", "unknown_command", "unknown_kind", "unreadable"]
    assert (await desk.stage(), await desk.order_events()) == (Stage.REQUESTED, 0)


async def test_a_command_that_another_device_was_given_is_not_this_one_s(loans: Loans) -> None:
    """Promise 3."""
    desk = await fetching(loans)
    await record_events(loans.town.ctx, "d2", [desk.event(K.RETRIEVED, 1)])
    assert (await desk.letters())[0]["problem"] == "unknown_command"
    assert await desk.stage() is Stage.REQUESTED


@pytest.mark.parametrize("order", list(permutations(range(4)))[::5])
async def test_in_any_order_of_arrival_the_order_ends_the_same(loans: Loans, order: Sequence[int]) -> None:
    """Promise 4."""
    desk = await fetching(loans)
    story = [
        desk.event(kind, number)
        for number, kind in enumerate((K.ACCEPTED, K.MOVING, K.MOVING, K.RETRIEVED), start=1)
    ]
    for at in order:
        await desk.hear(story[at], story[order[0]])
    assert (await desk.stage(), await desk.order_events()) == (Stage.RETRIEVED, 4)
    assert (await desk.command()).state is CommandState.DONE


async def test_an_acknowledgement_is_no_completion(loans: Loans) -> None:
    """Promise 7."""
    desk = await fetching(loans)
    await desk.hear(desk.event(K.ACCEPTED, 1))
    assert ((await desk.command()).state, await desk.stage()) == (CommandState.ACCEPTED, Stage.REQUESTED)
    await desk.hear(desk.event(K.RETRIEVED, 2))
    assert ((await desk.command()).state, await desk.stage()) == (CommandState.DONE, Stage.RETRIEVED)


async def test_another_book_than_was_asked_for_is_no_completion_and_the_next_copy_is_fetched(
    loans: Loans,
) -> None:
    """Promise 7."""
    desk = await fetching(loans, copies=2)
    await desk.hear(desk.event(K.RETRIEVED, 1, barcode="ANOTHER"))
    command = await desk.command()
    assert (command.state, command.result) == (CommandState.FAILED, "wrong_item")
    line = (await loans.lines(desk.order_id))[0]
    assert (line.state, line.command_id != desk.command_id) == (Stage.REQUESTED, True)
    assert (await desk.letters())[0]["problem"] == "wrong_item"
    assert await desk.troubles() == ["wrong_item"]


async def test_a_blank_barcode_says_nothing_against_the_command_s_id(loans: Loans) -> None:
    """Promise 7."""
    desk = await fetching(loans)
    await desk.hear(desk.event(K.RETRIEVED, 1, barcode=""))
    assert await desk.stage() is Stage.RETRIEVED


async def test_one_number_with_two_bodies_raises_an_alarm_once_and_changes_nothing(loans: Loans) -> None:
    """Promise 9."""
    desk = await fetching(loans)
    await desk.hear(desk.event(K.MOVING, 1, place="lift 1"))
    second = desk.event(K.RETRIEVED, 1)
    done = await desk.hear(second, desk.event(K.MOVING, 2))
    assert (done.alarms, done.fresh) == (1, 1)
    assert (await desk.hear(second)).alarms == 0
    letters = await desk.letters()
    assert [(row["alarm"], row["problem"]) for row in letters if row["alarm"]] == [(True, "two_bodies")]
    assert (await desk.stage(), len(letters)) == (Stage.FETCHING, 3)
    assert await desk.troubles() == ["alarm"]


async def test_two_bodies_in_one_batch_are_noticed_too(loans: Loans) -> None:
    """Promise 9."""
    desk = await fetching(loans)
    done = await desk.hear(desk.event(K.MOVING, 1, place="lift 1"), desk.event(K.MOVING, 1, place="lift 2"))
    assert (done.fresh, done.alarms) == (1, 1)


async def test_what_never_came_is_a_dead_letter_and_is_not_waited_for(loans: Loans) -> None:
    """Promise 8."""
    desk = await fetching(loans)
    await record_lost(loans.town.ctx, "d1", "1", (4, 6))
    await record_lost(loans.town.ctx, "d1", "1", (4, 6))
    (letter,) = await desk.letters()
    assert (letter["problem"], letter["body"]) == ("lost", "1: 4-6")
    assert await desk.troubles() == ["lost"]
    row = await loans.town.ctx.db.read.row("SELECT epoch, last_sequence FROM stack_device WHERE id = 'd1'")
    assert row is not None and (row["epoch"], row["last_sequence"]) == ("1", 6)


async def test_both_times_are_kept_and_ours_counts(loans: Loans) -> None:
    """Promise 13."""
    desk = await fetching(loans)
    now = loans.town.ctx.clock.now()
    await desk.hear(desk.event(K.RETRIEVED, 1, at=datetime(1999, 1, 1, tzinfo=UTC)))
    (letter,) = await desk.letters()
    assert letter["device_at"] == 915_148_800_000_000
    assert abs(letter["received_at"] / 1e6 - now.timestamp()) < 60
    settled = (await desk.command()).settled_at
    assert settled is not None and abs((settled - now).total_seconds()) < 60


async def test_troubles_become_cases_by_themselves(loans: Loans) -> None:
    """Promise 9: shown, not only written down."""
    desk = await fetching(loans)
    await desk.hear(desk.event(K.MOVING, 1), desk.event(K.MOVING, 1, place="lift 2"))
    await loans.later(seconds=1)
    assert await loans.one("SELECT kind FROM support_case") == "difference"
    assert await desk.troubles() == []


async def test_an_event_that_its_order_can_not_take_holds_up_no_other(
    loans: Loans, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Promise 3: it is a dead letter with a case, and the next one is entered."""
    poisoned, well = await fetching(loans, 1), await fetching(loans, 2)

    async def absorbs(ctx: Any, tx: Any, events: dict[str, Any]) -> Any:
        if poisoned.order_id in events:
            raise RuntimeError("this order does not come to rest")
        return await absorb(ctx, tx, events)

    monkeypatch.setattr("server.actions.stack_events.absorb", absorbs)
    said = [poisoned.event(K.RETRIEVED, 1), well.event(K.RETRIEVED, 2)]
    with pytest.raises(RuntimeError):
        await well.hear(*said)
    assert await record_apart(loans.town.ctx, "d1", said) == Recorded(fresh=2, dead=1)
    assert await record_apart(loans.town.ctx, "d1", said) == Recorded()
    assert (await poisoned.stage(), await well.stage()) == (Stage.REQUESTED, Stage.RETRIEVED)
    assert await well.troubles() == ["not_applied"]
    await loans.later(seconds=1)
    assert await loans.one("SELECT kind FROM support_case") == "stuck"


async def test_many_at_once_are_told_apart(loans: Loans) -> None:
    """Promises 1 and 4: 200 events of ten commands, shuffled and doubled."""
    desks = [await fetching(loans, record) for record in range(1, 11)]
    said = [
        desk.event(kind, number * 20 + step)
        for number, desk in enumerate(desks)
        for step, kind in enumerate([K.ACCEPTED, *[K.MOVING] * 8, K.RETRIEVED], start=1)
    ]
    Random(7).shuffle(said)
    done = await record_events(loans.town.ctx, "d1", said + said)
    assert done == Recorded(fresh=100)
    for desk in desks:
        assert (await desk.stage(), await desk.order_events()) == (Stage.RETRIEVED, 10)


async def test_a_machine_s_words_are_cleared_in_time_but_not_what_people_still_look_at(loans: Loans) -> None:
    ctx, desk = loans.town.ctx, await fetching(loans)
    await desk.hear(desk.event(K.ACCEPTED, 1), Garbage(b"noise", "no frame"))
    await promise_retention(ctx)
    await loans.later(days=1)  # a clock runs out and opens a case
    await loans.later(days=180)
    assert sorted(letter["state"] for letter in await desk.letters()) == ["dead", "kept"]
    async with ctx.transaction() as tx:
        await tx.execute("UPDATE support_case SET state = 'closed'")
    await loans.later(days=1)
    assert [letter["state"] for letter in await desk.letters()] == ["dead"]
    assert (await desk.hear(desk.event(K.ACCEPTED, 1))).fresh == 1
    assert await desk.order_events() == 1, "said again so late, it is known to the order"
