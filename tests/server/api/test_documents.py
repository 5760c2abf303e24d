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


async def test_the_record_counts_files_that_were_sent_like_messages_once_and_within_the_limit(
    town: Town,
) -> None:
    lin = town.people["lin"].http
    async with town.socket(town.people["lin"]):
        reader = await served(town)
        session = f"/api/sessions/{reader.session}"
        for name in ("府志.pdf", "县志.pdf", "平面图.pdf", "申报.pdf"):
            kept = await lin.post(f"{session}/files?name={name}", content=b"%PDF-1.7 " + name.encode())
            assert kept.status_code == 201, kept.text
        await reader.http.post(
            f"{session}/files?name=mine.pdf", headers=reader.headers, content=b"%PDF-1.7 my own"
        )
        await passed(town, reader.session, title="目录", url="https://example.org/a")
        await lin.post(f"{session}/end", json={})
        files = (await lin.get(f"{session}/desk-view")).json()["uncounted_files"]
        assert [file["name"] for file in files] == ["府志.pdf", "县志.pdf", "平面图.pdf", "申报.pdf"]

        async def record(**titles: str) -> Any:
            documents = [{"file_id": file_id, "title": title} for file_id, title in titles.items()]
            body = {"question_type": "document", "effort": 2, "outcome": "answered", "documents": documents}
            return await lin.post(f"{session}/wrap-up", json=body)

        ids = [file["id"] for file in files]
        for titles, code in (
            ({name: name for name in ids[:3]}, "files_limit"),
            ({ids[0]: " "}, "document_title"),
            ({"someone-elses": "x"}, "document_file"),
        ):
            assert (await record(**titles)).json()["error"]["code"] == code
        assert (await lin.get("/api/archive")).json()["sessions"][0][
            "documents"
        ] == 1  # refused: nothing was counted
        assert (await record(**{ids[0]: "万历宁波府志", ids[3]: "申报"})).status_code == 200
        assert (await record(**{ids[1]: "县志"})).json()["error"]["code"] == "already_wrapped_up"
        assert (await lin.get("/api/archive")).json()["sessions"][0]["documents"] == 3
        shown = (await lin.get(f"/api/archive/{reader.session}")).json()["documents"]
        assert {one["title"] for one in shown} == {"目录", "万历宁波府志", "申报"}
        view = (await lin.get(f"{session}/desk-view")).json()
        assert [file["name"] for file in view["uncounted_files"]] == ["县志.pdf", "平面图.pdf"]
        path = view["documents"][0]["url"].replace(town.ctx.settings.public_url, "")
        assert (await reader.http.get(path)).content == "%PDF-1.7 府志.pdf".encode()


async def test_the_manager_who_writes_an_overdue_record_counts_files_as_well(town: Town) -> None:
    lin, manager = town.people["lin"].http, town.people["manager"]
    async with town.socket(town.people["lin"]):
        reader = await served(town)
        session = f"/api/sessions/{reader.session}"
        for name in ("府志.pdf", "名片.pdf"):
            await lin.post(f"{session}/files?name={name}", content=b"%PDF-1.7 " + name.encode())
        await lin.post(f"{session}/end", json={})
        async with town.ctx.transaction() as tx:
            hour = 3_600_000_000
            await tx.execute("UPDATE chat_session SET wrap_up_due_at = wrap_up_due_at - $1", hour)
        page = (await manager.http.get("/manage/reviews/records")).text
        assert "府志.pdf" in page and "名片.pdf" in page
        files = (await lin.get(f"{session}/desk-view")).json()["uncounted_files"]
        form = {"question_type": "document", "effort": "2", "outcome": "answered", "csrf": manager.csrf}
        titles = {f"title-{file['id']}": file["name"].removesuffix(".pdf") for file in files}
        kept = await manager.http.post(
            f"/manage/reviews/records/{reader.session}",
            data={**form, **titles, f"file-{files[0]['id']}": "1"},
        )
        assert kept.headers["location"].endswith("done=recorded")
        shown = (await lin.get(f"/api/archive/{reader.session}")).json()["documents"]
        assert [one["title"] for one in shown] == ["府志"]
