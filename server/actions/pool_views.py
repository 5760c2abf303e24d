"""A task as one librarian sees it: the request, the trail, what may be answered now, and their draft."""

from dataclasses import dataclass

from server.actions.pool import Opened, open_task
from server.context import Context
from server.domain.attachments import Attached, Belonging, Owner
from server.domain.desks import Desk, Library
from server.domain.kept_answers import Answer, KeptDraft
from server.domain.permissions import Actor, Role
from server.domain.tasks import Option, TaskState, options
from server.store.accounts import account_by_id
from server.store.answers import answers_of_task, drafts_of
from server.store.attachments import attached_by_ids, attached_to
from server.store.libraries import desks_by_ids, libraries_by_ids


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
    draft: KeptDraft | None
    late_drafts: tuple[KeptDraft, ...]
    may_release: bool


async def show_task(ctx: Context, actor: Actor, task_id: str) -> Shown:
    """The task's page for this actor. Raises NotFound, NotAllowed ``task_not_open_yet``."""
    opened = await open_task(ctx, actor, task_id)
    db, task = ctx.db.read, opened.row.task
    now = ctx.clock.now()
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
    for consultation in opened.consultations[:20]:
        asked_files += await attached_to(db, Belonging(Owner.CONSULTATION, consultation.id))
    return Shown(
        opened,
        (await desks_by_ids(db, [task.desk_id]))[task.desk_id],
        (await libraries_by_ids(db, [task.library_id]))[task.library_id],
        held,
        options(opened.rules, now) if opened.rules.waiting else (),
        answers,
        {each.staff_id: await _name(ctx, each.staff_id) for each in answers},
        {f.id: f for f in await attached_by_ids(db, [f for each in answers for f in each.files])},
        tuple(asked_files),
        mine,
        late if held else (),
        task.state is TaskState.IN_RELEASE
        and Role.LIBRARIAN in actor.roles
        and task.holder_id != actor.account_id,
    )


async def _name(ctx: Context, account_id: str) -> str:
    account = await account_by_id(ctx.db.read, account_id)
    return account.name if account else ""
