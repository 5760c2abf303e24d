"""Makes the pictures in docs/screenshots: starts the demo, lets a reader and a librarian talk, walks the pages.

`python -m tools.screenshots` renews the committed ones, `--loans` those of online loans alone; `--all DIR` keeps every
picture there (each page in both languages, light and dark, at 1280 and 390 px). It needs the test environment and a
Chromium (tools/ensure-browser).
"""

import argparse
import asyncio
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from playwright.async_api import Page, async_playwright, expect

from tests.servers import machine
from tests.servers.browsers import chromium_path, launch
from tools.loan_pictures import LOAN_STILLS, LOAN_STORIES, LOANS_KEPT, loan_story
from tools.photography import LOOKS, STORIES, Camera, Look

DOCS = Path(__file__).parents[1] / "docs" / "screenshots"
DESK = "szlib"
QUESTION = {
    "zh": "您好，我想找1990年代深圳城市规划方面的资料，最好是当年的报告，请问馆里有吗？",
    "en": "Hello, I am looking for reports on the city planning of Shenzhen in the 1990s. Does the library hold any?",
}
ANSWERS = {
    "zh": (
        "有的。《深圳市城市总体规划（1996—2010）》在四楼地方文献区，可现场阅览。",
        "我再把目录链接发给您，请稍等。",
    ),
    "en": (
        "Yes: the Comprehensive Plan of Shenzhen (1996–2010) is on the fourth floor, local collection.",
        "Let me send you the list.",
    ),
}
THANKS = {"zh": "太好了，谢谢！周末也能看吗？", "en": "Wonderful, thank you! Can I read it at the weekend?"}
# What the documentation shows, out of everything that is made.
KEPT = (
    "home-zh-light-1280",
    "desk-zh-light-1280",
    "desk-en-dark-390",
    "ask-zh-light-390",
    "login-en-light-1280",
    "widget-1-ask-zh-light-1280",
    "widget-3-talk-zh-light-1280",
    "widget-3-talk-en-dark-390",
    "widget-4-rate-en-dark-390",
    "console-1-offer-zh-light-1280",
    "console-2-talk-zh-light-1280",
    "console-2-talk-en-dark-390",
    "console-3-record-zh-light-1280",
    "board-zh-light-1280",
    "manage-desk-en-dark-1280",
    "account-zh-dark-390",
    "portal-zh-light-1280",
    "request-zh-light-1280",
    "request-en-dark-390",
    "my-consultations-zh-light-390",
    "pool-zh-light-1280",
    "pool-en-dark-390",
    "inspection-zh-light-1280",
    "figures-zh-light-1280",
)
# Page, who looks at it, address.
STILLS = (
    ("home", "", "/"),
    ("desk", "", f"/d/{DESK}"),
    ("ask", "", f"/d/{DESK}/ask"),
    ("request", "reader", f"/d/{DESK}/request"),
    ("my-consultations", "reader", "/my/consultations"),
    ("portal", "", "/portal"),
    ("search", "", "/search?q=%E7%BA%A2%E6%A5%BC"),
    ("quality", "", "/quality"),
    ("login", "", "/login"),
    ("register", "", "/register"),
    ("account", "reader", "/account"),
    ("pool", "librarian", "/console/pool"),
    ("inspection", "inspector", "/console/inspection"),
    ("figures", "duty", "/manage/figures"),
    ("archive", "librarian", "/console/archive"),
    ("phrases", "librarian", "/console/phrases"),
    ("phone", "librarian", "/console/phone"),
    ("board", "manager", "/manage/board"),
    ("manage-desks", "admin", "/manage/desks"),
    ("manage-libraries", "admin", "/manage/libraries"),
    ("manage-staff", "admin", "/manage/staff"),
    ("manage-policies", "admin", "/manage/policies"),
    ("manage-reviews", "admin", "/manage/reviews"),
)


async def stills(camera: Camera, look: Look, pages: Sequence[tuple[str, str, str]]) -> None:
    """The pages that stand still."""
    people: dict[str, Page] = {}
    for name, who, path in pages:
        if who not in people:
            people[who] = await camera.person(look, who)
        page = people[who]
        await page.goto(f"{camera.base}{path}")
        if path == f"/d/{DESK}":
            await expect(page.locator("shuqiao-chat")).to_be_visible()
        await camera.shoot(page, name, look)
        if name == "manage-desks":
            await page.locator("main a[href^='/manage/desks/']").first.click()
            await page.wait_for_load_state()
            await camera.shoot(page, "manage-desk", look)
    for page in people.values():
        await page.context.close()


async def story(camera: Camera, look: Look) -> None:
    """A conversation in its stages, from the reader's side and from the librarian's."""
    zh = look.language == "zh"
    console = await camera.person(look, "librarian")
    await console.goto(f"{camera.base}/console")
    later = console.locator("dialog[open]").get_by_role("button", name="稍后处理" if zh else "Later")
    await later.wait_for()  # the demo's librarian owes a record
    await camera.shoot(console, "console-0-owed", look)
    await later.click()
    await console.locator('.duty__choice[data-value="available"]').click()
    await expect(console.locator(".duty")).to_have_attribute("data-availability", "available")
    reader = await camera.person(look)
    await reader.goto(f"{camera.base}/sample?desk={DESK}")
    await expect(reader.locator("shuqiao-launcher button")).to_be_visible()
    await reader.evaluate(
        f"localStorage.setItem('shuqiao {camera.base} {DESK} language', '\"{look.language}\"')"
    )
    await reader.reload()
    await camera.shoot(reader, "widget-0-closed", look)
    await reader.locator("shuqiao-launcher button").click()
    await reader.get_by_label("您的问题" if zh else "Your question").fill(QUESTION[look.language])
    await camera.shoot(reader, "widget-1-ask", look)
    await reader.locator("shuqiao-chat form button[type=submit]").click()
    await expect(reader.locator("shuqiao-chat .wait")).to_be_visible()
    await camera.shoot(reader, "widget-2-wait", look)
    await console.locator(".offer").first.wait_for()
    await camera.shoot(console, "console-1-offer", look)
    await console.locator('.offer [data-how="accept"]').first.click()
    await _talk(console, reader, look)
    await camera.shoot(reader, "widget-3-talk", look)
    await camera.shoot(console, "console-2-talk", look)
    await reader.get_by_role("button", name="更多" if zh else "More").click()
    await reader.get_by_role("button", name="结束咨询" if zh else "End the chat").click()
    await reader.locator("shuqiao-chat .confirm button").first.click()
    await reader.locator("shuqiao-chat .faces button").first.click()
    await camera.shoot(reader, "widget-4-rate", look)
    record = console.locator(".wrap-up")
    await expect(record).to_be_visible()
    await camera.shoot(console, "console-3-record", look)
    await record.locator("button[type=submit]").click()
    await expect(record).to_have_count(0)
    for page in (console, reader):
        await page.context.close()


async def _talk(console: Page, reader: Page, look: Look) -> None:
    field = console.locator(".composer__field")
    await expect(field).not_to_have_value("")
    await field.press("Enter")
    for number, text in enumerate(ANSWERS[look.language]):
        await field.fill(text)
        await field.press("Enter")
        await expect(reader.get_by_role("log")).to_contain_text(text)
        if number == 0:
            write = reader.locator("shuqiao-chat #write")
            await write.fill(THANKS[look.language])
            await write.press("Enter")
            await expect(console.locator(".thread .talk").first).to_contain_text(THANKS[look.language])
    await expect(reader.locator("shuqiao-chat .tick.read").last).to_be_visible()


def said(log: Path) -> str:
    return log.read_text("utf-8", errors="replace")


@contextmanager
def demo(folder: Path) -> Iterator[str]:
    """The demo with fresh data on a free port; its address."""
    port = machine.free_port()
    command = [sys.executable, "-m", "server", "demo", "--data", str(folder / "demo"), "--port", str(port)]
    log = folder / "demo.log"
    process = machine.launch(command, log)
    try:
        machine.await_answer(process, log, lambda: "Ctrl-C" in said(log), patience=180)  # when all is made
        yield f"http://127.0.0.1:{port}"
    finally:
        machine.stop(process)


async def make(folder: Path, looks: list[Look], *, loans_only: bool) -> None:
    """Every picture into a folder."""
    executable = chromium_path()
    if executable is None:
        raise SystemExit("no Chromium on this machine; see tools/ensure-browser")
    with tempfile.TemporaryDirectory() as scratch, demo(Path(scratch)) as base:
        async with async_playwright() as playwright:
            browser = await launch(playwright, executable)
            camera = Camera(browser, base, folder)
            for turn, look in enumerate(LOAN_STORIES):
                await loan_story(camera, look, turn)
            for look in () if loans_only else STORIES:
                await story(camera, look)
            for look in looks:
                await stills(camera, look, LOAN_STILLS if loans_only else (*STILLS, *LOAN_STILLS))
            for fault in camera.visits.faults:
                print(fault, file=sys.stderr)
            await browser.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--all", metavar="DIR", type=Path, help="keep every picture here as well")
    parser.add_argument("--loans", action="store_true", help="only the pages of online loans")
    args = parser.parse_args()
    chosen, kept = args.all, LOANS_KEPT if args.loans else (*KEPT, *LOANS_KEPT)
    with tempfile.TemporaryDirectory() as scratch:
        folder = chosen or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        wanted = [look for look in LOOKS if chosen or any(name.endswith(f"-{look}") for name in kept)]
        asyncio.run(make(folder, wanted, loans_only=args.loans))
        DOCS.mkdir(parents=True, exist_ok=True)
        for name in kept:
            shutil.copy(folder / f"{name}.png", DOCS)


if __name__ == "__main__":
    main()
