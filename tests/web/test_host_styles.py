"""Whatever a library's page does with its styles, the chat looks the same (docs/embedding.md)."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page, expect

from tests.servers.browsers import Visits
from tests.web.libraries import Host, ask, librarian, open_chat, open_host

pytestmark = pytest.mark.browser

# What themes of real sites do to everything on a page, and worse.
REACHES_IN = (
    "font: italic 700 9px/3 SimSun; letter-spacing: 4px; word-spacing: 9px; text-transform: uppercase;"
    " text-align: right; color: red; cursor: wait; visibility: hidden; text-indent: 2em; white-space: pre;"
    " opacity: .3; max-height: 90px; max-width: 120px; min-width: 900px; overflow: hidden; margin: 30px; padding: 30px;"
    " border: 9px solid red; transform: rotate(5deg); filter: blur(2px); float: left; position: relative; z-index: 1;"
    " display: inline; clip-path: inset(40%); box-sizing: content-box; color-scheme: only dark; pointer-events: none;"
)
LOOK = """name => {
  const host = document.querySelector(name);
  const seen = [host, ...host.shadowRoot.querySelectorAll("*")].filter((one) => !one.closest("svg"));
  return seen.map((one) => {
    const style = getComputedStyle(one), { x, y, width, height } = one.getBoundingClientRect();
    const named = ["fontFamily", "fontSize", "fontStyle", "fontWeight", "lineHeight", "letterSpacing", "wordSpacing",
      "textTransform", "textAlign", "textIndent", "whiteSpace", "color", "cursor", "visibility", "opacity", "overflow",
      "transform", "filter", "display", "position", "zIndex", "clipPath", "pointerEvents", "borderTopWidth",
      "marginTop", "paddingTop", "colorScheme", "float"];
    const place = [x, y, width, height].map(Math.round);
    return `${one.localName}.${one.className}: ${place} ${named.map((each) => style[each])}`;
  });
}"""
PRESS = """css => {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(css);
  document.adoptedStyleSheets.push(sheet);
}"""


@pytest.fixture
async def host(sqlite_url: str, tmp_path: Path) -> AsyncIterator[Host]:
    async with open_host(sqlite_url, tmp_path) as host:
        yield host


async def look_of(page: Page, name: str) -> Any:
    """How everything of ours looks by now, and where it stands."""
    return await page.evaluate(LOOK, name)


@pytest.mark.parametrize("force", ["", " !important"], ids=["usual", "important"])
async def test_the_pages_own_styles_do_not_reach_the_chat(host: Host, visits: Visits, force: str) -> None:
    page = await visits.page(host.url)
    hostile = f"body * {{ {REACHES_IN.replace(';', force + ';')} }}"
    launcher = page.locator("shuqiao-launcher button")
    await expect(launcher).to_be_visible()
    before = await look_of(page, "shuqiao-launcher")
    await page.evaluate(PRESS, hostile)
    assert await look_of(page, "shuqiao-launcher") == before
    await page.reload()
    async with librarian(host.town):
        await open_chat(page)
        await ask(page)
        await expect(page.locator("shuqiao-chat .status.current")).to_be_visible()
        before = await look_of(page, "shuqiao-chat")
        await page.evaluate(PRESS, hostile)
        assert await look_of(page, "shuqiao-chat") == before
