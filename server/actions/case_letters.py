"""Writing to a reader from the back office: from an order, or from the reader's own page (R-COM.6)."""

from dataclasses import dataclass

from server.actions.access import access_order, audit
from server.actions.case_lines import keep, mail_unless_here, write_line
from server.actions.case_opening import new_case
from server.context import Context
from server.domain.cases import (
    TEXT_LIMIT,
    Case,
    CaseKind,
    Channel,
    LineKind,
    NewCaseLine,
    demand_text,
    headline,
)
from server.domain.errors import NotAllowed, NotFound
from server.domain.loan_rows import LoanOrder
from server.domain.permissions import Actor, Thing, Verb, may
from server.store.accounts import account_by_id
from server.store.cases import case_by_client_id
from server.store.rows import Reader


@dataclass(frozen=True, slots=True)
class Letter:
    """What is written, about an order or else to a reader."""

    client_id: str
    text: str
    order_id: str = ""
    reader_id: str = ""


async def write_to_reader(ctx: Context, actor: Actor, letter: Letter) -> Case:
    """Begin a talk with a reader: a case that is the writer's own; its reader is mailed, and answers there.

    Managers write to readers of their libraries, support agents to all. Raises NotFound, NotAllowed, Invalid.
    """
    words = demand_text(letter.text, "text", TEXT_LIMIT)
    order, reader_id, library_id = await _addressee(ctx.db.read, actor, letter)
    client_id = f"{actor.account_id}:{letter.client_id}"[:80]
    async with ctx.transaction() as tx:
        if known := await case_by_client_id(tx, client_id):
            return known
        case, fresh = await new_case(
            ctx,
            tx,
            client_id=client_id,
            channel=Channel.ORDER,
            kind=CaseKind.QUESTION,
            title=headline(words),
            order=order,
            reader_id=reader_id,
            library_id=library_id,
            holder_id=actor.account_id,
        )
        if not fresh:
            return case
        before = case
        first = NewCaseLine(LineKind.MESSAGE, words, "first")
        case, line, _ = await write_line(ctx, tx, case, actor, first)
        await mail_unless_here(ctx, tx, case, line)
        await audit(ctx, tx, actor, "case.write", f"case:{case.id}")
        return await keep(ctx, tx, before, case, "opened")


async def _addressee(db: Reader, actor: Actor, letter: Letter) -> tuple[LoanOrder | None, str, str]:
    """The order, its reader and their library, where the actor may write to them."""
    if letter.order_id:
        order = await access_order(db, actor, letter.order_id, Verb.READ_ORDER)
        reader_id, library_id = order.reader_id, order.library_id
        allowed = may(actor, Verb.WORK_CASE) or may(actor, Verb.REVIEW_ORDER, Thing(library_id))
        if reader_id == actor.account_id or not allowed:
            raise NotAllowed(verb=str(Verb.WORK_CASE))
        return order, reader_id, library_id
    account = await account_by_id(db, letter.reader_id) if letter.reader_id else None
    if account is None or account.id == actor.account_id:
        raise NotFound("reader_not_found")
    if not may(actor, Verb.WORK_CASE) and not may(actor, Verb.KEEP_CARDS, Thing(account.library_id)):
        raise NotFound("reader_not_found")
    return None, account.id, account.library_id
