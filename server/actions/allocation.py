"""Finding a copy for each line of an approved order: one store's, reserved, and fetched by machine or people."""

from collections.abc import Sequence
from datetime import timedelta

from server.actions.open_orders import Fact, OpenOrder
from server.context import Context
from server.domain.allocation import Candidate, in_order_of_choice
from server.domain.loans import House
from server.domain.stack import CommandKind
from server.store.dues import set_due, set_due_once
from server.store.items import free_copies, reserve, take_turn
from server.store.loan_policies import loan_policy
from server.store.rows import Transaction
from server.store.stack_commands import NewCommand, insert_commands

TRY_AGAIN = timedelta(minutes=15)


async def allocate(
    ctx: Context, tx: Transaction, opened: OpenOrder, line_ids: Sequence[str], *, again: bool = False
) -> list[Fact]:
    """Reserve a copy for each of these lines; what cannot be had now is looked for again, and in the end given up.

    Looked for ``again`` later, a copy that was tried in vain may do after all: a machine that stood works by now.
    """
    policy = await loan_policy(ctx.shelf, tx, opened.row.policy_id)
    stores = {
        line.store_id
        for line in opened.lines.values()
        if line.store_id and line.item_id and line.id not in line_ids
    }
    facts: list[Fact] = []
    commands: list[NewCommand] = []
    for line_id in sorted(
        line_ids, key=lambda each: opened.lines[each].record_id
    ):  # everybody in this order: none waits in a ring
        chosen = await _take_copy(
            tx, opened, line_id, smart_first=policy.smart_stack_first, stores=stores, again=again
        )
        if chosen is None:
            facts.append(await _shortage(ctx, tx, opened, line_id, timedelta(hours=policy.store_try_hours)))
            continue
        stores.add(chosen.store_id)
        command_id = ctx.ids.new() if chosen.fetched_by_machine else ""
        if command_id:
            commands.append(_retrieval(ctx, opened, line_id, chosen, command_id))
            await set_due(
                tx, "stack_stuck", command_id, ctx.clock.now() + timedelta(minutes=policy.stuck_minutes)
            )
        facts.append(_allocated(line_id, chosen, command_id))
    await insert_commands(tx, commands)
    await take_turn(tx, {fact.data["store_id"] for fact in facts if "store_id" in fact.data}, ctx.clock.now())
    return facts


async def _take_copy(
    tx: Transaction, opened: OpenOrder, line_id: str, *, smart_first: bool, stores: set[str], again: bool
) -> Candidate | None:
    line = opened.folded.lines[line_id]
    tried = {each.item_id for each in line.earlier} | ({line.attempt.item_id} if line.attempt else set())
    copies = in_order_of_choice(
        await free_copies(tx, opened.lines[line_id].record_id),
        smart_first=smart_first,
        stores_in_order=stores,
        stores_given_up=_given_up(opened, line_id),
    )
    fresh = [copy for copy in copies if copy.item_id not in tried]
    for copy in (*fresh, *(copy for copy in copies if again and copy.item_id in tried)):
        if await reserve(tx, copy.item_id, opened.row.id, line_id):
            return copy
    return None


def _given_up(opened: OpenOrder, line_id: str) -> set[str]:
    """Stores that people have given up for this line: a machine that stands, a hall that is closed."""
    told = (e for e in opened.events if e.line_id == line_id and e.kind == House.TAKEN_OVER)
    return {str(e.data["store_id"]) for e in told if "store_id" in e.data}


async def _shortage(
    ctx: Context, tx: Transaction, opened: OpenOrder, line_id: str, patience: timedelta
) -> Fact:
    """No copy is free: try again for a while, then the rest of the order goes without it."""
    since = min(
        (
            e.received_at
            for e in opened.events
            if e.line_id == line_id and e.kind == House.SHORTAGE and e.received_at
        ),
        default=ctx.clock.now(),
    )
    if ctx.clock.now() - since >= patience:
        return Fact(House.UNFILLED, (line_id,))
    await set_due_once(tx, "loan_try", opened.row.id, ctx.clock.now() + TRY_AGAIN)
    return Fact(House.SHORTAGE, (line_id,), public=False)


def _allocated(line_id: str, chosen: Candidate, command_id: str) -> Fact:
    data = {
        "item_id": chosen.item_id,
        "store_id": chosen.store_id,
        "barcode": chosen.barcode,
        "location": chosen.location,
        "smart": chosen.smart,
    }
    return Fact(House.ALLOCATED, (line_id,), data, command_id)


def _retrieval(
    ctx: Context, opened: OpenOrder, line_id: str, chosen: Candidate, command_id: str
) -> NewCommand:
    return NewCommand(
        id=command_id,
        device_id=chosen.device_id,
        kind=CommandKind.RETRIEVE,
        order_id=opened.row.id,
        line_id=line_id,
        item_id=chosen.item_id,
        barcode=chosen.barcode,
        tote=chosen.tote,
        priority=5,
        created_at=ctx.clock.now(),
    )
