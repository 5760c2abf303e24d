"""What a reader sent in a conversation is there for whoever answers later: nothing is sent twice (R-LIVE.4)."""

from typing import Any

import pytest

from tests.server.api.test_document_talks import fields
from tests.town import Reader, Town

SCAN = b"%PDF-1.7 a page of a newspaper of 1936"


async def send(town: Town, reader: Reader, name: str) -> None:
    """The reader sends a file; a press that is repeated shows it once."""
    for _ in range(2):
        answer = await reader.http.post(
            f"/api/sessions/{reader.session}/files",
            params={"name": name, "client_id": name},
            headers=reader.headers,
            content=SCAN,
        )
        assert answer.status_code == 201, answer.text


async def send_in_pieces(town: Town, reader: Reader, name: str) -> None:
    path = f"/api/sessions/{reader.session}/uploads/back"
    begun = await reader.http.post(path, params={"name": name, "size": len(SCAN)}, headers=reader.headers)
    assert begun.status_code == 201, begun.text
    for start, end in ((0, 10), (10, len(SCAN))):
        headers = {**reader.headers, "Upload-Offset": str(start)}
        answer = await reader.http.patch(path, headers=headers, content=SCAN[start:end])
        assert answer.status_code == 200, answer.text


async def task(town: Town) -> str:
    row = await town.ctx.db.read.row("SELECT task_id FROM consultation")
    assert row is not None
    return str(row["task_id"])


async def opens_for_whom_it_may(town: Town, names: list[str]) -> None:
    """Whoever answers at the desk finds and opens them with the task; elsewhere nobody as yet (R-72.7)."""
    mei, wu, path = town.people["mei"].http, town.people["wu"].http, f"/api/tasks/{await task(town)}"
    assert (await mei.post(f"{path}/claim")).status_code == 200
    asked = (await mei.get(path)).json()["request"]
    assert [file["name"] for file in asked["files"]] == names
    for file in asked["files"]:
        assert (await mei.get(f"/api/attachments/{file['id']}")).content == SCAN
        for stranger in (wu, town.http, town.people["reader"].http):
            assert (await stranger.get(f"/api/attachments/{file['id']}")).status_code in (401, 404)


@pytest.mark.parametrize("kind", ["form", "phone"])
@pytest.mark.parametrize("by", ["the librarian", "the reader", "the reader in the queue"])
async def test_who_answers_later_opens_what_the_reader_sent(town: Town, by: str, kind: str) -> None:
    body: dict[str, Any] = {"client_id": "q", "kind": kind, "mail": "r@example.org", "phone": "0571-1234567"}
    async with town.socket(town.people["lin"]):
        await town.available("lin", availability="busy" if "queue" in by else "available")
        reader = await town.ask("这一页报纸是哪一年的？")
        if "queue" not in by:
            await town.take("lin")
        await send(town, reader, "scan.pdf")
        await send_in_pieces(town, reader, "背面.pdf")
        path = f"/api/sessions/{reader.session}"
        for _ in range(2):  # a double click
            if by == "the librarian":
                done = await town.people["lin"].http.post(f"{path}/refer", json=body)
            else:
                done = await reader.http.post(f"{path}/question", json=body, headers=reader.headers)
            assert done.status_code == 201, done.text
        await opens_for_whom_it_may(town, ["scan.pdf", "背面.pdf"])
    mails = await town.ctx.db.read.rows("SELECT data FROM mail_out WHERE recipient = 'desk@home.test'")
    assert ['"attached": 2' in mail["data"] or '"attached":2' in mail["data"] for mail in mails] == [True]


async def test_a_document_request_takes_along_what_was_sent_before_it(town: Town) -> None:
    async with town.socket(town.people["lin"]):
        await town.available("lin")
        http = town.people["reader"].http
        wish = {"topic": "reference", "question": "找这篇文章的原件", "client_id": "c1"}
        opened = (await http.post("/api/desks/home/sessions", json=wish)).json()
        reader = Reader(opened["session"]["id"], opened["token"], "", town.http)
        await town.take("lin")
        await send(town, reader, "citation.pdf")
        path = f"/api/sessions/{reader.session}/document-request"
        citation = {"material": "book", "title": "图书馆学导论"}
        kept = await town.people["lin"].http.post(path, json={"client_id": "q", "citation": citation})
        assert kept.status_code == 201, kept.text
    mine, of_task = town.people["lin"].http, await task(town)
    (file,) = (await mine.get(f"/api/tasks/{of_task}")).json()["request"]["files"]
    assert (await mine.get(f"/api/attachments/{file['id']}")).content == SCAN
    assert (await http.get(f"/api/attachments/{file['id']}")).content == SCAN, "it is the reader's own"


async def test_by_their_own_link_too_the_reader_takes_along_what_they_sent(town: Town) -> None:
    """A visitor sent it, and logs in to ask for the document: it is theirs, and with the request."""
    visitor, http = await town.ask("我想找《图书馆学导论》，于良芝著"), town.people["reader"].http
    await send(town, visitor, "citation.pdf")
    shown = (await town.http.get(f"/api/sessions/{visitor.session}", headers=visitor.headers)).json()
    page = await http.get(shown["request_url"].replace(town.ctx.settings.public_url, ""))
    form = {**fields(page.text), "csrf": town.people["reader"].csrf}
    sent = await http.post("/d/home/request", data=form)
    assert sent.status_code == 303, sent.text
    path = f"/api/tasks/{await task(town)}"
    (file,) = (await town.people["mei"].http.get(path)).json()["request"]["files"]
    assert (await town.people["mei"].http.get(f"/api/attachments/{file['id']}")).content == SCAN


async def test_what_the_librarian_sent_stands_with_its_address_in_the_transcript(town: Town) -> None:
    async with town.socket(town.people["lin"]):
        await town.available("lin")
        reader = await town.ask()
        await town.take("lin")
        await send(town, reader, "mine.pdf")
        sent = await town.people["lin"].http.post(
            f"/api/sessions/{reader.session}/files", params={"name": "theirs.pdf"}, content=SCAN
        )
    said = await reader.http.get(f"/api/sessions/{reader.session}/transcript.txt", headers=reader.headers)
    assert f"[theirs.pdf] {sent.json()['url']}\n" in said.text
    assert "[mine.pdf]\n" in said.text
