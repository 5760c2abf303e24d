"""The operator's screens in a real browser: a store that moves, a machine that is gone, and what people do about it."""

import re
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page, expect

from server.domain.permissions import Grant, Role, ScopeKind
from server.store.accounts import add_grant
from server.store.rows import to_us
from tests.servers.browsers import DESKTOP, PHONE, Visits, accessibility_faults, sit_down
from tests.servers.machine import free_port
from tests.stacks import NOWHERE, STORE, build, letters, order
from tests.town import Town, open_town
from web.plots import shares

browser = pytest.mark.browser


@pytest.fixture
async def town(sqlite_url: str, tmp_path: Path) -> AsyncIterator[Town]:
    """A town with a smart stack that works, and one that nobody reaches."""
    async with open_town(sqlite_url, tmp_path, port=free_port()) as town:
        await build(town, STORE, "中心书库", "in-process")
        await build(town, "store-2", "远方书库", NOWHERE, library="other")
        yield town


async def watch(
    town: Town,
    visits: Visits,
    path: str = f"/{STORE}",
    *,
    who: str = "operator",
    language: str = "zh",
    **how: Any,
) -> Page:
    """Somebody's browser at the screen, with motion."""
    page = await sit_down(visits, town, who, lang=language, **how)
    await page.emulate_media(reduced_motion="no-preference")
    await page.goto(f"{town.base}/console/stack{path}")
    await page.locator('.line[data-state="current"]').wait_for()
    return page


async def audited(town: Town, verb: str) -> list[str]:
    rows = await town.ctx.db.read.rows("SELECT detail FROM audit_entry WHERE verb = $1 ORDER BY at", verb)
    return [row["detail"] for row in rows]


@browser
async def test_a_tote_glides_from_its_shelf_to_a_pick_station(town: Town, visits: Visits) -> None:
    page = await watch(town, visits)
    await expect(page.locator('.drawing[data-state="live"]')).to_be_visible()
    await expect(page.locator(".store-plan__cells")).to_have_count(6)
    await page.evaluate("""() => {
      window.seen = new Set();
      const look = () => {
        for (const tote of document.querySelectorAll(".tote--out")) window.seen.add(tote.getAttribute("transform"));
        requestAnimationFrame(look);
      };
      look();
      const stand = () => {
        const totes = [...document.querySelectorAll(".stack-tote")];
        if (totes.some((one) => one.textContent.includes("在拣选台"))) document.body.dataset.stood = "yes";
      };
      new MutationObserver(stand).observe(document.body, { childList: true, subtree: true, characterData: true });
    }""")
    await order(town, "B001", "B002")
    await expect(page.locator(".stack-commands .stack-row")).to_have_count(2)
    await expect(page.locator(".stack-tote", has_text="B001")).to_be_visible()
    await expect(page.locator(".store-plan")).to_have_attribute("aria-label", re.compile("2 只料箱在途"))
    await expect(page.locator("body[data-stood]")).to_be_attached(timeout=60_000)  # for some seconds only
    # Reports come once a second; what was shown between them is far more than these.
    assert await page.evaluate("window.seen.size") > 60
    await expect(page.locator(".stack-strip .figures__value").first).to_have_text("2", timeout=40_000)
    await expect(page.locator(".stack-commands .stack-nothing")).to_be_visible()


@browser
async def test_who_wants_no_motion_sees_only_what_was_reported(town: Town, visits: Visits) -> None:
    page = await watch(town, visits)
    await page.emulate_media(reduced_motion="reduce")
    await page.evaluate("""() => {
      const real = requestAnimationFrame;
      window.frames = 0;
      window.requestAnimationFrame = (work) => { window.frames += 1; return real(work); };
    }""")
    await order(town, "B001")
    await expect(page.locator(".tote--out")).to_have_count(1)
    await expect(page.locator(".tote--home")).to_have_count(1, timeout=40_000)
    assert await page.evaluate("window.frames") == 0


@browser
async def test_a_machine_that_is_gone_is_drawn_as_gone_and_its_work_done_by_hand(
    town: Town, visits: Visits
) -> None:
    async with town.ctx.transaction() as tx:
        await tx.execute(
            "UPDATE stack_device SET address = '127.0.0.1:1', picture = $1, picture_at = $2 WHERE id = $3",
            '{"aisles":1,"levels":2,"bays":4,"shuttles":[],"lifts":[],"stations":[],"totes":[],"faults":[]}',
            to_us(town.ctx.clock.now() - timedelta(minutes=12)),
            STORE,
        )
    await order(town, "B001", minutes=30)
    page = await watch(town, visits)
    await expect(page.locator('.drawing[data-state="gone"] .drawing__sign')).to_contain_text("12 分")
    await expect(page.locator(".stack-chips .chip--bad").first).to_contain_text("离线")
    row = page.locator(".stack-commands .stack-row")
    await expect(row.locator(".late")).to_have_text("30 分前下达")
    await row.get_by_role("button", name="人工接手").click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_role("button", name="确认接手").click()
    await expect(dialog.get_by_role("alert")).to_contain_text("必须填写")
    await dialog.get_by_label("原因").fill("提升机停机，从货位手工取出")
    await dialog.get_by_role("button", name="确认接手").click()
    await expect(row).to_have_count(0)
    assert await audited(town, "stack.take_over") == ["retrieved: 提升机停机，从货位手工取出"]


@browser
async def test_nothing_is_sent_while_an_operator_has_paused_it_with_a_reason(
    town: Town, visits: Visits
) -> None:
    page = await watch(town, visits)
    await page.get_by_role("button", name="暂停").click()
    await page.get_by_role("dialog").get_by_label("原因").fill("巷道检修")
    await page.get_by_role("dialog").get_by_role("button", name="暂停").click()
    await expect(page.locator(".stack-paused")).to_contain_text("巷道检修")
    await order(town, "B001")
    await expect(page.locator('.stack-row[data-state="pending"]')).to_have_count(1)
    await page.get_by_role("button", name="恢复").click()
    await page.get_by_role("dialog").get_by_label("原因").fill("检修完毕")
    await page.get_by_role("dialog").get_by_role("button", name="恢复").click()
    await expect(page.locator(".stack-paused")).to_be_hidden()
    await expect(page.locator(".stack-tote", has_text="B001")).to_be_visible()
    assert (await audited(town, "stack.pause"), await audited(town, "stack.resume")) == (
        ["巷道检修"],
        ["检修完毕"],
    )


@browser
async def test_an_alarm_shows_both_bodies_and_is_settled_with_a_note(town: Town, visits: Visits) -> None:
    await letters(town)
    page = await watch(town, visits)
    rows = page.locator(".stack-row--letter")
    await expect(rows).to_have_count(2)
    alarm = rows.first
    await expect(alarm).to_contain_text("警报")
    await alarm.locator("summary").click()
    assert await alarm.locator("pre").all_inner_texts() == ["place: lift 2", "place: elsewhere"]
    await alarm.get_by_role("button", name="已处理").click()
    await page.get_by_role("dialog").get_by_label("怎样处理的").fill("已报厂家")
    await page.get_by_role("dialog").get_by_role("button", name="已处理").click()
    await expect(rows).to_have_count(1)
    assert await audited(town, "stack.letter") == ["two_bodies: 已报厂家"]


@browser
async def test_a_store_keeper_watches_and_changes_nothing(town: Town, visits: Visits) -> None:
    await order(town, "B001", device=STORE)
    await letters(town)
    page = await watch(town, visits, who="keeper")
    await expect(page.locator(".stack-row--letter")).to_have_count(2)
    await expect(page.locator(".stack-main button")).to_have_count(0)


@browser
@pytest.mark.parametrize(
    ("language", "size", "dark"), [("zh", DESKTOP, False), ("en", PHONE, True)], ids=["desktop", "phone"]
)
async def test_nothing_bars_anybody(
    town: Town, visits: Visits, language: str, size: tuple[int, int], dark: bool
) -> None:
    await letters(town)
    await order(town, "B001", "B002", "B003")
    faults = []
    for path in ("", f"/{STORE}"):
        page = await watch(town, visits, path, language=language, size=size, dark=dark)
        await page.locator(".tote").first.wait_for(state="attached")
        faults += await accessibility_faults(page)
        assert not await page.evaluate("document.documentElement.scrollWidth > innerWidth + 1"), path
    assert faults == []


@browser
async def test_the_list_shows_the_stacks_that_one_may_watch(town: Town, visits: Visits) -> None:
    page = await watch(town, visits, "")
    await expect(page.locator(".stack-card")).to_have_count(1)
    page = await watch(town, visits, "", who="administrator")
    await expect(page.locator(".stack-card")).to_have_count(2)
    await expect(
        page.locator(".stack-card", has_text="远方书库").locator(".chip--bad").first
    ).to_contain_text("离线")
    await page.get_by_role("link", name="中心书库").click()
    await expect(page.locator(".stack-view")).to_be_visible()


async def test_who_may_not_watch_a_stack_learns_nothing_of_it(town: Town) -> None:
    await order(town, "B900", device="store-2")
    operator = town.people["operator"]
    for path in ("/api/stacks/store-2", "/api/stacks/store-2/figures", "/api/stacks/unknown"):
        answer = await operator.http.get(path)
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "stack_not_found")
    answer = await operator.http.post(
        "/api/stack-commands/command-B900/take-over", json={"outcome": "failed", "reason": "x"}
    )
    assert answer.status_code == 404
    keeper = await town.people["keeper"].http.post(f"/api/stacks/{STORE}/pause", json={"reason": "x"})
    assert keeper.status_code == 403
    async with town.socket(operator) as line:
        await line.say(t="sub", topic="stack/store-2", after=0)
        assert (await line.hear("err"))["code"] == "stack_not_found"
        await line.say(t="sub", topic=f"stack/{STORE}", after=0)
        await line.hear("subbed", topic=f"stack/{STORE}")
        assert (await line.hear("stack", device=STORE))["t"] == "stack"


async def test_a_grant_for_a_library_reaches_its_stacks(town: Town) -> None:
    wu = town.people["wu"]
    async with town.ctx.transaction() as tx:
        grant = Grant(Role.STACK_OPERATOR, ScopeKind.LIBRARY, town.libraries["other"])
        await add_grant(tx, wu.id, grant, grant_id="g", by="", at=town.ctx.clock.now())
    found = (await wu.http.get("/api/stacks")).json()["stacks"]
    assert [(one["stack"]["id"], one["stack"]["state"]) for one in found] == [("store-2", "offline")]


def test_shares_are_drawn_with_gaps_and_those_below_their_target_are_marked() -> None:
    drawn = shares(["1", "2", "3", "4"], [99.0, None, 97.5, 100.0], 98)
    assert [dot.met for dot in drawn.dots] == [True, False, True]
    assert [line.count(",") for line in drawn.lines] == [2]  # a day without a value is no line across it
    assert [tick.value for tick in drawn.ticks] == [90, 92, 94, 96, 98, 100]
    assert drawn.dots[1].y > drawn.target > drawn.dots[0].y


def test_a_very_bad_day_still_stands_within_the_plot() -> None:
    drawn = shares(["1"], [33.3], 98)
    assert drawn.ticks[0].value == 30
    assert all(dot.y <= drawn.ticks[0].y for dot in drawn.dots)
