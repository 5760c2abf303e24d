"""Races, as races: many hands at one reader, many dispatchers at one queue, several processes on one database.

Whatever the order: exactly one librarian gets a reader, nobody holds more than their capacity, no counter drifts, and
nobody is overtaken.
"""

import asyncio
import random
import sys
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from server.actions import routing
from server.actions.desk_work import invite_colleague, pass_on_document
from server.actions.dues import run_due
from server.actions.duty import set_duty
from server.actions.offers import accept_offer, decline_offer
from server.actions.routing import dispatch
from server.actions.sessions import Opening, end_session, open_session
from server.clocks import SystemClock
from server.context import Context, make_context
from server.domain.chat import State
from server.domain.duty import DutyWish
from server.domain.errors import Conflict, NotFound
from server.domain.permissions import Actor
from server.store.duty import drifting, take_slot
from server.store.rows import Reader, Transaction
from tests.hall import Hall, open_hall, settings_for
from workers.promises import PROMISES

ROUNDS = 12
OVER_CAPACITY = "SELECT staff_id FROM duty WHERE load > capacity OR load < 0 OR offers NOT IN (0, 1)"
OVERTAKEN = (
    "SELECT early.id FROM chat_session early JOIN chat_session late ON late.queued_at > early.queued_at"
    " WHERE early.state = 'queued' AND late.state = 'offered' AND early.declined = '' LIMIT 1"
)


@pytest.fixture
async def hall(database_url: str, tmp_path: Path) -> AsyncIterator[Hall]:
    async with open_hall(database_url, tmp_path) as hall:
        yield hall


@asynccontextmanager
async def processes(hall: Hall, database_url: str, folder: Path, count: int) -> AsyncIterator[list[Context]]:
    """More processes on the same database, in so far as each has its own connections and its own leases."""
    contexts = [
        replace(make_context(settings_for(database_url, folder)), clock=hall.clock) for _ in range(count)
    ]
    for ctx in contexts:
        await ctx.db.open()
    yield contexts
    for ctx in contexts:
        await ctx.db.close()


async def attempt(work: Awaitable[Any]) -> Any:
    """What came of it, or the refusal; anything else is a fault."""
    try:
        return await work
    except (Conflict, NotFound) as refusal:
        return refusal


async def test_accept_expiry_decline_and_goodbye_at_once_have_one_outcome(
    hall: Hall, database_url: str, tmp_path: Path
) -> None:
    lin = await hall.staff("lin", capacity=1)
    async with processes(hall, database_url, tmp_path, 3) as contexts:
        for number in range(ROUNDS):
            reader = Actor(reader_key=f"reader{number}")
            session_id = await hall.ask(f"reader{number}")
            await hall.wish("lin", availability="available")
            await hall.work()
            offer = await hall.offered("lin")
            assert offer is not None
            hands: list[Awaitable[Any]] = [
                attempt(accept_offer(contexts[0], lin, offer.offer_id)),
                attempt(accept_offer(contexts[1], lin, offer.offer_id)),
                attempt(decline_offer(contexts[1], lin, offer.offer_id)),
                attempt(end_session(contexts[2], reader, session_id)),
                attempt(set_duty(contexts[2], lin, DutyWish(availability="busy"))),
                run_due(contexts[0], PROMISES),
            ]
            random.Random(number).shuffle(hands)
            await asyncio.gather(*hands)
            assert await drifting(hall.ctx.db.read) == []
            kinds = await hall.kinds(session_id)
            assert kinds.count("joined") <= 1
            assert kinds.count("ended") == 1
            state = (await hall.session(session_id)).state
            assert state in (State.WRAPPING_UP, State.CLOSED)
            assert (await hall.duty("lin")).load == 0


async def test_an_accept_and_the_expiry_of_its_offer_have_one_outcome(
    hall: Hall, database_url: str, tmp_path: Path
) -> None:
    lin = await hall.staff("lin")
    async with processes(hall, database_url, tmp_path, 2) as contexts:
        for number in range(ROUNDS):
            await hall.wish("lin", availability="available")
            session_id = await hall.ask(f"reader{number}")
            await hall.work()
            offer = await hall.offered("lin")
            assert offer is not None
            hall.clock.at += timedelta(seconds=12)
            await hall.lease.renew()
            taken, *_ = await asyncio.gather(
                attempt(accept_offer(contexts[0], lin, offer.offer_id)),
                run_due(contexts[1], PROMISES),
                run_due(hall.ctx, PROMISES),
            )
            session = await hall.session(session_id)
            won = not isinstance(taken, Conflict)
            assert session.state is (State.ACTIVE if won else State.QUEUED)
            assert (await hall.duty("lin")).load == (1 if won else 0)
            await end_session(hall.ctx, Actor(reader_key=f"reader{number}"), session_id)
            assert await drifting(hall.ctx.db.read) == []


async def test_many_dispatchers_serve_the_front_of_the_queue_and_nobody_twice(
    hall: Hall, database_url: str, tmp_path: Path
) -> None:
    for number in range(6):
        await hall.staff(f"staff{number}", capacity=2)
    sessions = []
    for number in range(20):
        sessions.append(await hall.ask(f"reader{number}"))
        hall.clock.at += timedelta(seconds=0.01)
    async with processes(hall, database_url, tmp_path, 3) as contexts:
        await asyncio.gather(*(dispatch(ctx) for ctx in [*contexts, hall.ctx] for _ in range(4)))
        states = [(await hall.session(session_id)).state for session_id in sessions]
        assert states == [State.OFFERED] * 6 + [State.QUEUED] * 14
        offered = [(await hall.session(session_id)).offered_to for session_id in sessions[:6]]
        assert len(set(offered)) == 6
        # Each takes theirs while the others dispatch: the next six are offered, and nobody is overtaken.
        takers = [attempt(_take_all(hall, ctx)) for ctx in contexts]
        await asyncio.gather(
            *takers, *(dispatch(ctx) for ctx in contexts for _ in range(6)), _watch(hall, 40)
        )
        await hall.work()
        states = [(await hall.session(session_id)).state for session_id in sessions]
        assert State.QUEUED not in states[:12]
        assert await hall.ctx.db.read.rows(OVER_CAPACITY) == []


async def test_a_double_click_on_several_servers_opens_one_session(
    hall: Hall, database_url: str, tmp_path: Path
) -> None:
    async with processes(hall, database_url, tmp_path, 3) as contexts:
        opening = Opening("home", "reference", "请问开放时间？", "zh", "one-click")
        opened = await asyncio.gather(
            *(open_session(ctx, Actor(reader_key="reader"), opening) for ctx in contexts for _ in range(4))
        )
    assert len({session.id for session, _ in opened}) == 1
    assert sum(fresh for _, fresh in opened) == 1
    assert await hall.kinds(opened[0][0].id) == ["queued", "message"]


async def test_a_librarian_is_lost_accepted_and_ended_at_once(
    hall: Hall, database_url: str, tmp_path: Path
) -> None:
    async with processes(hall, database_url, tmp_path, 2) as contexts:
        for number in range(ROUNDS):
            name = f"lin{number}"
            lin = await hall.staff(name, capacity=3)
            held = await hall.talk(name, f"held{number}")
            asked = await hall.ask(f"asked{number}")
            await hall.work()
            offer = await hall.offered(name)
            assert offer is not None
            await hall.go(name)
            hall.clock.at += timedelta(seconds=30)
            await hall.lease.renew()
            await asyncio.gather(
                attempt(accept_offer(contexts[0], lin, offer.offer_id)),
                attempt(end_session(contexts[1], Actor(reader_key=f"held{number}"), held)),
                run_due(contexts[0], PROMISES),
                run_due(contexts[1], PROMISES),
            )
            assert await drifting(hall.ctx.db.read) == []
            assert (await hall.session(held)).state in (State.WRAPPING_UP, State.CLOSED)
            for reader, session_id in ((f"held{number}", held), (f"asked{number}", asked)):
                await end_session(hall.ctx, Actor(reader_key=reader), session_id)


async def test_nobody_is_overtaken_however_often_somebody_is_gone_in_the_last_moment(
    hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After three looks those behind were offered whoever was left, though the one in front might have had them."""
    for name in ("lin", "mei", "wu"):
        await hall.staff(name)
        await hall.wait(1)
    first, second, third = [await hall.ask(reader) for reader in ("one", "two", "three")]
    mei = hall.people["mei"].account_id

    async def gone(tx: Transaction, staff_id: str) -> int | None:
        return None if staff_id == mei else await take_slot(tx, staff_id)

    monkeypatch.setattr(routing, "take_slot", gone)
    await dispatch(hall.ctx)
    assert [await hall.who(session) for session in (first, second, third)] == ["lin", "", ""]
    monkeypatch.undo()
    await hall.wish("mei", availability="busy")
    await dispatch(hall.ctx)
    assert [await hall.who(session) for session in (first, second, third)] == ["lin", "wu", ""]


async def test_nobody_joins_and_nothing_is_passed_on_after_the_end(
    hall: Hall, database_url: str, tmp_path: Path
) -> None:
    """Who was brought in, or what was passed on, while the reader said good-bye came into the log behind the end."""
    lin = await hall.staff("lin", capacity=3)
    mei = await hall.staff("mei", "far")
    async with processes(hall, database_url, tmp_path, 3) as contexts:
        for number in range(ROUNDS):
            session = await hall.talk("lin", f"reader{number}")
            link = "https://example.org/1"
            hands: list[Awaitable[Any]] = [
                attempt(invite_colleague(contexts[0], lin, session, mei.account_id)),
                attempt(end_session(contexts[1], Actor(reader_key=f"reader{number}"), session)),
                attempt(pass_on_document(contexts[2], lin, session, title="民国报纸目录", url=link)),
            ]
            random.Random(number).shuffle(hands)
            await asyncio.gather(*hands)
            kinds = await hall.kinds(session)
            assert kinds[-1] == "ended", kinds
            assert kinds.count("document") == (await hall.session(session)).documents


async def test_processes_with_robots_keep_every_promise_of_the_queue(
    hall: Hall, database_url: str, tmp_path: Path
) -> None:
    """Three processes with workers and librarians of their own, readers who come and go, all in real time."""
    ctx = replace(hall.ctx, clock=SystemClock())
    real = replace(hall, ctx=ctx, clock=SystemClock(), links={})
    robots: list[str] = []
    for number in range(9):
        actor = await real.hire(f"robot{number}", ("home", "near", "far")[number % 3])
        await real.wish(f"robot{number}", availability="available", capacity=2)
        robots.append(actor.account_id)
    running = [
        await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.server.actions.robots", database_url, str(tmp_path)),
            *robots[start::3],
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        for start in range(3)
    ]
    opened = await _readers(real, 5.0)
    async with asyncio.timeout(60):
        while len(await ctx.db.read.rows("SELECT 1 FROM chat_event WHERE kind = 'joined' LIMIT 12")) < 12:
            await asyncio.sleep(0.05)
    served = 0
    for process in running:
        said, faults = await asyncio.wait_for(process.communicate(b""), 60)
        assert process.returncode == 0, faults.decode()
        assert b"Traceback" not in faults and b"failed" not in faults, faults.decode()
        served += int(said)
    assert await drifting(ctx.db.read) == []
    assert await ctx.db.read.rows(OVER_CAPACITY) == []
    joined = await ctx.db.read.rows(
        "SELECT s.id, SUM(CASE WHEN e.kind = 'joined' THEN 1 ELSE 0 END) AS joined,"
        " SUM(CASE WHEN e.kind = 'requeued' THEN 1 ELSE 0 END) AS requeued"
        " FROM chat_session s JOIN chat_event e ON e.session_id = s.id GROUP BY s.id"
    )
    assert all(row["joined"] <= row["requeued"] + 1 for row in joined)
    assert served > 5 and len(opened) > 5, "there was a race"


async def _readers(hall: Hall, seconds: float) -> list[str]:
    """Readers come in bursts, some leave while they wait; nobody is seen overtaken at any moment."""
    chance = random.Random(7)
    loop = asyncio.get_running_loop()
    end = loop.time() + seconds
    opened: list[str] = []
    while loop.time() < end or len(opened) < 24:
        desk = chance.choice(["home", "near", "far"])
        opened.append(await hall.ask(f"reader{len(opened)}", desk))
        if chance.random() < 0.2:
            with suppress(Conflict):
                await end_session(hall.ctx, Actor(reader_key=f"reader{len(opened) - 1}"), opened[-1])
        assert await hall.ctx.db.read.rows(OVER_CAPACITY) == []
        await asyncio.sleep(chance.random() * 0.05)
    return opened


async def _take_all(hall: Hall, ctx: Context) -> None:
    for name in hall.people:
        offer = await hall.offered(name)
        if offer is not None:
            await attempt(accept_offer(ctx, hall.people[name], offer.offer_id))


async def _watch(hall: Hall, looks: int) -> None:
    """One statement sees one moment: nobody who came later is being offered while an earlier one is not."""
    db: Reader = hall.ctx.db.read
    for _ in range(looks):
        assert await db.rows(OVERTAKEN) == []
        await asyncio.sleep(0)
