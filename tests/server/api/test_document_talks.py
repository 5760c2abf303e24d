"""A live conversation becomes a document request: what was named is filled in, the transcript goes along (R-LIVE.4)."""

import re
from html import unescape
from urllib.parse import urlsplit

import httpx2 as httpx
import pytest

from server.store.accounts import account_by_id
from tests.town import Reader, Town

WANTED = "我想找《图书馆学导论》，于良芝著，2003年版"


async def logged_in(town: Town, question: str = WANTED) -> Reader:
    """The reader opens a conversation under her own name; Lin takes it."""
    http = town.people["reader"].http
    body = {"topic": "reference", "question": question, "client_id": "c1"}
    opened = (await http.post("/api/desks/home/sessions", json=body)).json()
    return Reader(opened["session"]["id"], opened["token"], "", http)


async def path_of(town: Town, reader: Reader) -> str:
    """The link that a conversation offers to its reader."""
    view = (await reader.http.get(f"/api/sessions/{reader.session}", headers=reader.headers)).json()
    address = urlsplit(view["request_url"])
    return f"{address.path}?{address.query}"


def fields(page: str) -> dict[str, str]:
    """What stands in the form."""
    found: dict[str, str] = {}
    for tag in re.findall(r"<input[^>]*>", page):
        part = dict(re.findall(r'(\w+)="([^"]*)"', tag))
        if part.get("name") and part.get("type") not in ("file", "checkbox"):
            found[part["name"]] = unescape(part.get("value", ""))
    return found


async def form_at(http: httpx.AsyncClient, path: str) -> tuple[str, dict[str, str]]:
    answer = await http.get(path)
    assert answer.status_code == 200, answer.text
    return answer.text, fields(answer.text)


async def row(town: Town) -> dict[str, object]:
    found = await town.ctx.db.read.row("SELECT * FROM consultation")
    assert found is not None
    return dict(found)


async def test_a_question_that_a_librarian_passes_on_is_the_visitors_not_hers(town: Town) -> None:
    """It bore the librarian's name and address: the desk called her back, and she got the visitor's receipt."""
    async with town.socket(town.people["lin"]):
        await town.available("lin")
        reader = await town.ask("怎样查民国报纸？")
        await town.take("lin")
        lin, path = town.people["lin"].http, f"/api/sessions/{reader.session}/refer"
        refused = await lin.post(path, json={"client_id": "q", "kind": "form"})
        assert (refused.status_code, refused.json()["error"]["code"]) == (422, "mail_needed")
        call = {"client_id": "q", "kind": "phone", "phone": "0571-1234567"}
        assert (await lin.post(path, json=call)).status_code == 201
    kept = await row(town)
    assert (kept["name"], kept["mail"], kept["phone"]) == ("", "", "0571-1234567")
    mails = await town.ctx.db.read.rows("SELECT recipient, data FROM mail_out")
    assert [mail["recipient"] for mail in mails] == ["desk@home.test"]


@pytest.mark.parametrize("by", ["the librarian", "the reader's own chat"])
async def test_the_answer_goes_to_the_readers_own_address_when_no_other_is_given(town: Town, by: str) -> None:
    async with town.socket(town.people["lin"]):
        await town.available("lin")
        reader = await logged_in(town)
        await town.take("lin")
        body = {"client_id": "q", "kind": "form"}
        path = f"/api/sessions/{reader.session}"
        if by == "the librarian":
            done = await town.people["lin"].http.post(f"{path}/refer", json=body)
        else:  # with the conversation's token alone, as a library's own page does
            done = await town.http.post(f"{path}/question", json=body, headers=reader.headers)
        assert done.status_code == 201, done.text
    kept = await row(town)
    theirs = await account_by_id(town.ctx.db.read, town.people["reader"].id)
    assert theirs is not None and (kept["name"], kept["mail"]) == (theirs.name, theirs.mail)


async def test_a_librarian_turns_the_conversation_into_the_readers_request(town: Town) -> None:
    async with town.socket(town.people["lin"]):
        await town.available("lin")
        reader = await logged_in(town)
        assert await town.take("lin") == reader.session
        lin = town.people["lin"].http
        path = f"/api/sessions/{reader.session}/document-request"
        known = (await lin.get(path)).json()
        assert known["citation"]["title"] == "图书馆学导论"
        lacking = await lin.post(path, json={"client_id": "q0", "citation": {"material": "thesis"}})
        assert lacking.status_code == 422 and lacking.json()["error"]["field"] == "title"
        kept = await lin.post(path, json={"client_id": "q1", "citation": known["citation"]})
    assert kept.status_code == 201, kept.text
    asked = await row(town)
    assert asked["id"] == kept.json()["id"]
    assert (asked["channel"], asked["material"], asked["title"]) == ("document", "book", "图书馆学导论")
    people = town.people
    assert (asked["reader_id"], asked["submitted_by"]) == (people["reader"].id, people["lin"].id)
    assert asked["session_id"] == reader.session and WANTED in str(asked["transcript"])
    view = (await reader.http.get(f"/api/sessions/{reader.session}")).json()
    assert (view["state"], view["end_reason"]) == ("wrapping_up", "document_request")
    (mail,) = await town.ctx.db.read.rows("SELECT template, recipient FROM mail_out")
    assert (mail["template"], mail["recipient"]) == ("request_received", "reader@library.test")


async def test_who_has_not_logged_in_gets_a_link_to_the_filled_form(town: Town) -> None:
    async with town.socket(town.people["lin"]):
        await town.available("lin")
        stranger = await town.ask(WANTED)
        await town.take("lin")
        lin = town.people["lin"].http
        path = f"/api/sessions/{stranger.session}/document-request"
        refused = await lin.post(
            path, json={"client_id": "q1", "citation": {"material": "book", "title": "x"}}
        )
        assert (refused.status_code, refused.json()["error"]["code"]) == (403, "reader_not_logged_in")
        assert (await lin.get(path)).json()["request_url"].startswith("http")
    reader = town.people["reader"]
    text, filled = await form_at(reader.http, await path_of(town, stranger))
    assert "您在对话里提到的内容已经填好" in text
    assert (filled["title"], filled["date"]) == ("图书馆学导论", "2003")
    sent = await reader.http.post("/d/home/request", data={**filled, "csrf": reader.csrf})
    assert sent.status_code == 303, sent.text
    asked = await row(town)
    assert (asked["reader_id"], asked["session_id"]) == (reader.id, stranger.session)
    assert WANTED in str(asked["transcript"])


async def test_a_forged_link_carries_nothing_and_says_so(town: Town) -> None:
    stranger, other = await town.ask(WANTED), await town.ask("别的")
    path = (await path_of(town, stranger)).replace(stranger.session, other.session)
    text, filled = await form_at(town.people["reader"].http, path)
    assert "这个链接已过期" in text and not filled["title"] and not filled["talk"]


async def test_a_stranger_to_the_conversation_learns_nothing_of_its_document(town: Town) -> None:
    reader = await town.ask(WANTED)
    for name in ("wu", "reader"):
        answer = await town.people[name].http.get(f"/api/sessions/{reader.session}/document-request")
        assert answer.status_code in (403, 404), name
