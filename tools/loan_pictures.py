"""The pictures of online loans: a reader orders, the machine moves, people pick, review and help."""

import re

from playwright.async_api import Page, expect

from tools.photography import Camera, Look

# Page, who looks at it, address; a link's address is found on the way.
LOAN_STILLS = (
    ("loans", "reader", "/loans"),
    ("loans-found", "reader", "/loans?q=%E5%8F%B2"),
    ("loans-orders", "reader", "/loans/orders"),
    ("review", "admin", "/console/orders"),
    ("cases", "support", "/console/cases"),
    ("manage-stores", "manager", "/manage/stores"),
    ("manage-slots", "manager", "/manage/slots"),
)
# How many looks an order is made in: the reader's card holds no more books.
LOAN_STORIES = (
    Look("zh", False, 390),
    Look("en", True, 390),
    Look("zh", False, 1280),
    Look("zh", True, 1280),
)
LOANS_KEPT = (
    "loans-zh-light-1280",
    "loans-cart-zh-light-390",
    "loans-step-zh-light-390",
    "loans-order-zh-light-390",
    "loans-order-en-dark-390",
    "store-pick-zh-light-390",
    "review-zh-light-1280",
    "case-zh-light-1280",
    "stack-zh-light-1280",
    "stack-en-dark-390",
)
_BRINGS = re.compile("机器正在取书|已到拣选台|Being fetched by the machine|At the pick station")
_BOOKS = 2  # of an order
_ASKED = {"zh": "两本书能一起送来吗？", "en": "Can both books come together?"}


async def loan_story(camera: Camera, look: Look, turn: int) -> None:
    """An order on its way, as everybody sees it who has to do with it; each ``turn`` orders other books."""
    reader = await camera.person(look, "reader")
    await reader.goto(f"{camera.base}/loans")
    links = await reader.locator(".shelf a").evaluate_all("all => all.map(a => a.pathname)")
    books = list(dict.fromkeys(links))[turn * _BOOKS :][:_BOOKS]
    await reader.goto(camera.base + books[0])
    await camera.shoot(reader, "loans-title", look)
    for book in books:
        await reader.goto(camera.base + book)
        await reader.locator('form[data-keep="cart"] button').click()
        await expect(reader.locator(".title-page__do a[href='/loans/cart']")).to_be_visible()
    await reader.goto(f"{camera.base}/loans/cart")
    await camera.shoot(reader, "loans-cart", look)
    await reader.goto(f"{camera.base}/loans/cart/order")
    await camera.shoot(reader, "loans-step", look)
    await reader.locator(".order-form button[type=submit]").click()
    await expect(reader.locator(".order-books")).to_contain_text(_BRINGS, timeout=60_000)
    await camera.shoot(reader, "loans-order", look)
    await _machine(camera, look)
    await _store(camera, look)
    await reader.locator("details:has(form[action$='/help']) summary").click()
    await reader.locator("#f-help").fill(_ASKED[look.language])
    await reader.locator("form[action$='/help'] button[type=submit]").click()
    await expect(reader.locator("a[href^='/loans/cases/']").first).to_be_visible()
    await _case(camera, look)
    await reader.context.close()


async def _machine(camera: Camera, look: Look) -> None:
    """The live drawing, while totes are on their way."""
    operator = await camera.person(look, "operator")
    await operator.goto(f"{camera.base}/console/stack")
    await _follow(operator, "main a[href^='/console/stack/']")
    await expect(operator.locator(".store-plan .tote__body").first).to_be_attached(timeout=60_000)
    await camera.shoot(operator, "stack", look)
    await operator.context.close()


async def _store(camera: Camera, look: Look) -> None:
    """The keeper's list once the machine has brought something, and what a wrong scan looks like."""
    keeper = await camera.person(look, "keeper")
    await keeper.goto(f"{camera.base}/console/store")
    smart = keeper.locator("main a[href^='/console/store/']", has_text=re.compile("智能|Smart"))
    await smart.first.click()
    await expect(keeper.locator(".volume").first).to_be_visible(timeout=90_000)
    await camera.shoot(keeper, "store-pick", look)
    await keeper.keyboard.type("SQ0000001")
    await keeper.keyboard.press("Enter")
    await expect(keeper.locator(".signal")).to_be_visible()
    await camera.shoot(keeper, "store-wrong", look)
    await keeper.goto(f"{camera.base}/console/holdings")
    await camera.shoot(keeper, "holdings", look)
    await keeper.context.close()


async def _case(camera: Camera, look: Look) -> None:
    """A reader's question with the order's whole story, taken on by an agent; a manager reviews."""
    agent = await camera.person(look, "support")
    await agent.goto(f"{camera.base}/console/cases")
    await agent.locator("main a.case-item", has_text=_ASKED[look.language]).first.click()
    await agent.locator("form[action$='/claim'] button").click()
    await expect(agent.locator("#do")).to_be_visible()
    await camera.shoot(agent, "case", look)
    await agent.context.close()
    manager = await camera.person(look, "manager")
    await manager.goto(f"{camera.base}/console/orders?tab=all")
    await _follow(manager, "main a[href^='/console/orders/']")
    await camera.shoot(manager, "review-order", look)
    await manager.context.close()


async def _follow(page: Page, link: str) -> None:
    await page.locator(link).first.click()
    await page.wait_for_load_state()
