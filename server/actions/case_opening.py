"""How a case comes to be: once for every press and every finding, with its number and first line."""

from collections.abc import Mapping
from typing import Any

from server.actions.case_lines import CaseMail, keep, mail_reader, reader_asked, today, write_line
from server.context import Context
from server.domain.cases import (
    Case,
    CaseKind,
    CaseState,
    Channel,
    LineKind,
    NewCaseLine,
    done,
    said,
    short_said,
)
from server.domain.loan_rows import LoanOrder
from server.domain.order_numbers import order_number
from server.domain.permissions import SYSTEM, Actor
from server.store.cases import case_by_client_id, insert_case, number_taken
from server.store.orders import order_by_id
from server.store.rows import Transaction
from server.store.stores import store_by_id

# Of what the product finds out by itself, what the reader is told at once.
_TOLD = frozenset({CaseKind.LATE, CaseKind.STUCK, CaseKind.UNSURE, CaseKind.DIFFERENCE})


async def open_case(
    ctx: Context,
    tx: Transaction,
    *,
    kind: str,
    client_id: str,
    title_key: str,
    data: Mapping[str, Any],
    order_id: str = "",
    line_id: str = "",
    store_id: str = "",
    quiet: bool = False,
) -> Case:
    """Open a case for what the product has found out by itself; found again, the first one is returned.

    ``title_key`` with ``data`` says in words what is the matter. Where a reader waits for the order they are told
    first, in their language, by mail and on the order's page, unless it is to be opened in ``quiet``.
    """
    if known := await case_by_client_id(tx, client_id[:80]):
        return known
    order = await order_by_id(tx, order_id) if order_id else None
    store = await store_by_id(tx, store_id) if store_id else None
    case, fresh = await new_case(
        ctx,
        tx,
        client_id=client_id,
        channel=Channel.SYSTEM,
        kind=CaseKind(kind),
        title=short_said(title_key, data),
        order=order,
        line_id=line_id,
        store_id=store_id,
        library_id=order.library_id if order else store.library_id if store else "",
    )
    if not fresh:
        return case
    before = case
    found = done(title_key, data, client_id="found", public=False)
    case, _, _ = await write_line(ctx, tx, case, SYSTEM, found)
    if case.reader_id and case.kind in _TOLD and not quiet:
        text = said(f"cases.told.{case.kind}", {"number": order.number if order else ""})
        told = NewCaseLine(LineKind.MESSAGE, text, "told")
        case, _, _ = await write_line(ctx, tx, case, SYSTEM, told)
        await mail_reader(ctx, tx, case, CaseMail("case_found", "found", {"kind": str(case.kind)}))
    return await keep(ctx, tx, before, case, "opened")


async def open_with_words(
    ctx: Context,
    tx: Transaction,
    actor: Actor,
    case: Case,
    words: str,
) -> Case:
    """The first words of a new case, the reader's or what an agent took down for them: its clock starts."""
    before = case
    first = NewCaseLine(LineKind.MESSAGE, words, "first")
    case, _, fresh = await write_line(ctx, tx, case, actor, first)
    if fresh:
        case = await reader_asked(ctx, tx, case)
    return await keep(ctx, tx, before, case, "opened")


async def new_case(
    ctx: Context,
    tx: Transaction,
    *,
    client_id: str,
    channel: Channel,
    kind: CaseKind,
    title: str,
    order: LoanOrder | None = None,
    line_id: str = "",
    store_id: str = "",
    library_id: str = "",
    reader_id: str = "",
    session_id: str = "",
    holder_id: str = "",
) -> tuple[Case, bool]:
    """A case without a line yet, held against changes; opened before under the same client id, that one and False."""
    case = Case(
        id=ctx.ids.new(),
        number=await _number(ctx, tx),
        client_id=client_id[:80],
        order_id=order.id if order else "",
        line_id=line_id,
        reader_id=reader_id or (order.reader_id if order else ""),
        library_id=library_id or (order.library_id if order else ""),
        store_id=store_id,
        session_id=session_id,
        channel=channel,
        kind=kind,
        state=CaseState.CLAIMED if holder_id else CaseState.OPEN,
        holder_id=holder_id,
        title=title,
        opened_at=ctx.clock.now(),
    )
    if await insert_case(tx, case):
        return case, True
    known = await case_by_client_id(tx, case.client_id)
    assert known is not None, "its client id was refused as taken"
    return known, False


async def _number(ctx: Context, tx: Transaction) -> str:
    """A number that no case has; like an order's, with a C before it."""
    for _ in range(20):
        number = "C" + order_number(today(ctx), ctx.ids.new())
        if not await number_taken(tx, number):
            return number
    raise RuntimeError("no case number is free")
