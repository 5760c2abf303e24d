"""My orders, and one order whose way moves while somebody looks (R-COM.2, R-COM.4)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from starlette.responses import Response

from server.actions.addresses import list_addresses
from server.actions.carts import show_cart
from server.actions.cases import Complaint, complain, own_cases_of_order
from server.actions.desks import zone_of
from server.actions.my_orders import OwnOrder, desk_for_orders, my_orders, own_orders
from server.actions.order_views import Story, StoryEvent, event_words, order_story
from server.actions.order_wishes import (
    Return,
    book_return,
    cancel_lines,
    cancel_return,
    pickup_text,
    renew_line,
)
from server.domain.cases import READERS_KINDS
from server.domain.errors import Refusal
from server.domain.loan_fold import OrderState
from server.domain.loans import Stage
from server.domain.order_numbers import spoken
from server.domain.order_way import way_back, way_out
from server.domain.permissions import Verb
from server.domain.slots import pickups
from server.wire.outcomes import way_of
from server.words.catalogue import text
from server.words.times import day_text
from web.loan_parts import frame, shown, told
from web.log_ins import filled
from web.pages.base import Page, PageRequest

_S = OrderState
_SAVED = 5  # of the saved list; the cart has all of it
_KINDS = {
    **dict.fromkeys((_S.AWAITING_REVIEW, _S.UNFILLED), "warn"),
    **dict.fromkeys((_S.APPROVED, _S.FETCHING, _S.PICKED, _S.PACKED, _S.WITH_COURIER, _S.RETURNING), "info"),
    **dict.fromkeys((_S.ON_HOLD_SHELF, _S.ON_LOAN), "good"),
    _S.REFUSED: "bad",
}


async def listed(page: PageRequest) -> Response:
    """Books at home, orders under way, history, comments."""
    mine = await my_orders(
        page.ctx,
        page.actor,
        before=page.moment("before"),
        before_id=page.query.get("before_id", ""),
    )
    first = not page.query.get("before")
    days = mine.policy.days(mine.card.group)
    saved = (await show_cart(page.ctx, page.actor)).saved if first else ()
    older = urlencode({"before": mine.more[0].isoformat(), "before_id": mine.more[1]}) if mine.more else ""
    return page.render(
        "loans_orders.html",
        mine=mine,
        first=first,
        ready=[own for own in mine.under_way if own.order.state is _S.ON_HOLD_SHELF],
        under_way=[_order(page, own) | {"loan_time": _loan_time(page, own, days)} for own in mine.under_way],
        over=[_order(page, own) | {"loan_time": _loan_time(page, own, days)} for own in mine.over],
        saved=await shown(page, saved[:_SAVED]),
        saved_in_all=len(saved),
        older=f"/loans/orders?{older}" if older else "",
        limit=mine.policy.items(mine.card.kind),
        here_address="/loans/orders",
        **await frame(page),
    )


async def show(page: PageRequest) -> Response:
    """One order with its way, its books and what can be done."""
    return await _show(page)


async def cancel(page: PageRequest) -> Response:
    """The reader no longer wants the chosen books."""
    form = await page.form()
    lines = tuple(str(value) for value in form.getlist("line"))
    try:
        await cancel_lines(page.ctx, page.actor, page.path["id"], lines, reason=filled(form, "reason"))
    except Refusal as refusal:
        return await _show(page, refusal)
    return _done(page, "cancelled")


async def renew(page: PageRequest) -> Response:
    """Keep a book longer."""
    form = await page.form()
    try:
        await renew_line(page.ctx, page.actor, page.path["id"], filled(form, "line"))
    except Refusal as refusal:
        return await _show(page, refusal)
    return _done(page, "renewed")


async def send_back(page: PageRequest) -> Response:
    """A courier fetches the chosen books."""
    form = await page.form()
    lines = tuple(str(value) for value in form.getlist("line"))
    wanted = Return(lines, filled(form, "address"), filled(form, "pickup"))
    try:
        await book_return(page.ctx, page.actor, page.path["id"], wanted)
    except Refusal as refusal:
        return await _show(page, refusal)
    return _done(page, "return_booked")


async def keep_after_all(page: PageRequest) -> Response:
    """The books stay for now."""
    try:
        await cancel_return(page.ctx, page.actor, page.path["id"])
    except Refusal as refusal:
        return await _show(page, refusal)
    return _done(page, "kept")


async def ask_help(page: PageRequest) -> Response:
    """A question or complaint about the order becomes a case with its own clock (R-LOAN.8, R-ANS.6)."""
    form = await page.form()
    wanted = Complaint(
        filled(form, "client_id"),
        filled(form, "help"),
        kind=filled(form, "kind"),
        order_id=page.path["id"],
        line_id=filled(form, "line"),
    )
    try:
        await complain(page.ctx, page.actor, wanted)
    except Refusal as refusal:
        return await _show(page, refusal, {"help": wanted.text, "kind": wanted.kind})
    return _done(page, "asked_help")


async def _show(
    page: PageRequest, refusal: Refusal | None = None, values: Mapping[str, str] | None = None
) -> Response:
    story = await order_story(page.ctx, page.actor, page.path["id"], public_only=True)
    (own,) = await own_orders(page.ctx, page.actor, [story.order])
    now, zone = page.ctx.clock.now(), zone_of(page.ctx)
    problems, slug = told(page, refusal), await desk_for_orders(page.ctx, page.actor)
    return page.render(
        "loans_order.html",
        status=way_of(refusal).status if refusal else 200,
        **_order(page, own),
        events=_told_once(page, story),
        parcels=story.parcels,
        is_mine=story.order.reader_id == page.actor.account_id,
        cases=await own_cases_of_order(page.ctx, page.actor, story.order.id),
        case_kinds=[(str(kind), text(f"loans.help.{kind}", page.language)) for kind in READERS_KINDS],
        addresses=[
            (each.id, each.name, f"{each.phone} {each.text}")
            for each in await list_addresses(page.ctx, page.actor)
        ],
        pickups=[(each.id, pickup_text(each, page.language)) for each in pickups(now, zone)],
        chat=f"/d/{slug}?{urlencode({'topic': 'order', 'order': story.order.number})}" if slug else "",
        client_id=page.ctx.ids.new(),
        values={"help": "", "kind": "question", **(values or {})},
        problems=problems,
        errors=dict(problems),
        expected=_expected(page, story),
        **await frame(page),
    )


def _order(page: PageRequest, own: OwnOrder) -> dict[str, Any]:
    """An order in words and as a picture."""
    order, stages = own.order, [Stage(line.line.state) for line in own.lines]
    state = OrderState(order.state)
    return {
        "order": order,
        "own": own,
        "lines": own.lines,
        "number": spoken(order.number),
        "state": text(f"loans.state.{state}", page.language),
        "state_kind": _KINDS.get(state, ""),
        "way_out": way_out(order.way, stages),
        "way_back": way_back(stages),
        "told": text(f"loans.told.{state}", page.language, slot=order.slot_text),
        "reviewing": order.why_review.split(",") if order.why_review and state is _S.AWAITING_REVIEW else [],
        "to_cancel": [line for line in own.lines if line.can_cancel],
        "to_return": [line for line in own.lines if line.can_return],
        "coming_back": [line for line in own.lines if line.line.state is Stage.RETURN_BOOKED],
    }


def _loan_time(page: PageRequest, own: OwnOrder, days: int) -> str:
    """How long the books may stay, by when they are to be back, or from when to when they were lent (R-COM.4)."""
    lent = [line.line for line in own.lines if line.line.lent_at]
    due = min((line.due_at for line in lent if line.due_at and not line.ended_at), default=None)
    if due is not None:
        return text("loans.due", page.language, day=_day(page, due))
    if not lent:
        return "" if own.order.closed_at else text("loans.orders.days", page.language, n=days)
    since = min(line.lent_at for line in lent if line.lent_at)
    until = max((line.ended_at for line in lent if line.ended_at), default=since)
    return text("loans.orders.lent", page.language, since=_day(page, since), until=_day(page, until))


def _day(page: PageRequest, at: datetime) -> str:
    return day_text(at.astimezone(zone_of(page.ctx)).date(), page.language)


def _told_once(page: PageRequest, story: Story) -> list[tuple[StoryEvent, str]]:
    """What happened, the last first; what was said of each book in the same words is told once."""
    said = [(event, event_words(event, page.language)) for event in reversed(story.events)]
    return [each for at, each in enumerate(said) if not at or each[1] != said[at - 1][1]]


def _expected(page: PageRequest, story: Story) -> datetime | None:
    """By when the order should leave; nothing once it has, or will not."""
    waiting = (_S.AWAITING_REVIEW, _S.APPROVED, _S.FETCHING, _S.PICKED, _S.PACKED)
    return story.order.dispatch_due_at if OrderState(story.order.state) in waiting else None


def _done(page: PageRequest, what: str) -> Response:
    return page.redirect(f"/loans/orders/{page.path['id']}", done=what)


_ONE = "/loans/orders/{id}"
PAGES = [
    Page("GET", "/loans/orders", Verb.READ_ORDER, listed),
    Page("GET", _ONE, Verb.READ_ORDER, show),
    Page("POST", _ONE + "/cancel", Verb.CHANGE_ORDER, cancel),
    Page("POST", _ONE + "/renew", Verb.CHANGE_ORDER, renew),
    Page("POST", _ONE + "/return", Verb.CHANGE_ORDER, send_back),
    Page("POST", _ONE + "/keep", Verb.CHANGE_ORDER, keep_after_all),
    Page("POST", _ONE + "/help", Verb.READ_CASE, ask_help),
]
