"""Every page that there is, for whom it is made, in both languages, light and dark: no barrier before anybody."""

from collections import defaultdict
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from tests.servers.browsers import DESKTOP, PHONE, Visits, accessibility_faults, sit_down
from tests.servers.machine import free_port
from tests.town import Town, open_town
from web.site import PAGES

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

LOOKS = {
    "zh light desktop": {"language": "zh-CN", "size": DESKTOP, "dark": False},
    "en dark phone": {"language": "en-GB", "size": PHONE, "dark": True},
}
ASKED = {"/sample": "?desk=home", "/login/window": "?desk=home&origin=http://library.test"}
FRAGMENTS = (".css", ".csv", ".ico", "/{name}", "/parts")  # no pages by themselves
# Whose pages they are, by the beginning of the address; what no line names is for everybody.
# Screens whose own tests hold them to the same, with orders, stores and machines on them.
ELSEWHERE = (
    "/loans",
    "/covers",
    *(f"/console/{part}" for part in ("store", "holdings", "stack", "cases", "orders")),
)
OWNERS = (
    ("/account", ("reader", "lin")),
    ("/my", ("reader",)),
    ("/console/inspection", ("inspector",)),
    ("/console/archive", ("inspector", "lin")),
    ("/console/consultations", ("lin", "inspector")),
    ("/console", ("lin", "mei")),
    ("/manage", ("administrator", "duty_manager")),
)
LONG_USED = ("/verify/unknown", "/reset/unknown", "/invite/unknown")  # what a link says that is good no more
# One case, statement, application, notice: held to the same by the tests of inspection, loans and notices.
NOT_HERE = tuple(
    f"{path}/new"
    for path in ("/console/inspection", "/console/returns", "/manage/borrowers", "/manage/notices")
)


@pytest.fixture
async def town(sqlite_url: str, tmp_path: Path) -> AsyncIterator[Town]:
    """A town in which something has happened."""
    async with open_town(sqlite_url, tmp_path, port=free_port()) as town:
        await _happenings(town)
        yield town


def screens(town: Town) -> list[tuple[str, tuple[str, ...]]]:
    """Every address that shows something, and who looks at it."""
    ids = {"libraries": town.libraries["home"], "desks": town.desks["home"], "staff": town.people["lin"].id}
    ids |= town.things
    found = []
    for page in PAGES:
        if page.method != "GET" or page.path.endswith(FRAGMENTS) or page.path.startswith(ELSEWHERE):
            continue
        noun = page.path.split("/")[2] if page.path.count("/") > 1 else ""
        address = page.path.format_map(
            defaultdict(lambda: "new", id=ids.get(noun, "new"), slug="home", token="unknown")
        )
        if address in NOT_HERE:
            continue
        who = next((names for start, names in OWNERS if address.startswith(start)), ("",))
        found.append((address + ASKED.get(address, ""), who))
    return found


@pytest.mark.parametrize("look", LOOKS)
async def test_no_page_puts_a_barrier_before_anybody(town: Town, visits: Visits, look: str) -> None:
    place = list(LOOKS).index(look)
    pages: dict[str, Page] = {}
    faults = []
    for address, who in screens(town):
        name = who[min(place, len(who) - 1)]
        if name not in pages:
            pages[name] = await sit_down(visits, town, name, lang=LOOKS[look]["language"][:2], **LOOKS[look])
        page = pages[name]
        answer = await page.goto(f"{town.base}{address}")
        assert answer is not None and (answer.status == 200 or address in LONG_USED), (address, name)
        await _settled(page, address)
        faults += [f"{address} ({name or 'anybody'}): {fault}" for fault in await accessibility_faults(page)]
        wide = await page.evaluate("document.documentElement.scrollWidth > innerWidth + 1")
        faults += [f"{address}: wider than the window"] if wide else []
    visits.faults[:] = [fault for fault in visits.faults if not any(link in fault for link in LONG_USED)]
    assert faults == []


async def _settled(page: Page, address: str) -> None:
    """What scripts draw after the page has loaded stands there."""
    if address == "/console":
        await expect(page.locator('.line[data-state="current"]')).to_be_attached()
    elif address == "/d/home":
        await expect(page.locator("shuqiao-chat")).to_be_visible()
    elif address.startswith("/sample"):
        await expect(page.locator("shuqiao-launcher")).to_be_attached()


async def _happenings(town: Town) -> None:
    """Hours, a group, phrases, a closed day; a conversation that waits, one in which people talk, one archived."""
    admin, lin = town.people["administrator"].http, town.people["lin"].http
    desks = [town.desks["home"], town.desks["other"]]
    await admin.put(f"/api/manage/desks/{desks[0]}/hours", json={"days": ["9-12, 13-17"] * 7})
    await admin.post("/api/manage/groups", json={"name_zh": "华南", "name_en": "South", "desk_ids": desks})
    await admin.post(
        "/api/manage/closures", json={"day": "2030-01-01", "note_zh": "元旦", "note_en": "New Year"}
    )
    for level in ("alliance", "library"):
        await admin.post(
            "/api/phrases",
            json={"shortcut": level, "text_zh": "您好", "level": level, "owner_id": town.libraries["home"]},
        )
    await _requests(town)
    async with town.socket(town.people["lin"]):
        await town.available("lin", capacity=2)
        first = await town.ask("开馆时间？")
        await town.take("lin")
        await first.http.post(f"/api/sessions/{first.session}/end", headers=first.headers, json={})
        record = {"question_type": "fact", "effort": 1, "outcome": "answered"}
        assert (await lin.post(f"/api/sessions/{first.session}/wrap-up", json=record)).status_code == 200
        await town.ask("正在谈的问题")
        await town.take("lin")
        await town.ask("还在等的问题", desk="other")


async def _requests(town: Town) -> None:
    """A document that is being looked for, and a question that has its answer."""
    reader, lin = town.people["reader"].http, town.people["lin"].http
    wish = {
        "client_id": "first",
        "citation": {"material": "book", "title": "图书馆学导论", "authors": "于良芝"},
    }
    waiting = (await reader.post("/api/desks/home/consultations", json=wish)).json()["consultation"]["id"]
    town.things["pool"] = await _task_of(town, waiting)
    question = {"client_id": "second", "channel": "form", "question": "怎样查民国报纸？"}
    made = (await reader.post("/api/desks/home/consultations", json=question)).json()
    town.things["consultations"] = made["consultation"]["id"]
    task = f"/api/tasks/{await _task_of(town, town.things['consultations'])}"
    claim = (await lin.post(f"{task}/claim", json={})).json()["claim_number"]
    draft = {"claim_number": claim, "content": {"kind": "text", "body": "请查全国报刊索引。"}}
    answer = await lin.post(f"{task}/answer", json=draft)
    assert answer.status_code < 300, answer.text


async def _task_of(town: Town, consultation_id: str) -> str:
    row = await town.ctx.db.read.row("SELECT task_id FROM consultation WHERE id = $1", consultation_id)
    assert row is not None
    return str(row["task_id"])
