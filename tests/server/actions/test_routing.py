"""The queue at work on both databases: circles, offers, misses, transfers, places."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from server.actions.desk_work import Transfer, invite_colleague, transfer_session
from server.actions.duty import set_duty
from server.actions.offers import accept_offer, decline_offer
from server.actions.places import PlaceWatch, place_of
from server.actions.routing import dispatch
from server.actions.sessions import end_session
from server.domain.chat import State
from server.domain.duty import Availability, AwayReason, DutyWish
from server.domain.errors import Conflict, NotAllowed
from server.domain.events import DutyChanged, QueueMoved
from server.domain.permissions import Actor, Role
from server.store.queues import MOST
from tests.hall import Hall, open_hall


@pytest.fixture
async def hall(database_url: str, tmp_path: Path) -> AsyncIterator[Hall]:
    async with open_hall(database_url, tmp_path) as hall:
        yield hall


async def test_a_reader_is_offered_to_the_librarian_of_the_desk_who_then_holds_the_session(
    hall: Hall,
) -> None:
    lin = await hall.staff("lin")
    session_id = await hall.ask("reader")
    await hall.work()
    offered = await hall.session(session_id)
    assert (offered.state, offered.offered_to) == (State.OFFERED, lin.account_id)
    assert any(isinstance(e, DutyChanged) and e.why == "offer" for e in hall.announced)
    accepted = await hall.take("lin")
    assert (accepted.state, accepted.staff_id, accepted.crew) == (
        State.ACTIVE,
        lin.account_id,
        offered.crew + 1,
    )
    assert await hall.kinds(session_id) == ["queued", "message", "joined"]
    assert (await hall.duty("lin")).load == 1


async def test_accepting_twice_gives_the_same_session_again(hall: Hall) -> None:
    lin = await hall.staff("lin")
    await hall.ask("reader")
    await hall.work()
    offer = await hall.offered("lin")
    assert offer is not None
    first = await accept_offer(hall.ctx, lin, offer.offer_id)
    again = await accept_offer(hall.ctx, lin, offer.offer_id)
    assert first.id == again.id
    assert (await hall.kinds(first.id)).count("joined") == 1


async def test_somebody_elses_offer_cannot_be_taken(hall: Hall) -> None:
    await hall.staff("lin")
    mei = await hall.staff("mei", "far")
    await hall.ask("reader")
    await hall.work()
    offer = await hall.offered("lin")
    assert offer is not None
    with pytest.raises(Conflict, match="offer_gone"):
        await accept_offer(hall.ctx, mei, offer.offer_id)
    with pytest.raises(NotAllowed):
        await accept_offer(hall.ctx, Actor(reader_key="reader"), offer.offer_id)


async def test_a_librarian_who_asks_is_answered_by_somebody_else(hall: Hall) -> None:
    await hall.staff("lin")
    asked = await hall.ask("lin")
    await hall.wait(60)
    assert await hall.who(asked) == ""
    mei = await hall.staff("mei")
    await hall.work()
    assert (await hall.take("mei")).id == asked
    lin = hall.people["lin"].account_id
    for back in (
        transfer_session(hall.ctx, mei, asked, Transfer("person", lin, "您更熟悉")),
        invite_colleague(hall.ctx, mei, asked, lin),
    ):
        with pytest.raises(Conflict, match="own_question"):
            await back


async def test_a_reader_is_not_passed_on_to_a_colleague_who_cannot_take_them(hall: Hall) -> None:
    lin = await hall.staff("lin")
    asked = await hall.talk("lin", "reader")
    mei = await hall.hire("mei")

    async def refused(code: str) -> None:
        with pytest.raises(Conflict, match=code):
            await transfer_session(hall.ctx, lin, asked, Transfer("person", mei.account_id, "她懂这个"))
        assert (await hall.session(asked)).staff_id == lin.account_id

    await refused("colleague_absent")
    await hall.come("mei")
    await refused("colleague_absent")  # connected, but away
    await hall.wish("mei", availability="busy")
    await refused("colleague_busy")
    await hall.wish("mei", availability="available", capacity=1)
    await hall.wish("lin", availability="busy")
    other = await hall.talk("mei", "another")
    await refused("colleague_full")
    await end_session(hall.ctx, mei, other)
    intern = await hall.staff("intern", role=Role.INTERN)
    with pytest.raises(NotAllowed, match="intern_not_certified"):
        await transfer_session(hall.ctx, lin, asked, Transfer("person", intern.account_id, "练一练"))
    await transfer_session(hall.ctx, lin, asked, Transfer("person", mei.account_id, "她懂这个"))
    await hall.work()
    assert await hall.who(asked) == "mei"


async def test_a_missed_offer_goes_on_to_the_next_after_twelve_seconds(hall: Hall) -> None:
    await hall.staff("lin")
    await hall.wait(1)
    await hall.staff("mei")
    session_id = await hall.ask("reader")
    await hall.work()
    assert await hall.who(session_id) == "lin"
    await hall.wait(11.9)
    assert await hall.who(session_id) == "lin"
    await hall.wait(0.1)
    assert await hall.who(session_id) == "mei"
    assert (await hall.duty("lin")).missed == 1


async def test_who_misses_two_in_a_row_is_set_away_with_the_reason(hall: Hall) -> None:
    await hall.staff("lin")
    for reader in ("one", "two"):
        session_id = await hall.ask(reader)
        await hall.work()
        await hall.wait(12)
        assert await hall.who(session_id) == ""
        await end_session(hall.ctx, Actor(reader_key=reader), session_id)
    duty = await hall.duty("lin")
    assert (duty.availability, duty.away_reason) == (Availability.AWAY, AwayReason.MISSED_OFFERS)


async def test_who_comes_back_is_offered_at_once_whom_they_missed(hall: Hall) -> None:
    """The reader stood first in the line beside a free librarian until the next round, half a minute later."""
    lin = await hall.staff("lin")
    mei = await hall.staff("mei")
    session_id = await hall.ask("reader")
    await hall.work()
    for _ in range(2):  # one misses, then the other
        await hall.wait(12)
    for who in (lin, mei):
        await set_duty(hall.ctx, who, DutyWish(availability="away"))
    await hall.work()
    assert await hall.who(session_id) == ""
    await set_duty(hall.ctx, lin, DutyWish(availability="available"))
    await hall.work()
    assert await hall.who(session_id) == "lin"
    assert mei.account_id in (await hall.session(session_id)).declined


async def test_a_declined_reader_is_offered_to_the_next_at_once(hall: Hall) -> None:
    lin = await hall.staff("lin")
    await hall.wait(1)
    await hall.staff("mei")
    session_id = await hall.ask("reader")
    await hall.work()
    offer_id = await hall.decline("lin")
    await hall.work()
    assert await hall.who(session_id) == "mei"
    assert (await hall.duty("lin")).load == 0
    with pytest.raises(Conflict, match="offer_gone"):
        await decline_offer(hall.ctx, lin, offer_id)


async def test_a_lone_librarian_who_declined_is_asked_once_more_rather_than_nobody(hall: Hall) -> None:
    await hall.staff("lin")
    session_id = await hall.ask("reader")
    await hall.work()
    await hall.decline("lin")
    await hall.wait(29)
    assert await hall.who(session_id) == ""
    await hall.wait(1)
    assert await hall.who(session_id) == "lin"


async def test_who_declined_a_reader_may_take_them_when_the_colleague_who_did_is_lost(hall: Hall) -> None:
    """Who had declined at first was never asked again after somebody else accepted, and the reader waited for ever."""
    await hall.staff("lin")
    await hall.wait(1)
    await hall.staff("mei")
    session_id = await hall.ask("reader")
    await hall.work()
    await hall.decline("lin")
    await hall.work()
    await hall.take("mei")
    await hall.go("mei")
    await hall.wait(30)
    assert await hall.who(session_id) == "lin"


async def test_who_passed_a_reader_on_is_asked_again_rather_than_nobody(hall: Hall) -> None:
    lin = await hall.staff("lin")
    session_id = await hall.talk("lin", "reader")
    await hall.staff("mei", "near")
    await transfer_session(hall.ctx, lin, session_id, Transfer("desk", hall.desks["near"], "那边更熟悉"))
    await hall.wish("mei", availability="away")
    await hall.wait(29)
    assert await hall.who(session_id) == ""
    await hall.wait(1)
    assert await hall.who(session_id) == "lin"


async def test_the_circle_widens_to_the_group_and_to_the_alliance_in_time(hall: Hall) -> None:
    await hall.staff("full", capacity=1)
    await hall.talk("full", "first")
    near, far = await hall.ask("second"), await hall.ask("third")
    await hall.work()
    await hall.staff("mei", "near", capacity=1)
    await hall.staff("wu", "far")
    await hall.wait(14.9)
    assert await hall.who(near) == ""
    await hall.wait(0.1)
    assert (await hall.who(near), await hall.who(far)) == ("mei", "")
    await hall.wait(9.9)
    assert await hall.who(far) == ""
    await hall.wait(0.1)
    assert await hall.who(far) == "wu"


async def test_a_pending_offer_does_not_hold_the_circle_back(hall: Hall) -> None:
    await hall.staff("lin")
    await hall.staff("mei", "near")
    session_id = await hall.ask("reader")
    await hall.work()
    await hall.wait(12)  # lin misses it; she was the only one of her desk who might take it
    assert await hall.who(session_id) == "mei"


async def test_a_desk_without_anybody_is_answered_by_the_alliance_at_once(hall: Hall) -> None:
    await hall.staff("wu", "far")
    session_id = await hall.ask("reader")
    await hall.work()
    assert await hall.who(session_id) == "wu"


async def test_rare_languages_are_found_behind_any_number_of_others(hall: Hall) -> None:
    for number in range(12):
        await hall.staff(f"zh{number}", "far")
    await hall.wait(60)
    await hall.staff("english", "far", languages=frozenset({"en", "zh"}))
    session_id = await hall.ask("reader", language="en")
    await hall.work()
    assert await hall.who(session_id) == "english"


async def test_first_come_first_served_when_one_becomes_free(hall: Hall) -> None:
    lin = await hall.staff("lin", capacity=1)
    held = await hall.talk("lin", "talking")
    sessions = []
    for reader in ("one", "two", "three"):
        sessions.append(await hall.ask(reader))
        await hall.wait(1)
    await end_session(hall.ctx, lin, held)
    await hall.work()
    assert [await hall.who(session_id) for session_id in sessions] == ["lin", "", ""]


async def test_capacity_is_free_at_once_when_the_session_ends_though_the_record_is_due(hall: Hall) -> None:
    lin = await hall.staff("lin", capacity=1)
    held = await hall.talk("lin", "talking")
    await end_session(hall.ctx, lin, held)
    assert (await hall.session(held)).state is State.WRAPPING_UP
    assert (await hall.duty("lin")).load == 0


async def test_a_reader_who_leaves_takes_the_offer_with_them(hall: Hall) -> None:
    lin = await hall.staff("lin")
    session_id = await hall.ask("reader")
    await hall.work()
    offer = await hall.offered("lin")
    assert offer is not None
    await end_session(hall.ctx, Actor(reader_key="reader"), session_id)
    duty = await hall.duty("lin")
    assert (duty.load, duty.offers, duty.missed) == (0, 0, 0)
    with pytest.raises(Conflict, match="offer_gone"):
        await accept_offer(hall.ctx, lin, offer.offer_id)


async def test_orders_reach_support_and_practice_reaches_interns(hall: Hall) -> None:
    await hall.staff("lin")
    await hall.staff("agent", "far", role=Role.SUPPORT_AGENT)
    await hall.staff("intern", role=Role.INTERN)
    order = await hall.ask("buyer", topic="order")
    await hall.work()
    assert await hall.who(order) == "agent"
    practice = await hall.ask("pupil")
    async with hall.ctx.transaction() as tx:
        await tx.execute("UPDATE chat_session SET practice = TRUE WHERE id = $1", practice)
    await hall.work()
    assert await hall.who(practice) == "intern"


async def test_who_is_librarian_and_support_agent_is_offered_both_and_what_they_chose(hall: Hall) -> None:
    await hall.staff("lin", "far", also=[Role.SUPPORT_AGENT])
    order = await hall.ask("buyer", topic="order")
    await hall.work()
    assert await hall.who(order) == "lin"
    await hall.take("lin")
    question = await hall.ask("reader", desk="far")
    await hall.work()
    assert await hall.who(question) == "lin"
    await hall.take("lin")
    await hall.wish("lin", topics=frozenset({"reference"}))
    late = await hall.ask("late", topic="order")
    await hall.work()
    assert await hall.who(late) == ""


async def test_a_supervised_intern_has_a_named_full_librarian_behind_them(hall: Hall) -> None:
    await hall.set_policy("intern_live", "supervised")
    lin = await hall.staff("lin", capacity=1)
    await hall.talk("lin", "first")
    intern = await hall.staff("intern", role=Role.INTERN)
    session_id = await hall.ask("second")
    await hall.work()
    assert await hall.who(session_id) == "intern"
    session = await hall.take("intern")
    assert (session.staff_id, session.supervisor_id) == (intern.account_id, lin.account_id)


async def test_an_intern_whose_supervisor_has_left_cannot_take_the_reader(hall: Hall) -> None:
    await hall.set_policy("intern_live", "supervised")
    await hall.staff("lin", capacity=1)
    await hall.talk("lin", "first")
    intern = await hall.staff("intern", role=Role.INTERN)
    await hall.ask("second")
    await hall.work()
    offer = await hall.offered("intern")
    assert offer is not None
    await hall.wish("lin", availability="away")
    with pytest.raises(Conflict, match="no_supervisor"):
        await accept_offer(hall.ctx, intern, offer.offer_id)


async def test_a_transfer_to_a_person_reaches_them_first_at_its_old_place(hall: Hall) -> None:
    lin = await hall.staff("lin")
    wu = await hall.staff("wu", "far")
    session_id = await hall.talk("lin", "reader")
    queued_at = (await hall.session(session_id)).queued_at
    await hall.wait(200)
    await transfer_session(hall.ctx, lin, session_id, Transfer("person", wu.account_id, "熟悉民国文献"))
    await hall.work()
    assert await hall.who(session_id) == "wu"
    assert (await hall.session(session_id)).queued_at == queued_at
    assert (await hall.duty("lin")).load == 0
    await hall.take("wu")
    assert await hall.kinds(session_id) == [
        "queued",
        "message",
        "joined",
        "transferred",
        "requeued",
        "joined",
    ]


async def test_places_and_waits_are_told_when_they_change_and_every_ten_seconds(hall: Hall) -> None:
    await hall.staff("lin", capacity=1)
    await hall.talk("lin", "talking")
    first, second = await hall.ask("one"), await hall.ask("two")
    watch = PlaceWatch()
    assert await watch.look(hall.ctx) == 2
    moved = {e.session_id: e for e in hall.announced if isinstance(e, QueueMoved)}
    assert (moved[first].position, moved[second].position) == (1, 2)
    assert moved[first].on_duty == 1
    assert await watch.look(hall.ctx) == 0
    await hall.wait(10)
    assert await watch.look(hall.ctx) == 2
    await end_session(hall.ctx, Actor(reader_key="one"), first)
    assert await watch.look(hall.ctx) == 1
    assert (await place_of(hall.ctx, await hall.session(second))).position == 1


async def test_one_worker_of_several_tells_the_places(hall: Hall) -> None:
    await hall.ask("reader")
    other = replace(hall.ctx, process_id=hall.ctx.ids.new(), shelf={})
    assert await PlaceWatch().look(hall.ctx) == 1
    assert await PlaceWatch().look(other) == 0
    hall.clock.at += timedelta(seconds=5)  # the first falls silent
    assert await PlaceWatch().look(other) == 1


async def test_a_wait_is_foretold_from_the_latest_talks(hall: Hall) -> None:
    lin = await hall.staff("lin", capacity=2)
    for number in range(5):
        session_id = await hall.talk("lin", f"reader{number}")
        await hall.wait(120)
        await end_session(hall.ctx, lin, session_id)
    for number in range(2):
        await hall.talk("lin", f"talking{number}")
    hall.ctx.shelf.clear()
    waiting = await hall.session(await hall.ask("reader"))
    assert (await place_of(hall.ctx, waiting)).wait_seconds == 60  # two at once, two minutes each


async def test_nothing_is_done_when_nobody_waits(hall: Hall) -> None:
    await hall.staff("lin")
    assert await dispatch(hall.ctx) == 0
    assert MOST >= 1000
