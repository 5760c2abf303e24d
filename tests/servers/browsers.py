"""A real Chromium that reaches nothing but this machine, and pages that report what goes wrong in them."""

import os
import shutil
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any

from playwright.async_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Error,
    Locator,
    Page,
    Playwright,
    expect,
)

from tests.town import Town

# Names under .test lead here too, so that a host page and our own origin can be told apart; all else leads
# nowhere.
_RESOLVER = "MAP *.test 127.0.0.1, MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost"
_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    f"--host-resolver-rules={_RESOLVER}",
)
PHONE = (390, 844)
DESKTOP = (1280, 800)
PATIENCE = 40_000.0  # ms: a slow machine is no failure
expect.set_options(timeout=PATIENCE)


def chromium_path() -> str | None:
    """The browser of this machine, the headless shell before others; TEST_CHROMIUM names another."""
    if chosen := os.environ.get("TEST_CHROMIUM"):
        return chosen
    known = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
    return next(filter(None, map(shutil.which, known)), None)


async def launch(playwright: Playwright, executable: str) -> Browser:
    return await playwright.chromium.launch(executable_path=executable, args=_FLAGS)


@dataclass
class Visits:
    """People at their browsers: each visit is one person with cookies and storage of their own.

    ``faults`` collects script errors, console errors (Content-Security-Policy among them) and requests that
    would leave this machine; the fixture fails the test when any is left. A test that provokes one clears it.
    """

    browser: Browser
    faults: list[str] = field(default_factory=list)
    contexts: list[BrowserContext] = field(default_factory=list)
    over: bool = False

    async def person(
        self, *, language: str = "zh-CN", size: tuple[int, int] = DESKTOP, dark: bool = False, **more: Any
    ) -> BrowserContext:
        """A person with a fresh browser profile."""
        more.setdefault("timezone_id", "Asia/Shanghai")
        context = await self.browser.new_context(
            locale=language,
            viewport={"width": size[0], "height": size[1]},
            color_scheme="dark" if dark else "light",
            reduced_motion="reduce",
            **more,
        )
        context.set_default_timeout(PATIENCE)
        context.on("weberror", lambda error: self._fault(f"script: {error.error}"))
        context.on("console", self._heard)
        context.on("request", lambda request: self._asked(request.url))
        self.contexts.append(context)
        return context

    async def page(self, url: str = "about:blank", **how: Any) -> Page:
        """One page of a new person, already at an address."""
        page = await (await self.person(**how)).new_page()
        await page.goto(url)
        return page

    def end(self) -> None:
        """The story is told: what pages say while servers are taken down under them is no fault of theirs."""
        self.over = True

    async def leave(self) -> None:
        for context in self.contexts:
            # A test's handler may still be fetching: what ends it here would fail the test after this one.
            for page in context.pages:
                with suppress(Error):  # a window that closes itself in this moment fetches nothing any more
                    await page.unroute_all(behavior="ignoreErrors")
            await context.close()

    def _fault(self, text: str) -> None:
        if not self.over:
            self.faults.append(text)

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self._fault(f"console: {message.text} ({message.location.get('url', '')})")

    def _asked(self, url: str) -> None:
        host = url.partition("://")[2].partition("/")[0].rpartition("@")[2].partition(":")[0]
        if host and host not in ("127.0.0.1", "localhost") and not host.endswith(".test"):
            self._fault(f"left this machine: {url}")


async def sit_down(
    visits: Visits, town: Town, name: str = "", path: str = "", *, lang: str = "", **how: Any
) -> Page:
    """One of the cast at a browser, logged in, at a page: nobody without a name, nowhere yet without a path.

    ``lang`` is the language that they once chose; ``how`` is what `Visits.person` takes.
    """
    person = await visits.person(**how)
    cookies = {"lang": lang, "sid": town.people[name].cookie if name else ""}
    for key, value in cookies.items():
        if value:
            await person.add_cookies([{"name": key, "value": value, "url": town.base}])
    page = await person.new_page()
    if path:
        await page.goto(town.base + path)
    return page


async def compose(page: Page, field: Locator, typed: str, meant: str) -> None:
    """Chinese by an input method: letters that are composed, Enter while they are, and then what was meant by them."""
    await field.focus()
    line = await page.context.new_cdp_session(page)
    for end in range(1, len(typed) + 1):
        composed = {"text": typed[:end], "selectionStart": end, "selectionEnd": end}
        await line.send("Input.imeSetComposition", composed)
    for kind in ("rawKeyDown", "keyUp"):
        enter = {"type": kind, "key": "Enter", "code": "Enter", "windowsVirtualKeyCode": 13}
        await line.send("Input.dispatchKeyEvent", enter)
    await line.send("Input.imeSetComposition", {"text": "", "selectionStart": 0, "selectionEnd": 0})
    await line.send("Input.insertText", {"text": meant})
    await line.detach()


async def accessibility_faults(page: Page) -> list[str]:
    """What axe-core finds on a page as it stands: one line for each broken rule, with the elements."""
    await page.wait_for_load_state()
    if not await page.evaluate("'axe' in window"):
        # Evaluated, not added as a script tag: a strict Content-Security-Policy stays in force meanwhile.
        await page.evaluate(_axe())
        await page.add_init_script(_axe())  # where this page goes next: to send it each time takes a while
    found = await page.evaluate("axe.run({resultTypes: ['violations'], preload: false})")
    return [
        f"{rule['id']} ({rule['impact']}): {rule['help']}: {[node['html'] for node in rule['nodes'][:5]]}"
        for rule in found["violations"]
    ]


@cache
def _axe() -> str:
    return files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")
