"""A busy shift: several readers at a time, a second window, dialogs open while more of them ask."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Locator, Page, Route, expect

from tests.servers.browsers import PHONE, Visits, accessibility_faults
from tests.servers.machine import free_port
from tests.town import Reader, Town, open_town
from tests.web.test_console import CURRENT, desk, taken

pytestmark = pytest.mark.browser

PROGRAM = {"name": "setup.exe", "mimeType": "application/octet-stream", "buffer": b"MZ" + bytes(100)}


@pytest.fixture
async def town(sqlite_url: str, tmp_path: Path) -> AsyncIterator[Town]:
    async with open_town(sqlite_url, tmp_path, port=free_port()) as town:
        yield town


async def another(town: Town, page: Page, question: str) -> Reader:
    """One more reader is taken; the columns stay as many as they are."""
    talks = page.locator(".lists__section--active .entry")
    there = await talks.count()
    reader = await town.ask(question)
    await page.wait_for_selector(".offer")
    await page.keyboard.press("Alt+a")
    await expect(talks).to_have_count(there + 1)
    await expect(page.locator(".column").filter(has_text=question)).to_be_visible()
    return reader


async def say(town: Town, reader: Reader, *texts: str) -> None:
    async with town.socket(token=reader.token) as line:
        for text in texts:
            await line.say(t="post", session=reader.session, id=town.ctx.ids.new(), text=text)
            await line.hear("ack")


def column(page: Page, question: str) -> Locator:
    return page.locator(".column").filter(has_text=question)


async def filling_in(town: Town, visits: Visits) -> tuple[Page, Locator]:
    """A librarian's page and the field of a dialog that they are filling in when one more reader asks."""
    await town.set_policy("offer_seconds", 300)  # a slow machine looks at it for longer
    page = await desk(visits, town)
    await taken(town, page)
    await page.keyboard.press("Alt+t")
    reason = page.locator("dialog textarea")
    await reason.fill("理由写到一半")
    await town.ask("对话框开着时来的读者")
    return page, reason


async def test_an_offer_is_answered_over_an_open_dialog_and_what_was_filled_in_stays(
    town: Town, visits: Visits
) -> None:
    """A dialog shut it off: it ran down, twice set its librarian away, or cost what was filled in."""
    page, reason = await filling_in(town, visits)
    offer = page.locator(".offer")
    await expect(offer.get_by_role("button", name="接待")).to_be_in_viewport()
    assert await accessibility_faults(page) == []
    await page.keyboard.press("Alt+a")
    await expect(page.locator(".lists__section--active .entry")).to_have_count(2)
    await expect(reason).to_have_value("理由写到一半")
    await expect(reason).to_be_focused()
    await town.ask("再来一位，用鼠标谢绝")
    await offer.get_by_role("button", name="谢绝").click()
    await expect(offer).to_have_count(0)
    await page.keyboard.press("Escape")
    await expect(page.locator("dialog")).to_have_count(0)
    await town.ask("关上以后来的读者")
    await expect(page.locator(".pane--list .offer")).to_contain_text("关上以后来的读者")


async def test_a_file_that_is_refused_while_another_reader_is_looked_at_is_told(
    town: Town, visits: Visits
) -> None:
    """The line of a file on its way went with its column, and a refusal with it: nobody heard of either."""
    page = await desk(visits, town)
    await taken(town, page, "第一位读者")
    await another(town, page, "第二位读者")
    looked_away = asyncio.Event()

    async def late(route: Route) -> None:
        await looked_away.wait()
        await route.continue_()

    await page.route("**/uploads/**", late)
    await page.set_input_files(".composer input[type=file]", [PROGRAM])
    await expect(page.locator(".composer__files progress")).to_be_visible()
    await page.keyboard.press("Alt+k")
    await expect(column(page, "第一位读者")).to_be_visible()
    looked_away.set()
    await expect(page.locator(".toast")).to_contain_text("setup.exe")
    await page.keyboard.press("Alt+k")
    await expect(page.locator(".composer__problem")).to_contain_text("setup.exe")
    await page.locator(".composer__files").get_by_role("button", name="取消").click()
    await expect(page.locator(".composer__files li")).to_have_count(0)
    visits.faults[:] = [fault for fault in visits.faults if "415" not in fault]


async def test_what_was_read_in_one_window_is_read_in_the_other(town: Town, visits: Visits) -> None:
    page = await desk(visits, town)
    first = await taken(town, page, "第一位读者")
    await another(town, page, "第二位读者")
    second = await page.context.new_page()
    await second.goto(f"{town.base}/console")
    await second.wait_for_selector(CURRENT)
    await expect(second.locator(".entry .badge:visible")).to_have_count(0)  # the first window read them
    await second.locator(".entry").last.click()
    await expect(column(second, "第二位读者")).to_be_visible()
    await page.bring_to_front()
    await say(town, first, "还在吗？")
    for window in (page, second):
        await expect(window.locator(".entry .badge:visible")).to_have_text("1")
    await page.keyboard.press("Alt+k")
    for window in (page, second):
        await expect(window.locator(".entry .badge:visible")).to_have_count(0)


async def test_a_column_that_becomes_narrower_stays_at_what_was_said_last(town: Town, visits: Visits) -> None:
    """Its lines grew, and nobody had scrolled: yet it counted as read back, and new lines came unseen."""
    page = await desk(visits, town)
    first = await taken(town, page, "第一位读者")
    await say(town, first, "很长的一句话。" * 250)
    await another(town, page, "第二位读者")
    await another(town, page, "第三位读者")
    await page.keyboard.press("Alt+3")
    await expect(page.locator(".column")).to_have_count(3)
    await say(town, first, "又说了一句")
    await expect(column(page, "第一位读者").get_by_text("又说了一句")).to_be_in_viewport()
    await expect(page.locator(".thread__pill:visible")).to_have_count(0)


async def test_a_window_that_becomes_narrow_shows_one_conversation_and_a_wide_one_those_of_before(
    town: Town, visits: Visits
) -> None:
    """Letters twice as large, or a window at the screen's half: two columns stood on, each cut in the middle."""
    page = await desk(visits, town)
    await page.keyboard.press("2")
    await taken(town, page, "第一位读者")
    await another(town, page, "第二位读者")
    await expect(page.locator(".column")).to_have_count(2)
    await page.locator(".column[data-focused] .composer__field").fill("写到一半")
    for width, height in ((640, 400), PHONE):
        await page.set_viewport_size({"width": width, "height": height})
        await expect(page.locator(".column")).to_have_count(1)
        await expect(page.locator(".composer__field")).to_have_value("写到一半")
        await expect(page.get_by_role("button", name="发送", exact=True)).to_be_in_viewport(ratio=1)
    await page.set_viewport_size({"width": 1280, "height": 800})
    await expect(page.locator(".column")).to_have_count(2)
    await page.set_viewport_size({"width": 640, "height": 400})
    await page.reload()
    await page.wait_for_selector(CURRENT)
    await expect(page.locator(".column")).to_have_count(1)


async def test_visitors_can_be_told_apart_at_every_desk(town: Town, visits: Visits) -> None:
    page = await desk(visits, town)
    first = await taken(town, page, "第一位读者")
    second = await another(town, page, "第二位读者")
    names = await page.locator(".entry__name").all_inner_texts()
    # One number of 900 may come twice by chance: each has the one in which its conversation's name ends.
    assert names == [f"访客 {100 + int(reader.session[-6:], 36) % 900}" for reader in (first, second)]
    colleague = await desk(visits, town, "mei")
    await town.available("mei")
    await town.people["lin"].http.post(
        f"/api/sessions/{first.session}/invite", json={"staff_id": town.people["mei"].id}
    )
    await expect(colleague.locator(".entry__name")).to_have_text(names[0])


async def test_what_is_written_from_right_to_left_reads_so(town: Town, visits: Visits) -> None:
    """A question in Uyghur: its first word stands at the right, and its question mark at the left end."""
    page = await desk(visits, town)
    await taken(town, page, "كىتاب بارمۇ ISBN 978-7-5371؟")
    for place in (".bubble__text", ".entry__last"):
        first, last = await page.locator(place).first.evaluate("""node => {
            const text = node.firstChild;
            const at = (from, to) => {
                const range = document.createRange();
                range.setStart(text, from);
                range.setEnd(text, to);
                return range.getBoundingClientRect().left;
            };
            return [at(0, 1), at(text.length - 1, text.length)];
        }""")
        assert first > last, place


async def test_the_keyboard_goes_on_where_a_dialog_was_closed(town: Town, visits: Visits) -> None:
    page = await desk(visits, town)
    reader = await taken(town, page)
    more = page.locator(".column summary")
    await more.press("Enter")
    await page.locator(".menu__items button").first.press("Enter")
    await expect(page.locator("dialog input[type=search]")).to_be_focused()
    await page.keyboard.press("Escape")
    await expect(more).to_be_focused()
    await page.keyboard.press("Alt+c")
    await page.keyboard.press("Alt+t")  # from the field, which the end of the conversation takes away
    await page.get_by_role("radio", name="服务咨询人员").check(force=True)
    await page.locator("dialog textarea").fill("问订单")
    await town.people["lin"].http.post(f"/api/sessions/{reader.session}/end", json={})
    await expect(page.locator(".wrap-up")).to_be_attached()
    await page.locator("dialog [type=submit]").click()
    await expect(page.locator("dialog .flash--bad")).to_contain_text("对话已经结束")
    await page.keyboard.press("Escape")
    await expect(page.locator(".thread__scroll")).to_be_focused()
    await page.keyboard.press("w")
    await page.keyboard.press("Enter")
    await expect(page.locator(".entry")).to_have_count(0)
    await taken(town, page, "改问表单的读者")
    await more.press("Enter")
    await page.get_by_role("button", name="转为表单咨询").press("Enter")
    await page.locator("dialog input[type=email]").fill("reader@example.net")
    await page.locator("dialog input[type=checkbox]").check()
    await page.keyboard.press(
        "Enter"
    )  # the end takes the menu away, to which the dialog gave the keyboard back
    await expect(page.locator(".thread__scroll")).to_be_focused()
    visits.faults[:] = [fault for fault in visits.faults if "409" not in fault]


async def test_an_archived_record_makes_room_for_the_reader_who_waits_longest(
    town: Town, visits: Visits
) -> None:
    page = await desk(visits, town)
    await taken(town, page, "等得久的读者")
    await another(town, page, "后来的读者")
    over = await another(town, page, "最后的读者")
    await town.people["lin"].http.post(f"/api/sessions/{over.session}/end", json={})
    await page.wait_for_selector(".wrap-up")
    await page.keyboard.press("Alt+w")
    await page.keyboard.press("Enter")
    await expect(column(page, "等得久的读者")).to_be_visible()
    await expect(
        page.locator(".thread__scroll")
    ).to_be_focused()  # not the field: a letter is a short-cut still
    await page.keyboard.press("c")
    await expect(page.locator(".composer__field")).to_be_focused()


async def test_what_was_being_written_when_the_reader_ended_stays_in_sight(
    town: Town, visits: Visits
) -> None:
    page = await desk(visits, town)
    reader = await taken(town, page)
    field = page.locator(".composer__field")
    await field.fill("第一卷在三楼，")
    await reader.http.post(f"/api/sessions/{reader.session}/end", json={}, headers=reader.headers)
    unsent = page.locator(".column__unsent")
    await expect(unsent).to_contain_text("第一卷在三楼，")
    assert await accessibility_faults(page) == []
    await page.reload()
    await expect(unsent).to_contain_text("第一卷在三楼，")
    await page.get_by_role("button", name="归档").click()
    await expect(page.locator(".entry")).to_have_count(0)


async def test_an_intern_is_told_that_only_practice_comes(town: Town, visits: Visits) -> None:
    """ "Waiting for readers", the desk said, and none could ever come (R-ORG.5)."""
    page = await desk(visits, town, "intern")
    face = page.locator(".lists__face")
    await expect(face).to_contain_text("练习")
    await page.locator('.duty__choice[data-value="available"]').click()
    await expect(page.locator(".duty")).to_have_attribute("data-availability", "available")
    await expect(face).to_contain_text("请同事打开“练习”页")


async def test_who_looks_at_another_reader_meanwhile_comes_back_to_the_old_line_they_read(
    town: Town, visits: Visits
) -> None:
    page = await desk(visits, town)
    first = await taken(town, page, "第一位读者")
    await say(town, first, *(f"第 {number} 段。" + "很长的一段话。" * 30 for number in range(8)))
    await expect(page.locator(".talk").get_by_text("第 7 段。")).to_be_in_viewport()
    old = page.locator(".talk").get_by_text("第 2 段。")
    await old.scroll_into_view_if_needed()
    await expect(page.locator(".thread__pill")).to_be_visible()
    await another(town, page, "第二位读者")
    await page.keyboard.press("Alt+k")
    await expect(column(page, "第一位读者")).to_be_visible()
    await expect(old).to_be_in_viewport()
    await page.locator(".thread__pill").click()
    await expect(page.locator(".talk").get_by_text("第 7 段。")).to_be_in_viewport()


async def test_who_logs_in_next_at_a_shared_desk_finds_nothing_half_written_by_another(
    town: Town, visits: Visits
) -> None:
    page = await desk(visits, town)
    reader = await taken(town, page)
    field = page.locator(".composer__field")
    await field.fill("这句话还没想好，")
    invitation = {"staff_id": town.people["mei"].id}
    async with town.socket(town.people["mei"]):
        await town.available("mei")
        await town.people["lin"].http.post(f"/api/sessions/{reader.session}/invite", json=invitation)
    for name, draft in (("mei", ""), ("lin", "这句话还没想好，")):
        cookie = {"name": "sid", "value": town.people[name].cookie, "url": town.base}
        await page.goto("about:blank")  # a console that finds another log-in loads itself anew
        await page.context.add_cookies([cookie])
        await page.goto(f"{town.base}/console")
        await page.wait_for_selector(CURRENT)
        await page.locator(".entry").click()
        await expect(field).to_be_editable()
        assert draft in await field.input_value() and ("还没想好" in await field.input_value()) == bool(draft)


async def test_the_console_says_that_nobody_is_there_and_what_to_do_with_the_reader(
    town: Town, visits: Visits
) -> None:
    page = await desk(visits, town)
    reader = await taken(town, page)
    await page.locator(".column").get_by_role("button", name="转交").click()
    dialog = page.get_by_role("dialog", name="转交对话")
    await dialog.get_by_role("radio", name="服务咨询人员").check()
    await dialog.get_by_role("textbox", name="原因").fill("这是订单的事")
    await dialog.get_by_role("button", name="转交").click()
    await expect(dialog.get_by_role("alert")).to_contain_text("转为表单咨询、电话回访")
    shown = await reader.http.get(f"/api/sessions/{reader.session}", headers=reader.headers)
    assert shown.json()["state"] == "active"
    visits.faults.clear()  # the browser reports the refusal
