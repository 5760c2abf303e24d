"""What is said in confidence stays so: notes, transcripts, earlier conversations (R-LIVE.6)."""

from tests.town import Person, Reader, Town


async def looks(town: Town, person: Person) -> int:
    rows = await town.ctx.db.read.rows(
        "SELECT 1 AS n FROM audit_entry WHERE verb = 'transcript.read' AND actor_id = $1", person.id
    )
    return len(rows)


async def served(town: Town, **more: str) -> Reader:
    reader = await town.ask("很私人的问题", **more)
    assert await town.take("lin") == reader.session
    return reader


async def test_a_librarian_who_asks_is_a_reader_like_any_other(town: Town) -> None:
    lin, mei = town.people["lin"], town.people["mei"]
    async with town.socket(lin) as desk:
        await town.available("lin")
        body = {"topic": "reference", "question": "我自己的问题", "client_id": "c1"}
        session = (await mei.http.post("/api/desks/home/sessions", json=body)).json()["session"]["id"]
        assert await town.take("lin") == session
        await desk.say(t="note", session=session, id="n1", text="同事也要排队")
        await desk.hear("ack", id="n1")
        base = f"/api/sessions/{session}"
        assert (await mei.http.get(f"{base}/events")).status_code == 200
        assert (await mei.http.get(f"{base}/notes")).status_code == 403
        for path, sent in (
            ("transfer", {"to": "support", "reason": "x"}),
            ("documents", {"title": "t", "url": "https://example.org/"}),
            ("abuse", {"reason": "x", "hours": 1}),
        ):
            assert (await mei.http.post(f"{base}/{path}", json=sent)).status_code == 403, path
        assert "同事也要排队" not in (await mei.http.get(f"{base}/transcript.txt")).text
        assert "同事也要排队" in (await lin.http.get(f"{base}/notes")).text


async def test_every_look_at_a_transcript_from_outside_is_noted(town: Town) -> None:
    lin, manager = town.people["lin"], town.people["manager"]
    async with town.socket(lin):
        await town.available("lin")
        reader = await served(town)
        base = f"/api/sessions/{reader.session}"
        for count, path in enumerate(("/events?after=1", "/transcript.txt"), start=1):
            assert (await manager.http.get(base + path)).status_code == 200
            assert await looks(town, manager) == count, path
        async with town.socket(manager, topics={f"chat/{reader.session}": 0}) as watching:
            await watching.hear("ev", kind="joined")
            await watching.say(t="note", session=reader.session, id="n", text="我在看")
            assert (await watching.hear("err", id="n"))["code"] == "not_in_session"
            await watching.say(t="post", session=reader.session, id="p", text="我插一句")
            assert (await watching.hear("err", id="p"))["code"] == "not_in_session"
        assert await looks(town, manager) == 3
        await lin.http.get(f"{base}/events")
        await lin.http.post(f"{base}/end", json={})
        await lin.http.get(f"/api/archive/{reader.session}")
        assert await looks(town, lin) == 0, "who takes part is not noted"
        await manager.http.get(f"/api/archive/{reader.session}")
        assert await looks(town, manager) == 4


async def test_who_serves_a_reader_reads_their_earlier_sessions_and_only_so_long(town: Town) -> None:
    lin, wu = town.people["lin"], town.people["wu"]
    async with town.socket(lin), town.socket(wu):
        await town.available("lin")
        first = await served(town)
        await lin.http.post(f"/api/sessions/{first.session}/end", json={})
        assert (await wu.http.get(f"/api/archive/{first.session}")).status_code == 404
        await town.available("wu")
        second = await town.ask("接着上次的问题", desk="other", visitor=first.visitor)
        assert await town.take("wu") == second.session
        earlier = (await wu.http.get(f"/api/sessions/{second.session}/desk-view")).json()["earlier"]
        assert [one["id"] for one in earlier] == [first.session]
        seen = await wu.http.get(f"/api/archive/{first.session}")
        assert "很私人的问题" in seen.text
        assert await looks(town, wu) == 1
        assert (await wu.http.post(f"/api/sessions/{first.session}/wrap-up", json={
            "question_type": "fact", "effort": 1, "outcome": "answered"})).status_code == 404  # fmt: skip
        await wu.http.post(f"/api/sessions/{second.session}/end", json={})
        done = {"question_type": "fact", "effort": 1, "outcome": "answered"}
        assert (await wu.http.post(f"/api/sessions/{second.session}/wrap-up", json=done)).status_code == 200
        assert (await wu.http.get(f"/api/archive/{first.session}")).status_code == 404
