"""Spot checks at real browsers: from the grade over the correction and the appeal to what everybody reads."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from playwright.async_api import expect

from server.actions.accounts import resolve_actor
from server.actions.answers import send_answer
from server.actions.pool import claim_task
from server.actions.pool_entry import enter
from server.context import Context
from server.domain.consultations import Consultation
from server.domain.permissions import Actor, Grant, Role, ScopeKind
from server.domain.task_policies import TaskPolicy
from server.domain.tasks import Channel, Standing
from tests.servers.browsers import DESKTOP, PHONE, Visits, accessibility_faults, sit_down
from tests.servers.machine import free_port
from tests.town import Town, add_person, open_town

pytestmark = pytest.mark.browser
TITLE = "民国时期宁波报纸在哪里可以看到"


class Chance:
    """Draws every answer."""

    def token(self) -> str:
        return "t" * 43

    def uniform(self, low: float, high: float) -> float:
        return low


@dataclass
class Office:
    """The town with a second inspector, and answers that are drawn for inspection."""

    town: Town
    ctx: Context

    async def actor(self, name: str) -> Actor:
        return await resolve_actor(self.town.ctx, cookie=self.town.people[name].cookie)

    async def answered(self, body: str = "在三楼近代文献阅览室，开放时间为周二至周日。") -> str:
        number = self.ctx.ids.new()
        wanted = Consultation(
            *(number, number, Standing.OPEN, Channel.FORM, "", self.town.desks["home"]),
            *(self.town.libraries["home"], "", "", "钱多多", "qian@reader.test", "", "zh", "", TITLE, ""),
            *("请问民国时期的宁波报纸在哪里可以看到？", "", "", False, False, number, "", 0),
            self.ctx.clock.now(),
        )
        lin = await self.actor("lin")
        async with self.ctx.transaction() as tx:
            entered = await enter(self.ctx, tx, wanted, policy=TaskPolicy(), open_now=True)
        claim = await claim_task(self.ctx, lin, entered.consultation.task_id)
        await send_answer(self.ctx, lin, entered.consultation.task_id, claim, {"kind": "text", "body": body})
        return number


@pytest.fixture
async def office(sqlite_url: str, tmp_path: Path) -> AsyncIterator[Office]:
    async with open_town(sqlite_url, tmp_path, port=free_port()) as town:
        async with town.ctx.transaction() as tx:
            grant = Grant(Role.INSPECTOR, ScopeKind.ALLIANCE)
            town.people["zhao"] = await add_person(town.ctx, tx, town, "zhao", library="other", grant=grant)
        yield Office(town, replace(town.ctx, rng=Chance()))


async def test_grade_return_correct_appeal_decide_publish_comment(visits: Visits, office: Office) -> None:
    town = office.town
    consultation = await office.answered()

    wu = await sit_down(visits, town, "inspector", "/console/inspection?lang=zh")
    await wu.get_by_role("link", name=TITLE).click()
    await expect(wu.get_by_role("heading", level=1)).to_have_text(TITLE)
    await expect(wu.locator("main")).to_contain_text("G-P6")
    await expect(wu.locator("main")).to_contain_text("评价“满意”后为 G-E6")
    await expect(wu.locator("main")).not_to_contain_text("钱多多")
    await wu.get_by_label("不合格", exact=True).check()
    await wu.get_by_role("button", name="评定等级").click()
    await expect(wu.locator("#f-reason-error")).to_contain_text("请写明理由")
    visits.faults.clear()  # what the browser says of the refusal
    await wu.get_by_label("另选依据").select_option("G-F2")
    await wu.locator("summary", has_text="退回更正").click()
    await wu.get_by_label("需要更正什么").fill("楼层写错了，应为四楼。")
    await wu.get_by_role("button", name="评定并退回更正").click()
    await expect(wu.get_by_role("status")).to_contain_text("已退回更正")

    lin = await sit_down(visits, town, "lin", "/console/returns?lang=zh")
    await lin.get_by_role("link", name=TITLE).click()
    await expect(lin.locator("main")).to_contain_text("楼层写错了")
    await expect(lin.locator("main")).to_contain_text("G-F2")
    await lin.get_by_label("答复正文").fill("在四楼近代文献阅览室，开放时间为周二至周日。")
    await lin.get_by_role("button", name="发送更正后的答复").click()
    await expect(lin.get_by_role("status")).to_contain_text("更正后的答复已发给读者")
    await expect(lin.get_by_role("heading", name="第 2 版")).to_be_visible()
    await lin.get_by_label("申诉理由").fill("楼层是读者原文所写，不应判为不合格。")
    await lin.get_by_role("button", name="提出申诉").click()
    await expect(lin.get_by_role("status").first).to_contain_text("申诉已提出")

    await wu.goto(f"{town.base}/console/inspection/{consultation}")
    await expect(wu.locator("main")).to_contain_text("申诉应由另一位质检员裁定")
    zhao = await sit_down(visits, town, "zhao", "/console/inspection?view=appeals&lang=zh")
    await zhao.get_by_role("link", name=TITLE).click()
    await expect(zhao.locator("main")).to_contain_text("楼层是读者原文所写")
    await zhao.get_by_label("合格", exact=True).check()
    await zhao.get_by_label("理由", exact=True).fill("申诉有理。")
    await zhao.get_by_role("button", name="裁定").click()
    await expect(zhao.get_by_role("status")).to_contain_text("已裁定")
    await _publish_and_comment(visits, office)


async def _publish_and_comment(visits: Visits, office: Office) -> None:
    """What was decided is published; a reader says something to it, and a manager hides it."""
    town = office.town
    duty = await sit_down(visits, town, "duty_manager", "/manage/quality?lang=zh")
    await expect(duty.get_by_role("row").filter(has_text="书桥图书馆")).to_contain_text("还缺 298 份")
    today = office.ctx.clock.now().astimezone(ZoneInfo("Asia/Shanghai")).date().isoformat()
    for label in ("起", "止"):
        await duty.get_by_label(label, exact=True).fill(today)
    await duty.get_by_role("button", name="公布").click()
    await expect(duty.get_by_role("heading", level=1)).to_have_text("咨询质量抽查结果")

    reader = await sit_down(visits, town, "reader", "/quality?lang=zh")
    await expect(reader.locator("main")).not_to_contain_text(TITLE)
    await expect(reader.get_by_role("row").filter(has_text="书桥图书馆")).to_contain_text("100%")
    await reader.get_by_label("您的意见").fill("答复很快，谢谢。")
    await reader.get_by_role("button", name="发表留言").click()
    await expect(reader.locator("#comments + .list")).to_contain_text("书桥图书馆的读者")
    await duty.reload()
    await duty.get_by_role("button", name="隐藏").click()
    await expect(duty.get_by_text("已隐藏", exact=True)).to_be_visible()
    await reader.goto(f"{town.base}/quality")
    await expect(reader.locator("main")).to_contain_text("还没有留言")


async def test_a_fact_is_put_right_on_the_page(visits: Visits, office: Office) -> None:
    consultation = await office.answered()
    page = await sit_down(visits, office.town, "inspector", f"/console/inspection/{consultation}?lang=en")
    change = page.get_by_label("Put a fact right")
    await change.select_option(label="Misses the question, or unrelated: Yes")
    await page.get_by_role("button", name="Put right and work out anew").click()
    await expect(page.get_by_role("status")).to_contain_text("worked out anew")
    await expect(page.get_by_role("region", name="Suggested grade")).to_contain_text("G-F2")
    assert await page.get_by_label("Fail", exact=True).is_checked()


@pytest.mark.parametrize(("language", "size", "dark"), [("zh", DESKTOP, False), ("en", PHONE, True)])
async def test_every_screen_is_accessible_and_fits(
    visits: Visits, office: Office, language: str, size: tuple[int, int], dark: bool
) -> None:
    consultation = await office.answered()
    town, faults = office.town, []
    for name, paths in (
        ("inspector", ["/console/inspection", f"/console/inspection/{consultation}", "/manage/quality"]),
        ("lin", ["/console/returns", f"/console/returns/{consultation}"]),
        ("duty_manager", ["/manage/quality", "/quality"]),
        ("mei", ["/console/returns"]),
    ):
        page = await sit_down(visits, town, name, f"{paths[0]}?lang={language}", size=size, dark=dark)
        for path in paths:
            answer = await page.goto(town.base + path)
            assert answer is not None and answer.status == 200, path
            await page.evaluate("document.querySelectorAll('details').forEach(part => part.open = true)")
            if await page.evaluate("document.documentElement.scrollWidth > innerWidth"):
                faults.append(f"{path}: scrolls sideways")
            faults += [f"{path}: {fault}" for fault in await accessibility_faults(page)]
    assert faults == []
