"""How a consultation enters the pool: beside an equal one that waits there, or as a task of its own."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from server.actions.kept_policies import name_policy
from server.actions.links import address_of
from server.actions.mails import new_mail, write_mails
from server.context import Context
from server.domain.consultations import Consultation, Step
from server.domain.desks import Desk
from server.domain.errors import Conflict, Invalid
from server.domain.events import PoolChanged
from server.domain.pool import TaskRow
from server.domain.requests import goes_with, keys_of
from server.domain.task_policies import TaskPolicy
from server.domain.tasks import TaskState
from server.store.consultations import (
    add_step,
    consultation_by_client_id,
    insert_consultation,
    open_consultation_of,
)
from server.store.dues import set_due
from server.store.mails import Mail
from server.store.match_keys import keep_keys, lock_keys, waiting_under
from server.store.rosters import anybody_on_duty
from server.store.rows import Reader, Transaction
from server.store.tasks import drop_task, insert_task, join_task, open_to_alliance, settle_clock


@dataclass(frozen=True, slots=True)
class Entered:
    """What became of it: ``again`` where the same press, or the same wish of this reader, waits already."""

    consultation: Consultation
    again: bool


async def desk_deserted(ctx: Context, db: Reader, desk_id: str) -> bool:
    """Whether nobody is on duty where it is asked: it stands open to the alliance at once then (R-72.7)."""
    return not await anybody_on_duty(db, desk_id, ctx.clock.now())


async def enter(
    ctx: Context,
    tx: Transaction,
    consultation: Consultation,
    *,
    policy: TaskPolicy,
    open_now: bool = False,
) -> Entered:
    """Put what a reader asked into the pool, with its clock, beside an equal request that waits there.

    The reader's own equal request that waits already is returned instead of a second one.
    """
    if known := await consultation_by_client_id(tx, consultation.client_id):
        return Entered(known, again=True)
    policy_id = await name_policy(ctx, tx, policy)
    consultation = replace(consultation, policy_id=policy_id)
    keys = keys_of(consultation)
    await lock_keys(tx, keys)
    task_id = await join_equal(tx, consultation, keys)
    if task_id is None:
        task_id = await _own_task(ctx, tx, consultation, open_now=open_now)
    if consultation.reader_id and task_id != consultation.id:
        mine = await open_consultation_of(tx, consultation.reader_id, task_id)
        if mine is not None:
            await settle_clock(tx, task_id)
            return Entered(mine, again=True)
    consultation = replace(consultation, task_id=task_id)
    if not await insert_consultation(tx, consultation):
        return await _pressed_elsewhere(tx, consultation)
    await keep_keys(tx, task_id, consultation.id, keys)
    if task_id != consultation.id:
        await settle_clock(tx, task_id)
        if open_now:
            await open_to_alliance(tx, task_id, ctx.clock.now())
    await note_step(ctx, tx, consultation.id, "received")
    await set_due(tx, "task_clock", consultation.id, first_deadline(policy, consultation.submitted_at))
    tx.announce(PoolChanged(task_id, "entered"))
    return Entered(consultation, again=False)


def first_deadline(policy: TaskPolicy, submitted_at: datetime) -> datetime:
    """When the clock has to be looked at for the first time."""
    return submitted_at + timedelta(hours=min(policy.open_hours, policy.due_soon_hours, policy.strict_hours))


async def note_step(
    ctx: Context,
    tx: Transaction,
    consultation_id: str,
    kind: str,
    *,
    actor_id: str = "",
    public: bool = True,
    **data: object,
) -> None:
    """Add to the consultation's history."""
    text = json.dumps(data, ensure_ascii=False, default=str) if data else ""
    now = ctx.clock.now()
    await add_step(tx, Step(ctx.ids.new(), consultation_id, kind, now, actor_id, public, text))


async def tell_reader(
    ctx: Context, tx: Transaction, consultation: Consultation, template: str, *, event: str, **data: object
) -> None:
    """Mail the reader about a step that concerns them, once; readers without an address see it on the page (R-72.8).

    An address that no mail can go to holds nothing up: it is noted with the consultation.
    """
    if not consultation.mail:
        return
    try:
        mail = reader_mail(ctx, consultation, template, event=event, **data)
    except Invalid:
        await note_step(ctx, tx, consultation.id, "mail_failed", public=False, template=template)
    else:
        await write_mails(ctx, tx, [mail])


def reader_mail(
    ctx: Context, consultation: Consultation, template: str, *, event: str, **data: object
) -> Mail:
    """The mail that tells the reader about a step. Raises Invalid for an address that no mail can go to."""
    return new_mail(
        ctx,
        template=template,
        recipient=consultation.mail,
        language=consultation.language,
        data={
            "name": consultation.name,
            "title": consultation.title,
            "number": consultation.id,
            "channel": str(consultation.channel),
            "link": address_of(ctx, f"/my/consultations/{consultation.id}") if consultation.reader_id else "",
            **data,
        },
        event_key=f"consultation:{consultation.id}:{event}",
    )


async def tell_received(
    ctx: Context, tx: Transaction, consultation: Consultation, desk: Desk, policy: TaskPolicy
) -> None:
    """Tell the reader that it has arrived, and how long it may take."""
    words = {"hours": policy.strict_hours, "desk_zh": desk.name_zh, "desk_en": desk.name_en}
    await tell_reader(ctx, tx, consultation, "request_received", event="received", **words)


async def _pressed_elsewhere(tx: Transaction, consultation: Consultation) -> Entered:
    """The same press of the button was stored by another process in this very moment: nothing is left of ours."""
    if consultation.task_id == consultation.id:
        await drop_task(tx, consultation.task_id)
    else:
        await settle_clock(tx, consultation.task_id)
    known = await consultation_by_client_id(tx, consultation.client_id)
    if known is None:
        raise Conflict("task_moved_on", "R-72.1")
    return Entered(known, again=True)


async def join_equal(
    tx: Transaction, c: Consultation, keys: Sequence[str], *, besides: str = ""
) -> str | None:
    """Let one more reader wait on the equal task in the pool: its id, or None where there is none.

    Equal is who shares a key and contradicts nobody who waits. The keys are locked: of two who come at once, the
    second finds the first.
    """
    for task_id, citations in (await waiting_under(tx, keys)).items():
        if task_id != besides and goes_with(c, citations) and await join_task(tx, task_id):
            return task_id
    return None


async def _own_task(ctx: Context, tx: Transaction, c: Consultation, *, open_now: bool) -> str:
    now = ctx.clock.now()
    task = TaskRow(
        id=c.id,
        state=TaskState.OPEN,
        channel=c.channel,
        material=c.material,
        title=c.title,
        language=c.language,
        foreign_document=c.foreign_document,
        desk_id=c.desk_id,
        library_id=c.library_id,
        stage=c.stage,
        consultations=1,
        clock_from_at=c.submitted_at,
        opened_at=now if open_now else None,
        holder_id="",
        holder_library_id="",
        claim_number=0,
        claimed_at=None,
        lease_ends_at=None,
        created_at=now,
        done_at=None,
    )
    await insert_task(tx, task)
    return task.id
