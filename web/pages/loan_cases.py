"""A reader's own cases: what was asked about an order, and the talk with support (R-LOAN.8, R-ANS.6)."""

import json
from collections.abc import Awaitable
from typing import Any

from starlette.responses import Response

from server.actions.cases import case_page, case_tags, own_cases, post_to_case, rate_case, sees_notes
from server.domain.chat import RATINGS
from server.domain.permissions import Verb
from server.words.catalogue import text
from web.loan_parts import frame
from web.pages.base import Page, PageRequest
from web.pages.managing import CORRECTABLE, Fill, filled, refill

_HERE = "/loans/cases"


async def listed(page: PageRequest) -> Response:
    """Everything the reader has asked, the newest first."""
    found = await own_cases(page.ctx, page.actor)
    return page.render(
        "loans_cases.html", found=found, tags=await case_tags(page.ctx, found), **await frame(page)
    )


async def show(page: PageRequest, *, fill: Fill | None = None, status: int = 200) -> Response:
    """One case with its talk; it goes live when both are there."""
    seen = await case_page(page.ctx, page.actor, page.path["id"])
    if sees_notes(page.actor, seen.case):
        return page.redirect(f"/console/cases/{seen.case.id}")
    return page.render(
        "loans_case.html",
        status=status,
        seen=seen,
        case=seen.case,
        tags=await case_tags(page.ctx, [seen.case]),
        fill=fill or Fill(),
        ratings=[(rating, text(f"cases.rating.{rating}", page.language)) for rating in RATINGS],
        client_id=page.ctx.ids.new(),
        topics=json.dumps({f"case/{seen.case.id}": seen.case.messages}),
        **await frame(page),
    )


async def say(page: PageRequest) -> Response:
    """Write to support; a closed case is open again."""
    form = await filled(page)
    client_id, words = form.raw("client_id"), form.raw("text")
    return await _acted(
        page, post_to_case(page.ctx, page.actor, page.path["id"], client_id=client_id, text=words)
    )


async def rate(page: PageRequest) -> Response:
    """Say how one was served."""
    form = await filled(page)
    return await _acted(page, rate_case(page.ctx, page.actor, page.path["id"], form.raw("rating")))


async def _acted(page: PageRequest, action: Awaitable[Any]) -> Response:
    try:
        await action
    except CORRECTABLE as refusal:
        return await show(page, fill=await refill(page, refusal, fallback="text"), status=422)
    return page.redirect(f"{_HERE}/{page.path['id']}")


PAGES = [
    Page("GET", _HERE, Verb.READ_CASE, listed),
    Page("GET", f"{_HERE}/{{id}}", Verb.READ_CASE, show),
    Page("POST", f"{_HERE}/{{id}}/say", Verb.READ_CASE, say),
    Page("POST", f"{_HERE}/{{id}}/rate", Verb.READ_CASE, rate),
]
