"""What a support agent can do for a reader out of a case: each by a rule of the order, with its trace (R-LOAN.8).

Whoever does it has taken the case on. The order changes only by what the house says of it (``tell``), so that the
guards of its stages hold here, too.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from server.actions.access import access_case, access_order, audit
from server.actions.case_lines import held, keep, write_line
from server.actions.orders import Fact, retry_allocation, tell
from server.actions.stack_commands import withdraw_command
from server.context import Context
from server.domain.cases import Case, CaseKind, demand_holder, demand_text, done
from server.domain.coupons import Coupon
from server.domain.errors import Conflict, Invalid, NotFound
from server.domain.loan_rows import LoanLine
from server.domain.loans import House, Stage, allowed
from server.domain.permissions import Actor, Verb
from server.store.coupon_keeping import insert_coupon
from server.store.orders import line_by_id
from server.store.rows import Transaction
from server.store.stores import store_by_id

REASON_LIMIT = 300
COUPON_DAYS = 90
COUPON_CENTS = 10_000  # of one coupon at most
_ELSEWHERE = frozenset({Stage.APPROVED, Stage.REQUESTED, Stage.FETCHING, Stage.TO_PICK, Stage.TROUBLED})
_FOUND = frozenset({Stage.REQUESTED, Stage.TO_PICK})
_VERBS = {
    House.SENT_AGAIN: Verb.SEND_AGAIN,
    House.CANCELLED: Verb.CANCEL_FOR_READER,
    House.LOST: Verb.RECORD_LOSS,
    House.DAMAGED: Verb.RECORD_LOSS,
}


@dataclass(frozen=True, slots=True)
class Deed:
    """What an agent does about lines of the case's order (none: all of it), and why; the reader reads the reason."""

    reason: str
    line_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Doing:
    """Who does something out of which case of their own, and why."""

    actor: Actor
    case: Case
    reason: str


def possible_deeds(lines: Sequence[LoanLine]) -> dict[str, list[LoanLine]]:
    """What can be done now about which books of an order."""
    deeds = {"elsewhere": [line for line in lines if line.state in _ELSEWHERE]}
    for kind in (House.SENT_AGAIN, House.CANCELLED, House.LOST, House.DAMAGED):
        deeds[str(kind)] = [line for line in lines if allowed(line.state, kind)]
    return {deed: some for deed, some in deeds.items() if some}


async def fetch_elsewhere(ctx: Context, actor: Actor, case_id: str, deed: Deed) -> Case:
    """Let another copy be fetched, from another store where there is one; what the machine was told is withdrawn.

    Raises Conflict ``loan_stage`` where the book is past being fetched, ``no_other_copy`` where none is free: then
    this one is not given up.
    """
    async with ctx.transaction() as tx:
        doing = await _begin(tx, actor, case_id, _named(deed), verb=Verb.FETCH_ELSEWHERE)
        order_id = doing.case.order_id
        for line_id in deed.line_ids:
            line = await line_by_id(tx, line_id)
            if line is None or line.order_id != order_id:
                raise NotFound("order_line_not_found")
            if line.state not in _ELSEWHERE:
                raise Conflict("loan_stage", "R-LOAN.8", stage=str(line.state), action="elsewhere")
            if line.state is Stage.APPROVED:
                await retry_allocation(ctx, tx, order_id)
                continue
            if line.command_id:
                await withdraw_command(ctx, tx, line.command_id)
            data = {"outcome": "elsewhere", "reason": doing.reason, "store_id": line.store_id}
            opened = await tell(ctx, tx, order_id, [Fact(House.TAKEN_OVER, (line_id,), data)], actor=actor)
            if opened.lines[line_id].state not in _FOUND:  # nothing of this transaction is kept
                raise Conflict("no_other_copy", "R-LOAN.8", title=line.title)
        return await _end(ctx, tx, doing, "elsewhere")


async def send_again(ctx: Context, actor: Actor, case_id: str, deed: Deed) -> Case:
    """Have the same titles fetched and sent once more: lost on the way, or the wrong book came."""
    return await _tell(ctx, actor, case_id, House.SENT_AGAIN, deed)


async def cancel_for_reader(ctx: Context, actor: Actor, case_id: str, deed: Deed) -> Case:
    """Cancel the order, or lines of it, for the library; the reader is told why."""
    return await _tell(ctx, actor, case_id, House.CANCELLED, deed)


async def mark_lost(ctx: Context, actor: Actor, case_id: str, deed: Deed) -> Case:
    """Record books as lost: they count no longer against the reader's card."""
    return await _tell(ctx, actor, case_id, House.LOST, _named(deed))


async def mark_damaged(ctx: Context, actor: Actor, case_id: str, deed: Deed) -> Case:
    """Record books as damaged: they leave the store's stock."""
    return await _tell(ctx, actor, case_id, House.DAMAGED, _named(deed))


async def give_coupon(ctx: Context, actor: Actor, case_id: str, *, cents: int, reason: str) -> Coupon:
    """Give the case's reader a freight coupon of their own; 0 cents waive all the postage (R-LOAN.9)."""
    if not 0 <= cents <= COUPON_CENTS:
        raise Invalid("number_wrong", "cents", low=0, high=COUPON_CENTS)
    async with ctx.transaction() as tx:
        doing = await _begin(tx, actor, case_id, Deed(reason), verb=Verb.GIVE_COUPON, needs_order=False)
        if not doing.case.reader_id:
            raise Conflict("case_without_reader", "R-LOAN.9")
        now = ctx.clock.now()
        coupon_id = ctx.ids.new()
        coupon = Coupon(
            id=coupon_id,
            library_id="",
            code=f"S{coupon_id[-9:]}".upper(),
            name_zh="客服赠券",
            name_en="With our apologies",
            cents=cents,
            group="",
            reader_id=doing.case.reader_id,
            quota=1,
            used=0,
            valid_from=now,
            valid_until=now + timedelta(days=COUPON_DAYS),
        )
        await insert_coupon(tx, coupon)
        await _end(ctx, tx, doing, "coupon", code=coupon.code)
        return coupon


async def judge_complaint(
    ctx: Context, actor: Actor, case_id: str, *, confirmed: bool, fault_store_id: str = ""
) -> Case:
    """Say whether a complaint proved true, and whose mistake it was: confirmed ones count in accuracy (R-LOAN.5)."""
    async with ctx.transaction() as tx:
        before = await _own_case(tx, actor, case_id, Verb.JUDGE_COMPLAINT)
        if before.kind not in (CaseKind.COMPLAINT, CaseKind.WRONG_ITEM):
            raise Conflict("case_no_complaint", "R-LOAN.5")
        if fault_store_id and await store_by_id(tx, fault_store_id) is None:
            raise Invalid("choice_unknown", "store", text=fault_store_id[:26])
        case = replace(before, confirmed=confirmed, fault_store_id=fault_store_id if confirmed else "")
        key = "cases.done.confirmed" if confirmed else "cases.done.unfounded"
        line = done(key, {"store_id": case.fault_store_id}, public=False)
        case, _, _ = await write_line(ctx, tx, case, actor, line)
        await audit(ctx, tx, actor, "case.judge", f"case:{case.id}", detail=f"{confirmed} {fault_store_id}")
        return await keep(ctx, tx, before, case, "judged")


async def _tell(ctx: Context, actor: Actor, case_id: str, kind: House, deed: Deed) -> Case:
    async with ctx.transaction() as tx:
        doing = await _begin(tx, actor, case_id, deed, verb=_VERBS[kind])
        fact = Fact(kind, deed.line_ids, {"reason": doing.reason, "case_id": case_id})
        await tell(ctx, tx, doing.case.order_id, [fact], actor=actor)
        return await _end(ctx, tx, doing, str(kind))


async def _begin(
    tx: Transaction, actor: Actor, case_id: str, deed: Deed, *, verb: Verb, needs_order: bool = True
) -> _Doing:
    """The agent's own case, of an order, with a reason given. Raises Conflict ``case_without_order``."""
    reason = demand_text(deed.reason, "reason", REASON_LIMIT)
    case = await _own_case(tx, actor, case_id, verb)
    if needs_order and not case.order_id:
        raise Conflict("case_without_order", "R-LOAN.8")
    if case.order_id:
        await access_order(tx, actor, case.order_id, Verb.READ_ORDER)
    return _Doing(actor, case, reason)


async def _own_case(tx: Transaction, actor: Actor, case_id: str, verb: Verb) -> Case:
    await access_case(tx, actor, case_id, verb)
    case = await held(tx, case_id)
    demand_holder(case, actor.account_id)
    return case


async def _end(ctx: Context, tx: Transaction, doing: _Doing, deed: str, **words: str) -> Case:
    """The deed's trace: a line in the case that the reader sees, and an entry of the audit trail."""
    case, line = doing.case, done(f"cases.done.{deed}", {**words, "reason": doing.reason})
    after, _, _ = await write_line(ctx, tx, case, doing.actor, line)
    await audit(ctx, tx, doing.actor, f"case.{deed}", f"case:{case.id}", detail=doing.reason[:200])
    return await keep(ctx, tx, case, after, deed)


def _named(deed: Deed) -> Deed:
    """A book is given up, lost or damaged by name, never a whole order at once."""
    if not deed.line_ids:
        raise Invalid("field_required", "line")
    return deed
