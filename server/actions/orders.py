"""The one way in which a loan order changes: events are added, folded, written, and followed by what they entail.

``tell`` writes what readers, staff and rules do, guarded by the stage of each line. ``absorb`` takes in what devices
and couriers report, unguarded, because it has happened. Both are part of the caller's transaction.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from server.actions.allocation import allocate
from server.actions.loan_consequences import follow
from server.actions.open_orders import Changed, Fact, OpenOrder
from server.context import Context
from server.domain.errors import Conflict, NotFound
from server.domain.events import OrderChanged, ReviewMoved
from server.domain.loan_fold import Line, OrderState
from server.domain.loan_house import Attempt
from server.domain.loan_rows import LoanLine
from server.domain.loans import HOUSE, House, OrderEvent, Stage, allowed, demand_stage
from server.domain.permissions import SYSTEM, Actor
from server.store.orders import add_events, events_of, lines_of, lock_orders, save_lines, save_orders
from server.store.rows import Transaction

__all__ = ["Fact", "OpenOrder", "absorb", "tell"]
ROUNDS = 6  # what follows from what follows; a chain that does not end is a mistake of ours
_REVIEWED = frozenset({House.SUBMITTED, House.APPROVED, House.REFUSED, House.CANCELLED})
_REASONED = (House.REFUSED, House.CANCELLED)
_REASON = 500
_CLOSED = frozenset({OrderState.CLOSED, OrderState.REFUSED, OrderState.CANCELLED, OrderState.UNFILLED})


async def tell(
    ctx: Context, tx: Transaction, order_id: str, facts: Sequence[Fact], *, actor: Actor = SYSTEM
) -> OpenOrder:
    """Write what the house says, and all that follows from it. Returns the order as it is then.

    Raises NotFound ``order_not_found``; Conflict ``loan_stage`` where a line is at no stage for it: nothing is kept.
    """
    opened = (await open_orders(tx, [order_id])).get(order_id)
    if opened is None:
        raise NotFound("order_not_found")
    _write(ctx, opened, facts, actor)
    await settle(ctx, tx, [opened])
    return opened


async def absorb(
    ctx: Context, tx: Transaction, events: Mapping[str, Sequence[OrderEvent]]
) -> list[OpenOrder]:
    """Take in what devices and couriers report of orders; what is known already changes nothing.

    Orders that are not there are left out: their events stay in the inbox.
    """
    opened = await open_orders(tx, list(events))
    for order_id, at_work in opened.items():
        known = {_identity(event) for event in at_work.events}
        for event in events[order_id]:
            if _identity(event) not in known:
                known.add(_identity(event))
                _add(ctx, at_work, event)
    moved = [at_work for at_work in opened.values() if at_work.fresh]
    for at_work in moved:
        at_work.fold()
    await settle(ctx, tx, moved)
    return moved


async def open_orders(tx: Transaction, order_ids: Sequence[str]) -> dict[str, OpenOrder]:
    """Orders, locked in the order of their ids, with lines and events."""
    rows = await lock_orders(tx, order_ids)
    lines, events = await lines_of(tx, list(rows)), await events_of(tx, list(rows))
    return {
        order_id: OpenOrder(row, {line.id: line for line in lines[order_id]}, events[order_id])
        for order_id, row in rows.items()
    }


async def settle(ctx: Context, tx: Transaction, opened: Sequence[OpenOrder]) -> None:
    """Do what follows from what the fold says until nothing does; then write all of it and tell whoever listens."""
    for each in opened:
        for _ in range(ROUNDS):
            facts = await follow(ctx, tx, each, _rows_follow(ctx, each))
            if not facts:
                break
            _write(ctx, each, facts, SYSTEM)
        else:
            raise RuntimeError(f"order {each.row.id} does not come to rest")
        each.row = replace(each.row, events=each.number, house_events=each.house_events)
    await add_events(tx, ((each.row.id, event) for each in opened for event in each.fresh))
    await save_lines(tx, [each.lines[line_id] for each in opened for line_id in sorted(each.touched)])
    await save_orders(tx, [each.row for each in opened])
    for each in opened:
        if any(event.kind in _REVIEWED for event in each.fresh):
            tx.announce(ReviewMoved(each.row.id))
        for event in each.fresh:
            line = each.folded.lines.get(event.line_id)
            stage = str(line.stage) if line else ""
            tx.announce(OrderChanged(each.row.id, event, str(each.row.state), stage))


async def retry_allocation(ctx: Context, tx: Transaction, order_id: str) -> bool:
    """Look once more for copies of the lines for which none was free; whether some still want one."""
    opened = (await open_orders(tx, [order_id])).get(order_id)
    if opened is None:
        return False
    waiting = [line_id for line_id, line in opened.folded.lines.items() if line.stage is Stage.APPROVED]
    opened.tried.update(waiting)
    _write(ctx, opened, await allocate(ctx, tx, opened, waiting, again=True), SYSTEM)
    await settle(ctx, tx, [opened])
    return any(line.stage is Stage.APPROVED for line in opened.folded.lines.values())


def _write(ctx: Context, opened: OpenOrder, facts: Sequence[Fact], actor: Actor) -> None:
    """Add house events; each fact is judged by what those before it have made of the lines."""
    for fact in facts:
        for line_id in _lines_meant(opened, fact):
            if line_id:
                demand_stage(opened.folded.lines[line_id].stage, fact.kind)
            event = OrderEvent(
                HOUSE,
                str(fact.kind),
                sequence=opened.house_events + 1,
                line_id=line_id,
                command_id=fact.command_id,
                data=fact.data,
                actor_id=actor.account_id,
                public=fact.public,
            )
            _add(ctx, opened, event)
        if fact.kind in _REASONED and fact.data.get("reason"):
            opened.row = replace(opened.row, reason=str(fact.data["reason"])[:_REASON])
        opened.fold()


def _lines_meant(opened: OpenOrder, fact: Fact) -> list[str]:
    """The lines a fact is about. The whole order is meant by no name: then only those that it can still concern."""
    if fact.kind is House.SUBMITTED:
        return [""]
    unknown = [line_id for line_id in fact.line_ids if line_id not in opened.lines]
    if unknown:
        raise NotFound("order_line_not_found")
    if fact.line_ids:
        return list(fact.line_ids)
    meant = [line_id for line_id, line in opened.folded.lines.items() if allowed(line.stage, fact.kind)]
    if not meant:
        stage = next(iter(opened.folded.lines.values())).stage
        raise Conflict("loan_stage", "R-COM.3", stage=str(stage), action=str(fact.kind))
    return meant


def _add(ctx: Context, opened: OpenOrder, event: OrderEvent) -> None:
    received_at = event.received_at or ctx.clock.now()
    opened.add(replace(event, id=ctx.ids.new(), number=opened.number + 1, received_at=received_at))


def _rows_follow(ctx: Context, opened: OpenOrder) -> list[Changed]:
    """The rows say what the fold says; what has changed of the lines is told."""
    now = ctx.clock.now()
    changes: list[Changed] = []
    for line_id, line in opened.folded.lines.items():
        before = opened.lines[line_id]
        after = _line_row(before, line, now)
        if after is before:
            continue
        opened.lines[line_id] = after
        opened.touched.add(line_id)
        newly_lent, renewed = before.lent_at is None and line.lent, line.renewals > before.renewals
        if before.state is not line.stage or newly_lent or renewed:
            changes.append(Changed(line_id, before.state, line.stage, newly_lent=newly_lent, renewed=renewed))
    state = opened.folded.state
    if state is not opened.row.state:
        closed_at = (opened.row.closed_at or now) if state in _CLOSED else None
        opened.row = replace(opened.row, state=state, closed_at=closed_at)
    return changes


def _line_row(before: LoanLine, line: Line, now: datetime) -> LoanLine:
    """The line's row as the fold has it; the same row where nothing has changed."""
    attempt = line.attempt or Attempt("", before.store_id, "")
    told: dict[str, Any] = {
        "state": line.stage,
        "store_id": attempt.store_id,
        "item_id": attempt.item_id,
        "barcode": attempt.barcode,
        "location": attempt.location,
        "command_id": attempt.command_id,
        "parcel_id": line.parcel_id,
        "attempts": len(line.earlier) + (line.attempt is not None),
        "lent_at": line.lent_at,
        "renewals": line.renewals,
    }
    if all(getattr(before, name) == value for name, value in told.items()):
        return before
    moved = before.state is not line.stage
    return replace(
        before,
        **told,
        stage_at=now if moved else before.stage_at,
        ended_at=(before.ended_at or now) if line.ended else None,
    )


def _identity(event: OrderEvent) -> tuple[str, str, int, int, str]:
    return (event.source, event.epoch, event.sequence, event.at if not event.sequence else 0, event.body_hash)
