"""A file on the plain form, without any script: kept while something else is put right, and named to the desk."""

import json
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.servers.machine import http_client
from tests.town import Town, open_town


@pytest.fixture
async def town(sqlite_url: str, tmp_path: Path) -> AsyncIterator[Town]:
    async with open_town(sqlite_url, tmp_path) as town:
        yield town


def hidden(page: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found is not None, name
    return found[1]


async def test_a_reader_without_script_sends_a_file_with_the_question(town: Town) -> None:
    async with http_client(town.base) as browser:
        page = (await browser.get("/d/home/ask")).text
        form = {name: hidden(page, name) for name in ("csrf", "client_id")}
        form |= {"kind": "form", "channel": "form", "topic": "reference", "question": "这页写的是什么？"}
        wrong = await browser.post("/d/home/ask", data=form, files={"file": ("x.exe", b"MZ\x90\x00")})
        assert wrong.status_code in (415, 422) and "x.exe" in wrong.text
        lacking = await browser.post("/d/home/ask", data=form, files={"file": ("书影.pdf", b"%PDF-1.7 x")})
        assert lacking.status_code == 422 and "书影.pdf" in lacking.text, (
            "no mail address yet; the file stays"
        )
        done = await browser.post("/d/home/ask", data=form | {"mail": "r@example.org"})
        assert done.status_code == 303, done.text
    rows = await town.ctx.db.read.rows("SELECT template, data FROM mail_out")
    (data,) = [json.loads(row["data"]) for row in rows if row["template"] == "form_question_desk"]
    assert data["attached"] == 1 and "/console/pool/" in data["link"]
