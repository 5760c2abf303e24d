"""What readers and librarians do at their browsers, in the words that they see."""

from typing import Any

from playwright.async_api import Locator, Page, expect

from tests.journeys.installations import PASSWORD
from tests.servers.browsers import Visits

UP_TO_DATE = "内容是最新的"
PATIENCE = 60_000.0  # ms: a line comes back within its longest wait, on a slow machine too
# What a browser says of a server that is down or a network that is off: the story's own doing.
OUTAGE = (
    "ERR_CONNECTION_REFUSED",
    "ERR_CONNECTION_RESET",
    "ERR_CONNECTION_CLOSED",
    "ERR_CONNECTION_ABORTED",
    "ERR_SOCKET_NOT_CONNECTED",
    "ERR_INTERNET_DISCONNECTED",
    "ERR_EMPTY_RESPONSE",
    "ERR_INCOMPLETE_CHUNKED_ENCODING",
    "ERR_CONTENT_LENGTH_MISMATCH",
    "ERR_NETWORK_CHANGED",
    "Connection closed before",
    "status of 503",
)


async def log_in(visits: Visits, base: str, name: str, **how: Any) -> Page:
    """Somebody of the cast logs in at the log-in page and sits down at the console."""
    page = await visits.page(f"{base}/login?next=/console", **how)
    await page.get_by_label("邮箱").fill(f"{name}@library.test")
    await page.get_by_label("密码", exact=True).fill(PASSWORD)
    await page.get_by_role("button", name="登录").click()
    await expect(page.locator('.line[data-state="current"]')).to_be_visible()
    return page


async def go_on_duty(console: Page) -> None:
    async with console.expect_response("**/api/console/duty"):  # what is shown goes ahead of the answer
        await console.get_by_role("radio", name="空闲").check(force=True)
    await expect(console.locator(".duty")).to_have_attribute("data-availability", "available")


async def accept(console: Page, question: str) -> None:
    """The librarian sees the question, takes it, and sends the greeting that stands ready."""
    offer = console.get_by_role("region", name="待应答的读者")
    await expect(offer).to_contain_text(question)
    await offer.get_by_role("button", name="接待").click()
    await expect(console.get_by_text("建议的问候语")).to_be_visible()
    await console.get_by_label("写给读者").press("Enter")


async def answer(console: Page, text: str) -> None:
    field = console.get_by_label("写给读者")
    await field.fill(text)
    await field.press("Enter")


async def open_widget(page: Page) -> Locator:
    """The reader presses the library page's button."""
    await page.get_by_role("button", name="咨询馆员").click()
    await expect(page.locator("shuqiao-chat")).to_be_visible()
    return page.locator("shuqiao-chat")


async def ask(page: Page, question: str) -> None:
    await page.get_by_label("您的问题").fill(question)
    await page.get_by_role("button", name="开始咨询").click()
    await expect(page.get_by_role("log")).to_contain_text(question)


async def write(page: Page, text: str) -> None:
    field = page.get_by_label("写消息")
    await field.fill(text)
    await field.press("Enter")


async def is_current(page: Page) -> None:
    """The chat says that it is up to date, and nothing waits to be sent."""
    await expect(page.locator("shuqiao-chat .status")).to_contain_text(UP_TO_DATE, timeout=PATIENCE)
    await expect(page.locator("shuqiao-chat .waits")).to_have_count(0, timeout=PATIENCE)


async def console_is_current(console: Page) -> None:
    await expect(console.locator('.line[data-state="current"]')).to_be_visible(timeout=PATIENCE)
    await expect(console.locator(".bubble--waiting")).to_have_count(0, timeout=PATIENCE)


async def reader_sees(page: Page) -> list[str]:
    """The conversation as it stands on the reader's screen."""
    return await page.locator("shuqiao-chat .row:not(.greeting) .text").all_inner_texts()


async def librarian_sees(console: Page) -> list[str]:
    """The conversation as it stands on the librarian's screen."""
    return await console.locator(".talk .bubble:not(.bubble--system) .bubble__text").all_inner_texts()


def forget_outage(visits: Visits) -> None:
    """What browsers reported about the outage that the story made; anything else stays a fault."""
    visits.faults[:] = [fault for fault in visits.faults if not any(sign in fault for sign in OUTAGE)]
