"""Every part of the look in a real browser: by day and night, in both languages, large, on phone and desktop."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.routing import Route
from starlette.testclient import TestClient

from server.actions.mails import write_mail
from server.api import notices
from server.api.doors import SafeHeaders
from server.api.routes import respond as answer
from server.context import Context, make_context
from server.settings import Settings
from tests.servers.browsers import DESKTOP, PHONE, Visits, accessibility_faults
from tests.servers.machine import free_port
from web import statics
from web.pages import demo_mails, looks
from web.pages.base import respond

pytestmark = pytest.mark.browser


def app_of(ctx: Context) -> Starlette:
    routes = [
        Route(page.path, respond(page, ctx), methods=[page.method])
        for page in (*looks.PAGES, *demo_mails.PAGES)
    ]
    asked = [
        Route(door.path, answer(door, ctx), methods=[door.method])
        for door in notices.ENDPOINTS
        if door.path == "/api/notices"
    ]
    app = Starlette(routes=[*routes, *asked, statics.ROUTE])
    app.add_middleware(SafeHeaders, secure=False)
    return app


@pytest.fixture
async def ctx(sqlite_url: str, tmp_path: Path) -> AsyncIterator[Context]:
    ctx = make_context(
        Settings(environment="demo", database_url=sqlite_url, files_dir=str(tmp_path / "files"))
    )
    await ctx.db.open()
    yield ctx
    await ctx.db.close()


@pytest.fixture
async def site(ctx: Context) -> AsyncIterator[str]:
    """The pages, served."""
    port = free_port()
    server = uvicorn.Server(uvicorn.Config(app_of(ctx), port=port, log_level="error", lifespan="off"))
    running = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    with suppress(asyncio.CancelledError):
        await running


@pytest.mark.parametrize(
    ("language", "size", "dark", "large"),
    [
        ("zh", PHONE, False, "normal"),
        ("zh", DESKTOP, True, "normal"),
        ("en", DESKTOP, False, "normal"),
        ("en", PHONE, True, "large"),
        ("zh", DESKTOP, False, "large"),
    ],
)
async def test_every_part_is_accessible_and_fits(
    visits: Visits, site: str, *, language: str, size: tuple[int, int], dark: bool, large: str
) -> None:
    page = await visits.page(f"{site}/demo/gallery?lang={language}&type={large}", size=size, dark=dark)
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "it scrolls sideways"
    await page.evaluate("document.querySelectorAll('details').forEach(part => part.open = true)")
    assert await accessibility_faults(page) == []
    await page.evaluate("document.getElementById('sample').showModal()")
    assert await accessibility_faults(page) == [], "with the dialog open"


async def test_language_and_large_type_are_one_click_away_and_stay(visits: Visits, site: str) -> None:
    page = await visits.page(f"{site}/demo/gallery")
    await page.get_by_role("link", name="English").click()
    await page.get_by_role("link", name="Large type").click()
    await page.goto(f"{site}/demo/mails")
    assert await page.locator("html").get_attribute("lang") == "en"
    assert await page.locator("html").get_attribute("data-type") == "large"
    assert await page.evaluate("parseFloat(getComputedStyle(document.body).fontSize)") >= 20


async def test_the_keyboard_skips_to_the_content(visits: Visits, site: str) -> None:
    page = await visits.page(f"{site}/demo/mails")
    await page.keyboard.press("Tab")
    assert await page.evaluate("document.activeElement.textContent") == "跳到正文"
    await page.keyboard.press("Enter")
    assert await page.evaluate("document.activeElement.id") == "main"


async def test_the_demo_shows_the_mails_that_would_have_left(visits: Visits, site: str, ctx: Context) -> None:
    page = await visits.page(f"{site}/demo/mails")
    assert await page.get_by_text("还没有邮件").is_visible()
    data = {"name": "李晓明", "minutes": 30, "link": f"{site}/reset/secret"}
    async with ctx.transaction() as tx:
        await write_mail(
            ctx, tx, template="reset", recipient="li@library.test", language="zh", data=data, event_key="e"
        )
    await page.reload()
    assert await page.get_by_role("link", name=f"{site}/reset/secret").is_visible()
    assert await accessibility_faults(page) == []


@pytest.mark.parametrize("path", ["/demo/gallery", "/demo/mails"])
def test_production_has_no_demo_pages(path: str, tmp_path: Path) -> None:
    settings = Settings(
        secret_key="x" * 32, database_url=f"sqlite://{tmp_path / 'none'}", files_dir=str(tmp_path)
    )
    assert TestClient(app_of(make_context(settings))).get(path).status_code == 404


def test_a_librarys_colour_is_a_style_sheet_and_nothing_else_is(tmp_path: Path) -> None:
    settings = Settings(
        environment="test", database_url=f"sqlite://{tmp_path / 'none'}", files_dir=str(tmp_path)
    )
    client = TestClient(app_of(make_context(settings)))
    sheet = client.get("/accent/b03a2e.css")
    assert sheet.headers["content-type"].startswith("text/css") and "--accent:#" in sheet.text
    assert client.get("/accent/red.css").status_code == 404
    assert client.get("/favicon.ico").headers["content-type"].startswith("image/svg+xml")
