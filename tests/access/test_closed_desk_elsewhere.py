"""A desk has closed, and its reader comes from another device by the log-in alone: what is theirs is there."""

import re
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import httpx2 as httpx
import pytest

from server.store.rows import to_us
from tests.access.test_closed_desks import close, refusal
from tests.town import ORIGIN, Reader, Town, open_town

WANTED = "我想找《图书馆学导论》，于良芝著，2003年版"
ASKED = {"topic": "reference", "language": "zh"}


@pytest.fixture
async def town(database_url: str, tmp_path: Path) -> AsyncIterator[Town]:
    async with open_town(database_url, tmp_path) as town:
        async with town.ctx.transaction() as tx:  # an account without a password cannot log in anywhere
            await tx.execute("UPDATE account SET password_hash = 'x' WHERE name = 'Reader'")
        yield town


async def talking(town: Town) -> Reader:
    """The reader asks under their own name, and the desk closes."""
    http = town.people["reader"].http
    body = {**ASKED, "question": WANTED, "client_id": "first"}
    opened = (await http.post("/api/desks/home/sessions", json=body)).json()
    await close(town)
    return Reader(opened["session"]["id"], opened["token"], "", http)


async def end(town: Town, reader: Reader, *, days_ago: int = 0) -> None:
    assert (await reader.http.post(f"/api/sessions/{reader.session}/end", json={})).status_code == 200
    at = to_us(town.ctx.clock.now() - timedelta(days=days_ago))
    async with town.ctx.transaction() as tx:
        await tx.execute("UPDATE chat_session SET ended_at = $1", at)


async def bearer_from(town: Town, page: str, origin: str = "") -> dict[str, str]:
    """What the chat of a page makes of the code that the page holds."""
    code = re.search(r'data-(?:login|code)="([^"]+)"', page)
    assert code is not None, page
    headers = {"Origin": origin} if origin else {}
    answer = await town.http.post(
        "/api/widget/login", json={"desk": "home", "code": code[1]}, headers=headers
    )
    assert answer.status_code == 200, answer.text
    return {"Authorization": f"Bearer {answer.json()['bearer']}"}


async def post_form(http: httpx.AsyncClient, path: str, **fields: str) -> httpx.Response:
    form = (await http.get("/login/window?desk=other&origin=" + ORIGIN)).text
    token = re.search(r'name="csrf" content="([^"]+)"', form)
    assert token is not None
    return await http.post(path, data={"csrf": token[1], **fields})


async def test_the_desks_page_leads_a_logged_in_reader_to_what_they_have_there(town: Town) -> None:
    reader = await talking(town)
    page = await reader.http.get("/d/home")
    assert page.status_code == 200 and "不接受新问题" in page.text, page.text
    phone = await bearer_from(town, page.text)
    assert (await town.http.get("/api/desks/home", headers=phone)).json()["closed"]
    (mine,) = (await town.http.get("/api/me/sessions?desk=home", headers=phone)).json()["sessions"]
    assert (mine["id"], mine["state"]) == (reader.session, "queued")
    fresh = (await town.http.post(f"/api/sessions/{mine['id']}/token", headers=phone)).json()["token"]
    async with town.socket(token=fresh, topics={f"chat/{mine['id']}": 0}) as line:
        await line.say(t="post", session=mine["id"], id="m1", text="从手机上接着问")
        await line.hear("ack", id="m1")


async def test_nobody_else_learns_of_it(town: Town) -> None:
    await talking(town)
    for http in (town.http, town.people["wu"].http):
        page = await http.get("/d/home")
        assert page.status_code == 404 and "data-login" not in page.text
        nowhere = await http.get("/d/nowhere")
        assert nowhere.text.replace("nowhere", "home").count("</") == page.text.count("</")
        for path in ("/d/home/ask", "/d/home/request", "/d/home/request?talk=guessed"):
            assert (await http.get(path)).status_code == 404, path


async def test_whoever_talks_there_may_still_log_in_to_go_on_elsewhere(town: Town) -> None:
    """The window said that there was no such desk, in the middle of a conversation at it."""
    visitor = await town.ask()
    await close(town)
    http = town.people["reader"].http
    shown = await http.get(f"/login/window?desk=home&origin={ORIGIN}")
    assert shown.status_code == 200, shown.text
    done = await post_form(http, "/login/window", desk="home", origin=ORIGIN, **{"continue": "1"})
    code = re.search(r'data-code="([^"]+)"', done.text)
    assert code is not None, done.text
    body = {"desk": "home", "code": code[1], "visitor": visitor.visitor}
    answer = await town.http.post("/api/widget/login", json=body, headers={"Origin": ORIGIN})
    bearer = {"Authorization": f"Bearer {answer.json()['bearer']}"}
    (mine,) = (await town.http.get("/api/me/sessions?desk=home", headers=bearer)).json()["sessions"]
    assert mine["id"] == visitor.session
    assert (await http.get("/d/home")).status_code == 200, "and on the phone, by the log-in alone"


async def test_there_is_no_log_in_window_of_a_desk_that_was_never_asked_at(town: Town) -> None:
    await close(town)
    refused = await town.http.get(f"/login/window?desk=home&origin={ORIGIN}")
    assert refused.status_code == 404 and "<form" not in refused.text


async def test_what_is_asked_there_from_the_other_device_is_said_in_the_conversation(town: Town) -> None:
    """The form was open on the phone when the desk closed: the reader talks there, it is nothing new."""
    reader = await talking(town)
    body = {**ASKED, "question": "手机上又想到一点", "client_id": "second"}
    answer = await reader.http.post("/api/desks/home/sessions", json=body)
    assert (answer.status_code, answer.json()["session"]["id"]) == (200, reader.session), answer.text
    events = (await reader.http.get(f"/api/sessions/{reader.session}/events")).json()["events"]
    assert [event["text"] for event in events if event["kind"] == "message"] == [WANTED, "手机上又想到一点"]
    await end(town, reader)
    answer = await reader.http.post("/api/desks/home/sessions", json={**body, "client_id": "third"})
    assert refusal(answer) == (403, "desk_closed")


async def test_a_document_that_came_up_in_the_conversation_may_be_requested(town: Town) -> None:
    """The menu of the chat led to "no such desk"; it is no new question, and goes on where it began."""
    reader = await talking(town)
    path = await link_of(reader)
    for http in (town.http, reader.http):  # who is not logged in fills it in, too, and logs in with it
        form = await http.get(path)
        assert form.status_code == 200 and "图书馆学导论" in form.text, form.text
        assert "/d/home/ask" not in form.text, "nothing leads to what the desk does not take"
    await end(town, reader)
    sent = await send(reader.http, path)
    assert sent.status_code == 303, sent.text
    row = await town.ctx.db.read.row("SELECT channel, session_id, desk_id FROM consultation")
    assert row is not None
    assert tuple(row[name] for name in ("channel", "session_id", "desk_id")) == (
        "document",
        reader.session,
        town.desks["home"],
    )


async def test_so_may_it_by_a_program_that_names_the_conversation(town: Town) -> None:
    reader = await talking(town)
    cited = {"material": "book", "title": "图书馆学导论", "authors": "于良芝"}
    body = {"channel": "document", "client_id": "api", "citation": cited, "mail": "reader@library.test"}
    path = "/api/desks/home/consultations"
    assert refusal(await reader.http.post(path, json=body)) == (403, "desk_closed")
    kept = await reader.http.post(path, json=body | {"session_id": reader.session})
    assert kept.status_code == 201, kept.text
    other = await town.people["wu"].http.post(path, json=body | {"session_id": reader.session})
    assert refusal(other) == (404, "session_not_found")
    assert refusal(await town.people["wu"].http.post(path, json=body)) == (404, "desk_not_found")


async def test_a_stranger_keeps_the_request_over_the_log_in(town: Town) -> None:
    visitor = await town.ask(WANTED)
    await close(town)
    path = await link_of(visitor)
    first = await send(town.http, path)
    assert first.status_code == 303 and first.headers["location"].startswith("/login?next="), first.text
    draft = httpx.URL(first.headers["location"]).params["next"]
    again = await town.people["reader"].http.get(draft)
    assert again.status_code == 200 and "图书馆学导论" in again.text, again.text


async def test_later_it_is_refused_in_clear_words_and_nothing_typed_is_lost(town: Town) -> None:
    reader = await talking(town)
    path = await link_of(reader)
    await end(town, reader, days_ago=8)
    view = (await reader.http.get(f"/api/sessions/{reader.session}")).json()
    assert view["request_url"] == "", "the chat no longer offers it"
    page = await reader.http.get(path)
    assert page.status_code == 403 and "不接受新问题" in page.text and "/portal/libraries" in page.text
    sent = await send(reader.http, path, note="请扫描目录页")
    assert sent.status_code == 403 and "不接受新问题" in sent.text
    assert "图书馆学导论" in sent.text and "请扫描目录页" in sent.text
    assert "/portal/libraries?for=document&amp;title=" in sent.text, "the next step, with what was named"
    body = {
        "channel": "document",
        "client_id": "api",
        "citation": {"material": "book", "title": "图书馆学导论"},
    }
    answer = await reader.http.post("/api/desks/home/consultations", json=body)
    assert refusal(answer) == (403, "desk_closed")


async def test_a_question_written_while_the_desk_closed_is_not_lost(town: Town) -> None:
    await close(town)
    sent = await post_form(town.http, "/d/home/ask", question="请问怎样查民国报纸？", mail="r@library.test")
    assert sent.status_code == 404 and "请问怎样查民国报纸？" in sent.text
    assert "/portal/libraries?for=form" in sent.text


async def link_of(reader: Reader) -> str:
    view = (await reader.http.get(f"/api/sessions/{reader.session}", headers=reader.headers)).json()
    address = urlsplit(view["request_url"])
    return f"{address.path}?{address.query}"


async def send(http: httpx.AsyncClient, path: str, **fields: str) -> httpx.Response:
    talk = httpx.URL(path).params["talk"]
    wanted = {"material": "book", "title": "图书馆学导论", "authors": "于良芝", "mail": "reader@library.test"}
    return await post_form(http, "/d/home/request", client_id="press", talk=talk, **wanted, **fields)
