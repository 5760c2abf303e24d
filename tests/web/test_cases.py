"""Cases, the review of orders and notices in a real browser: two people talk live, a suspension appears by itself."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import expect

from server.actions.accounts import resolve_actor
from server.actions.case_watch import open_case
from server.actions.cases import Complaint, claim_case, complain, note_in_case
from server.actions.loan_offers import add_coupon, add_slots
from server.actions.notices import put_up_notice, take_down_notice
from server.domain.forms import Form
from server.domain.loans import House
from server.domain.permissions import Actor
from tests.server.loans.conftest import Loans
from tests.servers.browsers import DESKTOP, PHONE, Visits, accessibility_faults, sit_down
from tests.servers.clocks import FileClock
from tests.servers.machine import free_port
from tests.town import open_town

pytestmark = pytest.mark.browser


@pytest.fixture
async def loans(sqlite_url: str, tmp_path: Path, clock_file: FileClock) -> AsyncIterator[Loans]:
    """A town that lends, with a few orders under way."""
    async with open_town(
        sqlite_url,
        tmp_path,
        port=free_port(),
        test_clock_file=str(clock_file.path),
        embedded_worker=False,
    ) as town:
        kept = Loans(town, clock_file)
        await kept.build()
        yield kept


async def actor(loans: Loans, name: str) -> Actor:
    return await resolve_actor(loans.town.ctx, cookie=loans.town.people[name].cookie)


async def test_a_reader_complains_and_is_helped_while_both_look(visits: Visits, loans: Loans) -> None:
    await loans.item(1, "stack")
    await loans.item(1, "store")
    order = await loans.order(1)
    await loans.tell(order.id, House.APPROVED)
    agent = await sit_down(visits, loans.town, "agent", "/console/cases")
    await expect(agent.get_by_text("没有待处理的服务咨询")).to_be_visible()
    reader = await sit_down(visits, loans.town, "reader", f"/loans/orders/{order.id}", size=PHONE)
    await reader.locator("section[aria-labelledby=help] details summary").first.click()
    await reader.get_by_role("radio", name="投诉").check()
    await reader.locator("#f-help").fill("等了两天还没有寄出")
    await reader.locator("section[aria-labelledby=help] form").first.get_by_role("button").click()
    await agent.get_by_role("link", name="等了两天还没有寄出").click()  # it came by itself
    await agent.get_by_role("button", name="我来处理").click()
    await reader.get_by_role("link", name="等了两天还没有寄出").click()
    await expect(agent.get_by_text("读者正在看这个页面")).to_be_visible()
    await expect(reader.get_by_text("客服正在看这个页面")).to_be_visible()
    await agent.get_by_label("写给读者的话").fill("您好，我马上从别的书库给您取")
    await agent.get_by_role("button", name="发送").click()
    await expect(reader.get_by_text("您好，我马上从别的书库给您取")).to_be_visible()
    await agent.get_by_text("改从别处取书").first.click()
    await agent.locator("#reason-elsewhere").fill("设备正在检修")
    await agent.locator("form", has=agent.locator("#reason-elsewhere")).get_by_role("button").click()
    await expect(reader.get_by_text("改从别处取书。设备正在检修")).to_be_visible()
    await expect(agent.locator("#story-books").get_by_text("待书库人员拣书")).to_be_visible()
    await reader.get_by_label("写给客服的话").fill("太好了，谢谢")
    await reader.keyboard.press("Enter")
    await expect(agent.get_by_text("太好了，谢谢")).to_be_visible()
    await agent.get_by_text("备注", exact=True).click()
    await agent.locator("#f-note").fill("读者很客气")
    await agent.get_by_role("button", name="记下备注").click()
    await expect(agent.locator("#talk").get_by_text("读者很客气")).to_be_visible()
    await agent.locator("#do summary", has_text="结案").click()
    await agent.locator("#f-outcome").fill("已从普通书库寄出")
    await agent.get_by_role("button", name="结案").click()
    await expect(reader.locator("#talk").get_by_text("处理结果：已从普通书库寄出")).to_be_visible()
    await expect(reader.get_by_text("读者很客气")).to_have_count(0)
    await reader.get_by_role("button", name="满意", exact=True).click()
    await expect(reader.get_by_text("谢谢您的评价：满意")).to_be_visible()
    await reader.goto("about:blank")
    assert await loans.one("SELECT count(*) FROM support_case WHERE rating = 'satisfied'") == 1
    assert "case_reply" not in await loans.mails(), "who reads along gets no mail"
    visits.faults.clear()  # the titles of this town have no records, and so no covers


async def test_a_suspension_reaches_pages_that_lie_open(visits: Visits, loans: Loans) -> None:
    ctx, manager = loans.town.ctx, await actor(loans, "manager")
    pages = [
        await sit_down(visits, loans.town, "reader", "/loans"),
        await sit_down(visits, loans.town, "lin", "/console"),
        await sit_down(visits, loans.town, "", "/d/home"),
    ]
    away = await sit_down(visits, loans.town, "wu", "/account")
    form = Form({"kind": "suspension", "title_zh": "今天闭馆，暂停服务", "stops_orders": "1"})
    for page in pages:
        await expect(page.locator("main, .app").first).to_be_visible()
    notice = await put_up_notice(ctx, manager, loans.town.libraries["home"], form)
    for page in pages[:2]:
        await expect(page.locator("#notices")).to_contain_text("今天闭馆，暂停服务")
    await pages[2].reload()
    await expect(pages[2].locator("shuqiao-chat .strip").first).to_contain_text("今天闭馆，暂停服务")
    await expect(away.locator("#notices")).to_be_hidden()
    await take_down_notice(ctx, manager, notice.id)
    for page in pages[:2]:
        await expect(page.locator("#notices")).to_be_hidden()


async def test_an_open_chat_hears_of_a_suspension_at_once(visits: Visits, loans: Loans) -> None:
    manager = await actor(loans, "duty_manager")
    async with loans.town.socket(loans.town.people["lin"]):
        await loans.town.available("lin")
        page = await sit_down(visits, loans.town, "", "/d/home")
        await page.locator("shuqiao-chat textarea").first.fill("请问几点开馆？")
        await page.locator("shuqiao-chat").get_by_role("button", name="开始咨询").click()
        await expect(page.locator("shuqiao-chat .room")).to_be_visible()
        await expect(page.locator("shuqiao-chat .status.current, shuqiao-chat .wait").first).to_be_visible()
        await put_up_notice(
            loans.town.ctx, manager, "", Form({"kind": "suspension", "title_zh": "全联盟暂停服务一小时"})
        )
        await expect(page.locator("shuqiao-chat .strip").first).to_contain_text("全联盟暂停服务一小时")


async def test_a_manager_decides_on_orders_with_one_click_or_a_reason(visits: Visits, loans: Loans) -> None:
    await loans.item(1, "store")
    first, second = await loans.order(1), await loans.order(2)
    page = await sit_down(visits, loans.town, "manager", "/console/orders")
    await page.get_by_role("button", name=f"审核通过 {first.number}").click()
    await expect(page.get_by_text("审核通过，正在配书。")).to_be_visible()
    await page.locator(".review-item").get_by_role("link", name="审核不通过").click()
    async with page.expect_response(f"**/console/orders/{second.id}") as looked:
        await page.get_by_role("button", name="审核不通过").click()
        await expect(page.locator("#f-reason-error")).to_be_visible()
    assert (await looked.value).status == 200, "a refused form leaves a page that renews itself"
    visits.faults.clear()  # the browser notes the refusal
    await page.locator("#f-reason").fill("请先归还逾期图书")
    await page.get_by_role("button", name="审核不通过").click()
    await expect(page.get_by_text("不通过的原因：请先归还逾期图书")).to_be_visible()
    assert (await loans.now(second.id)).reason == "请先归还逾期图书"


@pytest.mark.parametrize(("language", "size", "dark"), [("zh", PHONE, True), ("en", DESKTOP, False)])
async def test_every_screen_is_accessible_and_fits(
    visits: Visits, loans: Loans, language: str, size: tuple[int, int], dark: bool
) -> None:
    ctx, town = loans.town.ctx, loans.town
    manager, agent, reader = [await actor(loans, name) for name in ("manager", "agent", "reader")]
    library = town.libraries["home"]
    await loans.item(1, "stack")
    order, waiting = await loans.order(1), await loans.order(2)
    await loans.tell(order.id, House.APPROVED)
    case = await complain(ctx, reader, Complaint("c", "书皮破了", "complaint", order.id))
    await claim_case(ctx, agent, case.id)
    await note_in_case(ctx, agent, case.id, client_id="n", text="问过书库")
    async with ctx.transaction() as tx:
        data = {"barcode": "B1"}
        await open_case(
            ctx, tx, kind="stuck", client_id="s", order_id=order.id, title_key="cases.found.stuck", data=data
        )
    coupon = {
        "code": "a1",
        "name_zh": "免邮",
        "amount": "0",
        "quota": "0",
        "from": "2026-01-01",
        "until": "2027-01-01",
    }
    await add_coupon(ctx, manager, library, Form(coupon))
    times = {"way": "delivery", "opens": "9:00", "closes": "12:00", "capacity": "9"}
    await add_slots(ctx, manager, library, Form(times), ["1"])
    notice = await put_up_notice(ctx, manager, library, Form({"kind": "suspension", "title_zh": "盘点"}))
    screens = {
        "agent": ["/console/cases", f"/console/cases/{case.id}", "/console/cases/phone"],
        "reader": ["/loans/cases", f"/loans/cases/{case.id}"],
        "manager": [
            *("/console/orders", "/console/orders?tab=all", f"/console/orders/{waiting.id}"),
            *("/manage/borrowers?q=read", f"/manage/borrowers/{reader.account_id}", "/manage/stores"),
            *("/manage/stores/new", f"/manage/stores/{loans.stores['stack']}", "/manage/coupons"),
            *("/manage/slots", "/manage/notices", f"/manage/notices/{notice.id}", "/manage/suggestions"),
        ],
    }
    for name, paths in screens.items():
        page = await sit_down(visits, loans.town, name, f"/account?lang={language}", size=size, dark=dark)
        for path in paths:
            answer = await page.goto(town.base + path)
            assert answer is not None and answer.status == 200, path
            assert not await page.evaluate("document.documentElement.scrollWidth > innerWidth"), path
            assert await accessibility_faults(page) == [], path
