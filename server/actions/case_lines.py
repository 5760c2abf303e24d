"""What every change of a case does alike: lock it, add a line, keep its clock, tell who listens (R-ANS.6)."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from server.actions.desks import zone_of
from server.actions.links import address_of
from server.actions.mails import is_address, write_mail
from server.context import Context
from server.domain.cases import Case, CaseLine, CaseState, NewCaseLine, answered, asked, done
from server.domain.errors import NotFound
from server.domain.events import CaseChanged, CaseSaid, CasesChanged
from server.domain.permissions import SYSTEM, Actor
from server.store.accounts import account_by_id, managers_of
from server.store.cases import add_line, line_by_client_id, lock_case, next_note_number, save_case
from server.store.dues import cancel_due, set_due
from server.store.orders import order_by_id
from server.store.policies import loan_policy_at
from server.store.presence import is_present
from server.store.rows import Transaction

READER, STAFF = "reader", "staff"
READER_HERE, STAFF_HERE = "case", "case-staff"  # kinds of presence, of a case each


@dataclass(frozen=True, slots=True)
class CaseMail:
    """A mail to a case's reader, once for each ``event``; it names reader, case and order beside ``data``."""

    template: str
    event: str
    data: Mapping[str, Any]


async def held(tx: Transaction, case_id: str) -> Case:
    """The case, locked to the end of the transaction. Raises NotFound."""
    case = await lock_case(tx, case_id)
    if case is None:
        raise NotFound("case_not_found")
    return case


async def write_line(
    ctx: Context,
    tx: Transaction,
    case: Case,
    actor: Actor,
    new: NewCaseLine,
) -> tuple[Case, CaseLine, bool]:
    """Add a line to a locked case. Returns the case, which the caller saves, the line, and whether it is new."""
    client_id = new.client_id or ctx.ids.new()
    known = await line_by_client_id(tx, case.id, client_id)
    if known is not None:
        return case, known, False
    number = case.messages + 1 if new.public else await next_note_number(tx, case.id)
    line = CaseLine(
        id=ctx.ids.new(),
        case_id=case.id,
        number=number,
        client_id=client_id,
        author_kind=_author(case, actor),
        author_id=actor.account_id,
        author_name=actor.name[:60] if actor is not SYSTEM else "",
        kind=new.kind,
        text=new.text,
        at=ctx.clock.now(),
    )
    await add_line(tx, line)
    tx.announce(CaseSaid(line))
    return (replace(case, messages=number) if new.public else case), line, True


async def keep(ctx: Context, tx: Transaction, before: Case, after: Case, why: str) -> Case:
    """Save a changed case with its clock, and tell whoever shows it."""
    if after.reply_due_at != before.reply_due_at or after.state is not before.state:
        if after.reply_due_at is not None and after.state is not CaseState.CLOSED:
            await set_due(tx, "case_reply", after.id, after.reply_due_at)
        else:
            await cancel_due(tx, "case_reply", after.id)
    await save_case(tx, after)
    tx.announce(CaseChanged(after.id, why))
    tx.announce(CasesChanged(after.id))
    return after


async def reader_asked(ctx: Context, tx: Transaction, case: Case) -> Case:
    """The reader wrote: their oldest unanswered message starts the clock; a closed case is open again."""
    now = ctx.clock.now()
    policy = await loan_policy_at(tx, case.library_id, now)
    if case.state is CaseState.CLOSED:
        state = CaseState.CLAIMED if case.holder_id else CaseState.OPEN
        case = replace(case, state=state, closed_at=None, outcome="", rating="")
    return asked(case, now, policy.case_reply_hours)


async def staff_answered(ctx: Context, tx: Transaction, case: Case) -> Case:
    """Staff answered: the clock stops; a reply that comes too late is counted, once."""
    if case.reply_due_at is not None and case.reply_due_at < ctx.clock.now():
        case = await count_missed(ctx, tx, case)
    return answered(case)


async def count_missed(ctx: Context, tx: Transaction, case: Case) -> Case:
    """No reply came in time (R-ANS.6): counted and shown in the case, and the library's managers are mailed, once."""
    assert case.waiting_since_at is not None, "only a message that waits can be missed"
    mark = f"missed:{case.waiting_since_at:%y%m%d%H%M%S%f}"
    missed = done("cases.done.missed", {}, client_id=mark, public=False)
    case, _, fresh = await write_line(ctx, tx, case, SYSTEM, missed)
    if not fresh:
        return case
    for manager in await managers_of(tx, case.library_id):
        if not is_address(manager.mail):
            continue
        await write_mail(
            ctx,
            tx,
            template="case_missed_manager",
            recipient=manager.mail,
            language=manager.language,
            data={"number": case.number, "link": address_of(ctx, f"/console/cases/{case.id}")},
            event_key=f"case:{case.id}:{mark}:{manager.id}",
        )
    return replace(case, missed=case.missed + 1)


async def mail_unless_here(ctx: Context, tx: Transaction, case: Case, line: CaseLine) -> None:
    """Mail what was said to a reader whose page of the case is not open."""
    if not await is_present(tx, READER_HERE, case.id, ctx.clock.now()):
        await mail_reader(ctx, tx, case, CaseMail("case_reply", f"line:{line.id}", {"body": line.text}))


async def mail_reader(ctx: Context, tx: Transaction, case: Case, mail: CaseMail) -> None:
    """Mail the case's reader, once for its event; an address that no mail can go to holds nothing up."""
    order = await order_by_id(tx, case.order_id) if case.order_id else None
    account = await account_by_id(tx, case.reader_id) if case.reader_id else None
    recipient = (order.mail if order else "") or (account.mail if account else "")
    if not is_address(recipient):
        return
    link = f"/loans/cases/{case.id}" if case.reader_id else "/loans"
    values = {
        "name": order.name if order else account.name if account else "",
        "number": case.number,
        "order": order.number if order else "",
        "link": address_of(ctx, link),
        **mail.data,
    }
    await write_mail(
        ctx,
        tx,
        template=mail.template,
        recipient=recipient,
        language=order.language if order else account.language if account else "zh",
        data=values,
        event_key=f"case:{case.id}:{mail.event}",
    )


def today(ctx: Context) -> Any:
    """The day in the installation's zone."""
    return ctx.clock.now().astimezone(zone_of(ctx)).date()


def _author(case: Case, actor: Actor) -> str:
    if actor is SYSTEM:
        return "system"
    return READER if case.reader_id and actor.account_id == case.reader_id else STAFF
