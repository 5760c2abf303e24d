"""Scripts and styles: kept by browsers while they are the same, and never mixed with another version's."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.servers.browsers import Visits, sit_down
from tests.servers.machine import free_port
from tests.town import Town, open_town
from web import statics


@pytest.fixture
async def town(sqlite_url: str, tmp_path: Path) -> AsyncIterator[Town]:
    async with open_town(sqlite_url, tmp_path, port=free_port()) as town:
        yield town


async def test_what_a_page_names_is_kept_for_a_year_under_its_version(town: Town) -> None:
    page = (await town.people["lin"].http.get("/console")).text
    named = re.findall(r'(?:src|href)="(/static/[^"]+)"', page)
    assert named and all(path.startswith(statics.base()) for path in named), named
    for path in named:
        answer = await town.http.get(path)
        assert answer.status_code == 200, path
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert answer.headers["content-encoding"] == "gzip" and answer.headers["vary"] == "Accept-Encoding"
    plain = await town.http.get(named[0], headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in plain.headers and plain.content == answer_of(named[0])


def answer_of(path: str) -> bytes:
    return (statics.STATIC / path.removeprefix(statics.base() + "/")).read_bytes()


async def test_another_version_gets_what_there_is_and_asks_again(town: Town) -> None:
    """While two versions run side by side a page of one may ask a server of the other."""
    for path in ("/static/v0123456789ab/console/main.js", "/static/console/main.js"):
        answer = await town.http.get(path)
        assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-cache"), path
        again = await town.http.get(path, headers={"If-None-Match": answer.headers["etag"]})
        assert again.status_code == 304 and not again.content
    for path in (
        "/static/nothing.js",
        "/static/console/tokens.css",  # there is one elsewhere
        f"{statics.base()}/../../server/settings.py",
        "/static/%2e%2e/site.py",
    ):
        assert (await town.http.get(path)).status_code == 404, path
    assert (await town.http.post(f"{statics.base()}/console/main.js")).status_code == 405


async def test_two_files_of_one_name_are_not_mistaken_for_each_other(town: Town) -> None:
    """A console from before versions stood in addresses stayed empty: it got the forms' script in place of its own."""
    names = {path.name: path for path in (statics.STATIC / "console").iterdir()}
    twins = [name for name in names if (statics.STATIC / name).exists()]
    assert "uploads.js" in twins
    for start in ("/static", "/static/v0123456789ab", statics.base()):
        for name in twins:
            assert (await town.http.get(f"{start}/console/{name}")).content == names[name].read_bytes()
            assert (await town.http.get(f"{start}/{name}")).content == (statics.STATIC / name).read_bytes()


@pytest.mark.browser
async def test_a_console_that_was_seen_once_asks_for_none_of_them_again(town: Town, visits: Visits) -> None:
    page = await sit_down(visits, town, "lin", "/console")
    await expect(page.locator(".console")).to_be_visible()
    second = await page.context.new_page()
    await second.goto(town.base + "/console")
    await expect(second.locator(".console .duty")).to_be_visible()
    loaded = await second.evaluate(
        "performance.getEntriesByType('resource').filter((one) => one.name.includes('/static/'))"
        ".map((one) => [one.name, one.transferSize])"
    )
    assert len(loaded) > 30, "every script and style of the console"
    assert all(f"{statics.base()}/" in name for name, _ in loaded), "one version, one instance of each script"
    assert [name for name, size in loaded if size] == []
