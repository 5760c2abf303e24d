"""Files are shown to the virus scanner before anybody else sees them."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from server.outside.clamd import ScannerAway, ping, scan
from tests.asking import asked, claimed
from tests.server.api.test_attachments import WHOLE, actor_of, begin, send, sent
from tests.server.outside.clamd import EICAR, open_clamd
from tests.town import open_town


async def chunks(*content: bytes) -> AsyncIterator[bytes]:
    for each in content:
        yield each


@pytest.mark.parametrize("kind", ["path", "port"])
async def test_the_scanner_says_what_it_found(kind: str, tmp_path: Path) -> None:
    async with open_clamd(tmp_path if kind == "path" else None) as clamd:
        assert (await ping(clamd.socket)).startswith("ClamAV")
        assert await scan(clamd.socket, chunks(b"x" * 300_000, b"y" * 5)) == ""
        assert clamd.scanned == [300_005]
        assert await scan(clamd.socket, chunks(EICAR[:20], EICAR[20:])) == "Eicar-Signature"


async def test_a_scanner_that_is_away_or_will_not_say_is_no_scanner(tmp_path: Path) -> None:
    async with open_clamd(tmp_path) as clamd:
        clamd.limit = 1000
        with pytest.raises(ScannerAway):
            await scan(clamd.socket, chunks(b"x" * 1_000_000))
        clamd.silent = True
        with pytest.raises(ScannerAway):
            await scan(clamd.socket, chunks(b"x"))
        with pytest.raises(ScannerAway):
            await ping(clamd.socket)
    for socket in (str(tmp_path / "nobody.sock"), "127.0.0.1:1"):
        with pytest.raises(ScannerAway):
            await scan(socket, chunks(b"x"))


async def test_an_infected_file_is_refused_by_name_and_a_scanner_that_is_away_keeps_files_waiting(
    sqlite_url: str, tmp_path: Path
) -> None:
    async with (
        open_clamd(tmp_path) as clamd,
        open_town(sqlite_url, tmp_path, clamd_socket=clamd.socket) as town,
    ):
        found = await asked(town.ctx, desk_id=town.desks["home"], library_id=town.libraries["home"])
        await claimed(town.ctx, await actor_of(town, "lin"), found)
        lin, folder = town.people["lin"].http, f"/api/tasks/{found.task_id}/files"
        await sent(lin, f"{folder}/good")
        bad = b"%PDF-" + EICAR
        await begin(lin, f"{folder}/bad", "坏.pdf", len(bad))
        refused = await send(lin, f"{folder}/bad", bad)
        error = refused.json()["error"]
        assert (refused.status_code, error["code"]) == (422, "file_infected")
        assert "Eicar-Signature" in error["message"] and "坏.pdf" in error["message"]
        clamd.silent = True
        await begin(lin, f"{folder}/waits", "b.pdf", len(WHOLE))
        waits = await send(lin, f"{folder}/waits", WHOLE)
        assert (waits.status_code, waits.json()["error"]["code"]) == (503, "scanner_away")
        assert [f["name"] for f in (await lin.get(folder)).json()["files"]] == ["论文.pdf"]
        assert (await lin.head(f"{folder}/waits")).headers["upload-offset"] == str(len(WHOLE))
        clamd.silent = False
        done = await send(lin, f"{folder}/waits", b"", len(WHOLE))
        assert done.json()["whole"] is True, "nothing was sent twice"
        reader = await town.ask()
        answer = await town.http.post(
            f"/api/sessions/{reader.session}/files?name=a.pdf", headers=reader.headers, content=bad
        )
        assert answer.json()["error"]["code"] == "file_infected"
