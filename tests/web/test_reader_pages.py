"""The pages that readers meet around the chat: a desk's own page, the plain form, the sample, the widget's files."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.servers.browsers import DESKTOP, PHONE, Visits, accessibility_faults, sit_down
from tests.town import Town, open_town
from web.pages.sample import policy_for


@pytest.fixture
async def town(sqlite_url: str, tmp_path: Path) -> AsyncIterator[Town]:
    async with open_town(sqlite_url, tmp_path) as town:
        yield town


@pytest.mark.browser
@pytest.mark.parametrize(("size", "dark"), [(PHONE, False), (DESKTOP, True)], ids=["phone", "desktop"])
@pytest.mark.parametrize("language", ["zh-CN", "en-GB"])
async def test_a_desks_page_and_form_are_without_a_fault(
    town: Town, visits: Visits, size: tuple[int, int], language: str, dark: bool
) -> None:
    page = await visits.page(f"{town.base}/d/home?type=large", size=size, language=language, dark=dark)
    await expect(page.locator("shuqiao-chat .ask")).to_be_visible()
    assert await accessibility_faults(page) == []
    overflow = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert await page.evaluate(overflow) == 0
    await page.goto(f"{town.base}/d/home/ask")
    assert await accessibility_faults(page) == []
    assert await page.evaluate(overflow) == 0


@pytest.mark.browser
async def test_without_scripts_the_form_asks_and_answers(town: Town, visits: Visits) -> None:
    page = await visits.page(f"{town.base}/d/home", java_script_enabled=False)
    await page.get_by_role("link", name="填写表单，稍后回复").first.click()
    await page.get_by_role("button", name="提交问题").click()
    await expect(page.get_by_role("alert")).to_contain_text("有 2 处需要改正")
    await expect(page.get_by_role("link", name="请写下您的问题")).to_be_visible()
    await page.get_by_label("您的问题").fill("请问怎样办证？")
    await page.get_by_role("radio", name="账户与读者证").check()
    await page.get_by_label("邮箱").fill("not a mail")
    await page.get_by_role("button", name="提交问题").click()
    await expect(page.get_by_label("邮箱")).to_have_value("not a mail")
    await page.get_by_label("邮箱").fill("reader@example.org")
    await page.get_by_role("button", name="提交问题").click()
    await expect(page.get_by_role("heading", name="您的问题已收到")).to_be_visible()
    rows = await town.ctx.db.read.rows("SELECT topic, question, mail FROM consultation")
    assert [tuple(row) for row in rows] == [("account", "请问怎样办证？", "reader@example.org")]
    visits.faults.clear()  # the browser reports the two refusals (422)


async def test_the_same_form_sent_twice_is_one_question(town: Town) -> None:
    form = (await town.http.get("/d/home/ask")).text
    hidden = {
        name: form.partition(f'name="{name}" value="')[2].partition('"')[0] for name in ("csrf", "client_id")
    }
    for _ in range(2):
        fields = hidden | {"question": "问", "mail": "reader@example.org", "kind": "form"}
        assert (await town.http.post("/d/home/ask", data=fields)).status_code == 303
    assert len(await town.ctx.db.read.rows("SELECT id FROM consultation")) == 1


@pytest.mark.browser
async def test_who_logs_in_while_the_form_is_open_writes_nothing_again(town: Town, visits: Visits) -> None:
    page = await visits.page(f"{town.base}/d/home/ask", java_script_enabled=False)
    await page.get_by_label("您的问题").fill("打了很久的字")
    await page.get_by_role("radio", name="电话").check()
    await page.get_by_role("textbox", name="电话").fill("020 8381 0000")
    cookie = {"name": "sid", "value": town.people["reader"].cookie, "url": town.base}
    await page.context.add_cookies([cookie])
    await page.get_by_role("button", name="提交问题").click()
    await expect(page.get_by_role("alert")).to_contain_text("您写的都在下面")
    assert await town.ctx.db.read.rows("SELECT id FROM consultation") == []
    await page.get_by_role("button", name="提交问题").click()
    await page.wait_for_url("**?done=new*")
    rows = await town.ctx.db.read.rows("SELECT question, phone, reader_id FROM consultation")
    assert [tuple(row) for row in rows] == [("打了很久的字", "020 8381 0000", town.people["reader"].id)]
    visits.faults.clear()  # the browser reports the refusal (403)


async def test_a_form_from_elsewhere_is_refused(town: Town) -> None:
    answer = await town.http.post("/d/home/ask", data={"question": "问", "mail": "reader@example.org"})
    assert answer.status_code == 403


@pytest.mark.parametrize(
    "path", ["/d/nowhere", "/d/nowhere/ask", "/sample?desk=nowhere", "/widget/nothing.js"]
)
async def test_what_is_not_there_says_so(town: Town, path: str) -> None:
    assert (await town.http.get(path)).status_code == 404


@pytest.mark.parametrize("name", ["loader.js", "chat.js", "chat.css", "words.zh.json", "accent/7d2a2a.css"])
async def test_the_widgets_files_are_for_every_page_and_travel_once(town: Town, name: str) -> None:
    answer = await town.http.get(f"/widget/{name}", headers={"Origin": "https://anywhere.example"})
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-encoding"] == "gzip"
    again = await town.http.get(f"/widget/{name}", headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


async def test_a_desks_colour_becomes_the_accent_of_a_shadow_root(town: Town) -> None:
    css = (await town.http.get("/widget/accent/7d2a2a.css")).text
    assert ":host{--accent:" in css and ":root" not in css
    assert (await town.http.get("/widget/accent/red.css")).status_code == 404


def test_the_strictest_policy_names_us_and_nothing_else() -> None:
    policy = policy_for("https://desk.example")
    assert "script-src https://desk.example;" in policy
    assert "connect-src https://desk.example wss://desk.example;" in policy
    assert "unsafe" not in policy and "*" not in policy
    assert "wss" not in policy_for("https://desk.example", socket=False)


@pytest.mark.browser
@pytest.mark.parametrize("language", ["zh-CN", "en-GB"])
async def test_the_head_takes_two_rows_of_a_phone_at_most(town: Town, visits: Visits, language: str) -> None:
    """Also for a reader who has logged in, whose tools are many."""
    page = await sit_down(visits, town, "reader", size=PHONE, language=language)
    for path in ("/d/home/request", "/my/consultations"):
        await page.goto(town.base + path)
        tops = await page.locator(".site-tools > *, .site-tools form > *, .brand").evaluate_all(
            "all => [...new Set(all.filter(one => one.offsetHeight).map(one => Math.round("
            "(one.getBoundingClientRect().top + one.getBoundingClientRect().bottom) / 2)))]"
        )
        assert len(tops) <= 2, tops
