"""Endpoints for the review of orders, and an order's whole story (R-COM.3)."""

from collections.abc import Sequence

from server.actions.order_review import approve_order, refuse_order, review_page
from server.actions.order_views import StoryEvent, event_words, order_story
from server.api.cases import case_view
from server.api.routes import ApiRequest, Endpoint
from server.domain.loan_rows import LoanLine, LoanOrder
from server.domain.permissions import Verb
from server.wire import case_bodies as b
from server.wire.frames import iso


async def orders(r: ApiRequest) -> b.ReviewPageView:
    page = await review_page(
        r.ctx,
        r.actor,
        r.query.get("tab", "") or "review",
        search=r.query.get("q", ""),
        state=r.query.get("state", ""),
        after=r.query.get("after", ""),
    )
    shown = [order_view(order, page.lines[order.id]) for order in page.orders]
    return b.ReviewPageView(shown, dict(page.counts), shown[-1].id if page.more and shown else "")


async def story(r: ApiRequest) -> b.OrderStoryView:
    told = await order_story(r.ctx, r.actor, r.path["id"])
    events = [event_view(event, r.language) for event in told.events]
    cases = [case_view(case, r.language) for case in told.cases]
    return b.OrderStoryView(order_view(told.order, told.lines), events, cases)


async def approve(r: ApiRequest) -> dict[str, str]:
    await approve_order(r.ctx, r.actor, r.path["id"])
    return {}


async def refuse(r: ApiRequest) -> dict[str, str]:
    await refuse_order(r.ctx, r.actor, r.path["id"], r.body.reason)
    return {}


def order_view(order: LoanOrder, lines: Sequence[LoanLine]) -> b.ReviewOrderView:
    """An order as managers' lists show it."""
    return b.ReviewOrderView(
        id=order.id,
        number=order.number,
        reader_id=order.reader_id,
        name=order.name,
        way=order.way,
        state=str(order.state),
        why_review=[why for why in order.why_review.split(",") if why],
        reason=order.reason,
        placed_at=iso(order.placed_at),
        dispatch_due_at=iso(order.dispatch_due_at),
        lines=[b.ReviewLineView(line.id, line.record_id, line.title, str(line.state)) for line in lines],
    )


def event_view(event: StoryEvent, language: str) -> b.StoryEventView:
    """An event of the story in words."""
    return b.StoryEventView(
        number=event.number,
        mouth=str(event.mouth),
        kind=event.kind,
        text=event_words(event, language),
        line_id=event.line_id,
        by=event.by,
        at=iso(event.at),
        source_at=iso(event.source_at) if event.source_at else None,
        public=event.public,
    )


_O, _REVIEW = "/api/review/orders", Verb.REVIEW_ORDER
ENDPOINTS = [
    Endpoint("GET", _O, _REVIEW, orders, "Orders to review, and any others", answer=b.ReviewPageView),
    Endpoint(
        "GET", f"{_O}/{{id}}/story", Verb.READ_ORDER, story, "An order's story", answer=b.OrderStoryView
    ),
    Endpoint(
        "POST",
        f"{_O}/{{id}}/approve",
        _REVIEW,
        approve,
        "Approve an order (R-COM.3)",
        answer=dict[str, str],
        errors=("loan_stage",),
    ),
    Endpoint(
        "POST",
        f"{_O}/{{id}}/refuse",
        _REVIEW,
        refuse,
        "Refuse an order with a reason (R-COM.3)",
        b.Reason,
        dict[str, str],
        errors=("loan_stage",),
    ),
]
