"""What a librarian does about the grades of their own answers: look, correct, appeal once (R-QC.3, R-QC.4)."""

from dataclasses import replace
from datetime import datetime

from server.actions.inspection_entry import keep_step
from server.actions.inspections import PAGE, access_inspection
from server.context import Context
from server.domain.errors import Conflict
from server.domain.inspections import Inspection, Step, demand_author, demand_reason, next_state
from server.domain.permissions import Actor, Verb, demand
from server.store.dues import cancel_due
from server.store.inspections import inspections_of_author, returned_to


async def own_inspections(
    ctx: Context, actor: Actor, *, before: tuple[datetime, str]
) -> tuple[list[Inspection], list[Inspection]]:
    """What the librarian has to correct, the nearest deadline first; and a page of all their sampled answers."""
    demand(actor, Verb.ANSWER_INSPECTION)
    to_correct = await returned_to(ctx.db.read, actor.account_id)
    found = await inspections_of_author(ctx.db.read, actor.account_id, before=before, limit=PAGE + 1)
    return to_correct, found


async def appeal(
    ctx: Context, actor: Actor, consultation_id: str, *, version: int, reason: str
) -> Inspection:
    """Ask another inspector to decide; while they do, nothing has to be corrected.

    Raises Invalid without a reason, Conflict ``appeal_decided`` or ``inspection_moved``, NotFound.
    """
    reason = demand_reason(reason, "appeal_needs_reason")
    async with ctx.transaction() as tx:
        inspection = await access_inspection(tx, actor, consultation_id, Verb.ANSWER_INSPECTION)
        demand_author(inspection, actor.account_id)
        state = next_state(inspection, Step.APPEAL)
        appealed = replace(
            inspection, state=state, appealed_once=True, correct_by=None, waiting_from=ctx.clock.now()
        )
        if inspection.version != version or not await keep_step(
            ctx, tx, appealed, seen=version, step=str(Step.APPEAL), actor_id=actor.account_id, text=reason
        ):
            raise Conflict("inspection_moved", "R-QC.3", state=str(inspection.state))
        await cancel_due(tx, "correction", consultation_id)
    return appealed
