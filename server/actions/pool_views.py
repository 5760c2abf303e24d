"""A task as one librarian sees it: the request, the trail, what may be answered now, and their draft."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from server.actions.pool import Opened, open_task
from server.context import Context
from server.domain.accounts import Account
from server.domain.attachments import Attached, Belonging, Owner
from server.domain.desks import Desk, Library
from server.domain.kept_answers import Answer, KeptDraft, may_decide
from server.domain.permissions import Actor, Role
from server.domain.tasks import Option, TaskState, options
from server.store.accounts import account_by_id, full_librarians_beside
from server.store.answers import answers_of_task, drafts_of
from server.store.attachments import attached_by_ids, attached_to
from server.store.libraries import desks_by_ids, libraries_by_ids
from server.store.received_answers import mails_in_trouble


@dataclass(frozen=True, slots=True)
class Shown:
    """Everything about a task that its page shows."""

    opened: Opened
    desk: Desk
    library: Library
    held: bool  # by the one who looks
    options: tuple[Option, ...]
    answers: tuple[Answer, ...]
    authors: dict[str, str]
    files: dict[str, Attached]  # of answers, by id
    request_files: tuple[Attached, ...]
    mails_failed: int  # to those who wait or were answered
    mails_late: int  # tried, and tried again
    draft: KeptDraft | None
    late_drafts: tuple[KeptDraft, ...]
    may_release: bool
    reviewers: tuple[Account, ...]  # whom an intern may name


async def show_task(ctx: Context, actor: Actor, task_id: str) -> Shown:
    """The task's page for this actor. Raises NotFound, NotAllowed ``task_not_open_yet``."""
    opened = await open_task(ctx, actor, task_id)
    db, task = ctx.db.read, opened.row.task
    now = ctx.clock.now()
    full = Role.LIBRARIAN in actor.roles
    held = (
        task.state is TaskState.CLAIMED
        and task.holder_id == actor.account_id
        and task.lease_ends_at is not None
        and now < task.lease_ends_at
    )
    answers = tuple(await answers_of_task(db, task_id))
    drafts = await drafts_of(db, task_id)
    mine = next((each for each in drafts if each.staff_id == actor.account_id), None)
    late = tuple(each for each in drafts if each.late and each.staff_id != actor.account_id)
    asked_files: list[Attached] = []
    failed = unsent = 0
    for consultation in opened.consultations[:20]:
        asked_files += await attached_to(db, Belonging(Owner.CONSULTATION, consultation.id))
        trouble = await mails_in_trouble(db, consultation.id, consultation.mail)
        failed, unsent = failed + len(trouble.failed), unsent + len(trouble.late)
    return Shown(
        opened,
        (await desks_by_ids(db, [task.desk_id]))[task.desk_id],
        (await libraries_by_ids(db, [task.library_id]))[task.library_id],
        held,
        options(opened.rules, now) if opened.rules.waiting else (),
        answers,
        {person: await _name(ctx, person) for each in answers for person in _people(each)},
        {f.id: f for f in await attached_by_ids(db, [f for each in answers for f in each.files])},
        tuple(asked_files),
        failed,
        unsent,
        mine,
        late if held else (),
        _may_release(actor, opened, answers, now),
        tuple(await full_librarians_beside(db, actor.account_id)) if held and not full else (),
    )


def _may_release(actor: Actor, opened: Opened, answers: Sequence[Answer], now: datetime) -> bool:
    task, waiting = opened.row.task, opened.rules.waiting
    proposed = next((each for each in reversed(answers) if each.state == "proposed"), None)
    if task.state is not TaskState.IN_RELEASE or proposed is None or not waiting:
        return False
    if Role.LIBRARIAN not in actor.roles or task.holder_id == actor.account_id:
        return False
    policy = waiting[0].policy
    return may_decide(proposed, policy, now, staff_id=actor.account_id, library_id=actor.library_id)


def _people(answer: Answer) -> list[str]:
    return [each for each in (answer.staff_id, answer.reviewer_id) if each]


async def _name(ctx: Context, account_id: str) -> str:
    account = await account_by_id(ctx.db.read, account_id)
    return account.name if account else ""
