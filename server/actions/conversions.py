"""From question to document request and back: all fields carried over, the clock untouched (R-ANS.4)."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from server.actions.access import access_consultation
from server.actions.leaving import TRIES, ChangedHands, leave_task, lock_with_holder
from server.actions.pool import hold
from server.actions.pool_entry import join_one_of, note_step, tell_reader
from server.actions.requests import demand_slot
from server.context import Context
from server.domain.citations import Citation, check_citation, citation_fields, citation_from, texts_of
from server.domain.consultations import TITLE, Consultation, title_of
from server.domain.errors import Conflict, Invalid, NotFound
from server.domain.events import PoolChanged
from server.domain.permissions import Actor, Verb, demand
from server.domain.pool import TaskRow
from server.domain.requests import QUESTION_LIMIT, demand_convertible, keys_of, written_citation
from server.domain.tasks import Action, Channel, TaskState, after
from server.store.consultations import (
    consultation_by_id,
    consultations_of_task,
    open_consultation_of,
    policies_by_ids,
)
from server.store.consultations import (
    convert_consultation as store_conversion,
)
from server.store.match_keys import change_keys, keep_keys, locks_of, waiting_read
from server.store.reads import read
from server.store.rows import Transaction
from server.store.tasks import (
    insert_task,
    open_to_alliance,
    retitle_task,
    settle_clock,
    task_by_id,
)
from server.words.catalogue import text
from server.words.consultations import field_name


@dataclass(frozen=True, slots=True)
class Conversion:
    """Into what, with the fields that it then needs; what is left out is carried over."""

    to: str  # document, form, knowledge
    citation: Mapping[str, str] = field(default_factory=dict)
    question: str = ""


async def convert_consultation(
    ctx: Context, actor: Actor, consultation_id: str, conversion: Conversion
) -> Consultation:
    """The reader says that it is rather a document they need, or rather a question they have.

    Raises NotFound, FormRefused by field, TooMany ``requests_today``, Conflict once it is answered or being released.
    """
    c = await access_consultation(ctx.db.read, actor, consultation_id, Verb.KEEP_CONSULTATION)
    changed = _changed(c, conversion)
    for attempt in range(TRIES):
        try:
            async with ctx.transaction() as tx:
                if changed.channel is Channel.DOCUMENT:
                    await tx.lock(f"requests:{actor.account_id}")
                await _move(ctx, tx, changed)
                if changed.channel is Channel.DOCUMENT:
                    policy = (await policies_by_ids(tx, [c.policy_id]))[c.policy_id]
                    await demand_slot(ctx, tx, actor, policy)
                await _note(ctx, tx, actor, changed)
            break
        except ChangedHands:
            if attempt == TRIES - 1:
                raise Conflict("task_moved_on", "R-ANS.4") from None
    found = await consultation_by_id(ctx.db.read, c.id)
    assert found is not None, "a consultation is never deleted"
    return found


async def convert_task(
    ctx: Context, actor: Actor, task_id: str, claim_number: int, conversion: Conversion
) -> None:
    """One click of the librarian who holds it: it goes on as the other kind, for everybody who waits (R-ANS.4).

    Raises Conflict ``lease_over``, FormRefused by field.
    """
    demand(actor, Verb.WORK_TASK)
    async with ctx.transaction() as tx:
        _, rules = await hold(ctx, tx, actor, task_id, claim_number)
        after(rules.state, Action.CONVERT)
        waiting = await consultations_of_task(tx, task_id, waiting=True)
        task = await task_by_id(tx, task_id)
        if task is None or not waiting:
            raise NotFound("task_not_found")
        # An equal task may be at work already: this one goes on beside it under its own claim.
        for c in waiting:
            changed = _changed(c, conversion)
            await store_conversion(tx, changed)
            await change_keys(tx, task_id, c.id, keys_of(changed))
            await _note(ctx, tx, actor, changed)
        await retitle_task(tx, _retitled(task, changed))


def _changed(c: Consultation, conversion: Conversion) -> Consultation:
    """The consultation as it goes on."""
    if conversion.to not in set(Channel):
        raise Invalid("convert_same", "to", "R-ANS.4")
    to = Channel(conversion.to)
    demand_convertible(c, to)
    question = (conversion.question.strip() or c.question)[:QUESTION_LIMIT]
    if to is Channel.DOCUMENT:
        citation = check_citation(carried(c) | dict(conversion.citation))
        return replace(
            c,
            channel=to,
            material=str(citation.material),
            title=citation.name[:TITLE],
            citation=json.dumps(texts_of(citation), ensure_ascii=False),
            question=question,
            foreign_document=not citation.in_chinese,
        )
    question = question if conversion.question.strip() else in_words(c)
    return replace(c, channel=to, material="", title=c.title or title_of(question), question=question)


def carried(c: Consultation) -> dict[str, str]:
    """The fields of a document request as far as they are known: an earlier one's, or the question's beginning."""
    if c.citation:
        return {name: str(value) for name, value in json.loads(c.citation).items()}
    return {"material": "book", "title": title_of(c.question)}


def in_words(c: Consultation) -> str:
    """The request as a question: its fields by name, and the remark below."""
    if not c.citation:
        return c.question
    citation: Citation = citation_from({name: str(v) for name, v in json.loads(c.citation).items()})
    material = citation.material
    names = {each.name: field_name(material, each.name, c.language) for each in citation_fields(material)}
    kind = text(f"material.{material}", c.language)
    fields = f"{kind}\n{written_citation(citation, names)}"
    return "\n\n".join(filter(None, (fields, c.question)))[:QUESTION_LIMIT]


async def _move(ctx: Context, tx: Transaction, c: Consultation) -> None:
    """Beside an equal task that waits, to a task of its own where others share this one, or on in its own."""
    keys = keys_of(c)
    if keys:
        await tx.lock(*locks_of(keys))
    old = await lock_with_holder(tx, c.task_id)
    after(old.state, Action.CONVERT)
    waiting = await read(tx, waiting_read(keys))
    equal = await join_one_of(tx, c, waiting, besides=old.id)
    if equal is not None:
        if await open_consultation_of(tx, c.reader_id, equal):
            raise Conflict("request_open_already", "R-ANS.4")
        await _keep(tx, replace(c, task_id=equal))
        await keep_keys(tx, equal, c.id, keys)
        await leave_task(ctx, tx, old)
        await settle_clock(tx, equal)
        if old.opened_at is not None:
            await open_to_alliance(tx, equal, ctx.clock.now())
        tx.announce(PoolChanged(equal, "entered"))
    elif old.consultations > 1:
        own = replace(_retitled(old, c), id=ctx.ids.new(), consultations=1, created_at=ctx.clock.now())
        own = replace(own, state=TaskState.OPEN, clock_from_at=c.submitted_at, stage=c.stage)
        await insert_task(tx, own)
        await _keep(tx, replace(c, task_id=own.id))
        await keep_keys(tx, own.id, c.id, keys)
        await leave_task(ctx, tx, old)
        tx.announce(PoolChanged(own.id, "entered"))
    else:
        await _keep(tx, c)
        await change_keys(tx, old.id, c.id, keys)
        await retitle_task(tx, _retitled(old, c))
    tx.announce(PoolChanged(old.id, "converted"))


async def _keep(tx: Transaction, c: Consultation) -> None:
    if not await store_conversion(tx, c):
        raise Conflict("consultation_closed", "R-ANS.4")


async def _note(ctx: Context, tx: Transaction, actor: Actor, c: Consultation) -> None:
    await note_step(ctx, tx, c.id, "converted", actor_id=actor.account_id, to=str(c.channel))
    event = f"converted:{c.channel}"  # who turns it to and fro is told once of each
    hours = (await policies_by_ids(tx, [c.policy_id]))[c.policy_id].strict_hours
    await tell_reader(ctx, tx, c, "request_converted", event=event, hours=hours)


def _retitled(task: TaskRow, c: Consultation) -> TaskRow:
    return replace(
        task,
        channel=c.channel,
        material=c.material,
        title=c.title,
        foreign_document=c.foreign_document,
    )
