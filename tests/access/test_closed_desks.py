"""A desk that is set to not open while somebody talks there: who has asked may finish, and nobody begins."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx2 as httpx
import pytest

from server.store.libraries import listed_origins
from tests.town import Reader, Town, open_town

SITE = "https://www.home.test"


@pytest.fixture
async def town(sqlite_url: str, tmp_path: Path) -> AsyncIterator[Town]:
    async with open_town(sqlite_url, tmp_path) as town:
        async with town.ctx.transaction() as tx:
            await tx.execute("UPDATE desk SET origins = $1", f'["{SITE}"]')
        yield town


async def close(town: Town) -> None:
    async with town.ctx.transaction() as tx:
        await tx.execute("UPDATE desk SET open = FALSE")


def as_visitor(reader: Reader) -> dict[str, str]:
    return {"Authorization": f"Visitor {reader.visitor}"}


def refusal(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


async def test_who_has_asked_comes_back_in_and_finishes(town: Town) -> None:
    reader = await town.ask()
    await close(town)
    desk = await town.http.get("/api/desks/home", headers=as_visitor(reader))
    assert desk.status_code == 200, desk.text
    assert "不接受新问题" in desk.json()["closed"]["zh"] and not desk.json()["on_duty"]
    async with town.socket(token=reader.token, topics={f"chat/{reader.session}": 0}) as line:
        await line.say(t="post", session=reader.session, id="m1", text="还没问完")
        await line.hear("ack", id="m1")
    base = f"/api/sessions/{reader.session}"
    for path, body in (("end", {}), ("rating", {"rating": "fair"})):
        answer = await town.http.post(f"{base}/{path}", headers=as_visitor(reader), json=body)
        assert answer.status_code == 200, answer.text
    transcript = await town.http.get(f"{base}/transcript.txt", headers=as_visitor(reader))
    assert "还没问完" in transcript.text
    assert SITE in await listed_origins(town.ctx.db.read), (
        "it began on the library's own page, and is read there"
    )


async def test_whoever_waits_may_leave_the_question_in_writing_instead(town: Town) -> None:
    reader = await town.ask()
    await close(town)
    wish = {"client_id": "instead", "mail": "reader@library.test"}
    base = f"/api/sessions/{reader.session}"
    kept = await town.http.post(f"{base}/question", headers=as_visitor(reader), json=wish)
    assert kept.status_code == 201, kept.text


async def test_they_are_told_kindly_that_nothing_new_is_taken(town: Town) -> None:
    reader = await town.ask()
    await close(town)
    await town.http.post(f"/api/sessions/{reader.session}/end", headers=as_visitor(reader), json={})
    asked = {"topic": "reference", "question": "还有一个问题", "client_id": "more", "visitor": reader.visitor}
    assert refusal(await town.http.post("/api/desks/home/sessions", json=asked)) == (403, "desk_closed")
    left = {"question": "还有一个问题", "client_id": "more", "mail": "reader@library.test"}
    answer = await town.http.post("/api/desks/home/questions", json=left, headers=as_visitor(reader))
    assert refusal(answer) == (403, "desk_closed")


async def test_for_everybody_else_there_is_no_such_desk(town: Town) -> None:
    await town.ask()
    await close(town)
    asked = {"topic": "reference", "question": "有人吗", "client_id": "new"}
    for headers in ({}, {"Authorization": "Visitor guessed"}):
        assert refusal(await town.http.get("/api/desks/home", headers=headers)) == (404, "desk_not_found")
        answer = await town.http.post("/api/desks/home/sessions", json=asked, headers=headers)
        assert refusal(answer) == (404, "desk_not_found")
    for name in ("reader", "wu"):
        answer = await town.people[name].http.get("/api/desks/home")
        assert refusal(answer) == (404, "desk_not_found")


async def test_a_desk_that_was_never_asked_at_leaves_no_origin_behind(town: Town) -> None:
    await close(town)
    assert await listed_origins(town.ctx.db.read) == frozenset()
