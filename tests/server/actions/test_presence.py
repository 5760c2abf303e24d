"""Presence is what live connections prove: lost librarians, lost readers, killed processes, sleeping machines."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from server.actions.consoles import card_of
from server.actions.presence import Lease, Sweeper
from server.domain.chat import Absence, State
from server.domain.duty import Availability, AwayReason
from server.domain.events import ReaderMoved
from server.domain.permissions import Actor, Role
from server.domain.policies import ChatPolicy
from server.store.dues import due_moment
from server.store.presence import Link, is_present
from tests.hall import Hall, open_hall

GRACE = ChatPolicy().librarian_grace_seconds
READER_GRACE = ChatPolicy().reader_grace_seconds


@pytest.fixture
async def hall(database_url: str, tmp_path: Path) -> AsyncIterator[Hall]:
    async with open_hall(database_url, tmp_path) as hall:
        yield hall


async def sit_down(hall: Hall, session_id: str) -> Link:
    """The reader's browser connects to the conversation."""
    link = Link(hall.ctx.ids.new(), "reader", session_id)
    await hall.lease.opened(link)
    return link


async def test_who_holds_no_connection_is_offered_nobody(hall: Hall) -> None:
    await hall.hire("lin")
    await hall.wish("lin", availability="available")
    session_id = await hall.ask("reader")
    await hall.work()
    assert await hall.who(session_id) == ""
    await hall.come("lin")
    await hall.work()
    assert await hall.who(session_id) == "lin"


async def test_a_short_break_of_the_line_costs_nothing(hall: Hall) -> None:
    await hall.staff("lin")
    session_id = await hall.talk("lin", "reader")
    await hall.go("lin")
    await hall.wait(GRACE - 1)
    await hall.come("lin")
    await hall.wait(GRACE * 2)
    assert (await hall.session(session_id)).state is State.ACTIVE
    assert (await hall.duty("lin")).availability is Availability.AVAILABLE


async def test_a_lost_librarians_readers_go_back_to_their_original_places(hall: Hall) -> None:
    await hall.staff("lin", capacity=2)
    first = await hall.talk("lin", "first")
    await hall.wait(5)
    second = await hall.talk("lin", "second")
    await hall.wait(5)
    third = await hall.ask("third")
    before = {session_id: (await hall.session(session_id)).queued_at for session_id in (first, second, third)}
    await hall.go("lin")
    await hall.wait(GRACE)
    duty = await hall.duty("lin")
    assert (duty.load, duty.availability, duty.away_reason) == (0, Availability.AWAY, AwayReason.LOST)
    for session_id in (first, second):
        session = await hall.session(session_id)
        assert (session.state, session.queued_at, session.staff_id) == (State.QUEUED, before[session_id], "")
        assert (await hall.kinds(session_id))[-1] == "requeued"
    await hall.staff("mei", "far", capacity=3)
    order = []
    for _ in range(3):
        await hall.work()
        order.append((await hall.take("mei")).id)
    assert order == [first, second, third]


async def test_a_lost_librarian_can_say_no_more_in_the_conversation(hall: Hall) -> None:
    await hall.staff("lin")
    session_id = await hall.talk("lin", "reader")
    crew = (await hall.session(session_id)).crew
    await hall.go("lin")
    await hall.wait(GRACE)
    assert (await hall.session(session_id)).crew == crew + 1


async def test_a_pending_offer_of_a_lost_librarian_goes_on(hall: Hall) -> None:
    await hall.set_policy("offer_seconds", 300)
    await hall.staff("lin")
    session_id = await hall.ask("reader")
    await hall.work()
    await hall.go("lin")
    await hall.wait(GRACE)
    assert (await hall.session(session_id)).state is State.QUEUED
    assert (await hall.duty("lin")).load == 0


async def test_a_second_window_keeps_one_present(hall: Hall) -> None:
    lin = await hall.staff("lin")
    second = Link(hall.ctx.ids.new(), "staff", lin.account_id)
    await hall.lease.opened(second)
    session_id = await hall.talk("lin", "reader")
    await hall.go("lin")
    await hall.wait(GRACE * 2)
    assert (await hall.session(session_id)).state is State.ACTIVE
    await hall.lease.closed(second)
    await hall.wait(GRACE)
    assert (await hall.session(session_id)).state is State.QUEUED


async def test_two_last_connections_that_close_at_once_in_two_processes_are_noticed(hall: Hall) -> None:
    lin = await hall.staff("lin")
    other = Lease(replace(hall.ctx, process_id=hall.ctx.ids.new(), shelf={}))
    second = Link(hall.ctx.ids.new(), "staff", lin.account_id)
    await other.opened(second)
    await asyncio.gather(hall.go("lin"), other.closed(second))
    assert await due_moment(hall.ctx.db.read, "librarian_lost", lin.account_id) is not None


async def test_a_killed_process_is_found_and_the_grace_counts_from_its_last_sign(hall: Hall) -> None:
    lin = await hall.staff("lin")
    session_id = await hall.talk("lin", "reader")
    sign = hall.clock.at
    sweeper = Sweeper()
    await hall.wait(24, renew=False)
    await sweeper.sweep(hall.ctx)
    assert await is_present(hall.ctx.db.read, "staff", lin.account_id, hall.clock.now())
    await hall.wait(2, renew=False)
    await sweeper.sweep(hall.ctx)
    await sweeper.sweep(hall.ctx)
    due = await due_moment(hall.ctx.db.read, "librarian_lost", lin.account_id)
    assert due == sign + timedelta(seconds=GRACE)
    await hall.wait(3, renew=False)
    assert (await hall.session(session_id)).state is State.ACTIVE
    await hall.wait(1, renew=False)
    assert (await hall.session(session_id)).state is State.QUEUED


async def test_who_came_back_elsewhere_and_goes_again_has_the_whole_time_of_grace(hall: Hall) -> None:
    """Two restarts within half a minute, the first by kill -9: when the killed process's lease ran out at last, the
    grace of everybody who was just changing over from the second was counted from that old death."""
    lin = await hall.staff("lin")
    session_id = await hall.talk("lin", "reader")
    hall.lease = Lease(replace(hall.ctx, process_id=hall.ctx.ids.new(), shelf={}))  # the first was killed
    await hall.wait(10, renew=False)
    second = Link(hall.ctx.ids.new(), "staff", lin.account_id)
    await hall.lease.opened(second)
    await hall.wait(8, renew=False)
    await hall.lease.closed(second)
    gone = hall.clock.at
    sweeper = Sweeper()
    await hall.wait(10, renew=False)
    await sweeper.sweep(hall.ctx)
    assert await sweeper.sweep(hall.ctx) == 1
    due = await due_moment(hall.ctx.db.read, "librarian_lost", lin.account_id)
    assert due == gone + timedelta(seconds=GRACE)
    await hall.wait(5, renew=False)
    assert (await hall.session(session_id)).state is State.ACTIVE


async def test_a_process_whose_clock_was_moved_has_its_chance_to_renew(hall: Hall) -> None:
    await hall.staff("lin")
    session_id = await hall.talk("lin", "reader")
    sweeper = Sweeper()
    hall.clock.at += timedelta(hours=1)
    assert await sweeper.sweep(hall.ctx) == 0
    await hall.lease.renew()
    assert await sweeper.sweep(hall.ctx) == 0
    await sit_down(hall, session_id)  # the reader's own grace is not what is tested here
    await hall.work()
    assert (await hall.session(session_id)).state is State.ACTIVE


async def test_a_process_cut_off_from_the_database_for_minutes_loses_nobody_when_it_comes_back(
    hall: Hall,
) -> None:
    await hall.staff("lin")
    session_id = await hall.talk("lin", "reader")
    await sit_down(hall, session_id)
    sweeper = Sweeper()
    hall.clock.at += timedelta(minutes=10)
    await sweeper.sweep(hall.ctx)
    assert await sweeper.sweep(hall.ctx) == 1
    await hall.work()
    await hall.lease.renew()
    await hall.wait(READER_GRACE)
    assert (await hall.session(session_id)).state is State.ACTIVE


async def test_a_process_taken_for_dead_enters_its_connections_again(hall: Hall) -> None:
    lin = await hall.staff("lin")
    sweeper = Sweeper()
    hall.clock.at += timedelta(seconds=26)
    await sweeper.sweep(hall.ctx)
    assert await sweeper.sweep(hall.ctx) == 1
    assert not await is_present(hall.ctx.db.read, "staff", lin.account_id, hall.clock.now())
    await hall.lease.renew()
    assert await is_present(hall.ctx.db.read, "staff", lin.account_id, hall.clock.now())
    assert await due_moment(hall.ctx.db.read, "librarian_lost", lin.account_id) is None


async def test_the_presence_of_thousands_is_entered_in_few_transactions(hall: Hall) -> None:
    links = [Link(hall.ctx.ids.new(), "reader", f"session{number}") for number in range(2_000)]
    await asyncio.gather(*(hall.lease.opened(link) for link in links))
    assert await is_present(hall.ctx.db.read, "reader", "session1999", hall.clock.now())
    await asyncio.gather(*(hall.lease.closed(link) for link in links))
    rows = await hall.ctx.db.read.rows("SELECT COUNT(*) AS count FROM connection")
    assert rows[0]["count"] == 0


async def test_a_lost_reader_is_waited_for_five_minutes(hall: Hall) -> None:
    await hall.staff("lin")
    session_id = await hall.talk("lin", "reader")
    link = await sit_down(hall, session_id)
    await hall.wait(READER_GRACE * 2)
    assert (await hall.session(session_id)).state is State.ACTIVE
    await hall.lease.closed(link)
    await hall.wait(READER_GRACE - 1)
    link = await sit_down(hall, session_id)
    await hall.wait(READER_GRACE)
    assert (await hall.session(session_id)).state is State.ACTIVE
    await hall.lease.closed(link)
    await hall.wait(READER_GRACE)
    session = await hall.session(session_id)
    assert (session.state, session.end_reason) == (State.WRAPPING_UP, "reader_gone")
    assert (await hall.duty("lin")).load == 0


async def test_a_librarian_is_told_since_when_and_until_when_a_reader_is_waited_for(hall: Hall) -> None:
    lin = await hall.staff("lin")
    session_id = await hall.talk("lin", "reader")
    link = await sit_down(hall, session_id)
    second = await sit_down(hall, session_id)
    hall.announced.clear()
    await hall.lease.closed(link)
    assert (await card_of(hall.ctx, lin, session_id)).absence is None  # another tab is open
    await hall.wait(5)
    left = hall.clock.now()
    await hall.lease.closed(second)
    absence = Absence(left, left + timedelta(seconds=READER_GRACE))
    assert (await card_of(hall.ctx, lin, session_id)).absence == absence
    await sit_down(hall, session_id)
    assert (await card_of(hall.ctx, lin, session_id)).absence is None
    told = [event.absence for event in hall.announced if isinstance(event, ReaderMoved)]
    assert told == [absence, None]


async def test_a_reader_who_never_connects_does_not_wait_for_ever(hall: Hall) -> None:
    session_id = await hall.ask("reader")
    await hall.wait(READER_GRACE)
    assert (await hall.session(session_id)).state is State.CLOSED


async def test_a_process_knows_whether_it_has_company(hall: Hall) -> None:
    """Processes that share a database commit less often (decision 14); one alone lets nobody wait."""
    await hall.lease.renew()
    assert not hall.ctx.db.shared
    other = Lease(replace(hall.ctx, process_id=hall.ctx.ids.new(), shelf={}))
    await other.renew()
    await hall.lease.renew()
    assert hall.ctx.db.shared
    await hall.wait(24)
    await hall.lease.renew()
    assert hall.ctx.db.shared, "a lease that still runs is company"
    await hall.wait(2)
    await hall.lease.renew()
    assert not hall.ctx.db.shared, "it was killed"
    await other.renew()
    await other.end()
    await hall.lease.renew()
    assert not hall.ctx.db.shared, "it said good-bye"


async def test_a_process_that_leaves_in_peace_waits_for_nobody(hall: Hall) -> None:
    lin = await hall.staff("lin")
    await hall.lease.end()
    assert not await is_present(hall.ctx.db.read, "staff", lin.account_id, hall.clock.now())
    assert await hall.ctx.db.read.rows("SELECT 1 FROM process_lease") == []


async def test_idle_hands_are_set_away_and_a_sign_of_life_keeps_them(hall: Hall) -> None:
    from server.actions.duty import keep_active

    lin = await hall.staff("lin")
    idle = ChatPolicy().auto_away_seconds
    await hall.wait(idle - 1)
    await keep_active(hall.ctx, lin)
    await hall.wait(idle - 1)
    assert (await hall.duty("lin")).availability is Availability.AVAILABLE
    await hall.wait(1)
    duty = await hall.duty("lin")
    assert (duty.availability, duty.away_reason) == (Availability.AWAY, AwayReason.IDLE)


async def test_going_away_passes_a_pending_offer_on(hall: Hall) -> None:
    await hall.staff("lin")
    await hall.wait(1)
    await hall.staff("mei")
    session_id = await hall.ask("reader")
    await hall.work()
    await hall.wish("lin", availability="busy")
    await hall.work()
    assert await hall.who(session_id) == "mei"
    assert (await hall.duty("lin")).missed == 0


async def test_a_lost_supervisor_is_replaced_or_the_reader_goes_back(hall: Hall) -> None:
    await hall.set_policy("intern_live", "supervised")
    await hall.staff("lin", capacity=1)
    await hall.talk("lin", "first")
    await hall.staff("intern", role=Role.INTERN)
    session_id = await hall.ask("second")
    await hall.work()
    await hall.take("intern")
    mei = await hall.staff("mei")
    await hall.go("lin")
    await hall.wait(GRACE)
    assert (await hall.session(session_id)).supervisor_id == mei.account_id
    await hall.go("mei")
    await hall.wait(GRACE)
    session = await hall.session(session_id)
    assert (session.state, session.supervisor_id) == (State.QUEUED, "")


async def test_ending_twice_at_once_frees_one_place(hall: Hall) -> None:
    from server.actions.sessions import end_session

    lin = await hall.staff("lin")
    session_id = await hall.talk("lin", "reader")
    both = (Actor(reader_key="reader"), lin)
    await asyncio.gather(*(end_session(hall.ctx, actor, session_id) for actor in both))
    assert (await hall.duty("lin")).load == 0
    assert (await hall.kinds(session_id)).count("ended") == 1
