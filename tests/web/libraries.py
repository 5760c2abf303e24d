"""A library's site on an origin of its own, carrying the chat, and readers who visit it."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.async_api import Locator, Page, expect

from tests.servers.machine import free_port
from tests.town import Socket, Town, open_town, serving
from web.pages.sample import sample_site

NAME = "书桥图书馆"


@dataclass
class Host:
    """The town, and two sites of the home library: one whose policy allows our socket, one that names us barely."""

    town: Town
    url: str
    strict_url: str


@asynccontextmanager
async def open_host(database_url: str, folder: Path) -> AsyncIterator[Host]:
    async with (
        open_town(database_url, folder, port=free_port()) as town,
        serving(sample_site(town.base, "home", NAME)) as url,
        serving(sample_site(town.base, "home", NAME, socket=False)) as strict_url,
    ):
        async with town.ctx.transaction() as tx:
            listed = json.dumps([url, strict_url])
            await tx.execute("UPDATE desk SET origins = $1 WHERE slug = 'home'", listed)
        yield Host(town, url, strict_url)


@asynccontextmanager
async def librarian(town: Town, name: str = "lin") -> AsyncIterator[Socket]:
    """Somebody of the library at the desk."""
    person = town.people[name]
    async with town.socket(person, topics={f"staff/{person.id}": 0}) as line:
        await town.available(name)
        yield line


async def open_chat(page: Page) -> Locator:
    """Press the launcher; the chat's panel."""
    await page.locator("shuqiao-launcher button").click()
    panel = page.locator("shuqiao-chat")
    await expect(panel).to_be_visible()
    return panel


async def ask(page: Page, question: str = "请问怎样查民国报纸？") -> None:
    await page.get_by_label("您的问题").fill(question)
    await page.get_by_role("button", name="开始咨询").click()
    await expect(page.get_by_role("log")).to_contain_text(question)


async def write(page: Page, text: str) -> None:
    field = page.get_by_label("写消息")
    await field.fill(text)
    await field.press("Enter")


async def say(line: Socket, session: str, name: str, text: str) -> None:
    """The librarian says something and has it acknowledged."""
    await line.say(t="post", session=session, id=name, text=text)
    await line.hear("ack", id=name)


async def said(town: Town, session: str, name: str = "lin") -> list[str]:
    """What the conversation holds, as the server has it."""
    answer = await town.people[name].http.get(f"/api/sessions/{session}/events")
    events: list[dict[str, Any]] = answer.json()["events"]
    return [event["text"] for event in events if event["kind"] == "message"]


async def shown(page: Page) -> list[str]:
    """What the reader sees of it, in order, sent or waiting."""
    return await page.locator("shuqiao-chat .row:not(.greeting) .text").all_inner_texts()


def connection(page: Page) -> Locator:
    """The chat's line about its own connection."""
    return page.locator("shuqiao-chat .status")
