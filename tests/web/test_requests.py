"""Asking for a document and following it: by hand, from a citation or link, with and without scripts."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Route, expect

from server.actions.accounts import resolve_actor
from server.actions.requests import Request, submit_request
from server.domain.consultations import Consultation
from tests.servers.browsers import DESKTOP, PHONE, Visits, accessibility_faults, sit_down
from tests.servers.machine import free_port
from tests.town import Town, open_town

ARTICLE = "[3] 于良芝, 李晓新. 论图书馆的公共性[J]. 中国图书馆学报, 2019, 45(2): 4-16."
WISH = {"material": "book", "title": "图书馆学导论", "authors": "于良芝", "date": "2003"}
OVERFLOW = "document.documentElement.scrollWidth > innerWidth + 1"
LOOKS = {
    "zh light desktop": {"language": "zh-CN", "size": DESKTOP, "dark": False},
    "en dark phone large": {"language": "en-GB", "size": PHONE, "dark": True},
}


@pytest.fixture
async def town(sqlite_url: str, tmp_path: Path) -> AsyncIterator[Town]:
    async with open_town(sqlite_url, tmp_path, port=free_port()) as town:
        yield town


async def requested(town: Town, title: str = WISH["title"], name: str = "reader") -> Consultation:
    actor = await resolve_actor(town.ctx, cookie=town.people[name].cookie)
    wish = Request("document", town.ctx.ids.new(), WISH | {"title": title})
    return (await submit_request(town.ctx, actor, "home", wish)).consultation


async def asked(town: Town, question: str = "怎样查民国报纸？") -> Consultation:
    actor = await resolve_actor(town.ctx, cookie=town.people["reader"].cookie)
    wish = Request("form", town.ctx.ids.new(), question=question)
    return (await submit_request(town.ctx, actor, "home", wish)).consultation


async def answered(town: Town, c: Consultation, body: str) -> None:
    """A librarian answers a question."""
    lin = town.people["lin"].http
    number = (await lin.post(f"/api/tasks/{c.task_id}/claim", json={})).json()["claim_number"]
    draft = {"claim_number": number, "content": {"kind": "text", "body": body}}
    answer = await lin.post(f"/api/tasks/{c.task_id}/answer", json=draft)
    assert answer.status_code < 300, answer.text


@pytest.mark.browser
async def test_a_pasted_citation_becomes_a_request_among_my_consultations(town: Town, visits: Visits) -> None:
    page = await sit_down(visits, town, "reader")
    await page.goto(f"{town.base}/d/home")
    await page.get_by_role("link", name="申请文献").first.click()
    await page.wait_for_url("**/request")  # and until its script runs
    await page.get_by_label("粘贴引文").fill(ARTICLE)
    await page.get_by_label("粘贴引文").press("Enter")
    await expect(page.get_by_role("textbox", name="题名")).to_have_value("论图书馆的公共性")
    await expect(page.get_by_role("textbox", name="题名")).to_be_focused()
    await expect(page.get_by_role("button", name="期刊论文")).to_have_attribute("aria-pressed", "true")
    await expect(page.get_by_label("刊名")).to_have_value("中国图书馆学报")
    await page.get_by_label("补充说明").fill("只要这一篇")
    await page.get_by_role("button", name="提交文献请求").last.click()
    await expect(page.get_by_role("heading", name="论图书馆的公共性")).to_be_visible()
    await expect(page.get_by_text("已提交")).to_be_visible()
    await expect(page.get_by_text("最晚")).to_be_visible()
    await page.get_by_role("link", name="返回我的咨询").click()
    await expect(page.get_by_role("link", name="论图书馆的公共性")).to_be_visible()


@pytest.mark.browser
async def test_on_a_slow_line_what_is_typed_meanwhile_stays(town: Town, visits: Visits) -> None:
    """Another type of document was chosen and its title begun at once: the late answer wiped it away."""
    page = await sit_down(visits, town, "reader", "/d/home/request")
    arrives = asyncio.Event()

    async def late(route: Route) -> None:
        if route.request.method == "POST":
            await arrives.wait()
        await route.continue_()

    await page.route("**/request", late)
    await page.get_by_label("书名").fill("民国报业")
    await page.get_by_role("button", name="学位论文").click()
    await page.get_by_label("书名").press("End")
    await page.keyboard.type("研究")
    await page.keyboard.press("ArrowLeft")
    arrives.set()
    await expect(page.get_by_role("button", name="学位论文")).to_have_attribute("aria-pressed", "true")
    title = page.get_by_role("textbox", name="题名")
    await expect(title).to_have_value("民国报业研究")
    await expect(title).to_be_focused()
    await page.keyboard.type("史")
    await expect(title).to_have_value("民国报业研史究")


@pytest.mark.browser
async def test_of_two_types_chosen_in_haste_the_second_one_stays(town: Town, visits: Visits) -> None:
    page = await sit_down(visits, town, "reader", "/d/home/request")
    second_is_here = asyncio.Event()

    async def overtaken(route: Route) -> None:
        body = route.request.post_data or ""
        if route.request.method == "POST" and "thesis" in body:
            await second_is_here.wait()
        await route.continue_()

    await page.route("**/request", overtaken)
    await page.get_by_role("button", name="学位论文").click()
    await page.get_by_role("button", name="期刊论文").click()
    chosen = page.get_by_role("button", name="期刊论文")
    await expect(chosen).to_have_attribute("aria-pressed", "true")
    async with page.expect_response(lambda answer: "thesis" in (answer.request.post_data or "")) as late:
        second_is_here.set()
    await (await late.value).finished()
    await expect(chosen).to_have_attribute("aria-pressed", "true")
    await expect(page.get_by_label("刊名")).to_be_visible()


@pytest.mark.browser
async def test_without_scripts_and_without_a_log_in_nothing_is_typed_twice(
    town: Town, visits: Visits
) -> None:
    page = await sit_down(visits, town, java_script_enabled=False)
    await page.goto(f"{town.base}/d/home/request")
    await page.get_by_label("粘贴引文").fill(ARTICLE)
    await page.get_by_label("粘贴引文").press("Enter")
    await expect(page.get_by_role("textbox", name="题名")).to_have_value("论图书馆的公共性")
    await page.goto(f"{town.base}/d/home/request")
    await page.get_by_label("书名").fill("南方的学位论文")
    await page.get_by_role("button", name="学位论文").click()
    await expect(page.get_by_role("textbox", name="题名")).to_have_value("南方的学位论文")
    await page.get_by_role("button", name="登录并提交").click()
    await page.wait_for_url("**/login?next=*")
    await page.context.add_cookies([{"name": "sid", "value": town.people["reader"].cookie, "url": town.base}])
    await page.reload()
    await expect(page.get_by_text("您刚才填写的内容都在")).to_be_visible()
    await page.get_by_role("button", name="提交文献请求").last.click()
    await expect(page.get_by_role("alert")).to_contain_text("需要改正")
    await page.get_by_label("作者").fill("王明")
    await page.get_by_role("button", name="提交文献请求").last.click()
    await expect(page.get_by_role("heading", name="南方的学位论文")).to_be_visible()
    visits.faults.clear()  # the browser reports the refusal (422)


@pytest.mark.browser
async def test_the_link_of_a_resolver_fills_the_form(town: Town, visits: Visits) -> None:
    page = await sit_down(visits, town, "reader")
    link = "genre=article&atitle=Reading+rooms&title=Library+Quarterly&issn=0024-2519&date=2015&volume=85"
    await page.goto(f"{town.base}/d/home/request?{link}")
    await expect(page.get_by_role("textbox", name="题名")).to_have_value("Reading rooms")
    await expect(page.get_by_label("刊名")).to_have_value("Library Quarterly")
    await page.goto(f"{town.base}/d/home/request?material=standard")
    await expect(page.get_by_label("标准号")).to_be_visible()


@pytest.mark.browser
async def test_asking_for_the_same_again_shows_the_one_that_waits(town: Town, visits: Visits) -> None:
    first = await requested(town)
    page = await sit_down(visits, town, "reader")
    await page.goto(f"{town.base}/d/home/request")
    for label, value in (("书名", "《图书馆学导论》"), ("作者", "于良芝"), ("出版日期", "2003")):
        await page.get_by_label(label).fill(value)
    await page.get_by_role("button", name="提交文献请求").last.click()
    await expect(page.get_by_text("您已经提出过同样的请求")).to_be_visible()
    assert page.url.partition("?")[0].endswith(first.id)


@pytest.mark.browser
@pytest.mark.parametrize("scripts", [True, False], ids=["script", "no script"])
async def test_a_file_comes_along_and_stays_when_something_else_is_wrong(
    town: Town, visits: Visits, scripts: bool
) -> None:
    page = await sit_down(visits, town, "reader", java_script_enabled=scripts)
    await page.goto(f"{town.base}/d/home/request")
    clue = {"name": "目录页.txt", "mimeType": "text/plain", "buffer": "第三章".encode()}
    await page.locator("#f-file").set_input_files(clue)  # type: ignore[arg-type]
    await page.get_by_role("button", name="提交文献请求").last.click()
    await expect(page.get_by_role("alert")).to_be_visible()
    await expect(page.get_by_text("目录页.txt")).to_be_visible()
    await page.get_by_label("书名").fill("有目录的书")
    await page.get_by_role("button", name="提交文献请求").last.click()
    link = page.get_by_role("link", name="目录页.txt")
    address = await link.get_attribute("href")
    fetched = await town.people["reader"].http.get(str(address))
    assert fetched.text == "第三章"
    visits.faults.clear()  # the browser reports the refusal (422)


@pytest.mark.browser
async def test_the_answer_appears_by_itself_and_is_rated(town: Town, visits: Visits) -> None:
    mine = await asked(town)
    page = await sit_down(visits, town, "reader")
    await page.clock.install()
    await page.goto(f"{town.base}/my/consultations/{mine.id}")
    await expect(page.get_by_text("前答复您")).to_be_visible()
    await answered(town, mine, "请查全国报刊索引。")
    await page.clock.fast_forward(20_000)
    await expect(page.get_by_text("请查全国报刊索引。")).to_be_visible()
    await expect(page.locator("#renewed")).to_have_text("有新进展")
    await page.get_by_role("radio", name="满意", exact=True).check()
    await page.get_by_label("想补充的话").fill("很快")
    await page.get_by_role("button", name="提交评价").click()
    await expect(page.get_by_text("您的评价已保存")).to_be_visible()
    rows = await town.ctx.db.read.rows("SELECT rating, rating_comment FROM consultation")
    assert [tuple(row) for row in rows] == [("satisfied", "很快")]


@pytest.mark.browser
async def test_cancelling_wants_consent_and_asking_again_retypes_nothing(town: Town, visits: Visits) -> None:
    mine = await requested(town)
    page = await sit_down(visits, town, "reader")
    await page.goto(f"{town.base}/my/consultations/{mine.id}")
    await page.get_by_text("撤销这项咨询").click()
    await page.get_by_role("button", name="撤销", exact=True).click()
    await expect(page.locator("#problems")).to_be_visible()
    await page.get_by_label("我不再需要了").check()
    await page.get_by_role("button", name="撤销", exact=True).click()
    await expect(page.get_by_text("已撤销", exact=True)).to_be_visible()
    await page.get_by_role("link", name="再次提出").click()
    await expect(page.get_by_label("书名")).to_have_value("图书馆学导论")
    visits.faults.clear()  # the browser reports the refusal (422)


@pytest.mark.browser
async def test_a_question_is_turned_into_a_request_on_the_same_clock(town: Town, visits: Visits) -> None:
    mine = await asked(town, "请帮我找《图书馆学导论》")
    page = await sit_down(visits, town, "reader")
    await page.goto(f"{town.base}/my/consultations/{mine.id}")
    await page.get_by_role("link", name="转为文献请求").click()
    await expect(page.get_by_text("请帮我找《图书馆学导论》")).to_be_visible()
    await page.get_by_role("button", name="标准").click()
    await page.get_by_label("标准号").fill("GB/T 7714-2015")
    await page.get_by_role("button", name="转为文献请求").last.click()
    await expect(page.get_by_text("已转换")).to_be_visible()
    await expect(page.get_by_text("GB/T 7714-2015")).to_be_visible()
    row = await town.ctx.db.read.row("SELECT channel, material, clock_from_at FROM task")
    kept = await town.ctx.db.read.row("SELECT submitted_at FROM consultation")
    assert row and kept and (row["channel"], row["material"]) == ("document", "standard")
    assert row["clock_from_at"] == kept["submitted_at"]


@pytest.mark.browser
async def test_a_phone_call_is_written_down(town: Town, visits: Visits) -> None:
    page = await sit_down(visits, town, "lin")
    await page.goto(f"{town.base}/console/phone")
    await page.get_by_role("button", name="登记").click()
    await expect(page.get_by_role("alert")).to_contain_text("有 2 处需要改正")
    await page.get_by_label("读者的问题").fill("今天开到几点？")
    await page.get_by_label("当场的答复").fill("晚上九点。")
    await page.get_by_role("button", name="登记").click()
    await expect(page.get_by_text("已登记并归档")).to_be_visible()
    assert await accessibility_faults(page) == []
    visits.faults.clear()  # the browser reports the refusal (422)


@pytest.mark.browser
@pytest.mark.parametrize("look", LOOKS)
async def test_the_readers_pages_put_no_barrier_before_anybody(town: Town, visits: Visits, look: str) -> None:
    document, question = await requested(town), await asked(town)
    await answered(town, question, "请查全国报刊索引。")
    page = await sit_down(visits, town, "reader", **LOOKS[look])
    faults = []
    for path in (
        "/d/home/request?type=large" if "large" in look else "/d/home/request",
        "/d/home/ask",
        "/my/consultations",
        f"/my/consultations/{document.id}",
        f"/my/consultations/{question.id}",
        f"/my/consultations/{document.id}/convert",
    ):
        await page.goto(f"{town.base}{path}")
        faults += [f"{path}: {fault}" for fault in await accessibility_faults(page)]
        faults += [f"{path}: too wide"] if await page.evaluate(OVERFLOW) else []
    assert faults == []


async def test_a_strangers_consultation_is_not_there(town: Town) -> None:
    mine = await requested(town)
    for person in ("lin", "manager", "administrator"):
        answer = await town.people[person].http.get(f"/my/consultations/{mine.id}")
        assert answer.status_code == 404
    nobody = await town.http.get(f"/my/consultations/{mine.id}")
    assert nobody.headers["location"].startswith("/login?next=")


async def test_the_interface_tells_the_same_story(town: Town) -> None:
    reader = town.people["reader"].http
    body = {"client_id": "a-press", "channel": "document", "citation": WISH, "show_title": True}
    made = await reader.post("/api/desks/home/consultations", json=body)
    assert made.status_code == 201 and not made.json()["again"]
    again = await reader.post("/api/desks/home/consultations", json=body)
    assert again.json()["again"] and again.json()["consultation"]["id"] == made.json()["consultation"]["id"]
    view = made.json()["consultation"]
    assert view["next"]["key"] == "search" and view["clock"]["due_at"] == view["next"]["at"]
    assert "grade" not in view
    listed = (await reader.get("/api/me/consultations")).json()
    assert [each["id"] for each in listed["consultations"]] == [view["id"]] and listed["next"] is None
    story = (await reader.get(f"/api/consultations/{view['id']}")).json()
    assert [step["kind"] for step in story["steps"]] == ["received"]
    early = await reader.post(f"/api/consultations/{view['id']}/rating", json={"rating": "fair"})
    assert (early.status_code, early.json()["error"]["rule"]) == (409, "R-QC.1")
    gone = await reader.post(f"/api/consultations/{view['id']}/cancel")
    assert gone.json()["state"] == "cancelled"
    refused = await town.http.post("/api/desks/home/consultations", json=body)
    assert (refused.status_code, refused.json()["error"]["rule"]) == (401, "R-ORG.2")
