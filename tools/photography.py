"""Who looks at the demo, in which look, and where the pictures go."""

from dataclasses import dataclass
from itertools import product
from pathlib import Path

from playwright.async_api import Browser, Page

from tests.servers.browsers import DESKTOP, PHONE, Visits

PASSWORD = "shuqiao-demo"


@dataclass(frozen=True)
class Look:
    """In which language, light and width a page is looked at."""

    language: str
    dark: bool
    width: int

    def __str__(self) -> str:
        return f"{self.language}-{'dark' if self.dark else 'light'}-{self.width}"


LOOKS = [
    Look(language, dark, width) for language, dark, width in product(("zh", "en"), (False, True), (1280, 390))
]
STORIES = [Look("zh", False, 1280), Look("en", True, 390)]


class Camera:
    """People at their browsers, and where their pictures go."""

    def __init__(self, browser: Browser, base: str, folder: Path) -> None:
        self.visits, self.base, self.folder = Visits(browser), base, folder
        self.cookies: dict[str, list[dict[str, str]]] = {}

    async def person(self, look: Look, name: str = "") -> Page:
        """Somebody of the demo with this look, logged in once for all."""
        context = await self.visits.person(
            language="zh-CN" if look.language == "zh" else "en-GB",
            size=DESKTOP if look.width == DESKTOP[0] else PHONE,
            dark=look.dark,
        )
        await context.add_cookies([{"name": "lang", "value": look.language, "url": self.base}])
        page = await context.new_page()
        if name and name not in self.cookies:
            await page.goto(f"{self.base}/login?lang=zh")
            await page.get_by_label("邮箱").fill(f"{name}@example.org")
            await page.get_by_label("密码", exact=True).fill(PASSWORD)
            await page.get_by_role("button", name="登录").click()
            await page.wait_for_url(lambda url: "/login" not in url)
            sid = next(cookie for cookie in await context.cookies() if cookie["name"] == "sid")
            self.cookies[name] = [{"name": "sid", "value": sid["value"], "url": self.base}]
        elif name:
            await context.add_cookies(self.cookies[name])  # type: ignore[arg-type]
        await context.add_cookies([{"name": "lang", "value": look.language, "url": self.base}])
        return page

    async def shoot(self, page: Page, name: str, look: Look) -> None:
        await page.evaluate("document.fonts.ready")
        await page.screenshot(path=self.folder / f"{name}-{look}.png", animations="disabled")
