"""Has the store's own list compared with ours: after each connection, every night, and when somebody asks."""

import asyncio
import logging
from contextlib import suppress

from server.actions.stack_lists import MOST, compare_page, finish_comparison, wants_comparison
from server.domain.stack import Listed
from stack_io.known import Known
from stack_io.link import Link, LinkLost

log = logging.getLogger(__name__)

FIRST = 2.0  # seconds: what the device has kept for us goes first
PAGE_SECONDS = 20.0
LOOK = 15.0
PAUSE = 0.02  # between pages, so that events and commands have their turn


class Listing:
    """Asks for the device's list page by page; one page is held at a time."""

    def __init__(self, known: Known, link: Link) -> None:
        self._known, self._link = known, link
        self._pages: asyncio.Queue[Listed] = asyncio.Queue(2)

    def hear(self, page: Listed) -> None:
        """A page has come; one that nobody waits for is let go."""
        with suppress(asyncio.QueueFull):
            self._pages.put_nowait(page)

    async def run(self) -> None:
        """Compare now, and again each night, as long as the connection stands."""
        known = self._known
        await asyncio.sleep(FIRST)
        wanted = True
        while True:
            if wanted:
                await self.compare()
            await asyncio.sleep(LOOK)
            wanted = wants_comparison(known.device, known.ctx.clock.now(), known.ctx.settings.zone)

    async def compare(self) -> None:
        """The whole list, once. Raises LinkLost where a page does not come: who sends and does not hear is gone."""
        known, device = self._known, self._known.device  # as it was asked for: a later wish is another
        began, after, found, fresh = known.ctx.clock.now(), "", 0, 0
        while True:
            page = await self._page(after)
            more, new = await compare_page(known.ctx, device, page.items, room=MOST - min(MOST, found))
            found, fresh = found + more, fresh + new
            if page.last:
                break
            after = max(page.items, default=after)
            await asyncio.sleep(PAUSE)
        found = await finish_comparison(known.ctx, device, began, found=found, fresh=fresh)
        if found:
            log.warning("stack %s: %d differences between its list and ours", device.name, found)

    async def _page(self, after: str) -> Listed:
        """The page beyond this barcode; an old answer to an old question is not taken for it."""
        while not self._pages.empty():
            self._pages.get_nowait()
        await self._link.say(self._link.driver.list_items(after))
        try:
            async with asyncio.timeout(PAGE_SECONDS):
                while True:
                    page = await self._pages.get()
                    if not page.items or min(page.items) > after:
                        return page
        except TimeoutError:
            raise LinkLost("its list broke off") from None
