"""A conversation through the doors: real sockets, real HTTP, both backends."""

import asyncio
import json
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from server.store.database import NewMessage
from server.store.rows import to_us
from tests.town import Town


async def test_a_reader_talks_with_the_librarian_of_their_library(town: Town) -> None:
    lin = town.people["lin"]
    async with town.socket(lin) as desk:
        await town.available("lin")
        reader = await town.ask("请问怎样查民国报纸？")
        async with town.socket(token=reader.token, topics={f"chat/{reader.session}": 0}) as chat:
            first = await chat.hear("ev", kind="message")
            assert (first["seq"], first["text"], first["by"]["kind"]) == (2, "请问怎样查民国报纸？", "reader")
            assert await town.take("lin") == reader.session
            joined = await chat.hear("ev", kind="joined")
            assert joined["data"]["staff"]["name"] == "Lin"
            assert joined["data"]["library"] == {"zh": "书桥图书馆", "en": "Home Library"}
            await desk.say(t="sub", topic=f"chat/{reader.session}", after=0)
            await desk.hear("ev", kind="joined")
            await desk.say(t="post", session=reader.session, id="m1", text="您好，请稍等。")
            ack = await desk.hear("ack", id="m1")
            heard = await chat.hear("ev", kind="message", id="m1")
            assert heard["seq"] == ack["seq"] == joined["seq"] + 1
            await chat.say(t="receipt", session=reader.session, delivered=ack["seq"], read=ack["seq"])
            receipt = await desk.hear("rcpt", who="reader")
            assert receipt["read"] == ack["seq"]
            await chat.say(t="typing", session=reader.session)
            await desk.hear("typing", who="reader")
            assert town.gateway is not None
            await town.gateway.receipts.flush()
            async with town.socket(lin) as elsewhere:
                await elsewhere.say(t="sub", topic=f"chat/{reader.session}", after=ack["seq"])
                assert (await elsewhere.hear("rcpt", who="reader"))["read"] == ack["seq"]


async def test_a_resend_is_absorbed_and_gets_the_first_acknowledgement(town: Town) -> None:
    reader = await town.ask()
    topic = f"chat/{reader.session}"
    async with town.socket(token=reader.token, topics={topic: 0}) as chat:
        await chat.say(t="post", session=reader.session, id="m1", text="再问一句")
        first = await chat.hear("ack", id="m1")
    async with town.socket(token=reader.token, topics={topic: first["seq"]}) as chat:
        await chat.say(t="post", session=reader.session, id="m1", text="再问一句")
        again = await chat.hear("ack", id="m1")
        assert (again["seq"], again["again"]) == (first["seq"], True)
    events = (await reader.http.get(f"/api/sessions/{reader.session}/events", headers=reader.headers)).json()
    assert [e["text"] for e in events["events"]].count("再问一句") == 1


async def test_a_question_that_cannot_be_taken_is_refused_at_its_field(town: Town) -> None:
    for body in ({"topic": "reference"}, {"topic": "reference", "question": " "}, {"question": 5}):
        for address in ("sessions", "questions"):
            asked = {"client_id": "a", "mail": "a@b.cn", **body}
            answer = await town.http.post(f"/api/desks/home/{address}", json=asked)
            assert (answer.status_code, answer.json()["error"]["field"]) == (422, "question"), answer.text


async def test_a_double_click_opens_one_conversation(town: Town) -> None:
    reader = await town.ask()
    body = {"topic": "reference", "question": "同一个问题", "client_id": "same", "visitor": reader.visitor}
    answers = await asyncio.gather(
        *(reader.http.post("/api/desks/home/sessions", json=body) for _ in range(5))
    )
    assert {answer.status_code for answer in answers} == {200}
    assert {answer.json()["session"]["id"] for answer in answers} == {reader.session}
    events = (await reader.http.get(f"/api/sessions/{reader.session}/events", headers=reader.headers)).json()
    assert [e["text"] for e in events["events"]].count("同一个问题") == 1
    assert [e["seq"] for e in events["events"]] == list(range(1, len(events["events"]) + 1))


async def test_many_first_clicks_at_once_open_one_conversation(town: Town) -> None:
    body = {"topic": "reference", "question": "你好", "client_id": "c", "visitor": "a-secret-of-one-reader"}
    async with asyncio.timeout(30):
        http = (await town.ask()).http
        answers = await asyncio.gather(*(http.post("/api/desks/home/sessions", json=body) for _ in range(12)))
    assert {answer.status_code for answer in answers} <= {200, 201}
    assert len({answer.json()["session"]["id"] for answer in answers}) == 1
    assert [answer.status_code for answer in answers].count(201) == 1


async def test_a_secret_that_anybody_could_guess_is_refused(town: Town) -> None:
    body = {"topic": "reference", "question": "你好", "client_id": "c", "visitor": "me"}
    answer = await town.http.post("/api/desks/home/sessions", json=body)
    refused = answer.json()["error"]
    assert (answer.status_code, refused["field"]) == (422, "visitor"), refused


async def test_a_stranger_sees_nothing(town: Town) -> None:
    reader, other = await town.ask(), await town.ask()
    address = f"/api/sessions/{reader.session}"
    for headers in ({}, other.headers, {"Authorization": "Visitor wrong"}):
        answer = await other.http.get(address, headers=headers)
        assert answer.status_code == 404
        assert answer.json()["error"]["code"] == "session_not_found"
    assert (await town.people["wu"].http.get(address)).status_code == 404
    forged = reader.token[:-3] + "abc"
    answer = await other.http.get(address, headers={"Authorization": f"Token {forged}"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "token_invalid")


async def test_notes_stay_among_staff(town: Town) -> None:
    lin = town.people["lin"]
    async with town.socket(lin) as desk:
        await town.available("lin")
        reader = await town.ask()
        topic = f"chat/{reader.session}"
        async with town.socket(token=reader.token, topics={topic: 0}) as chat:
            await town.take("lin")
            await desk.say(t="sub", topic=f"{topic}/staff", after=0)
            await desk.say(t="note", session=reader.session, id="n1", text="读者很着急")
            ack = await desk.hear("ack", id="n1")
            assert ack["seq"] == 1
            await chat.say(t="sub", topic=f"{topic}/staff", after=0)
            refused = await chat.hear("err")
            assert refused["code"] == "topic_not_found"
            await chat.say(t="note", session=reader.session, id="n2", text="我也来")
            assert (await chat.hear("err", id="n2"))["code"] == "not_in_session"
            assert not [f for f in chat.heard if f.get("text") == "读者很着急"]
    answer = await reader.http.get(f"/api/sessions/{reader.session}/notes", headers=reader.headers)
    assert answer.status_code in (401, 403)


async def test_the_session_ends_is_rated_and_archived_with_its_record(town: Town) -> None:
    lin = town.people["lin"]
    async with town.socket(lin):
        await town.available("lin", capacity=1)
        reader = await town.ask()
        await town.take("lin")
        ended = await reader.http.post(f"/api/sessions/{reader.session}/end", headers=reader.headers, json={})
        assert ended.json()["state"] == "wrapping_up"
        rated = await reader.http.post(
            f"/api/sessions/{reader.session}/rating",
            headers=reader.headers,
            json={"rating": "satisfied", "comment": "谢谢"},
        )
        assert rated.status_code == 200
        # While wrapping up it counts neither as the reader's open session nor as capacity.
        console = (await lin.http.get("/api/console")).json()
        assert console["duty"]["load"] == 0
        again = await town.ask(visitor=reader.visitor)
        assert again.session != reader.session
        assert (await again.http.get(f"/api/sessions/{again.session}", headers=again.headers)).json()[
            "previous_id"
        ] == reader.session
        bad = await lin.http.post(
            f"/api/sessions/{reader.session}/wrap-up",
            json={"question_type": "fact", "effort": 7, "outcome": "answered"},
        )
        assert (bad.status_code, bad.json()["error"]["rule"]) == (422, "R-LIVE.5")
        record = {
            "question_type": "fact",
            "effort": 2,
            "outcome": "answered",
            "typical_case": True,
            "note": "",
        }
        assert (
            await lin.http.post(f"/api/sessions/{reader.session}/wrap-up", json=record)
        ).status_code == 200
        assert (
            await lin.http.post(f"/api/sessions/{reader.session}/wrap-up", json=record)
        ).status_code == 409
        shown = (await reader.http.get(f"/api/sessions/{reader.session}", headers=reader.headers)).json()
        assert shown["state"] == "closed"


async def test_a_transfer_to_a_person_tells_the_reader_and_fences_the_old_librarian(town: Town) -> None:
    async with town.socket(town.people["lin"]) as desk, town.socket(town.people["mei"]):
        await town.available("lin")
        reader = await town.ask()
        topic = f"chat/{reader.session}"
        async with town.socket(token=reader.token, topics={topic: 0}) as chat:
            await town.take("lin")
            await desk.say(t="sub", topic=topic, after=0)
            await desk.hear("ev", kind="joined")
            await town.available("mei")
            moved = await town.people["lin"].http.post(
                f"/api/sessions/{reader.session}/transfer",
                json={"to": "person", "id": town.people["mei"].id, "reason": "熟悉古籍"},
            )
            assert moved.status_code == 200, moved.text
            told = await chat.hear("ev", kind="transferred")
            assert told["data"]["reason"] == "熟悉古籍"
            assert await town.take("mei") == reader.session
            await chat.hear("ev", kind="joined")
            await desk.hear("unsubbed", topic=topic)
            await desk.say(t="post", session=reader.session, id="late", text="我还在")
            assert (await desk.hear("err", id="late"))["code"] in ("session_not_found", "not_in_session")


async def test_the_transcript_says_why_it_was_passed_on_and_who_left(town: Town) -> None:
    lin, mei = town.people["lin"], town.people["mei"]
    async with town.socket(lin), town.socket(mei):
        await town.available("lin")
        reader = await town.ask()
        await town.take("lin")
        base = f"/api/sessions/{reader.session}"
        await town.available("mei")
        assert (await lin.http.post(f"{base}/invite", json={"staff_id": mei.id})).status_code == 200
        assert (await mei.http.post(f"{base}/leave", json={})).status_code == 200
        away = {"to": "desk", "id": town.desks["other"], "reason": "远方图书馆更清楚"}
        assert (await lin.http.post(f"{base}/transfer", json=away)).status_code == 200
    said = (await reader.http.get(f"{base}/transcript.txt", headers=reader.headers)).text
    assert f"{mei.name}离开咨询" in said
    assert "咨询已转交：远方图书馆更清楚" in said


async def test_a_reader_leaves_the_question_as_a_form_question_at_any_moment(town: Town) -> None:
    reader = await town.ask("想借《四库全书》影印本")
    body = {"client_id": "q1", "kind": "form", "mail": "reader@example.org"}
    answers = [
        await reader.http.post(f"/api/sessions/{reader.session}/question", headers=reader.headers, json=body)
        for _ in range(2)
    ]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert len({answer.json()["id"] for answer in answers}) == 1
    row = await town.ctx.db.read.row("SELECT * FROM consultation")
    assert row is not None and row["question"] == "想借《四库全书》影印本" and "四库全书" in row["transcript"]
    mails = await town.ctx.db.read.rows("SELECT recipient FROM mail_out ORDER BY recipient")
    assert [mail["recipient"] for mail in mails] == ["desk@home.test", "reader@example.org"]
    shown = (await reader.http.get(f"/api/sessions/{reader.session}", headers=reader.headers)).json()
    assert (shown["state"], shown["end_reason"]) == ("closed", "form_question")


async def test_bad_frames_get_a_named_error_and_hurt_nobody(town: Town) -> None:
    reader = await town.ask()
    async with town.socket(token=reader.token, topics={f"chat/{reader.session}": 0}) as chat:
        await chat.line.send("{not json")
        assert (await chat.hear("err"))["code"] == "frame_malformed"
        await chat.say(t="nonsense")
        assert (await chat.hear("err"))["code"] == "frame_invalid"
        await chat.say(t="post", session=reader.session, id="e", text=5)
        assert (await chat.hear("err"))["field"] == "text"
        await chat.say(t="sub")
        assert (await chat.hear("err"))["field"] == "topic"
        await chat.say(t="post", session=reader.session, id="e", text="  \n ")
        assert (await chat.hear("err", id="e"))["code"] == "message_empty"
        await chat.say(t="post", session="someone-elses", id="x", text="hi")
        assert (await chat.hear("err", id="x"))["code"] == "session_not_found"
        await chat.say(t="post", session=reader.session, id="ok", text="还在")
        assert (await chat.hear("ack", id="ok"))["seq"]


async def test_the_fall_back_carries_the_same_frames(town: Town) -> None:
    reader = await town.ask("SSE 也行")
    frame = {"t": "post", "session": reader.session, "id": "s1", "text": "经由 POST"}
    answer = await reader.http.post(
        f"/api/sessions/{reader.session}/frames", headers=reader.headers, content=json.dumps(frame)
    )
    assert [f["t"] for f in answer.json()["frames"]] == ["ack"]
    seen = []
    async with asyncio.timeout(60):
        address = f"/api/sessions/{reader.session}/stream?after=0&token={reader.token}"
        async with reader.http.stream("GET", address) as stream:
            async for line in stream.aiter_lines():
                if line.startswith("data: "):
                    seen.append(json.loads(line[6:]))
                if seen and seen[-1].get("id") == "s1":
                    break
    assert [f["t"] for f in seen[:2]] == ["welcome", "subbed"]
    assert [f["seq"] for f in seen if f["t"] == "ev"] == [1, 2, 3]


async def test_files_travel_as_attachments_and_bad_ones_are_refused_by_name(town: Town) -> None:
    reader = await town.ask()
    address = f"/api/sessions/{reader.session}/files"
    sent = await reader.http.post(
        address,
        params={"name": "报告.pdf", "client_id": "f1"},
        headers=reader.headers,
        content=b"%PDF-1.7 demo",
    )
    assert sent.status_code == 201, sent.text
    got = await reader.http.get(sent.json()["url"].replace(town.ctx.settings.public_url, ""))
    assert got.content == b"%PDF-1.7 demo"
    assert got.headers["content-disposition"].startswith("attachment")
    assert got.headers["x-content-type-options"] == "nosniff"
    for name, content, code in (
        ("page.pdf", b"<html><script>alert(1)</script>", "file_kind"),
        ("tool.exe", b"MZ\x90\x00", "file_kind"),
        ("empty.txt", b"", "file_empty"),
        ("big.txt", b"x" * (town.ctx.settings.upload_limit + 1), "file_too_large"),
    ):
        refused = await reader.http.post(
            address, params={"name": name}, headers=reader.headers, content=content
        )
        assert refused.json()["error"]["code"] == code
    assert not list((town.ctx.files._folder / "partial").glob("*"))  # type: ignore[attr-defined]


async def test_an_intern_is_not_brought_into_a_real_conversation(town: Town) -> None:
    async with town.socket(town.people["lin"]), town.socket(town.people["mei"]):
        await town.available("lin")
        reader = await town.ask()
        await town.take("lin")
        await town.available("mei")
        address = f"/api/sessions/{reader.session}/invite"
        refused = await town.people["lin"].http.post(address, json={"staff_id": town.people["intern"].id})
        assert (refused.status_code, refused.json()["error"]["rule"]) == (403, "R-ORG.5")
        invited = await town.people["lin"].http.post(address, json={"staff_id": town.people["mei"].id})
        assert invited.status_code == 200, invited.text


async def test_the_longest_conversation_is_read_whole_at_once(town: Town) -> None:
    """As the chat does with an earlier one; it used to end with the five hundredth line, and nothing said so."""
    reader = await town.ask()
    crew = (await town.ctx.db.read.rows("SELECT crew FROM chat_log"))[0]["crew"]
    said = [
        NewMessage(reader.session, crew, f"m{n}", "reader", "", "", "message", f"第 {n} 句", "", 0)
        for n in range(600)
    ]
    await asyncio.gather(*map(town.ctx.db.append, said))
    asked = f"/api/sessions/{reader.session}/events?after=0&limit=5000"
    events = (await reader.http.get(asked, headers=reader.headers)).json()["events"]
    assert [event["text"] for event in events][-600:] == [message.body for message in said]


async def test_a_transcript_names_the_days_on_which_it_was_said(town: Town) -> None:
    reader = await town.ask("跨年的问题")
    newyear = datetime(2025, 12, 31, 15, 58, tzinfo=UTC)  # two minutes to midnight in Shenzhen
    async with town.ctx.transaction() as tx:
        await tx.execute(
            "UPDATE chat_event SET at = $1 WHERE session_id = $2", to_us(newyear), reader.session
        )
    async with town.socket(token=reader.token, topics={f"chat/{reader.session}": 0}) as chat:
        await chat.say(t="post", session=reader.session, id="m1", text="一年以后")
        stored = datetime.fromisoformat((await chat.hear("ack", id="m1"))["at"])
    base = f"/api/sessions/{reader.session}"
    said = (await reader.http.get(f"{base}/transcript.txt", headers=reader.headers)).text
    today = stored.astimezone(ZoneInfo("Asia/Shanghai"))
    assert "2025年12月31日\n[23:58] 读者: 跨年的问题\n" in said
    assert f"{today.year}年{today.month}月{today.day}日\n[" in said
    assert "今天" not in said, "it is read on another day than it is written"
