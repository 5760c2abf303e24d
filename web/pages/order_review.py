"""The managers' screens of loan orders: what people decide on, and any order with its story (R-COM.3, R-COM.6)."""

import json

from starlette.responses import Response

from server.actions.order_review import TABS, approve_order, borrower_of, refuse_order, review_page
from server.actions.order_views import order_id_of, order_story, told
from server.domain.loan_fold import OrderState
from server.domain.order_numbers import spoken
from server.domain.permissions import Verb, may
from server.words.catalogue import text
from web.loan_parts import money
from web.pages.base import Page, PageRequest
from web.pages.console import menu
from web.pages.managing import CORRECTABLE, Fill, filled, refill

_HERE = "/console/orders"
_DONE = ("approved", "refused")


async def orders(page: PageRequest, *, fill: Fill | None = None, status: int = 200) -> Response:
    """The list by tab; searched by number, reader, title or barcode."""
    tab = page.query.get("tab", "")
    search, state = page.query.get("q", ""), page.query.get("state", "")
    tab = tab if tab in TABS else "all" if search else "review"
    found = await review_page(
        page.ctx, page.actor, tab, search=search, state=state, after=page.query.get("after", "")
    )
    return page.render(
        "review.html",
        status=status,
        nav_items=menu(page),
        flashes=_flashes(page),
        tab=tab,
        tabs=[
            (f"{_HERE}?tab={name}", text(f"review.tab.{name}", page.language), found.counts.get(name) or None)
            for name in TABS
        ],
        search=search,
        state=state,
        states=[
            ("", text("review.any_state", page.language)),
            *((str(each), text(f"loans.state.{each}", page.language)) for each in OrderState),
        ],
        found=found,
        spoken=spoken,
        fill=fill or Fill(),
        topics=json.dumps({"review": 0}),
    )


async def order(page: PageRequest, *, fill: Fill | None = None, status: int = 200) -> Response:
    """One order, by its id or its number: books, reader, everything that happened, cases."""
    order_id = await order_id_of(page.ctx, page.actor, page.path["id"])
    story = await order_story(page.ctx, page.actor, order_id)
    if story.order.reader_id == page.actor.account_id and not may(page.actor, Verb.REVIEW_ORDER):
        return page.redirect(f"/loans/orders/{order_id}")
    waits = story.order.state is OrderState.AWAITING_REVIEW
    return page.render(
        "review_order.html",
        status=status,
        nav_items=menu(page),
        flashes=_flashes(page),
        story=story,
        told=told(story, page.language),
        borrower=await borrower_of(page.ctx, page.actor, order_id),
        spoken=spoken,
        money=lambda cents: money(cents, page.language),
        own=story.order.reader_id == page.actor.account_id,
        reviews=waits and may(page.actor, Verb.REVIEW_ORDER),
        works=may(page.actor, Verb.WORK_CASE),
        writes=story.order.reader_id != page.actor.account_id
        and (may(page.actor, Verb.WORK_CASE) or may(page.actor, Verb.REVIEW_ORDER)),
        client_id=page.ctx.ids.new(),
        keeps=may(page.actor, Verb.KEEP_CARDS),
        fill=fill or Fill(),
        topics=json.dumps({f"order/{order_id}": story.order.events}),
    )


async def approve(page: PageRequest) -> Response:
    """One click in the list or on the order's page."""
    try:
        await approve_order(page.ctx, page.actor, page.path["id"])
    except CORRECTABLE as refusal:
        return await order(page, fill=await refill(page, refusal, fallback="reason"), status=422)
    return await _back(page, "approved")


async def refuse(page: PageRequest) -> Response:
    """With the reason that the reader is told."""
    try:
        await refuse_order(page.ctx, page.actor, page.path["id"], (await filled(page)).raw("reason"))
    except CORRECTABLE as refusal:
        return await order(page, fill=await refill(page, refusal, fallback="reason"), status=422)
    return await _back(page, "refused")


async def _back(page: PageRequest, done: str) -> Response:
    """Where the button was pressed: the list, or the order."""
    if (await filled(page)).raw("back") == "list":
        return page.redirect(_HERE, tab="review", done=done)
    return page.redirect(f"{_HERE}/{page.path['id']}", done=done)


def _flashes(page: PageRequest) -> list[tuple[str, str]]:
    done = page.query.get("done", "")
    return [("good", text(f"review.{done}", page.language))] if done in _DONE else []


PAGES = [
    Page("GET", _HERE, Verb.REVIEW_ORDER, orders),
    Page("GET", f"{_HERE}/{{id}}", Verb.READ_ORDER, order),
    Page("POST", f"{_HERE}/{{id}}/approve", Verb.REVIEW_ORDER, approve),
    Page("POST", f"{_HERE}/{{id}}/refuse", Verb.REVIEW_ORDER, refuse),
]
