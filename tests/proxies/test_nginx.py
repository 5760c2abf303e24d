"""A conversation, files and documents through the nginx that docs/operations.md shows: `make proxies`."""

import asyncio
import json
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import httpx2 as httpx
import pytest
from playwright.async_api import Page, expect

from server.outside.front import Blocked, knock
from tests.journeys.installations import LIBRARY, Installation, MakeProduct, open_installation
from tests.journeys.people import (
    accept,
    answer,
    ask,
    console_is_current,
    forget_outage,
    go_on_duty,
    is_current,
    librarian_sees,
    log_in,
    open_widget,
    reader_sees,
    write,
)
from tests.proxies.nginx import Nginx, start_nginx
from tests.servers import machine
from tests.servers.browsers import Visits
from tests.town import serving
from web.pages.sample import sample_site

pytestmark = [pytest.mark.proxies, pytest.mark.timeout(240)]

TRUSTING = {"ignore_https_errors": True}  # browsers that take a test's own certificate
QUESTION = "请问怎样查民国时期的《申报》？"


@dataclass
class Front:
    """Two servers and a worker behind nginx; library sites with a socket and without one."""

    place: Installation
    nginx: Nginx
    site: str
    strict_site: str


@pytest.fixture
async def front(
    postgres_url: str, redis_url: str, tmp_path: Path, product: MakeProduct
) -> AsyncIterator[Front]:
    port = machine.free_port()
    url = f"https://shuqiao.test:{port}"
    async with (
        open_installation(
            product, tmp_path, postgres_url, servers=2, workers=1, redis_url=redis_url, public_url=url
        ) as place,
        serving(sample_site(url, "home", LIBRARY)) as site,
        serving(sample_site(url, "home", LIBRARY, socket=False)) as strict,
    ):
        sites = [each.replace("127.0.0.1", "library.test") for each in (site, strict)]
        async with place.town.ctx.transaction() as tx:
            await tx.execute("UPDATE desk SET origins = $1 WHERE slug = 'home'", json.dumps(sites))
        nginx = start_nginx(tmp_path / "nginx", port, [server.port for server in place.servers])
        yield Front(place, nginx, *sites)
        machine.stop(nginx.process)


def client(front: Front) -> httpx.AsyncClient:
    """A stranger's program."""
    trusting = ssl.create_default_context()
    trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
    return machine.http_client(f"https://127.0.0.1:{front.nginx.port}", verify=trusting)


async def talk(front: Front, visits: Visits, site: str) -> tuple[Page, Page, str]:
    """A reader and a librarian who talk."""
    console = await log_in(visits, front.nginx.url, "lin", **TRUSTING)
    await go_on_duty(console)
    page = await visits.page(site, **TRUSTING)
    await open_widget(page)
    await ask(page, QUESTION)
    await accept(console, QUESTION)
    await expect(page.get_by_role("log")).to_contain_text("书桥图书馆 · Lin 正在为您服务")
    return page, console, await front.place.only_session()


async def test_a_conversation_goes_on_while_the_servers_behind_are_changed(
    front: Front, visits: Visits
) -> None:
    """One dies, the other is told to go; whoever was on it comes back by the one that is there."""
    page, console, session = await talk(front, visits, front.site)
    first, second = front.place.servers
    written = []
    for text, change in (
        ("两台都在", lambda: None),
        ("一台断电", first.kill),
        ("又有两台", first.start),
        ("另一台停机", second.stop),
        ("升级之后", second.start),
    ):
        await asyncio.to_thread(change)
        await write(page, f"读者：{text}")
        await answer(console, f"馆员：{text}")
        written += [f"读者：{text}", f"馆员：{text}"]
        await is_current(page)
        await console_is_current(console)
        await expect(console.get_by_text(f"读者：{text}").last).to_be_visible(timeout=40_000)
        await expect(page.get_by_text(f"馆员：{text}").last).to_be_visible(timeout=40_000)
    assert " 502 " not in front.nginx.kept(), "somebody was turned away while a server was there"
    forget_outage(visits)
    said = await front.place.said(session)
    assert sorted(said[-10:]) == sorted(written)
    assert await reader_sees(page) == await librarian_sees(console) == said


async def test_an_event_stream_is_not_held_back(front: Front, visits: Visits) -> None:
    """A page whose policy allows no socket."""
    page, console, session = await talk(front, visits, front.strict_site)
    await answer(console, "请看《申报》数据库。")
    await expect(page.get_by_role("log")).to_contain_text("请看《申报》数据库。")
    await write(page, "谢谢！")
    await expect(console.get_by_text("谢谢！").last).to_be_visible()
    await is_current(page)
    assert await reader_sees(page) == await front.place.said(session)
    visits.faults.clear()  # the policy's refusal of the socket is what this page is for


async def test_a_file_passes_whole(front: Front, visits: Visits, tmp_path: Path) -> None:
    """One that is larger than what nginx keeps in memory, and than what it takes unless told otherwise."""
    page, console, _ = await talk(front, visits, front.site)
    paper = tmp_path / "县志.pdf"
    paper.write_bytes(b"%PDF-1.7 " + bytes(range(256)) * 4 * 1024 * 15)
    await page.locator("shuqiao-chat input[type=file]").set_input_files(paper)
    link = console.get_by_role("link", name="县志.pdf")
    await expect(link).to_be_visible(timeout=60_000)
    async with console.expect_download() as begun:
        await link.click()
    got = await (await begun.value).path()
    assert got.read_bytes() == paper.read_bytes()


async def test_the_doctor_gets_through_it_once_its_certificate_is_trusted(
    front: Front, monkeypatch: pytest.MonkeyPatch
) -> None:
    door = f"https://127.0.0.1:{front.nginx.port}"
    with pytest.raises(ssl.SSLCertVerificationError):
        await knock(door)
    monkeypatch.setenv("SSL_CERT_FILE", str(front.nginx.certificate))
    await knock(door)
    for server in front.place.servers:
        server.kill()
    with pytest.raises(Blocked) as found:
        await knock(door)
    assert found.value.empty


async def test_figures_stay_inside_and_logs_hold_no_secret(front: Front, visits: Visits) -> None:
    async with client(front) as http:
        for claims in ({}, {"X-Forwarded-For": "127.0.0.1", "X-Forwarded-Proto": "http"}):
            assert (await http.get("/metrics", headers=claims)).status_code == 403
        assert (await http.get("/readyz")).json()["status"] == "ready"
        await http.get("/verify/a-secret-word?and=another-secret")
    page, _, session = await talk(front, visits, front.strict_site)
    assert all(c["secure"] for c in await visits.contexts[0].cookies() if c["name"] == "sid")
    find = "Object.entries(localStorage).find(([name]) => name.endsWith(' visitor'))[1]"
    visitor = json.loads(await page.evaluate(find))
    await page.close()
    async with asyncio.timeout(30):  # an answer is logged when it ends; nginx tells nobody
        while f"/api/sessions/{session}/stream" not in (kept := front.nginx.kept()):
            await asyncio.sleep(0.1)
    for secret in ("secret", "?", visitor):
        assert secret not in kept
    visits.faults.clear()  # as above
