"""Files in pieces: a broken line costs only the rest, nothing is seen before it is whole, a day later it is gone."""

import asyncio
import shutil
from contextlib import suppress
from typing import Any

import httpx2 as httpx

from server.actions.pieces import KEPT, drop_upload
from server.store.dues import Due, due_moment
from tests.town import Reader, Town

WHOLE = b"%PDF-1.7 " + b"0123456789" * 10_000


def _partials(town: Town) -> list[str]:
    return [path.name for path in (town.ctx.files._folder / "partial").glob("*")]  # type: ignore[attr-defined]


async def _begin(
    reader: Reader, name: str = "论文.pdf", size: int = len(WHOLE), **query: Any
) -> httpx.Response:
    address = f"/api/sessions/{reader.session}/uploads/f1"
    return await reader.http.post(
        address, params={"name": name, "size": size, **query}, headers=reader.headers
    )


async def _send(reader: Reader, piece: Any, offset: int) -> httpx.Response:
    return await reader.http.patch(
        f"/api/sessions/{reader.session}/uploads/f1",
        headers={**reader.headers, "Upload-Offset": str(offset)},
        content=piece,
    )


async def _files(reader: Reader) -> list[dict[str, Any]]:
    events = (await reader.http.get(f"/api/sessions/{reader.session}/events", headers=reader.headers)).json()
    return [event for event in events["events"] if event["kind"] == "file"]


async def test_a_file_that_broke_off_goes_on_where_it_stopped_and_shows_once(town: Town) -> None:
    reader = await town.ask()
    begun = await _begin(reader)
    assert (begun.status_code, begun.headers["upload-offset"], begun.json()["whole"]) == (201, "0", False)

    async def arrived() -> int:
        address = f"/api/sessions/{reader.session}/uploads/f1"
        return int((await reader.http.head(address, headers=reader.headers)).headers["upload-offset"])

    async def broken() -> Any:
        yield WHOLE[:40_000]
        async with asyncio.timeout(60):
            while await arrived() < 40_000:
                await asyncio.sleep(0.02)  # it is on its way
        raise ConnectionError("the lid was closed")

    with suppress(ConnectionError):
        await _send(reader, broken(), 0)
    offset = await arrived()
    assert offset == 40_000
    assert await _files(reader) == [], "half a file is nobody's to see"
    wrong = await _send(reader, WHOLE[10:], 10)
    assert (wrong.status_code, wrong.json()["error"]["data"]["offset"]) == (409, offset)
    async with asyncio.timeout(60):
        while (done := await _send(reader, WHOLE[offset:], offset)).status_code == 409:
            await asyncio.sleep(0.02)  # the server has yet to notice that the first line is broken
    assert (done.status_code, done.json()["whole"], done.json()["kind"]) == (200, True, "application/pdf")
    again = await _send(reader, b"", len(WHOLE))
    assert again.json()["whole"] is True
    (event,) = await _files(reader)
    path = event["data"]["file"]["url"].replace(town.ctx.settings.public_url, "")
    assert (await town.http.get(path)).content == WHOLE
    assert _partials(town) == []
    assert await due_moment(town.ctx.db.read, "drop_upload", done.json()["id"]) is None


async def test_what_is_not_finished_in_a_day_is_forgotten(town: Town) -> None:
    reader = await town.ask()
    upload_id = (await _begin(reader)).json()["id"]
    await _send(reader, WHOLE[:10], 0)
    at = await due_moment(town.ctx.db.read, "drop_upload", upload_id)
    assert at is not None and at - town.ctx.clock.now() <= KEPT
    assert _partials(town) == [upload_id]
    async with town.ctx.transaction() as tx:
        await drop_upload(town.ctx, tx, Due("drop_upload", upload_id, at, {}))
    assert _partials(town) == []
    gone = await _send(reader, WHOLE[10:], 10)
    assert (gone.status_code, gone.json()["error"]["code"]) == (404, "upload_not_found")


async def test_bad_uploads_are_refused_by_name_and_leave_nothing(town: Town) -> None:
    reader, other = await town.ask(), await town.ask()
    for size, code in ((0, "file_empty"), (town.ctx.settings.upload_limit + 1, "file_too_large")):
        assert (await _begin(reader, size=size)).json()["error"]["code"] == code
    assert (await _begin(reader, name="tool.exe", size=4)).status_code == 201
    longer = await _send(reader, b"MZ\x90\x00more", 0)
    assert longer.json()["error"]["code"] == "upload_longer"
    kind = await _send(reader, b"MZ\x90\x00", 0)
    assert (kind.status_code, kind.json()["error"]["code"]) == (415, "file_kind")
    assert _partials(town) == [] and await _files(reader) == []
    assert (await _begin(reader)).status_code == 201
    theirs = await other.http.patch(
        f"/api/sessions/{reader.session}/uploads/f1",
        headers={**other.headers, "Upload-Offset": "0"},
        content=b"x",
    )
    assert theirs.status_code == 404


async def test_a_folder_that_is_gone_is_said_by_name_and_talking_goes_on(town: Town) -> None:
    reader = await town.ask()
    address = f"/api/sessions/{reader.session}/files?name=a.pdf"
    sent = await reader.http.post(address, headers=reader.headers, content=WHOLE)
    path = sent.json()["url"].replace(town.ctx.settings.public_url, "")
    folder = town.ctx.files._folder  # type: ignore[attr-defined]
    shutil.rmtree(folder)
    folder.write_text("not a folder any more")
    for answer in (
        await town.http.get(path),
        await reader.http.post(address, headers=reader.headers, content=WHOLE),
    ):
        assert (answer.status_code, answer.json()["error"]["code"]) == (503, "files_away")
    async with town.socket(token=reader.token) as chat:
        await chat.say(t="post", session=reader.session, id="m1", text="那就不发文件了")
        await chat.hear("ack", id="m1")
