"""The support agents' screens: cases by due time, and one page with everything to settle one (R-LOAN.8, R-ANS.6)."""

import json
from collections.abc import Awaitable
from typing import Any

from starlette.responses import Response

from server.actions.case_deeds import (
    COUPON_CENTS,
    Deed,
    cancel_for_reader,
    fetch_elsewhere,
    give_coupon,
    judge_complaint,
    mark_damaged,
    mark_lost,
    possible_deeds,
    send_again,
)
from server.actions.case_letters import Letter, write_to_reader
from server.actions.case_talks import talked_of
from server.actions.cases import (
    TABS,
    TakenDown,
    case_counts,
    case_page,
    case_tags,
    claim_case,
    close_case,
    hand_back_case,
    list_cases,
    note_in_case,
    post_to_case,
    reader_of_case,
    sees_notes,
    take_down_case,
)
from server.actions.order_views import order_story, told
from server.domain.cases import READERS_KINDS, CaseKind, CaseState
from server.domain.coupons import Coupon
from server.domain.errors import Invalid
from server.domain.forms import cents_of
from server.domain.permissions import Verb, may
from server.words.catalogue import text
from web.pages.base import Page, PageRequest
from web.pages.console import menu
from web.pages.managing import CORRECTABLE, Fill, chosen, filled, refill

_HERE = "/console/cases"
_DEEDS = {
    "elsewhere": fetch_elsewhere,
    "sent_again": send_again,
    "cancelled": cancel_for_reader,
    "lost": mark_lost,
    "damaged": mark_damaged,
}


async def cases(page: PageRequest) -> Response:
    """The list: whose reader has waited longest comes first."""
    tab = page.query.get("tab", "")
    tab = tab if tab in TABS else "waiting"
    kind = page.query.get("kind", "")
    kind = kind if kind in frozenset(CaseKind) else ""
    found = await list_cases(page.ctx, page.actor, tab, kind)
    counts = await case_counts(page.ctx, page.actor)
    numbers = {"waiting": counts["open"], "all": counts["open"] + counts["claimed"]}
    return page.render(
        "cases.html",
        nav_items=menu(page),
        tab=tab,
        kind=kind,
        kinds=[("", text("cases.kind.all", page.language)), *_kinds(page, CaseKind)],
        tabs=[
            (f"{_HERE}?tab={name}", text(f"cases.tab.{name}", page.language), numbers.get(name) or None)
            for name in TABS
        ],
        found=found,
        tags=await case_tags(page.ctx, found),
        overdue=counts["overdue"],
        works=may(page.actor, Verb.WORK_CASE),
        topics=json.dumps({"cases": 0}),
    )


async def case(page: PageRequest, *, fill: Fill | None = None, status: int = 200) -> Response:
    """One case: the talk, the order's whole story, what can be done."""
    seen = await case_page(page.ctx, page.actor, page.path["id"])
    found = seen.case
    if not sees_notes(page.actor, found):
        return page.redirect(f"/loans/cases/{found.id}")
    story = await order_story(page.ctx, page.actor, found.order_id) if found.order_id else None
    mine = found.state is CaseState.CLAIMED and found.holder_id == page.actor.account_id
    works = may(page.actor, Verb.WORK_CASE)
    topics = {f"case/{found.id}": found.messages}
    if works:
        topics[f"case/{found.id}/staff"] = -min((line.number for line in seen.lines), default=0)
    if story is not None:
        topics[f"order/{found.order_id}"] = story.order.events
    return page.render(
        "case.html",
        status=status,
        nav_items=menu(page),
        seen=seen,
        case=found,
        tags=await case_tags(page.ctx, [found]),
        reader=await reader_of_case(page.ctx, found),
        story=story,
        told=told(story, page.language) if story else [],
        deeds=possible_deeds(story.lines) if story and mine and works else {},
        mine=mine,
        works=works,
        judged=found.kind in (CaseKind.COMPLAINT, CaseKind.WRONG_ITEM),
        fill=fill or Fill(),
        client_id=page.ctx.ids.new(),
        topics=json.dumps({topic: max(0, last) for topic, last in topics.items()}),
    )


async def claim(page: PageRequest) -> Response:
    return await _acted(page, claim_case(page.ctx, page.actor, page.path["id"]))


async def hand_back(page: PageRequest) -> Response:
    return await _acted(
        page, hand_back_case(page.ctx, page.actor, page.path["id"], await _said(page, "reason"))
    )


async def close(page: PageRequest) -> Response:
    return await _acted(
        page, close_case(page.ctx, page.actor, page.path["id"], outcome=await _said(page, "outcome"))
    )


async def say(page: PageRequest) -> Response:
    """Write to the reader."""
    client_id, words = await _said(page, "client_id"), await _said(page, "text")
    return await _acted(
        page, post_to_case(page.ctx, page.actor, page.path["id"], client_id=client_id, text=words)
    )


async def note(page: PageRequest) -> Response:
    """Leave a note for colleagues."""
    client_id, words = await _said(page, "client_id"), await _said(page, "note")
    return await _acted(
        page,
        note_in_case(page.ctx, page.actor, page.path["id"], client_id=client_id, text=words),
        fallback="note",
    )


async def do(page: PageRequest) -> Response:
    """One of the deeds about the order."""
    deed = _DEEDS.get(await _said(page, "deed"))
    if deed is None:
        raise Invalid("choice_wrong", "deed", choices=", ".join(_DEEDS), text="")
    wanted = Deed(await _said(page, "reason"), tuple(await chosen(page, "line")))
    return await _acted(page, deed(page.ctx, page.actor, page.path["id"], wanted), fallback="reason")


async def coupon(page: PageRequest) -> Response:
    """Give the reader a coupon of their own."""

    async def given() -> Coupon:
        cents = cents_of(await _said(page, "amount"), "amount", high=COUPON_CENTS)
        reason = await _said(page, "reason")
        return await give_coupon(page.ctx, page.actor, page.path["id"], cents=cents, reason=reason)

    return await _acted(page, given(), fallback="reason")


async def judge(page: PageRequest) -> Response:
    """Say whether the complaint proved true."""
    judged = judge_complaint(
        page.ctx,
        page.actor,
        page.path["id"],
        confirmed=await _said(page, "confirmed") == "yes",
        fault_store_id=await _said(page, "store"),
    )
    return await _acted(page, judged, fallback="confirmed")


async def phone(page: PageRequest, *, fill: Fill | None = None, status: int = 200) -> Response:
    """The form for what a reader says on the phone, or has said in a live conversation."""
    session = page.query.get("session", "")
    begun = {"order": page.query.get("order", ""), "kind": str(CaseKind.QUESTION)}
    if session and fill is None:
        talked = await talked_of(page.ctx, page.actor, session)
        if talked.case is not None:
            return page.redirect(f"{_HERE}/{talked.case.id}")
        begun |= {"order": talked.order_number, "text": talked.text}
    return page.render(
        "case_phone.html",
        status=status,
        nav_items=menu(page),
        fill=fill or Fill(begun),
        kinds=_kinds(page, READERS_KINDS),
        client_id=page.ctx.ids.new(),
        session=session,
    )


async def take_down(page: PageRequest) -> Response:
    """Enter a call, or make a live talk a case."""
    form = await filled(page)
    wanted = TakenDown(
        form.raw("client_id"), form.raw("text"), form.raw("kind"), form.raw("order"), form.raw("session")
    )
    try:
        made = await take_down_case(page.ctx, page.actor, wanted)
    except CORRECTABLE as refusal:
        return await phone(page, fill=await refill(page, refusal, fallback="text"), status=422)
    return page.redirect(f"{_HERE}/{made.id}")


async def write(page: PageRequest) -> Response:
    """Begin a talk with a reader, from an order or from the reader's page (R-COM.6)."""
    form = await filled(page)
    letter = Letter(form.raw("client_id"), form.raw("text"), form.raw("order"), form.raw("reader"))
    made = await write_to_reader(page.ctx, page.actor, letter)
    return page.redirect(f"{_HERE}/{made.id}")


async def _acted(page: PageRequest, action: Awaitable[Any], *, fallback: str = "text") -> Response:
    """Back to the case; what is wrong is said in the form that was sent."""
    try:
        await action
    except CORRECTABLE as refusal:
        return await case(page, fill=await refill(page, refusal, fallback=fallback), status=422)
    return page.redirect(f"{_HERE}/{page.path['id']}")


async def _said(page: PageRequest, name: str) -> str:
    return (await filled(page)).raw(name)


def _kinds(page: PageRequest, kinds: Any) -> list[tuple[str, str]]:
    return [(str(kind), text(f"cases.kind.{kind}", page.language)) for kind in kinds]


_ONE = f"{_HERE}/{{id}}"
PAGES = [
    Page("GET", _HERE, Verb.WATCH_CASES, cases),
    Page("GET", f"{_HERE}/phone", Verb.WORK_CASE, phone),
    Page("POST", f"{_HERE}/phone", Verb.WORK_CASE, take_down),
    Page("POST", f"{_HERE}/write", Verb.READ_CASE, write),
    Page("GET", _ONE, Verb.READ_CASE, case),
    Page("POST", f"{_ONE}/claim", Verb.WORK_CASE, claim),
    Page("POST", f"{_ONE}/back", Verb.READ_CASE, hand_back),
    Page("POST", f"{_ONE}/close", Verb.READ_CASE, close),
    Page("POST", f"{_ONE}/say", Verb.READ_CASE, say),
    Page("POST", f"{_ONE}/note", Verb.WORK_CASE, note),
    Page("POST", f"{_ONE}/do", Verb.WORK_CASE, do),
    Page("POST", f"{_ONE}/coupon", Verb.GIVE_COUPON, coupon),
    Page("POST", f"{_ONE}/judge", Verb.JUDGE_COMPLAINT, judge),
]
