"""The whole story of an answer on one page: for its inspectors, and as far as it is theirs for its librarian."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from server.actions.access import audit
from server.actions.inspection_entry import Weighed, up_to_date, weigh
from server.actions.inspections import access_inspection
from server.context import Context
from server.domain.attachments import Attached, Belonging, Owner
from server.domain.desks import Library
from server.domain.errors import NotAllowed, NotFound
from server.domain.grades import Suggestion, suggest
from server.domain.inspections import Inspection, State, demand_decider, demand_inspector
from server.domain.kept_answers import Answer, versions_kept
from server.domain.permissions import Actor, Role, Verb
from server.domain.pool import ClaimLine, TrailLine
from server.domain.probes import Probe
from server.store.accounts import account_by_id
from server.store.answers import answers_of_task
from server.store.attachments import attached_by_ids, attached_to
from server.store.inspections import InspectionStep, another_inspector, inspection_steps
from server.store.libraries import library_by_id
from server.store.pool_lists import claims_of, trail_of
from server.store.probes import probes_of
from server.store.rows import Reader
from server.wire.tokens import hashed


@dataclass(frozen=True, slots=True)
class Version:
    """One version of the answer with its files and what was found when its link was looked at."""

    answer: Answer
    author: str
    released_by: str
    files: Sequence[Attached]
    probes: Sequence[Probe]


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the inspection's history, with who did it."""

    step: InspectionStep
    actor: str
    said: Mapping[str, Any]  # what the line says beside words: a fact put right, why it was sampled


@dataclass(frozen=True, slots=True)
class InspectionStory:
    """Everything that bears on an answer's grade; no reader is named. ``barred`` says why this person may not grade."""

    inspection: Inspection
    weighed: Weighed
    suggestion: Suggestion
    library: Library | None
    strict_until: datetime
    citation: Mapping[str, str]
    request_files: Sequence[Attached]
    trail: Sequence[TrailLine]
    claims: Sequence[ClaimLine]
    versions: Sequence[Version]
    lines: Sequence[Line]
    barred: NotAllowed | None


async def inspection_story(ctx: Context, actor: Actor, consultation_id: str) -> InspectionStory:
    """The story for an inspector; that they read it is noted (R-LIVE.6). Raises NotFound."""
    inspection = await access_inspection(ctx.db.read, actor, consultation_id, Verb.INSPECT)
    async with ctx.transaction() as tx:
        await audit(ctx, tx, actor, "inspection.read", f"consultation:{consultation_id}")
    return await _story(ctx, actor, inspection)


async def own_story(ctx: Context, actor: Actor, consultation_id: str) -> InspectionStory:
    """The story for the librarian whose answer it is. Raises NotFound."""
    inspection = await access_inspection(ctx.db.read, actor, consultation_id, Verb.ANSWER_INSPECTION)
    return await _story(ctx, actor, inspection)


async def _story(ctx: Context, actor: Actor, inspection: Inspection) -> InspectionStory:
    db = ctx.db.read
    weighed = await weigh(db, inspection.consultation_id, inspection.answer_id)
    if weighed is None:
        raise NotFound("inspection_not_found")
    inspection, asked = up_to_date(inspection, weighed), weighed.asked
    return InspectionStory(
        inspection=inspection,
        weighed=weighed,
        suggestion=suggest(inspection.facts_now, weighed.policy),
        library=await library_by_id(db, inspection.library_id),
        strict_until=asked.submitted_at + timedelta(hours=weighed.policy.strict_hours),
        citation=json.loads(asked.citation or "{}"),
        request_files=await attached_to(db, Belonging(Owner.CONSULTATION, asked.id)),
        trail=await trail_of(db, weighed.answer.task_id),
        claims=await claims_of(db, weighed.answer.task_id),
        versions=[
            await _version(db, answer)
            for answer in versions_kept(await answers_of_task(db, weighed.answer.task_id), asked.answer_id)
        ],
        lines=[
            await _line(db, step, actor) for step in await inspection_steps(db, inspection.consultation_id)
        ],
        barred=await _barred(db, actor, inspection),
    )


async def _version(db: Reader, answer: Answer) -> Version:
    return Version(
        answer,
        await _name(db, answer.staff_id),
        await _name(db, answer.released_by),
        await attached_by_ids(db, answer.files),
        await probes_of(db, hashed(answer.link_url)) if answer.link_url else [],
    )


async def _line(db: Reader, step: InspectionStep, actor: Actor) -> Line:
    """A librarian learns what inspectors said, not who they are."""
    said = json.loads(step.text) if step.step in ("queue", "fact") else {}
    named = Role.INSPECTOR in actor.roles or actor.account_id == step.actor_id
    return Line(step, await _name(db, step.actor_id) if named else "", said)


async def _barred(db: Reader, actor: Actor, inspection: Inspection) -> NotAllowed | None:
    another = await another_inspector(db, inspection, actor.account_id)
    try:
        demand_inspector(inspection, actor.account_id, actor.library_id, another_there=another)
        if inspection.state is State.APPEALED:
            demand_decider(inspection, actor.account_id)
    except NotAllowed as refusal:
        return refusal
    return None


async def _name(db: Reader, account_id: str) -> str:
    account = await account_by_id(db, account_id) if account_id else None
    return account.name if account else ""
