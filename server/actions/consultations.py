"""A reader's own consultations: where each stands, its answer, and what the reader may do about it (R-72.8, R-72.9)."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from server.actions.access import access_consultation, judge_consultation
from server.actions.deliveries import Delivered, deliveries_for
from server.actions.desks import library_of
from server.actions.inspection_entry import look_again_at
from server.actions.kept_policies import kept_policies, kept_policy
from server.actions.leaving import TRIES, ChangedHands, leave_task, lock_with_holder
from server.actions.pool_entry import note_step, tell_reader
from server.actions.requests import Submitted, request_of, submit_request
from server.context import Context
from server.domain.attachments import Attached, Belonging, Owner
from server.domain.consultations import RATINGS, Consultation, Step
from server.domain.desks import Desk, Library
from server.domain.errors import Conflict, Invalid, NotFound
from server.domain.events import PoolChanged
from server.domain.kept_answers import Answer
from server.domain.permissions import Actor, Verb, demand
from server.domain.requests import COMMENT_LIMIT, Next, next_for
from server.domain.task_policies import TaskPolicy
from server.domain.tasks import Action, Channel, Standing, after
from server.store.answers import answer_given_read
from server.store.attachments import attached_to
from server.store.consultations import (
    consultation_read,
    consultations_of_reader,
    mark_cancelled,
    mark_consultation_rated,
    steps_of,
)
from server.store.inspections import inspection_read
from server.store.libraries import desk_by_id, desks_by_ids, libraries_by_ids
from server.store.reads import read_together
from server.store.received_answers import MailTrouble, mails_in_trouble, versions_received

PAGE = 20
_END_OF_TIME = datetime(9999, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class OwnLine:
    """A consultation in its reader's list."""

    consultation: Consultation
    desk: Desk
    library: Library
    due_at: datetime  # the end of the strict time
    next: Next


@dataclass(frozen=True, slots=True)
class Version:
    """One version of the answer with the files that came with it."""

    answer: Answer
    files: Sequence[Delivered]


@dataclass(frozen=True, slots=True)
class Story:
    """Everything that a reader is told of one consultation; nothing in it names who searched in vain (R-72.8)."""

    line: OwnLine
    steps: Sequence[Step]
    answers: Sequence[Version]  # newest first
    own_files: Sequence[Attached]
    mails: MailTrouble


async def my_consultations(
    ctx: Context, actor: Actor, *, before: datetime | None = None, before_id: str = ""
) -> tuple[list[OwnLine], tuple[datetime, str] | None]:
    """A page of what the reader asked, newest first, and where it goes on."""
    demand(actor, Verb.READ_CONSULTATION)
    found = await consultations_of_reader(
        ctx.db.read, actor.account_id, before=before or _END_OF_TIME, before_id=before_id, limit=PAGE + 1
    )
    shown = found[:PAGE]
    more = (shown[-1].submitted_at, shown[-1].id) if len(found) > PAGE else None
    return await _lines(ctx, shown), more


async def consultation_story(ctx: Context, actor: Actor, consultation_id: str) -> Story:
    """One consultation from its submission to what happens next. Raises NotFound."""
    db = ctx.db.read
    c = await access_consultation(db, actor, consultation_id, Verb.READ_CONSULTATION)
    answers = await versions_received(db, c.answer_id) if c.answer_id else []
    files = await deliveries_for(ctx, db, c.id) if answers else []
    return Story(
        await own_line(ctx, c),
        await steps_of(db, c.id, public=True),
        [Version(each, [file for file in files if file.answer_id == each.id]) for each in answers],
        await attached_to(db, Belonging(Owner.CONSULTATION, c.id)),
        await mails_in_trouble(db, c.id, c.mail),
    )


async def own_line(
    ctx: Context, consultation: Consultation, place: tuple[Desk, Library] | None = None
) -> OwnLine:
    """A consultation with its desk (where it is in hand already), its clock and what happens next, for its reader."""
    if place is None or place[0].id != consultation.desk_id:  # an equal wish that waits elsewhere
        return (await _lines(ctx, [consultation]))[0]
    policy = await kept_policy(ctx, ctx.db.read, consultation.policy_id)
    return _line(consultation, place, policy, ctx.clock.now())


async def own_request(ctx: Context, actor: Actor, consultation_id: str) -> dict[str, str]:
    """The fields of a request that the reader sent before, to be looked over and sent once more. Raises NotFound."""
    c = await access_consultation(ctx.db.read, actor, consultation_id, Verb.KEEP_CONSULTATION)
    texts = {name: str(value) for name, value in json.loads(c.citation or "{}").items()}
    return texts | {"mail": c.mail, "show_title": "1" if c.show_title else "", "record_id": c.record_id}


async def own_question(ctx: Context, actor: Actor, consultation_id: str) -> dict[str, str]:
    """A question that the reader asked before, to be looked over and asked once more. Raises NotFound."""
    c = await access_consultation(ctx.db.read, actor, consultation_id, Verb.KEEP_CONSULTATION)
    channel = "knowledge" if c.channel is Channel.KNOWLEDGE else "form"
    kind = "phone" if c.channel is Channel.PHONE else "form"
    contact = {"mail": c.mail, "phone": c.phone, "name": c.name}
    return {"channel": channel, "kind": kind, "topic": c.topic, "question": c.question, **contact}


async def cancel_consultation(ctx: Context, actor: Actor, consultation_id: str) -> Consultation:
    """The reader no longer needs it. Who asked for the same goes on waiting (R-72.9). Raises Conflict, NotFound."""
    c = await access_consultation(ctx.db.read, actor, consultation_id, Verb.KEEP_CONSULTATION)
    for attempt in range(TRIES):
        try:
            await _cancel(ctx, actor, c)
            break
        except ChangedHands:
            if attempt == TRIES - 1:
                raise
    return await access_consultation(ctx.db.read, actor, consultation_id, Verb.KEEP_CONSULTATION)


async def rate_consultation(
    ctx: Context, actor: Actor, consultation_id: str, rating: str, comment: str = ""
) -> None:
    """Say how the answer was; it may be changed later. Raises Invalid, Conflict ``not_answered_yet``."""
    comment, at = comment.strip(), ctx.clock.now()
    async with ctx.transaction() as tx:
        found, inspection, answer = await read_together(
            tx,
            consultation_read(consultation_id),
            inspection_read(consultation_id),
            answer_given_read(consultation_id),
        )
        c = judge_consultation(found, actor, Verb.KEEP_CONSULTATION)
        if rating not in RATINGS:
            raise Invalid("rating_unknown", "rating", "R-QC.1")
        if len(comment) > COMMENT_LIMIT:
            raise Invalid("field_too_long", "comment", limit=COMMENT_LIMIT, length=len(comment))
        if c.state is not Standing.ANSWERED:  # what is answered once stays so
            raise Conflict("not_answered_yet", "R-QC.1")
        rated = replace(c, rating=rating, rating_comment=comment, rated_at=at)
        await look_again_at(ctx, tx, rated, inspection, answer)
        await mark_consultation_rated(tx, c.id, rating=rating, comment=comment, at=at)
        await note_step(ctx, tx, c.id, "rated", actor_id=actor.account_id, public=False, rating=rating)


async def ask_again(ctx: Context, actor: Actor, consultation_id: str, client_id: str) -> Submitted:
    """Ask for the same once more, with a clock of its own; what still waits is shown instead. Raises as asking does."""
    c = await access_consultation(ctx.db.read, actor, consultation_id, Verb.KEEP_CONSULTATION)
    if c.state is Standing.OPEN:
        return Submitted(c, again=True)
    desk = await desk_by_id(ctx.db.read, c.desk_id)
    if desk is None:
        raise NotFound("desk_not_found")
    return await submit_request(ctx, actor, desk.slug, request_of(c, client_id))


async def _cancel(ctx: Context, actor: Actor, c: Consultation) -> None:
    async with ctx.transaction() as tx:
        task = await lock_with_holder(tx, c.task_id)
        if not await mark_cancelled(tx, c.id, ctx.clock.now()):
            raise Conflict("consultation_closed", "R-72.9")
        after(task.state, Action.CANCEL if task.consultations <= 1 else Action.CANCEL_SOME)
        await leave_task(ctx, tx, task)
        await note_step(ctx, tx, c.id, "cancelled", actor_id=actor.account_id)
        await tell_reader(ctx, tx, c, "request_cancelled", event="cancelled")
        tx.announce(PoolChanged(task.id, "cancelled"))


async def _lines(ctx: Context, found: Sequence[Consultation]) -> list[OwnLine]:
    db, now = ctx.db.read, ctx.clock.now()
    if not found:
        return []
    desks = await desks_by_ids(db, sorted({c.desk_id for c in found}))
    libraries = await libraries_by_ids(db, sorted({c.library_id for c in found}))
    policies = await kept_policies(ctx, db, {c.policy_id for c in found})
    lines = []
    for c in found:
        desk = desks[c.desk_id]
        library = libraries.get(c.library_id) or await library_of(ctx, desk)
        lines.append(_line(c, (desk, library), policies[c.policy_id], now))
    return lines


def _line(c: Consultation, place: tuple[Desk, Library], policy: TaskPolicy, now: datetime) -> OwnLine:
    due_at = c.submitted_at + timedelta(hours=policy.strict_hours)
    return OwnLine(c, *place, due_at, next_for(c, policy, now))
