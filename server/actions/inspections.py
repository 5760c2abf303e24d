"""What inspectors do: see the whole story of an answer, put facts right, grade, return, decide appeals (R-QC.3, .4)."""

import json
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from server.actions.access import audit
from server.actions.inspection_entry import UNGRADED, Weighed, keep_step, reweighed, tell, up_to_date, weigh
from server.context import Context
from server.domain.answer_facts import correction_of
from server.domain.errors import Conflict, Invalid, NotFound
from server.domain.grades import suggest
from server.domain.inspections import (
    Inspection,
    Listed,
    State,
    Step,
    demand_decider,
    demand_inspector,
    demand_reason,
    judged,
    next_state,
)
from server.domain.permissions import Actor, Thing, Verb, demand, library_scopes, may
from server.store.accounts import account_by_id
from server.store.dues import set_due
from server.store.inspections import (
    another_inspector,
    count_by_state,
    inspection_by_id,
    inspections_in,
    mark_graded,
)
from server.store.rows import Reader, Transaction

PAGE = 50
LONGEST_DAYS = 30
VIEWS = {
    "waiting": (State.QUEUED, State.CORRECTED),
    "appeals": (State.APPEALED,),
    "returned": (State.RETURNED,),
    "done": (State.GRADED, State.DECIDED),
}


@dataclass(frozen=True, slots=True)
class Judgement:
    """What an inspector filled in, on the version of the inspection that they had seen."""

    version: int
    grade: str = ""
    row: str = ""
    reason: str = ""
    note: str = ""  # what is to be corrected
    days: int = 3  # until when


async def inspection_queue(
    ctx: Context, actor: Actor, view: str, *, after: tuple[datetime, str]
) -> tuple[list[Listed], dict[State, int]]:
    """A page of the inspector's list, one more than it shows; and how many stand where.

    What waits comes longest waiting first, what is done newest first.
    """
    demand(actor, Verb.INSPECT)
    scope = library_scopes(actor, Verb.INSPECT)
    found = await inspections_in(
        ctx.db.read, VIEWS[view], scope, after=after, newest=view == "done", limit=PAGE + 1
    )
    return found, await count_by_state(ctx.db.read, scope)


async def access_inspection(db: Reader, actor: Actor, consultation_id: str, verb: Verb) -> Inspection:
    """The inspection, for someone who may do this with it. Raises NotFound for all others."""
    inspection = await inspection_by_id(db, consultation_id)
    if inspection is None:
        raise NotFound("inspection_not_found")
    if not may(actor, verb, Thing(inspection.library_id, crew=inspection.authors)):
        raise NotFound("inspection_not_found")
    return inspection


async def correct_fact(
    ctx: Context, actor: Actor, consultation_id: str, *, version: int, name: str, value: str
) -> Inspection:
    """Put a recorded fact right; the suggestion is worked out anew. Raises Invalid, Conflict ``inspection_moved``."""
    corrected = correction_of(name, value)
    async with ctx.transaction() as tx:
        inspection, weighed = await _to_grade(tx, actor, consultation_id, version)
        next_state(inspection, Step.GRADE)  # what is graded already keeps its facts
        fresh = reweighed(
            replace(inspection, corrections={**inspection.corrections, name: corrected}), weighed
        )
        said = json.dumps({"fact": name, "value": value})
        return await _keep(ctx, tx, actor, fresh, version, step="fact", text=said)


async def grade_answer(ctx: Context, actor: Actor, consultation_id: str, judgement: Judgement) -> Inspection:
    """Confirm the suggested grade, or give another with a reason (R-QC.3). Raises Invalid, NotAllowed, Conflict."""
    async with ctx.transaction() as tx:
        inspection, weighed = await _to_grade(tx, actor, consultation_id, judgement.version)
        state = next_state(inspection, Step.GRADE)
        graded = replace(_graded(ctx, actor, inspection, weighed, judgement), state=state, correct_by=None)
        said = judgement.reason.strip()
        return await _keep(ctx, tx, actor, graded, judgement.version, step=str(Step.GRADE), text=said)


async def return_answer(ctx: Context, actor: Actor, consultation_id: str, judgement: Judgement) -> Inspection:
    """Give the answer back to its librarian for correction by a deadline, with the grade as it stands (R-QC.4).

    Raises Invalid, NotAllowed, Conflict.
    """
    note = demand_reason(judgement.note, "return_needs_note", "note")
    if not 1 <= judgement.days <= LONGEST_DAYS:
        raise Invalid("days_wrong", "days", "R-QC.4")
    async with ctx.transaction() as tx:
        inspection, weighed = await _to_grade(tx, actor, consultation_id, judgement.version)
        state = next_state(inspection, Step.RETURN)
        judgement = replace(judgement, reason=judgement.reason.strip() or note)
        graded = inspection
        if inspection.state in UNGRADED:
            graded = _graded(ctx, actor, inspection, weighed, judgement)
        until = ctx.clock.now() + timedelta(days=judgement.days)
        returned = replace(graded, state=state, correct_by=until, overdue=False)
        said = "\n".join(dict.fromkeys((note, judgement.reason)))
        returned = await _keep(ctx, tx, actor, returned, judgement.version, step=str(Step.RETURN), text=said)
        await set_due(tx, "correction", consultation_id, until)
        await _tell_author(ctx, tx, returned, "inspection_returned", note=note)
    return returned


async def decide_appeal(ctx: Context, actor: Actor, consultation_id: str, judgement: Judgement) -> Inspection:
    """Decide a librarian's appeal; what is decided stands. Raises Invalid, NotAllowed, Conflict."""
    reason = demand_reason(judgement.reason, "decision_needs_reason")
    async with ctx.transaction() as tx:
        inspection, weighed = await _to_grade(tx, actor, consultation_id, judgement.version)
        state = next_state(inspection, Step.DECIDE)
        demand_decider(inspection, actor.account_id)
        suggestion = suggest(inspection.facts_now, weighed.policy)
        grade, row = judged(suggestion, judgement.grade, judgement.row, reason)
        decided = replace(
            inspection,
            state=state,
            grade=grade,
            grade_row=row,
            sample_grade=grade,
            decider_id=actor.account_id,
            appealed_once=True,
            correct_by=None,
        )
        decided = await _keep(ctx, tx, actor, decided, judgement.version, step=str(Step.DECIDE), text=reason)
        await _tell_author(ctx, tx, decided, "inspection_decided", grade=str(grade), reason=reason)
    return decided


def _graded(
    ctx: Context, actor: Actor, inspection: Inspection, weighed: Weighed, judgement: Judgement
) -> Inspection:
    """The inspection with the inspector's grade; the first one given is that of the sample."""
    suggestion = suggest(inspection.facts_now, weighed.policy)
    grade, row = judged(suggestion, judgement.grade, judgement.row, judgement.reason)
    return replace(
        inspection,
        grade=grade,
        grade_row=row,
        sample_grade=inspection.sample_grade or grade,
        inspector_id=actor.account_id,
        graded_at=ctx.clock.now(),
    )


async def _to_grade(
    tx: Transaction, actor: Actor, consultation_id: str, version: int
) -> tuple[Inspection, Weighed]:
    """An inspection that this inspector may work on, as they had seen it. Raises NotFound, NotAllowed, Conflict."""
    inspection = await access_inspection(tx, actor, consultation_id, Verb.INSPECT)
    another = await another_inspector(tx, inspection, actor.account_id)
    demand_inspector(inspection, actor.account_id, actor.library_id, another_there=another)
    weighed = await weigh(tx, consultation_id, inspection.answer_id)
    if weighed is None or inspection.version != version:
        raise Conflict("inspection_moved", "R-QC.3", state=str(inspection.state))
    return up_to_date(inspection, weighed), weighed


async def _keep(
    ctx: Context,
    tx: Transaction,
    actor: Actor,
    inspection: Inspection,
    seen: int,
    *,
    step: str,
    text: str,
) -> Inspection:
    kept = replace(inspection, waiting_from=ctx.clock.now() if step != "fact" else inspection.waiting_from)
    said = {"actor_id": actor.account_id, "text": text}
    if step != "fact":
        said |= {"grade": kept.grade or "", "grade_row": kept.grade_row}
    if not await keep_step(ctx, tx, kept, seen=seen, step=step, **said):
        raise Conflict("inspection_moved", "R-QC.3", state=str(inspection.state))
    if step != "fact":
        await mark_graded(tx, kept.consultation_id, kept.grade or "", kept.grade_row)
        await audit(
            ctx,
            tx,
            actor,
            f"inspection.{step}",
            f"consultation:{kept.consultation_id}",
            detail=kept.grade_row,
        )
    return replace(kept, version=seen + 1)


async def _tell_author(
    ctx: Context, tx: Transaction, inspection: Inspection, template: str, **data: str
) -> None:
    author = await account_by_id(tx, inspection.staff_id)
    if author is not None:
        await tell(ctx, tx, author, template, inspection, **data)
