"""Files of requests and answers: in pieces, for the right people, whole or not at all."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx2 as httpx
import pytest

from server.actions.accounts import resolve_actor
from server.actions.attachments import drop_unsent, hand_in_files
from server.domain.attachments import FILES_EACH, Belonging, Owner
from server.domain.consultations import Consultation
from server.domain.errors import Invalid
from server.domain.permissions import NOBODY, Actor
from server.store.attachments import attached_to
from server.store.dues import Due, due_moment
from tests.asking import asked, claimed
from tests.town import Town

WHOLE = b"%PDF-1.7 " + b"0123456789" * 30_000
FORM = "form-4f6c1d0e9b8a4c55"


async def actor_of(town: Town, name: str) -> Actor:
    return await resolve_actor(town.ctx, cookie=town.people[name].cookie)


@pytest.fixture
async def consultation(town: Town) -> Consultation:
    """A request of the reader, claimed by Lin."""
    found = await asked(
        town.ctx,
        desk_id=town.desks["home"],
        library_id=town.libraries["home"],
        reader_id=town.people["reader"].id,
    )
    await claimed(town.ctx, await actor_of(town, "lin"), found)
    return found


async def begin(http: httpx.AsyncClient, place: str, name: str, size: int) -> httpx.Response:
    return await http.post(place, params={"name": name, "size": size})


async def send(http: httpx.AsyncClient, place: str, piece: Any, offset: int = 0) -> httpx.Response:
    return await http.patch(place, headers={"Upload-Offset": str(offset)}, content=piece)


async def sent(http: httpx.AsyncClient, place: str, name: str = "论文.pdf", content: bytes = WHOLE) -> str:
    begun = await begin(http, place, name, len(content))
    assert begun.status_code == 201, begun.text
    done = await send(http, place, content)
    assert (done.status_code, done.json()["whole"]) == (200, True), done.text
    return str(done.json()["id"])


async def pieces(content: bytes, size: int = 65536) -> AsyncIterator[bytes]:
    for start in range(0, len(content), size):
        yield content[start : start + size]


async def test_an_answers_file_comes_in_pieces_and_is_nobodys_before_it_is_whole(
    town: Town, consultation: Consultation
) -> None:
    lin, place = town.people["lin"].http, f"/api/tasks/{consultation.task_id}/files/f1"
    begun = await begin(lin, place, "论文.pdf", len(WHOLE))
    file_id = begun.json()["id"]
    half = await send(lin, place, pieces(WHOLE[:100_000]))
    assert (half.headers["upload-offset"], half.json()["whole"]) == ("100000", False)
    listed = f"/api/tasks/{consultation.task_id}/files"
    assert (await lin.get(listed)).json() == {"files": []}
    assert (await lin.get(f"/api/attachments/{file_id}")).status_code == 404
    assert (await lin.head(place)).headers["upload-offset"] == "100000"
    done = await send(lin, place, pieces(WHOLE[100_000:]), 100_000)
    assert done.json()["whole"] is True
    (shown,) = (await lin.get(listed)).json()["files"]
    assert shown == {"id": file_id, "name": "论文.pdf", "kind": "application/pdf", "size": len(WHOLE)}
    assert (await lin.get(f"/api/attachments/{file_id}")).content == WHOLE
    again = await begin(lin, place, "论文.pdf", len(WHOLE))
    assert again.json()["whole"] is True, "begun twice is the same file"


async def test_answers_may_have_large_files_and_readers_smaller_ones(
    town: Town, consultation: Consultation
) -> None:
    lin, large = town.people["lin"].http, 150 * 1024 * 1024
    place = f"/api/tasks/{consultation.task_id}/files/big"
    assert (await begin(lin, place, "书.pdf", large)).status_code == 201
    reader = await begin(town.people["reader"].http, f"/api/requests/{FORM}/files/big", "书.pdf", large)
    assert (reader.status_code, reader.json()["error"]["data"]["limit_mb"]) == (413, 20)


async def test_only_who_holds_the_task_sends_files_for_its_answer(
    town: Town, consultation: Consultation
) -> None:
    place = f"/api/tasks/{consultation.task_id}/files/f1"
    for name, status in (("mei", 409), ("wu", 409), ("reader", 403), ("manager", 403)):
        assert (await begin(town.people[name].http, place, "a.pdf", 9)).status_code == status, name
    assert (await begin(town.http, place, "a.pdf", 9)).status_code == 401
    lost = await begin(town.people["lin"].http, "/api/tasks/unknown/files/f1", "a.pdf", 9)
    assert lost.status_code == 404


async def test_the_files_of_a_request_go_with_it_and_are_read_by_who_works_on_it(
    town: Town, consultation: Consultation
) -> None:
    reader = town.people["reader"]
    file_id = await sent(reader.http, f"/api/requests/{FORM}/files/f1")
    assert (await town.people["lin"].http.get(f"/api/attachments/{file_id}")).status_code == 404
    actor = await actor_of(town, "reader")
    async with town.ctx.transaction() as tx:
        await hand_in_files(tx, actor, FORM, consultation.id, [file_id])
    for name, status in (
        *(("reader", 200), ("lin", 200), ("mei", 200), ("inspector", 200), ("manager", 200)),
        *(("keeper", 404), ("agent", 404), ("far_manager", 404)),
    ):
        assert (await town.people[name].http.get(f"/api/attachments/{file_id}")).status_code == status, name
    assert (await town.http.get(f"/api/attachments/{file_id}")).status_code == 401
    trail = await town.ctx.db.read.rows("SELECT actor_id FROM audit_entry WHERE verb = 'attachment.read'")
    assert {row["actor_id"] for row in trail} == {town.people[n].id for n in ("mei", "inspector", "manager")}


async def test_an_anonymous_readers_files_are_known_by_the_forms_own_number(
    town: Town, consultation: Consultation
) -> None:
    file_id = await sent(town.http, f"/api/requests/{FORM}/files/f1", "题录.txt", "只有题录".encode())
    other = Belonging(Owner.CONSULTATION, consultation.id)
    async with town.ctx.transaction() as tx:
        with pytest.raises(Invalid):
            await hand_in_files(tx, NOBODY, "form-of-somebody-else", consultation.id, [file_id])
        with pytest.raises(Invalid):
            await hand_in_files(tx, NOBODY, FORM, consultation.id, ["nothing"])
        await hand_in_files(tx, NOBODY, FORM, consultation.id, [file_id])
    assert [file.id for file in await attached_to(town.ctx.db.read, other)] == [file_id]
    short = await begin(town.http, "/api/requests/x/files/f1", "a.txt", 4)
    assert short.json()["error"]["code"] == "client_id_wrong"


async def test_a_request_that_is_never_sent_leaves_nothing(town: Town) -> None:
    file_id = await sent(town.http, f"/api/requests/{FORM}/files/f1")
    at = await due_moment(town.ctx.db.read, "drop_unsent", file_id)
    assert at is not None and at > town.ctx.clock.now() + timedelta(days=1)
    async with town.ctx.transaction() as tx:
        await drop_unsent(town.ctx, tx, Due("drop_unsent", file_id, at, {}))
    assert (await town.http.get(f"/api/requests/{FORM}/files")).json() == {"files": []}


async def test_a_file_can_be_taken_away_again_whole_or_not(town: Town, consultation: Consultation) -> None:
    lin, folder = town.people["lin"].http, f"/api/tasks/{consultation.task_id}/files"
    await sent(lin, f"{folder}/f1")
    await begin(lin, f"{folder}/f2", "b.pdf", 100)
    await send(lin, f"{folder}/f2", b"%PDF-")
    other = await sent(lin, f"{folder}/f3")
    for name in ("f1", "f2", "f1", other):
        assert (await lin.delete(f"{folder}/{name}")).status_code == 200
    assert (await lin.get(folder)).json() == {"files": []}
    assert list((town.ctx.files._folder / "partial").glob("*")) == []  # type: ignore[attr-defined]
    assert (await lin.get(f"{folder}/f2")).status_code == 404


async def test_a_small_file_may_come_whole_and_is_one_however_often_it_is_sent(
    town: Town, consultation: Consultation
) -> None:
    lin, folder = town.people["lin"].http, f"/api/tasks/{consultation.task_id}/files"
    for _ in range(2):
        done = await lin.put(f"{folder}/f1", params={"name": "题录.txt"}, content="只有题录".encode())
        assert (done.status_code, done.json()["whole"]) == (201, True)
    (shown,) = (await lin.get(folder)).json()["files"]
    assert (shown["name"], shown["size"], shown["kind"]) == ("题录.txt", 12, "text/plain")
    for content, code in ((b"", "file_empty"), (b"MZ\x90\x00", "file_kind")):
        refused = await lin.put(f"{folder}/bad", params={"name": "a.exe"}, content=content)
        assert refused.json()["error"]["code"] == code
    large = await town.http.put(f"/api/requests/{FORM}/files/big", content=pieces(bytes(21 * 1024 * 1024)))
    assert large.json()["error"]["code"] == "file_too_large"


async def test_there_is_an_end_to_the_number_of_files(town: Town, consultation: Consultation) -> None:
    lin, folder = town.people["lin"].http, f"/api/tasks/{consultation.task_id}/files"
    for number in range(FILES_EACH):
        await sent(lin, f"{folder}/f{number}", content=b"%%PDF-%d" % number)
    full = await begin(lin, f"{folder}/more", "a.pdf", 9)
    assert full.json()["error"]["code"] == "files_full"


async def test_a_file_is_read_from_any_byte_on(town: Town, consultation: Consultation) -> None:
    lin = town.people["lin"].http
    file_id = await sent(lin, f"/api/tasks/{consultation.task_id}/files/f1")
    address = f"/api/attachments/{file_id}"
    whole = await lin.get(address)
    assert whole.headers["content-disposition"].endswith("filename*=UTF-8''%E8%AE%BA%E6%96%87.pdf")
    part = await lin.get(address, headers={"Range": "bytes=100-199", "If-Range": whole.headers["etag"]})
    assert (part.status_code, part.content) == (206, WHOLE[100:200])
    assert part.headers["content-range"] == f"bytes 100-199/{len(WHOLE)}"
