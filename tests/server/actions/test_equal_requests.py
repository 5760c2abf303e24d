"""Requests for one document meet under any of their keys, also when they come at once; two documents never do."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from server.actions.consultations import cancel_consultation
from server.actions.conversions import Conversion, convert_consultation
from server.actions.requests import Request, submit_request
from server.domain.consultations import Consultation
from tests.server.actions.conftest import Alliance
from tests.server.actions.test_requests import count, second_process

BOOK = {"material": "book", "title": "图书馆学导论", "authors": "于良芝", "date": "2003"}
NUMBER = "9787030116420"
NUMBERED = {**BOOK, "isbn": NUMBER}
ARTICLE = {
    "material": "journal_article",
    "title": "公共图书馆联合参考咨询服务研究",
    "authors": "王强",
    "container": "图书馆杂志",
    "date": "2019",
}
DOI = {"doi": "10.1000/abc"}


async def ask(alliance: Alliance, name: str, citation: Mapping[str, str]) -> Consultation:
    reader = await alliance.actor(name)
    wish = Request("document", f"{name} {len(citation)}", citation)
    return (await submit_request(alliance.ctx, reader, "home", wish)).consultation


@pytest.mark.parametrize(("one", "other"), [(NUMBERED, BOOK), (BOOK, NUMBERED), (ARTICLE | DOI, ARTICLE)])
async def test_one_with_its_number_and_one_without_are_one_task(
    alliance: Alliance, one: dict[str, str], other: dict[str, str]
) -> None:
    first, second = await ask(alliance, "one", one), await ask(alliance, "two", other)
    assert second.id != first.id and second.task_id == first.task_id
    row = await alliance.ctx.db.read.row("SELECT consultations FROM task")
    assert row and row["consultations"] == 2


async def test_who_joins_brings_her_keys_along(alliance: Alliance) -> None:
    first = await ask(alliance, "one", BOOK)
    await ask(alliance, "two", NUMBERED)
    third = await ask(alliance, "three", {"material": "book", "isbn": NUMBER})
    assert third.task_id == first.task_id


async def test_two_documents_under_one_key_are_two_tasks(alliance: Alliance) -> None:
    """Volumes of one issue-less article and editions share words; their numbers tell them apart."""
    first = await ask(alliance, "one", ARTICLE | DOI)
    second = await ask(alliance, "two", ARTICLE | {"doi": "10.1000/def"})
    assert second.task_id != first.task_id
    third = await ask(alliance, "three", ARTICLE | {"doi": "10.1000/def", "title": "别的写法"})
    assert third.task_id == second.task_id, "the number decides where the words do not"
    fourth = await ask(alliance, "four", ARTICLE | DOI | {"volume": "3"})
    fifth = await ask(alliance, "five", ARTICLE | DOI | {"volume": "4"})
    assert fourth.task_id == first.task_id != fifth.task_id


async def test_what_left_a_task_is_met_there_no_longer(alliance: Alliance) -> None:
    first = await ask(alliance, "one", BOOK)
    second = await ask(alliance, "two", NUMBERED)
    await cancel_consultation(alliance.ctx, await alliance.actor("two"), second.id)
    by_number = await ask(alliance, "three", {"material": "book", "isbn": NUMBER})
    assert by_number.task_id != first.task_id


async def test_a_finished_task_keeps_no_key(alliance: Alliance) -> None:
    first = await ask(alliance, "one", NUMBERED)
    assert await count(alliance, "task_match_key") == 2
    await cancel_consultation(alliance.ctx, await alliance.actor("one"), first.id)
    assert await count(alliance, "task_match_key") == 0
    assert (await ask(alliance, "two", BOOK)).task_id != first.task_id


async def test_a_converted_request_is_met_as_what_it_is_now(alliance: Alliance) -> None:
    reader = await alliance.actor("one")
    first = await ask(alliance, "one", NUMBERED)
    await convert_consultation(alliance.ctx, reader, first.id, Conversion("form"))
    second = await ask(alliance, "two", BOOK)
    assert second.task_id != first.task_id
    back = await convert_consultation(alliance.ctx, reader, first.id, Conversion("document"))
    assert back.task_id == second.task_id


async def test_many_at_once_over_two_processes_share_one_task(alliance: Alliance, tmp_path: Path) -> None:
    """Half of them know the number, half do not: whoever comes second finds the first."""
    readers = [await alliance.actor(f"reader{number}") for number in range(8)]
    wish = Request("document", "p", BOOK)
    async with second_process(alliance, tmp_path) as other:
        tries = [
            submit_request(ctx, reader, "home", replace(wish, citation=(BOOK, NUMBERED)[place // 2 % 2]))
            for place, (reader, ctx) in enumerate(zip(readers, (alliance.ctx, other) * 4, strict=True))
        ]
        asked = await asyncio.gather(*tries)
    assert len({each.consultation.task_id for each in asked}) == 1
    row = await alliance.ctx.db.read.row("SELECT consultations FROM task")
    assert row and (await count(alliance, "task"), row["consultations"]) == (1, 8)
