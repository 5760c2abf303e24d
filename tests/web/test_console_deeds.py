"""What a librarian does for a reader beside talking, from its button to what reader, colleague and log then know."""

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Locator, Page, Route, expect

from tests.servers.browsers import Visits
from tests.servers.machine import free_port
from tests.town import Reader, Town, open_town
from tests.web.test_console import desk, said, taken

pytestmark = pytest.mark.browser

AVAILABLE = '.duty__choice[data-value="available"]'


@pytest.fixture
async def town(sqlite_url: str, tmp_path: Path) -> AsyncIterator[Town]:
    async with open_town(sqlite_url, tmp_path, port=free_port()) as town:
        yield town


async def dialog_of(page: Page, button: str) -> Locator:
    """The dialog behind a deed of the column, or of its menu."""
    column = page.locator(".column")
    if button != "转交":
        await column.locator("summary").click()
    await column.get_by_role("button", name=button).click()
    dialog = page.locator("dialog[open]")
    await expect(dialog).to_be_visible()
    return dialog


async def kinds(town: Town, reader: Reader) -> list[str]:
    """What happened in the conversation, as the reader is told it."""
    answer = await reader.http.get(f"/api/sessions/{reader.session}/events", headers=reader.headers)
    return [event["kind"] for event in answer.json()["events"]]


async def test_what_is_chosen_last_is_kept_however_long_the_first_choice_takes(
    town: Town, visits: Visits
) -> None:
    """The two were on their way side by side, and sometimes the first was kept last."""
    page = await desk(visits, town)
    told, chosen = list[str](), asyncio.Event()

    async def slowly(route: Route) -> None:
        told.append(str(route.request.post_data))
        await chosen.wait()
        await route.continue_()

    await page.route("**/api/console/duty", slowly)
    async with page.expect_response(lambda answer: "busy" in (answer.request.post_data or "")):
        for availability in ("available", "busy"):
            await page.locator(f'.duty__choice[data-value="{availability}"]').click()
        await page.evaluate("fetch('/healthz')")  # what has been sent before it has been seen by then
        assert told == ['{"availability":"available"}']
        chosen.set()
    duty = (await town.people["lin"].http.get("/api/console")).json()["duty"]
    assert (len(told), duty["availability"]) == (2, "busy")


async def test_a_colleague_is_invited_and_talks_along(town: Town, visits: Visits) -> None:
    lin, mei = await desk(visits, town), await desk(visits, town, "mei")
    reader = await taken(town, lin)
    await mei.locator(AVAILABLE).click()
    await expect(mei.locator(".duty")).to_have_attribute("data-availability", "available")
    dialog = await dialog_of(lin, "邀请同事加入")
    await dialog.get_by_role("button", name="邀请").click()
    await expect(dialog).to_contain_text("请先选择一位同事")
    await dialog.locator(".picker__one").filter(has_text="mei").click()
    await dialog.get_by_role("button", name="邀请").click()
    await expect(dialog).to_be_hidden()
    await mei.locator(".entry").click()
    await mei.locator(".composer__field").fill("我来补充一点。")
    await mei.keyboard.press("Enter")
    await expect(lin.locator(".bubble").filter(has_text="我来补充一点")).to_be_visible()
    assert (await said(town, reader))[-1] == "我来补充一点。"
    assert "joined" in await kinds(town, reader)


async def test_a_conversation_is_handed_to_a_colleague_with_all_of_it(town: Town, visits: Visits) -> None:
    lin, mei = await desk(visits, town), await desk(visits, town, "mei")
    reader = await taken(town, lin, "请问县志在哪里？")
    await mei.locator(AVAILABLE).click()
    await expect(mei.locator(".duty")).to_have_attribute("data-availability", "available")
    dialog = await dialog_of(lin, "转交")
    await dialog.locator(".picker__one").filter(has_text="mei").click()
    await dialog.get_by_role("button", name="转交").click()
    await expect(dialog.get_by_role("textbox", name="原因")).to_have_attribute("aria-invalid", "true")
    await dialog.get_by_role("textbox", name="原因").fill("县志由同事负责")
    await dialog.get_by_role("button", name="转交").click()
    await expect(lin.locator(".lists__section--active .entry")).to_have_count(0)
    await mei.locator(".offer").get_by_role("button", name="接待").click()
    await expect(mei.get_by_role("log", name="对话内容")).to_contain_text("请问县志在哪里？")
    answer = await reader.http.get(f"/api/sessions/{reader.session}/events", headers=reader.headers)
    told = [event for event in answer.json()["events"] if event["kind"] == "transferred"]
    assert "县志由同事负责" in str(told)


async def test_a_reader_is_called_back_with_the_transcript(town: Town, visits: Visits) -> None:
    lin = await desk(visits, town)
    reader = await taken(town, lin, "我不会打字，能打电话吗？")
    dialog = await dialog_of(lin, "转为电话回访")
    await dialog.get_by_role("button", name="向读者发送这段话").click()
    await dialog.get_by_label("读者电话").fill("020-83810000")
    await dialog.get_by_role("button", name="转为电话回访").click()
    await expect(dialog).to_contain_text("读者已在对话中表示同意")  # it was not ticked: nothing is passed on
    assert "ended" not in await kinds(town, reader)
    await dialog.get_by_label("读者已在对话中表示同意").check()
    await dialog.get_by_role("button", name="转为电话回访").click()
    await expect(dialog).to_be_hidden()
    await expect(lin.locator(".wrap-up")).to_be_visible()
    await lin.goto(f"{town.base}/console/pool")
    await lin.get_by_text("我不会打字，能打电话吗？").first.click()
    await lin.get_by_role("button", name="领取").click()
    await expect(lin.locator("main")).to_contain_text("020-83810000")


async def test_abuse_ends_the_conversation_and_a_manager_looks_at_it(town: Town, visits: Visits) -> None:
    lin = await desk(visits, town)
    reader = await taken(town, lin, "……")
    dialog = await dialog_of(lin, "因不当言行结束")
    await dialog.get_by_label("发生了什么").fill("辱骂馆员")
    await dialog.get_by_label("限制多少小时").fill("24")
    await dialog.get_by_role("button", name="结束并限制").click()
    await expect(dialog).to_be_hidden()
    again = {
        "topic": "reference",
        "question": "又来了",
        "client_id": town.ctx.ids.new(),
        "visitor": reader.visitor,
    }
    refused = await town.http.post("/api/desks/home/sessions", json=again)
    assert refused.json()["error"]["code"] == "blocked", refused.text
    manager = await desk(visits, town, "manager", "/manage/reviews")
    await expect(manager.locator("main")).to_contain_text("辱骂馆员")


async def test_who_answers_for_another_library_has_its_card_and_names_both_in_the_greeting(
    town: Town, visits: Visits
) -> None:
    admin = town.people["administrator"].http
    group = {"name_zh": "华南", "name_en": "South", "desk_ids": [town.desks["home"], town.desks["other"]]}
    assert (await admin.post("/api/manage/groups", json=group)).status_code < 300
    wu = await desk(visits, town, "wu")
    await wu.locator(AVAILABLE).click()
    await town.ask("外馆读者的问题")
    await wu.locator(".offer").get_by_role("button", name="接待").click()
    greeting = wu.locator(".composer__field")
    await expect(greeting).to_have_value(re.compile("远方图书馆.*书桥图书馆"))
    card = wu.locator(".context")
    await expect(card).to_contain_text("信息尚未核对，答复前请留意")
    manager = await desk(visits, town, "manager", f"/manage/libraries/{town.libraries['home']}")
    await manager.get_by_label("给答复馆员看的说明（中文）").fill("读者凭证进馆；县志在三楼。")
    await manager.get_by_label("我刚核对过以上资料，均属实").check()
    await manager.get_by_role("button", name="保存").click()
    await expect(manager.get_by_text("上次核对")).to_be_visible()
    await wu.reload()
    await wu.locator(".entry").click()
    await expect(card).to_contain_text("县志在三楼")
    await expect(card).to_contain_text("信息核对于")
