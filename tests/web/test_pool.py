"""The librarian's task pool in a real browser, against the real server; the tests move its clock."""

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import FilePayload, Locator, Page, Route, expect

from server.domain.citations import Citation, Material
from server.domain.events import PoolChanged
from server.domain.task_policies import TaskPolicy
from tests.server.pool.conftest import ASKED, GIVEN, Pool
from tests.servers.browsers import DESKTOP, PHONE, Visits, accessibility_faults
from tests.servers.clocks import FileClock
from tests.servers.machine import free_port
from tests.town import open_town
from web import statics

pytestmark = pytest.mark.browser

CURRENT = '.line[data-state="current"]'
# Three to a page: one comes in, one leaves, and then the line was lost for a while.
PAGES = """
async () => {
  const { Pages } = await import("/static/pool/pages.js");
  const row = (n) => ({ id: `t${n}`, clock_from_at: new Date(n * 1000).toISOString() });
  let all = [10, 20, 30, 40, 50, 60, 70].map(row);
  const asked = [];
  const pages = new Pages(async (after) => {
    asked.push(after);
    const from = after ? all.findIndex((one) => Date.parse(one.clock_from_at) > Number(after)) : 0;
    const rows = from < 0 ? [] : all.slice(from, from + 3);
    const more = from >= 0 && from + 3 < all.length;
    return { rows, next: more ? String(Date.parse(rows.at(-1).clock_from_at)) : "" };
  });
  const shown = () => pages.rows.map((one) => one.id).join(" ");
  const steps = [];
  while (!pages.complete) await pages.more();
  steps.push(shown());
  all.splice(3, 0, row(35));
  await pages.again(new Set(["t35"]), new Set(["t40"]));
  steps.push(shown());
  all = all.filter((one) => one.id !== "t20");
  asked.length = 0;
  await pages.again(new Set(["t20"]), new Set(["t70"]));
  steps.push(shown(), asked.length);
  all = all.filter((one) => one.id !== "t50");
  await pages.again(null, new Set(["t10"]));
  steps.push(shown(), pages.isStale("t10"), pages.isStale("t50"));
  await pages.again(new Set(), new Set(["t50"]));
  steps.push(shown());
  return steps;
}
"""
TRAIL = [{"place": "中国知网", "outcome": "citation_only", "note": "只有题录"}]


@pytest.fixture
async def pool(sqlite_url: str, tmp_path: Path, clock_file: FileClock) -> AsyncIterator[Pool]:
    async with open_town(
        sqlite_url,
        tmp_path,
        port=free_port(),
        test_clock_file=str(clock_file.path),
        embedded_worker=False,
    ) as town:
        yield Pool(town, clock_file)


async def sit(
    visits: Visits, pool: Pool, name: str = "lin", task: str = "", language: str = "zh", **how: object
) -> Page:
    """Somebody's browser at the list, or at a task's page."""
    page = await (await visits.person(**how)).new_page()  # type: ignore[arg-type]
    await go(page, pool, name, task, language)
    return page


async def go(page: Page, pool: Pool, name: str = "lin", task: str = "", language: str = "zh") -> None:
    """Come (again) with the log-in that holds now."""
    cookies = {"sid": pool.town.people[name].http.cookies["sid"], "lang": language}
    await page.context.add_cookies(
        [{"name": key, "value": value, "url": pool.town.base} for key, value in cookies.items()]
    )
    await page.goto(f"{pool.town.base}/console/pool{'/' if task else ''}{task}")
    await page.wait_for_selector(CURRENT)
    await expect(page.locator(".skeleton")).to_have_count(0)


def kind(page: Page, name: str) -> Locator:
    return page.locator(f'.kind input[value="{name}"]')


def line_of(page: Page, name: str) -> Locator:
    return page.locator(".kind", has=page.locator(f'input[value="{name}"]'))


async def fill_document(page: Page, **other: str) -> None:
    for row, text in zip(
        await page.locator(".document-fields__row input").all(), ({**GIVEN, **other}).values(), strict=True
    ):
        await row.fill(text)


async def test_a_request_is_claimed_drafted_judged_and_answered(pool: Pool, visits: Visits) -> None:
    asked = await pool.ask()
    page = await sit(visits, pool, task=asked.task_id)
    await page.keyboard.press("c")
    await expect(page.locator(".holding__lease")).to_contain_text("领取还剩")
    await page.locator(".segments__one", has_text="邮件正文").click()
    await page.get_by_label("邮件正文（文献内容写在这里）").fill("全文如下……")
    await fill_document(page, title="数字人文与古籍")
    await expect(page.locator('[data-verdict="differ"]')).to_have_count(1)
    await expect(page.locator(".preview__problems")).to_contain_text("R-72.2")
    await fill_document(page)
    await expect(page.locator('[data-verdict="agree"]')).to_have_count(4)
    await expect(page.locator(".preview__grade")).to_contain_text("G-E4")
    await expect(page.locator(".preview__problems")).to_contain_text("可以发送")
    await expect(page.locator('.draft-state[data-state="saved"]')).to_be_visible()
    await page.reload()  # what was typed is on the server
    await expect(page.get_by_label("邮件正文（文献内容写在这里）")).to_have_value("全文如下……")
    await expect(page.locator(".preview__grade")).to_contain_text("G-E4")
    await page.get_by_role("button", name="发送答复").click()
    await expect(page.locator(".task-notice")).to_contain_text("答复已发送")
    await expect(page.locator(".version__body")).to_have_text("全文如下……")
    assert (await pool.row("consultation", asked.id))["state"] == "answered"


async def test_the_document_is_attached_and_the_grade_says_what_its_phrase_is_worth(
    pool: Pool, visits: Visits
) -> None:
    asked = await pool.ask()
    await pool.claim("lin", asked.task_id)
    page = await sit(visits, pool, task=asked.task_id)
    await page.locator(".segments__one", has_text="附件").click()
    file = FilePayload(name="古籍整理.pdf", mimeType="application/pdf", buffer=b"%PDF-1.4\n" + bytes(5_000))
    await page.get_by_label("选择文件").set_input_files([file])
    await page.get_by_role("button", name="与读者所要的完全相同").click()
    await expect(page.locator(".preview__grade")).to_contain_text("G-E1")
    await page.get_by_label("给读者的话").fill("见附件。")
    await expect(page.locator(".preview__grade")).to_contain_text("没有常用语")
    await page.get_by_role("button", name="加上“找到原文”的常用语").click()
    await expect(page.locator(".preview__grade")).not_to_contain_text("没有常用语")
    await expect(page.get_by_label("给读者的话")).to_have_value(re.compile("^找到.*谢谢！\n\n见附件。$"))
    await expect(page.locator('.draft-state[data-state="saved"]')).to_be_visible()
    await page.reload()
    await expect(page.locator(".answer-files")).to_contain_text("古籍整理.pdf")
    await page.get_by_role("button", name="发送答复").click()
    await expect(page.locator(".version")).to_contain_text("古籍整理.pdf")


async def test_what_the_clock_forbids_cannot_be_chosen_until_it_allows_it(pool: Pool, visits: Visits) -> None:
    asked = await pool.ask(open_now=True)
    await pool.claim("lin", asked.task_id)
    page = await sit(visits, pool, task=asked.task_id)
    for name in ("similar", "not_found"):
        await expect(kind(page, name)).to_be_disabled()
        row = line_of(page, name)
        await expect(row).to_contain_text("R-72.2")
        await expect(row).to_contain_text("起可用，还有 2 天 23 小时")
    await line_of(page, "similar").get_by_role("button", name="退回任务").click()
    await expect(page.get_by_role("dialog")).to_contain_text("查过的地方")
    await page.keyboard.press("Escape")
    await page.goto("about:blank")  # a page left open would ask with a log-in that is over by then
    await pool.later(hours=73)
    await pool.claim("lin", asked.task_id)
    await go(page, pool, task=asked.task_id)
    await expect(page.locator(".task__head")).to_contain_text("已超过 1 小时")
    await kind(page, "not_found").check()
    await expect(page.locator(".locked__text")).to_have_text(TaskPolicy().phrase_not_found)
    await expect(page.locator(".preview__grade")).to_contain_text("G-P2")
    await page.get_by_label("常用语之前").fill("李读者，您好！")
    await page.get_by_label("常用语之后").fill("建议联系出版社。")
    await expect(page.locator('.draft-state[data-state="saved"]')).to_be_visible()
    await page.reload()
    await expect(page.get_by_label("常用语之前")).to_have_value("李读者，您好！")
    await page.get_by_role("button", name="发送答复").click()
    await expect(page.locator(".version__body")).to_contain_text(
        f"李读者，您好！\n\n{TaskPolicy().phrase_not_found}\n\n建议联系出版社。"
    )


async def test_of_several_readers_only_those_are_answered_whom_the_clock_allows(
    pool: Pool, visits: Visits
) -> None:
    first = await pool.ask(open_now=True)
    await pool.later(hours=30)
    second = await pool.ask(reader="someone", open_now=True)
    await pool.later(hours=43)
    await pool.claim("lin", first.task_id)
    page = await sit(visits, pool, task=first.task_id)
    await expect(page.locator(".task")).to_contain_text("2 位读者在等")
    await expect(line_of(page, "not_found")).to_contain_text("现在可答复 1 / 2 位读者")
    await kind(page, "not_found").check()
    await expect(page.locator(".preview")).to_contain_text("发送后答复 1 / 2 位读者")
    await page.get_by_role("button", name="发送答复").click()
    await expect(page.locator(".task-notice")).to_contain_text("答复已发送")
    states = [(await pool.row("consultation", each.id))["state"] for each in (first, second)]
    assert states == ["answered", "open"]
    await expect(page.locator(".holding")).to_contain_text("等待领取")


async def test_an_early_similar_document_asks_for_its_reason_where_the_policy_tolerates_it(
    pool: Pool, visits: Visits
) -> None:
    asked = await pool.ask(policy=TaskPolicy(early_answer="tolerant"))
    await pool.claim("lin", asked.task_id)
    page = await sit(visits, pool, task=asked.task_id)
    await expect(line_of(page, "similar")).to_contain_text("R-QC.2")
    await kind(page, "similar").check()
    await page.locator(".segments__one", has_text="邮件正文").click()
    await page.get_by_label("邮件正文（文献内容写在这里）").fill("相近的一篇……")
    await fill_document(page, title="古籍数字化整理")
    await expect(page.locator(".preview__problems")).to_contain_text("须写明理由")
    await page.get_by_label("提前提供相似文献的理由").fill("读者急用，原文尚未公开。")
    await expect(page.locator(".preview__grade")).to_contain_text("G-P3")
    await expect(page.locator(".preview__problems")).to_contain_text("可以发送")


async def test_a_task_goes_back_with_its_trail_and_the_next_librarian_sees_it(
    pool: Pool, visits: Visits
) -> None:
    asked = await pool.ask(open_now=True)
    number = await pool.claim("mei", asked.task_id)
    await pool.post("mei", f"/api/tasks/{asked.task_id}/hand-back", claim_number=number, entries=TRAIL)
    await pool.claim("lin", asked.task_id)
    page = await sit(visits, pool, task=asked.task_id)
    await expect(page.locator(".trail")).to_contain_text("只有题录")
    await page.keyboard.press("r")
    dialog = page.get_by_role("dialog")
    await expect(dialog).to_contain_text("此前已查：中国知网")
    await dialog.get_by_role("button", name="退回任务").click()
    await expect(dialog.get_by_role("alert")).to_be_visible()  # a place is needed
    await dialog.get_by_label("查找的地方").fill("本馆馆藏目录")
    await dialog.get_by_role("button", name="再加一处").click()
    await dialog.get_by_label("查找的地方").last.fill("国家图书馆")
    await dialog.get_by_label("结果").last.select_option("holder_does_not_lend")
    await dialog.get_by_role("button", name="退回任务").click()
    await expect(page.locator(".task-notice")).to_contain_text("任务已退回")
    await expect(page.locator(".trail > li")).to_have_count(3)
    await expect(page.get_by_role("button", name="领取")).to_be_hidden()  # not to who handed it back
    other = await sit(visits, pool, "wu", task=asked.task_id)
    await expect(other.locator(".trail")).to_contain_text("收藏馆不提供")


async def test_of_two_librarians_who_press_at_once_one_has_it_and_the_other_is_told(
    pool: Pool, visits: Visits
) -> None:
    asked = await pool.ask(open_now=True)
    pages = [await sit(visits, pool, name, task=asked.task_id) for name in ("lin", "wu")]
    both = asyncio.Barrier(2)

    async def together(route: Route) -> None:
        await both.wait()  # nobody hears of the other's claim before having pressed
        await route.continue_()

    for page in pages:
        await page.route("**/claim", together)
    await asyncio.gather(*(page.get_by_role("button", name="领取").click() for page in pages))
    for page in pages:
        await expect(page.locator(".answer, .task-notice .flash--bad").first).to_be_visible()
    losers = [page for page in pages if not await page.locator(".answer").count()]
    assert len(losers) == 1
    (loser,) = losers
    await expect(loser.locator(".task-notice")).to_contain_text("刚被另一位馆员领取")
    await expect(loser.locator(".task-notice")).to_contain_text("R-72.1")
    visits.faults[:] = [fault for fault in visits.faults if "status of 409" not in fault]


async def test_a_late_answer_is_refused_kept_and_offered_to_who_holds_the_task_now(
    pool: Pool, visits: Visits
) -> None:
    asked = await pool.ask(channel="form", open_now=True)
    await pool.claim("lin", asked.task_id)
    page = await sit(visits, pool, task=asked.task_id)
    await page.get_by_label("给读者的话").fill("可用“全国报刊索引”查找。")
    await expect(page.locator('.draft-state[data-state="saved"]')).to_be_visible()
    pressed = asyncio.Event()

    async def hold(route: Route) -> None:
        await pressed.wait()
        await route.continue_()

    # Once logged in again, the page would see by itself that the claim is over, sometimes before the button is pressed.
    await page.route(re.compile(rf"/api/tasks/{asked.task_id}($|\?)"), hold)
    await pool.later(hours=25)
    await pool.claim("wu", asked.task_id)
    other = await sit(visits, pool, "wu", task=asked.task_id)
    await other.get_by_label("给读者的话").fill("您好！")
    sid = pool.town.people["lin"].http.cookies["sid"]
    await page.context.add_cookies([{"name": "sid", "value": sid, "url": pool.town.base}])
    csrf = pool.town.people["lin"].http.headers["X-CSRF-Token"]
    await page.evaluate(
        "([at, csrf]) => import(`${at}/console/http.js`).then((http) => http.renewCsrf(csrf))",
        [statics.base(), csrf],
    )
    await page.get_by_role("button", name="发送答复").click()
    pressed.set()
    await expect(page.locator(".task-notice")).to_contain_text("已存为草稿")
    await expect(page.get_by_label("给读者的话")).to_have_value("可用“全国报刊索引”查找。")
    await expect(other.locator(".flash").first).to_contain_text("全国报刊索引")  # nobody loaded the page anew
    await other.get_by_role("button", name="采用这段文字").click()
    await expect(other.get_by_label("给读者的话")).to_have_value("您好！\n\n可用“全国报刊索引”查找。")
    visits.faults[:] = [fault for fault in visits.faults if not re.search("status of 40[19]", fault)]


async def test_what_was_looked_up_before_the_answer_went_out_does_not_bring_the_task_back(
    pool: Pool, visits: Visits
) -> None:
    """Such a look that came late put an empty answer form under the answered question, for good."""
    asked = await pool.ask(channel="form", open_now=True)
    await pool.claim("lin", asked.task_id)
    page = await sit(visits, pool, task=asked.task_id)
    await page.get_by_label("给读者的话").fill("请看本馆主页。")
    looked, answered = asyncio.Event(), asyncio.Event()

    async def late(route: Route) -> None:
        found = await route.fetch()
        if not looked.is_set():
            looked.set()
            await answered.wait()
        await route.fulfill(response=found)

    await page.route(re.compile(rf"/api/tasks/{asked.task_id}($|\?)"), late)
    pool.town.ctx.announce(PoolChanged(asked.task_id, "answered"))
    await looked.wait()
    await page.get_by_role("button", name="发送答复").click()
    await expect(page.locator(".task-notice")).to_contain_text("答复已发送")
    await expect(page.locator(".version")).to_have_count(1)
    async with page.expect_event("requestfinished", lambda request: request.url.endswith(asked.task_id)):
        answered.set()
    await expect(page.get_by_label("给读者的话")).to_have_count(0)
    await expect(page.locator(".answer")).to_have_count(0)


async def test_an_interns_answer_is_given_back_with_a_comment_and_then_released(
    pool: Pool, visits: Visits
) -> None:
    asked = await pool.ask(channel="form")
    await pool.claim("intern", asked.task_id)
    intern = await sit(visits, pool, "intern", task=asked.task_id)
    await intern.get_by_label("给读者的话").fill("请看本馆主页。")
    await intern.get_by_role("button", name="提交审核").click()
    await expect(intern.locator(".task-notice")).to_contain_text("已提交审核")
    page = await sit(visits, pool, "mei")
    await page.get_by_role("button", name="待审核").click()
    await page.locator(".pool-row__title").click()
    await expect(page.locator(".release .version__body")).to_have_text("请看本馆主页。")
    await page.get_by_role("button", name="退回修改").click()
    await expect(page.locator(".release .field__error")).to_contain_text("请写明需要修改什么")
    await page.get_by_label("审核意见").fill("请写出栏目名称。")
    await page.get_by_role("button", name="退回修改").click()
    await expect(page.locator(".task-notice")).to_contain_text("已退回修改")
    await expect(intern.locator(".version__comment")).to_contain_text("请写出栏目名称。")  # by itself
    await intern.get_by_label("给读者的话").fill("请看本馆主页“民国文献”栏目。")
    await intern.get_by_role("button", name="提交审核").click()
    await expect(page.locator(".release .version__body")).to_have_text("请看本馆主页“民国文献”栏目。")
    await expect(page.locator(".version__body")).to_have_count(2)  # both versions
    await page.get_by_role("button", name="通过并发送").click()
    await expect(page.locator(".task-notice")).to_contain_text("已发给读者")
    assert (await pool.row("consultation", asked.id))["state"] == "answered"
    visits.faults[:] = [fault for fault in visits.faults if not re.search("status of 4", fault)]


async def test_an_intern_chooses_her_reviewer_and_the_list_says_so(pool: Pool, visits: Visits) -> None:
    lin = pool.town.people["lin"]
    asked = await pool.ask(channel="form")
    await pool.claim("intern", asked.task_id)
    intern = await sit(visits, pool, "intern", task=asked.task_id)
    await intern.get_by_label("给读者的话").fill("请看本馆主页。")
    await intern.get_by_label("请谁审核").select_option(label=lin.name)
    await expect(intern.locator(".answer")).to_contain_text("已保存")
    await intern.reload()
    await expect(intern.get_by_label("请谁审核")).to_have_value(lin.id)  # kept with what was typed
    await intern.get_by_role("button", name="提交审核").click()
    await expect(intern.locator(".holding")).to_contain_text(f"指定由 {lin.name} 审核")
    page = await sit(visits, pool, "lin")
    await page.get_by_role("button", name="待审核").click()
    await expect(page.locator(".pool-row")).to_contain_text("指定由您审核")
    other = await sit(visits, pool, "mei", task=asked.task_id)
    await expect(other.locator(".holding")).to_contain_text(f"指定由 {lin.name} 审核")
    await expect(other.locator(".release")).to_have_count(0)


async def test_the_list_lives_and_is_worked_by_keyboard(pool: Pool, visits: Visits) -> None:
    first = await pool.ask(open_now=True)
    await pool.ask(channel="form", open_now=True)
    page = await sit(visits, pool)
    rows = page.locator(".pool-row")
    await expect(rows).to_have_count(2)
    await page.keyboard.press("j")
    await page.keyboard.press("j")
    await expect(page.locator(".pool-row__title").nth(1)).to_be_focused()
    other = Citation(Material.BOOK, title="宁波市志", authors="俞福海", publisher="中华书局", date="1995")
    await pool.ask(asked=other, reader="someone", open_now=True)
    await expect(rows).to_have_count(3)  # nobody pressed anything
    await expect(page.locator(".pool-row__title").nth(1)).to_be_focused()
    await page.keyboard.press("k")
    await page.keyboard.press("c")
    await expect(page.locator(".toast")).to_contain_text("已领取")
    await expect(rows).to_have_count(2)
    await expect(page.locator(".pool-row__title").first).to_be_focused()
    assert (await pool.row("task", first.task_id))["state"] == "claimed"
    await page.get_by_role("button", name="我的").click()
    await expect(page.locator(".pool-tabs")).to_contain_text("1/10")
    await expect(page.locator(".pool-row__lease")).to_contain_text("领取还剩")
    await page.keyboard.press("?")
    await expect(page.get_by_role("dialog")).to_contain_text("退回任务")


async def test_filters_stay_in_the_address_and_in_the_browser(pool: Pool, visits: Visits) -> None:
    await pool.ask(open_now=True)
    await pool.ask(channel="form", open_now=True)
    page = await sit(visits, pool)
    await page.keyboard.press("/")
    await page.get_by_label("咨询方式").select_option("form")
    await expect(page.locator(".pool-row")).to_have_count(1)
    await expect(page).to_have_url(re.compile("channel=form"))
    await page.goto(f"{pool.town.base}/console/pool")
    await expect(page.locator(".pool-row")).to_have_count(1)
    await page.get_by_label("文献类型").select_option("thesis")
    await expect(page.locator(".face")).to_contain_text("没有符合筛选条件的任务")
    await page.locator(".face").get_by_role("button", name="清除筛选").click()
    await expect(page.locator(".pool-row")).to_have_count(2)


async def test_pages_that_are_looked_at_again_lose_no_task_and_show_none_twice(
    pool: Pool, visits: Visits
) -> None:
    page = await sit(visits, pool)
    assert await page.evaluate(PAGES) == [
        "t10 t20 t30 t40 t50 t60 t70",
        "t10 t20 t30 t35 t40 t50 t60 t70",
        "t10 t30 t35 t40 t50 t60 t70",
        1,
        "t10 t30 t35 t40 t50 t60 t70",
        False,
        True,
        "t10 t30 t35 t40 t60 t70",
    ]


async def test_a_long_list_is_fetched_as_one_reads_it(pool: Pool, visits: Visits) -> None:
    for number in range(120):
        asked = Citation(Material.BOOK, title=f"地方志 {number}", authors="某人", date="1990")
        await pool.ask(asked=asked, reader=f"reader-{number}", open_now=True)
    page = await sit(visits, pool)
    rows = page.locator(".pool-row")
    await expect(rows).not_to_have_count(120)
    while await rows.count() < 120:  # faster than any reader
        await page.evaluate("scrollTo(0, document.body.scrollHeight)")
    await expect(page.locator(".pool-end")).to_contain_text("共 120 项")
    # In the middle: at the end the window moves with the length of the list, of which unseen rows are estimates.
    seen = page.locator(f'[data-id="{await rows.nth(60).get_attribute("data-id")}"]')
    await seen.scroll_into_view_if_needed()
    await expect(seen).to_be_in_viewport(ratio=1)
    place = await seen.evaluate("row => row.getBoundingClientRect().top")
    row = page.locator(".pool-row", has_text="地方志 7").first
    task = await row.get_attribute("data-id")
    await pool.claim("wu", str(task))
    await expect(rows).to_have_count(119)
    assert abs(await seen.evaluate("row => row.getBoundingClientRect().top") - place) < 200


async def test_a_question_that_wants_a_document_is_converted_with_its_fields(
    pool: Pool, visits: Visits
) -> None:
    asked = await pool.ask(channel="form")
    await pool.claim("lin", asked.task_id)
    page = await sit(visits, pool, task=asked.task_id)
    await page.get_by_role("button", name="转为文献咨询").click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_label("文献类型").select_option("journal_article")
    await expect(dialog.get_by_label("题名")).to_have_value("怎样查民国报纸？")
    await dialog.get_by_label("题名").fill(ASKED.title)
    await dialog.get_by_label("刊名").fill(ASKED.container)
    await dialog.get_by_role("button", name="转换").click()
    await expect(page.locator(".task-notice")).to_contain_text("已转换")
    await expect(page.locator(".facts")).to_contain_text(ASKED.container)
    await expect(kind(page, "exact")).to_be_checked()


@pytest.mark.parametrize(
    ("language", "size", "dark"), [("zh", DESKTOP, False), ("en", DESKTOP, True), ("en", PHONE, False)]
)
async def test_every_screen_is_accessible_and_stays_within_its_window(
    pool: Pool, visits: Visits, language: str, size: tuple[int, int], dark: bool
) -> None:
    asked = await pool.ask(open_now=True)
    number = await pool.claim("mei", asked.task_id)
    await pool.post("mei", f"/api/tasks/{asked.task_id}/hand-back", claim_number=number, entries=TRAIL)
    await pool.ask(channel="form")
    page = await sit(visits, pool, language=language, size=size, dark=dark)
    await _no_barrier(page)
    await pool.claim("lin", asked.task_id)
    await go(page, pool, task=asked.task_id, language=language)
    await page.locator(".segments__one").nth(1).click()
    await fill_document(page, source="另一种刊物")
    await expect(page.locator('[data-verdict="differ"]')).to_have_count(1)
    await _no_barrier(page)
    await page.keyboard.press("Alt+r")
    await page.wait_for_selector("dialog[open]")
    await _no_barrier(page)


async def _no_barrier(page: Page) -> None:
    assert await accessibility_faults(page) == []
    assert await page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
