"""Readers ask for documents: once, within the day's quota, beside others who want the same without learning of them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from server.actions.requests import Request, Submitted, submit_request
from server.context import Context, make_context
from server.domain.errors import NotAllowed, NotFound, TooMany
from server.domain.forms import FormRefused
from server.domain.permissions import NOBODY, Actor
from server.domain.tasks import Channel
from tests.server.actions.conftest import Alliance, settings_for

BOOK = {"material": "book", "title": "图书馆学导论", "authors": "于良芝", "date": "2003"}


def wish(press: str = "p1", **more: object) -> Request:
    return replace(Request("document", press, BOOK), **more)  # type: ignore[arg-type]


async def count(alliance: Alliance, table: str) -> int:
    row = await alliance.ctx.db.read.row(f"SELECT COUNT(*) AS count FROM {table}")
    return int(row["count"]) if row else 0


@asynccontextmanager
async def second_process(alliance: Alliance, folder: Path) -> AsyncIterator[Context]:
    """Another process on the same database."""
    settings = settings_for(alliance.ctx.settings.database_url, folder)
    ctx = replace(make_context(settings, lambda event: None), clock=alliance.clock)
    await ctx.db.open()
    try:
        yield ctx
    finally:
        await ctx.db.close()


async def test_a_request_waits_in_the_pool_and_the_reader_is_told(alliance: Alliance) -> None:
    reader = await alliance.actor("reader")
    submitted = await submit_request(alliance.ctx, reader, "home", wish(show_title=True))
    kept = submitted.consultation
    assert not submitted.again
    assert (kept.channel, kept.material, kept.title) == (Channel.DOCUMENT, "book", "图书馆学导论")
    assert kept.show_title and not kept.foreign_document
    (mail,) = await alliance.mails()
    assert (mail.template, mail.recipient) == ("request_received", reader.mail)
    assert mail.data["link"].endswith(f"/my/consultations/{kept.id}")


async def test_a_document_needs_a_log_in_and_a_question_does_not(alliance: Alliance) -> None:
    with pytest.raises(NotAllowed) as refused:
        await submit_request(alliance.ctx, NOBODY, "home", wish())
    assert (refused.value.code, refused.value.rule_id) == ("log_in_to_request", "R-ORG.2")
    asked = await submit_request(
        alliance.ctx, NOBODY, "home", Request("knowledge", "p1", question="鲁迅？", mail="a@b.example")
    )
    assert asked.consultation.channel is Channel.KNOWLEDGE
    assert {mail.template for mail in await alliance.mails()} == {"request_received", "form_question_desk"}


async def test_everything_wrong_is_said_at_once(alliance: Alliance) -> None:
    reader = await alliance.actor("reader")
    wrong = wish(citation={"material": "journal_article", "issn": "1234-5678"}, mail="nowhere")
    with pytest.raises(FormRefused) as refused:
        await submit_request(alliance.ctx, reader, "home", wrong)
    assert {problem.field for problem in refused.value.problems} == {"title", "container", "issn", "mail"}
    assert await count(alliance, "task") == 0


async def test_a_private_desk_is_asked_by_nobody(alliance: Alliance) -> None:
    reader = await alliance.actor("reader")
    with pytest.raises(NotFound):
        await submit_request(alliance.ctx, reader, "nowhere", wish())


async def test_a_double_click_over_two_processes_asks_once(alliance: Alliance, tmp_path: Path) -> None:
    reader = await alliance.actor("reader")
    async with second_process(alliance, tmp_path) as other:
        both = [submit_request(ctx, reader, "home", wish()) for ctx in (alliance.ctx, other) * 3]
        answers = await asyncio.gather(*both)
    assert len({answer.consultation.id for answer in answers}) == 1
    assert sum(not answer.again for answer in answers) == 1
    assert (await count(alliance, "consultation"), await count(alliance, "task")) == (1, 1)
    assert len(await alliance.mails()) == 1


async def test_the_same_wish_shows_the_one_that_waits(alliance: Alliance) -> None:
    reader = await alliance.actor("reader")
    first = await submit_request(alliance.ctx, reader, "home", wish("p1"))
    second = await submit_request(alliance.ctx, reader, "other", wish("p2"))
    assert second.again and second.consultation.id == first.consultation.id
    question = Request("form", "p3", question="怎样查民国报纸？")
    asked = await submit_request(alliance.ctx, reader, "home", question)
    again = await submit_request(alliance.ctx, reader, "home", replace(question, client_id="p4"))
    assert again.again and again.consultation.id == asked.consultation.id


async def test_an_equal_request_of_another_reader_is_joined_and_nothing_learnt(alliance: Alliance) -> None:
    one, two = await alliance.actor("one"), await alliance.actor("two")
    first = (await submit_request(alliance.ctx, one, "home", wish("p1"))).consultation
    alliance.clock.advance(timedelta(hours=5))
    joined = await submit_request(alliance.ctx, two, "other", wish("p1"))
    second = joined.consultation
    assert not joined.again, "whether somebody else asked before is nobody's business"
    assert second.id != first.id and second.task_id == first.task_id
    assert second.submitted_at - first.submitted_at == timedelta(hours=5)
    row = await alliance.ctx.db.read.row("SELECT consultations FROM task")
    assert row and row["consultations"] == 2
    said = str([mail.data for mail in await alliance.mails() if mail.recipient == two.mail])
    assert one.name not in said and first.id not in said


async def test_the_same_question_of_two_readers_is_two_tasks(alliance: Alliance) -> None:
    for name in ("one", "two"):
        asked = Request("form", "p1", question="怎样查民国报纸？")
        await submit_request(alliance.ctx, await alliance.actor(name), "home", asked)
    assert await count(alliance, "task") == 2


async def test_a_day_holds_ten_requests_and_says_when_the_next_may_come(alliance: Alliance) -> None:
    reader = await alliance.actor("reader")
    for number in range(10):
        await _another(alliance, reader, number)
    with pytest.raises(TooMany) as refused:
        await _another(alliance, reader, 10)
    assert (refused.value.code, refused.value.rule_id) == ("requests_today", "R-ANS.5")
    assert refused.value.data["at"] == "2026-11-21 00:00"  # where the installation stands
    assert await count(alliance, "consultation") == await count(alliance, "task") == 10
    again = await _another(alliance, reader, 9, press="other")
    assert again.again, "what waits already needs no slot"
    alliance.clock.advance(timedelta(hours=15))
    assert not (await _another(alliance, reader, 11)).again


async def test_two_requests_at_once_are_not_both_the_last_of_the_day(
    alliance: Alliance, tmp_path: Path
) -> None:
    reader = await alliance.actor("reader")
    for number in range(9):
        await _another(alliance, reader, number)
    async with second_process(alliance, tmp_path) as other:
        tries = [
            submit_request(ctx, reader, "home", wish(f"r{place}", citation=BOOK | {"title": f"书{place}"}))
            for place, ctx in enumerate((alliance.ctx, other) * 3)
        ]
        answers = await asyncio.gather(*tries, return_exceptions=True)
    assert sum(isinstance(answer, Submitted) for answer in answers) == 1
    assert {answer.code for answer in answers if isinstance(answer, TooMany)} == {"requests_today"}
    assert await count(alliance, "consultation") == 10


async def test_a_strangers_press_never_finds_what_another_stranger_asked(alliance: Alliance) -> None:
    first = Request("form", "1", question="我的秘密", mail="one@b.example")
    await submit_request(alliance.ctx, NOBODY, "home", first)
    second = await submit_request(
        alliance.ctx, NOBODY, "home", replace(first, question="别的", mail="two@b.example")
    )
    assert not second.again and second.consultation.question == "别的"


async def _another(alliance: Alliance, reader: Actor, number: int, press: str = "p") -> Submitted:
    wanted = wish(f"{press}{number}", citation=BOOK | {"title": f"第{number}本书"})
    return await submit_request(alliance.ctx, reader, "home", wanted)
