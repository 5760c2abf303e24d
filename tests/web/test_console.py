"""The librarian's desk in a real browser, against the real server. Tests ask for the town first: it closes last."""

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Page, Route, expect

from server.actions.grants import grant_role
from server.actions.logins import start_login
from server.domain.accounts import OPERATOR
from server.domain.permissions import Grant, Role, ScopeKind
from server.store.accounts import account_by_id
from server.store.rows import to_us
from tests.servers.browsers import DESKTOP, PHONE, Visits, accessibility_faults, compose, sit_down
from tests.servers.machine import free_port
from tests.town import Reader, Town, open_town

pytestmark = pytest.mark.browser

CURRENT = '.line[data-state="current"]'


@pytest.fixture
async def town(sqlite_url: str, tmp_path: Path) -> AsyncIterator[Town]:
    async with open_town(sqlite_url, tmp_path, port=free_port()) as town:
        yield town


async def desk(
    visits: Visits, town: Town, name: str = "lin", path: str = "/console", language: str = "zh", **how: object
) -> Page:
    """Somebody's browser at one of the librarian's screens."""
    page = await sit_down(visits, town, name, path, lang=language, **how)
    if path == "/console":
        await page.wait_for_selector(CURRENT)
    return page


async def taken(town: Town, page: Page, question: str = "怎样查民国报纸？") -> Reader:
    """A reader asks and is accepted by the keyboard."""
    await page.locator('.duty__choice[data-value="available"]').click()
    await expect(page.locator(".duty")).to_have_attribute("data-availability", "available")
    reader = await town.ask(question)
    await page.wait_for_selector(".offer")
    await page.keyboard.press("Alt+a")
    await page.wait_for_selector(".composer__proposal:not([hidden])")
    return reader


async def said(town: Town, reader: Reader) -> list[str]:
    """What was said, as the server has it."""
    answer = await reader.http.get(f"/api/sessions/{reader.session}/events", headers=reader.headers)
    return [event["text"] for event in answer.json()["events"] if event["kind"] == "message"]


async def write(page: Page, text: str) -> None:
    await page.locator(".composer__field").fill(text)
    await page.keyboard.press("Enter")


async def test_a_librarian_accepts_greets_answers_ends_and_archives_by_keyboard(
    town: Town, visits: Visits
) -> None:
    page = await desk(visits, town)
    reader = await taken(town, page)
    field = page.locator(".composer__field")
    await expect(field).to_be_focused()
    await page.keyboard.press("Enter")  # the greeting stands ready
    await expect(page.locator(".talk .bubble--mine")).to_contain_text("书桥图书馆")
    async with town.socket(token=reader.token) as line:
        await line.say(t="post", session=reader.session, id="reader-1", text="在家里能看吗？")
        await expect(page.locator(".bubble").filter(has_text="在家里能看吗")).to_be_visible()
        await line.say(t="typing", session=reader.session)
        await expect(page.locator(".thread__typing")).to_be_visible()
    await write(page, "可以，用读者证登录即可。")
    await expect(page.locator(".talk .bubble--mine")).to_have_count(2)
    async with town.socket(token=reader.token) as line:
        await line.say(t="typing", session=reader.session)
        await expect(page.locator(".thread__typing")).to_be_visible()
    paper = {"name": "县志.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.7"}
    await page.set_input_files(".composer input[type=file]", [paper])
    await expect(page.locator(".talk .bubble--mine")).to_have_count(3)
    await page.keyboard.press("Alt+e")
    await page.locator("dialog [type=submit]").press("Enter")
    await page.wait_for_selector(".wrap-up")
    await page.get_by_label("县志.pdf", exact=True).press("Space")  # it was a document after all
    await expect(page.get_by_label("文献题名：县志.pdf")).to_have_value("县志")
    await expect(page.locator(".column__sub")).to_contain_text("共谈")  # and counts no more
    await expect(page.locator(".thread__typing")).to_be_hidden(timeout=2_000)  # nobody writes in what is over
    await page.keyboard.press("Alt+w")
    await page.keyboard.press("Enter")  # the guesses will do
    await expect(page.locator(".entry")).to_have_count(0)
    assert (await said(town, reader))[-2] == "可以，用读者证登录即可。"
    archive = (await town.people["lin"].http.get("/api/archive")).json()["sessions"]
    assert [(one["state"], one["outcome"], one["documents"]) for one in archive] == [
        ("closed", "answered", 1)
    ]


async def test_what_is_written_offline_is_sent_once_when_the_line_is_back(town: Town, visits: Visits) -> None:
    page = await desk(visits, town)
    reader = await taken(town, page)
    await page.keyboard.press("Enter")
    await expect(page.locator(".talk .bubble--mine")).to_have_count(1)
    await expect(page.locator(".bubble--waiting")).to_have_count(0)  # the greeting has arrived
    await page.context.set_offline(True)
    await expect(page.locator(".line")).to_have_attribute("data-state", "offline")
    await write(page, "第一句")
    await write(page, "第二句")
    await expect(page.locator(".bubble--waiting")).to_have_count(2)
    await page.context.set_offline(False)
    await page.wait_for_selector(CURRENT)
    await expect(page.locator(".bubble--waiting")).to_have_count(0)
    await page.reload()  # and nothing is sent a second time
    await page.wait_for_selector(CURRENT)
    assert (await said(town, reader))[-2:] == ["第一句", "第二句"]
    visits.faults[:] = [fault for fault in visits.faults if "ERR_INTERNET_DISCONNECTED" not in fault]


async def test_an_answer_that_is_older_than_a_click_does_not_undo_it(town: Town, visits: Visits) -> None:
    page = await desk(visits, town)
    held, answered = asyncio.Event(), asyncio.Event()

    async def late(route: Route) -> None:
        answer = await route.fetch()
        if not held.is_set():
            held.set()
            await answered.wait()
        await route.fulfill(response=answer)

    await page.route("**/api/console", late)
    await page.evaluate("dispatchEvent(new Event('offline'))")  # the line comes back and asks for the state
    await asyncio.wait_for(held.wait(), 20)
    async with page.expect_response(
        lambda response: response.request.method == "PUT" and response.url.endswith("/duty")
    ):
        await page.locator('.duty__choice[data-value="available"]').click()
    await page.evaluate("""() => {
        const duty = document.querySelector(".duty");
        window.seen = [];
        new MutationObserver(() => window.seen.push(duty.dataset.availability)).observe(duty, {
            attributeFilter: ["data-availability"],
        });
    }""")
    async with page.expect_response("**/api/console"):
        answered.set()
    await page.wait_for_selector(CURRENT)
    await expect(page.locator(".duty")).to_have_attribute("data-availability", "available")
    assert await page.evaluate("window.seen") == [], "the choice stayed while the older answer came and went"


async def test_a_server_that_counts_from_the_beginning_again_is_believed(town: Town, visits: Visits) -> None:
    page = await desk(visits, town)
    for availability in ("available", "busy", "away"):
        async with page.expect_response("**/api/console/duty"):  # shown at once, true once it is kept
            await page.locator(f'.duty__choice[data-value="{availability}"]').click()
        await expect(page.locator(".duty")).to_have_attribute("data-availability", availability)
    await page.wait_for_selector(CURRENT)
    async with town.ctx.transaction() as tx:  # as after a backup was put back
        await tx.execute("UPDATE duty SET version = 0")
    async with page.expect_response("**/api/console"):
        await page.evaluate("dispatchEvent(new Event('offline'))")
    await page.wait_for_selector(CURRENT)
    await town.people["lin"].http.put("/api/console/duty", json={"availability": "busy"})
    await expect(page.locator(".duty")).to_have_attribute("data-availability", "busy")


async def test_enter_while_composing_chinese_sends_nothing(town: Town, visits: Visits) -> None:
    page = await desk(visits, town)
    await taken(town, page)
    field = page.locator(".composer__field")
    await field.fill("")  # the greeting
    await compose(page, field, "zaijian", "再见")
    await expect(field).to_have_value("再见")
    await field.fill("nihao")
    for how in ("{isComposing: true}", "{keyCode: 229}"):
        await field.evaluate(
            "f => f.dispatchEvent(new KeyboardEvent('keydown',"
            f" {{key: 'Enter', bubbles: true, cancelable: true, ...{how}}}))"
        )
    await expect(field).to_have_value("nihao")
    await expect(page.locator(".bubble--mine")).to_have_count(0)


async def test_an_offer_never_takes_the_keyboard_and_drafts_stay(town: Town, visits: Visits) -> None:
    page = await desk(visits, town)
    await taken(town, page)
    await page.keyboard.press("Enter")
    await page.locator(".composer__field").fill("写到一半")
    await town.ask("第二位读者")
    await page.wait_for_selector(".offer")
    await page.keyboard.type("，接着写 a d")
    await expect(page.locator(".composer__field")).to_have_value("写到一半，接着写 a d")
    await page.keyboard.press("Alt+a")
    await expect(page.locator(".entry")).to_have_count(2)
    await expect(page.locator(".column").filter(has_text="第二位读者")).to_be_visible()
    await page.keyboard.press("Alt+k")
    await expect(page.locator(".composer__field")).to_have_value("写到一半，接着写 a d")


@pytest.mark.parametrize(
    ("name", "also", "topics"),
    [
        ("lin", [], ["参考咨询", "平台使用", "账户与读者证"]),
        ("lin", [Role.SUPPORT_AGENT], ["参考咨询", "平台使用", "账户与读者证", "订单与投诉"]),
        ("agent", [], ["订单与投诉"]),
    ],
)
async def test_one_may_choose_among_the_topics_of_ones_role(
    town: Town, visits: Visits, name: str, also: list[Role], topics: list[str]
) -> None:
    """Orders could be ticked by a librarian, and were refused with words that spoke of something else (R-ORG.5)."""
    for role in also:
        await grant_role(town.ctx, OPERATOR, town.people[name].id, Grant(role, ScopeKind.ALLIANCE))
    page = await desk(visits, town, name)
    await page.get_by_role("button", name="值班设置").click()
    choices = page.get_by_role("group", name="接待的主题")
    assert (await choices.inner_text()).split("\n")[1:] == topics
    await choices.get_by_role("checkbox").last.click()
    if len(topics) == 1:
        await expect(page.locator(".toast")).to_contain_text("至少保留一个主题")
    await expect(choices.locator(":checked")).to_have_count(max(1, len(topics) - 1))


async def test_an_offer_is_in_sight_wherever_one_is(town: Town, visits: Visits) -> None:
    """On a phone none was seen from within a conversation; open settings pushed them below the window's edge."""
    await town.set_policy("offer_seconds", 300)  # a slow machine looks at it for longer
    page = await desk(visits, town, size=PHONE)
    await taken(town, page)
    answer = page.locator(".offer button").first
    await town.ask("还有一位读者")
    await expect(answer).to_be_in_viewport()
    assert await accessibility_faults(page) == []
    await answer.click()
    await expect(page.locator(".bubble").filter(has_text="还有一位读者")).to_be_in_viewport()
    await page.set_viewport_size({"width": 1280, "height": 480})
    await page.get_by_role("button", name="值班设置").click()
    await town.ask("第三位读者")
    await expect(answer).to_be_in_viewport()
    await answer.click()
    await expect(page.locator(".bubble").filter(has_text="第三位读者")).to_be_in_viewport()


async def test_notes_reach_colleagues_and_never_the_reader(town: Town, visits: Visits) -> None:
    page = await desk(visits, town)
    reader = await taken(town, page)
    other = await desk(visits, town, "mei")
    await town.available("mei")
    invited = await town.people["lin"].http.post(
        f"/api/sessions/{reader.session}/invite", json={"staff_id": town.people["mei"].id}
    )
    assert invited.status_code == 200
    await page.keyboard.press("Alt+n")
    await page.keyboard.type("读者要 1998 年版")
    await page.keyboard.press("Enter")
    await other.locator(".entry").click()
    await expect(other.locator(".notes .bubble")).to_contain_text("1998")
    await expect(other.get_by_role("log", name="对话内容")).to_contain_text("您加入了对话")
    events = await reader.http.get(f"/api/sessions/{reader.session}/events", headers=reader.headers)
    assert "1998" not in events.text


async def test_overdue_records_are_asked_for_at_log_in(town: Town, visits: Visits) -> None:
    page = await desk(visits, town)
    reader = await taken(town, page)
    await town.people["lin"].http.post(f"/api/sessions/{reader.session}/end", json={})
    async with town.ctx.transaction() as tx:
        past = to_us(town.ctx.clock.now()) - 60_000_000
        await tx.execute("UPDATE chat_session SET wrap_up_due_at = $1 WHERE id = $2", past, reader.session)
    await page.reload()
    await page.locator("dialog .button--primary").click()
    await expect(page.locator("dialog")).to_have_count(0)
    await expect(page.locator(".entry")).to_have_count(0)


async def test_overdue_records_that_were_put_off_are_asked_for_at_the_next_log_in_alone(
    town: Town, visits: Visits
) -> None:
    """Every reload asked again, until nobody read what was asked."""
    page = await desk(visits, town)
    lin = town.people["lin"]
    dialog, asked = page.locator("dialog"), page.locator("dialog .overdue")
    for question in ("第一位读者", "第二位读者"):
        reader = await taken(town, page, question)
        await lin.http.post(f"/api/sessions/{reader.session}/end", json={})
        async with town.ctx.transaction() as tx:
            past = to_us(town.ctx.clock.now()) - 60_000_000
            await tx.execute(
                "UPDATE chat_session SET wrap_up_due_at = $1 WHERE id = $2", past, reader.session
            )
        await page.reload()
        await expect(asked.filter(has_text=question)).to_be_visible()
        await page.reload()  # nobody has put them off yet
        await expect(asked.filter(has_text=question)).to_be_visible()
        await page.get_by_role("button", name="稍后").click()
        await expect(dialog).to_have_count(0)
        await page.reload()
        await page.wait_for_selector(CURRENT)
        await expect(
            page.locator(".lists__section--overdue .entry").filter(has_text=question)
        ).to_be_visible()
        await expect(dialog).to_have_count(0)
    async with town.ctx.transaction() as tx:
        account = await account_by_id(tx, lin.id)
        assert account is not None
        anew = await start_login(town.ctx, tx, account)
    await page.context.add_cookies([{"name": "sid", "value": anew.secret, "url": town.base}])
    await page.reload()
    await expect(asked).to_have_count(2)


async def test_a_reader_who_has_gone_is_said_to_be_gone_until_they_are_back(
    town: Town, visits: Visits
) -> None:
    page = await desk(visits, town)
    reader = await taken(town, page)
    async with town.ctx.transaction() as tx:  # their page never connected, which was a while ago
        await tx.execute("UPDATE due SET due_at = due_at - 60000000 WHERE kind = 'reader_gone'")
    await page.reload()
    gone = page.locator(".column__chips").get_by_text("读者离线")
    await expect(gone).to_be_visible()
    await expect(gone).to_have_attribute("title", re.compile("自动结束"))
    await expect(page.locator(".entry__wait")).to_have_text("离线")
    async with town.socket(token=reader.token):
        await expect(gone).to_have_count(0)
        await expect(page.locator(".entry__wait")).not_to_have_text("离线")


async def test_readers_who_wait_for_an_answer_stand_above_records_that_are_owed(
    town: Town, visits: Visits
) -> None:
    page = await desk(visits, town)
    reader = await taken(town, page, "前一位读者")
    await town.people["lin"].http.post(f"/api/sessions/{reader.session}/end", json={})
    async with town.ctx.transaction() as tx:
        past = to_us(town.ctx.clock.now()) - 60_000_000
        await tx.execute("UPDATE chat_session SET wrap_up_due_at = $1 WHERE id = $2", past, reader.session)
    await taken(town, page, "这一位读者")
    await expect(page.locator(".lists__title:visible")).to_have_text(
        [re.compile("进行中"), re.compile("逾期")]
    )
    await page.keyboard.press("Alt+j")
    await expect(page.locator(".entry[aria-current]")).to_contain_text("前一位读者")


async def test_where_sockets_are_blocked_the_event_stream_takes_over(town: Town, visits: Visits) -> None:
    person = await visits.person()
    await person.add_init_script(
        "window.WebSocket = class { constructor() { setTimeout(() => this.onclose?.({code: 1006}), 5) } close() {} }"
    )
    await person.add_cookies([{"name": "sid", "value": town.people["lin"].cookie, "url": town.base}])
    page = await person.new_page()
    await page.goto(town.base + "/console")
    await page.wait_for_selector(CURRENT)
    reader = await taken(town, page)
    await page.keyboard.press("Enter")
    await expect(page.locator(".talk .bubble--mine")).to_have_count(1)
    await expect(page.locator(".bubble--waiting")).to_have_count(0)  # shown at once, said when acknowledged
    assert "书桥图书馆" in (await said(town, reader))[-1]


@pytest.mark.parametrize(("language", "size", "dark"), [("zh", DESKTOP, False), ("en", PHONE, True)])
async def test_every_screen_is_accessible_and_stays_within_its_window(
    town: Town, visits: Visits, language: str, size: tuple[int, int], dark: bool
) -> None:
    page = await desk(visits, town, language=language, size=size, dark=dark)
    assert await accessibility_faults(page) == []
    await taken(town, page)
    assert await accessibility_faults(page) == []
    for path in ("/console/archive", "/console/phrases"):
        await page.goto(town.base + path)
        await expect(page.locator(".skeleton")).to_have_count(0)
        assert await accessibility_faults(page) == []
        wide: int = await page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert wide <= 0, f"{path} is {wide} px too wide"


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize(
    "screen",
    [
        ("administrator", "/manage/board", DESKTOP),
        ("lin", "/console", DESKTOP),
        ("lin", "/console", PHONE),
        ("administrator", "/manage/board", PHONE),
    ],
)
async def test_the_head_of_a_screen_leaves_room_for_the_work(
    town: Town, visits: Visits, screen: tuple[str, str, tuple[int, int]], language: str
) -> None:
    name, path, size = screen
    page = await desk(visits, town, name, path, language, size=size)
    assert await page.evaluate("document.querySelector('.site-header').offsetHeight") <= 110
    tools: list[int] = await page.eval_on_selector_all(
        ".site-tools > *", "all => all.filter(one => one.offsetTop).map(one => one.offsetTop)"
    )
    assert max(tools) - min(tools) < 20, "what stands in the head stands in one row"
    assert await page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0


async def test_on_a_phone_a_past_conversation_is_headed_by_what_it_is(town: Town, visits: Visits) -> None:
    page = await desk(visits, town, size=PHONE)
    reader = await taken(town, page)
    await town.people["lin"].http.post(f"/api/sessions/{reader.session}/end", json={})
    await page.goto(town.base + "/console/archive")
    heading = page.locator("h1:visible")
    await expect(heading).to_have_text("会话档案")
    await page.locator(".entry").click()
    await expect(heading).to_have_text("书桥图书馆咨询台")
    await expect(page.locator(".reading .bubble").first).to_be_in_viewport()
    assert await accessibility_faults(page) == []
    await page.locator(".reading__back").click()
    await expect(heading).to_have_text("会话档案")


async def test_who_looks_elsewhere_is_called_by_sound_title_and_notification(
    town: Town, visits: Visits
) -> None:
    """A browser without a window never loses the focus and shows no notification: both are told for it."""
    person = await visits.person(permissions=["notifications"])
    await person.add_init_script(
        "window.called = []; document.hasFocus = () => false;"
        "Notification = class { static permission = 'granted';"
        " constructor(title, { body }) { called.push(title + body) } close() { called.push('taken back') } };"
        "const tone = AudioContext.prototype.createOscillator;"
        "AudioContext.prototype.createOscillator = function () { called.push('tone'); return tone.call(this) };"
    )
    await person.add_cookies([{"name": "sid", "value": town.people["lin"].cookie, "url": town.base}])
    page = await person.new_page()
    await page.goto(town.base + "/console")
    await page.wait_for_selector(CURRENT)
    await page.locator('.duty__choice[data-value="available"]').click()
    await town.ask("怎样查民国报纸？")
    await page.wait_for_selector(".offer")
    await expect(page).to_have_title("● 有读者等您应答")
    called: list[str] = await page.evaluate("called")
    assert called[:2] == ["tone", "tone"]
    assert "书桥图书馆" in called[2] and "怎样查民国报纸" in called[2]
    assert 0 < int(await page.locator(".ring__left").inner_text()) <= 12
    await page.keyboard.press("d")
    await expect(page.locator(".offer")).to_have_count(0)
    await expect(page).to_have_title("工作台 · 书桥")
    await page.wait_for_function("called.at(-1) === 'taken back'")


async def test_a_phrase_is_kept_found_and_filled_in(town: Town, visits: Visits) -> None:
    page = await desk(visits, town, path="/console/phrases")
    await page.locator("#book-add").click()
    await page.locator("[name=shortcut]").fill("wel")
    await page.locator("[name=text_zh]").fill("{reader}您好，欢迎来到{home_library}，我是{librarian}。")
    await page.locator("dialog [type=submit]").click()
    await expect(page.locator(".book__shortcut")).to_have_text("/wel")
    await page.goto(town.base + "/console")
    await page.wait_for_selector(CURRENT)
    await taken(town, page)
    await page.keyboard.press("Enter")
    await page.keyboard.type("/we")
    await page.keyboard.press("Tab")
    await expect(page.locator(".composer__field")).to_have_value(
        re.compile("读者朋友您好，欢迎来到书桥图书馆，我是Lin。")
    )


async def test_two_who_edit_one_phrase_lose_nothing_in_silence(town: Town, visits: Visits) -> None:
    manager = town.people["manager"].http
    made = {"level": "library", "shortcut": "card", "text_zh": "请带身份证。"}
    phrase = (await manager.post("/api/phrases", json=made)).json()
    page = await sit_down(visits, town, "manager", "/console/phrases?lang=zh")
    await page.get_by_role("button", name="编辑 /card").click()
    await manager.put(f"/api/phrases/{phrase['id']}", json={**made, "text_zh": "可在线办证。"})
    await page.locator("[name=text_en]").fill("Bring your identity card.")
    await page.locator("dialog [type=submit]").click()
    await expect(page.locator("dialog")).to_contain_text("现在是： /card 可在线办证。")
    await page.locator("[name=text_zh]").fill("可在线办证。")
    await page.locator("dialog [type=submit]").click()
    await expect(page.locator("dialog")).to_have_count(0)
    (kept,) = (await manager.get("/api/phrases?level=library")).json()["phrases"]
    assert (kept["text_zh"], kept["text_en"]) == ("可在线办证。", "Bring your identity card.")
    visits.faults[:] = [fault for fault in visits.faults if "409" not in fault]


async def test_a_large_file_goes_on_where_the_line_broke_and_can_be_given_up(
    town: Town, visits: Visits, tmp_path: Path
) -> None:
    large = tmp_path / "族谱.pdf"
    large.write_bytes(b"%PDF-1.7" + bytes(9 * 2**20))
    page = await desk(visits, town)
    reader = await taken(town, page)
    sent: list[int] = []
    seen = asyncio.Event()

    async def breaks_once(route: Route) -> None:
        offset = await route.request.header_value("upload-offset")
        if offset is not None:
            sent.append(int(offset) // 2**21)
        if len(sent) == 3 and offset is not None:
            await route.abort("connectionreset")
        else:
            if len(sent) >= 3:
                await seen.wait()  # what the page says meanwhile is not to be missed
            await route.continue_()

    await page.route("**/uploads/**", breaks_once)
    await page.locator(".composer input[type=file]").set_input_files(large)
    await expect(page.locator(".composer__waits")).to_contain_text("从断点继续")
    seen.set()
    await expect(page.locator(".composer__files")).to_be_hidden(timeout=30_000)
    assert sent == [0, 1, 2, 2, 3, 4], "nothing that had arrived is sent again"
    await expect(page.locator(".talk").get_by_role("link", name="族谱.pdf")).to_be_visible()
    await page.unroute("**/uploads/**")
    await page.route("**/uploads/**", lambda route: route.abort("connectionreset"))
    await page.locator(".composer input[type=file]").set_input_files(large)
    await expect(page.locator(".composer__waits")).to_contain_text("从断点继续")
    await page.locator(".composer__files").get_by_role("button", name="取消").click()
    await expect(page.locator(".composer__files")).to_be_hidden()
    events = (await reader.http.get(f"/api/sessions/{reader.session}/events", headers=reader.headers)).json()
    assert [event["kind"] for event in events["events"]].count("file") == 1
    visits.faults[:] = [fault for fault in visits.faults if "ERR_CONNECTION_RESET" not in fault]


async def test_a_document_is_passed_on_as_a_file_with_its_title(
    town: Town, visits: Visits, tmp_path: Path
) -> None:
    paper = tmp_path / "民国报纸目录.pdf"
    paper.write_bytes(b"%PDF-1.7 ...")
    page = await desk(visits, town)
    reader = await taken(town, page)
    await page.get_by_role("button", name="传递文献").first.click()
    dialog = page.locator("dialog")
    await dialog.locator("input[value=file]").check()
    await dialog.locator("input[type=file]").set_input_files(paper)
    await dialog.locator("[type=submit]").click()
    await expect(dialog).to_have_count(0)
    await expect(page.get_by_role("log", name="对话内容")).to_contain_text("民国报纸目录")
    events = (await reader.http.get(f"/api/sessions/{reader.session}/events", headers=reader.headers)).json()
    (document,) = [event for event in events["events"] if event["kind"] == "document"]
    got = await reader.http.get(document["data"]["url"])
    assert (document["data"]["title"], got.content) == ("民国报纸目录", b"%PDF-1.7 ...")
