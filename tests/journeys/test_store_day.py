"""A store keeper's day with nothing but a hand scanner: a fast keyboard that types a code and presses Enter."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Locator, Page, expect

from server.domain.catalogue import BibliographicRecord
from server.domain.citations import Material
from server.domain.loans import House, Stage
from server.domain.permissions import Grant, Role, ScopeKind
from server.store.catalogue import save_records
from tests.server.loans.conftest import Loans
from tests.servers.browsers import DESKTOP, PHONE, Visits, accessibility_faults, sit_down
from tests.servers.clocks import FileClock
from tests.servers.machine import free_port
from tests.town import add_person, open_town

pytestmark = pytest.mark.browser
STEPS = ("pick", "pack", "dispatch", "hold", "returns", "put-back", "shelf")


@pytest.fixture
async def loans(sqlite_url: str, tmp_path: Path, clock_file: FileClock) -> AsyncIterator[Loans]:
    """A town with an ordinary store, one who works there, and its own people as couriers."""
    async with open_town(
        sqlite_url, tmp_path, port=free_port(), test_clock_file=str(clock_file.path)
    ) as town:
        kept = Loans(town, clock_file)
        await kept.build()
        grant = Grant(Role.STORE_KEEPER, ScopeKind.STORE, kept.stores["store"])
        async with town.ctx.transaction() as tx:
            town.people["hua"] = await add_person(town.ctx, tx, town, "hua", library="home", grant=grant)
        yield kept


async def scan(page: Page, code: str) -> None:
    """As a hand scanner does it: to whatever has the focus."""
    await expect(page.locator("#scan")).to_be_focused()
    await page.keyboard.type(code)
    await page.keyboard.press("Enter")


async def go(page: Page, step: str) -> None:
    await page.locator(f'.store-tabs a[href$="/{step}"]').click()
    await page.wait_for_url(f"**/{step}")
    await expect(page.locator("#scan")).to_be_focused()


def signal(page: Page, kind: str) -> Locator:
    return page.locator(f'.signal[data-kind="{kind}"]')


async def ordered(loans: Loans) -> str:
    """An approved order of two books that stand in the store, and a third book that nobody ordered."""
    for record in (1, 2, 3):
        await loans.item(record, "store", f"LIB00{record}")
    order = await loans.order(1, 2)
    await loans.tell(order.id, House.APPROVED)
    return order.id


async def stages(loans: Loans, order_id: str) -> list[Stage]:
    return [line.state for line in await loans.lines(order_id)]


async def test_a_day_with_the_hand_scanner(visits: Visits, loans: Loans) -> None:
    page = await sit_down(visits, loans.town, "hua", "/console/store")
    await expect(page).to_have_url(f"{loans.town.base}/console/store/{loans.stores['store']}/pick")
    await expect(page.get_by_text("没有要拣的书")).to_be_visible()
    order_id = await ordered(loans)
    await expect(page.locator(".volume")).to_have_count(2)  # it came by itself

    await scan(page, "LIB003")
    await expect(signal(page, "wrong")).to_contain_text("拿错了")
    await expect(signal(page, "wrong")).to_contain_text("LIB001")
    await expect(signal(page, "wrong")).to_contain_text("LIB003")
    visits.faults.clear()  # the browser notes the refusal
    assert await stages(loans, order_id) == [Stage.TO_PICK, Stage.TO_PICK]
    await scan(page, "LIB001")
    await expect(page.locator(".volume")).to_have_count(1)
    await scan(page, "LIB002")
    await expect(page.get_by_text("没有要拣的书")).to_be_visible()
    assert await stages(loans, order_id) == [Stage.PICKED, Stage.PICKED]

    await go(page, "pack")
    await scan(page, "LIB002")
    await expect(page.locator(".next--bench")).to_contain_text("1/2")
    await scan(page, "LIB001")
    await expect(page.get_by_text("已装箱")).to_be_visible()
    await expect(page.get_by_role("link", name="打印面单")).to_be_visible()
    assert await stages(loans, order_id) == [Stage.LABELLED, Stage.LABELLED]
    number = (await loans.now(order_id)).number

    await go(page, "dispatch")
    await expect(page.locator(".parcel")).to_contain_text(number)
    waybill = str(await loans.one("SELECT waybill FROM parcel"))
    await scan(page, waybill)
    await expect(page.get_by_text("本批已交接 1 件")).to_be_visible()
    assert await stages(loans, order_id) == [Stage.WITH_COURIER, Stage.WITH_COURIER]
    await page.get_by_text("已送达", exact=True).click()
    await scan(page, waybill)
    await expect(page.locator(".parcel")).to_have_count(0)
    assert await stages(loans, order_id) == [Stage.ON_LOAN, Stage.ON_LOAN]

    await go(page, "returns")
    await scan(page, "LIB001")
    await expect(page.locator(".next")).to_contain_text("书 1")
    await scan(page, "OK")
    await expect(page.locator(".next")).to_have_count(0)
    await scan(page, "LIB002")
    await page.locator("#note").fill("封面破损")
    await page.get_by_role("button", name="破损").click()
    await expect(page.locator(".next")).to_have_count(0)
    assert await stages(loans, order_id) == [Stage.INSPECTED, Stage.DAMAGED]

    await go(page, "put-back")
    await scan(page, "LIB001")
    await expect(page.locator(".next__place")).to_have_text("A-01-1")
    await scan(page, "Z-99-9")
    await expect(signal(page, "wrong")).to_contain_text("放错了")
    visits.faults.clear()
    await page.keyboard.press("Escape")
    await scan(page, "A-01-1")
    await expect(page.get_by_text("没有待归架的书")).to_be_visible()
    assert await stages(loans, order_id) == [Stage.CLOSED, Stage.DAMAGED]
    assert await loans.held() == 0


async def test_fast_scans_are_taken_one_after_the_other(visits: Visits, loans: Loans) -> None:
    page = await sit_down(visits, loans.town, "hua", "/console/store")
    await ordered(loans)
    await expect(page.locator(".volume")).to_have_count(2)
    await page.evaluate("document.activeElement.blur()")  # a scan goes to the field wherever one has touched
    await page.keyboard.type("LIB001")
    await page.keyboard.press("Enter")
    await page.keyboard.type("LIB002")
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("没有要拣的书")).to_be_visible()


async def test_a_book_that_is_not_there_is_said_twice_before_it_counts(visits: Visits, loans: Loans) -> None:
    order_id = await ordered(loans)
    await loans.item(1, "store", "SPARE")
    page = await sit_down(visits, loans.town, "hua", "/console/store", size=PHONE)
    await page.get_by_role("button", name="找不到").click()
    await page.get_by_role("button", name="取消").click()
    assert await stages(loans, order_id) == [Stage.TO_PICK, Stage.TO_PICK]
    await page.get_by_role("button", name="找不到").click()
    await page.locator("dialog").get_by_role("button", name="找不到").click()
    await expect(page.locator(".volume", has_text="SPARE")).to_be_visible()


@pytest.mark.parametrize(("language", "size", "dark"), [("zh", DESKTOP, False), ("en", PHONE, True)])
async def test_every_step_is_accessible_and_fits(
    visits: Visits, loans: Loans, language: str, size: tuple[int, int], dark: bool
) -> None:
    await ordered(loans)
    page = await sit_down(visits, loans.town, "hua", "/console/store", size=size, dark=dark)
    store = loans.stores["store"]
    for path in (*(f"store/{store}/{step}" for step in STEPS), f"holdings/{store}"):
        answer = await page.goto(f"{loans.town.base}/console/{path}?lang={language}")
        assert answer is not None and answer.status == 200, path
        if path.startswith("store"):
            await expect(page.locator("#scan")).to_be_focused()
        assert not await page.evaluate("document.documentElement.scrollWidth > innerWidth"), path
        assert await accessibility_faults(page) == [], path
    await page.goto(f"{loans.town.base}/console/store/{store}/pick")
    await scan(page, "NO-SUCH-BOOK")
    await expect(signal(page, "wrong")).to_be_visible()
    visits.faults.clear()
    assert await accessibility_faults(page) == []


async def test_a_new_book_and_a_list_come_onto_the_shelves(visits: Visits, loans: Loans) -> None:
    ctx = loans.town.ctx
    async with ctx.transaction() as tx:
        record = BibliographicRecord(control_number="c1", kind=Material.BOOK, title="三体")
        await save_records(tx, loans.town.libraries["home"], "", {"c1": record}, at=ctx.clock.now())
    page = await sit_down(visits, loans.town, "hua", "/console/store")
    await go(page, "shelf")
    await page.get_by_text("上架", exact=True).click()
    await scan(page, "NEW-1")
    await page.get_by_label("记录号或 ISBN").fill("c1")
    visits.faults.clear()  # the browser has noted that nobody knew the book
    await page.get_by_label("架位", exact=True).fill("A-1")
    await page.get_by_role("button", name="登记并上架").click()
    await expect(page.locator(".next")).to_contain_text("三体")
    await page.get_by_text("移位", exact=True).click()
    await scan(page, "NEW-1")
    await expect(page.get_by_text("扫描新的架位")).to_be_visible()
    await scan(page, "B-2-2")
    await expect(page.locator(".next__place")).to_have_text("B-2-2")
    await page.get_by_text("从文件导入").click()
    listed = "条码,记录号,架位\nL1,c1,A-2\nL2,nothing,A-3\n".encode("gb18030")
    file = {"name": "items.csv", "mimeType": "text/csv", "buffer": listed}
    await page.locator("input[type=file]").set_input_files(file)  # type: ignore[arg-type]
    await page.get_by_role("button", name="导入", exact=True).click()
    await expect(page.get_by_role("row").filter(has_text="nothing")).to_contain_text("3")
    await page.get_by_text("只导入正确的行").click()
    await page.get_by_role("button", name="导入", exact=True).click()
    await expect(page.get_by_text("新增 1 册")).to_be_visible()
    assert await loans.one("SELECT COUNT(*) FROM item") == 2
