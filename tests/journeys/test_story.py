"""From the click on a library's page to the rating, with the server killed in the middle of it."""

from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.journeys.installations import Installation, MakeProduct, open_installation
from tests.journeys.people import (
    accept,
    answer,
    ask,
    console_is_current,
    forget_outage,
    go_on_duty,
    is_current,
    librarian_sees,
    log_in,
    open_widget,
    reader_sees,
    write,
)
from tests.servers.browsers import Visits

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

QUESTION = "请问怎样查民国时期的《申报》？"


async def the_story(place: Installation, visits: Visits) -> None:
    """A reader at the first server, the librarian at the last; the first is killed while they talk."""
    console = await log_in(visits, place.last.url, "lin")
    await go_on_duty(console)
    page = await visits.page(place.site)
    await open_widget(page)
    await ask(page, QUESTION)
    await accept(console, QUESTION)
    session = await place.only_session()
    log = page.get_by_role("log")
    await expect(log).to_contain_text("书桥图书馆 · Lin 正在为您服务")
    await answer(console, "《申报》有影印本，也有数据库。")
    await expect(log).to_contain_text("影印本")
    await write(page, "在家里能看吗？")
    await expect(console.get_by_text("在家里能看吗？").last).to_be_visible()

    await write(page, "断线前的最后一句")
    place.first.kill()
    await expect(page.locator("shuqiao-chat .status")).to_contain_text("离线")
    await write(page, "断线时读者写的一")
    await write(page, "断线时读者写的二")
    if place.first is place.last:
        await expect(console.locator('.line[data-state="offline"]')).to_be_visible()
    await answer(console, "断线时馆员写的")
    place.first.start()
    await is_current(page)
    await console_is_current(console)

    await write(page, "回来了")
    await expect(console.get_by_text("回来了").last).to_be_visible()
    await answer(console, "可以，用读者证登录即可。")
    await expect(log).to_contain_text("用读者证登录即可")
    forget_outage(visits)
    said = await place.said(session)
    assert await reader_sees(page) == await librarian_sees(console) == said
    assert len(said) == len(set(said)) == 10
    written = ["在家里能看吗？", "断线前的最后一句", "断线时读者写的一", "断线时读者写的二", "回来了"]
    assert [text for text in said if text in written] == written

    await page.get_by_role("button", name="更多").click()
    await page.get_by_role("button", name="结束咨询").click()
    await page.locator(".confirm").get_by_role("button", name="结束咨询").click()
    await page.get_by_role("button", name="满意", exact=True).click()
    await page.get_by_label("想对馆员说点什么").fill("非常耐心")
    await page.get_by_role("button", name="提交评价").click()
    await expect(page.get_by_text("谢谢您的评价：满意")).to_be_visible()
    record = console.get_by_role("form", name="整理记录")
    await expect(record).to_be_visible()
    await record.get_by_role("button", name="归档").click()
    await expect(console.get_by_text("已归档。").last).to_be_visible()
    row = await place.town.ctx.db.read.row(
        "SELECT state, rating, rating_comment, outcome FROM chat_session JOIN wrap_up ON session_id = id"
    )
    assert row is not None and tuple(dict(row).values()) == ("closed", "satisfied", "非常耐心", "answered")
    await page.reload()
    await open_widget(page)
    await expect(page.locator("shuqiao-chat .status")).to_contain_text("咨询已结束")
    await expect(page.locator("shuqiao-chat .row .text").last).to_have_text(said[-1])
    assert await reader_sees(page) == said


async def test_a_conversation_outlives_the_death_of_its_server(
    sqlite_url: str, tmp_path: Path, product: MakeProduct, visits: Visits
) -> None:
    async with open_installation(product, tmp_path, sqlite_url) as place:
        await the_story(place, visits)


@pytest.mark.cluster
async def test_a_conversation_over_two_servers_outlives_the_death_of_the_readers(
    postgres_url: str, redis_url: str, tmp_path: Path, product: MakeProduct, visits: Visits
) -> None:
    async with open_installation(
        product, tmp_path, postgres_url, servers=2, workers=1, redis_url=redis_url
    ) as place:
        await the_story(place, visits)
