"""Who writes, reads or listens at the desk while it changes by itself: what the hands and the ears were at goes on."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.async_api import Page, Route, expect

from tests.servers.browsers import DESKTOP, PHONE, Visits, accessibility_faults
from tests.servers.machine import free_port
from tests.town import Reader, Town, open_town
from tests.web.test_console import desk, taken
from tests.web.test_console_busy import another, column, filling_in, say

pytestmark = pytest.mark.browser

COMPOSING = {"key": "Process", "code": "KeyD", "keyCode": 229, "bubbles": True, "isComposing": True}


@pytest.fixture
async def town(sqlite_url: str, tmp_path: Path) -> AsyncIterator[Town]:
    async with open_town(sqlite_url, tmp_path, port=free_port()) as town:
        yield town


async def hands_rest(page: Page, seconds: int) -> None:
    """The page's clock stands still, so many seconds from now: how fast this machine types tells nothing."""
    await page.clock.set_fixed_time(datetime.now(UTC) + timedelta(seconds=seconds))


async def leaves(reader: Reader) -> None:
    await reader.http.post(f"/api/sessions/{reader.session}/end", json={}, headers=reader.headers)


async def nothing_pressed(page: Page) -> None:
    """What a short-cut or Space would have begun shows at once on the button that it presses."""
    await expect(page.locator(".offer").get_by_role("button", name="接待")).to_be_enabled()
    await expect(page.locator(".thread__scroll")).to_be_focused()


async def test_who_writes_on_when_the_reader_ends_neither_archives_nor_answers_an_offer(
    town: Town, visits: Visits
) -> None:
    """ "wo" and a space: the first letter went to the archive button, the space pressed it, unseen."""
    page = await desk(visits, town)
    reader = await taken(town, page)
    await page.locator(".composer__field").fill("您好，第一卷在三楼，")
    await hands_rest(page, 0)
    await page.locator(".composer__field").dispatch_event("keydown", COMPOSING)  # half a word of Chinese
    await town.ask("另一位读者")
    await page.wait_for_selector(".offer")
    await leaves(reader)
    await expect(page.locator(".column__unsent")).to_contain_text("第一卷在三楼")
    await page.keyboard.type("wo da ")
    await page.keyboard.press("Enter")
    await page.keyboard.type("?")
    await nothing_pressed(page)
    await expect(page.locator("dialog")).to_have_count(0)
    await page.keyboard.press("Alt+d")  # said on purpose
    await expect(page.locator(".offer")).to_have_count(0)
    await page.keyboard.press("w")
    await page.keyboard.press("Space")
    await expect(page.locator(".entry")).to_have_count(0)


@pytest.mark.parametrize("how", ["a pause", "Escape", "a click"])
async def test_who_has_stopped_writing_has_the_short_cuts_back(town: Town, visits: Visits, how: str) -> None:
    page = await desk(visits, town)
    reader = await taken(town, page)
    await hands_rest(page, 0)
    await page.keyboard.type("di yi juan")
    await leaves(reader)
    await expect(page.locator(".thread__scroll")).to_be_focused()
    await page.keyboard.type("w")
    await expect(page.locator(".thread__scroll")).to_be_focused()
    if how == "a pause":
        await hands_rest(page, 3)
    elif how == "Escape":
        await page.keyboard.press("Escape")
    else:
        await page.locator(".column__name").click()
    await page.keyboard.press("w")
    await page.keyboard.press("Enter")
    await expect(page.locator(".entry")).to_have_count(0)


async def test_a_note_in_the_making_when_its_conversation_leaves_the_desk_is_given_back(
    town: Town, visits: Visits
) -> None:
    """The keyboard fell to nowhere, where letters answer offers, and what had been noted was gone."""
    lin = await desk(visits, town)
    reader = await taken(town, lin)
    page = await desk(visits, town, "mei")
    for librarian, availability in ((lin, "away"), (page, "available")):
        async with librarian.expect_response("**/api/console/duty"):  # shown at once, true once it is kept
            await librarian.locator(f'.duty__choice[data-value="{availability}"]').click()
    invitation = {"staff_id": town.people["mei"].id}
    invited = await town.people["lin"].http.post(f"/api/sessions/{reader.session}/invite", json=invitation)
    assert invited.status_code == 200, invited.text
    await page.locator(".entry").click()
    await hands_rest(page, 0)
    await page.keyboard.press("Alt+n")
    await page.keyboard.type("我查到一半，zai ")
    await town.ask("另一位读者")
    await page.wait_for_selector(".offer")
    await leaves(reader)
    await expect(page.locator(".column")).to_have_count(0)
    await page.keyboard.type("da")
    await expect(page.locator(".offer").get_by_role("button", name="接待")).to_be_enabled()
    await expect(page.locator("#main")).to_be_focused()
    await expect(page.locator(".toast").filter(has_text="备注没有记下")).to_contain_text("我查到一半，")


async def test_who_scrolls_back_just_when_something_changes_is_not_pulled_to_the_end(
    town: Town, visits: Visits
) -> None:
    """The browser tells of scrolling a frame later: what changed within it pulled the librarian back."""
    page = await desk(visits, town)
    reader = await taken(town, page)
    await say(town, reader, *(f"第 {number} 段。" + "很长的一段话。" * 30 for number in range(8)))
    await expect(page.locator(".talk").get_by_text("第 7 段。")).to_be_in_viewport()
    await page.locator(".thread__scroll").evaluate("""node => {
        node.scrollTop = 0;
        dispatchEvent(new Event("focus"));  // draws at once
    }""")
    await expect(page.locator(".thread__pill")).to_be_visible()
    await say(town, reader, "又说了一句")
    await expect(page.locator(".thread__pill")).to_contain_text("1 条")
    await expect(page.locator(".talk").get_by_text("第 0 段。")).to_be_in_viewport()


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
async def test_what_came_while_another_reader_was_looked_at_is_unread_until_it_is_in_sight(
    town: Town, visits: Visits, size: tuple[int, int]
) -> None:
    """Who had scrolled back found the old line again; the new one below counted as read, and the reader was told so."""
    page = await desk(visits, town, size=size)
    first = await taken(town, page, "第一位读者")
    await say(town, first, *(f"第 {number} 段。" + "很长的一段话。" * 30 for number in range(8)))
    await expect(page.locator(".talk").get_by_text("第 7 段。")).to_be_in_viewport()
    old = page.locator(".talk").get_by_text("第 2 段。")
    await old.scroll_into_view_if_needed()
    await expect(page.locator(".thread__pill")).to_be_visible()
    if size == PHONE:
        await page.locator(".column__back").click()
        await expect(old).to_be_hidden()
    await another(town, page, "第二位读者")
    await say(town, first, "急事：我的车要走了")
    badge = page.locator(".entry").filter(has_text="急事").locator(".badge")
    await expect(badge).to_have_text("1")
    await page.keyboard.press("Alt+k")
    await expect(column(page, "第一位读者")).to_be_visible()
    await expect(old).to_be_in_viewport()
    pill = page.locator(".thread__pill")
    await expect(pill).to_contain_text("1 条")
    await expect(badge).to_have_text("1")
    await pill.click()
    await expect(page.locator(".talk").get_by_text("急事")).to_be_in_viewport()
    await expect(badge).to_have_attribute("hidden", "")


async def test_an_offer_is_told_to_who_listens_while_a_dialog_is_open_and_after_it(
    town: Town, visits: Visits
) -> None:
    """It was said outside of the dialog, where a screen reader hears nothing: the offer ran down unheard."""
    page, reason = await filling_in(town, visits)
    said = page.locator("#say-now")
    await expect(said).to_contain_text("对话框开着时来的读者")
    assert "按 Alt+A 接受" in await heard(page)
    await expect(reason).to_be_focused()
    await page.keyboard.press("Alt+d")
    await expect(page.locator(".offer")).to_have_count(0)
    await page.keyboard.press("Escape")
    await expect(page.locator("dialog")).to_have_count(0)
    await expect(said).to_be_empty()  # nothing is said twice
    await town.ask("关上以后来的读者")
    await expect(said).to_contain_text("关上以后来的读者")
    assert "按 Alt+A 接受" in await heard(page)


async def test_what_went_wrong_while_a_dialog_is_open_can_be_read_and_closed(
    town: Town, visits: Visits
) -> None:
    """It lay under the dialog's veil, where no click and no screen reader comes."""
    page = await desk(visits, town)
    await taken(town, page)
    left = asyncio.Event()

    async def late(route: Route) -> None:
        await left.wait()
        await route.continue_()

    await page.route("**/accept", late)
    await page.keyboard.press("Alt+t")
    await expect(page.locator("dialog textarea")).to_be_visible()
    impatient = await town.ask("等不及的读者")
    await page.wait_for_selector(".offer")
    await page.keyboard.press("Alt+a")
    await leaves(impatient)
    left.set()
    toast = page.locator(".toast").filter(has_text="邀约已经失效")
    await expect(toast).to_be_visible()
    assert await accessibility_faults(page) == []
    assert "邀约已经失效" in await heard(page)
    await page.keyboard.press("Escape")
    await expect(page.locator("dialog")).to_have_count(0)
    await expect(toast).to_be_visible()
    await toast.get_by_role("button").click()
    await expect(toast).to_have_count(0)
    visits.faults.clear()  # the browser reports the refusal


async def heard(page: Page) -> str:
    """All the text that the browser gives to a screen reader."""
    line = await page.context.new_cdp_session(page)
    nodes = (await line.send("Accessibility.getFullAXTree"))["nodes"]
    await line.detach()
    return " ".join(node["name"].get("value", "") for node in nodes if not node["ignored"] and "name" in node)


async def test_what_is_marked_or_focused_beside_the_conversation_stays_while_it_goes_on(
    town: Town, visits: Visits
) -> None:
    """Every line and change of duty drew the reader's card anew: who copied an order's number lost it half-way."""
    page = await desk(visits, town)
    await page.locator('.duty__choice[data-value="available"]').click()
    await expect(page.locator(".duty")).to_have_attribute("data-availability", "available")
    reader = await town.ask("订单 261122-00123 到了吗？", page_url="https://lib.test/x", page_title="馆藏页")
    await page.wait_for_selector(".offer")
    await page.keyboard.press("Alt+a")
    await page.wait_for_selector(".composer__proposal:not([hidden])")
    aside = page.locator(".context")
    documents = aside.locator(".context__section--documents")
    await expect(documents.locator(".context__count")).not_to_be_empty()  # all of it is there
    link = aside.get_by_role("link", name="馆藏页")
    await link.focus()
    await aside.get_by_text("261122-00123").evaluate("node => getSelection().selectAllChildren(node)")
    await say(town, reader, "还有一个问题")
    await town.people["lin"].http.put("/api/console/duty", json={"capacity": 3})
    paper = {"title": "民国报纸目录", "url": "https://lib.test/paper.pdf"}
    await town.people["lin"].http.post(f"/api/sessions/{reader.session}/documents", json=paper)
    await expect(documents.get_by_role("link")).to_have_text("民国报纸目录")
    await expect(link).to_be_focused()
    assert "261122-00123" in await page.evaluate("getSelection().toString()")
