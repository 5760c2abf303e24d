"""The workers' loops at work: hints or none, a database that goes and comes back, a process killed in the middle."""

import asyncio
import logging
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from server.actions.presence import REENTRY
from server.actions.routing import enqueue
from server.domain.chat import State
from server.domain.duty import Availability
from server.domain.policies import ChatPolicy
from server.store.dues import due_moment
from tests.hall import Hall, open_hall
from tests.servers.machine import machine_cannot
from tests.servers.postgres import Postgres
from workers.loop import run_workers

POLICY = ChatPolicy()


@pytest.fixture
async def hall(database_url: str, tmp_path: Path) -> AsyncIterator[Hall]:
    async with open_hall(database_url, tmp_path) as hall:
        yield hall


@asynccontextmanager
async def working(hall: Hall, wake: asyncio.Event | None = None) -> AsyncIterator[None]:
    """A worker beside the test; it must end when told to."""
    stop = asyncio.Event()
    task = asyncio.create_task(run_workers(hall.ctx, stop, wake))
    try:
        yield
    finally:
        stop.set()
        await asyncio.wait_for(task, 30)


async def until(true: Callable[[], Awaitable[bool]], seconds: float = 60) -> None:
    """Look until it is so; the loops tell nobody, and their own net is what is tested."""
    async with asyncio.timeout(seconds):
        while not await true():
            await asyncio.sleep(0.02)


async def test_without_any_hint_readers_are_offered_and_offers_expire(hall: Hall) -> None:
    await hall.staff("lin")
    await hall.staff("mei", "near")
    async with working(hall):
        session_id = await hall.ask("reader")
        await until(lambda: _is(hall, session_id, "lin"))
        hall.clock.at += timedelta(seconds=POLICY.offer_seconds)
        await hall.lease.renew()
        await until(lambda: _is(hall, session_id, "mei"))


async def test_a_hint_is_enough_to_be_offered(hall: Hall) -> None:
    wake = asyncio.Event()
    await hall.staff("lin")
    async with working(hall, wake):
        session_id = await hall.ask("reader")
        wake.set()
        await until(lambda: _is(hall, session_id, "lin"))


async def test_two_workers_share_the_work(hall: Hall) -> None:
    await hall.staff("lin", capacity=5)
    async with working(hall), working(hall):
        for number in range(5):
            session_id = await hall.ask(f"reader{number}")
            await until(lambda session_id=session_id: _is(hall, session_id, "lin"))  # type: ignore[misc]
            await hall.take("lin")
    assert (await hall.duty("lin")).load == 5


async def test_the_loop_buries_a_dead_process_and_gives_its_readers_back(hall: Hall) -> None:
    lin = await hall.staff("lin")
    session_id = await hall.talk("lin", "reader")
    async with working(hall):
        hall.clock.at += timedelta(seconds=POLICY.librarian_grace_seconds)
        await until(lambda: _promised(hall, "librarian_lost", lin.account_id))
        hall.clock.at += REENTRY
        await until(lambda: _stands(hall, session_id, State.QUEUED))
    assert (await hall.duty("lin")).availability is Availability.AWAY


async def test_the_nightly_check_is_promised_and_puts_a_wrong_counter_right(hall: Hall) -> None:
    lin = await hall.staff("lin")
    async with hall.ctx.transaction() as tx:
        await tx.execute("UPDATE duty SET load = 3 WHERE staff_id = $1", lin.account_id)
    async with working(hall):
        await until(lambda: _promised(hall, "check_counters", "all"))
        hall.clock.at += timedelta(days=1)
        await until(lambda: _loaded(hall, "lin", 0))


async def test_a_database_that_goes_is_said_once_and_once_when_it_is_back(
    postgres_server: Postgres, postgres_url: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    if not postgres_server.ours:
        machine_cannot("stop a PostgreSQL that is not ours")
    caplog.set_level(logging.INFO, logger="workers.loop")

    async def said(text: str) -> bool:
        return text in caplog.text

    async with open_hall(postgres_url, tmp_path) as hall:
        await hall.staff("lin")
        async with working(hall):
            await until(lambda: _promised(hall, "check_counters", "all"))
            await asyncio.to_thread(postgres_server.stop)
            try:
                await until(lambda: said("offer waits: the database is away"), 60)
                await until(lambda: said("keep_promises waits: the database is away"), 60)
            finally:
                await asyncio.to_thread(postgres_server.start)
            await until(lambda: said("offer goes on"), 60)
            await until(lambda: said("keep_promises goes on"), 60)
            session_id = await hall.ask("reader")
            await until(lambda: _is(hall, session_id, "lin"))
    kinds = re.findall(r"offer waits: the database is away[^:]*: (\w+)", caplog.text)
    assert kinds and len(kinds) == len(set(kinds)), "each kind of reason once"
    assert caplog.text.count("offer goes on") == 1


async def test_enqueued_again_after_a_kill_the_promises_stand(hall: Hall) -> None:
    """Killed between commit and offer: what was promised in the transaction is found by the next worker."""
    await hall.staff("full", capacity=1)
    await hall.talk("full", "first")
    session_id = await hall.ask("reader")
    async with hall.ctx.transaction() as tx:
        await enqueue(hall.ctx, tx, await hall.session(session_id))
    await hall.staff("wu", "far")
    async with working(hall):
        hall.clock.at += timedelta(seconds=POLICY.widen_to_alliance_seconds)
        await hall.lease.renew()
        await until(lambda: _is(hall, session_id, "wu"))


async def _is(hall: Hall, session_id: str, name: str) -> bool:
    return await hall.who(session_id) == name


async def _stands(hall: Hall, session_id: str, state: State) -> bool:
    return (await hall.session(session_id)).state is state


async def _loaded(hall: Hall, name: str, load: int) -> bool:
    return (await hall.duty(name)).load == load


async def _promised(hall: Hall, kind: str, subject: str) -> bool:
    return await due_moment(hall.ctx.db.read, kind, subject) is not None
