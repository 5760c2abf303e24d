"""Drawn covers over HTTP: a picture for everybody, kept by browsers, and nothing for what does not exist."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from server.domain.catalogue import BibliographicRecord
from server.domain.citations import Material
from server.store.catalogue import save_records
from tests.town import Town, open_town


@pytest.fixture
async def town(sqlite_url: str, tmp_path: Path) -> AsyncIterator[Town]:
    async with open_town(sqlite_url, tmp_path) as town:
        record = BibliographicRecord("1", Material.BOOK, "三体", authors="刘慈欣", class_number="I247.5")
        async with town.ctx.transaction() as tx:
            await save_records(tx, town.libraries["home"], "", {"1": record}, at=town.ctx.clock.now())
        row = await town.ctx.db.read.row("SELECT id FROM bibliographic_record")
        assert row is not None
        town.things["record"] = str(row["id"])
        yield town


async def test_a_cover_is_a_picture_that_browsers_keep(town: Town) -> None:
    address = f"/covers/{town.things['record']}.svg"
    answer = await town.http.get(address)
    assert answer.status_code == 200 and "三" in answer.text
    assert answer.headers["content-type"].startswith("image/svg+xml")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-security-policy"] == "default-src 'none'; sandbox"
    assert "max-age=86400" in answer.headers["cache-control"]
    again = await town.http.get(address, headers={"If-None-Match": f'"x", W/{answer.headers["etag"]}'})
    assert again.status_code == 304 and again.content == b""


@pytest.mark.parametrize("number", ["0", "999999999", "-1", "x", "1.5", "9" * 40, "%00"])
async def test_what_does_not_exist_has_no_cover(town: Town, number: str) -> None:
    assert (await town.http.get(f"/covers/{number}.svg")).status_code in (404, 422)
