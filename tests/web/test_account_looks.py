"""The pages of accounts in a real browser: accessible in both languages, by keyboard, and the widget's window."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from playwright.async_api import Page
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from server.actions.accounts import register_reader, request_reset
from server.actions.invitations import Invitation, invite_staff
from server.actions.passwords import passwords_of
from server.domain.accounts import OPERATOR
from server.domain.permissions import Grant, Role, ScopeKind
from server.store.mails import latest_mails
from tests.servers.browsers import DESKTOP, PHONE, Visits, accessibility_faults
from tests.town import Town, open_town, serving

pytestmark = pytest.mark.browser
PASSWORD = "山高月小 水落石出 1082"
# A library's page; it keeps what it is told, and by whom.
_HOST = """<!doctype html><html lang="zh"><link rel="icon" href="data:,"><title>图书馆</title>
<h1>图书馆</h1><button id="open">登录</button>
<script>
  window.heard = [];
  addEventListener("message", (event) => { window.heard.push([event.origin, event.data]); console.log("heard"); });
  document.getElementById("open").addEventListener("click", () =>
    window.open("%s/login/window?desk=home&origin=" + encodeURIComponent("%s"), "shuqiao-login", "popup"));
</script>"""


@pytest.fixture
async def town(sqlite_url: str, tmp_path: Path) -> AsyncIterator[Town]:
    async with open_town(sqlite_url, tmp_path) as town:
        password_hash = await passwords_of(town.ctx).hash(PASSWORD)
        async with town.ctx.transaction() as tx:
            await tx.execute("UPDATE account SET password_hash = $1", password_hash)
        yield town


async def mailed(town: Town, template: str) -> str:
    mail = next(mail for mail in await latest_mails(town.ctx.db.read) if mail.template == template)
    return str(mail.data["link"]).removeprefix(town.ctx.settings.public_url)


async def log_in(page: Page, town: Town, name: str) -> None:
    await page.goto(f"{town.base}/login?next=/account")
    await page.fill("#f-mail", f"{name}@library.test")
    await page.fill("#f-password", PASSWORD)
    await page.keyboard.press("Enter")
    await page.wait_for_url(f"{town.base}/account")


@pytest.mark.parametrize(("language", "size", "dark"), [("zh-CN", PHONE, False), ("en-GB", DESKTOP, True)])
async def test_every_page_is_accessible(
    town: Town, visits: Visits, language: str, size: tuple[int, int], dark: bool
) -> None:
    await register_reader(town.ctx, mail="chen@reader.test", name="陈晨", language="zh", address="")
    await request_reset(town.ctx, mail="lin@library.test", address="")
    grant = Grant(Role.LIBRARIAN, ScopeKind.LIBRARY, town.libraries["home"])
    invitation = Invitation("wang@library.test", "王强", town.libraries["home"], (grant,))
    await invite_staff(town.ctx, OPERATOR, invitation)
    lang = language[:2]
    person = await visits.person(language=language, size=size, dark=dark)
    page = await person.new_page()
    paths = [
        *("/login", "/login?out=1", "/register", "/register?sent=1", "/reset"),
        *(await mailed(town, "verify"), await mailed(town, "reset"), await mailed(town, "invite")),
        "/login/window?desk=home&origin=http://library.test",
    ]

    async def look(path: str) -> None:
        await page.goto(f"{town.base}{path}{'&' if '?' in path else '?'}lang={lang}")
        faults = await accessibility_faults(page)
        assert not faults, f"{path}: {faults}"
        width = await page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert width <= 0, f"{path}: {width} px too wide"

    for path in paths:
        await look(path)
    await page.fill("#f-mail", "nobody@reader.test")
    await page.fill("#f-password", "not the password")
    visits.faults.clear()
    await page.click("button:not(noscript *)")
    assert not await accessibility_faults(page), "with an error"
    visits.faults.clear()  # the browser notes the 422
    await log_in(page, town, "reader")
    for path in ("/account", "/account?done=account.saved", "/account/erase", paths[-1]):
        await look(path)
    await log_out(page, town)
    await log_in(page, town, "manager")
    await look("/account")
    await look("/manage/readers")


async def log_out(page: Page, town: Town) -> None:
    await page.goto(f"{town.base}/account")
    await page.click("form[action='/logout'] button")
    await page.wait_for_url(re.compile("/login"))


async def test_logging_in_takes_no_mouse_and_no_script(town: Town, visits: Visits) -> None:
    person = await visits.person(java_script_enabled=False)
    page = await person.new_page()
    await page.goto(f"{town.base}/login?next=/account/erase")
    await page.focus("#f-mail")
    await page.keyboard.type("reader@library.test")
    await page.keyboard.press("Tab")
    await page.keyboard.type(PASSWORD)
    await page.keyboard.press("Enter")
    await page.wait_for_url(f"{town.base}/account/erase")


@asynccontextmanager
async def library_sites(town: Town) -> AsyncIterator[tuple[str, str]]:
    """Two sites on one server: the library's, which its desk lists, and one that pretends to be it."""

    async def page(request: Request) -> Response:
        return HTMLResponse(_HOST % (town.base, listed))

    async with serving(Starlette(routes=[Route("/", page)])) as served:
        listed = served.replace("127.0.0.1", "library.test")
        async with town.ctx.transaction() as tx:
            await tx.execute("UPDATE desk SET origins = $1 WHERE slug = 'home'", f'["{listed}"]')
        yield listed, served.replace("127.0.0.1", "evil.test")


async def log_in_by_window(page: Page) -> Page:
    async with page.expect_popup() as popup:
        await page.click("#open")
    window = await popup.value
    await window.fill("#f-mail", "reader@library.test")
    await window.fill("#f-password", PASSWORD)
    return window


async def test_the_window_tells_the_listed_page_and_closes(town: Town, visits: Visits) -> None:
    async with library_sites(town) as (library, _):
        page = await visits.page(library)
        window = await log_in_by_window(page)
        async with page.expect_event("console", lambda message: message.text == "heard"):
            await window.keyboard.press("Enter")
        ((origin, data),) = await page.evaluate("heard")
        assert (origin, data["shuqiao"], len(data["code"])) == (town.base, "login", 43)
        assert window.is_closed() or await window.wait_for_event("close") is not None


async def test_a_page_that_only_says_it_is_the_library_hears_nothing(town: Town, visits: Visits) -> None:
    async with library_sites(town) as (_, evil):
        page = await visits.page(evil)
        window = await log_in_by_window(page)
        async with window.expect_event("close"):
            await window.keyboard.press("Enter")
        assert await page.evaluate("heard") == []
        visits.faults.clear()  # the browser says that it kept the message back
