"""A person before Firefox or WebKit: sees until something is there, presses, writes."""

import asyncio
import base64
import time
from pathlib import Path
from typing import Any

from tests.engines.engines import ELEMENT, CommandFailed, Engine

PATIENCE = 30.0
# What scripts of a story may name: the chat's and its button's insides, and whatever holds a text.
_NAMES = """
const chat = document.querySelector("shuqiao-chat")?.shadowRoot;
const launcher = document.querySelector("shuqiao-launcher")?.shadowRoot;
const says = (one, text) => one.checkVisibility() && `${one.textContent}${one.ariaLabel ?? ""}`.includes(text);
const labelled = (text, kind = "button") =>
  [...(chat ?? document).querySelectorAll(kind)].find((one) => says(one, text));
"""
# What reaches out of the window, or scrolls sideways though it should not.
_TOO_WIDE = """
const wide = [...document.querySelectorAll("*")].filter((one) =>
  /auto|scroll/.test(getComputedStyle(one).overflowX) && one.clientWidth && one.scrollWidth > one.clientWidth + 1);
const names = wide.map((one) => `${one.localName}.${one.className}`);
const page = document.documentElement.scrollWidth - innerWidth;
return page > 1 ? [`the page, by ${page}`, ...names] : names;
"""


class Person:
    """Somebody at one of the browsers."""

    def __init__(self, engine: Engine, pictures: Path | None = None) -> None:
        self.engine = engine
        self.pictures = pictures

    async def do(self, command: str, **values: Any) -> Any:
        return await asyncio.to_thread(self.engine.command, command, **values)

    async def go(self, address: str) -> None:
        await self.do("go", url=address)

    async def reload(self) -> None:
        await self.do("reload")

    async def run(self, script: str) -> Any:
        return await self.do("run", script=_NAMES + script, args=[])

    async def see(self, what: str) -> Any:
        """The value of an expression, once it has one. Raises AssertionError when it never has."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            try:
                if value := await self.run(f"return {what}"):
                    return value
            except CommandFailed as refused:
                if "javascript error" not in str(refused):  # the page is still on its way
                    raise
            await asyncio.sleep(0.1)
        await self.photograph("never")
        raise AssertionError(f"never seen: {what}")

    async def press(self, what: str) -> None:
        await self.do("press", id=(await self.see(what))[ELEMENT])

    async def write(self, what: str, text: str) -> None:
        await self.do("write", id=(await self.see(what))[ELEMENT], text=text)

    async def log_in(self, base: str, cookie: str) -> None:
        """Come with a log-in: cookies can be set where one is already."""
        await self.go(f"{base}/login")
        await self.do("cookie", cookie={"name": "sid", "value": cookie})

    async def too_wide(self) -> list[str]:
        return list(await self.run(_TOO_WIDE))

    async def photograph(self, name: str) -> None:
        """Keep what the window shows, where somebody wants to look at it."""
        if self.pictures is not None:
            picture = base64.b64decode(await self.do("photograph"))
            (self.pictures / f"{self.engine.name}-{name}.png").write_bytes(picture)
