"""Documents passed on in a conversation: by link or by file, counted, limited, and fetched by the reader (R-LIVE.4)."""

from typing import Any

import pytest

from tests.town import Reader, Town, open_town


async def served(town: Town) -> Reader:
    await town.available("lin")
    reader = await town.ask()
    assert await town.take("lin") == reader.session
    return reader


async def passed(town: Town, session: str, **document: Any) -> tuple[int, dict[str, Any]]:
    answer = await town.people["lin"].http.post(f"/api/sessions/{session}/documents", json=document)
    return answer.status_code, answer.json()


async def test_a_file_reaches_the_reader_with_its_title_and_an_address_that_opens(town: Town) -> None:
    async with town.socket(town.people["lin"]):
        reader = await served(town)
        async with town.socket(token=reader.token, topics={f"chat/{reader.session}": 0}) as chat:
            kept = await town.people["lin"].http.post(
                f"/api/sessions/{reader.session}/files?name=申报.pdf&silent=1", content=b"%PDF-1.7 news"
            )
            assert kept.status_code == 201
            status, shown = await passed(
                town,
                reader.session,
                title="民国申报",
                file_id=kept.json()["id"],
                url="https://evil.example/x",
            )
            assert status == 200, shown
            event = await chat.hear("ev", kind="document")
            assert event["text"] == event["data"]["title"] == "民国申报"
            assert event["data"]["file"]["name"] == "申报.pdf"
            assert event["data"]["url"] == event["data"]["file"]["url"] == shown["url"]
            path = event["data"]["url"].replace(town.ctx.settings.public_url, "")
            assert (await reader.http.get(path)).content == b"%PDF-1.7 news"
            assert [f["kind"] for f in chat.heard if f["t"] == "ev"].count("file") == 0


async def test_a_file_of_another_conversation_is_not_passed_on(town: Town) -> None:
    async with town.socket(town.people["lin"]):
        mine, other = await served(town), await town.ask()
        kept = await other.http.post(
            f"/api/sessions/{other.session}/files?name=a.pdf", headers=other.headers, content=b"%PDF-1.7"
        )
        status, refused = await passed(town, mine.session, title="x", file_id=kept.json()["id"])
        assert (status, refused["error"]["code"], refused["error"]["field"]) == (
            422,
            "document_file",
            "file_id",
        )


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("javascript:alert(1)", "document_link"),
        ("https://", "document_link"),
        ("https://[::1", "document_link"),
        ("http://10.0.3.7/opac", "document_link_private"),
        ("http://opac/search", "document_link_private"),
        ("https://files.lib.local/x.pdf", "document_link_private"),
    ],
)
async def test_links_that_a_reader_cannot_open_are_refused(
    sqlite_url: str, tmp_path: Any, url: str, code: str
) -> None:
    async with open_town(sqlite_url, tmp_path) as town, town.socket(town.people["lin"]):
        reader = await served(town)
        status, refused = await passed(town, reader.session, title="x", url=url)
        assert (status, refused["error"]["code"]) == (422, code)


async def test_documents_are_counted_and_limited_by_policy(town: Town) -> None:
    async with town.socket(town.people["lin"]):
        reader = await served(town)
        link = {"title": "目录", "url": "https://example.org/a"}
        assert [(await passed(town, reader.session, **link))[0] for _ in range(4)] == [200, 200, 200, 409]
        card = (await town.people["lin"].http.get("/api/console")).json()["sessions"][0]
        assert card["documents"] == 3
