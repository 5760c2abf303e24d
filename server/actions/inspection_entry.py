"""How answers come before the inspectors, and what the world outside changes in an inspection (R-QC.3, R-QC.4)."""

import json
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from server.actions.kept_policies import kept_policy
from server.actions.links import address_of
from server.actions.mails import write_mail
from server.context import Context
from server.domain.accounts import Account
from server.domain.answer_facts import AnswerFacts, GivenAnswer, facts_of
from server.domain.consultations import Consultation
from server.domain.errors import Conflict
from server.domain.grades import Suggestion, suggest
from server.domain.inspections import Inspection, State, Step, next_state
from server.domain.kept_answers import Answer
from server.domain.samples import sampling_of
from server.domain.task_policies import TaskPolicy
from server.domain.tasks import Delivery, Kind
from server.store.accounts import account_by_id, managers_of
from server.store.answers import answer_by_id, answer_given_read
from server.store.consultations import consultation_by_id, consultation_read, policies_by_ids
from server.store.dues import Due
from server.store.inspections import (
    InspectionStep,
    add_inspection_step,
    insert_inspection,
    inspection_by_id,
    inspection_read,
    save_inspection,
)
from server.store.probes import watched_of_answer
from server.store.reads import read_together
from server.store.rows import Reader, Transaction
from server.words.times import dated_moment

NEVER = 1.0  # a draw that no share reaches
UNGRADED = frozenset({State.QUEUED, State.CORRECTED})
REOPENING = frozenset({State.GRADED, State.DECIDED, State.PUBLISHED})
_TRIES = 3  # a worker may note at this very moment that the deadline has passed


@dataclass(frozen=True, slots=True)
class Weighed:
    """An answer with everything that its grade is worked out from."""

    asked: Consultation
    answer: Answer
    policy: TaskPolicy
    facts: AnswerFacts
    suggestion: Suggestion


async def queue_inspection(ctx: Context, tx: Transaction, asked: Consultation, answer: Answer) -> bool:
    """Let chance and rules decide whether an answer that is just being sent comes before an inspector (R-QC.3).

    It works from what the sender has in hand: of most answers nothing is read or written here.
    """
    asked = replace(asked, answer_id=answer.id, answered_at=answer.sent_at)
    weighed = _weighed(asked, answer, await kept_policy(ctx, tx, asked.policy_id), link_died=False)
    return await _sample(ctx, tx, weighed, draw=ctx.rng.uniform(0, 1))


async def look_again(ctx: Context, tx: Transaction, consultation_id: str) -> None:
    """Something has changed about a sent answer: the reader rated it, or its link has died.

    Until it is graded the suggestion is worked out anew. An answer that nobody looked at may come before an inspector
    by a rule, never by a second draw; one that was graded is looked at again when its link has died (R-ANS.2).
    """
    asked, inspection, answer = await read_together(
        tx,
        consultation_read(consultation_id),
        inspection_read(consultation_id),
        answer_given_read(consultation_id),
    )
    if asked is not None:
        await look_again_at(ctx, tx, asked, inspection, answer)


async def look_again_at(
    ctx: Context, tx: Transaction, asked: Consultation, inspection: Inspection | None, answer: Answer | None
) -> None:
    """Look again, with the consultation as it has become in hand, and the answer that is in force."""
    if inspection is not None and inspection.answer_id != asked.answer_id:
        answer = await answer_by_id(tx, inspection.answer_id)
    if answer is None or answer.sent_at is None:
        return
    weighed = await _on_scales(tx, asked, answer, await kept_policy(ctx, tx, asked.policy_id))
    if inspection is None:
        await _sample(ctx, tx, weighed, draw=NEVER)
    elif inspection.state in UNGRADED:
        await keep_step(ctx, tx, reweighed(inspection, weighed), seen=inspection.version)
    elif weighed.facts.link_died and not inspection.facts.link_died and inspection.state in REOPENING:
        reopened = replace(
            reweighed(inspection, weighed),
            state=next_state(inspection, Step.REOPEN),
            appealed_once=False,
            waiting_from=ctx.clock.now(),
        )
        await keep_step(ctx, tx, reopened, seen=inspection.version, step=str(Step.REOPEN))


async def correction_sent(ctx: Context, tx: Transaction, consultation_id: str) -> None:
    """A corrected version is in force for this reader: an inspector looks at it again (R-QC.4).

    Raises Conflict ``inspection_moved`` when the inspection changes under it again and again.
    """
    for _ in range(_TRIES):
        inspection = await inspection_by_id(tx, consultation_id)
        if inspection is None or inspection.state is not State.RETURNED:
            return
        weighed = await weigh(tx, consultation_id)
        if weighed is None:
            return
        corrected = replace(
            reweighed(replace(inspection, corrections={}), weighed),
            state=next_state(inspection, Step.CORRECT),
            answer_id=weighed.answer.id,
            overdue=False,
            waiting_from=ctx.clock.now(),
        )
        by = weighed.answer.staff_id
        if await keep_step(ctx, tx, corrected, seen=inspection.version, step=str(Step.CORRECT), actor_id=by):
            return
    raise Conflict("inspection_moved", "R-QC.4")


async def correction_due(ctx: Context, tx: Transaction, due: Due) -> datetime | None:
    """The deadline of a correction has passed: the librarian's managers are told, once. (Due ``correction``.)"""
    inspection = await inspection_by_id(tx, due.subject_id)
    if inspection is None or inspection.state is not State.RETURNED or inspection.overdue:
        return None
    if inspection.correct_by is not None and ctx.clock.now() < inspection.correct_by:
        return inspection.correct_by
    overdue = replace(inspection, overdue=True)
    await keep_step(ctx, tx, overdue, seen=inspection.version, step="overdue")
    author = await account_by_id(tx, inspection.staff_id)
    for manager in await managers_of(tx, inspection.library_id):
        await tell(ctx, tx, manager, "correction_overdue", inspection, staff=author.name if author else "")
    return None


async def weigh(db: Reader, consultation_id: str, answer_id: str = "") -> Weighed | None:
    """A version of the answer, else the one in force, with its facts; None where nothing is answered."""
    asked = await consultation_by_id(db, consultation_id)
    answer_id = answer_id or (asked.answer_id if asked else "")
    answer = await answer_by_id(db, answer_id) if answer_id else None
    if asked is None or answer is None or answer.sent_at is None:
        return None
    policy = (await policies_by_ids(db, [asked.policy_id]))[asked.policy_id]
    return await _on_scales(db, asked, answer, policy)


async def _on_scales(db: Reader, asked: Consultation, answer: Answer, policy: TaskPolicy) -> Weighed:
    died = bool(answer.link_url) and any(link.died_at for link in await watched_of_answer(db, answer.id))
    return _weighed(asked, answer, policy, link_died=died)


def _weighed(asked: Consultation, answer: Answer, policy: TaskPolicy, *, link_died: bool) -> Weighed:
    assert answer.sent_at is not None, "only what was sent is weighed"
    given = GivenAnswer(
        kind=Kind(answer.kind),
        delivery=Delivery(answer.delivery) if answer.delivery else None,
        body=answer.body,
        sent_at=answer.sent_at,
        noted=answer.facts,
        link_died=link_died,
    )
    facts = facts_of(asked, given, policy)
    return Weighed(asked, answer, policy, facts, suggest(facts, policy))


def up_to_date(inspection: Inspection, weighed: Weighed) -> Inspection:
    """The inspection as it is judged: until the grade is given, by the facts of this moment."""
    return reweighed(inspection, weighed) if inspection.state in UNGRADED else inspection


def reweighed(inspection: Inspection, weighed: Weighed) -> Inspection:
    """The inspection with fresh facts, and the suggestion that they and the inspector's corrections make."""
    fresh = replace(inspection, facts=weighed.facts)
    suggestion = suggest(fresh.facts_now, weighed.policy)
    return replace(fresh, suggested_grade=suggestion.grade, suggested_row=suggestion.row)


async def keep_step(
    ctx: Context, tx: Transaction, inspection: Inspection, *, seen: int, step: str = "", **said: str
) -> bool:
    """Keep the next state, with a line in the history where a step is named; False when somebody was faster."""
    kept = await save_inspection(tx, replace(inspection, version=seen + 1), seen=seen)
    if kept and step:
        await note(ctx, tx, inspection, step, **said)
    return kept


async def note(ctx: Context, tx: Transaction, inspection: Inspection, step: str, **said: str) -> str:
    """A line in the inspection's history; returns its id."""
    line = InspectionStep(
        ctx.ids.new(),
        inspection.consultation_id,
        step,
        ctx.clock.now(),
        answer_id=inspection.answer_id,
        suggested_row=inspection.suggested_row,
        **said,
    )
    await add_inspection_step(tx, line)
    return line.id


async def tell(
    ctx: Context, tx: Transaction, to: Account, template: str, inspection: Inspection, **data: Any
) -> None:
    """Mail somebody about an inspection, once for each of its versions."""
    due = inspection.correct_by
    zone = ZoneInfo(ctx.settings.zone)
    await write_mail(
        ctx,
        tx,
        template=template,
        recipient=to.mail,
        language=to.language,
        data={
            "name": to.name,
            "title": inspection.title,
            "until": dated_moment(due, zone, to.language) if due else "",
            "link": address_of(ctx, f"/console/returns/{inspection.consultation_id}"),
            **data,
        },
        event_key=f"inspection:{inspection.consultation_id}:{inspection.version}:{template}:{to.id}",
    )


async def _sample(ctx: Context, tx: Transaction, weighed: Weighed, *, draw: float) -> bool:
    answer, asked, suggestion = weighed.answer, weighed.asked, weighed.suggestion
    sampling = sampling_of(
        draw,
        suggestion,
        intern=bool(answer.released_by),
        probe_finding=weighed.facts.link_died,
        share=weighed.policy.sample_percent / 100,
    )
    if sampling.reason is None:
        return False
    now = ctx.clock.now()
    inspection = Inspection(
        consultation_id=asked.id,
        state=State.QUEUED,
        staff_id=answer.staff_id,
        library_id=answer.library_id,
        answer_id=answer.id,
        reason=sampling.reason,
        at_random=sampling.at_random,
        released_by=answer.released_by,
        channel=str(asked.channel),
        title=asked.title,
        facts=weighed.facts,
        suggested_grade=suggestion.grade,
        suggested_row=suggestion.row,
        answered_at=asked.answered_at or now,
        queued_at=now,
        waiting_from=now,
    )
    if not await insert_inspection(tx, inspection):
        return False
    await note(ctx, tx, inspection, "queue", text=json.dumps({"reason": str(sampling.reason)}))
    return True
