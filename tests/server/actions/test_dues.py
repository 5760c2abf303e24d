"""Promises are kept once: by many workers, through kill -9, after a day's sleep, whatever fails beside them."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from server.actions.dues import Kind, Kinds, kinds, pause_after, run_due, seconds_to_next
from server.context import Context, make_context
from server.domain.errors import Unavailable
from server.store.dues import Due, cancel_due, due_moment, failing_dues, set_due, set_due_once, set_dues
from server.store.rows import Transaction, to_us
from tests.hall import MovedClock, settings_for


@dataclass
class Bench:
    """A context whose time the test moves, and a tally of what was done."""

    ctx: Context
    clock: MovedClock

    async def promise(self, kind: str, *subjects: str, seconds: float = 0) -> None:
        async with self.ctx.transaction() as tx:
            for subject in subjects:
                await set_due(tx, kind, subject, self.clock.at + timedelta(seconds=seconds))

    async def done(self) -> dict[str, int]:
        rows = await self.ctx.db.read.rows("SELECT id, count FROM throttle")
        return {row["id"]: row["count"] for row in rows}

    async def run(self, known: Kinds, *, limit: int = 200) -> None:
        while await run_due(self.ctx, known, limit=limit):
            pass


async def tally(ctx: Context, tx: Transaction, due: Due) -> None:
    await tx.execute(
        "INSERT INTO throttle (id, window_at, count) VALUES ($1, $2, 1)"
        " ON CONFLICT (id) DO UPDATE SET count = throttle.count + 1",
        due.subject_id,
        to_us(ctx.clock.now()),
    )


async def fail(ctx: Context, tx: Transaction, due: Due) -> None:
    await tally(ctx, tx, due)
    raise RuntimeError("no luck today")


async def tally_together(ctx: Context, tx: Transaction, dues: Sequence[Due]) -> dict[str, datetime]:
    for due in dues:
        await tally(ctx, tx, due)
        if due.subject_id.startswith("bad"):
            raise RuntimeError("one of them is bad")
    return {due.subject_id: due.at + timedelta(days=1) for due in dues if due.subject_id.startswith("daily")}


TALLY = kinds(Kind("tally", tally))


@pytest.fixture
async def bench(database_url: str, tmp_path: Path) -> AsyncIterator[Bench]:
    clock = MovedClock()
    ctx = replace(make_context(settings_for(database_url, tmp_path)), clock=clock)
    await ctx.db.open()
    yield Bench(ctx, clock)
    await ctx.db.close()


async def test_nothing_happens_before_its_moment(bench: Bench) -> None:
    await bench.promise("tally", "a", seconds=5)
    assert await run_due(bench.ctx, TALLY) == 0
    assert await seconds_to_next(bench.ctx, TALLY) == 5
    bench.clock.at += timedelta(seconds=5)
    assert await run_due(bench.ctx, TALLY) == 1
    assert await bench.done() == {"a": 1}
    assert await seconds_to_next(bench.ctx, TALLY) is None


async def test_setting_it_again_moves_it_and_setting_it_once_does_not(bench: Bench) -> None:
    await bench.promise("tally", "a", seconds=5)
    await bench.promise("tally", "a", seconds=9)
    async with bench.ctx.transaction() as tx:
        await set_due_once(tx, "tally", "a", bench.clock.at)
        await set_dues(tx, "tally", ["b", "c"], bench.clock.at + timedelta(seconds=9))
    for subject in "abc":
        assert await due_moment(bench.ctx.db.read, "tally", subject) == bench.clock.at + timedelta(seconds=9)


async def test_what_is_taken_back_is_not_done(bench: Bench) -> None:
    await bench.promise("tally", "a", "b")
    async with bench.ctx.transaction() as tx:
        await cancel_due(tx, "tally", "a", "nothing")
    await bench.run(TALLY)
    assert await bench.done() == {"b": 1}


async def test_a_worker_that_slept_a_day_does_everything_once(bench: Bench) -> None:
    subjects = [f"s{number}" for number in range(1_000)]
    async with bench.ctx.transaction() as tx:
        await set_dues(tx, "tally", subjects, bench.clock.at)
    bench.clock.at += timedelta(days=1)
    await bench.run(TALLY)
    assert await bench.done() == dict.fromkeys(subjects, 1)


async def test_of_a_thousand_promises_at_once_several_workers_keep_each_once(
    bench: Bench, database_url: str, tmp_path: Path
) -> None:
    subjects = [f"s{number}" for number in range(1_000)]
    async with bench.ctx.transaction() as tx:
        await set_dues(tx, "tally", subjects, bench.clock.at)
    workers = [
        replace(make_context(settings_for(database_url, tmp_path)), clock=bench.clock) for _ in range(4)
    ]
    for worker in workers:
        await worker.db.open()

    async def work(ctx: Context) -> None:
        while len(await bench.done()) < len(subjects):
            await run_due(ctx, TALLY, limit=50)

    await asyncio.gather(*(work(worker) for worker in workers))
    for worker in workers:
        await worker.db.close()
    assert await bench.done() == dict.fromkeys(subjects, 1)


async def test_a_backlog_does_not_hold_up_what_is_urgent(bench: Bench) -> None:
    known = kinds(Kind("tally", tally), Kind("offer", tally, urgent=True))
    await bench.promise("tally", *(f"old{number}" for number in range(100)), seconds=-3600)
    await bench.promise("offer", "urgent")
    await run_due(bench.ctx, known, limit=1)
    assert await bench.done() == {"urgent": 1}


async def test_what_fails_leaves_no_trace_waits_longer_each_time_and_holds_up_nobody(bench: Bench) -> None:
    known = kinds(Kind("tally", tally), Kind("fail", fail))
    await bench.promise("fail", "bad", seconds=-1)
    await bench.promise("tally", "good")
    await bench.run(known)
    assert await bench.done() == {"good": 1}
    for attempts in (1, 2, 3):
        [(due, error)] = await failing_dues(bench.ctx.db.read)
        assert due.attempts == attempts and "no luck today" in error
        assert due.at - bench.clock.at == pause_after(attempts - 1)
        bench.clock.at = due.at
        await bench.run(known)
    assert pause_after(100) == timedelta(hours=1)


async def test_what_failed_is_done_once_when_it_works_again(bench: Bench) -> None:
    await bench.promise("tally", "a")
    await bench.run(kinds(Kind("tally", fail)))
    bench.clock.at += timedelta(seconds=1)
    await bench.run(TALLY)
    assert await bench.done() == {"a": 1}
    assert await failing_dues(bench.ctx.db.read) == []


async def test_kinds_that_this_version_does_not_know_are_left_alone(bench: Bench) -> None:
    await bench.promise("of tomorrow", "a")
    await bench.run(TALLY)
    assert await due_moment(bench.ctx.db.read, "of tomorrow", "a") is not None


async def test_a_promise_may_fall_due_again_and_again(bench: Bench) -> None:
    async def nightly(ctx: Context, tx: Transaction, due: Due) -> datetime:
        await tally(ctx, tx, due)
        return due.at + timedelta(days=1)

    await bench.promise("nightly", "check")
    for _ in range(3):
        await bench.run(kinds(Kind("nightly", nightly)))
        bench.clock.at += timedelta(days=1)
    assert await bench.done() == {"check": 3}


async def bad_alone(ctx: Context, tx: Transaction, due: Due) -> datetime | None:
    return (await tally_together(ctx, tx, [due])).get(due.subject_id)


TOGETHER = kinds(Kind("tally", bad_alone, together=tally_together))


async def test_many_are_kept_together_and_some_of_them_fall_due_again(bench: Bench) -> None:
    subjects = [f"{word}{number}" for number in range(300) for word in ("once", "daily")]
    await bench.promise("tally", *subjects)
    assert await run_due(bench.ctx, TOGETHER) == 500
    await bench.run(TOGETHER)
    assert await bench.done() == dict.fromkeys(subjects, 1)
    bench.clock.at += timedelta(days=1)
    await bench.run(TOGETHER)
    assert await bench.done() == {subject: 2 if subject.startswith("daily") else 1 for subject in subjects}


async def test_a_bad_one_among_many_holds_up_none_of_them_and_goes_alone_from_then_on(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    good = [f"s{number}" for number in range(20)]
    await bench.promise("tally", "bad", *good)
    await bench.run(TOGETHER)
    assert await bench.done() == dict.fromkeys(good, 1)
    assert caplog.text.count("one by one") == 1
    bench.clock.at += timedelta(seconds=1)
    await bench.promise("tally", "new", "newer")
    await bench.run(TOGETHER)
    assert await bench.done() == dict.fromkeys([*good, "new", "newer"], 1)
    [(due, error)] = await failing_dues(bench.ctx.db.read)
    assert (due.subject_id, due.attempts) == ("bad", 2) and "one of them is bad" in error
    assert caplog.text.count("one by one") == 1


async def test_several_workers_that_keep_many_together_keep_each_once(
    bench: Bench, database_url: str, tmp_path: Path
) -> None:
    subjects = [f"s{number}" for number in range(1_500)]
    async with bench.ctx.transaction() as tx:
        await set_dues(tx, "tally", subjects, bench.clock.at)
    workers = [
        replace(make_context(settings_for(database_url, tmp_path)), clock=bench.clock) for _ in range(3)
    ]
    for worker in workers:
        await worker.db.open()

    async def work(ctx: Context) -> None:
        while len(await bench.done()) < len(subjects):
            await run_due(ctx, TOGETHER)

    await asyncio.gather(*(work(worker) for worker in workers))
    for worker in workers:
        await worker.db.close()
    assert await bench.done() == dict.fromkeys(subjects, 1)


async def test_one_of_many_that_is_moved_meanwhile_is_left_for_later_and_the_others_are_kept(
    bench: Bench, postgres_url: str, tmp_path: Path
) -> None:
    """On SQLite one writer makes this impossible."""
    ctx = replace(make_context(settings_for(postgres_url, tmp_path)), clock=bench.clock)
    await ctx.db.open()
    several, later = Bench(ctx, bench.clock), bench.clock.at + timedelta(seconds=60)

    async def overtaken(ctx: Context, tx: Transaction, dues: Sequence[Due]) -> dict[str, datetime]:
        async with ctx.transaction() as other:
            await set_due(other, "tally", "a", later)
        return await tally_together(ctx, tx, dues)

    await several.promise("tally", "a", "b", "c")
    await several.run(kinds(Kind("tally", tally, together=overtaken)))
    assert await several.done() == {"b": 1, "c": 1}
    assert await due_moment(ctx.db.read, "tally", "a") == later
    await ctx.db.close()


async def test_moved_while_it_is_kept_nothing_has_happened_yet(
    bench: Bench, postgres_url: str, tmp_path: Path
) -> None:
    """On SQLite one writer makes this impossible; on PostgreSQL the last statement notices it."""
    ctx = replace(make_context(settings_for(postgres_url, tmp_path)), clock=bench.clock)
    await ctx.db.open()
    moved = Bench(ctx, bench.clock)
    later = bench.clock.at + timedelta(seconds=60)

    async def overtaken(ctx: Context, tx: Transaction, due: Due) -> None:
        await tally(ctx, tx, due)
        async with ctx.transaction() as other:
            await set_due(other, due.kind, due.subject_id, later)

    await moved.promise("tally", "a")
    await moved.run(kinds(Kind("tally", overtaken)))
    assert await moved.done() == {}
    assert await due_moment(ctx.db.read, "tally", "a") == later
    await ctx.db.close()


async def test_one_that_takes_its_own_promise_back_has_kept_it(bench: Bench) -> None:
    async def thorough(ctx: Context, tx: Transaction, due: Due) -> None:
        await tally(ctx, tx, due)
        await cancel_due(tx, due.kind, due.subject_id)

    await bench.promise("tally", "a")
    await bench.run(kinds(Kind("tally", thorough)))
    assert await bench.done() == {"a": 1}


async def test_a_database_that_is_away_counts_as_nobodys_failure(bench: Bench) -> None:
    async def away(ctx: Context, tx: Transaction, due: Due) -> None:
        raise Unavailable

    await bench.promise("tally", "a")
    with pytest.raises(Unavailable):
        await run_due(bench.ctx, kinds(Kind("tally", away)))
    await bench.run(TALLY)
    assert await bench.done() == {"a": 1}


KILLED = """
import asyncio, os, signal, sys
from datetime import timedelta
from pathlib import Path
from server.actions.dues import Kind, kinds, run_due
from server.context import make_context
from tests.hall import settings_for
from tests.server.actions.test_dues import tally

async def killed(ctx, tx, due):
    await tally(ctx, tx, due)
    os.kill(os.getpid(), signal.SIGKILL)  # after the effect, before the commit

async def main():
    ctx = make_context(settings_for(sys.argv[1], Path(sys.argv[2])))
    await ctx.db.open()
    while True:  # the one that was killed before may still hold the promise's lock for a moment
        await run_due(ctx, kinds(Kind("tally", killed)))

asyncio.run(main())
"""


async def test_killed_in_the_middle_it_is_done_once_by_the_next(
    bench: Bench, database_url: str, tmp_path: Path
) -> None:
    bench.clock.at = datetime(2020, 1, 1, tzinfo=UTC)  # long ago by the killed process's own clock, too
    await bench.promise("tally", "a")
    command = [sys.executable, "-c", KILLED, database_url, str(tmp_path)]
    for _ in range(3):
        died = await asyncio.to_thread(subprocess.run, command, capture_output=True, timeout=60)
        assert died.returncode == -9, died.stderr.decode()
    async with asyncio.timeout(30):
        while not await bench.done():
            await bench.run(TALLY)  # PostgreSQL may take a moment to notice that the last holder is dead
    assert await bench.done() == {"a": 1}
