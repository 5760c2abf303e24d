"""Cases: a reader and a support agent talk about a loan order until it is put right (R-LOAN.8, R-ANS.6)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from server.actions.access import access_case, access_order, access_session, audit
from server.actions.case_lines import (
    READER_HERE,
    STAFF_HERE,
    CaseMail,
    held,
    keep,
    mail_reader,
    mail_unless_here,
    reader_asked,
    staff_answered,
    write_line,
)
from server.actions.case_opening import new_case, open_with_words
from server.context import Context
from server.domain.accounts import Account
from server.domain.cases import (
    OUTCOME_LIMIT,
    READERS_KINDS,
    TEXT_LIMIT,
    Case,
    CaseKind,
    CaseLine,
    CaseState,
    Channel,
    LineKind,
    NewCaseLine,
    demand_holder,
    demand_open,
    demand_text,
    done,
    headline,
)
from server.domain.chat import RATINGS
from server.domain.errors import Conflict, Invalid, NotFound
from server.domain.loan_rows import LoanOrder, Store
from server.domain.order_numbers import read_number
from server.domain.permissions import Actor, Verb, demand, library_scopes
from server.store.accounts import account_by_id
from server.store.cases import (
    case_by_client_id,
    case_lines,
    case_of_session,
    cases_by_due,
    cases_of_order,
    cases_of_reader,
    count_cases,
)
from server.store.order_lists import numbers_of_orders
from server.store.orders import order_by_number
from server.store.people import names_of
from server.store.presence import is_present
from server.store.rows import Reader
from server.store.stores import stores_by_ids

TABS = ("waiting", "mine", "all", "closed")


@dataclass(frozen=True, slots=True)
class Complaint:
    """What a reader asks or complains about; ``order_id`` empty where it is about no order."""

    client_id: str
    text: str
    kind: str = CaseKind.QUESTION
    order_id: str = ""
    line_id: str = ""


@dataclass(frozen=True, slots=True)
class TakenDown:
    """What an agent took down: on the phone, or out of a live conversation."""

    client_id: str
    text: str
    kind: str = CaseKind.QUESTION
    order_number: str = ""
    session_id: str = ""


@dataclass(frozen=True, slots=True)
class CaseTags:
    """What a list says of cases beside themselves: people's names, orders' numbers, stores, each by id."""

    names: Mapping[str, str]
    orders: Mapping[str, str]
    stores: Mapping[str, Store]


@dataclass(frozen=True, slots=True)
class CasePage:
    """A case as its reader or its agents see it; ``reader_here``: their page is open at this moment."""

    case: Case
    lines: Sequence[CaseLine]
    holder: str
    reader_here: bool
    staff_here: bool


async def complain(ctx: Context, actor: Actor, wanted: Complaint) -> Case:
    """The reader opens a case, mostly about an order of theirs; the same press again opens nothing.

    Raises NotFound for an order that is not theirs, Invalid for no text.
    """
    demand(actor, Verb.READ_CASE)
    text = demand_text(wanted.text, "text", TEXT_LIMIT)
    kind = _kind(wanted.kind)
    order: LoanOrder | None = None
    if wanted.order_id:
        order = await access_order(ctx.db.read, actor, wanted.order_id, Verb.READ_ORDER)
        if order.reader_id != actor.account_id:
            raise NotFound("order_not_found")
    client_id = f"{actor.account_id}:{wanted.client_id}"
    async with ctx.transaction() as tx:
        if known := await case_by_client_id(tx, client_id[:80]):
            return known
        case, fresh = await new_case(
            ctx,
            tx,
            client_id=client_id,
            channel=Channel.ORDER,
            kind=kind,
            title=headline(text),
            order=order,
            line_id=wanted.line_id,
            library_id=actor.library_id,
            reader_id=actor.account_id,
        )
        if not fresh:
            return case
        return await open_with_words(ctx, tx, actor, case, text)


async def take_down_case(ctx: Context, actor: Actor, wanted: TakenDown) -> Case:
    """An agent enters what a reader said on the phone, or makes a case of a live conversation of theirs.

    It is the agent's at once. Raises Invalid at ``order`` for a number that is none, NotFound for a conversation
    that is not theirs.
    """
    demand(actor, Verb.WORK_CASE)
    text, kind = demand_text(wanted.text, "text", TEXT_LIMIT), _kind(wanted.kind)
    order = await _order_named(ctx.db.read, actor, wanted.order_number)
    session = None
    if wanted.session_id:
        session = await access_session(ctx.db.read, actor, wanted.session_id, Verb.SERVE_SESSION)
    client_id = f"{actor.account_id}:{wanted.client_id}"
    async with ctx.transaction() as tx:
        known = await case_by_client_id(tx, client_id[:80])
        if session is not None:
            known = known or await case_of_session(tx, session.id)
        if known:
            return known
        case, fresh = await new_case(
            ctx,
            tx,
            client_id=client_id,
            channel=Channel.WIDGET if session else Channel.PHONE,
            kind=kind,
            title=headline(text),
            order=order,
            library_id=order.library_id if order else session.library_id if session else actor.library_id,
            reader_id=session.reader_id if session and not order else "",
            session_id=session.id if session else "",
            holder_id=actor.account_id,
        )
        if not fresh:
            return case
        await audit(ctx, tx, actor, "case.take_down", f"case:{case.id}")
        return await open_with_words(ctx, tx, actor, case, text)


async def list_cases(ctx: Context, actor: Actor, tab: str, kind: str = "") -> list[Case]:
    """The list of agents, and of managers for their libraries: whose reader has waited longest comes first."""
    demand(actor, Verb.WATCH_CASES)
    states = [CaseState.CLOSED] if tab == "closed" else [CaseState.OPEN, CaseState.CLAIMED]
    if tab == "waiting":
        states = [CaseState.OPEN]
    mine = actor.account_id if tab == "mine" else ""
    libraries = library_scopes(actor, Verb.WATCH_CASES)
    return await cases_by_due(
        ctx.db.read, [str(state) for state in states], holder_id=mine, kind=kind, libraries=libraries
    )


async def case_counts(ctx: Context, actor: Actor) -> dict[str, int]:
    """How many cases are open, claimed, and overdue."""
    demand(actor, Verb.WATCH_CASES)
    return await count_cases(ctx.db.read, ctx.clock.now(), library_scopes(actor, Verb.WATCH_CASES))


async def case_tags(ctx: Context, cases: Sequence[Case]) -> CaseTags:
    """Names and numbers for a list of cases."""
    db = ctx.db.read
    people = {case.holder_id for case in cases} | {case.reader_id for case in cases}
    names = await names_of(db, sorted(people - {""}))
    orders = await numbers_of_orders(db, [case.order_id for case in cases if case.order_id])
    return CaseTags(names, orders, await stores_by_ids(db, [case.store_id for case in cases]))


async def own_cases(ctx: Context, actor: Actor) -> list[Case]:
    """A reader's cases, the newest first."""
    demand(actor, Verb.READ_CASE)
    return await cases_of_reader(ctx.db.read, actor.account_id)


async def own_cases_of_order(ctx: Context, actor: Actor, order_id: str) -> list[Case]:
    """The reader's cases about one order of theirs."""
    await access_order(ctx.db.read, actor, order_id, Verb.READ_ORDER)
    return [
        case for case in await cases_of_order(ctx.db.read, order_id) if case.reader_id == actor.account_id
    ]


async def case_page(ctx: Context, actor: Actor, case_id: str) -> CasePage:
    """A case with what was said: all of it for staff, the public part for its reader. Raises NotFound."""
    db, now = ctx.db.read, ctx.clock.now()
    case = await access_case(db, actor, case_id, Verb.READ_CASE)
    staff = sees_notes(actor, case)
    names = await names_of(db, [case.holder_id]) if case.holder_id else {}
    return CasePage(
        case,
        await case_lines(db, case_id, staff=staff),
        names.get(case.holder_id, ""),
        await is_present(db, READER_HERE, case_id, now),
        await is_present(db, STAFF_HERE, case_id, now),
    )


def sees_notes(actor: Actor, case: Case) -> bool:
    """Whether this is somebody of the staff; who asked stays on their side, whatever roles they hold."""
    return case.reader_id != actor.account_id


async def access_held(db: Reader, actor: Actor, case_id: str) -> Case:
    """The case for who works on cases, or began this one by writing to its reader. Raises NotFound, NotAllowed."""
    case = await access_case(db, actor, case_id, Verb.READ_CASE)
    if case.holder_id == actor.account_id and case.reader_id != actor.account_id:
        return case
    return await access_case(db, actor, case_id, Verb.WORK_CASE)


async def claim_case(ctx: Context, actor: Actor, case_id: str) -> Case:
    """Take a case on; of two agents one gets it. Raises Conflict ``case_taken``."""
    await access_case(ctx.db.read, actor, case_id, Verb.WORK_CASE)
    async with ctx.transaction() as tx:
        case = await held(tx, case_id)
        demand_open(case)
        if case.state is CaseState.CLAIMED:
            if case.holder_id == actor.account_id:
                return case
            names = await names_of(tx, [case.holder_id])
            raise Conflict("case_taken", "R-LOAN.8", by=names.get(case.holder_id, ""))
        claimed = replace(case, state=CaseState.CLAIMED, holder_id=actor.account_id)
        line = done("cases.done.claimed", {}, public=False)
        claimed, _, _ = await write_line(ctx, tx, claimed, actor, line)
        await audit(ctx, tx, actor, "case.claim", f"case:{case.id}")
        return await keep(ctx, tx, case, claimed, "claimed")


async def hand_back_case(ctx: Context, actor: Actor, case_id: str, reason: str = "") -> Case:
    """Leave a case to another agent; its clock runs on."""
    await access_held(ctx.db.read, actor, case_id)
    async with ctx.transaction() as tx:
        case = await held(tx, case_id)
        demand_holder(case, actor.account_id)
        left = replace(case, state=CaseState.OPEN, holder_id="")
        line = done("cases.done.handed_back", {"reason": reason.strip()[:OUTCOME_LIMIT]}, public=False)
        left, _, _ = await write_line(ctx, tx, left, actor, line)
        await audit(ctx, tx, actor, "case.hand_back", f"case:{case.id}")
        return await keep(ctx, tx, case, left, "handed_back")


async def post_to_case(ctx: Context, actor: Actor, case_id: str, *, client_id: str, text: str) -> CaseLine:
    """Say something in a case; a resend with the same client id returns the first.

    The reader's message starts the clock; an agent's answers it, and is mailed to a reader who is not there. Raises
    Conflict ``case_not_claimed``: who answers has taken the case on.
    """
    case = await access_case(ctx.db.read, actor, case_id, Verb.READ_CASE)
    words = demand_text(text, "text", TEXT_LIMIT)
    own = case.reader_id == actor.account_id
    if not own:
        await access_held(ctx.db.read, actor, case_id)
    async with ctx.transaction() as tx:
        case = before = await held(tx, case_id)
        if not own:
            demand_holder(case, actor.account_id)
        new = NewCaseLine(LineKind.MESSAGE, words, f"{actor.account_id}:{client_id}"[:60])
        case, line, fresh = await write_line(ctx, tx, case, actor, new)
        if fresh:
            case = await (reader_asked if own else staff_answered)(ctx, tx, case)
            await keep(ctx, tx, before, case, "said")
            if not own:
                await mail_unless_here(ctx, tx, case, line)
        return line


async def note_in_case(ctx: Context, actor: Actor, case_id: str, *, client_id: str, text: str) -> CaseLine:
    """Leave a note that only staff see."""
    await access_case(ctx.db.read, actor, case_id, Verb.WORK_CASE)
    words = demand_text(text, "text", TEXT_LIMIT)
    async with ctx.transaction() as tx:
        case = await held(tx, case_id)
        note = NewCaseLine(LineKind.NOTE, words, f"{actor.account_id}:{client_id}"[:60], public=False)
        after, line, _ = await write_line(ctx, tx, case, actor, note)
        await keep(ctx, tx, case, after, "noted")
        return line


async def close_case(ctx: Context, actor: Actor, case_id: str, *, outcome: str) -> Case:
    """End a case with what came of it, which the reader reads as the last answer."""
    await access_held(ctx.db.read, actor, case_id)
    words = demand_text(outcome, "outcome", OUTCOME_LIMIT)
    async with ctx.transaction() as tx:
        before = await held(tx, case_id)
        demand_holder(before, actor.account_id)
        case = await staff_answered(ctx, tx, before)
        case = replace(case, state=CaseState.CLOSED, closed_at=ctx.clock.now(), outcome=words)
        case, _, _ = await write_line(ctx, tx, case, actor, done("cases.done.closed", {"outcome": words}))
        await audit(ctx, tx, actor, "case.close", f"case:{case.id}", detail=words[:200])
        mail = CaseMail("case_closed", f"closed:{case.messages}", {"body": words})
        await mail_reader(ctx, tx, case, mail)
        return await keep(ctx, tx, before, case, "closed")


async def rate_case(ctx: Context, actor: Actor, case_id: str, rating: str) -> Case:
    """The reader says how they were served. Raises Conflict ``case_open`` before its end."""
    case = await access_case(ctx.db.read, actor, case_id, Verb.READ_CASE)
    if case.reader_id != actor.account_id:
        raise NotFound("case_not_found")
    if rating not in RATINGS:
        raise Invalid("choice_wrong", "rating", choices=", ".join(RATINGS), text=rating[:40])
    async with ctx.transaction() as tx:
        before = await held(tx, case_id)
        if before.state is not CaseState.CLOSED:
            raise Conflict("case_open", "R-LOAN.8")
        return await keep(ctx, tx, before, replace(before, rating=rating), "rated")


async def enter_case(ctx: Context, actor: Actor, case_id: str) -> tuple[Case, str]:
    """The right to listen to a case, and as what kind of presence the connection counts. Raises NotFound."""
    case = await access_case(ctx.db.read, actor, case_id, Verb.READ_CASE)
    return case, STAFF_HERE if sees_notes(actor, case) else READER_HERE


async def reader_of_case(ctx: Context, case: Case) -> Account | None:
    """The account of the case's reader; None where it is about nobody, or somebody without one."""
    return await account_by_id(ctx.db.read, case.reader_id) if case.reader_id else None


async def _order_named(db: Reader, actor: Actor, number: str) -> LoanOrder | None:
    if not number.strip():
        return None
    order = await order_by_number(db, read_number(number))
    if order is None:
        raise Invalid("order_number_unknown", "order", number=number.strip()[:30])
    return await access_order(db, actor, order.id, Verb.READ_ORDER)


def _kind(kind: str) -> CaseKind:
    if kind not in READERS_KINDS:
        raise Invalid("choice_wrong", "kind", choices=", ".join(READERS_KINDS), text=kind[:40])
    return CaseKind(kind)
