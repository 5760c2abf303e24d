"""A reader and what they asked: the list, the story, cancelling, rating, asking again, converting, phone calls."""

import json
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from server.actions.consultations import (
    ask_again,
    cancel_consultation,
    consultation_story,
    my_consultations,
    rate_consultation,
)
from server.actions.conversions import Conversion, convert_consultation, convert_task
from server.actions.phone_calls import Call, enter_phone
from server.actions.pool import claim_task
from server.actions.pool_views import show_task
from server.actions.requests import Request, submit_request
from server.domain.consultations import Consultation
from server.domain.errors import Conflict, Invalid, NotAllowed, NotFound
from server.domain.forms import FormRefused
from server.domain.permissions import Actor, Role
from server.domain.tasks import Channel, Standing, TaskState
from server.store.consultations import consultation_by_id
from server.store.mails import give_up, put_back, take_mail
from server.store.postings import post_to_desk
from server.store.tasks import TaskRow, task_by_id
from tests.server.actions.conftest import Alliance

BOOK = {
    "material": "book",
    "title": "图书馆学导论",
    "authors": "于良芝",
    "date": "2003",
    "note": "第二版也可",
}
HOUR = timedelta(hours=1)


@pytest.fixture
async def reader(alliance: Alliance) -> Actor:
    return await alliance.actor("reader")


@pytest.fixture
async def librarian(alliance: Alliance) -> AsyncIterator[Actor]:
    actor = await alliance.actor("lin", alliance.grant(Role.LIBRARIAN, "home"), library="home")
    async with alliance.ctx.transaction() as tx:
        await post_to_desk(tx, alliance.desks["home"].id, actor.account_id)
    yield actor


async def requested(alliance: Alliance, reader: Actor, press: str = "p1", **more: str) -> Consultation:
    wish = Request("document", press, BOOK | more)
    return (await submit_request(alliance.ctx, reader, "home", wish)).consultation


async def asked(alliance: Alliance, reader: Actor) -> Consultation:
    wish = Request("form", "q1", question="请帮我找《图书馆学导论》。\n于良芝写的。")
    return (await submit_request(alliance.ctx, reader, "home", wish)).consultation


async def task_of(alliance: Alliance, c: Consultation) -> TaskRow:
    found = await task_by_id(alliance.ctx.db.read, c.task_id)
    assert found is not None
    return found


async def now_of(alliance: Alliance, c: Consultation) -> Consultation:
    found = await consultation_by_id(alliance.ctx.db.read, c.id)
    assert found is not None
    return found


async def held(alliance: Alliance, librarian: Actor) -> int:
    row = await alliance.ctx.db.read.row(
        "SELECT open_claims FROM claim_count WHERE staff_id = $1", librarian.account_id
    )
    return int(row["open_claims"]) if row else 0


async def test_the_list_goes_on_from_page_to_page_newest_first(alliance: Alliance, reader: Actor) -> None:
    for number in range(23):
        alliance.clock.advance(3 * HOUR)
        await requested(alliance, reader, f"p{number}", title=f"第{number}本")
    first, more = await my_consultations(alliance.ctx, reader)
    assert more is not None
    second, end = await my_consultations(alliance.ctx, reader, before=more[0], before_id=more[1])
    titles = [line.consultation.title for line in first + second]
    assert titles == [f"第{number}本" for number in reversed(range(23))]
    assert end is None
    assert (first[0].next.key, first[0].next.at) == ("search", first[0].due_at)
    assert first[-1].consultation.submitted_at + timedelta(hours=72) == first[-1].due_at


async def test_what_happens_next_follows_the_clock(alliance: Alliance, reader: Actor) -> None:
    document, question = await requested(alliance, reader), await asked(alliance, reader)

    async def said() -> list[str]:
        return [
            (await consultation_story(alliance.ctx, reader, c.id)).line.next.key for c in (document, question)
        ]

    assert await said() == ["search", "question"]
    alliance.clock.advance(timedelta(hours=72))
    assert await said() == ["search", "question"], "at exactly 72:00:00 the strict rule still holds"
    alliance.clock.advance(timedelta(seconds=1))
    assert await said() == ["widened", "late"]
    alliance.clock.advance(timedelta(hours=24))
    assert await said() == ["overdue", "overdue"]


async def test_nobody_else_finds_it(alliance: Alliance, reader: Actor, librarian: Actor) -> None:
    mine = await requested(alliance, reader)
    boss = await alliance.actor("boss", alliance.grant(Role.MANAGER), alliance.grant(Role.ADMINISTRATOR))
    for stranger in (await alliance.actor("other"), librarian, boss, Actor()):
        for attempt in (
            consultation_story(alliance.ctx, stranger, mine.id),
            cancel_consultation(alliance.ctx, stranger, mine.id),
            rate_consultation(alliance.ctx, stranger, mine.id, "satisfied"),
            ask_again(alliance.ctx, stranger, mine.id, "x"),
            convert_consultation(alliance.ctx, stranger, mine.id, Conversion("form")),
        ):
            with pytest.raises(NotFound) as refused:
                await attempt
            assert refused.value.code == "consultation_not_found"


async def test_cancelling_frees_the_librarian_and_tells_the_reader(
    alliance: Alliance, reader: Actor, librarian: Actor
) -> None:
    mine = await requested(alliance, reader)
    await claim_task(alliance.ctx, librarian, mine.task_id)
    assert await held(alliance, librarian) == 1
    assert (await cancel_consultation(alliance.ctx, reader, mine.id)).state is Standing.CANCELLED
    assert (await task_of(alliance, mine)).state is TaskState.DONE
    assert await held(alliance, librarian) == 0
    assert (await alliance.mails())[0].template == "request_cancelled"
    story = await consultation_story(alliance.ctx, reader, mine.id)
    assert [step.kind for step in story.steps] == ["received", "cancelled"]
    with pytest.raises(Conflict) as refused:
        await cancel_consultation(alliance.ctx, reader, mine.id)
    assert (refused.value.code, refused.value.rule_id) == ("consultation_closed", "R-72.9")


async def test_who_asked_for_the_same_goes_on_waiting(alliance: Alliance, reader: Actor) -> None:
    first = await requested(alliance, reader)
    alliance.clock.advance(HOUR)
    second = await requested(alliance, await alliance.actor("other"))
    await cancel_consultation(alliance.ctx, reader, first.id)
    task = await task_of(alliance, second)
    assert (task.state, task.consultations, task.clock_from_at) == (TaskState.OPEN, 1, second.submitted_at)


async def test_a_rating_waits_for_the_answer(alliance: Alliance, reader: Actor, librarian: Actor) -> None:
    mine = await asked(alliance, reader)
    with pytest.raises(Conflict) as early:
        await rate_consultation(alliance.ctx, reader, mine.id, "satisfied")
    assert early.value.code == "not_answered_yet"
    with pytest.raises(Invalid):
        await rate_consultation(alliance.ctx, reader, mine.id, "superb")
    async with alliance.ctx.transaction() as tx:
        await tx.execute("UPDATE consultation SET state = 'answered' WHERE id = $1", mine.id)
    for rating in ("fair", "satisfied"):
        await rate_consultation(alliance.ctx, reader, mine.id, rating, " 谢谢 ")
    kept = await now_of(alliance, mine)
    assert (kept.rating, kept.rating_comment) == ("satisfied", "谢谢")


async def test_asking_again_shows_what_waits_and_else_begins_a_new_clock(
    alliance: Alliance, reader: Actor
) -> None:
    mine = await requested(alliance, reader)
    again = await ask_again(alliance.ctx, reader, mine.id, "x1")
    assert again.again and again.consultation.id == mine.id
    await cancel_consultation(alliance.ctx, reader, mine.id)
    alliance.clock.advance(HOUR)
    fresh = await ask_again(alliance.ctx, reader, mine.id, "x2")
    assert not fresh.again and fresh.consultation.submitted_at == mine.submitted_at + HOUR
    assert json.loads(fresh.consultation.citation) == json.loads(mine.citation)


async def test_a_question_becomes_a_request_and_a_question_again_on_the_same_clock(
    alliance: Alliance, reader: Actor
) -> None:
    mine = await asked(alliance, reader)
    alliance.clock.advance(30 * HOUR)
    turned = await convert_consultation(alliance.ctx, reader, mine.id, Conversion("document", BOOK))
    assert (turned.channel, turned.title, turned.submitted_at) == (
        Channel.DOCUMENT,
        "图书馆学导论",
        mine.submitted_at,
    )
    assert turned.question == mine.question, "nothing that was said is lost"
    task = await task_of(alliance, turned)
    assert (task.channel, task.material, task.clock_from_at) == (
        Channel.DOCUMENT,
        "book",
        mine.submitted_at,
    )
    back = await convert_consultation(alliance.ctx, reader, mine.id, Conversion("form"))
    assert back.channel is Channel.FORM and back.submitted_at == mine.submitted_at
    assert "于良芝" in back.question and mine.question in back.question
    assert json.loads(back.citation)["note"] == BOOK["note"]
    story = await consultation_story(alliance.ctx, reader, mine.id)
    assert [step.kind for step in story.steps] == ["received", "converted", "converted"]
    with pytest.raises(Invalid):
        await convert_consultation(alliance.ctx, reader, mine.id, Conversion("form"))


async def test_a_conversion_names_the_fields_that_are_lacking(alliance: Alliance, reader: Actor) -> None:
    mine = await asked(alliance, reader)
    with pytest.raises(FormRefused) as refused:
        await convert_consultation(
            alliance.ctx, reader, mine.id, Conversion("document", {"material": "thesis", "title": ""})
        )
    assert {problem.field for problem in refused.value.problems} == {"title", "authors"}
    assert (await now_of(alliance, mine)).channel is Channel.FORM


async def test_a_converted_question_joins_the_equal_request_that_waits(
    alliance: Alliance, reader: Actor
) -> None:
    others = await requested(alliance, await alliance.actor("other"))
    alliance.clock.advance(HOUR)
    mine = await asked(alliance, reader)
    turned = await convert_consultation(alliance.ctx, reader, mine.id, Conversion("document", BOOK))
    assert turned.task_id == others.task_id
    shared = await task_of(alliance, turned)
    assert (shared.consultations, shared.clock_from_at) == (2, others.submitted_at)
    assert (await task_of(alliance, mine)).state is TaskState.DONE
    alone = await convert_consultation(alliance.ctx, reader, mine.id, Conversion("form"))
    assert alone.task_id not in (mine.task_id, others.task_id)
    assert (await task_of(alliance, alone)).clock_from_at == mine.submitted_at
    assert (await task_of(alliance, others)).consultations == 1


async def test_the_librarian_converts_what_she_holds_and_keeps_her_claim(
    alliance: Alliance, reader: Actor, librarian: Actor
) -> None:
    mine = await asked(alliance, reader)
    number = await claim_task(alliance.ctx, librarian, mine.task_id)
    with pytest.raises(Conflict) as late:
        await convert_task(alliance.ctx, librarian, mine.task_id, number - 1, Conversion("document", BOOK))
    assert late.value.code == "lease_over"
    await convert_task(alliance.ctx, librarian, mine.task_id, number, Conversion("document", BOOK))
    task = await task_of(alliance, mine)
    assert (task.state, task.holder_id, task.channel) == (
        TaskState.CLAIMED,
        librarian.account_id,
        Channel.DOCUMENT,
    )
    assert (await now_of(alliance, mine)).title == "图书馆学导论"
    (told,) = [mail for mail in await alliance.mails() if mail.template == "request_converted"]
    assert (told.recipient, told.data["channel"]) == (reader.mail, "document")


async def test_the_reader_is_mailed_once_of_each_conversion(alliance: Alliance, reader: Actor) -> None:
    mine = await asked(alliance, reader)
    for conversion in (Conversion("document", BOOK), Conversion("form"), Conversion("document", BOOK)):
        await convert_consultation(alliance.ctx, reader, mine.id, conversion)
    told = [mail for mail in await alliance.mails() if mail.template == "request_converted"]
    assert {mail.recipient for mail in told} == {reader.mail}
    assert sorted(str(mail.data["channel"]) for mail in told) == ["document", "form"]


async def test_a_mail_that_never_arrives_shows_on_the_consultation(
    alliance: Alliance, reader: Actor, librarian: Actor
) -> None:
    mine = await requested(alliance, reader)
    now = alliance.clock.now()
    async with alliance.ctx.transaction() as tx:
        mail = await take_mail(tx, now=now, until=now + HOUR)
        assert mail is not None and await put_back(tx, mail, next_at=now, error="451 come back later")
    assert (await consultation_story(alliance.ctx, reader, mine.id)).mails == ([], [now])
    assert (await show_task(alliance.ctx, librarian, mine.task_id)).mails_late == 1
    async with alliance.ctx.transaction() as tx:
        mail = await take_mail(tx, now=now, until=now + HOUR)
        assert mail is not None and await give_up(tx, mail, error="550 no such box")
    assert (await consultation_story(alliance.ctx, reader, mine.id)).mails == ([now], [])
    shown = await show_task(alliance.ctx, librarian, mine.task_id)
    assert (shown.mails_failed, shown.mails_late) == (1, 0)


async def test_a_call_is_answered_at_once_or_left_to_the_pool(alliance: Alliance, librarian: Actor) -> None:
    call = Call("home", "今天开馆到几点？", "c1", answer="晚上九点。", name="王先生", mail="wang@b.example")
    done = await enter_phone(alliance.ctx, librarian, call)
    assert (done.state, done.answer_kind, done.answered_by) == (
        Standing.ANSWERED,
        "text",
        librarian.account_id,
    )
    assert (await task_of(alliance, done)).state is TaskState.DONE
    assert [mail.template for mail in await alliance.mails()] == ["answer_sent"]
    assert (await enter_phone(alliance.ctx, librarian, call)).id == done.id
    left = await enter_phone(
        alliance.ctx, librarian, Call("home", "怎样查家谱？", "c2", phone="0755 1234567")
    )
    assert left.state is Standing.OPEN and left.submitted_by == librarian.account_id
    assert (await task_of(alliance, left)).state is TaskState.OPEN


async def test_a_call_without_an_answer_needs_a_way_back(alliance: Alliance, librarian: Actor) -> None:
    with pytest.raises(FormRefused) as refused:
        await enter_phone(alliance.ctx, librarian, Call("home", "", "c1"))
    assert {problem.code for problem in refused.value.problems} == {"question_missing", "call_back_needed"}
    with pytest.raises(NotFound):
        await enter_phone(alliance.ctx, librarian, Call("other", "问", "c1", phone="12345678"))


async def test_an_intern_leaves_the_answer_to_the_pool(alliance: Alliance) -> None:
    intern = await alliance.actor("intern", alliance.grant(Role.INTERN, "home"), library="home")
    async with alliance.ctx.transaction() as tx:
        await post_to_desk(tx, alliance.desks["home"].id, intern.account_id)
    with pytest.raises(NotAllowed) as refused:
        await enter_phone(alliance.ctx, intern, Call("home", "几点关门？", "c1", answer="九点。"))
    assert refused.value.rule_id == "R-ORG.5"
    kept = await enter_phone(alliance.ctx, intern, Call("home", "几点关门？", "c2", phone="12345678"))
    assert kept.state is Standing.OPEN
