"""How a consultation enters the pool: beside an equal one that waits there, or as a task of its own."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from server.actions.desks import zone_of
from server.actions.kept_policies import name_policy
from server.actions.links import address_of
from server.actions.mails import new_mail, write_mails
from server.context import Context
from server.domain.consultations import Consultation, Step
from server.domain.desks import Desk
from server.domain.errors import Invalid
from server.domain.events import PoolChanged
from server.domain.pool import TaskRow
from server.domain.requests import day_begins, goes_with, keys_of
from server.domain.task_policies import TaskPolicy
from server.domain.tasks import TaskState
from server.store.consultations import (
    add_step,
    insert_consultation,
    open_consultation_of,
    pressed_read,
    requests_read,
)
from server.store.dues import set_due
from server.store.mails import Mail
from server.store.match_keys import keep_keys, locks_of, waiting_read
from server.store.policies import task_policy_read
from server.store.reads import read_together
from server.store.rosters import on_duty_read
from server.store.rows import Reader, Transaction
from server.store.tasks import insert_task, join_task, open_to_alliance, settle_clock


@dataclass(frozen=True, slots=True)
class Entered:
    """What became of it: ``again`` where the same press, or the same wish of this reader, waits already."""

    consultation: Consultation
    again: bool
    documents_before: int = 0  # asked for by this reader today, this one not counted


async def terms_at(ctx: Context, db: Reader, desk: Desk, at: datetime) -> tuple[TaskPolicy, bool]:
    """The policy for what is asked at a desk, and whether nobody is on duty there now.

    Then it stands open to the alliance at once (R-72.7).
    """
    on_duty = on_duty_read(desk.id, ctx.clock.now())
    policy, attended = await read_together(db, task_policy_read(desk.library_id, at), on_duty)
    return policy, not attended


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
    keys, reader_id = keys_of(consultation), consultation.reader_id
    # One at a time for each press and each reader: of two at once, both must not be stored, or be the day's last.
    await tx.lock(f"requests:{reader_id or consultation.client_id}", *locks_of(keys))
    known, waiting, before = await read_together(
        tx,
        pressed_read(consultation.client_id),
        waiting_read(keys),
        requests_read(reader_id, day_begins(ctx.clock.now(), zone_of(ctx))),
    )
    if known is not None:
        return Entered(known, again=True)
    policy_id = await name_policy(ctx, tx, policy)
    task_id = await join_one_of(tx, consultation, waiting)
    if task_id is None:
        task_id = await _own_task(ctx, tx, consultation, open_now=open_now)
    if consultation.reader_id and task_id != consultation.id:
        mine = await open_consultation_of(tx, consultation.reader_id, task_id)
        if mine is not None:
            await settle_clock(tx, task_id)
            return Entered(mine, again=True)
    consultation = replace(consultation, task_id=task_id, policy_id=policy_id)
    await insert_consultation(tx, consultation)
    await keep_keys(tx, task_id, consultation.id, keys)
    if task_id != consultation.id:
        await settle_clock(tx, task_id)
        if open_now:
            await open_to_alliance(tx, task_id, ctx.clock.now())
    await note_step(ctx, tx, consultation.id, "received")
    await set_due(tx, "task_clock", consultation.id, first_deadline(policy, consultation.submitted_at))
    tx.announce(PoolChanged(task_id, "entered"))
    return Entered(consultation, again=False, documents_before=before)


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


async def join_one_of(
    tx: Transaction, c: Consultation, waiting: Mapping[str, Sequence[str]], *, besides: str = ""
) -> str | None:
    """Let one more reader wait on the equal task in the pool: its id, or None where there is none.

    Equal is who shares a key (those are given) and contradicts nobody who waits. The keys are locked: of two who come
    at once, the second finds the first.
    """
    for task_id, citations in waiting.items():
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
