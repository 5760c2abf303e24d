"""Bounds at the doors: lines, frames and requests of one person; what breaks off leaves nobody behind."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosed

from server.api.gateway import LINES
from server.domain.policies import PolicyEntry
from server.store.policies import add_entry
from tests.town import Town, open_town


async def links(town: Town) -> int:
    return len(await town.ctx.db.read.rows("SELECT id FROM connection"))


async def test_one_readers_lines_are_bounded_and_one_that_ends_makes_room(town: Town) -> None:
    reader = await town.ask()
    async with AsyncExitStack() as stack:
        for _ in range(LINES - 1):
            await stack.enter_async_context(town.socket(token=reader.token))
        async with town.socket(token=reader.token):
            with pytest.raises(ConnectionClosed) as closed:
                async with town.socket(token=reader.token):
                    pass
            assert closed.value.rcvd is not None
            assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (4429, "too_many_lines")
        async with asyncio.timeout(60):
            while await links(town) >= LINES:
                await asyncio.sleep(0.02)  # the end of a line is written when it is noticed
        await stack.enter_async_context(town.socket(token=reader.token))


async def test_a_flood_of_frames_is_refused_by_name_and_messages_still_pass(town: Town) -> None:
    reader = await town.ask()
    async with town.socket(token=reader.token, topics={f"chat/{reader.session}": 0}) as chat:
        for _ in range(600):
            await chat.say(t="typing", session=reader.session)
        refused = await chat.hear("err")
        assert (refused["code"], refused["retry"]) == ("too_many_messages", "retry")
        await chat.say(t="post", session=reader.session, id="m1", text="我只是手快")
        assert (await chat.hear("ack", id="m1"))["seq"]


async def test_too_many_requests_are_told_when_to_come_back(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    town.hold_limits(monkeypatch)
    reader, other = await town.ask(), await town.ask()
    address = f"/api/sessions/{reader.session}/token"
    answers = [await reader.http.post(address, headers=reader.headers, json={}) for _ in range(120)]
    assert [answer.status_code for answer in answers] == [200] * 90 + [429] * 30
    assert int(answers[-1].headers["retry-after"]) >= 1
    calm = await other.http.post(f"/api/sessions/{other.session}/token", headers=other.headers, json={})
    assert calm.status_code == 200, "somebody else is not counted"


async def test_a_stream_that_never_begins_leaves_nobody_present(town: Town) -> None:
    reader = await town.ask()
    base = f"/api/sessions/{reader.session}/stream?token={reader.token}"
    answer = await reader.http.get(f"{base}&topics=chat/{reader.session}:²")
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "query_number")
    assert await links(town) == 0
    async with reader.http.stream("GET", base) as stream:
        async for line in stream.aiter_lines():
            if "subbed" in line:
                break
        assert await links(town) == 1
    async with asyncio.timeout(60):
        while await links(town):
            await asyncio.sleep(0.02)  # the end of a stream is written when it is noticed


async def test_what_is_not_there_or_not_done_so_is_said_in_the_askers_language(town: Town) -> None:
    nothing = await town.http.get("/api/nowhere", headers={"Accept-Language": "en"})
    assert (nothing.status_code, nothing.json()["error"]["code"]) == (404, "not_found")
    assert nothing.json()["error"]["message"].startswith("There is nothing here")
    wrong = await town.http.delete("/api/desks/home", headers={"Accept-Language": "en"})
    assert (wrong.status_code, wrong.json()["error"]["code"]) == (405, "method_not_allowed")
    assert "GET" in wrong.headers["allow"]
    page = await town.http.post("/", headers={"Accept-Language": "en"})
    assert page.status_code == 405 and "cannot be used that way" in page.text


async def test_a_form_without_end_is_cut_off(town: Town) -> None:
    async def long() -> AsyncIterator[bytes]:
        for _ in range(40):
            yield b"x=" + b"y" * 65_534

    answer = await town.http.post(
        "/login", content=long(), headers={"Content-Type": "application/x-www-form-urlencoded"}
    )
    assert answer.status_code == 413


async def test_nobody_mails_strangers_in_our_name(town: Town) -> None:
    reader = await town.ask("买我的东西")
    address = f"/api/sessions/{reader.session}/transcript"
    longest = "a" * 60 + "@" + ".".join(["b" * 60] * 2) + ".org"
    sent = [longest, *(f"victim{n}@example.org" for n in range(8))]
    answers = [await reader.http.post(address, json={"mail": mail}, headers=reader.headers) for mail in sent]
    assert [answer.status_code for answer in answers] == [200] * 5 + [429] * 4
    for n in range(25):
        form = {"client_id": f"q{n}", "question": "买我的东西", "mail": "victim@example.org"}
        assert (await town.http.post("/api/desks/home/questions", json=form)).status_code == 201
    row = await town.ctx.db.read.row(
        "SELECT COUNT(*) AS n FROM mail_out WHERE recipient = 'victim@example.org'"
    )
    assert row is not None and row["n"] == 20, "every question is kept, but who never asked is left in peace"


async def test_one_reader_opens_no_more_conversations_than_anybody_needs(town: Town) -> None:
    reader = await town.ask()
    body = {"topic": "reference", "question": "又来一次", "visitor": reader.visitor}
    for n in range(29):
        await reader.http.post(f"/api/sessions/{reader.session}/end", headers=reader.headers, json={})
        reader = await town.ask(visitor=reader.visitor)
        again = await town.ask(visitor=reader.visitor)
        assert again.session == reader.session, f"a double click is no conversation ({n})"
    await reader.http.post(f"/api/sessions/{reader.session}/end", headers=reader.headers, json={})
    refused = await town.http.post("/api/desks/home/sessions", json={**body, "client_id": "more"})
    assert (refused.status_code, refused.json()["error"]["code"]) == (429, "too_many_sessions")
    assert "表单咨询" in refused.json()["error"]["message"]
    assert int(refused.headers["retry-after"]) > 60
    await town.ask()  # somebody else at the same address is not held up


async def test_one_address_opens_many_conversations_but_not_without_end(
    database_url: str, tmp_path: Path
) -> None:
    async with open_town(database_url, tmp_path, sessions_per_address=3) as town:
        for _ in range(3):
            await town.ask()
        body = {"topic": "reference", "question": "第四位", "client_id": "c4"}
        refused = await town.http.post("/api/desks/home/sessions", json=body)
        assert refused.json()["error"]["code"] == "too_many_sessions"
        known = await town.people["reader"].http.post("/api/desks/home/sessions", json=body)
        assert known.status_code == 201, "who is logged in is counted by their account alone"


async def test_a_desk_whose_queue_is_full_says_so_and_takes_the_question_in_writing(town: Town) -> None:
    now = town.ctx.clock.now()
    async with town.ctx.transaction() as tx:
        await add_entry(tx, PolicyEntry(town.ctx.ids.new(), "", "queue_limit", 2, now, "test"))
    first, _ = await town.ask(), await town.ask()
    body = {"topic": "reference", "question": "还有位置吗？", "client_id": "c3"}
    refused = await town.http.post("/api/desks/home/sessions", json=body)
    assert (refused.status_code, refused.json()["error"]["code"]) == (429, "queue_full")
    assert "表单咨询" in refused.json()["error"]["message"] and refused.headers["retry-after"]
    again = await town.ask(visitor=first.visitor)
    assert again.session == first.session, "who waits already is let in again"
    await town.ask(desk="other")
    form = {"client_id": "q3", "question": "还有位置吗？", "mail": "r@example.org"}
    assert (await town.http.post("/api/desks/home/questions", json=form)).status_code == 201
    await first.http.post(f"/api/sessions/{first.session}/end", headers=first.headers, json={})
    assert (await town.http.post("/api/desks/home/sessions", json=body)).status_code == 201


@pytest.mark.parametrize(("allowed", "length"), [(6_000, 5_000), (200, 150)])
async def test_a_message_is_as_long_as_the_alliance_allows(town: Town, allowed: int, length: int) -> None:
    """The chat let people write what its page was told, and the server refused it by the length it was built with."""
    assert town.gateway is not None
    body = {"name": "message_characters", "value": str(allowed)}
    assert (await town.people["duty_manager"].http.post("/api/manage/policies", json=body)).status_code == 201
    await town.gateway.beat()
    reader = await town.ask()
    assert (await town.http.get("/api/desks/home")).json()["message_limit"] == allowed
    async with town.socket(token=reader.token, topics={f"chat/{reader.session}": 0}) as chat:
        await chat.say(t="post", session=reader.session, id="m1", text="长" * length)
        assert (await chat.hear("ack", id="m1"))["seq"]
        await chat.say(t="post", session=reader.session, id="m2", text="长" * (allowed + 1))
        refused = await chat.hear("err", id="m2")
        assert (refused["code"], refused["data"]["limit"]) == ("message_too_long", allowed)
