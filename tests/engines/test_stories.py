"""Readers and librarians at Firefox and at WebKit: `make engines`, on a machine that has them."""

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.engines.engines import ALT, ENGINES, ENTER, SHIFT
from tests.engines.pages import Person
from tests.servers.machine import machine_cannot
from tests.web.libraries import Host, librarian, open_host, said, say

pytestmark = [pytest.mark.engines, pytest.mark.timeout(300)]

QUESTION = "请问怎样查民国报纸？"


@pytest.fixture
async def host(sqlite_url: str, tmp_path: Path) -> AsyncIterator[Host]:
    async with open_host(sqlite_url, tmp_path) as host:
        yield host


@pytest.fixture(params=list(ENGINES))
async def person(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Person]:
    """Somebody at each of the browsers. ENGINE_PICTURES names a folder for what they saw."""
    there, begin = ENGINES[request.param]
    if not there():
        machine_cannot(f"run {request.param}: it wants the packages firefox-esr, webkit2gtk-driver and xvfb")
    engine = await asyncio.to_thread(begin, tmp_path)
    kept = os.environ.get("ENGINE_PICTURES")
    yield Person(engine, Path(kept) if kept else None)
    await asyncio.to_thread(engine.close)


async def open_chat(person: Person, address: str) -> None:
    await person.go(address)
    await person.see("launcher && !document.querySelector('shuqiao-launcher').hidden")
    await person.press("launcher.querySelector('button')")
    await person.see("chat?.querySelector('textarea')")


@pytest.mark.parametrize("policy", ["url", "strict_url"], ids=["a socket", "an event stream"])
async def test_a_reader_on_a_librarys_page_asks_reads_sends_and_rates(
    host: Host, person: Person, policy: str, tmp_path: Path
) -> None:
    async with librarian(host.town) as line:
        await open_chat(person, getattr(host, policy))
        await person.write("chat.querySelector('textarea')", QUESTION)
        await person.press("labelled('开始咨询')")
        await person.see(f"chat.querySelector('[role=log]')?.textContent.includes('{QUESTION}')")
        session = await host.town.take("lin")
        await person.see("chat.textContent.includes('正在为您服务')")
        await say(line, session, "l1", "您好，请到 https://example.org/a 看看。")
        await person.see("labelled('https://example.org/a', 'a')")
        await line.say(t="typing", session=session)
        await person.see("chat.textContent.includes('正在输入')")
        await person.write("chat.querySelector('#write')", f"第一行{SHIFT}{ENTER}{SHIFT}第二行")
        await person.write("chat.querySelector('#write')", ENTER)
        await person.see("chat.querySelectorAll('.row.mine:not(.waits)').length === 2")
        paper = tmp_path / "县志.pdf"
        paper.write_bytes(b"%PDF-1.7 " + b"x" * 300_000)
        await person.write("chat.querySelector('input[type=file]')", str(paper))
        await person.see("chat.querySelector('[role=log] a.file')")
        await person.photograph(f"room-{policy}")
        await person.reload()
        await person.see("chat?.querySelectorAll('[role=log] .row').length === 4")
        told = [QUESTION, "您好，请到 https://example.org/a 看看。", "第一行\n第二行"]
        assert await said(host.town, session) == told
        texts = "[...chat.querySelectorAll('[role=log] .text')].map((one) => one.textContent)"
        assert await person.see(texts) == told
        await person.press("labelled('更多')")
        await person.press("labelled('结束咨询')")
        await person.press("chat.querySelector('.confirm .primary')")
        await person.press("labelled('满意')")
        await person.press("labelled('提交评价')")
        await person.see("chat.textContent.includes('谢谢您的评价')")
        await person.photograph(f"over-{policy}")


async def test_a_reader_logs_in_by_the_window(host: Host, person: Person) -> None:
    if person.engine.name == "webkit":
        pytest.skip("WebKit's driver does not show the windows that a page opens")
    async with host.town.ctx.transaction() as tx:  # an account without a password cannot log in anywhere
        await tx.execute("UPDATE account SET password_hash = 'x' WHERE name = 'Reader'")
    await person.log_in(host.town.base, host.town.people["reader"].cookie)
    await open_chat(person, host.url)
    here = await person.do("window")
    await person.press("labelled('登录')")
    while len(windows := await person.do("windows")) < 2:
        await asyncio.sleep(0.1)
    await person.do("switch", handle=next(window for window in windows if window != here))
    await person.press("document.querySelector('main button')")
    while len(await person.do("windows")) > 1:
        await asyncio.sleep(0.1)
    await person.do("switch", handle=here)
    await person.see("chat.querySelector('.identity').textContent.includes('已登录：Reader')")


async def test_a_librarian_takes_a_reader_answers_ends_and_archives(host: Host, person: Person) -> None:
    town = host.town
    await person.log_in(town.base, town.people["mei"].cookie)
    await person.go(f"{town.base}/console")
    await person.see("document.querySelector('.line[data-state=current]')")
    await person.press("document.querySelector('.duty__choice[data-value=available]')")
    await person.see("document.querySelector('.duty').dataset.availability === 'available'")
    guest = await town.ask(QUESTION)
    await person.see("document.querySelector('.offer')")
    await person.write("document.activeElement", f"{ALT}a")
    await person.see("document.querySelector('.composer__proposal:not([hidden])')")
    await person.write("document.querySelector('.composer__field')", ENTER)  # the greeting stands ready
    await person.see("document.querySelectorAll('.talk .bubble--mine').length === 1")
    await person.write("document.querySelector('.composer__field')", f"您好，请稍等。{ENTER}")
    await person.see("document.querySelectorAll('.talk .bubble--mine').length === 2")
    await person.see("!document.querySelector('.bubble--waiting')")
    async with town.socket(token=guest.token) as line:
        await line.say(t="post", session=guest.session, id="r1", text="好的，谢谢")
        await person.see("labelled('好的，谢谢', '.bubble')")
    await person.photograph("talk")
    await person.write("document.querySelector('.composer__field')", f"{ALT}e")
    await person.write("document.querySelector('dialog [type=submit]')", ENTER)
    await person.see("document.querySelector('.wrap-up')")
    await person.photograph("wrap-up")
    await person.press("document.querySelector('.wrap-up [type=submit]')")
    await person.see("!document.querySelector('.entry')")
    assert "您好，请稍等。" in await said(town, guest.session, "mei")


PAGES = {
    "reader": "/ /portal /portal/libraries /d/home /d/home/ask /d/home/request /search?q=a /my/consultations /account"
    " /loans /loans/cart /loans/addresses /loans/orders",
    "lin": "/console /console/pool /console/archive /console/consultations /console/phrases /console/phone /statement",
    "manager": "/manage/board /manage/figures /manage/staff /manage/desks /manage/policies",
}


@pytest.mark.parametrize("name", PAGES)
async def test_no_page_is_wider_than_its_window(host: Host, person: Person, name: str) -> None:
    await person.log_in(host.town.base, host.town.people[name].cookie)
    found: dict[str, list[str]] = {}
    for width in (1280, 500):
        await person.do("resize", width=width, height=844)
        for path in PAGES[name].split():
            await person.go(host.town.base + path)
            await person.see("document.querySelector('main, .workspace, body > *')")
            wide = [one for one in await person.too_wide() if width == 1280 or "the page" in one]
            if wide:
                found[f"{path} {width}"] = wide
    assert found == {}
