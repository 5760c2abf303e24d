"""Endpoints about cases: readers' questions and complaints on loan orders, and what agents do for them."""

from collections.abc import Awaitable, Callable

from server.actions.case_deeds import (
    Deed,
    cancel_for_reader,
    fetch_elsewhere,
    give_coupon,
    judge_complaint,
    mark_damaged,
    mark_lost,
    send_again,
)
from server.actions.case_letters import Letter, write_to_reader
from server.actions.cases import (
    TABS,
    Complaint,
    TakenDown,
    case_page,
    claim_case,
    close_case,
    complain,
    hand_back_case,
    list_cases,
    note_in_case,
    own_cases,
    post_to_case,
    rate_case,
    take_down_case,
)
from server.api.routes import ApiRequest, Endpoint
from server.context import Context
from server.domain.cases import Case, CaseLine
from server.domain.errors import Invalid
from server.domain.permissions import Actor, Verb
from server.wire import case_bodies as b
from server.wire.frames import iso
from server.words import case_words

DEEDS: dict[str, Callable[[Context, Actor, str, Deed], Awaitable[Case]]] = {
    "elsewhere": fetch_elsewhere,
    "send_again": send_again,
    "cancel": cancel_for_reader,
    "lost": mark_lost,
    "damaged": mark_damaged,
}


async def listed(r: ApiRequest) -> list[b.CaseView]:
    tab = r.query.get("tab", "") or "waiting"
    if tab not in TABS:
        raise Invalid("choice_wrong", "tab", choices=", ".join(TABS), text=tab)
    found = await list_cases(r.ctx, r.actor, tab, r.query.get("kind", ""))
    return [case_view(case, r.language) for case in found]


async def mine(r: ApiRequest) -> list[b.CaseView]:
    return [case_view(case, r.language) for case in await own_cases(r.ctx, r.actor)]


async def opened(r: ApiRequest) -> b.CaseView:
    body: b.Complain = r.body
    wanted = Complaint(body.client_id, body.text, body.kind, body.order_id, body.line_id)
    return case_view(await complain(r.ctx, r.actor, wanted), r.language)


async def taken_down(r: ApiRequest) -> b.CaseView:
    body: b.TakeDown = r.body
    wanted = TakenDown(body.client_id, body.text, body.kind, body.order_number, body.session_id)
    return case_view(await take_down_case(r.ctx, r.actor, wanted), r.language)


async def written(r: ApiRequest) -> b.CaseView:
    body: b.Write = r.body
    letter = Letter(body.client_id, body.text, body.order_id, body.reader_id)
    return case_view(await write_to_reader(r.ctx, r.actor, letter), r.language)


async def show(r: ApiRequest) -> b.CasePageView:
    page = await case_page(r.ctx, r.actor, r.path["id"])
    lines = [line_view(line, r.language) for line in page.lines]
    return b.CasePageView(
        case_view(page.case, r.language), lines, page.holder, page.reader_here, page.staff_here
    )


async def say(r: ApiRequest) -> b.CaseLineView:
    line = await post_to_case(r.ctx, r.actor, r.path["id"], client_id=r.body.client_id, text=r.body.text)
    return line_view(line, r.language)


async def note(r: ApiRequest) -> b.CaseLineView:
    line = await note_in_case(r.ctx, r.actor, r.path["id"], client_id=r.body.client_id, text=r.body.text)
    return line_view(line, r.language)


async def claim(r: ApiRequest) -> b.CaseView:
    return case_view(await claim_case(r.ctx, r.actor, r.path["id"]), r.language)


async def give_back(r: ApiRequest) -> b.CaseView:
    return case_view(await hand_back_case(r.ctx, r.actor, r.path["id"], r.body.reason), r.language)


async def close(r: ApiRequest) -> b.CaseView:
    return case_view(await close_case(r.ctx, r.actor, r.path["id"], outcome=r.body.outcome), r.language)


async def rate(r: ApiRequest) -> b.CaseView:
    return case_view(await rate_case(r.ctx, r.actor, r.path["id"], r.body.rating), r.language)


async def do(r: ApiRequest) -> b.CaseView:
    deed = DEEDS.get(r.path["deed"])
    if deed is None:
        raise Invalid("choice_wrong", "deed", choices=", ".join(DEEDS), text=r.path["deed"][:40])
    wanted = Deed(r.body.reason, tuple(r.body.line_ids))
    return case_view(await deed(r.ctx, r.actor, r.path["id"], wanted), r.language)


async def coupon(r: ApiRequest) -> b.CouponGiven:
    given = await give_coupon(r.ctx, r.actor, r.path["id"], cents=r.body.cents, reason=r.body.reason)
    return b.CouponGiven(given.code)


async def judge(r: ApiRequest) -> b.CaseView:
    body: b.Judge = r.body
    judged = await judge_complaint(
        r.ctx, r.actor, r.path["id"], confirmed=body.confirmed, fault_store_id=body.fault_store_id
    )
    return case_view(judged, r.language)


def case_view(case: Case, language: str) -> b.CaseView:
    """A case as the API shows it."""
    return b.CaseView(
        id=case.id,
        number=case.number,
        order_id=case.order_id,
        line_id=case.line_id,
        store_id=case.store_id,
        channel=str(case.channel),
        kind=str(case.kind),
        state=str(case.state),
        title=case_words.title(case, language),
        opened_at=iso(case.opened_at),
        holder_id=case.holder_id,
        reply_due_at=iso(case.reply_due_at) if case.reply_due_at else None,
        missed=case.missed,
        confirmed=case.confirmed,
        closed_at=iso(case.closed_at) if case.closed_at else None,
        outcome=case.outcome,
        rating=case.rating,
        messages=case.messages,
    )


def line_view(line: CaseLine, language: str) -> b.CaseLineView:
    """A line of a case as the API shows it, under the client id that its writer gave it."""
    return b.CaseLineView(
        line.number,
        line.client_id.split(":")[-1],
        line.author_kind,
        line.author_name,
        str(line.kind),
        case_words.line(line, language),
        iso(line.at),
    )


_C, _ONE, _OWN, _WORK = "/api/cases", "/api/cases/{id}", Verb.READ_CASE, Verb.WORK_CASE
_HELD = ("case_held", "case_not_claimed", "case_closed")
ENDPOINTS = [
    Endpoint(
        "GET", _C, Verb.WATCH_CASES, listed, "Cases, longest wait first (R-ANS.6)", answer=list[b.CaseView]
    ),
    Endpoint("GET", f"{_C}/mine", _OWN, mine, "One's own cases", answer=list[b.CaseView]),
    Endpoint("POST", _C, _OWN, opened, "Ask or complain (R-LOAN.8)", b.Complain, b.CaseView, 201),
    Endpoint("POST", f"{_C}/phone", _WORK, taken_down, "Enter a call", b.TakeDown, b.CaseView, 201),
    Endpoint("POST", f"{_C}/letters", _OWN, written, "Write to a reader (R-COM.6)", b.Write, b.CaseView, 201),
    Endpoint("GET", _ONE, _OWN, show, "A case", answer=b.CasePageView),
    Endpoint("POST", f"{_ONE}/messages", _OWN, say, "Write in a case", b.Say, b.CaseLineView, errors=_HELD),
    Endpoint("POST", f"{_ONE}/notes", _WORK, note, "Note among staff", b.Say, b.CaseLineView),
    Endpoint(
        "POST", f"{_ONE}/claim", _WORK, claim, "Take a case on", None, b.CaseView, errors=("case_taken",)
    ),
    Endpoint("POST", f"{_ONE}/back", _OWN, give_back, "Hand a case back", b.Reason, b.CaseView, errors=_HELD),
    Endpoint("POST", f"{_ONE}/close", _OWN, close, "Close a case", b.Close, b.CaseView, errors=_HELD),
    Endpoint("POST", f"{_ONE}/rating", _OWN, rate, "Rate a closed case", b.CaseRating, b.CaseView),
    Endpoint(
        "POST",
        f"{_ONE}/coupon",
        Verb.GIVE_COUPON,
        coupon,
        "Give a coupon",
        b.GiveCoupon,
        b.CouponGiven,
        errors=_HELD,
    ),
    Endpoint(
        "POST",
        f"{_ONE}/judgement",
        Verb.JUDGE_COMPLAINT,
        judge,
        "Judge a complaint",
        b.Judge,
        b.CaseView,
        errors=_HELD,
    ),
    Endpoint(
        "POST",
        f"{_ONE}/deeds/{{deed}}",
        _WORK,
        do,
        "Fetch elsewhere, send again, cancel, record as lost or damaged",
        b.DoDeed,
        b.CaseView,
        errors=(*_HELD, "loan_stage", "no_other_copy"),
    ),
]
