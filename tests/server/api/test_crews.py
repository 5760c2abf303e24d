"""Who sits in a conversation: interns with their supervisor, colleagues, who is barred, who comes back late."""

from typing import Any

from server.actions.sessions import practice_link
from server.domain.policies import PolicyEntry
from server.store.policies import add_entry
from tests.town import Reader, Town


async def allow_supervised(town: Town) -> None:
    now = town.ctx.clock.now()
    async with town.ctx.transaction() as tx:
        await add_entry(tx, PolicyEntry(town.ctx.ids.new(), "", "intern_live", "supervised", now, "test"))


async def card(town: Town, name: str, session: str) -> dict[str, Any]:
    console = (await town.people[name].http.get("/api/console")).json()
    return next((dict(one) for one in console["sessions"] if one["id"] == session), {})


async def events(reader: Reader) -> list[dict[str, Any]]:
    answer = await reader.http.get(f"/api/sessions/{reader.session}/events", headers=reader.headers)
    return list(answer.json()["events"])


async def test_an_intern_answers_under_the_eyes_of_a_librarian_who_can_take_over(town: Town) -> None:
    await allow_supervised(town)
    lin, intern = town.people["lin"], town.people["intern"]
    async with town.socket(lin) as desk, town.socket(intern) as learner:
        await town.available("lin", capacity=1)
        first = await town.ask("先来的读者")
        assert await town.take("lin") == first.session
        await town.available("intern")
        reader = await town.ask("后来的读者")
        topic = f"chat/{reader.session}"
        assert await town.take("intern") == reader.session
        assert (await card(town, "lin", reader.session))["role"] == "supervisor"
        await desk.say(t="sub", topic=topic, after=0)
        await desk.say(t="sub", topic=f"{topic}/staff", after=0)
        supervised = await desk.hear("ev", kind="supervised")
        assert supervised["data"]["staff"]["id"] == lin.id
        await learner.say(t="post", session=reader.session, id="i1", text="您好，我是实习咨询员")
        assert (await desk.hear("ev", id="i1"))["text"] == "您好，我是实习咨询员"
        await learner.say(t="sub", topic=topic, after=0)
        await learner.hear("ev", id="i1")
        taken = await lin.http.post(f"/api/sessions/{reader.session}/take-over", json={})
        assert taken.status_code == 200, taken.text
        await learner.hear("unsubbed", topic=topic)
        assert (await card(town, "lin", reader.session))["role"] == "holder"
        console = (await lin.http.get("/api/console")).json()
        assert (console["duty"]["load"], console["duty"]["capacity"]) == (
            2,
            1,
        )  # capacity holds back offers only
        kinds = [event["kind"] for event in await events(reader)]
        assert "supervised" not in kinds and kinds.count("joined") == 2


async def test_who_serves_a_reader_hears_when_they_are_gone_and_when_they_are_back(town: Town) -> None:
    async with town.socket(town.people["lin"]) as desk:
        await town.available("lin")
        reader = await town.ask()
        async with town.socket(token=reader.token):
            assert await town.take("lin") == reader.session
            await desk.say(t="sub", topic=f"chat/{reader.session}/staff", after=0)
            await desk.hear("subbed")
            assert (await card(town, "lin", reader.session))["reader_away"] is None
        away = (await desk.hear("reader", session=reader.session))["away"]
        assert away["since"] < away["until"]
        assert (await card(town, "lin", reader.session))["reader_away"] == away
        async with town.socket(token=reader.token):
            assert (await desk.hear("reader", session=reader.session))["away"] is None


async def test_practice_conversations_are_offered_to_interns_alone(town: Town) -> None:
    lin, intern = town.people["lin"], town.people["intern"]
    async with town.socket(lin), town.socket(intern):
        await town.available("lin")
        code = practice_link(town.ctx, "home").rpartition("=")[2]
        reader = await town.ask("练习题", practice=code)
        await town.available("intern")
        assert await town.take("intern") == reader.session
        body = {"topic": "reference", "question": "x", "client_id": "c", "practice": "1.²"}
        for wrong in ("²", "²²²².x", code.replace(".", "1.")):
            answer = await town.http.post("/api/desks/home/sessions", json={**body, "practice": wrong[:100]})
            assert (answer.status_code, answer.json()["error"]["code"]) == (403, "practice_code"), wrong


async def test_a_colleague_stays_through_a_transfer_and_goes_with_the_end(town: Town) -> None:
    lin, mei, wu = town.people["lin"], town.people["mei"], town.people["wu"]
    async with town.socket(lin), town.socket(mei) as beside, town.socket(wu):
        await town.available("lin")
        reader = await town.ask()
        topic = f"chat/{reader.session}"
        await town.take("lin")
        await town.available("mei")
        invited = await lin.http.post(f"/api/sessions/{reader.session}/invite", json={"staff_id": mei.id})
        assert invited.status_code == 200, invited.text
        await beside.say(t="sub", topic=topic, after=0)
        await beside.hear("ev", kind="joined")
        before = (await card(town, "lin", reader.session))["queued_at"]
        await town.available("wu")
        moved = await lin.http.post(
            f"/api/sessions/{reader.session}/transfer",
            json={"to": "person", "id": wu.id, "reason": "他懂这个"},
        )
        assert moved.status_code == 200 and moved.json()["queued_at"] == before
        await beside.hear("ev", kind="requeued")
        await beside.say(t="post", session=reader.session, id="c1", text="请稍等，同事马上来")
        await beside.hear("ack", id="c1")
        assert await town.take("wu") == reader.session
        assert (await lin.http.get(f"/api/sessions/{reader.session}/events")).status_code == 404
        await wu.http.post(f"/api/sessions/{reader.session}/end", json={})
        await beside.hear("unsubbed", topic=topic)


async def test_a_barred_reader_may_still_leave_a_question_until_a_manager_lifts_it(town: Town) -> None:
    lin, manager = town.people["lin"], town.people["manager"]
    async with town.socket(lin):
        await town.available("lin")
        reader = await town.ask("骂人的话")
        await town.take("lin")
        barred = await lin.http.post(
            f"/api/sessions/{reader.session}/abuse", json={"reason": "辱骂", "hours": 2}
        )
        assert barred.status_code == 200
        again = {"topic": "reference", "question": "再来", "client_id": "a1", "visitor": reader.visitor}
        refused = await reader.http.post("/api/desks/home/sessions", json=again)
        assert (refused.status_code, refused.json()["error"]["code"]) == (409, "blocked")
        form = {"client_id": "q1", "question": "我想借书", "mail": "r@example.org"}
        asked = await reader.http.post(
            "/api/desks/home/questions",
            json=form,
            headers={"Authorization": f"Visitor {reader.visitor}"},
        )
        assert asked.status_code == 201
        blocks = (await manager.http.get("/api/manage/blocks")).json()["blocks"]
        lifted = await manager.http.post(
            f"/api/manage/blocks/{blocks[0]['id']}/review", json={"verdict": "lifted"}
        )
        assert lifted.status_code == 200, lifted.text
        assert (await reader.http.post("/api/desks/home/sessions", json=again)).status_code == 201


async def test_what_was_written_offline_is_refused_clearly_and_goes_on_in_a_new_session(town: Town) -> None:
    async with town.socket(town.people["lin"]):
        await town.available("lin")
        reader = await town.ask("第一问")
        await town.take("lin")
        await town.people["lin"].http.post(f"/api/sessions/{reader.session}/end", json={})
        topic = f"chat/{reader.session}"
        async with town.socket(token=reader.token, topics={topic: 0}) as chat:
            await chat.hear("ev", kind="ended")
            await chat.say(t="post", session=reader.session, id="late", text="离线时写的")
            refused = await chat.hear("err", id="late")
            assert (refused["code"], refused["retry"]) == ("session_ended", "resume")
        form = {"client_id": "q", "question": "离线时写的", "mail": "r@example.org"}
        kept = await reader.http.post(
            f"/api/sessions/{reader.session}/question", json=form, headers=reader.headers
        )
        assert kept.status_code == 201
        fresh = await town.ask("离线时写的", visitor=reader.visitor, previous_id=reader.session)
        shown = await fresh.http.get(f"/api/sessions/{fresh.session}", headers=fresh.headers)
        assert shown.json()["previous_id"] == reader.session
